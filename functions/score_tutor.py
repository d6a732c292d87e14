"""Scoring queue: apply reports, score each tutor they concern once, keep the nightly record.

The order of writes is what makes every step safe to repeat: the report is merged, the tutors are
scored and passed on to be predicted, and only then the report stops being pending.
"""

import json
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.aws import correlation
from shared.aws.apply import Applied, NotApplicableError, apply
from shared.aws.batch import failures, ids_of, receives
from shared.aws.inbox import Delivery, InboxTable
from shared.aws.meter import published
from shared.aws.queue import HintError, scoring_queue, tutor_queue
from shared.aws.scoring import News, Scoring
from shared.aws.table import AwsError, table
from shared.aws.tutor_log import LogTable
from shared.setting import Setting


class Env(Setting):
    TABLE_NAME: str
    SCORING_QUEUE_URL: str
    CHURN_QUEUE_URL: str
    RETRY_SECONDS: int = 15


class DriftError(Exception):
    """The stored scorecard is not what its log gives; looked at once more before it is believed."""


env = Env.read()
logger, metrics = Logger(), Metrics()
store = table(env.TABLE_NAME)
inbox, logs = InboxTable(store), LogTable(store)
queue, churn = scoring_queue(env.SCORING_QUEUE_URL), tutor_queue(env.CHURN_QUEUE_URL)


def now() -> datetime:
    return datetime.now(UTC)


@published(metrics, conflicts="WriteConflict")
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Work off a batch; a message that fails does so alone and waits longer each time."""
    scoring = Scoring.of(store)
    failed: dict[str, Exception] = {}
    applied: dict[str, Delivery] = {}
    became: dict[str, Applied] = {}
    ids = {record["messageId"]: ids_of(record) for record in event["Records"]}
    for record in event["Records"]:
        message_id = record["messageId"]
        try:
            with about(ids[message_id]):
                delivery, became[message_id] = take(record, scoring)
            if delivery is not None:
                applied[message_id] = delivery
        except Exception as fault:
            failed[message_id] = fault

    for tutor_id in sorted({tutor for m in applied for tutor in became[m].tutors}):
        waiting = {m: d for m, d in applied.items() if tutor_id in became[m].tutors}
        news = News(
            max(delivery.received_at for delivery in waiting.values()),
            max(filter(None, (became[m].ended_at for m in waiting)), default=None),
        )
        why = correlation.merged(*(ids[m] for m in waiting))
        try:
            with about(why):
                score(scoring, tutor_id, news, why)
        except Exception as fault:
            failed |= dict.fromkeys(waiting, fault)

    failed |= pass_on({m: it.tutors for m, it in became.items() if m not in failed}, ids)

    for message_id in applied.keys() - failed.keys():
        try:
            with about(ids[message_id]):
                inbox.clear_pending(applied[message_id].webhook_id, now())
                logger.info(
                    "applied", kind=applied[message_id].kind, tutors=became[message_id].tutors
                )
            metrics.add_metric("Applied", MetricUnit.Count, 1)
        except Exception as fault:
            failed[message_id] = fault
    return failures(
        event["Records"], failed, queue, env.RETRY_SECONDS, logger, metrics, metric="ScoringFailed"
    )


def about(ids: tuple[str, ...]) -> AbstractContextManager[None]:
    """Have every line that is logged within say which reports it is about."""
    return logger.append_context_keys(correlation_id=correlation.logged(ids))


def take(record: dict[str, Any], scoring: Scoring) -> tuple[Delivery | None, Applied]:
    """Do what a message asks for: the delivery it applied, if any, and what that concerns.

    The tutors of a delivery are still to be scored, the others are.
    """
    message = json.loads(record["body"])
    if "roll_at" in message:
        roll(scoring, record, message["tutor_id"], datetime.fromisoformat(message["roll_at"]))
        return None, Applied((message["tutor_id"],))
    if "tutor_id" in message:
        score(scoring, message["tutor_id"], ids=ids_of(record))
        return None, Applied((message["tutor_id"],))
    found = inbox.delivery(message["webhook_id"])
    if found is None or not found[1]:
        return None, Applied(())
    delivery, _ = found
    try:
        return delivery, apply(delivery, logs, now)
    except NotApplicableError as error:
        logger.error("quarantined", kind=delivery.kind)
        inbox.clear_pending(delivery.webhook_id, now(), quarantined=str(error))
        metrics.add_metric("Quarantined", MetricUnit.Count, 1)
        return None, Applied(())


def score(
    scoring: Scoring, tutor_id: str, news: News | None = None, ids: tuple[str, ...] = ()
) -> None:
    """Score a tutor, and once more when an outcome reported ahead of its time falls due."""
    due = scoring.score(tutor_id, now, news)
    logger.info("scored", tutor_id=tutor_id)
    if due is None:
        return
    try:
        queue.rescore(tutor_id, due - now(), ids)
    except AwsError as error:  # the nightly pass comes anyway
        logger.warning("no second score", tutor_id=tutor_id, fault=type(error).__name__)


def pass_on(
    scored: dict[str, tuple[str, ...]], ids: dict[str, tuple[str, ...]]
) -> dict[str, Exception]:
    """Ask for the scored tutors to be predicted, each once; the messages for which that failed."""
    why: dict[str, tuple[str, ...]] = {}
    for message_id, tutors in scored.items():
        for tutor_id in tutors:
            why[tutor_id] = correlation.merged(why.get(tutor_id, ()), ids[message_id])
    refused = churn.ask(sorted(why), why)
    return {
        message_id: HintError("not passed on")
        for message_id, tutors in scored.items()
        if refused.intersection(tutors)
    }


def roll(scoring: Scoring, record: dict[str, Any], tutor_id: str, midnight: datetime) -> None:
    """The nightly pass over a tutor, and whether the stored scorecard was right."""
    if scoring.drifted(tutor_id):
        if receives(record) == 1:
            raise DriftError(tutor_id)
        logger.error("drift", tutor_id=tutor_id)
        metrics.add_metric("Drift", MetricUnit.Count, 1)
    scoring.roll(tutor_id, midnight, now)
