"""What students gave and wrote, told to their tutor so that nobody is recognised by it.

A number that changes with each session tells what was given for it, and two tellings that overlap
tell, by their difference, of those who are in one alone. So sessions are told of in groups: whole
months that do not overlap, each of at least FEWEST_STUDENTS students. A group is made from what
came in before its last month was closed, and is told the same each time after (k-anonymity over
disjoint cells: Sweeney 2002); only stars in a session's report have no receipt of their own, so
one that comes or is corrected later still changes its group.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.erasure import is_nobody, students_of
from shared.domain.log import midnight
from shared.domain.session import Session, outcomes

FEWEST_STUDENTS = 5
"""Fewer could be told apart by what is said of all of them."""
CLOSED_AFTER = timedelta(days=7)
"""Students have so long to give feedback for a month's last session."""
TOLD_AFTER = CLOSED_AFTER + timedelta(days=1)
"""What came in at the last moment is applied by then, also where that had to be tried again."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one student gave for one session that ended at `ended_at`; it came in at `known_at`.

    `feedback_id` is empty where it stands in the session's report.
    """

    student_id: str
    ended_at: datetime
    given_at: datetime
    known_at: datetime
    stars: float
    feedback_id: str = ""
    categories: tuple[tuple[str, float], ...] = ()
    words: str | None = None
    of_first_session: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """What enough students said of the sessions of some months in a row."""

    first_month: datetime
    last_month: datetime
    said: tuple[Said, ...]


def first_told(now: datetime) -> datetime:
    """When the oldest months begin that are told of at a moment."""
    return _months_after(_quarter(now), -3)


def told_until(now: datetime) -> datetime:
    """The end of the last month that is told of at a moment."""
    return midnight(now - TOLD_AFTER).replace(day=1)


def said_of(tutor_id: str, sessions: Iterable[Session]) -> list[Said]:
    """What was said of a tutor's sessions that may be told of.

    Nothing is told of a quarter in which a student was erased: what is missing since then would
    be what that student gave.
    """
    held = [(session, known[-1].at) for session in sessions if (known := outcomes(session))]
    erased = {
        _quarter(ended) for session, ended in held if any(map(is_nobody, students_of(session)))
    }
    return [
        one
        for session, ended in held
        if _quarter(ended) not in erased
        for one in _said(tutor_id, session, ended)
    ]


def groups(said: Iterable[Said], now: datetime) -> list[Group]:
    """The groups that are told of at a moment, newest first.

    A month of too few students is told with the ones after it, within its quarter: were it told
    with the ones before, those would be told twice. What is left when the quarter is over is never
    told. Quarters begin where the calendar says, so no group depends on how far one looks back.
    """
    told: list[Group] = []
    everything = tuple(said)
    for quarter in (first_told(now), _quarter(now)):
        going_on = quarter
        for month in (_months_after(quarter, n) for n in range(3)):
            end = _months_after(month, 1)
            if end > told_until(now):
                break
            known = tuple(
                one
                for one in everything
                if going_on <= one.ended_at < end and one.known_at < end + CLOSED_AFTER
            )
            if enough(known):
                told.append(Group(going_on, month, known))
                going_on = end
    return told[::-1]


def enough(said: Iterable[Said]) -> bool:
    """Whether it is of so many students that none of them is recognised."""
    return len(_students(said)) >= FEWEST_STUDENTS


def part_of(whole: Sequence[Said], belongs: Callable[[Said], bool]) -> list[Said] | None:
    """A part of a group, if it may be told beside the whole, by which its rest is told, too.

    The rest is of those who said something else last: whoever is in both counts in the whole with
    what is not in the part.
    """
    part = [one for one in whole if belongs(one)]
    rest = _students(one for one in newest(whole) if not belongs(one))
    return part if enough(part) and not 0 < len(rest) < FEWEST_STUDENTS else None


def newest(said: Iterable[Said]) -> list[Said]:
    """What each student said last, so that nobody counts more than anybody else.

    Feedback counts before the stars of a report, also where it was given before the session's end.
    """

    def order(one: Said) -> tuple[datetime, datetime, str, float]:
        return one.given_at, one.ended_at, one.feedback_id, one.stars

    return list({one.student_id: one for one in sorted(said, key=order)}.values())


def _said(tutor_id: str, session: Session, ended: datetime) -> Iterator[Said]:
    """The stars of the session's report, and every feedback."""
    snapshot, first = session.snapshot, session.is_first
    if snapshot is not None and snapshot.student_rating is not None:
        yield Said(
            snapshot.student_id, ended_at=ended, given_at=ended, known_at=ended,
            stars=snapshot.student_rating, of_first_session=first,
        )  # fmt: skip
    for given in session.feedback:
        if given.tutor_id == tutor_id:
            yield Said(
                given.student_id, ended_at=ended, given_at=max(ended, given.submitted_at),
                known_at=given.received_at, stars=given.overall_rating,
                feedback_id=given.feedback_id, categories=given.ratings, words=given.free_text,
                of_first_session=first,
            )  # fmt: skip


def _students(said: Iterable[Said]) -> set[str]:
    return {one.student_id for one in said}


def _quarter(moment: datetime) -> datetime:
    day = midnight(moment)
    return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)


def _months_after(first: datetime, count: int) -> datetime:
    months = first.year * 12 + first.month - 1 + count
    return first.replace(year=months // 12, month=months % 12 + 1)
