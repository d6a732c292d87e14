"""GET /api/*: answer a read in the shape its reader may see, after writing down who read what."""

from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.access import PERSONAL, NotFoundError
from shared.answer import Health
from shared.aws.admission import admit
from shared.aws.audit import AuditTrail
from shared.aws.directory import Directory
from shared.aws.entrance import entrance
from shared.aws.meter import published
from shared.aws.reading import Ask, Reading
from shared.aws.secret import secret
from shared.aws.table import table
from shared.contracts import FieldError, InvalidError
from shared.cursor import CursorError
from shared.problem import ProblemError, or_problem
from shared.question import asked
from shared.reply import reply
from shared.route import HEALTH, OPENAPI, routed
from shared.setting import Setting


class Env(Setting):
    TABLE_NAME: str
    ENTRANCE_SECRET_ARN: str
    USER_POOL_ID: str
    CURSOR_SECRET_ARN: str


env = Env.read()
logger, metrics = Logger(), Metrics()
door = entrance(env.ENTRANCE_SECRET_ARN)
store = table(env.TABLE_NAME)
people = Directory(env.USER_POOL_ID)
reading = Reading(store, people, secret(env.CURSOR_SECRET_ARN))
trail = AuditTrail(store)


def now() -> datetime:
    return datetime.now(UTC)


@published(metrics)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request; whatever fails on our side is a 503 with Retry-After."""
    return or_problem(event, lambda: respond(event, now()), logger, failure="not answered")


def respond(event: dict[str, Any], at: datetime) -> dict[str, Any]:
    """Find out what is asked and by whom, read it, write that down, answer."""
    door.let_in(event, at)
    path, headers = event["rawPath"], event.get("headers") or {}
    if path in OPEN:
        return reply(OPEN[path](), headers)
    found = routed(path)
    if found is None:
        raise ProblemError(HTTPStatus.NOT_FOUND)
    route, tutor_id = found
    who = admit(event, route.operation, at, trail, tutor_id=tutor_id)
    try:
        question = asked(route.question, event.get("rawQueryString") or "")
        ask = Ask(route.operation, who.caller, who.shape, question, at, tutor_id)
        answer = reading.read(ask)
    except NotFoundError as error:
        trail.put(replace(who.row, status=HTTPStatus.NOT_FOUND.value))
        raise ProblemError(HTTPStatus.NOT_FOUND) from error
    except InvalidError as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, errors=error.errors) from error
    except CursorError as error:
        wrong = FieldError("cursor", str(error))
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, errors=[wrong]) from error

    if route.operation in PERSONAL:
        trail.put(replace(who.row, status=HTTPStatus.OK.value, shown=answer.shown))
        metrics.add_metric("Audited", MetricUnit.Count, 1)
    logger.info("answered", operation=route.operation, examined=answer.examined)
    return reply(answer.body.json_bytes(), headers, who.caller.role_names)


def openapi() -> bytes:
    """The API's description; made when first asked for, because hardly anybody asks."""
    from shared.openapi import document_bytes

    return document_bytes()


OPEN = {HEALTH: Health().json_bytes, OPENAPI: openapi}
