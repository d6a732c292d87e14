"""Secrets, read once a few minutes, so that a rotation takes effect without a deployment."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import boto3

from shared.aws.table import QUICK

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

KEPT_FOR = timedelta(minutes=2)
FRESH_A_MINUTE = 10
"""Forged calls must not make us pay for, or be throttled by, a read each."""


@dataclass(slots=True)
class Secret:
    """One secret and the copy of it that this process keeps for a while."""

    client: "SecretsManagerClient"
    arn: str
    kept_for: timedelta = KEPT_FOR
    _value: str | None = field(default=None, repr=False)
    _read_at: datetime | None = None
    _fresh_reads: tuple[datetime, ...] = ()

    def value(self, now: datetime, *, fresh: bool = False) -> str:
        """The secret's text, at most `kept_for` old; `fresh` reads it anew, some times a minute."""
        stale = self._read_at is None or now - self._read_at > self.kept_for
        if self._value is None or stale or (fresh and self._may_read_anew(now)):
            self._value = self.client.get_secret_value(SecretId=self.arn)["SecretString"]
            self._read_at = now
        return self._value

    def _may_read_anew(self, now: datetime) -> bool:
        lately = tuple(at for at in self._fresh_reads if now - at < timedelta(minutes=1))
        allowed = len(lately) < FRESH_A_MINUTE
        self._fresh_reads = (*lately, now) if allowed else lately
        return allowed

    def in_force(self, now: datetime, *, fresh: bool = False) -> tuple[str, ...]:
        """Of a secret in two halves: the current value first, the previous one while it lasts."""
        stored = json.loads(self.value(now, fresh=fresh))
        return tuple(filter(None, (stored["current"], stored.get("previous"))))


def secret(arn: str, kept_for: timedelta = KEPT_FOR) -> Secret:
    """The secret of that ARN."""
    return Secret(boto3.client("secretsmanager", config=QUICK), arn, kept_for)
