"""note_bounce: an address that bounces for good or complains gets no mail any more."""

from typing import Any

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions import note_bounce
from shared.aws.mailer import Suppression
from tests.functions.conftest import Aws, Logged, about, sqs_event


def bounce(kind: str) -> dict[str, Any]:
    """What EventBridge hands on of a mail that came back."""
    told = [{"emailAddress": "ada@example.org", "action": "failed", "status": "5.1.1"}]
    return {"kind": "Bounce", "type": kind, "recipients": told}


COMPLAINT = {"kind": "Complaint", "recipients": [{"emailAddress": "ada@example.org"}]}


@pytest.mark.parametrize(
    ("event", "because"),
    [
        (bounce("Permanent"), "bounced"),
        (COMPLAINT, "complained"),
        (bounce("Transient"), None),
        (bounce("Undetermined"), None),
    ],
)
def test_who_gets_no_mail_any_more(
    aws: Aws, context: LambdaContext, event: dict[str, Any], because: str | None
) -> None:
    for _ in range(2):
        answer = note_bounce.handler(sqs_event(event), context)

    assert answer == {"batchItemFailures": []}
    assert Suppression(aws.store).because("Ada@Example.org") == because


def test_who_is_mailed_on_is_told_in_the_log_without_the_address(
    aws: Aws, context: LambdaContext, logged: Logged
) -> None:
    note_bounce.handler(sqs_event(bounce("Transient")), context)

    assert about(logged()) == [("not suppressed", None)]
    assert "ada" not in str(logged()).lower()


def test_the_address_itself_is_not_kept(aws: Aws, context: LambdaContext) -> None:
    note_bounce.handler(sqs_event(COMPLAINT), context)

    assert "ada" not in str(aws.items()).lower()


def test_a_failure_is_told_in_the_log_without_the_address(
    aws: Aws, context: LambdaContext, logged: Logged
) -> None:
    broken = {"kind": "Complaint", "recipients": [{"address": "ada@example.org"}]}

    note_bounce.handler(sqs_event(broken, "ada@example.org"), context)

    assert [line["hint"] for line in logged() if "hint" in line] == [
        '{"kind": "Complaint"}',
        "unreadable",
    ]
    assert "example.org" not in str(logged())


@pytest.mark.parametrize(
    "nothing",
    [
        "nonsense", {}, {"kind": "Delivery"}, {"kind": "Complaint"},
        {"kind": "Bounce", "type": "Permanent"}, {"kind": "Bounce", "recipients": []},
    ],
    ids=str,
)  # fmt: skip
def test_a_message_that_is_none_fails_alone(
    aws: Aws, context: LambdaContext, nothing: object
) -> None:
    answer = note_bounce.handler(sqs_event(nothing, COMPLAINT), context)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}
    assert Suppression(aws.store).because("ada@example.org") == "complained"
