"""A tutor's log as arrays: what happened when, summed up so that any window costs two look-ups.

Amounts are kept as whole millionths and times as whole microseconds, so that a window's sum is
exact whatever lies before it: the year a training reads and the half year a prediction reads give
the same numbers to the last bit.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import chain

import numpy as np
import numpy.typing as npt

from shared.domain.event import BehaviourEvent, EventType
from shared.domain.log import Log
from shared.domain.metric import FAILURE_RATING, LATE_AFTER_MINUTES, LATE_NOTICE_HOURS
from shared.domain.session import OutcomeKind, Party, Session, Status, outcomes
from shared.domain.tutor import Tutor, TutorStatus

type Ints = npt.NDArray[np.int64]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DAY = 86_400_000_000
"""Microseconds."""
MILLIONTHS = 1_000_000
SATURDAY = 5
ALWAYS, NEVER = -(2**62), 2**62

LEAVE_STARTED, LEAVE_ENDED = "leave_started", "leave_ended"


def microseconds(at: datetime) -> int:
    """An instant as whole microseconds since 1970."""
    return (at - EPOCH) // MICROSECOND


def instant(at: int) -> datetime:
    """Whole microseconds since 1970 as an instant."""
    return EPOCH + timedelta(microseconds=int(at))


@dataclass(frozen=True, slots=True)
class Series:
    """One kind of happening, by time: `count[i]` and `amount[i]` are sums over the first i.

    `at` has n entries, ascending, in microseconds; the sums have n + 1, amounts in millionths.
    """

    at: Ints
    count: Ints
    amount: Ints

    def until(self, end: int) -> "Series":
        """What had happened by then."""
        known = int(np.searchsorted(self.at, end, side="right"))
        return Series(self.at[:known], self.count[: known + 1], self.amount[: known + 1])


@dataclass(frozen=True, slots=True)
class Happening:
    """One entry of a series: `count` alike ones at a time, with their amounts added up."""

    channel: str
    at: int
    count: int
    amount: int


EMPTY = Series(np.zeros(0, np.int64), np.zeros(1, np.int64), np.zeros(1, np.int64))


@dataclass(frozen=True)
class Ledger:
    """All that features and labels read of one tutor.

    `leave` holds the begins and ends of leaves, `gone_at` when the tutor resigned or was
    deactivated; both are `NEVER` where there is no end.
    """

    tutor_id: str
    subjects: tuple[str, ...]
    onboarded: int | None
    agreed_per_week: float | None
    series: Mapping[str, Series]
    leave: tuple[Ints, Ints]
    gone_at: int

    @staticmethod
    def of(log: Log) -> "Ledger":
        """The arrays of a log, in whatever order its entries come."""
        tutor = log.tutor
        happenings = chain(
            chain.from_iterable(_of_session(session) for session in log.sessions),
            (entry for event in log.events for entry in _of_event(event)),
        )
        series = _series(happenings)
        taught = series.get("taught", EMPTY).at
        return Ledger(
            tutor_id=tutor.tutor_id,
            subjects=tutor.subjects,
            onboarded=microseconds(tutor.onboarding_date) if tutor.onboarding_date else None,
            agreed_per_week=tutor.baseline_sessions_per_week,
            series=series,
            leave=_leaves(tutor, log.events, taught),
            gone_at=_gone_at(tutor, taught),
        )

    def __getitem__(self, channel: str) -> Series:
        return self.series.get(channel, EMPTY)

    @cached_property
    def seen(self) -> Ints:
        """When anything happened at all, ascending."""
        return np.sort(np.concatenate([EMPTY.at, *(s.at for s in self.series.values())]))

    def until(self, end: int) -> "Ledger":
        """The ledger as it was then: nothing later is in it."""
        begins, ends = self.leave
        begun = begins <= end
        return Ledger(
            tutor_id=self.tutor_id,
            subjects=self.subjects,
            onboarded=self.onboarded,
            agreed_per_week=self.agreed_per_week,
            series={name: series.until(end) for name, series in self.series.items()},
            leave=(begins[begun], np.where(ends[begun] <= end, ends[begun], NEVER)),
            gone_at=self.gone_at if self.gone_at <= end else NEVER,
        )

    def leave_before(self, at: Ints) -> Ints:
        """Microseconds of leave up to each time, counted from the first leave that is known."""
        begins, ends = self.leave
        total = np.zeros(len(at), np.int64)
        for begin, end in zip(begins, ends, strict=True):
            total += np.clip(at, max(begin, ALWAYS // 2), end) - max(begin, ALWAYS // 2)
        return total

    def on_leave(self, at: Ints) -> npt.NDArray[np.bool_]:
        """Whether the tutor is away with permission at each time."""
        begins, ends = self.leave
        away = np.zeros(len(at), np.bool_)
        for begin, end in zip(begins, ends, strict=True):
            away |= (at >= begin) & (at < end)
        return away


def _series(happenings: Iterable[Happening]) -> dict[str, Series]:
    found: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for happening in happenings:
        found[happening.channel].append((happening.at, happening.count, happening.amount))
    for source, days in (("taught", "taught_day"), ("login", "login_day")):
        if source in found:
            first = {at // DAY: (at, 1, 0) for at, _, _ in sorted(found[source], reverse=True)}
            found[days] = list(first.values())
    return {name: _summed(entries) for name, entries in found.items()}


def _summed(entries: list[tuple[int, int, int]]) -> Series:
    columns = np.array(sorted(entries), np.int64)
    sums = np.zeros((len(columns) + 1, 2), np.int64)
    np.cumsum(columns[:, 1:], axis=0, out=sums[1:])
    return Series(columns[:, 0].copy(), sums[:, 0].copy(), sums[:, 1].copy())


def _millionths(value: float) -> int:
    return round(value * MILLIONTHS)


_PLAIN = {
    OutcomeKind.STUDENT_RESCHEDULE: "student_reschedule",
    OutcomeKind.TUTOR_NO_SHOW: "tutor_no_show",
    OutcomeKind.STUDENT_NO_SHOW: "student_no_show",
    OutcomeKind.CANCELLED: "cancelled",
    OutcomeKind.TUTOR_RESCHEDULE: "tutor_reschedule",
    OutcomeKind.COMPLETED: "taught",
}


def _of_session(session: Session) -> Iterable[Happening]:
    if session.snapshot is None or session.snapshot.status is Status.VOIDED:
        return
    known = outcomes(session)
    for outcome in known:
        at = microseconds(outcome.at)
        yield Happening(_PLAIN[outcome.kind], at, 1, 0)
        yield Happening("outcome", at, 1, 0)
    for move in session.reschedules:
        if move.initiator is Party.TUTOR and move.notice_hours is not None:
            late = move.notice_hours < LATE_NOTICE_HOURS
            yield Happening("move_notice", microseconds(move.happened_at), 1, late * MILLIONTHS)
    ends = (o.at for o in known if o.kind is OutcomeKind.COMPLETED)
    ended = next((microseconds(at) for at in ends), NEVER)
    if ended != NEVER:
        yield from _of_completion(session, ended)
    yield from _of_feedback(session, ended)


def _of_completion(session: Session, at: int) -> Iterable[Happening]:
    snapshot = session.snapshot
    if snapshot is None:
        return
    late = snapshot.late_minutes
    told = {
        "late_minutes": late,
        "late_start": None if late is None else float(late > LATE_AFTER_MINUTES),
        "session_engagement": snapshot.engagement_score,
        "objectives_met": snapshot.learning_objectives_met,
        "technical_issue": snapshot.technical_issues,
        "weekend": float((at // DAY + 3) % 7 >= SATURDAY),
        "morning": float(at % DAY < DAY // 2),
    }
    for channel, value in told.items():
        if value is not None:
            yield Happening(channel, at, 1, _millionths(float(value)))
    if snapshot.student_rating is not None:
        yield from _of_rating(session, at, snapshot.student_rating)


def _of_rating(session: Session, at: int, stars: float) -> Iterable[Happening]:
    yield Happening("rating", at, 1, _millionths(stars))
    if session.is_first:
        yield Happening("first_rating", at, 1, _millionths(stars))
        if stars < FAILURE_RATING:
            yield Happening("first_failed", at, 1, 0)


def _of_feedback(session: Session, ended: int) -> Iterable[Happening]:
    """A form's stars count when they were given, and only where the report had none before.

    A rating that moved from the report's time to the form's would change the past.
    """
    rated = session.snapshot is not None and session.snapshot.student_rating is not None
    for said in session.feedback:
        at = microseconds(said.known_at)
        if at < ended or not rated:
            yield from _of_rating(session, at, said.overall_rating)
        if said.would_recommend is not None:
            yield Happening("recommended", at, 1, said.would_recommend * MILLIONTHS)
        for category, stars in said.ratings:
            yield Happening(f"stars_{category}", at, 1, _millionths(stars))


def _of_event(event: BehaviourEvent) -> Iterable[Happening]:
    at, amount = microseconds(event.occurred_at), event.amount
    match event.type:
        case EventType.LOGIN:
            yield Happening("login", at, event.count, 0)
        case EventType.TRAINING_ASSIGNED | EventType.TRAINING_COMPLETED:
            yield Happening(event.type, at, event.count, 0)
        case EventType.LOOSE_RATING if amount is not None:
            yield Happening("rating", at, event.count, _millionths(amount) * event.count)
        case EventType.MESSAGE_RESPONSE if amount is not None:
            slowness = float(np.log1p(max(amount, 0.0)))
            yield Happening("response", at, event.count, _millionths(slowness) * event.count)
        case EventType.SESSION_PREP | EventType.AVAILABILITY if amount is not None:
            yield Happening(event.type, at, event.count, _millionths(amount) * event.count)
        case _:
            return


def _leaves(tutor: Tutor, events: Iterable[BehaviourEvent], taught: Ints) -> tuple[Ints, Ints]:
    """Begins and ends of leaves, from events and from a profile that says so now."""
    told = [e for e in events if e.type in (LEAVE_STARTED, LEAVE_ENDED)]
    begins: list[int] = []
    ends: list[int] = []
    for event in sorted(told, key=lambda e: (e.occurred_at, e.type)):
        at = microseconds(event.occurred_at)
        away = len(begins) > len(ends)
        if event.type == LEAVE_STARTED and not away:
            begins.append(at)
        elif event.type == LEAVE_ENDED and (away or not begins):
            begins = begins or [ALWAYS]
            ends.append(at)
    if tutor.status is TutorStatus.ON_LEAVE and len(begins) == len(ends):
        since = tutor.status_since
        begins.append(microseconds(since) if since else int(taught[-1]) if len(taught) else ALWAYS)
    ends += [NEVER] * (len(begins) - len(ends))
    return np.array(begins, np.int64), np.array(ends, np.int64)


def _gone_at(tutor: Tutor, taught: Ints) -> int:
    """When the tutor resigned or was deactivated; the last session, where nobody says when."""
    if tutor.status not in (TutorStatus.RESIGNED, TutorStatus.DEACTIVATED):
        return NEVER
    if tutor.status_since is not None:
        return microseconds(tutor.status_since)
    return int(taught[-1]) + 1 if len(taught) else ALWAYS
