"""Every minute: sum up all tutors, so that the home page is one read at any size."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.aws.meter import published
from shared.aws.scorecard_table import ScorecardTable
from shared.aws.table import table
from shared.domain.overview import overview
from shared.setting import Setting


class Env(Setting):
    TABLE_NAME: str


env = Env.read()
logger, metrics = Logger(), Metrics()
cards = ScorecardTable(table(env.TABLE_NAME))


@published(metrics)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """How many tutors were summed up."""
    now = datetime.now(UTC)

    summary = overview(cards.rows(), now)

    cards.put_overview(summary, now.date())
    metrics.add_metric("Tutors", MetricUnit.Count, summary.tutors)
    latency = summary.insight_latency_seconds
    if latency.receipt_p95 is not None:
        metrics.add_metric("InsightLatencyP95", MetricUnit.Seconds, latency.receipt_p95)
    if latency.session_end_p95 is not None:
        metrics.add_metric("InsightFromEndP95", MetricUnit.Seconds, latency.session_end_p95)
    logger.info("summed up", tutors=summary.tutors)
    return {"tutors": summary.tutors}
