"""How a batch from a queue is worked off: each message alone; those that failed are put off."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from shared.aws.table import AwsError, fault_name
from shared.problem import Journal, Meter

SHOWN = 120
"""Characters of a failed message in the log: it holds identifiers only."""


class Queue(Protocol):
    """A queue on which a message can be put off."""

    def back_off(self, receipt_handle: str, receives: int, first_seconds: int) -> None:
        """Let a failed message wait twice as long each time."""


def receives(record: Mapping[str, Any]) -> int:
    """How often a message was received so far, this time included."""
    return int(record["attributes"]["ApproximateReceiveCount"])


def worked_off(
    event: Mapping[str, Any],
    work: Callable[[Any], None],
    queue: Queue,
    first_seconds: int,
    logger: Journal,
    metrics: Meter,
    *,
    metric: str,
) -> dict[str, Any]:
    """Do the work of each message, of equal ones once; one that fails does so alone.

    Answers SQS which messages failed, and lets them wait.
    """
    records = event["Records"]
    metrics.add_metric("Received", "Count", len(records))
    alike: dict[str, list[str]] = defaultdict(list)
    for record in records:
        alike[record["body"]].append(record["messageId"])
    failed: dict[str, Exception] = {}
    for body, message_ids in alike.items():
        try:
            work(json.loads(body))
        except Exception as fault:
            failed |= dict.fromkeys(message_ids, fault)
    return failures(records, failed, queue, first_seconds, logger, metrics, metric=metric)


def failures(
    records: Sequence[Mapping[str, Any]],
    failed: Mapping[str, Exception],
    queue: Queue,
    first_seconds: int,
    logger: Journal,
    metrics: Meter,
    *,
    metric: str,
) -> dict[str, Any]:
    """Tell SQS which messages failed, by message id, and let them wait."""
    for record in records:
        fault = failed.get(record["messageId"])
        if fault is None:
            continue
        logger.error("failed", hint=record["body"][:SHOWN], fault=fault_name(fault))
        metrics.add_metric(metric, "Count", 1)
        try:
            queue.back_off(record["receiptHandle"], receives(record), first_seconds)
        except AwsError as error:
            logger.info("no back-off", fault=fault_name(error))
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
