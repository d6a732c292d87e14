"""How a batch from a queue is worked off: each message alone; those that failed are put off."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from shared.aws import correlation
from shared.aws.meter import Meter
from shared.aws.table import AwsError, fault_name
from shared.problem import Journal

SHOWN = ("webhook_id", "tutor_id", "mail_id", "roll_at", "kind")
"""What is shown of a message; one about a bounce holds addresses, too."""


class Log(Journal, Protocol):
    """A logger that tells for a while what it is about."""

    def append_context_keys(self, **fields: Any) -> AbstractContextManager[None]:
        """Have every line within say this too."""


class Queue(Protocol):
    """A queue on which a message can be put off."""

    def back_off(self, receipt_handle: str, receives: int, first_seconds: int) -> None:
        """Let a failed message wait twice as long each time."""


def receives(record: Mapping[str, Any]) -> int:
    """How often a message was received so far, this time included."""
    return int(record["attributes"]["ApproximateReceiveCount"])


def ids_of(record: Mapping[str, Any]) -> tuple[str, ...]:
    """What a message goes back to; nothing for one that cannot be read."""
    return correlation.ids_of(_read(record["body"]))


def hint(body: str) -> str:
    """What may be shown of a message: its identifiers."""
    message = _read(body)
    if not message:
        return "unreadable"
    return json.dumps({name: message[name] for name in SHOWN if name in message})


def _asked(record: Mapping[str, Any]) -> str:
    """A message's body without what it goes back to."""
    body: str = record["body"]
    message = _read(body)
    if correlation.FIELD not in message:
        return body
    del message[correlation.FIELD]
    return json.dumps(message)


def _read(body: str) -> dict[str, Any]:
    """The fields of a message; none of one that is no JSON object."""
    try:
        message = json.loads(body)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}


def worked_off(
    event: Mapping[str, Any],
    work: Callable[[Any, tuple[str, ...]], None],
    queue: Queue,
    first_seconds: int,
    logger: Log,
    metrics: Meter,
    *,
    metric: str,
) -> dict[str, Any]:
    """Do the work of each message, of equal ones once; one that fails does so alone.

    Messages that differ in what they go back to alone are equal, and the work goes back to all of
    it. Answers SQS which messages failed, and lets them wait.
    """
    records = event["Records"]
    alike: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for record in records:
        alike[_asked(record)].append(record)
    failed: dict[str, Exception] = {}
    for body, equal in alike.items():
        ids = correlation.merged(*map(ids_of, equal))
        with logger.append_context_keys(correlation_id=correlation.logged(ids)):
            try:
                work(json.loads(body), ids)
            except Exception as fault:
                failed |= dict.fromkeys((one["messageId"] for one in equal), fault)
    return failures(records, failed, queue, first_seconds, logger, metrics, metric=metric)


def failures(
    records: Sequence[Mapping[str, Any]],
    failed: Mapping[str, Exception],
    queue: Queue,
    first_seconds: int,
    logger: Log,
    metrics: Meter,
    *,
    metric: str,
) -> dict[str, Any]:
    """Tell SQS which messages failed, by message id, and let them wait."""
    for record in records:
        fault = failed.get(record["messageId"])
        if fault is None:
            continue
        metrics.add_metric(metric, "Count", 1)
        with logger.append_context_keys(correlation_id=correlation.logged(ids_of(record))):
            logger.error("failed", hint=hint(record["body"]), fault=fault_name(fault))
            try:
                queue.back_off(record["receiptHandle"], receives(record), first_seconds)
            except AwsError as error:
                logger.info("no back-off", fault=fault_name(error))
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
