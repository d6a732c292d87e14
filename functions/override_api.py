"""PUT and DELETE /api/tutors/{tutor_id}/override: managers override a churn score, for a while.

Whoever changes an override says by `If-Match` which one they saw in force, "0" for none. Saying
the same again is answered as the first time, so a lost answer may be asked for again.
"""

import re
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.access import Operation
from shared.aws.admission import admit, recorded
from shared.aws.audit import AuditTrail
from shared.aws.entrance import entrance
from shared.aws.override_table import OverrideTable
from shared.aws.queue import tutor_queue
from shared.aws.table import retried, table
from shared.contracts import FieldError, OverrideClaim, OverrideEnd
from shared.domain.override import (
    Change,
    Claim,
    Override,
    OverrideError,
    StaleError,
    Withdrawal,
    changes,
)
from shared.override_answer import spell
from shared.problem import ProblemError, or_problem
from shared.reply import reply
from shared.request import seen_version, told
from shared.setting import Setting

PATH = re.compile(r"/api/tutors/([A-Za-z0-9_.:-]{1,64})/override")
NONE_BY_NOW = "None is in force by now."
OPERATIONS = {"PUT": Operation.SET_OVERRIDE, "DELETE": Operation.END_OVERRIDE}


class Env(Setting):
    TABLE_NAME: str
    ENTRANCE_SECRET_ARN: str
    ACTION_QUEUE_URL: str


env = Env.read()
logger = Logger()
door = entrance(env.ENTRANCE_SECRET_ARN)
store = table(env.TABLE_NAME)
overrides, trail = OverrideTable(store), AuditTrail(store)
queue = tutor_queue(env.ACTION_QUEUE_URL)


def now() -> datetime:
    return datetime.now(UTC)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one change; whatever fails on our side is a 503 with Retry-After."""
    return or_problem(event, lambda: respond(event, now()), logger, failure="not answered")


def respond(event: dict[str, Any], at: datetime) -> dict[str, Any]:
    """Find out who wants to change what, change it, write down that they did, answer."""
    door.let_in(event, at)
    found = PATH.fullmatch(event["rawPath"])
    operation = OPERATIONS.get(event["requestContext"]["http"]["method"])
    if found is None or operation is None:
        raise ProblemError(HTTPStatus.NOT_FOUND)
    tutor_id = found[1]
    who = admit(event, operation, at, trail, tutor_id=tutor_id)
    with recorded(who, trail) as shown:
        wanted = Change(said_in(event, operation), who.name, seen_version(event))
        after = retried(lambda: change(tutor_id, wanted, at))
        shown.append(tutor_id)
    look_again(tutor_id, who.row.request_id)
    logger.info("answered", operation=operation, in_force=after.in_force(at))
    headers = event.get("headers") or {}
    return reply(spell(after, at).json_bytes(), headers, who.caller.role_names)


def said_in(event: dict[str, Any], operation: Operation) -> Claim | Withdrawal:
    """What the caller wants, by method and body."""
    if operation is Operation.SET_OVERRIDE:
        return told(OverrideClaim, event).claim()
    return Withdrawal(told(OverrideEnd, event).reason)


def change(tutor_id: str, wanted: Change, at: datetime) -> Override:
    """Make the change and answer the override after it; VersionConflictError if the tutor was
    scored meanwhile."""
    before = overrides.standing(tutor_id)
    if before is None:
        raise ProblemError(HTTPStatus.NOT_FOUND)
    try:
        changed = changes(wanted, at, before.newest, before.computed)
    except StaleError as error:
        said = f"It is version {error.version} by now." if error.version else NONE_BY_NOW
        raise ProblemError(HTTPStatus.PRECONDITION_FAILED, said) from error
    except OverrideError as error:
        if error.field != "until":
            raise ProblemError(HTTPStatus.CONFLICT, error.sentence) from error
        wrong = FieldError(error.field, error.sentence)
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, errors=[wrong]) from error
    if before.newest and not changed:
        return before.newest
    overrides.put(changed, before)
    return changed[-1]


def look_again(tutor_id: str, request_id: str) -> None:
    """Have it decided anew what is to be done for the tutor; the night does so anyway."""
    if queue.ask([tutor_id], {tutor_id: [request_id]}):
        logger.warning("not looked at again", tutor_id=tutor_id)
