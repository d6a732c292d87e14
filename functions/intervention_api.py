"""POST /api/interventions/{id}/{move}: people work on interventions, each move written down.

Who moves says by `If-Match` which version they saw: two people can not undo each other unseen.
"""

import re
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.access import ACCESS, Operation
from shared.aws.admission import admit, recorded
from shared.aws.audit import AuditRow, AuditTrail
from shared.aws.directory import Directory
from shared.aws.entrance import entrance
from shared.aws.intervention_table import InterventionTable
from shared.aws.mail_table import new_mail
from shared.aws.queue import mail_queue
from shared.aws.table import retried, table
from shared.contracts import FieldError, MoveOrder
from shared.domain.engine import over_by
from shared.domain.intervention import (
    PEOPLES,
    Action,
    Intervention,
    MoveError,
    Order,
    moved,
    stands,
)
from shared.domain.mail import Mail, assignment
from shared.intervention_answer import intervention
from shared.problem import ProblemError, or_problem
from shared.reply import reply
from shared.request import seen_version, told
from shared.setting import Setting

PATH = re.compile(r"/api/interventions/([A-Za-z0-9_.:-]{1,100})/([a-z]{1,20})")


class Env(Setting):
    TABLE_NAME: str
    ENTRANCE_SECRET_ARN: str
    MAIL_QUEUE_URL: str
    USER_POOL_ID: str


env = Env.read()
logger = Logger()
door = entrance(env.ENTRANCE_SECRET_ARN)
store = table(env.TABLE_NAME)
interventions, trail = InterventionTable(store), AuditTrail(store)
people, outbox = Directory(env.USER_POOL_ID), mail_queue(env.MAIL_QUEUE_URL)


def now() -> datetime:
    return datetime.now(UTC)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one move; whatever fails on our side is a 503 with Retry-After."""
    return or_problem(event, lambda: respond(event, now()), logger, failure="not answered")


def respond(event: dict[str, Any], at: datetime) -> dict[str, Any]:
    """Find out who wants to move what, move it, write down that they did, answer."""
    door.let_in(event, at)
    intervention_id, action = asked_of(event["rawPath"])
    who = admit(event, Operation.MOVE_INTERVENTION, at, trail, intervention_id)
    with recorded(who, trail) as shown:
        order = Order(action, who.name, **told(MoveOrder, event).model_dump())
        after, mail = retried(lambda: move(intervention_id, order, seen_version(event), who.row))
        shown.append(after.tutor_id)
    if mail:
        outbox.ask([mail])
    logger.info("moved", intervention_id=intervention_id, action=action)
    headers = event.get("headers") or {}
    return reply(intervention(after, at).json_bytes(), headers, who.caller.role_names)


def asked_of(path: str) -> tuple[str, Action]:
    """The intervention and the move that a path names."""
    found = PATH.fullmatch(path)
    if found is not None:
        for action in PEOPLES:
            if action == found[2]:
                return found[1], action
    raise ProblemError(HTTPStatus.NOT_FOUND)


def move(
    intervention_id: str, order: Order, version: int, row: AuditRow
) -> tuple[Intervention, Mail | None]:
    """Make the move on what the caller saw, with the mail that tells whoever it is given to.

    Raises VersionConflictError if the desk changed meanwhile: begin again. A move that was written
    and whose answer was lost is found then, or when it is asked for again; its mail by the sweep.
    """
    at = row.at
    before = interventions.intervention(intervention_id)
    if before is None or before.held_out:
        raise ProblemError(HTTPStatus.NOT_FOUND)
    desk = interventions.desk(before.tutor_id, at)
    if stands(before, order, version):
        return before, None
    if before.version != version:
        said = f"It is version {before.version} by now."
        raise ProblemError(HTTPStatus.PRECONDITION_FAILED, said)
    if order.action == "start":
        order = replace(order, finish_by=over_by(before, interventions.office(), at))
    try:
        after = moved(before, order, at)
        check_assignee(order, at)
    except MoveError as error:
        if error.field == "action":
            raise ProblemError(HTTPStatus.CONFLICT, error.sentence) from error
        wrong = FieldError(error.field, error.sentence)
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, errors=[wrong]) from error
    given = after.assignee != before.assignee and order.action == "reassign"
    mail = assignment(after, order.who, at) if given else None
    if mail:
        mail = replace(mail, correlation_ids=(row.request_id,))
    interventions.put(before.tutor_id, [after], desk, with_it=[new_mail(mail)] if mail else ())
    return after, mail


def check_assignee(order: Order, at: datetime) -> None:
    """A task is given to somebody who can work on it, or MoveError; who asks surely can."""
    name = order.assignee
    if name and name != order.who and not people.has(name, ACCESS[Operation.MOVE_INTERVENTION], at):
        raise MoveError("assignee", "is nobody who looks after tutors")
