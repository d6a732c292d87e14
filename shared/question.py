"""Every parameter a reader may send, checked by name: unknown or wrong ones are told which."""

import re
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)
from pydantic_core import PydanticCustomError

from shared.contracts import FieldError, Identifier, InvalidError
from shared.domain.churn_score import RiskLevel
from shared.domain.flag import FLAG_RULES
from shared.domain.mail import MailKind
from shared.domain.tier import Tier
from shared.domain.tutor import TutorStatus

MAX_PARAMETERS = 50
MAX_CURSOR = 2_000
MAX_WORDS = 10

FLAG_CODES = tuple(rule.code for rule in FLAG_RULES)


def _whole(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"-?[0-9]{1,9}", value):
        raise PydanticCustomError("whole", "must be a whole number")
    return value


def _known_flag(code: str) -> str:
    if code not in FLAG_CODES:
        raise PydanticCustomError("flag", "must be a flag's code, as /api/definitions lists them")
    return code


def _several(value: object) -> object:
    return tuple(value.split(",")) if isinstance(value, str) else value


def _truth(value: object) -> object:
    if isinstance(value, str):
        if value not in ("true", "false"):
            raise PydanticCustomError("truth", "must be true or false")
        return value == "true"
    return value


Whole = BeforeValidator(_whole)


def _distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))


def _few_words(phrase: str) -> str:
    if len(phrase.split()) > MAX_WORDS:
        raise PydanticCustomError("words", f"must be {MAX_WORDS} words at most")
    return phrase


Several = BeforeValidator(_several)
Distinct = AfterValidator(_distinct)
Truth = BeforeValidator(_truth)
FlagCode = Annotated[
    str, AfterValidator(_known_flag), Field(json_schema_extra={"enum": list(FLAG_CODES)})
]
Cursor = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_CURSOR),
    Field(description="`next_cursor` of the page before; everything else must stay the same."),
]
Phrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class Question(BaseModel):
    """The query parameters of an endpoint; by default it takes none."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TutorListQuestion(Question):
    """Filters are joined by "and"; several values of one filter, by commas, mean "any of"."""

    risk: Annotated[tuple[RiskLevel, ...], Several, Distinct] = ()
    flag: Annotated[tuple[FlagCode, ...], Several, Distinct] = ()
    tier: Annotated[tuple[Tier, ...], Several, Distinct] = ()
    subject: Annotated[Phrase, Field(description="One subject, exactly.")] | None = None
    status: Annotated[tuple[TutorStatus, ...], Several, Distinct] = ()
    q: (
        Annotated[
            Phrase,
            AfterValidator(_few_words),
            Field(description="Up to 10 words, all of which stand in name, id or subjects."),
        ]
        | None
    ) = None
    sort: Literal["churn_score", "reschedule_rate", "sessions", "name", "updated_at", "p30"] = (
        "churn_score"
    )
    order: (
        Annotated[Literal["asc", "desc"], Field(description="By default `desc`; `asc` for names.")]
        | None
    ) = None
    limit: Annotated[int, Field(ge=1, le=1000), Whole] = 50
    cursor: Cursor | None = None

    @property
    def descending(self) -> bool:
        """Whether the largest comes first."""
        return (self.order or ("asc" if self.sort == "name" else "desc")) == "desc"

    @property
    def words(self) -> tuple[str, ...]:
        """What the text search looks for."""
        return tuple((self.q or "").casefold().split())


class HistoryQuestion(Question):
    """How many days back, today included."""

    days: Annotated[int, Field(ge=1, le=400), Whole] = 90


class SessionListQuestion(Question):
    """One page of a tutor's sessions, the newest first."""

    limit: Annotated[int, Field(ge=1, le=200), Whole] = 50
    cursor: Cursor | None = None


MOST_TUTORS = 20
"""Whose interventions may be asked for at once: each is a read of its own."""


class InterventionListQuestion(Question):
    """Filters of the work queue; without a status, what is open."""

    status: Annotated[
        tuple[Literal["pending", "in_progress", "completed", "cancelled", "snoozed"], ...],
        Several,
        Distinct,
    ] = ()
    owner: (
        Annotated[Phrase, Field(description="A role, or the user name it is assigned to.")] | None
    ) = None
    overdue: Annotated[bool, Truth] | None = None
    tutor_id: Annotated[
        tuple[Identifier, ...],
        Several,
        Distinct,
        Field(max_length=MOST_TUTORS, description="Only those for these tutors, however old."),
    ] = ()
    sort: Annotated[
        Literal["due", "benefit"],
        Field(description="By when the clock runs out, or by expected benefit an hour."),
    ] = "due"
    limit: Annotated[int, Field(ge=1, le=200), Whole] = 50
    cursor: Cursor | None = None


class ReportListQuestion(Question):
    """Filters of the mail history."""

    tutor_id: (
        Annotated[Identifier, Field(description="Only mails about, or to, this tutor.")] | None
    ) = None
    kind: Annotated[MailKind, Field(strict=False)] | None = None
    limit: Annotated[int, Field(ge=1, le=100), Whole] = 20
    cursor: Cursor | None = None


MESSAGES = {"extra_forbidden": "is not a parameter of this endpoint"}


def asked[Q: Question](model: type[Q], query_string: str) -> Q:
    """The parameters in a query string; raises InvalidError naming every wrong one."""
    try:
        pairs = parse_qsl(
            query_string, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS
        )
    except ValueError as error:
        raise InvalidError([FieldError("query", "must be UTF-8, of 50 fields at most")]) from error
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in values and not _takes_several(model, name):
            raise InvalidError([FieldError(name[:200], "is given twice")])
        values[name] = f"{values[name]},{value}" if name in values else value
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise InvalidError([_field_error(dict(fault)) for fault in error.errors()]) from error


def canonical(question: Question) -> str:
    """What a cursor is bound to: all parameters but those that may change from page to page."""
    return question.model_dump_json(exclude={"cursor", "limit"})


def _takes_several(model: type[Question], name: str) -> bool:
    field = model.model_fields.get(name)
    return field is not None and Several in field.metadata


def _field_error(fault: dict[str, Any]) -> FieldError:
    said = fault["msg"].replace("Input should", "must").replace("String should", "must")
    return FieldError(str(fault["loc"][0])[:200], MESSAGES.get(fault["type"], said))
