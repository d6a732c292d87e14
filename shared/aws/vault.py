"""The bucket in which nothing can be changed: seals of the audit trail, and who was erased.

S3's object lock keeps every version of an object for years, also from administrators.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import boto3
from botocore.exceptions import ClientError

from shared.aws.item import adapter, json_text
from shared.domain.audit_seal import BEGINNING, Seal, sealed

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SEALS: Final = "audit/"
ERASED: Final = "erased/"


@dataclass(frozen=True, slots=True)
class Vault:
    """The bucket's name and a client for it."""

    client: "S3Client"
    bucket: str

    def seal(self, on: date) -> Seal | None:
        """The seal of a day; None for a day without one."""
        try:
            found = self.client.get_object(Bucket=self.bucket, Key=_seal_key(on))
        except self.client.exceptions.NoSuchKey:
            return None
        seal: Seal = adapter(Seal).validate_json(found["Body"].read())
        return seal

    def held(self, on: date, rows: Iterable[str]) -> Seal | None:
        """The seal of a day, if the trail of that day is as it was sealed; else None.

        So it is not where somebody put the seal away to have the day sealed anew: what was there
        before cannot be removed, and shows.
        """
        before = self.seal(on - timedelta(days=1))
        found = sealed(on, rows, before.chain if before else BEGINNING)
        pages = self.client.get_paginator("list_object_versions").paginate(
            Bucket=self.bucket, Prefix=_seal_key(on)
        )
        ever = sum(
            len(page.get("Versions", [])) + len(page.get("DeleteMarkers", [])) for page in pages
        )
        return found if ever == 1 and self.seal(on) == found else None

    def put_seal(self, seal: Seal) -> Seal:
        """Keep a seal, unless the day has one; the answer is the one that it has."""
        try:
            self.client.put_object(
                Bucket=self.bucket,
                Key=_seal_key(seal.on),
                Body=json_text(seal).encode(),
                ContentType="application/json",
                IfNoneMatch="*",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "PreconditionFailed":
                raise
        return self.seal(seal.on) or seal

    def sealed_days(self, since: date | None = None) -> list[date]:
        """The days that have a seal, the oldest first."""
        after = _seal_key(since) if since else SEALS
        return [date.fromisoformat(name[:10]) for name in self._names(SEALS, after)]

    def put_mark(self, mark: str, at: datetime) -> None:
        """Keep the fingerprint of an erased student, for tables restored from before that."""
        body = at.isoformat().encode()
        self.client.put_object(Bucket=self.bucket, Key=f"{ERASED}{mark}", Body=body)

    def marks(self) -> frozenset[str]:
        """The fingerprints of everybody who was ever erased."""
        return frozenset(self._names(ERASED, ERASED))

    def _names(self, prefix: str, after: str) -> Iterator[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=prefix, StartAfter=after
        )
        for page in pages:
            for stored in page.get("Contents", []):
                yield stored["Key"].removeprefix(prefix)


def _seal_key(on: date) -> str:
    return f"{SEALS}{on.isoformat()}.json"


def vault(bucket: str) -> Vault:
    """The bucket of that name in the function's own account."""
    return Vault(boto3.client("s3"), bucket)
