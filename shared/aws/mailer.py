"""Handing mails to SES, and which addresses take none any more."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError
from botocore.parsers import ResponseParserError

from shared.aws import key
from shared.aws.item import key_item, text
from shared.aws.table import Table
from shared.channel import PermanentError, UnansweredError

if TYPE_CHECKING:
    from mypy_boto3_ses import SESClient

PATIENT = Config(
    connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 1, "mode": "standard"}
)
"""Nothing is tried twice here: SES may have taken a mail whose answer got lost. A batch in which
each mail waits so long is over before its worker is ended."""


BUSY = frozenset(
    {"Throttling", "ThrottlingException", "ServiceUnavailable", "InternalFailure", "RequestTimeout"}
)
"""Codes by which SES says that it will take the mail a little later."""


class SenderRefusedError(Exception):
    """SES takes no mail of ours: account, domain, sender or configuration set are not ready."""


@dataclass(frozen=True, slots=True)
class Mailer:
    """Sends as one address, through one configuration set, which notes what bounces."""

    client: "SESClient"
    sender: str
    configuration_set: str

    def send(self, raw: bytes, recipient: str, kind: str) -> str:
        """Hand over one mail; SES's id of it.

        By the classic API, since the local SES leaves its bytes alone.
        Raises PermanentError where the address is none, SenderRefusedError, UnansweredError where
        SES may have taken it, and AwsError where it certainly did not but may later.
        """
        try:
            sent = self.client.send_raw_email(
                Source=self.sender,
                Destinations=[recipient],
                RawMessage={"Data": raw},
                ConfigurationSetName=self.configuration_set,
                Tags=[{"Name": "kind", "Value": kind}],
            )
        except ClientError as error:
            raise _meant(error) from error
        except (HTTPClientError, IncompleteReadError, ResponseParserError) as error:
            raise UnansweredError(type(error).__name__) from error
        return sent["MessageId"]


def _meant(error: ClientError) -> Exception:
    """What a refusal of SES is about.

    MessageRejected is about us: SES says so of unverified senders, and of everybody while the
    account is in the sandbox. What is about the recipient is a malformed address alone.
    """
    code, said = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    if code.isdigit():
        # No answer of SES but of something on the way, which may have handed the mail on.
        return UnansweredError(code)
    if code in BUSY:
        return error
    if code == "InvalidParameterValue" and "header" not in said.lower():
        return PermanentError(code)
    return SenderRefusedError(code)


class Suppression:
    """Addresses that bounced for good or complained; kept as fingerprints, without the address."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, address: str, because: str, at: datetime) -> None:
        """Send nothing to an address any more; safe to repeat."""
        self._table.put(
            key_item(key.mailbox(_fingerprint(address)))
            | {"because": text(because), "at": text(key.stamp(at))}
        )

    def lift(self, address: str) -> None:
        """Send to an address again; safe to repeat."""
        self._table.delete(key.mailbox(_fingerprint(address)))

    def because(self, address: str) -> str | None:
        """Why an address gets nothing: bounced or complained; None where it does."""
        item = self._table.get(key.mailbox(_fingerprint(address)))
        return item["because"]["S"] if item else None


def _fingerprint(address: str) -> str:
    return hashlib.sha256(address.strip().casefold().encode()).hexdigest()


def mailer(sender: str, configuration_set: str) -> Mailer:
    """SES in the function's own account and region."""
    return Mailer(boto3.client("ses", config=PATIENT), sender, configuration_set)
