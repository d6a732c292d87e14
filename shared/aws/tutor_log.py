"""Sessions, profiles and events as merged from reports, and the log each tutor is scored from."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.aws import key
from shared.aws.item import Item, dumped, key_item, loaded, number, text, value_of
from shared.aws.retention import kept_item
from shared.aws.table import Table, unchanged
from shared.domain.event import BehaviourEvent, EventType
from shared.domain.log import LOG_DAYS, Log, Rating
from shared.domain.session import Session, completed_at, logged_at, outcomes
from shared.domain.tutor import Tutor, newest

RATINGS_KEPT = 30
END_OF_TIME = "~"
MOST_BYTES = 380_000
"""DynamoDB's limit is 400 kB an item; keys and indexed attributes need some of it."""


class TooLargeError(Exception):
    """A session with more moves and feedback than an item can hold."""


@dataclass(frozen=True, slots=True)
class Versioned[T]:
    """A stored value and the number its writer must find unchanged; 0 when there is none yet."""

    value: T | None
    number: int


class LogTable:
    """What has been reported, by session and by tutor."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def session(self, session_id: str) -> Versioned[Session]:
        """A session as merged so far."""
        item = self._table.get(key.session(session_id), gone_too=True)
        if item is None:
            return Versioned(None, 0)
        return Versioned(loaded(Session, item), int(item["version"]["N"]))

    def put_session(
        self,
        session: Session,
        before: Versioned[Session],
        with_it: Sequence[dict[str, Any]] = (),
    ) -> None:
        """Store a session and its row in its tutor's log, and take away the row it had.

        One transaction, `with_it` what else there is to write, on condition that the session is as
        it was read; raises VersionConflictError otherwise, and TooLargeError for a session that no
        item can hold.
        """
        row, old = _log_key(session), _log_key(before.value) if before.value else None
        item = session_item(session, before.number + 1)
        if len(item["data"]["S"].encode()) > MOST_BYTES:
            raise TooLargeError(session.session_id)
        actions: list[dict[str, Any]] = [{"Put": {"Item": item, **unchanged(before.number)}}]
        if row is not None:
            actions.append({"Put": {"Item": log_item(session, row)}})
        if old is not None and old != row:
            actions.append({"Delete": {"Key": key_item(old)}})
        actions += with_it
        self._table.transact(actions)

    def put_event(self, event: BehaviourEvent) -> None:
        """Store an event in its tutor's log; storing it again changes nothing."""
        self._table.put(event_item(event))

    def tutor(self, tutor_id: str) -> Tutor:
        """A tutor's profile, or the stub of a tutor nobody described yet."""
        item = self._table.get(key.profile(tutor_id))
        return loaded(Tutor, item) if item else Tutor(tutor_id)

    def tutors(self, tutor_ids: Iterable[str]) -> Iterator[Tutor]:
        """The profiles of many tutors, in any order; none of those nobody described."""
        items = self._table.get_many(map(key.profile, tutor_ids))
        return (loaded(Tutor, item) for item in items)

    def put_tutor(self, tutor: Tutor) -> None:
        """Store a profile unless a newer one is known; raises VersionConflictError on a race."""
        item = self._table.get(key.profile(tutor.tutor_id))
        known = loaded(Tutor, item) if item else None
        if newest(known, tutor) is known:
            return
        version = int(item["version"]["N"]) if item else 0
        self._table.put(profile_item(tutor, version + 1), unchanged(version))

    def log(self, tutor_id: str, as_of: datetime) -> Log:
        """All that a scorecard at `as_of` looks at, strongly read.

        The cost is that of the tutor's own 90 days and of at most 30 ratings.
        """
        since = as_of - timedelta(days=LOG_DAYS)
        sessions = tuple(self._sessions(tutor_id, since))
        ends = (completed_at(session) for session in sessions)
        taught = any(end is not None and end <= as_of for end in ends)
        return Log(
            tutor=self.tutor(tutor_id),
            sessions=sessions,
            events=tuple(self._events(tutor_id, since)),
            ratings=tuple(self._ratings(tutor_id, since)),
            last_taught_at=None if taught else self._last_taught_before(tutor_id, since),
        )

    def log_since(self, tutor_id: str, since: datetime, *, strongly: bool = True) -> Log:
        """All sessions and events since a moment: what the churn model learns and predicts from.

        Sessions stand in the log at their last outcome, so no outcome since then is missed.
        """
        return Log(
            tutor=self.tutor(tutor_id),
            sessions=tuple(self._sessions(tutor_id, since, strongly=strongly)),
            events=tuple(self._events(tutor_id, since, strongly=strongly)),
        )

    def whole_log(self, tutor_id: str) -> Log:
        """Everything ever reported about a tutor: for replay, not for the hot path."""
        beginning = datetime(1970, 1, 1, tzinfo=UTC)
        return Log(
            tutor=self.tutor(tutor_id),
            sessions=tuple(self._sessions(tutor_id, beginning)),
            events=tuple(self._events(tutor_id, beginning)),
        )

    def sessions_since(self, tutor_id: str, since: datetime) -> tuple[Session, ...]:
        """The tutor's sessions with an outcome, or a slot, since a moment, oldest first."""
        return tuple(self._sessions(tutor_id, since))

    def trainings_since(self, tutor_id: str, since: datetime) -> tuple[datetime, ...]:
        """When the tutor completed trainings since a moment."""
        return tuple(
            event.occurred_at
            for event in self._events(tutor_id, since)
            if event.type == EventType.TRAINING_COMPLETED
        )

    def newest_sessions(
        self, tutor_id: str, count: int, after: str | None = None
    ) -> tuple[list[Session], str | None]:
        """A page of the tutor's sessions, newest first, and where the next one begins, if any."""
        request: dict[str, Any] = {
            "KeyConditionExpression": "pk = :pk AND begins_with(sk, :log)",
            "ExpressionAttributeValues": {":pk": text(key.tutor(tutor_id)), ":log": text("S#")},
            "ScanIndexForward": False,
        }
        if after is not None:
            request["ExclusiveStartKey"] = key_item(key.Key(key.tutor(tutor_id), after))
        items = list(self._table.pages(request, count + 1))
        shown = items[:count]
        more = shown[-1]["sk"]["S"] if len(items) > count else None
        return [loaded(Session, item) for item in shown], more

    def _sessions(
        self, tutor_id: str, since: datetime, *, strongly: bool = True
    ) -> Iterable[Session]:
        between = (f"S#{key.stamp(since)}", f"S#{END_OF_TIME}")
        items = self._table.query(key.tutor(tutor_id), between, strongly=strongly)
        return (loaded(Session, item) for item in items)

    def _events(
        self, tutor_id: str, since: datetime, *, strongly: bool = True
    ) -> Iterable[BehaviourEvent]:
        between = (f"E#{key.stamp(since)}", f"E#{END_OF_TIME}")
        items = self._table.query(key.tutor(tutor_id), between, strongly=strongly)
        return (loaded(BehaviourEvent, item) for item in items)

    def _ratings(self, tutor_id: str, since: datetime) -> Iterable[Rating]:
        """The newest 30 ratings before `since`, which the log does not show.

        All 30, also where the log has ratings of its own: nights before `as_of` are looked at
        too, and sessions reported ahead of time must not take the place of old ones.
        """
        request = {
            "IndexName": "rated",
            "KeyConditionExpression": "pk = :pk AND rated_at < :since",
            "ExpressionAttributeValues": {
                ":pk": text(key.tutor(tutor_id)),
                ":since": text(key.stamp(since)),
            },
            "ConsistentRead": True,
            "ScanIndexForward": False,
        }
        return (_rating(item) for item in self._table.pages(request, RATINGS_KEPT))

    def _last_taught_before(self, tutor_id: str, before: datetime) -> datetime | None:
        between = ("S#", f"S#{key.stamp(before)}")
        for item in self._table.query(key.tutor(tutor_id), between, newest=True):
            at = completed_at(loaded(Session, item))
            if at is not None:
                return at
        return None


def session_item(session: Session, version: int) -> Item:
    """The item that holds a session."""
    return kept_item(key.session(session.session_id), _ended(session)) | {
        "data": dumped(session),
        "version": number(version),
    }


def log_item(session: Session, at: key.Key) -> Item:
    """The session's row in its tutor's log; rated ones stand in the index `rated` too."""
    item = kept_item(at, _ended(session)) | {"data": dumped(session)}
    known = outcomes(session)
    rating = session.rating(datetime.max.replace(tzinfo=UTC))
    if known and rating is not None:
        item |= {
            "rated_at": text(f"{key.stamp(known[-1].at)}#{session.session_id}"),
            "rating": number(rating),
        }
    return item


def logged_session_item(session: Session) -> Item | None:
    """The session's log row, or None while it has no tutor."""
    at = _log_key(session)
    return None if at is None else log_item(session, at)


def event_item(event: BehaviourEvent) -> Item:
    """The item that holds a behaviour event."""
    at = key.logged_event(event.tutor_id, event.occurred_at, event.event_id)
    item = kept_item(at, event.occurred_at) | {"data": dumped(event)}
    if event.type == EventType.LOOSE_RATING and event.amount is not None:
        rated_at = f"{key.stamp(event.occurred_at)}#{event.event_id}"
        item |= {"rated_at": text(rated_at), "rating": number(event.amount)}
    return item


def profile_item(tutor: Tutor, version: int) -> Item:
    """The item that holds a profile."""
    return key_item(key.profile(tutor.tutor_id)) | {
        "data": dumped(tutor),
        "version": number(version),
    }


def _ended(session: Session) -> datetime:
    """From when on it is kept: its last outcome, else its slot, else what was said of it first."""
    return logged_at(session) or min(said.known_at for said in session.feedback)


def _log_key(session: Session) -> key.Key | None:
    at, tutor_id = logged_at(session), session.tutor_id
    if at is None or tutor_id is None:
        return None
    return key.logged_session(tutor_id, at, session.session_id)


def _rating(item: Item) -> Rating:
    at = item["rated_at"]["S"].split("#", 1)[0]
    return Rating(datetime.fromisoformat(at), value_of(item["rating"]))
