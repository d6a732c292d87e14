"""How a batch from a queue ends: which messages failed, each of them put off."""

from collections.abc import Mapping, Sequence
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
