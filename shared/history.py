"""A history: a folder of CSV files with what was reported, checked row by row as the API would.

One bad row never hides the others: reading yields domain objects and, in between, refusals that
name file, line and column (CONTRACT 1). Of a damaged file nothing is taken: the rows it lost would
look like silences.
"""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field

from shared.contracts import (
    CategoryRatings,
    DayOrInstant,
    FieldError,
    Identifier,
    Inbound,
    InvalidError,
    SessionReport,
    StudentFeedback,
    Subjects,
    TutorEvent,
    TutorProfile,
    UnreadableError,
    parsed,
    read_json,
)
from shared.csv_file import DamagedFileError, Record, TwoFilesError, find, records
from shared.domain.erasure import Erased, without
from shared.domain.event import BehaviourEvent, EventType
from shared.domain.feedback import Feedback
from shared.domain.log import Log
from shared.domain.session import Report, ReportOrder, Session, with_feedback, with_report
from shared.domain.tutor import Tutor, newest

FILES = ("tutors", "sessions", "events", "feedback")
ROW = "row"
"""The column of a refusal that concerns no single one."""

type Entry = Tutor | Report | BehaviourEvent | Feedback


class HistoryError(ValueError):
    """The folder is not a history at all, or a file of it is damaged or there twice."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was refused: `line` is where it begins, `column` what is wrong with it.

    `header` is whether it is the one that names the columns, so that the whole file is refused.
    """

    file: str
    line: int
    column: str
    message: str
    header: bool = False


class PastTutor(TutorProfile):
    """A profile of a history, which may not know name, address, subjects or when the tutor came."""

    name: Annotated[str | None, *TutorProfile.model_fields["name"].metadata] = None  # type: ignore[assignment]
    email: Annotated[str | None, *TutorProfile.model_fields["email"].metadata] = None  # type: ignore[assignment]
    subjects: Subjects = ()
    onboarding_date: DayOrInstant | None = None  # type: ignore[assignment]


class PastEvent(TutorEvent):
    """An event of a history, which may stand for several alike."""

    count: Annotated[int, Field(ge=1, le=1_000_000)] = 1


class PastFeedback(StudentFeedback):
    """A feedback of a history, which may lack its session."""

    session_id: Identifier | None = None  # type: ignore[assignment]


def read_history(folder: Path) -> Iterator[Entry | BadRow]:
    """Everything in a folder: tutors, sessions, events, then feedback."""
    check_history(folder)
    return chain(
        read_tutors(folder), read_sessions(folder), read_events(folder), read_feedback(folder)
    )


def check_history(folder: Path) -> None:
    """Raises HistoryError where there are neither sessions nor events, or a file twice."""
    held = {name for name in FILES if file_of(folder, name)}
    if held.isdisjoint(("sessions", "events")):
        raise HistoryError(f"{folder} holds neither sessions.csv nor events.csv")


@dataclass(slots=True)
class Past:
    """A history taken together: sessions merged from their reports and feedback."""

    tutors: dict[str, Tutor] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    events: dict[tuple[str, datetime, str], BehaviourEvent] = field(default_factory=dict)
    refused: list[BadRow] = field(default_factory=list)

    def without(self, erased: Erased) -> Self:
        """The history with nobody in place of students who were erased."""
        sessions = {name: without(session, erased) for name, session in self.sessions.items()}
        return replace(self, sessions=sessions)

    def logs(self) -> dict[str, Log]:
        """The log of every tutor who has a profile, a session or an event."""
        sessions: dict[str, list[Session]] = defaultdict(list)
        events: dict[str, list[BehaviourEvent]] = defaultdict(list)
        for session in self.sessions.values():
            if session.tutor_id is not None:
                sessions[session.tutor_id].append(session)
        for event in self.events.values():
            events[event.tutor_id].append(event)
        return {
            who: Log(
                self.tutors.get(who, Tutor(who)),
                tuple(sessions.get(who, ())),
                tuple(events.get(who, ())),
            )
            for who in sorted({*self.tutors, *sessions, *events})
        }


def read_past(folder: Path, seen: Callable[[int], None] = lambda rows: None) -> Past:
    """Read a whole folder into memory; `seen` is told how many rows more every thousand."""
    past = Past()
    for number, entry in enumerate(read_history(folder), 1):
        match entry:
            case BadRow():
                past.refused.append(entry)
            case Report(session_id=session_id):
                past.sessions[session_id] = with_report(past.sessions.get(session_id), entry)
            case BehaviourEvent():
                past.events[entry.tutor_id, entry.occurred_at, entry.event_id] = entry
            case Feedback(session_id=str(session_id)):
                past.sessions[session_id] = with_feedback(past.sessions.get(session_id), entry)
            case Tutor(tutor_id=tutor_id):
                past.tutors[tutor_id] = newest(past.tutors.get(tutor_id), entry)
        if number % 1_000 == 0:
            seen(1_000)
    return past


def digest(folder: Path) -> str:
    """What tells this history from every other: a hash of its files."""
    known = hashlib.sha256()
    for name in FILES:
        path = file_of(folder, name)
        if path:
            with path.open("rb") as file:
                known.update(f"{name} {hashlib.file_digest(file, 'sha256').hexdigest()}".encode())
    return known.hexdigest()[:32]


def file_of(folder: Path, name: str) -> Path | None:
    """A file of a folder, plain or gzipped, if it is there; HistoryError if it is there twice."""
    try:
        return find(folder, name)
    except TwoFilesError as error:
        raise HistoryError(str(error)) from error


def whole_records(path: Path) -> Iterator[Record]:
    """All records of a file; raises HistoryError once it shows to be damaged."""
    try:
        yield from records(path)
    except DamagedFileError as error:
        raise HistoryError(str(error)) from error


def read_tutors(folder: Path) -> Iterator[Tutor | BadRow]:
    """Profiles; those without a version are ordered by their line."""
    for row in _rows(folder, "tutors", PastTutor):
        if isinstance(row, BadRow):
            yield row
        else:
            yield row.message.tutor(_order(row.message.version, row.line))


def read_sessions(folder: Path) -> Iterator[Report | BadRow]:
    """Session reports; those without a version are ordered by their line.

    A report counts as received at the latest time it tells of, so that reading a history again
    gives the same.
    """
    for row in _rows(folder, "sessions", SessionReport):
        if isinstance(row, BadRow):
            yield row
        else:
            order = _order(row.message.version, row.line)
            yield row.message.report(order, _received_at(row.message))


def read_events(folder: Path) -> Iterator[BehaviourEvent | BadRow]:
    """Behaviour events, each with the number of those it stands for."""
    for row in _rows(folder, "events", PastEvent):
        yield row if isinstance(row, BadRow) else row.message.event(row.message.count)


def read_feedback(folder: Path) -> Iterator[Feedback | BehaviourEvent | BadRow]:
    """Feedback; where it has no session, a rating in its tutor's log."""
    for row in _rows(folder, "feedback", PastFeedback):
        if isinstance(row, BadRow):
            yield row
        else:
            said = row.message.feedback(row.message.submitted_at)
            yield _loose_rating(said) if said.session_id is None else said


def _loose_rating(said: Feedback) -> BehaviourEvent:
    return BehaviourEvent(
        event_id=said.feedback_id,
        tutor_id=said.tutor_id,
        type=EventType.LOOSE_RATING,
        occurred_at=said.submitted_at,
        amount=said.overall_rating,
    )


def _order(version: int | None, line: int) -> ReportOrder:
    if version is None:
        return ReportOrder(versioned=False, number=0, tie=f"{line:012d}")
    return ReportOrder(versioned=True, number=version)


def _received_at(report: SessionReport) -> datetime:
    move = report.reschedule_info
    moved_at = (move.requested_at or move.original_time) if move else None
    return report.completed_time or moved_at or report.scheduled_time


@dataclass(frozen=True, slots=True)
class _Row[M]:
    line: int
    message: M


IDENTITY = {
    "tutors": ("tutor_id", "version"),
    "sessions": ("session_id", "version"),
    "events": ("event_id",),
    "feedback": ("feedback_id",),
}
"""What a second row may repeat only if it says the same; without a version there is no such."""


def _rows[M: Inbound](folder: Path, name: str, model: type[M]) -> Iterator[_Row[M] | BadRow]:
    """The checked rows of a file, with the refused ones in between."""
    path = file_of(folder, name)
    if path is None:
        return
    found = whole_records(path)
    header = next(found, None)
    if header is None:
        return
    wrong = _wrong_header(header, model)
    if wrong is not None:
        yield BadRow(path.name, header.line, *wrong, header=True)
        return
    columns = _columns(header.cells)
    identity = [header.cells.index(name) for name in IDENTITY[name] if name in header.cells]
    told: dict[tuple[str, ...], int] = {}
    for record in found:
        _check_whole(path, record, len(columns))
        try:
            message = _message(record, columns, model)
            if len(identity) == len(IDENTITY[name]):
                _not_told_otherwise(record.cells, identity, told)
        except InvalidError as error:
            first = error.errors[0]
            column = _column_of(first.field, header.cells)
            yield BadRow(path.name, record.line, column, first.message)
        else:
            yield _Row(record.line, message)


def _check_whole(path: Path, record: Record, columns: int) -> None:
    """Raises HistoryError for a last row that breaks off before its last column."""
    if not record.ended and (record.fault or len(record.cells) < columns):
        raise HistoryError(
            f"{path.name} is damaged from line {record.line} on (it breaks off in the middle of it)"
        )


def _wrong_header(header: Record, model: type[Inbound]) -> tuple[str, str] | None:
    if header.fault:
        return ROW, header.fault
    if len(header.cells) == 1 and ";" in header.cells[0]:
        return ROW, "columns are separated by semicolons where commas are needed"
    for name, about in model.model_fields.items():
        if about.is_required() and name not in header.cells:
            return name, "there is no such column"
    twice = [name for name in header.cells if header.cells.count(name) > 1]
    return (twice[0], "there are several such columns") if twice else None


def _message[M: Inbound](record: Record, columns: "list[_Column]", model: type[M]) -> M:
    if record.fault:
        raise InvalidError([FieldError(ROW, record.fault)])
    cells = record.cells
    if len(cells) != len(columns):
        said = f"has {len(cells)} cells where the first line names {len(columns)} columns"
        raise InvalidError([FieldError(ROW, said)])
    document: dict[str, Any] = {}
    for text, (group, name, converted) in zip(cells, columns, strict=True):
        if text:
            inside = document.setdefault(group, {}) if group else document
            inside[name] = converted(text) if converted else text
    return parsed(model, document)


def _not_told_otherwise(
    cells: Sequence[str], identity: Sequence[int], told: dict[tuple[str, ...], int]
) -> None:
    who = tuple(cells[place] for place in identity)
    if not who[-1]:
        return
    said = hash(tuple(cells))
    if told.setdefault(who, said) != said:
        message = "came before with other content in the same version"
        raise InvalidError([FieldError(IDENTITY_COLUMN, message)])


# Cells become what JSON would have: numbers, truths, lists and objects.

type _Column = tuple[str | None, str, Callable[[str], object] | None]

GROUPS = {"reschedule_": "reschedule_info", "ratings_": "ratings"}
IDENTITY_COLUMN = "id"
_INTEGER = re.compile(r"-?\d{1,18}(\.0*)?", re.ASCII)
_NUMBER = re.compile(r"-?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_TRUTHS = {"true": True, "false": False, "1": True, "0": False}


def _columns(header: Sequence[str]) -> list[_Column]:
    """For each column the object it belongs into, its name there, and how it is read."""
    return [_column(name) for name in header]


def _column(name: str) -> _Column:
    for prefix, group in GROUPS.items():
        if name.startswith(prefix):
            return group, name.removeprefix(prefix), CONVERTED.get(name)
    return None, name, CONVERTED.get(name)


def _column_of(path: str, header: Sequence[str]) -> str:
    """The column that a field of the checked message came from."""
    if path == IDENTITY_COLUMN:
        return next(name for name in header if name.endswith("_id"))
    group, _, name = path.partition(".")
    prefixes = [prefix for prefix, whole in GROUPS.items() if whole == group]
    return f"{prefixes[0]}{name or 'initiator'}" if prefixes else group


def integer(text: str) -> object:
    """A whole number, also as spreadsheets write those of a column with gaps (3.0)."""
    return int(text.partition(".")[0]) if _INTEGER.fullmatch(text) else text


def real(text: str) -> object:
    """A decimal; what is none stays text, and is refused by its field."""
    return float(text) if _NUMBER.fullmatch(text) else text


def truth(text: str) -> object:
    """true, false, 1 or 0."""
    return _TRUTHS.get(text.lower(), text)


def words(text: str) -> object:
    """Several words, joined by semicolons or as JSON."""
    if text.startswith("["):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return text
    return [word.strip() for word in text.split(";") if word.strip()]


def json_object(text: str) -> object:
    """The object in a cell; what is none stays text."""
    try:
        return read_json(text.encode("utf-8", "surrogatepass"))
    except (UnreadableError, InvalidError):
        return text


CONVERTED: dict[str, Callable[[str], object]] = {
    "version": integer,
    "session_number": integer,
    "count": integer,
    "duration_minutes": real,
    "late_start_minutes": real,
    "engagement_score": real,
    "student_rating": real,
    "overall_rating": real,
    "baseline_sessions_per_week": real,
    "learning_objectives_met": truth,
    "technical_issues": truth,
    "would_recommend": truth,
    "subjects": words,
    "improvement_areas": words,
    "data": json_object,
    **{f"ratings_{category}": real for category in CategoryRatings.model_fields},
}
"""Columns that are not plain text."""
