"""00:00 UTC: fit the marketplace's reference anew and ask for every tutor to be scored again.

Windows slide when nothing happens; the nightly pass is what notices.
"""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.aws.meter import published
from shared.aws.queue import scoring_queue
from shared.aws.scorecard_table import ScorecardTable
from shared.aws.table import table
from shared.domain.log import midnight
from shared.domain.marketplace import fitted_to
from shared.setting import Setting


class Env(Setting):
    TABLE_NAME: str
    SCORING_QUEUE_URL: str


env = Env.read()
logger, metrics = Logger(), Metrics()
cards = ScorecardTable(table(env.TABLE_NAME))
queue = scoring_queue(env.SCORING_QUEUE_URL)


@published(metrics)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """How many tutors are to be rolled."""
    night = midnight(datetime.now(UTC))
    rows = list(cards.rows())

    cards.put_reference(fitted_to(f"{night:%Y-%m-%d}", rows))

    queue.roll((row.tutor_id for row in rows), night.isoformat())
    metrics.add_metric("Rolled", MetricUnit.Count, len(rows))
    logger.info("rolled", tutors=len(rows))
    return {"tutors": len(rows)}
