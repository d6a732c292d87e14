"""The command that mails an address again: off our list, and off SES's."""

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from infra_cdk.mail_again import mail_again
from infra_cdk.place import Place
from shared.aws.mailer import Suppression
from tests.functions.conftest import Aws

ADA = "Ada@example.org"
SES = boto3.client("sesv2", region_name="eu-central-1")
"""moto does not know the list of what SES suppresses."""


def place(aws: Aws) -> Place:
    def client(service: Any) -> Any:
        return SES if service == "sesv2" else boto3.client(service)

    return Place("local", client, {"TableName": aws.store.name})


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        (True, True, "Ada@example.org gets mail again: it had bounced."),
        (True, False, "Ada@example.org gets mail again: it had bounced."),
        (False, True, "Ada@example.org gets mail again: it had been suppressed by SES."),
        (False, False, "Nothing keeps mail from Ada@example.org."),
    ],
)
def test_who_bounced_gets_mail_again(aws: Aws, ours: bool, theirs: bool, said: str) -> None:
    suppression = Suppression(aws.store)
    if ours:
        suppression.add(ADA.lower(), "bounced", datetime(2026, 11, 20, tzinfo=UTC))

    with Stubber(SES) as ses:
        if theirs:
            ses.add_response("delete_suppressed_destination", {}, {"EmailAddress": ADA})
        else:
            ses.add_client_error("delete_suppressed_destination", "NotFoundException")
        told = mail_again(place(aws), ADA)

    assert told == said
    assert suppression.because(ADA) is None
