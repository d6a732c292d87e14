"""Every hour: put the digests and summaries that the owners' mornings have brought.

It asks what this day has brought so far, not what this hour brings, so that a missed hour is made
up for by the next.
"""

from datetime import datetime
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.aws.intervention_table import InterventionTable
from shared.aws.mail_table import MailTable
from shared.aws.meter import published
from shared.aws.queue import mail_queue
from shared.aws.table import table
from shared.domain.morning import due_digests
from shared.setting import Setting


class Env(Setting):
    TABLE_NAME: str
    MAIL_QUEUE_URL: str


env = Env.read()
logger, metrics = Logger(), Metrics()
store = table(env.TABLE_NAME)
interventions, mails = InterventionTable(store), MailTable(store)
queue = mail_queue(env.MAIL_QUEUE_URL)


@published(metrics)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """How many mails were put."""
    due = due_digests(interventions.office(), datetime.fromisoformat(event["time"]))

    new = [mail for mail in due if mails.put_new(mail)]

    refused = queue.ask(new)
    metrics.add_metric("Digests", MetricUnit.Count, len(new))
    logger.info("digests put", new=len(new), refused=len(refused))
    return {"new": len(new)}
