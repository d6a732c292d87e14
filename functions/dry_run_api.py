"""POST /api/settings/{interventions,thresholds}/dry-run: what a change would have brought.

Of as many tutors as there is time for, told as if of all; no setting is written.
"""

from datetime import UTC, datetime
from http import HTTPStatus
from time import monotonic
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.access import Operation
from shared.aws.admission import admit, recorded
from shared.aws.audit import AuditTrail
from shared.aws.dry_run import Proposal, Rehearsal
from shared.aws.entrance import entrance
from shared.aws.table import table
from shared.contracts import FieldError, SettingValues
from shared.domain.policy import PolicyError
from shared.domain.threshold import ThresholdError
from shared.problem import ProblemError, or_problem
from shared.reply import reply
from shared.request import told
from shared.setting import Setting
from shared.settings_answer import compared


class Env(Setting):
    TABLE_NAME: str
    ENTRANCE_SECRET_ARN: str
    READERS: int = 4
    DRY_RUN_SECONDS: float = 12


env = Env.read()
logger = Logger()
door = entrance(env.ENTRANCE_SECRET_ARN)
store = table(env.TABLE_NAME)
rehearsal, trail = Rehearsal(store, env.READERS), AuditTrail(store)


def now() -> datetime:
    return datetime.now(UTC)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one dry run; whatever fails on our side is a 503 with Retry-After."""
    return or_problem(event, lambda: respond(event, now()), logger, failure="not answered")


def respond(event: dict[str, Any], at: datetime) -> dict[str, Any]:
    """Find out what is proposed and by whom, rehearse it, write down who asked, answer."""
    door.let_in(event, at)
    stop = monotonic() + env.DRY_RUN_SECONDS
    subject = event["rawPath"].removeprefix("/api/")
    who = admit(event, Operation.DRY_RUN, at, trail, subject)
    with recorded(who, trail):
        asked = proposal(subject, told(SettingValues, event).values)
        found = rehearsal.run(asked, at.date(), lambda: monotonic() < stop)
    logger.info("rehearsed", subject=subject, tutors=found.in_force.tutors)
    body = compared(found.in_force, found.proposed, at.date(), found.tutors)
    return reply(body.json_bytes(), event.get("headers") or {}, who.caller.role_names)


def proposal(subject: str, values: dict[str, float]) -> Proposal:
    """What is proposed for that part of the settings; ProblemError 422 names the wrong one."""
    try:
        match subject.split("/"):
            case ["settings", "interventions", "dry-run"]:
                return rehearsal.proposal(dials=values)
            case ["settings", "thresholds", "dry-run"]:
                return rehearsal.proposal(limits=values)
    except (PolicyError, ThresholdError) as error:
        wrong = FieldError(f"values.{error.name}", error.sentence)
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, errors=[wrong]) from error
    raise ProblemError(HTTPStatus.NOT_FOUND)
