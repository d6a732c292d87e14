"""Mails of the local stack land as files."""

import email
from email.policy import default

import pytest

from infra_cdk.local.stack import throwaway_stack
from tests.e2e.marketplace import Marketplace

pytestmark = pytest.mark.e2e


def test_what_ses_is_told_to_send_becomes_an_eml_file() -> None:
    with throwaway_stack() as stack:
        ses = stack.deployed.client("ses")
        ses.verify_email_identity(EmailAddress="quality@example.com")

        ses.send_email(
            Source="quality@example.com",
            Destination={"ToAddresses": ["admin@example.com"]},
            Message={
                "Subject": {"Data": "Ana's scorecard"},
                "Body": {"Text": {"Data": "Nothing red."}},
            },
        )

        files = Marketplace(stack.deployed).eventually(lambda: list(stack.folder.mail.glob("*")))
        mail = email.message_from_bytes(files[0].read_bytes(), policy=default)
        assert files[0].suffix == ".eml"
        assert (mail["to"], mail["subject"]) == ("admin@example.com", "Ana's scorecard")
