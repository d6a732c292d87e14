"""02:00 UTC: train a challenger on all logs, let the gate decide, predict every tutor again.

A night may be repeated: what it makes again has the same version and bytes, other content gets
another version, and a promotion holds only if nobody else promoted meanwhile.
"""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.aws.meter import published
from shared.aws.model_store import ModelFileError, model_store
from shared.aws.queue import HintError, tutor_queue
from shared.aws.scorecard_table import ScorecardTable
from shared.aws.table import table
from shared.aws.tutor_log import LogTable
from shared.domain.churn_model import Champion
from shared.domain.log import Log, midnight
from shared.domain.population import population
from shared.history import HistoryError
from shared.ml.ceiling import Ceiling, unpack_ceiling
from shared.ml.model import ModelError, pack, unpack
from shared.ml.nightly import TEST_DAYS, InForce, Night, nightly
from shared.setting import Setting


class Env(Setting):
    TABLE_NAME: str
    CHURN_QUEUE_URL: str
    MODEL_BUCKET: str
    NTHREAD: int = 1
    TRAIN_DAYS: int = 730
    ENOUGH_REAL_TUTORS: int = 100
    READERS: int = 8


env = Env.read()
logger, metrics = Logger(), Metrics()
store = table(env.TABLE_NAME)
logs, cards = LogTable(store), ScorecardTable(store)
models = model_store(env.MODEL_BUCKET, store)
queue = tutor_queue(env.CHURN_QUEUE_URL)


def now() -> datetime:
    return datetime.now(UTC)


@published(metrics)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Which model is in force after the night, and whether that is a new one."""
    at, began = now(), time.monotonic()
    tutor_ids = sorted(row.tutor_id for row in cards.rows())
    learners = population(tutor_ids, env.ENOUGH_REAL_TUTORS)
    known = gather(learners.tutor_ids, midnight(at) - timedelta(days=env.TRAIN_DAYS))
    before = models.registry.champion()

    night = nightly(known, in_force(before, at), at, ceiling=ceiling(), threads=env.NTHREAD)
    decision = replace(night.decision, reasons=(*night.decision.reasons, learners.about))
    night = replace(night, decision=decision)

    after = keep(night, before)
    if after is not None:
        ask_again(tutor_ids)
        age = (at - after.since).total_seconds()
        metrics.add_metric("ModelAge", MetricUnit.Seconds, age)
    measure(night, len(known), time.monotonic() - began)
    return {"model": after.version if after else None, "promoted": decision.promoted}


def gather(tutor_ids: tuple[str, ...], since: datetime) -> Mapping[str, Log]:
    """The tutors' logs, several read at once; a second's delay does not matter here."""
    with ThreadPoolExecutor(env.READERS) as readers:
        read = readers.map(lambda each: logs.log_since(each, since, strongly=False), tutor_ids)
        return dict(zip(tutor_ids, read, strict=True))


def in_force(before: Champion | None, at: datetime) -> InForce | None:
    """The model to challenge: the one in force, or the newest before it whose files are good.

    None where there is none; a damaged file must not lower the bar. What was decided longer ago
    than the test reaches back rests on none of tonight's moments.
    """
    if before is None:
        return None
    lately = models.registry.decisions(None, at - timedelta(days=TEST_DAYS))
    since = max((before.since, *(each.decided_at for each in lately if each.evaluations)))
    for version in (before.version, *before.earlier):
        try:
            return InForce(unpack(models.model(version), env.NTHREAD), since)
        except (ModelError, ModelFileError) as error:
            logger.error("model refused", version=version, reason=str(error))
            metrics.add_metric("ModelRefused", MetricUnit.Count, 1)
    return None


def ceiling() -> Ceiling:
    """The best possible forecast, where a synthetic world left it; a damaged one is left out."""
    content = models.ceiling()
    try:
        return unpack_ceiling(content) if content else {}
    except HistoryError as error:
        logger.error("ceiling refused", reason=str(error))
        return {}


def keep(night: Night, before: Champion | None) -> Champion | None:
    """Store what the night made, and put it in force if that was decided."""
    if night.challenger is not None:
        models.put_model(pack(night.challenger))
    if night.health is not None:
        models.registry.put_health(night.health)
    if night.decision.promoted:
        return models.registry.promote(night.decision, before)
    models.registry.put_decision(night.decision)
    return before


def ask_again(tutor_ids: list[str]) -> None:
    """Have every tutor predicted with what is in force now."""
    refused = queue.ask(tutor_ids)
    if refused:
        raise HintError(f"{len(refused)} tutors could not be asked for")


def measure(night: Night, tutors: int, seconds: float) -> None:
    """How long it took, what it used, what came of it."""
    rows = night.challenger.manifest.rows if night.challenger else 0
    drifted = sum(each.drifted for each in night.health.drift) if night.health else 0
    metrics.add_metric("TrainingSeconds", MetricUnit.Seconds, seconds)
    metrics.add_metric("DriftedFeatures", MetricUnit.Count, drifted)
    logger.info(
        "trained",
        tutors=tutors,
        rows=rows,
        seconds=round(seconds, 1),
        promoted=night.decision.promoted,
        challenger=night.decision.challenger,
    )
