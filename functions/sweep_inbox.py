"""Every minute: send the hint again for what has waited too long, and say how old the oldest is."""

from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.aws import correlation
from shared.aws.inbox import InboxTable
from shared.aws.meter import published
from shared.aws.queue import is_asked_again, scoring_queue
from shared.aws.table import table
from shared.setting import Setting


class Env(Setting):
    TABLE_NAME: str
    SCORING_QUEUE_URL: str
    SWEEP_AFTER_SECONDS: int = 120


env = Env.read()
logger, metrics = Logger(), Metrics()
inbox = InboxTable(table(env.TABLE_NAME))
queue = scoring_queue(env.SCORING_QUEUE_URL)


@published(metrics)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """How many hints were sent again: those whose time it is, or all, where a person asks so."""
    now = datetime.now(UTC)
    after = timedelta(seconds=env.SWEEP_AFTER_SECONDS)
    waiting = list(inbox.pending_since(now - after))

    oldest = min((since for _, since in waiting), default=now)
    metrics.add_metric("OldestPending", MetricUnit.Seconds, (now - oldest).total_seconds())

    again = [
        webhook_id
        for webhook_id, since in waiting
        if "all" in event or is_asked_again(now - since - after)
    ]
    queue.hint_again(again)
    logger.info(
        "swept",
        waiting=len(waiting),
        again=len(again),
        correlation_id=correlation.logged(correlation.merged(again)),
    )
    return {"again": len(again)}
