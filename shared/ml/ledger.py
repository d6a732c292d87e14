"""A tutor's log as arrays: what happened when, summed up so that any window costs two look-ups.

Amounts are kept as whole millionths and times as whole microseconds, so that a window's sum is
exact whatever lies before it: the year a training reads and the half year a prediction reads give
the same numbers to the last bit.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from math import log1p
from typing import Final

import numpy as np
import numpy.typing as npt

from shared.domain.event import BehaviourEvent, EventType
from shared.domain.log import Log
from shared.domain.metric import FAILURE_RATING, LATE_AFTER_MINUTES, LATE_NOTICE_HOURS
from shared.domain.session import OutcomeKind, Party, Session, Snapshot, Status, logged_at, outcomes
from shared.domain.tutor import Tutor, TutorStatus

type Ints = npt.NDArray[np.int64]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DAY = 86_400_000_000
"""Microseconds."""
MILLIONTHS = 1_000_000
SATURDAY = 5
LATE_FEEDBACK_DAYS = 30
"""A form filled in later after its session does not count: serving does not read that far back."""
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


type Spans = tuple[Ints, Ints]
"""Begins and ends, in microseconds, ascending; none overlaps another."""

NO_SPANS: Final[Spans] = (np.zeros(0, np.int64), np.zeros(0, np.int64))

type Book = dict[str, list[int]]
"""For each channel what happened, as time, count and amount one after the other."""

EMPTY = Series(np.zeros(0, np.int64), np.zeros(1, np.int64), np.zeros(1, np.int64))


NOTICE_DAYS: Final = 31
"""Who has resigned may teach on so long; who teaches longer has not left on that day."""
PROFILE: Final = ("subjects", "onboarded", "agreed_per_week")
"""What is read of a tutor's profile: it is as it stands now, whenever it came to be so."""


@dataclass(frozen=True)
class Ledger:
    """All that features and labels read of one tutor.

    `leave` holds the begins and ends of leaves, `gone_said` the date on which the tutor is said to
    have resigned or been deactivated; both are `NEVER` where there is no end. `still` holds the
    begins and ends of times in which the whole platform stood still: only labels look at it, for
    nobody knows it while it lasts. `deactivated` is whether the platform ended it, not the tutor.
    """

    tutor_id: str
    subjects: tuple[str, ...]
    onboarded: int | None
    agreed_per_week: float | None
    series: Mapping[str, Series]
    leave: Spans
    gone_said: int
    still: Spans = NO_SPANS
    deactivated: bool = False

    @staticmethod
    def of(log: Log) -> "Ledger":
        """The arrays of a log, in whatever order its entries come."""
        tutor = log.tutor
        book: Book = defaultdict(list)
        for session in log.sessions:
            _note_session(book, session)
        for event in log.events:
            _note_event(book, event)
        series = _with_derived({name: _summed(entries) for name, entries in book.items()})
        taught = series.get("taught", EMPTY).at
        return Ledger(
            tutor_id=tutor.tutor_id,
            subjects=tutor.subjects,
            onboarded=microseconds(tutor.onboarding_date) if tutor.onboarding_date else None,
            agreed_per_week=tutor.baseline_sessions_per_week,
            series=series,
            leave=_leaves(tutor, log.events, taught),
            gone_said=_gone_said(tutor, taught),
            deactivated=tutor.status is TutorStatus.DEACTIVATED,
        )

    def __getitem__(self, channel: str) -> Series:
        return self.series.get(channel, EMPTY)

    @cached_property
    def seen(self) -> Ints:
        """When anything happened at all, ascending."""
        return np.sort(np.concatenate([EMPTY.at, *(s.at for s in self.series.values())]))

    def newest(self, at: int) -> datetime | None:
        """When the last thing happened that was known at a moment; None if nothing was."""
        known = int(np.searchsorted(self.seen, at, side="right"))
        return instant(int(self.seen[known - 1])) if known else None

    @cached_property
    def gone_at(self) -> int:
        """When the tutor resigned or was deactivated; NEVER while sessions tell otherwise.

        Where they go on long after the date, the silence after the last of them tells: by the date
        nobody would be asked about a tutor who is still there.
        """
        taught = self["taught"].at
        goes_on = len(taught) and taught[-1] > self.gone_said + NOTICE_DAYS * DAY
        return NEVER if goes_on else self.gone_said

    @property
    def channels(self) -> frozenset[str]:
        """Of what anything happened at all."""
        return frozenset(name for name, series in self.series.items() if len(series.at))

    @property
    def profile(self) -> frozenset[str]:
        """Which of PROFILE is known of this tutor."""
        return frozenset(name for name in PROFILE if getattr(self, name))

    def knowing(self, told: frozenset[str]) -> "Ledger":
        """The ledger with nothing of the profile but what is told."""
        if self.profile <= told:
            return self
        return replace(
            self,
            subjects=self.subjects if "subjects" in told else (),
            onboarded=self.onboarded if "onboarded" in told else None,
            agreed_per_week=self.agreed_per_week if "agreed_per_week" in told else None,
        )

    def until(self, end: int) -> "Ledger":
        """The ledger as it was then: nothing later is in it, nor when the platform stood still."""
        begins, ends = self.leave
        begun = begins <= end
        return Ledger(
            tutor_id=self.tutor_id,
            subjects=self.subjects,
            onboarded=self.onboarded,
            agreed_per_week=self.agreed_per_week,
            series={name: series.until(end) for name, series in self.series.items()},
            leave=(begins[begun], np.where(ends[begun] <= end, ends[begun], NEVER)),
            gone_said=self.gone_said if self.gone_said <= end else NEVER,
            deactivated=self.deactivated,
        )

    def leave_before(self, at: Ints) -> Ints:
        """Microseconds of leave up to each time, counted from the first leave that is known."""
        return _before(self.leave, at)

    def away_before(self, at: Ints) -> Ints:
        """The same of leave and of times when the platform stood still, taken together."""
        return _before(self._away, at)

    def on_leave(self, at: Ints) -> npt.NDArray[np.bool_]:
        """Whether the tutor is away with permission at each time."""
        return _in(self.leave, at)

    def away(self, at: Ints) -> npt.NDArray[np.bool_]:
        """Whether the tutor is on leave or the platform stands still at each time."""
        return _in(self._away, at)

    @cached_property
    def _away(self) -> Spans:
        if not len(self.still[0]):
            return self.leave
        begins, ends = (np.concatenate(each) for each in zip(self.leave, self.still, strict=True))
        order = np.argsort(begins, kind="stable")
        begins, until = begins[order], np.maximum.accumulate(ends[order])
        apart = begins[1:] > until[:-1]
        return begins[np.append(True, apart)], until[np.append(apart, True)]


def _before(spans: Spans, at: Ints) -> Ints:
    total = np.zeros(len(at), np.int64)
    for begin, end in zip(*spans, strict=True):
        total += np.clip(at, max(begin, ALWAYS // 2), end) - max(begin, ALWAYS // 2)
    return total


def _in(spans: Spans, at: Ints) -> npt.NDArray[np.bool_]:
    inside = np.zeros(len(at), np.bool_)
    for begin, end in zip(*spans, strict=True):
        inside |= (at >= begin) & (at < end)
    return inside


def _summed(entries: list[int]) -> Series:
    columns = np.array(entries, np.int64).reshape(-1, 3)
    columns = columns[np.argsort(columns[:, 0], kind="stable")]
    return _series(columns[:, 0].copy(), columns[:, 1], columns[:, 2])


def _series(at: Ints, count: Ints, amount: Ints) -> Series:
    sums = np.zeros((2, len(at) + 1), np.int64)
    np.cumsum(count, out=sums[0, 1:])
    np.cumsum(amount, out=sums[1, 1:])
    return Series(at, sums[0], sums[1])


def _with_derived(series: dict[str, Series]) -> dict[str, Series]:
    """What follows from the other channels: outcomes of any kind, days, weekends, mornings."""
    known = [series[name].at for name in _OUTCOMES.values() if name in series]
    if known:
        at = np.sort(np.concatenate(known))
        series["outcome"] = _series(at, np.ones_like(at), np.zeros_like(at))
    for source, days in (("taught", "taught_day"), ("login", "login_day")):
        if source in series:
            at = series[source].at
            first = at[np.diff(at // DAY, prepend=at[0] // DAY - 1) > 0]
            series[days] = _series(first, np.ones_like(first), np.zeros_like(first))
    if "taught" in series:
        at = series["taught"].at
        weekend = (at // DAY + 3) % 7 >= SATURDAY
        series["weekend"] = _series(at, np.ones_like(at), weekend * MILLIONTHS)
        series["morning"] = _series(at, np.ones_like(at), (at % DAY < DAY // 2) * MILLIONTHS)
    if "late_minutes" in series:
        at, minutes = series["late_minutes"].at, np.diff(series["late_minutes"].amount)
        late = (minutes > LATE_AFTER_MINUTES * MILLIONTHS) * MILLIONTHS
        series["late_start"] = _series(at, np.ones_like(at), late)
    return series


def _millionths(value: float) -> int:
    return round(value * MILLIONTHS)


_OUTCOMES = {
    OutcomeKind.STUDENT_RESCHEDULE: "student_reschedule",
    OutcomeKind.TUTOR_NO_SHOW: "tutor_no_show",
    OutcomeKind.STUDENT_NO_SHOW: "student_no_show",
    OutcomeKind.CANCELLED: "cancelled",
    OutcomeKind.TUTOR_RESCHEDULE: "tutor_reschedule",
    OutcomeKind.COMPLETED: "taught",
}


def _note_session(book: Book, session: Session) -> None:
    snapshot = session.snapshot
    if snapshot is None or snapshot.status is Status.VOIDED:
        return
    ended = NEVER
    for outcome in outcomes(session):
        at = microseconds(outcome.at)
        book[_OUTCOMES[outcome.kind]] += (at, 1, 0)
        if outcome.kind is OutcomeKind.COMPLETED:
            ended = at
    for move in session.reschedules:
        if move.initiator is Party.TUTOR and move.notice_hours is not None:
            late = move.notice_hours < LATE_NOTICE_HOURS
            book["move_notice"] += (microseconds(move.happened_at), 1, late * MILLIONTHS)
    if ended != NEVER:
        _note_completion(book, session, snapshot, ended)
    if session.feedback:
        _note_feedback(book, session, ended, rated=snapshot.student_rating is not None)


def _note_completion(book: Book, session: Session, snapshot: Snapshot, at: int) -> None:
    for channel, value in (
        ("late_minutes", snapshot.late_minutes),
        ("session_engagement", snapshot.engagement_score),
        ("objectives_met", snapshot.learning_objectives_met),
        ("technical_issue", snapshot.technical_issues),
    ):
        if value is not None:
            book[channel] += (at, 1, _millionths(value))
    if snapshot.student_rating is not None:
        _note_rating(book, session, at, snapshot.student_rating)


def _note_rating(book: Book, session: Session, at: int, stars: float) -> None:
    book["rating"] += (at, 1, _millionths(stars))
    if session.is_first:
        book["first_rating"] += (at, 1, _millionths(stars))
        if stars < FAILURE_RATING:
            book["first_failed"] += (at, 1, 0)


def _note_feedback(book: Book, session: Session, ended: int, *, rated: bool) -> None:
    """A form's stars count when they were given, and only where the report had none before.

    A rating that moved from the report's time to the form's would change the past.
    """
    logged = logged_at(session)
    latest = microseconds(logged) + LATE_FEEDBACK_DAYS * DAY if logged else NEVER
    for said in session.feedback:
        at = microseconds(said.known_at)
        if at > latest:
            continue
        if at < ended or not rated:
            _note_rating(book, session, at, said.overall_rating)
        if said.would_recommend is not None:
            book["recommended"] += (at, 1, said.would_recommend * MILLIONTHS)
        for category, stars in said.ratings:
            book[f"stars_{category}"] += (at, 1, _millionths(stars))


def _note_event(book: Book, event: BehaviourEvent) -> None:
    at, amount, count = microseconds(event.occurred_at), event.amount, event.count
    match event.type:
        case EventType.LOGIN | EventType.TRAINING_ASSIGNED | EventType.TRAINING_COMPLETED:
            book[event.type] += (at, count, 0)
        case EventType.LOOSE_RATING if amount is not None:
            book["rating"] += (at, count, _millionths(amount) * count)
        case EventType.MESSAGE_RESPONSE if amount is not None:
            book["response"] += (at, count, _millionths(log1p(max(amount, 0.0))) * count)
        case EventType.SESSION_PREP | EventType.AVAILABILITY if amount is not None:
            book[event.type] += (at, count, _millionths(amount) * count)
        case _:
            return


def _leaves(tutor: Tutor, events: Iterable[BehaviourEvent], taught: Ints) -> Spans:
    """Begins and ends of leaves, from events and from a profile that says so now.

    An end without a begin ends a leave that began before the records. Of a tutor who taught before
    it says nothing: when that leave began nobody told, and guessing it would change the past.
    """
    told = [e for e in events if e.type in (LEAVE_STARTED, LEAVE_ENDED)]
    begins: list[int] = []
    ends: list[int] = []
    for event in sorted(told, key=lambda e: (e.occurred_at, e.type)):
        at = microseconds(event.occurred_at)
        away = len(begins) > len(ends)
        if event.type == LEAVE_STARTED and not away:
            begins.append(at)
        elif event.type == LEAVE_ENDED and (away or not (begins or np.any(taught < at))):
            begins = begins or [ALWAYS]
            ends.append(at)
    if tutor.status is TutorStatus.ON_LEAVE and len(begins) == len(ends):
        since = tutor.status_since
        begins.append(microseconds(since) if since else int(taught[-1]) if len(taught) else ALWAYS)
    ends += [NEVER] * (len(begins) - len(ends))
    return np.array(begins, np.int64), np.array(ends, np.int64)


def _gone_said(tutor: Tutor, taught: Ints) -> int:
    """When the tutor is said to have resigned or been deactivated.

    Where nobody says when, the silence after the last session tells: a date made up of that would
    take the days just after it, the hardest to forecast, out of every test.
    """
    if not tutor.gone:
        return NEVER
    if tutor.status_since is not None:
        return microseconds(tutor.status_since)
    return NEVER if len(taught) else ALWAYS
