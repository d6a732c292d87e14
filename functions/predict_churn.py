"""Churn queue: predict each scored tutor with the model in force, show it in the lists, pass on.

Without a model nothing is predicted and nothing fails. The model stays in memory between batches;
which one is in force is read for every batch.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.aws import correlation
from shared.aws.batch import failures, ids_of
from shared.aws.meter import published
from shared.aws.model_store import ModelFileError, model_store
from shared.aws.prediction_table import Outcome, PredictionTable
from shared.aws.queue import HintError, tutor_queue
from shared.aws.table import AwsError, table
from shared.aws.tutor_log import LogTable
from shared.domain.log import Log, midnight
from shared.ml.absence import unscored
from shared.ml.features import FEATURE_DAYS
from shared.ml.ledger import LATE_FEEDBACK_DAYS
from shared.ml.model import ChurnModel, ModelError, unpack
from shared.ml.predict import predict
from shared.setting import Setting


class Env(Setting):
    TABLE_NAME: str
    CHURN_QUEUE_URL: str
    ACTION_QUEUE_URL: str
    MODEL_BUCKET: str
    RETRY_SECONDS: int = 15
    NTHREAD: int = 1


env = Env.read()
logger, metrics = Logger(), Metrics()
store = table(env.TABLE_NAME)
logs, predictions = LogTable(store), PredictionTable(store)
models = model_store(env.MODEL_BUCKET, store)
queue, action = tutor_queue(env.CHURN_QUEUE_URL), tutor_queue(env.ACTION_QUEUE_URL)
loaded: dict[str, ChurnModel] = {}
"""The last model that was good, by its version."""


def now() -> datetime:
    return datetime.now(UTC)


@published(metrics)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Work off a batch; a message that fails does so alone and waits longer each time."""
    failed: dict[str, Exception] = {}
    waiting: dict[str, list[str]] = defaultdict(list)
    ids: dict[str, tuple[str, ...]] = {}
    for record in event["Records"]:
        try:
            tutor_id = json.loads(record["body"])["tutor_id"]
            waiting[tutor_id].append(record["messageId"])
            ids[tutor_id] = correlation.merged(ids.get(tutor_id, ()), ids_of(record))
        except Exception as fault:
            failed[record["messageId"]] = fault

    model = in_force()
    broken = keep_predictions(model, list(waiting), now()) if model else {}
    broken |= pass_on([tutor_id for tutor_id in waiting if tutor_id not in broken], ids)
    for tutor_id in waiting.keys() - broken.keys():
        logger.info(
            "predicted" if model else "no model",
            tutor_id=tutor_id,
            correlation_id=correlation.logged(ids[tutor_id]),
        )
    failed |= {message: why for who, why in broken.items() for message in waiting[who]}
    return failures(
        event["Records"],
        failed,
        queue,
        env.RETRY_SECONDS,
        logger,
        metrics,
        metric="PredictionFailed",
    )


def keep_predictions(
    model: ChurnModel, tutor_ids: Sequence[str], at: datetime
) -> dict[str, Exception]:
    """Predict tutors and keep what was said; those for whom that failed."""
    read: dict[str, Log] = {}
    unread: dict[str, Exception] = {}
    for tutor_id in tutor_ids:
        try:
            read[tutor_id] = logs.log_since(tutor_id, looked_at_since(at))
        except Exception as fault:
            unread[tutor_id] = fault
    found, broken = outcomes(model, read, at)
    for tutor_id, outcome in found.items():
        try:
            predictions.put(outcome)
            metrics.add_metric("Predicted", MetricUnit.Count, 1)
        except Exception as fault:
            broken[tutor_id] = fault
    return unread | broken


def pass_on(tutor_ids: Sequence[str], ids: Mapping[str, tuple[str, ...]]) -> dict[str, Exception]:
    """Have it decided what is to be done for tutors; those whose message was not taken."""
    try:
        refused = action.ask(tutor_ids, ids)
    except AwsError as fault:
        return dict.fromkeys(tutor_ids, fault)
    return dict.fromkeys(refused, HintError("not passed on"))


def looked_at_since(at: datetime) -> datetime:
    """From where on a log is read: whole days, further back than any feature looks."""
    return midnight(at - timedelta(days=FEATURE_DAYS + LATE_FEEDBACK_DAYS))


def in_force() -> ChurnModel | None:
    """The model in force; where its files are not good, the last one that was.

    None before the first model. What is refused is counted each time, so that the alarm stays
    up until somebody has looked.
    """
    champion = models.registry.champion()
    if champion is None:
        return None
    for version in (champion.version, *loaded, *champion.earlier):
        if version in loaded:
            return loaded[version]
        try:
            model = unpack(models.model(version), env.NTHREAD)
        except (ModelError, ModelFileError) as error:
            logger.error("model refused", version=version, reason=str(error))
            metrics.add_metric("ModelRefused", MetricUnit.Count, 1)
            continue
        loaded.clear()
        loaded[version] = model
        return model
    return None


def outcomes(
    model: ChurnModel, read: Mapping[str, Log], at: datetime
) -> tuple[dict[str, Outcome], dict[str, Exception]]:
    """What the model says of each tutor, in one go; one by one where a log breaks that."""
    try:
        return predicted(model, read, at), {}
    except Exception as fault:
        if len(read) == 1:
            return {}, dict.fromkeys(read, fault)
    found: dict[str, Outcome] = {}
    broken: dict[str, Exception] = {}
    for tutor_id, log in read.items():
        try:
            found |= predicted(model, {tutor_id: log}, at)
        except Exception as fault:
            broken[tutor_id] = fault
    return found, broken


def predicted(model: ChurnModel, read: Mapping[str, Log], at: datetime) -> dict[str, Outcome]:
    """The predictions of tutors at work, and why the others have none."""
    answers = predict(model, list(read.values()), at)
    return {
        tutor_id: answer or unscored(log, at, model.manifest.version)
        for (tutor_id, log), answer in zip(read.items(), answers, strict=True)
    }
