"""Every JSON that comes in, checked field by field and turned into domain types (CONTRACT 1)."""

import hashlib
import json
import math
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from shared.domain.business_hours import Calendar, Hours
from shared.domain.churn_score import RiskLevel
from shared.domain.erasure import reported_without
from shared.domain.event import BehaviourEvent, EventType
from shared.domain.feedback import Feedback
from shared.domain.intervention import MOST_TEXT, Opinion, Outcome
from shared.domain.override import LEAST_REASON, Claim
from shared.domain.preference import AlertKind, Channel, Preference, QuietHours, Reports
from shared.domain.session import Party, Report, ReportOrder, Reschedule, Snapshot, Status
from shared.domain.tutor import Tutor, TutorStatus
from shared.domain.webhook_address import allowed_webhook

MAX_BODY_BYTES = 64 * 1024
MAX_LEVELS = 100
"""Of objects and lists within each other: Python's stack bears more, and nothing means as many."""
TOO_DEEP = f"the JSON is nested too deeply: more than {MAX_LEVELS} levels"
MAX_VERSION = 2**53
FIRST_YEAR, LAST_YEAR = 2000, 2100

_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,30})?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE
)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)


class Kind(StrEnum):
    """What a webhook carries; the last part of its path."""

    SESSION = "sessions"
    TUTOR = "tutors"
    EVENT = "events"
    FEEDBACK = "feedback"


class UnreadableError(ValueError):
    """The body is not JSON in UTF-8."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field, named by its dotted path."""

    field: str
    message: str


class InvalidError(ValueError):
    """The body is JSON, but not what the endpoint takes."""

    def __init__(self, errors: list[FieldError]) -> None:
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in errors))
        self.errors = errors


def instant(value: object) -> datetime:
    """A UTC instant from RFC 3339 text with an offset; digits beyond microseconds are dropped."""
    if isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise PydanticCustomError(
            "instant", "must be an RFC 3339 instant with an offset, like 2026-11-20T10:00:00-06:00"
        )
    try:
        found = datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise PydanticCustomError("instant", "is not a date and time that exists") from error
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise PydanticCustomError("instant", "must lie in the years 2000 to 2100")
    return found


def day_or_instant(value: object) -> datetime:
    """An instant, or a plain date standing for its midnight UTC."""
    if isinstance(value, str) and _DAY.fullmatch(value):
        return instant(f"{value}T00:00:00Z")
    return instant(value)


def clock_time(value: object) -> time:
    """What a clock shows, from text like 09:30."""
    if isinstance(value, str) and _CLOCK.fullmatch(value):
        return time.fromisoformat(value)
    raise PydanticCustomError("clock_time", "must be a time of day, like 09:30")


def calendar_day(value: object) -> date:
    """A date, from text like 2026-12-25."""
    if isinstance(value, str) and _DAY.fullmatch(value):
        return day_or_instant(value).date()
    raise PydanticCustomError("calendar_day", "must be a date, like 2026-12-25")


Instant = Annotated[datetime, BeforeValidator(instant)]
ClockTime = Annotated[
    time,
    BeforeValidator(clock_time),
    WithJsonSchema({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}),
]
CalendarDay = Annotated[date, BeforeValidator(calendar_day)]
DayOrInstant = Annotated[datetime, BeforeValidator(day_or_instant)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,64}\z")]
UserName = Annotated[str, StringConstraints(pattern=r"^\S{1,128}\z")]
"""As the user pool has them: with @ where people come by way of another directory."""
Version = Annotated[int, Field(ge=0, le=MAX_VERSION)]
Stars = Annotated[float, Field(ge=1, le=5)]
Share = Annotated[float, Field(ge=0, le=1)]
Minutes = Annotated[float, Field(ge=0, le=100_000)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Subjects = Annotated[tuple[Word, ...], Field(strict=False, max_length=100)]
Label = Annotated[str, StringConstraints(max_length=1_000)]
Text = Annotated[str, StringConstraints(max_length=10_000)]


class Inbound(BaseModel):
    """Strict about what it knows, indifferent to what it does not.

    null means absent, but for the fields of NULL_REMOVES.
    """

    NULL_REMOVES: ClassVar[frozenset[str]] = frozenset()

    model_config = ConfigDict(
        strict=True, frozen=True, extra="ignore", allow_inf_nan=False, regex_engine="rust-regex"
    )


class RescheduleInfo(Inbound):
    """A move of the session; complete when the session's status is rescheduled."""

    initiator: Annotated[Party, Field(strict=False)] | None = None
    reason: Text | None = None
    original_time: Instant | None = None
    new_time: Instant | None = None
    requested_at: Instant | None = None


class SessionReport(Inbound):
    """A snapshot of a session, sent after every change; never a delta."""

    session_id: Identifier
    version: Version | None = None
    tutor_id: Identifier
    student_id: Identifier
    scheduled_time: Instant
    completed_time: Instant | None = None
    status: Annotated[Status, Field(strict=False)]
    reschedule_info: RescheduleInfo | None = None
    no_show_party: Annotated[Party, Field(strict=False)] | None = None
    session_number: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    actual_start: Instant | None = None
    duration_minutes: Minutes | None = None
    subject: Label | None = None
    session_type: Literal["1-on-1", "group"] | None = None
    late_start_minutes: Minutes | None = None
    engagement_score: Share | None = None
    student_rating: Stars | None = None
    learning_objectives_met: bool | None = None
    technical_issues: bool | None = None

    def report(self, order: ReportOrder, received_at: datetime) -> Report:
        """The domain's report."""
        values = self.model_dump(exclude={"session_id", "version", "reschedule_info"})
        values["no_show_party"] = self.no_show_party or Party.TUTOR
        return Report(
            self.session_id, order, Snapshot(**values), self._reschedule(order, received_at)
        )

    def _reschedule(self, order: ReportOrder, received_at: datetime) -> Reschedule | None:
        info = self.reschedule_info
        if info is None or not (info.initiator and info.original_time and info.new_time):
            return None
        return Reschedule(
            initiator=info.initiator,
            original_time=info.original_time,
            new_time=info.new_time,
            first_received_at=received_at,
            stated_by=order,
            reason=info.reason,
            requested_at=info.requested_at,
        )


class TutorProfile(Inbound):
    """A tutor as the marketplace describes them."""

    tutor_id: Identifier
    version: Version | None = None
    name: Word
    email: Annotated[str, StringConstraints(max_length=254, pattern=r"^[^@\s]+@[^@\s]+\z")]
    subjects: Subjects
    onboarding_date: DayOrInstant
    status: Annotated[Literal["active", "on_leave", "resigned", "deactivated"], Field()]
    status_since: DayOrInstant | None = None
    baseline_sessions_per_week: Annotated[float, Field(ge=0, le=1_000)] | None = None
    location: Word | None = None
    education_level: Word | None = None

    def tutor(self, order: ReportOrder) -> Tutor:
        """The domain's tutor."""
        values = self.model_dump(exclude={"version", "status"})
        return Tutor(**values, status=TutorStatus(self.status), order=order)


class EventData(Inbound):
    """The quantities an event may carry; which one counts depends on its type."""

    response_minutes: Minutes | None = None
    hours_offered: Annotated[float, Field(ge=0, le=168)] | None = None
    prep_minutes: Minutes | None = None
    module: Word | None = None


AMOUNT_OF = {
    EventType.MESSAGE_RESPONSE: "response_minutes",
    EventType.AVAILABILITY: "hours_offered",
    EventType.SESSION_PREP: "prep_minutes",
}
DATA_OF: dict[str, str] = {
    **{str(kind): name for kind, name in AMOUNT_OF.items()},
    EventType.TRAINING_ASSIGNED: "module",
    EventType.TRAINING_COMPLETED: "module",
}


class TutorEvent(Inbound):
    """One thing a tutor did besides teaching."""

    event_id: Identifier
    tutor_id: Identifier
    type: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    occurred_at: Instant
    data: EventData = EventData()

    @model_validator(mode="before")
    @classmethod
    def _of_its_type(cls, document: Any) -> Any:
        """What another type's event would carry is an unknown field of this one: ignored."""
        if not isinstance(document, dict) or not isinstance(document.get("data"), dict):
            return document
        known = DATA_OF.get(str(document.get("type")))
        return document | {"data": {k: v for k, v in document["data"].items() if k == known}}

    def event(self, count: int = 1) -> BehaviourEvent:
        """The domain's event, standing for `count` alike ones."""
        amount_of = AMOUNT_OF.get(EventType(self.type)) if self.type in set(EventType) else None
        return BehaviourEvent(
            event_id=self.event_id,
            tutor_id=self.tutor_id,
            type=self.type if self.type != EventType.LOOSE_RATING else f"sent:{self.type}",
            occurred_at=self.occurred_at,
            amount=getattr(self.data, amount_of) if amount_of else None,
            module=self.data.module,
            count=count,
        )


class CategoryRatings(Inbound):
    """Stars by category."""

    subject_knowledge: Stars | None = None
    communication: Stars | None = None
    patience: Stars | None = None
    engagement: Stars | None = None
    helpfulness: Stars | None = None


class StudentFeedback(Inbound):
    """What a student said about a session; it may arrive before the session does."""

    feedback_id: Identifier
    session_id: Identifier
    student_id: Identifier
    tutor_id: Identifier
    overall_rating: Stars
    ratings: CategoryRatings | None = None
    would_recommend: bool | None = None
    improvement_areas: Annotated[tuple[Label, ...], Field(strict=False, max_length=50)] = ()
    free_text: Annotated[str, StringConstraints(max_length=500)] | None = None
    submitted_at: Instant

    def feedback(self, received_at: datetime) -> Feedback:
        """The domain's feedback."""
        stars = self.ratings.model_dump(exclude_none=True) if self.ratings else {}
        values = self.model_dump(exclude={"ratings"})
        return Feedback(**values, ratings=tuple(sorted(stars.items())), received_at=received_at)


class MoveOrder(Inbound):
    """What somebody does with an intervention; which fields it needs depends on the move."""

    reason: (
        Annotated[str, StringConstraints(strip_whitespace=True, max_length=MOST_TEXT)] | None
    ) = None
    outcome: Annotated[Outcome, Field(strict=False)] | None = None
    until: Instant | None = None
    assignee: UserName | None = None
    opinion: Annotated[Opinion, Field(strict=False)] | None = None


class OverrideClaim(Inbound):
    """What a manager says of a tutor's churn score; `until` lies at most 90 days ahead."""

    score: Annotated[float, Field(ge=0, le=100)]
    reason: Annotated[
        str,
        StringConstraints(strip_whitespace=True, min_length=LEAST_REASON, max_length=MOST_TEXT),
    ]
    until: Instant

    def claim(self) -> Claim:
        """The domain's claim."""
        return Claim(self.score, self.reason, self.until)


class OverrideEnd(Inbound):
    """Why an override is taken back, if somebody says so."""

    reason: (
        Annotated[str, StringConstraints(strip_whitespace=True, max_length=MOST_TEXT)] | None
    ) = None


class NoteText(Inbound):
    """What somebody of the staff writes down about a tutor."""

    text: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MOST_TEXT)
    ]


class SettingValues(Inbound):
    """New values of some dials or thresholds, by name; the others stay as they are."""

    values: Annotated[
        dict[Annotated[str, StringConstraints(max_length=100)], float],
        Field(min_length=1, max_length=50),
    ]


ZoneName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_+/-]{1,64}\z")]


class ClockSpan(Inbound):
    """From when until when, by the local clock."""

    begin: ClockTime
    end: ClockTime


Day = ClockSpan | None


class OwnerCalendar(Inbound):
    """When the owners of interventions work.

    `week` are the seven days from Monday on, null for one on which nobody works; `holidays` are
    days off in that zone.
    """

    zone: ZoneName
    week: Annotated[tuple[Day, Day, Day, Day, Day, Day, Day], Field(strict=False)]
    holidays: Annotated[tuple[CalendarDay, ...], Field(strict=False, max_length=100)] = ()

    def calendar(self) -> Calendar:
        """The domain's calendar; raises InvalidError naming the field."""
        week = tuple(_hours(day, number) for number, day in enumerate(self.week))
        try:
            return Calendar(self.zone, week, frozenset(self.holidays))
        except ValueError as error:
            name, _, said = str(error).partition(": ")
            raise InvalidError([FieldError(name, said)]) from error


def _hours(day: ClockSpan | None, number: int) -> Hours | None:
    if day is None:
        return None
    try:
        return Hours(day.begin, day.end)
    except ValueError as error:
        name, _, said = str(error).partition(": ")
        raise InvalidError([FieldError(f"week.{number}.{name}", said)]) from error


class NotificationChoice(Inbound):
    """What somebody wants to be told; what is absent stays as it is.

    null removes the quiet hours, or the address of the webhook.
    """

    NULL_REMOVES = frozenset({"quiet_hours", "webhook_url"})

    reports: Annotated[Reports, Field(strict=False)] | None = None
    digests: bool | None = None
    alerts: (
        Annotated[
            tuple[Annotated[Channel, Field(strict=False)], ...], Field(strict=False, max_length=2)
        ]
        | None
    ) = None
    alert_kinds: (
        Annotated[
            tuple[Annotated[AlertKind, Field(strict=False)], ...], Field(strict=False, max_length=2)
        ]
        | None
    ) = None
    alert_level: Annotated[RiskLevel, Field(strict=False)] | None = None
    zone: ZoneName | None = None
    quiet_hours: ClockSpan | None = None
    webhook_url: Annotated[str, StringConstraints(max_length=500)] | None = None

    def applied(
        self, before: Preference, webhook_hosts: Collection[str], *, sees_tutors: bool
    ) -> Preference:
        """The next version of somebody's settings; raises InvalidError naming the field.

        Who does not see tutors in the API is not told of them by mail either.
        """
        chosen = {name: getattr(self, name) for name in self.model_fields_set - {"quiet_hours"}}
        for several in {"alerts", "alert_kinds"} & chosen.keys():
            chosen[several] = tuple(dict.fromkeys(chosen[several]))
        if "quiet_hours" in self.model_fields_set:
            span = self.quiet_hours
            chosen["quiet"] = QuietHours(span.begin, span.end) if span else None
        after = replace(before, **chosen, version=before.version + 1)
        wrong = list(self._wrong(after, webhook_hosts))
        if not sees_tutors:
            wrong += self._about_tutors()
        if wrong:
            raise InvalidError(wrong)
        return after

    def _about_tutors(self) -> Iterator[FieldError]:
        if self.reports not in (None, Reports.DIGEST_ONLY):
            yield FieldError("reports", "are for those who look after tutors")
        if self.alerts:
            yield FieldError("alerts", "are for those who look after tutors")

    def _wrong(self, after: Preference, webhook_hosts: Collection[str]) -> Iterator[FieldError]:
        said = self.webhook_url
        if said is not None and not allowed_webhook(said, webhook_hosts):
            yield FieldError("webhook_url", f"must be an https address of {_or(webhook_hosts)}")
        if Channel.WEBHOOK in after.alerts and not after.webhook_url:
            yield FieldError("alerts", "can not go to a webhook without a webhook_url")
        if after.quiet and after.quiet.begin == after.quiet.end:
            yield FieldError("quiet_hours.end", "must not be the begin")
        try:
            Calendar(after.zone)
        except ValueError:
            yield FieldError("zone", f"{after.zone!r} is no IANA time zone")


def _or(names: Collection[str]) -> str:
    return " or ".join(names) or "no host at all"


MODELS: dict[Kind, type[Inbound]] = {
    Kind.SESSION: SessionReport,
    Kind.TUTOR: TutorProfile,
    Kind.EVENT: TutorEvent,
    Kind.FEEDBACK: StudentFeedback,
}

ERRORS_SHOWN = 50
MESSAGES = {"missing": "is required", "model_type": "must be a JSON object"}


@dataclass(frozen=True, slots=True)
class Accepted:
    """A body that passed: the checked message, what it is about, and the hash of its content.

    `version` is None where nothing orders copies but their time of sending (sessions and
    tutors without one); facts that never change (events, feedback) have the version "-".
    """

    message: Inbound
    entity_id: str
    version: str | None
    content_hash: str

    @property
    def understood(self) -> dict[str, Any]:
        """What was sent without what nobody here understands, ready for JSON."""
        return self.message.model_dump(mode="json", exclude_unset=True, exclude_none=True)


def accept(kind: Kind, body: bytes) -> Accepted:
    """Check a body; raises UnreadableError or InvalidError.

    The content hash is over what the JSON means, not its bytes: key order, spaces, null for
    absent, or another way of writing an instant do not make a repeated report another one.
    """
    document = read_json(body)
    message = parsed(MODELS[kind], document)
    canonical = json.dumps([kind, *_content(message, document)], sort_keys=True)
    entity_id, version = _identity(message)
    return Accepted(message, entity_id, version, hashlib.sha256(canonical.encode()).hexdigest())


def anonymous(kind: Kind, accepted: Accepted) -> tuple[str, str]:
    """The body of a report without its student, and the content hash over that body alone.

    A hash over more than is kept would lead back to who can guess what is not.
    """
    body = json.dumps(reported_without(accepted.understood))
    return body, accept(kind, body.encode()).content_hash


def read_json(body: bytes) -> dict[str, Any]:
    """The JSON object in a body; NaN, infinities and lone surrogates are refused by field.

    Raises UnreadableError for no JSON in UTF-8 and for more than MAX_LEVELS, InvalidError for what
    can not be stored.
    """
    try:
        document = json.loads(body.decode("utf-8"))
    except RecursionError as error:
        raise UnreadableError(TOO_DEEP) from error
    except ValueError as error:
        raise UnreadableError("the body is not JSON in UTF-8") from error
    wrong = list(_unstorable(document))
    if not isinstance(document, dict):
        raise InvalidError([FieldError("body", "must be a JSON object")])
    if wrong:
        raise InvalidError(wrong[:ERRORS_SHOWN])
    return document


def parsed[M: Inbound](model: type[M], document: dict[str, Any]) -> M:
    """The document as a message; null means absent. Raises InvalidError naming every field."""
    try:
        removed = {name: None for name in model.NULL_REMOVES if document.get(name, ...) is None}
        message = model.model_validate(_without_nulls(document) | removed)
    except ValidationError as error:
        raise InvalidError(
            [_field_error(dict(e)) for e in error.errors()[:ERRORS_SHOWN]]
        ) from error
    missing = list(_missing(message))
    if missing:
        raise InvalidError([FieldError(name, MESSAGES["missing"]) for name in missing])
    return message


def _content(message: Inbound, document: dict[str, Any]) -> tuple[Any, Any]:
    """What is understood of a document, and what is not but might matter later."""
    known = message.model_dump(mode="json", exclude_none=True)
    unknown = {
        name: value
        for name, value in _without_nulls(document).items()
        if name not in known or name == "data"
    }
    return known, unknown


def _missing(message: Inbound) -> Iterator[str]:
    if not isinstance(message, SessionReport):
        return
    if message.status is Status.COMPLETED and message.completed_time is None:
        yield "completed_time"
    if message.status is Status.RESCHEDULED:
        info = message.reschedule_info
        if info is None:
            yield "reschedule_info"
            return
        for name in ("initiator", "original_time", "new_time"):
            if getattr(info, name) is None:
                yield f"reschedule_info.{name}"


def _identity(message: Inbound) -> tuple[str, str | None]:
    match message:
        case SessionReport(session_id=entity_id, version=version):
            pass
        case TutorProfile(tutor_id=entity_id, version=version):
            pass
        case TutorEvent(event_id=entity_id) | StudentFeedback(feedback_id=entity_id):
            return entity_id, "-"
        case _:
            raise TypeError(f"{type(message).__name__} has no identity")
    return entity_id, None if version is None else str(version)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    return value


def _unstorable(document: Any) -> Iterator[FieldError]:
    pending: list[tuple[str, Any, int]] = [("", document, 1)]
    while pending:
        path, value, level = pending.pop()
        if level > MAX_LEVELS and isinstance(value, dict | list):
            raise UnreadableError(TOO_DEEP)
        if isinstance(value, dict):
            for key, item in value.items():
                if _has_surrogate(key):
                    yield FieldError(path or "body", "has a field name with a lone surrogate")
                name = key.encode(errors="backslashreplace").decode()
                pending.append((f"{path}.{name}" if path else name, item, level + 1))
        elif isinstance(value, list):
            pending.extend((f"{path}.{index}", item, level + 1) for index, item in enumerate(value))
        elif isinstance(value, float) and not math.isfinite(value):
            yield FieldError(path, "must be a finite number")
        elif isinstance(value, str) and _has_surrogate(value):
            yield FieldError(path, "has a lone surrogate, which is not valid Unicode")


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _field_error(error: dict[str, Any]) -> FieldError:
    path = ".".join(str(part) for part in error["loc"]) or "body"
    said = error["msg"].replace("Input should", "must").replace("String should", "must")
    said = said.replace("a valid tuple", "a list").replace(" after validation", "")
    said = said.replace("Tuple should", "must").replace("Dictionary should", "must")
    return FieldError(path[:200], MESSAGES.get(error["type"], said))
