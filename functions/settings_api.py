"""PUT /api/settings/…: people move dials, thresholds, calendars, and what they are told themselves.

Who changes something says by `If-Match` which version they saw. Saying the same again is answered
as the first time, so a lost answer may be asked for again.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared import settings_answer
from shared.access import ACCESS, Operation
from shared.aws.admission import Admitted, admit, recorded
from shared.aws.audit import AuditTrail
from shared.aws.entrance import entrance
from shared.aws.intervention_table import InterventionTable
from shared.aws.preference_table import PreferenceTable
from shared.aws.scorecard_table import ScorecardTable
from shared.aws.table import retried, table
from shared.contracts import (
    FieldError,
    InvalidError,
    NotificationChoice,
    OwnerCalendar,
    SettingValues,
)
from shared.domain import threshold
from shared.domain.intervention import Owner
from shared.domain.office import PEOPLE, Office
from shared.domain.policy import Policy, PolicyError
from shared.domain.preference import Preference
from shared.domain.revision import Numbered, stands
from shared.domain.threshold import Settings, ThresholdError
from shared.outbound import Outbound
from shared.problem import ProblemError, or_problem
from shared.reply import reply
from shared.request import seen_version, told
from shared.setting import Setting
from shared.settings_answer import CHANGES_SHOWN


class Env(Setting):
    TABLE_NAME: str
    ENTRANCE_SECRET_ARN: str
    WEBHOOK_HOSTS: str = "hooks.slack.com"


env = Env.read()
logger = Logger()
door = entrance(env.ENTRANCE_SECRET_ARN)
store = table(env.TABLE_NAME)
interventions, cards, trail = InterventionTable(store), ScorecardTable(store), AuditTrail(store)
preferences = PreferenceTable(store)


type Work = Callable[[dict[str, Any], Admitted, datetime], Outbound]


def now() -> datetime:
    return datetime.now(UTC)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one change; whatever fails on our side is a 503 with Retry-After."""
    return or_problem(event, lambda: respond(event, now()), logger, failure="not answered")


def respond(event: dict[str, Any], at: datetime) -> dict[str, Any]:
    """Find out what is to be done and by whom, do it, write down who did, answer."""
    door.let_in(event, at)
    operation, subject, work = asked_of(event["rawPath"])
    who = admit(event, operation, at, trail, subject)
    with recorded(who, trail):
        try:
            answer = retried(lambda: work(event, who, at))
        except (PolicyError, ThresholdError) as error:
            wrong = FieldError(f"values.{error.name}", error.sentence)
            raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, errors=[wrong]) from error
        except InvalidError as error:
            raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, errors=error.errors) from error
    logger.info("answered", operation=operation)
    headers = event.get("headers") or {}
    return reply(answer.json_bytes(), headers, who.caller.role_names)


def asked_of(path: str) -> tuple[Operation, str, Work]:
    """What a path asks for, the name under which it is written down, and who does it."""
    subject = path.removeprefix("/api/")
    match path.removeprefix("/api/settings/").split("/"):
        case ["interventions"]:
            return Operation.CHANGE_SETTINGS, subject, move_dials
        case ["thresholds"]:
            return Operation.CHANGE_SETTINGS, subject, move_thresholds
        case ["calendars", owner] if owner in PEOPLE:
            return Operation.CHANGE_SETTINGS, subject, partial(put_calendar, Owner(owner))
        case ["notifications"]:
            return Operation.CHANGE_NOTIFICATIONS, subject, choose_notifications
    raise ProblemError(HTTPStatus.NOT_FOUND)


def move_dials(event: dict[str, Any], who: Admitted, at: datetime) -> Outbound:
    """Put other dials of interventions in force."""
    values = told(SettingValues, event).values

    def changed(before: Policy) -> Policy:
        return before.changed(values, who.name, at)

    put(event, interventions.policy(), changed, interventions.put_policy)
    return settings_answer.dials(interventions.policies(CHANGES_SHOWN))


def move_thresholds(event: dict[str, Any], who: Admitted, at: datetime) -> Outbound:
    """Put other thresholds in force: for each tutor from the next time they are scored."""
    values = told(SettingValues, event).values

    def changed(before: Settings) -> Settings:
        return threshold.changed(before, values, who.name, at)

    put(event, cards.settings(), changed, cards.put_settings)
    return settings_answer.thresholds(cards.settings_versions(CHANGES_SHOWN))


def put_calendar(owner: Owner, event: dict[str, Any], who: Admitted, at: datetime) -> Outbound:
    """Put another calendar of an owner in force: for deadlines of what is opened from now on."""
    calendar = told(OwnerCalendar, event).calendar()

    def changed(before: Office) -> Office:
        return before.changed(owner, calendar, who.name, at)

    put(event, interventions.office(), changed, interventions.put_office)
    return settings_answer.calendars(interventions.offices(CHANGES_SHOWN))


def choose_notifications(event: dict[str, Any], who: Admitted, at: datetime) -> Outbound:
    """Keep what the caller wants to be told themselves."""
    sees_tutors = bool(who.caller.roles & ACCESS[Operation.TUTOR_LIST].keys())
    choice = told(NotificationChoice, event)

    def changed(before: Preference) -> Preference:
        return choice.applied(before, env.WEBHOOK_HOSTS.split(","), sees_tutors=sees_tutors)

    stored = preferences.preference(who.name)
    before = settings_answer.chosen(stored, who.caller)
    return settings_answer.notifications(put(event, before, changed, preferences.put))


def put[V: Numbered](
    event: dict[str, Any], there: V, changed: Callable[[V], V], keep: Callable[[V], None]
) -> V:
    """What is in force after a change, which is made unless it stands already.

    ProblemError 412 where the caller saw another version, 428 where they do not say which.
    VersionConflictError where it changed meanwhile: begin again.
    """
    seen = seen_version(event)
    if seen == there.version:
        after = changed(there)
        keep(after)
        return after
    if seen == there.version - 1 and stands(there, changed(there)):
        return there
    said = f"It is version {there.version} by now."
    raise ProblemError(HTTPStatus.PRECONDITION_FAILED, said)
