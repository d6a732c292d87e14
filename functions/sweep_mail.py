"""Every minute: hint again at mails that are overdue, and say how late the latest is."""

from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.aws import correlation
from shared.aws.mail_table import MailTable
from shared.aws.meter import published
from shared.aws.queue import is_asked_again, mail_queue
from shared.aws.table import table
from shared.setting import Setting


class Env(Setting):
    TABLE_NAME: str
    MAIL_QUEUE_URL: str
    SWEEP_AFTER_SECONDS: int = 120


env = Env.read()
logger, metrics = Logger(), Metrics()
mails = MailTable(table(env.TABLE_NAME))
queue = mail_queue(env.MAIL_QUEUE_URL)


@published(metrics)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """How many hints were sent again: those whose time it is, or all, where a person asks so."""
    now = datetime.now(UTC)
    after = timedelta(seconds=env.SWEEP_AFTER_SECONDS)
    waiting = list(mails.due(now - after))

    oldest = min((mail.due_at for mail in waiting), default=now)
    metrics.add_metric("OldestMail", MetricUnit.Seconds, (now - oldest).total_seconds())

    again = [
        mail for mail in waiting if "all" in event or is_asked_again(now - mail.due_at - after)
    ]
    refused = queue.ask(again)
    ids = correlation.merged(*(mail.correlation_ids for mail in again))
    logger.info(
        "swept",
        waiting=len(waiting),
        again=len(again),
        refused=len(refused),
        correlation_id=correlation.logged(ids),
    )
    return {"again": len(again)}
