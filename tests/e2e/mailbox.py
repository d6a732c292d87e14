"""What people find in their mail: everything that SES was told to send on a stack."""

import email
from email.message import EmailMessage
from email.policy import default

from infra_cdk.local.stack import LocalStack


def mails(stack: LocalStack, to: str | None = None, about: str = "") -> list[EmailMessage]:
    """Mails to somebody, or to anybody, whose subject says so, the oldest first."""
    found = [
        email.message_from_bytes(file.read_bytes(), policy=default)
        for file in sorted(stack.folder.mail.glob("*.eml"))
    ]
    return [mail for mail in found if to in (None, mail["to"]) and about in mail["subject"]]
