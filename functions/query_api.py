"""GET /api/*: answer a read in the shape its reader may see, after writing down who read what."""

from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared import problem
from shared.access import (
    PERSONAL,
    ForbiddenError,
    NotFoundError,
    UnauthenticatedError,
    caller,
    decide,
)
from shared.answer import Health
from shared.aws.audit import AuditRow, AuditTrail
from shared.aws.reading import Ask, Reading
from shared.aws.secret import secret
from shared.aws.table import table
from shared.contracts import FieldError, InvalidError
from shared.cursor import CursorError
from shared.problem import ProblemError
from shared.question import asked
from shared.reply import reply
from shared.request import claims
from shared.route import HEALTH, OPENAPI, routed
from shared.setting import Setting


class Env(Setting):
    TABLE_NAME: str
    CURSOR_SECRET_ARN: str


env = Env.read()
logger, metrics = Logger(), Metrics()
store = table(env.TABLE_NAME)
reading = Reading(store, secret(env.CURSOR_SECRET_ARN))
trail = AuditTrail(store)


def now() -> datetime:
    return datetime.now(UTC)


@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request; whatever fails on our side is a 503 with Retry-After."""
    try:
        return respond(event, now())
    except ProblemError as refusal:
        metrics.add_metric(f"Refused{refusal.status.value}", MetricUnit.Count, 1)
        logger.info("refused", status=refusal.status.value)
        return problem.response(refusal)
    except Exception as fault:
        metrics.add_metric("Unavailable", MetricUnit.Count, 1)
        logger.error("not answered", fault=type(fault).__name__)
        return problem.response(ProblemError(HTTPStatus.SERVICE_UNAVAILABLE))


def respond(event: dict[str, Any], at: datetime) -> dict[str, Any]:
    """Find out what is asked and by whom, read it, write that down, answer."""
    path, headers = event["rawPath"], event.get("headers") or {}
    if path in OPEN:
        metrics.add_metric("AnsweredOpen", MetricUnit.Count, 1)
        return reply(OPEN[path](), headers)
    found = routed(path)
    if found is None:
        raise ProblemError(HTTPStatus.NOT_FOUND)
    route, tutor_id = found
    request = event["requestContext"]

    try:
        who = caller(claims(event))
        row = AuditRow(who, route.operation, at, request["requestId"], tutor_id)
        shape = decide(route.operation, who, tutor_id)
        question = asked(route.question, event.get("rawQueryString") or "")
        answer = reading.read(Ask(route.operation, who, shape, question, at, tutor_id))
    except UnauthenticatedError as error:
        raise ProblemError(HTTPStatus.UNAUTHORIZED) from error
    except (ForbiddenError, NotFoundError) as error:
        hidden = isinstance(error, NotFoundError)
        status = HTTPStatus.NOT_FOUND if hidden else HTTPStatus.FORBIDDEN
        trail.put(replace(row, status=status.value))
        raise ProblemError(status) from error
    except InvalidError as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, errors=error.errors) from error
    except CursorError as error:
        wrong = FieldError("cursor", str(error))
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, errors=[wrong]) from error

    if route.operation in PERSONAL:
        trail.put(replace(row, status=HTTPStatus.OK.value, shown=answer.shown))
    metrics.add_metric("Answered", MetricUnit.Count, 1)
    logger.info("answered", operation=route.operation, examined=answer.examined)
    return reply(answer.body.json_bytes(), headers, who.role_names)


def openapi() -> bytes:
    """The API's description; made when first asked for, because hardly anybody asks."""
    from shared.openapi import document_bytes

    return document_bytes()


OPEN = {HEALTH: Health().json_bytes, OPENAPI: openapi}
