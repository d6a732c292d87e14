"""Handing mails to SES, and which addresses take none any more."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from shared.aws import key
from shared.aws.item import key_item, text
from shared.aws.table import Table

if TYPE_CHECKING:
    from mypy_boto3_ses import SESClient

PATIENT = Config(
    connect_timeout=2, read_timeout=20, retries={"total_max_attempts": 1, "mode": "standard"}
)
"""Nothing is tried twice here: SES may have taken a mail whose answer got lost."""


class RefusedError(Exception):
    """SES will never take this mail: the address is none, or is suppressed."""


@dataclass(frozen=True, slots=True)
class Mailer:
    """Sends as one address, through one configuration set, which notes what bounces."""

    client: "SESClient"
    sender: str
    configuration_set: str

    def send(self, raw: bytes, recipient: str, kind: str) -> str:
        """Hand over one mail; SES's id of it. Raises RefusedError, or AwsError to be tried again.

        The classic API, because the local SES hands on the bytes of this one unchanged.
        """
        try:
            sent = self.client.send_raw_email(
                Source=self.sender,
                Destinations=[recipient],
                RawMessage={"Data": raw},
                ConfigurationSetName=self.configuration_set,
                Tags=[{"Name": "kind", "Value": kind}],
            )
        except self.client.exceptions.ClientError as error:
            if error.response["Error"]["Code"] in ("InvalidParameterValue", "MessageRejected"):
                raise RefusedError(error.response["Error"]["Code"]) from error
            raise
        return sent["MessageId"]


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

    def because(self, address: str) -> str | None:
        """Why an address gets nothing: bounced or complained; None where it does."""
        item = self._table.get(key.mailbox(_fingerprint(address)))
        return item["because"]["S"] if item else None


def _fingerprint(address: str) -> str:
    return hashlib.sha256(address.strip().casefold().encode()).hexdigest()


def mailer(sender: str, configuration_set: str) -> Mailer:
    """SES in the function's own account and region."""
    return Mailer(boto3.client("ses", config=PATIENT), sender, configuration_set)
