"""POST /api/interventions/{id}/{move}: people work on interventions, each move written down.

Who moves says by `If-Match` which version they saw: two people can not undo each other unseen.
"""

import re
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared import problem
from shared.access import (
    Caller,
    ForbiddenError,
    NotFoundError,
    Operation,
    UnauthenticatedError,
    caller,
    decide,
)
from shared.aws.audit import AuditRow, AuditTrail
from shared.aws.intervention_table import InterventionTable
from shared.aws.table import VersionConflictError, table
from shared.contracts import FieldError, InvalidError, MoveOrder, UnreadableError, parsed, read_json
from shared.domain.intervention import PEOPLES, Action, Intervention, MoveError, Order, moved
from shared.intervention_answer import intervention
from shared.problem import ProblemError
from shared.reply import reply
from shared.request import claims, raw_body, require_json
from shared.setting import Setting

ATTEMPTS = 5
PATH = re.compile(r"/api/interventions/([A-Za-z0-9_.:-]{1,100})/([a-z]{1,20})")


class Env(Setting):
    TABLE_NAME: str


env = Env.read()
logger, metrics = Logger(), Metrics()
store = table(env.TABLE_NAME)
interventions, trail = InterventionTable(store), AuditTrail(store)


def now() -> datetime:
    return datetime.now(UTC)


@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one move; whatever fails on our side is a 503 with Retry-After."""
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
    """Find out who wants to move what, move it, write down that they did, answer."""
    intervention_id, action = asked_of(event["rawPath"])
    headers = event.get("headers") or {}
    try:
        who = caller(claims(event))
    except UnauthenticatedError as error:
        raise ProblemError(HTTPStatus.UNAUTHORIZED) from error
    row = AuditRow(who, Operation.MOVE_INTERVENTION, at, event["requestContext"]["requestId"],
                   subject=intervention_id)  # fmt: skip
    try:
        decide(Operation.MOVE_INTERVENTION, who)
    except (ForbiddenError, NotFoundError) as error:
        trail.put(replace(row, status=HTTPStatus.FORBIDDEN.value))
        raise ProblemError(HTTPStatus.FORBIDDEN) from error
    after = move(intervention_id, order_of(event, headers, action, who), seen(headers), at)
    trail.put(replace(row, status=HTTPStatus.OK.value, shown=[after.tutor_id]))
    metrics.add_metric("Moved", MetricUnit.Count, 1)
    return reply(intervention(after, at).json_bytes(), headers, who.role_names)


def asked_of(path: str) -> tuple[str, Action]:
    """The intervention and the move that a path names."""
    found = PATH.fullmatch(path)
    if found is not None:
        for action in PEOPLES:
            if action == found[2]:
                return found[1], action
    raise ProblemError(HTTPStatus.NOT_FOUND)


def seen(headers: dict[str, str]) -> int:
    """The version that the caller saw."""
    told = headers.get("if-match", "").strip().removeprefix("W/").strip('"')
    if not told:
        raise ProblemError(HTTPStatus.PRECONDITION_REQUIRED)
    if not re.fullmatch(r"[0-9]{1,9}", told):
        wrong = FieldError("If-Match", 'must be the version of the intervention, such as "3"')
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, errors=[wrong])
    return int(told)


def order_of(event: dict[str, Any], headers: dict[str, str], action: Action, who: Caller) -> Order:
    """The move that the body asks for; a move that needs nothing may come without a body."""
    body = raw_body(event)
    try:
        if body:
            require_json(headers)
        told = parsed(MoveOrder, read_json(body) if body else {})
    except UnreadableError as error:
        raise ProblemError(HTTPStatus.BAD_REQUEST, str(error)) from error
    except InvalidError as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, errors=error.errors) from error
    name = who.username or who.client_id or who.subject
    return Order(action, name, **told.model_dump())


def move(intervention_id: str, order: Order, version: int, at: datetime) -> Intervention:
    """Make the move on what the caller saw; other changes of the tutor's desk are waited for."""
    for _ in range(ATTEMPTS):
        before = interventions.intervention(intervention_id)
        if before is None or before.held_out:
            raise ProblemError(HTTPStatus.NOT_FOUND)
        desk = interventions.desk(before.tutor_id, at)
        if before.version != version:
            said = f"It is version {before.version} by now."
            raise ProblemError(HTTPStatus.PRECONDITION_FAILED, said)
        try:
            after = moved(before, order, at)
            interventions.put(before.tutor_id, [after], desk)
        except MoveError as error:
            if error.field == "action":
                raise ProblemError(HTTPStatus.CONFLICT, error.sentence) from error
            wrong = FieldError(error.field, error.sentence)
            raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, errors=[wrong]) from error
        except VersionConflictError:
            continue
        return after
    raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE)
