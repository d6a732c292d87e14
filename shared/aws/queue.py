"""The queues between the stages; a hint that gets lost is sent again by the sweep.

Where a queue does not take what it is asked, or is away, that costs minutes and nothing else. So
asking raises nothing: whoever asks is answered what was not taken.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import batched
from math import ceil
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from shared.aws import correlation
from shared.aws.table import AwsError
from shared.domain.mail import Mail

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

QUICK = Config(
    connect_timeout=1, read_timeout=3, retries={"total_max_attempts": 2, "mode": "standard"}
)


MOST_DELAY = timedelta(minutes=15)
"""SQS delays no message longer."""
AT_FIRST, DAY = timedelta(minutes=3), timedelta(days=1)
OFTEN, SELDOM = timedelta(minutes=10), timedelta(hours=1)
SWEEP_EVERY = timedelta(seconds=70)
"""A minute, and as late as the clock may be."""


class HintError(Exception):
    """Some messages could not be sent; what they hint at is still pending."""


@dataclass(frozen=True, slots=True)
class ScoringQueue:
    """Where reports wait for `score_tutor`."""

    client: "SQSClient"
    url: str

    def hint(self, webhook_id: str) -> None:
        """Say that a report waits in the inbox."""
        self.client.send_message(QueueUrl=self.url, MessageBody=_hint(webhook_id))

    def hint_again(self, webhook_ids: Iterable[str]) -> None:
        """Say so of many."""
        self._send(_hint(webhook_id) for webhook_id in webhook_ids)

    def rescore(self, tutor_id: str, after: timedelta, ids: Iterable[str] = ()) -> None:
        """Ask for a tutor to be scored again in a while; beyond MOST_DELAY the night does it."""
        if after < MOST_DELAY:
            self.client.send_message(
                QueueUrl=self.url,
                MessageBody=json.dumps({"tutor_id": tutor_id} | correlation.told(ids)),
                DelaySeconds=max(0, ceil(after.total_seconds())),
            )

    def roll(self, tutor_ids: Iterable[str], at: str) -> None:
        """Ask for the nightly pass over tutors as of a midnight."""
        self._send(json.dumps({"tutor_id": tutor_id, "roll_at": at}) for tutor_id in tutor_ids)

    def back_off(self, receipt_handle: str, receives: int, first_seconds: int) -> None:
        """Let a failed message wait twice as long each time, up to a quarter of an hour."""
        _back_off(self.client, self.url, receipt_handle, receives, first_seconds)

    def _send(self, bodies: Iterable[str]) -> None:
        refused = _send(self.client, self.url, bodies)
        if refused:
            raise HintError(f"{len(refused)} messages were not taken")


@dataclass(frozen=True, slots=True)
class TutorQueue:
    """Where tutors wait for the next stage: `predict_churn` after scoring, `act_on_change` last."""

    client: "SQSClient"
    url: str

    def ask(
        self, tutor_ids: Iterable[str], ids: Mapping[str, Iterable[str]] | None = None
    ) -> frozenset[str]:
        """Ask for tutors to be looked at; answers those whose message was not taken.

        `ids` are, by tutor, those that the asking goes back to.
        """
        known = ids or {}
        asked = (
            {"tutor_id": tutor_id} | correlation.told(known.get(tutor_id, ()))
            for tutor_id in tutor_ids
        )
        refused = _send(self.client, self.url, map(json.dumps, asked))
        return frozenset(json.loads(body)["tutor_id"] for body in refused)

    def back_off(self, receipt_handle: str, receives: int, first_seconds: int) -> None:
        """Let a failed message wait twice as long each time, up to a quarter of an hour."""
        _back_off(self.client, self.url, receipt_handle, receives, first_seconds)


@dataclass(frozen=True, slots=True)
class MailQueue:
    """Where mails wait for `send_mail`."""

    client: "SQSClient"
    url: str

    def ask(self, mails: Iterable[Mail]) -> frozenset[str]:
        """Ask for mails to be sent; answers the ids of those whose message was not taken."""
        asked = (
            {"mail_id": mail.mail_id} | correlation.told(mail.correlation_ids) for mail in mails
        )
        refused = _send(self.client, self.url, map(json.dumps, asked))
        return frozenset(json.loads(body)["mail_id"] for body in refused)

    def back_off(self, receipt_handle: str, receives: int, first_seconds: int) -> None:
        """Let a failed message wait twice as long each time, up to a quarter of an hour."""
        _back_off(self.client, self.url, receipt_handle, receives, first_seconds)


def _send(client: "SQSClient", url: str, bodies: Iterable[str]) -> list[str]:
    """Send as many together as SQS takes; the bodies that were refused."""
    refused: list[str] = []
    waiting = iter(bodies)
    for batch in batched(waiting, 10, strict=False):
        entries: Any = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(batch)]
        try:
            answer = client.send_message_batch(QueueUrl=url, Entries=entries)
        except AwsError:
            return [*refused, *batch, *waiting]
        refused += (batch[int(failed["Id"])] for failed in answer.get("Failed", ()))
    return refused


def _back_off(
    client: "SQSClient", url: str, receipt_handle: str, receives: int, first_seconds: int
) -> None:
    client.change_message_visibility(
        QueueUrl=url,
        ReceiptHandle=receipt_handle,
        VisibilityTimeout=min(900, first_seconds * 2 ** (receives - 1)),
    )


def _hint(webhook_id: str) -> str:
    return json.dumps({"webhook_id": webhook_id})


def is_asked_again(waits: timedelta) -> bool:
    """Whether a sweep asks now for what has waited so long beyond its time.

    At first each minute, for a message may be lost; then every ten minutes, so that after an outage
    of hours nothing waits long, and no flood of messages says the same of it; after a day once an
    hour. Sweeps that come a few seconds late miss nobody.
    """
    if waits < AT_FIRST:
        return True
    return waits % (SELDOM if waits > DAY else OFTEN) < SWEEP_EVERY


def tutor_queue(url: str) -> TutorQueue:
    """The queue behind that URL."""
    return TutorQueue(boto3.client("sqs", config=QUICK), url)


def mail_queue(url: str) -> MailQueue:
    """The queue behind that URL."""
    return MailQueue(boto3.client("sqs", config=QUICK), url)


def scoring_queue(url: str) -> ScoringQueue:
    """The queue behind that URL."""
    return ScoringQueue(boto3.client("sqs", config=QUICK), url)
