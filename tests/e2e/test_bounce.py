"""What SES tells of a mail goes through EventBridge, and that address gets no mail any more."""

import json
from typing import Any

import pytest

from infra_cdk.place import of_local
from shared.aws.mailer import Suppression
from tests.e2e.marketplace import Marketplace

pytestmark = pytest.mark.e2e

MAIL = {
    "tags": {"ses:configuration-set": ["tutor-quality-local"]},
    "commonHeaders": {"subject": "About Ada Park"},
}
RETURNED = {"emailAddress": "gone@example.com", "diagnosticCode": 'smtp; 550 "no" such <user>'}
BOUNCE = {"bounceType": "Permanent", "bouncedRecipients": [RETURNED]}
COMPLAINT = {"complainedRecipients": [{"emailAddress": "angry@example.com"}]}


@pytest.mark.parametrize(
    ("told", "detail", "address", "because"),
    [
        ("Email Bounced", {"bounce": BOUNCE}, "gone@example.com", "bounced"),
        ("Email Complaint Received", {"complaint": COMPLAINT}, "angry@example.com", "complained"),
    ],
)
def test_who_returns_a_mail_or_complains_gets_none_any_more(
    marketplace: Marketplace, told: str, detail: dict[str, Any], address: str, because: str
) -> None:
    """Nobody but SES may speak as `aws.ses`: the rule is made to listen to another source."""
    eventbridge = marketplace.deployed.client("events")
    for rule in eventbridge.list_rules()["Rules"]:
        pattern = json.loads(rule["EventPattern"]) | {"source": ["played.ses"]}
        eventbridge.put_rule(Name=rule["Name"], EventPattern=json.dumps(pattern))

    said = {
        "Source": "played.ses", "DetailType": told, "Detail": json.dumps({"mail": MAIL} | detail),
    }  # fmt: skip
    assert eventbridge.put_events(Entries=[said])["FailedEntryCount"] == 0

    suppression = Suppression(of_local(marketplace.deployed).table)
    marketplace.eventually(lambda: suppression.because(address) == because, 60)
