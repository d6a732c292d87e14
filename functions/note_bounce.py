"""Bounce queue: an address that bounces for good, or complains, gets no mail any more.

SES tells of it through EventBridge. Its own suppression list would do for bounces, but says
nothing to whoever waits for an answer from that address.
"""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.aws.batch import worked_off
from shared.aws.mailer import Suppression
from shared.aws.meter import published
from shared.aws.queue import tutor_queue
from shared.aws.table import table
from shared.setting import Setting


class Env(Setting):
    TABLE_NAME: str
    BOUNCE_QUEUE_URL: str
    RETRY_SECONDS: int = 15


env = Env.read()
logger, metrics = Logger(), Metrics()
suppression = Suppression(table(env.TABLE_NAME))
queue = tutor_queue(env.BOUNCE_QUEUE_URL)


@published(metrics)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Note a batch; a message that fails does so alone."""
    return worked_off(
        event, lambda told, _: note(told), queue, env.RETRY_SECONDS, logger, metrics,
        metric="BounceFailed",
    )  # fmt: skip


def note(told: dict[str, Any]) -> None:
    """Suppress who it is about; a full mailbox or a time-out is no reason to."""
    match told:
        case {"kind": "Bounce", "type": "Permanent", "recipients": recipients}:
            suppress(recipients, "bounced", metric="Bounced")
        case {"kind": "Complaint", "recipients": recipients}:
            suppress(recipients, "complained", metric="Complained")
        case {"kind": "Bounce", "type": "Transient" | "Undetermined" as kind}:
            logger.info("not suppressed", kind=kind)
        case _:
            raise ValueError("neither a bounce nor a complaint")


def suppress(recipients: list[dict[str, Any]], because: str, *, metric: str) -> None:
    """Mail these recipients no more, and count them."""
    for recipient in recipients:
        suppression.add(recipient["emailAddress"], because, datetime.now(UTC))
        metrics.add_metric(metric, MetricUnit.Count, 1)
