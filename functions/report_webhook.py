"""POST /api/sessions, /api/tutors, /api/events, /api/feedback: store a signed report, then answer.

Nothing is answered 202 before it is stored. The hint to the queue may fail: the sweep re-sends.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.aws.erased_table import ErasedTable
from shared.aws.inbox import ContentConflictError, Delivery, InboxTable, Receipt
from shared.aws.meter import published
from shared.aws.queue import scoring_queue
from shared.aws.secret import secret
from shared.aws.table import AwsError, table
from shared.contracts import (
    Accepted,
    InvalidError,
    Kind,
    SessionReport,
    StudentFeedback,
    UnreadableError,
    accept,
    anonymous,
)
from shared.problem import ProblemError, or_problem
from shared.request import raw_body, require_json, require_size
from shared.setting import Setting
from shared.signature import MismatchError, SecretError, SignatureError, fingerprint, verify


class Env(Setting):
    TABLE_NAME: str
    SCORING_QUEUE_URL: str
    WEBHOOK_SECRET_ARN: str


env = Env.read()
logger, metrics = Logger(), Metrics()
store = table(env.TABLE_NAME)
inbox, erased = InboxTable(store), ErasedTable(store)
queue = scoring_queue(env.SCORING_QUEUE_URL)
signing = secret(env.WEBHOOK_SECRET_ARN)

REPLACED = "\ufffd".encode()
"""What the gateway puts for bytes that are not UTF-8: such a body can not match its signature."""


OTHER_CONTENT = "The same id came before with other content; a human will look at it."


@published(metrics)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one delivery; a fault that may pass is a 503 with Retry-After, never a 4xx."""
    answer = or_problem(
        event, lambda: receive(event, datetime.now(UTC)), logger, failure="not stored"
    )
    if answer["statusCode"] == HTTPStatus.SERVICE_UNAVAILABLE:
        metrics.add_metric("Unavailable", MetricUnit.Count, 1)
    return answer


def receive(event: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Verify, check, store, hint, answer."""
    kind = Kind(event["rawPath"].rstrip("/").rsplit("/", 1)[-1])
    headers, body = event["headers"], raw_body(event)

    with refusals_counted(metric="RefusedSignature"):
        webhook_id, timestamp, by = authentic(headers, body, now)
    logger.set_correlation_id(webhook_id)
    with refusals_counted(metric="RefusedContent"):
        accepted = understood(kind, headers, body)
    sent = Delivery(
        webhook_id=webhook_id,
        kind=kind,
        timestamp=timestamp,
        body=body.decode(),
        content_hash=accepted.content_hash,
        entity_id=accepted.entity_id,
        version=accepted.version,
        received_at=now,
    )
    receipt = stored(kind, accepted, sent)
    if receipt is None:
        metrics.add_metric("ContentConflict", MetricUnit.Count, 1)
        raise ProblemError(HTTPStatus.CONFLICT, OTHER_CONTENT)

    if receipt.pending:
        hint(webhook_id)
    metrics.add_metric("Duplicate" if receipt.duplicate else "Accepted", MetricUnit.Count, 1)
    logger.info("accepted", kind=kind, duplicate=receipt.duplicate, signed_by=by)
    return {
        "statusCode": HTTPStatus.ACCEPTED.value,
        "headers": {"content-type": "application/json", "cache-control": "no-store"},
        "body": json.dumps({"id": webhook_id, "duplicate": receipt.duplicate}),
    }


@contextmanager
def refusals_counted(*, metric: str) -> Iterator[None]:
    """Sooner or later the marketplace's outbox gives up on what is refused: somebody is to look."""
    try:
        yield
    except ProblemError as problem:
        if problem.status != HTTPStatus.SERVICE_UNAVAILABLE:
            metrics.add_metric(metric, MetricUnit.Count, 1)
        raise


def understood(kind: Kind, headers: Mapping[str, str], body: bytes) -> Accepted:
    """The report in a body that is the marketplace's; ProblemError 400, 413, 415 or 422."""
    require_size(body)
    require_json(headers)
    try:
        return accept(kind, body)
    except UnreadableError as error:
        raise ProblemError(HTTPStatus.BAD_REQUEST, str(error)) from error
    except InvalidError as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, errors=error.errors) from error


def stored(kind: Kind, accepted: Accepted, sent: Delivery) -> Receipt | None:
    """Keep a delivery, or the part of it that may be; None for other content, kept aside.

    It is other content only if it still is when asked once more: the student may have been erased
    in between, and what is known been rewritten.
    """
    for last in (False, True):
        delivery = allowed(kind, accepted, sent)
        try:
            return inbox.receive(delivery, sent.content_hash)
        except ContentConflictError:
            if last:
                inbox.keep_aside(delivery)
    return None


def allowed(kind: Kind, accepted: Accepted, sent: Delivery) -> Delivery:
    """What may be stored of a delivery: all of it, but for students who were erased."""
    told = accepted.message
    if not isinstance(told, SessionReport | StudentFeedback) or not erased.has(told.student_id):
        return sent
    logger.info("anonymised")
    body, content_hash = anonymous(kind, accepted)
    return replace(sent, body=body, content_hash=content_hash)


def authentic(headers: dict[str, str], body: bytes, now: datetime) -> tuple[str, int, str]:
    """The webhook id and timestamp of a call that is provably the marketplace's, and which secret
    says so: as long as it is the previous one, that must not be taken away.

    A signature unknown to the cached secrets is tried once more with fresh ones, so that a
    rotation never turns a good call away.
    """
    ours = False
    for fresh in (False, True):
        try:
            known = signing.in_force(now, fresh=fresh)
            webhook_id, timestamp = verify(known, headers, body, now)
            return webhook_id, timestamp, signed_by(known, headers, body, now)
        except (MismatchError, SecretError) as error:
            ours = isinstance(error, SecretError)
        except SignatureError as error:
            raise ProblemError(HTTPStatus.UNAUTHORIZED) from error
    if ours:
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE)
    if REPLACED in body:
        raise ProblemError(HTTPStatus.BAD_REQUEST, "the body is not JSON in UTF-8")
    raise ProblemError(HTTPStatus.UNAUTHORIZED)


def signed_by(known: tuple[str, ...], headers: dict[str, str], body: bytes, now: datetime) -> str:
    """The fingerprint of the secret that a good call was signed with."""
    *others, last = known
    for one in others:
        with suppress(MismatchError, SecretError):
            verify([one], headers, body, now)
            return fingerprint(one)
    return fingerprint(last)


def hint(webhook_id: str) -> None:
    """Tell the scoring queue; a failure costs two minutes, not the report."""
    try:
        queue.hint(webhook_id)
    except AwsError as error:
        logger.warning("hint not sent", fault=type(error).__name__)
