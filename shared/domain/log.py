"""A tutor's log and the views of it that metrics read: one window at one moment."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cached_property

from shared.domain.event import BehaviourEvent, EventType
from shared.domain.session import Outcome, OutcomeKind, Session, outcomes
from shared.domain.tutor import Tutor

LOG_DAYS = 90
"""How far back a scorecard looks, save for the last 30 ratings and the last session taught."""

WINDOWS = {"7d": 7, "30d": 30, "90d": 90}


@dataclass(frozen=True, slots=True)
class Rating:
    """A rating from before the log's sessions."""

    at: datetime
    value: float


@dataclass(frozen=True, slots=True)
class Log:
    """Everything reported about one tutor.

    `sessions` and `events` may reach back further than LOG_DAYS: what lies before is not looked
    at. `ratings` holds what `rating_last_30` needs from before the sessions given;
    `last_taught_at` likewise says when the tutor last taught before the sessions given.
    """

    tutor: Tutor
    sessions: tuple[Session, ...] = ()
    events: tuple[BehaviourEvent, ...] = ()
    ratings: tuple[Rating, ...] = ()
    last_taught_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A session with its outcomes worked out once."""

    session: Session
    outcomes: tuple[Outcome, ...]
    last_at: datetime


@dataclass
class View:
    """One window of a log, half-open (as_of − days, as_of]: what metrics are computed from."""

    timeline: "Timeline"
    days: int
    start: datetime
    as_of: datetime
    horizon: datetime

    @cached_property
    def known(self) -> list[Session]:
        """Sessions whose last outcome is in the window.

        What the session's end told (rating, lateness, objectives) is known and may be used.
        """
        return self.timeline.ended_between(self.start, self.as_of)

    @cached_property
    def known_first(self) -> list[Session]:
        """Those of the known that were a student's first with the tutor."""
        return self.timeline.first_ended_between(self.start, self.as_of)

    @cached_property
    def sessions(self) -> list[Session]:
        """The distinct sessions with an outcome in the window."""
        return self.known + self.timeline.going_on_after(self.start, self.as_of)

    def of(self, kind: OutcomeKind) -> list[Session]:
        """The distinct sessions with that outcome in the window, oldest first."""
        return self.timeline.with_outcome_between(kind, self.start, self.as_of)

    def events(self, event_type: str) -> list[BehaviourEvent]:
        """The behaviour events of one type in the window."""
        return self.timeline.events_between(event_type, self.start, self.as_of)

    def earlier_events(self, event_type: str) -> list[BehaviourEvent]:
        """Those of the same type before the window, as far back as the view's horizon."""
        return self.timeline.events_between(event_type, self.horizon, self.start)

    def ratings(self) -> list[float]:
        """The ratings of the window's rated sessions, and those without a session."""
        loose = [event.amount for event in self.events(EventType.LOOSE_RATING)]
        rated = [session.rating(self.as_of) for session in self.known]
        return [value for value in loose + rated if value is not None]


class Timeline:
    """A log prepared for looking at it from many moments; views are remembered."""

    def __init__(self, log: Log) -> None:
        self.log = log
        found = ((session, outcomes(session)) for session in log.sessions)
        entries = [Entry(session, known, known[-1].at) for session, known in found if known]
        self.entries = sorted(entries, key=lambda e: (e.last_at, e.session.session_id))
        self._last_at = [entry.last_at for entry in self.entries]
        self._first = [entry for entry in self.entries if entry.session.is_first]
        self._first_last_at = [entry.last_at for entry in self._first]
        self._rated = [entry for entry in self.entries if entry.session.may_be_rated]
        self._rated_last_at = [entry.last_at for entry in self._rated]
        self._manifold = [entry for entry in self.entries if len(entry.outcomes) > 1]
        self._views: dict[tuple[int, datetime, datetime, datetime], View] = {}

    def view(self, days: int, as_of: datetime, horizon: datetime | None = None) -> View:
        """The window of that many days ending at `as_of`, as far as it lies after `horizon`."""
        start, horizon = as_of - timedelta(days=days), horizon or as_of - timedelta(days=LOG_DAYS)
        key = (days, max(start, horizon), as_of, min(start, horizon))
        if key not in self._views:
            self._views[key] = View(self, *key)
        return self._views[key]

    def ended_between(self, start: datetime, end: datetime) -> list[Session]:
        """Sessions whose last outcome is in the half-open (start, end], oldest first."""
        first, last = bisect_right(self._last_at, start), bisect_right(self._last_at, end)
        return [entry.session for entry in self.entries[first:last]]

    def first_ended_between(self, start: datetime, end: datetime) -> list[Session]:
        """Of these the students' first sessions, found without looking at the others."""
        times = self._first_last_at
        within = self._first[bisect_right(times, start) : bisect_right(times, end)]
        return [entry.session for entry in within]

    def going_on_after(self, start: datetime, end: datetime) -> list[Session]:
        """Sessions with an outcome in (start, end] and a later one after it."""
        return [
            entry.session
            for entry in self._manifold
            if entry.last_at > end and any(start < o.at <= end for o in entry.outcomes)
        ]

    def with_outcome_between(
        self, kind: OutcomeKind, start: datetime, end: datetime
    ) -> list[Session]:
        """The distinct sessions with an outcome of that kind in (start, end], oldest first."""
        times, sessions = self._by_kind.get(kind, ([], []))
        within = sessions[bisect_right(times, start) : bisect_right(times, end)]
        return list({session.session_id: session for session in within}.values())

    def last_taught_at(self, as_of: datetime) -> datetime | None:
        """When the tutor last completed a session, however long ago."""
        times, _ = self._by_kind.get(OutcomeKind.COMPLETED, ([], []))
        known = times[: bisect_right(times, as_of)][-1:]
        before = self.log.last_taught_at
        if before is not None and before <= as_of:
            known.append(before)
        return max(known, default=None)

    def last_ratings(self, count: int, as_of: datetime) -> list[float]:
        """The last so many ratings known at `as_of`, newest first, however old."""
        older = [(r.at, r.value) for r in self.log.ratings if r.at <= as_of]
        times, events = self._events.get(EventType.LOOSE_RATING, ([], []))
        loose = [(e.occurred_at, e.amount or 0.0) for e in events[: bisect_right(times, as_of)]]
        newest: list[tuple[datetime, float]] = []
        for entry in reversed(self._rated[: bisect_right(self._rated_last_at, as_of)]):
            if len(newest) == count:
                break
            value = entry.session.rating(as_of)
            if value is not None:
                newest.append((entry.last_at, value))
        if older or loose:
            newest = sorted(older + loose + newest, key=lambda rated: rated[0], reverse=True)
        return [value for _, value in newest[:count]]

    def events_between(
        self, event_type: str, start: datetime, end: datetime
    ) -> list[BehaviourEvent]:
        """Events of one type in the half-open (start, end], oldest first."""
        times, events = self._events.get(event_type, ([], []))
        return events[bisect_right(times, start) : bisect_right(times, end)]

    @cached_property
    def _by_kind(self) -> dict[OutcomeKind, tuple[list[datetime], list[Session]]]:
        outcomes = [(o.at, o.kind, entry.session) for entry in self.entries for o in entry.outcomes]
        return _by_key(
            (kind, at, session)
            for at, kind, session in sorted(outcomes, key=lambda o: (o[0], o[2].session_id))
        )

    @cached_property
    def _events(self) -> dict[str, tuple[list[datetime], list[BehaviourEvent]]]:
        ordered = sorted(self.log.events, key=lambda e: (e.occurred_at, e.event_id))
        return _by_key((event.type, event.occurred_at, event) for event in ordered)


def _by_key[K, T](
    ordered: Iterable[tuple[K, datetime, T]],
) -> dict[K, tuple[list[datetime], list[T]]]:
    grouped: dict[K, tuple[list[datetime], list[T]]] = defaultdict(lambda: ([], []))
    for key, at, item in ordered:
        times, items = grouped[key]
        times.append(at)
        items.append(item)
    return dict(grouped)


def next_outcome(log: Log, after: datetime) -> datetime | None:
    """When the next outcome that is already reported falls due."""
    ahead = (o.at for session in log.sessions for o in outcomes(session) if o.at > after)
    return min(ahead, default=None)


def midnight(moment: datetime) -> datetime:
    """The last 00:00 UTC at or before a moment."""
    return datetime.combine(moment.astimezone(UTC).date(), time.min, UTC)


def midnights_until(moment: datetime, count: int) -> list[datetime]:
    """The last so many midnights at or before a moment, newest first."""
    return [midnight(moment) - timedelta(days=back) for back in range(count)]
