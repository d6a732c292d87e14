"""Builders for sessions, events and logs, so that a test says only what it is about."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from shared.domain.event import BehaviourEvent, EventType
from shared.domain.feedback import Feedback
from shared.domain.flag import Flag, Moment
from shared.domain.log import Log, Timeline
from shared.domain.marketplace import Reference
from shared.domain.override import Override
from shared.domain.prediction import Factor, Prediction, Probabilities
from shared.domain.scorecard import Scorecard, scorecard
from shared.domain.session import (
    Party,
    Report,
    ReportOrder,
    Reschedule,
    Session,
    Snapshot,
    Status,
    with_report,
)
from shared.domain.threshold import Settings
from shared.domain.tutor import Tutor, TutorStatus

AS_OF = datetime(2026, 11, 20, tzinfo=UTC)
"""The moment tests look from, a midnight; "days ago" counts from here."""

TUTOR = "t-7"

_numbers = count(1)


def ago(days: float = 0, *, hours: float = 0, minutes: float = 0) -> datetime:
    """So long before AS_OF; negative is later."""
    return AS_OF - timedelta(days=days, hours=hours, minutes=minutes)


def session(
    at: datetime,
    status: Status,
    *,
    session_id: str | None = None,
    moves: Sequence[Reschedule] = (),
    feedback: Sequence[Feedback] = (),
    tutor_id: str = TUTOR,
    **fields: Any,
) -> Session:
    """A session that stands at `at` with that status; `fields` are the snapshot's others."""
    snapshot = Snapshot(
        tutor_id=tutor_id,
        student_id=fields.pop("student_id", "u-1"),
        scheduled_time=fields.pop("scheduled_time", at),
        status=status,
        **fields,
    )
    return Session(
        session_id=session_id or f"s-{next(_numbers):04d}",
        order=ReportOrder(versioned=True, number=1),
        snapshot=snapshot,
        reschedules=tuple(moves),
        feedback=tuple(feedback),
        tutors=(tutor_id,),
    )


def completed(at: datetime, rating: float | None = None, **fields: Any) -> Session:
    """A session that ended at `at`, scheduled an hour before."""
    fields.setdefault("scheduled_time", at - timedelta(hours=1))
    return session(at, Status.COMPLETED, completed_time=at, student_rating=rating, **fields)


def first(at: datetime, rating: float | None = None, **fields: Any) -> Session:
    """A completed first session with a student."""
    return completed(at, rating, session_number=1, **fields)


def no_show(at: datetime, by: Party = Party.TUTOR, **fields: Any) -> Session:
    """A session somebody did not turn up to."""
    return session(at, Status.NO_SHOW, no_show_party=by, **fields)


def cancelled(at: datetime, **fields: Any) -> Session:
    """A session called off."""
    return session(at, Status.CANCELLED, **fields)


def booked(at: datetime, **fields: Any) -> Session:
    """A session still to come."""
    return session(at, Status.SCHEDULED, **fields)


def moved(at: datetime, by: Party = Party.TUTOR, **fields: Any) -> Session:
    """A session moved at `at` by a day and not heard of since."""
    return session(at + timedelta(days=2), Status.RESCHEDULED, moves=[move(at, by)], **fields)


def move(
    requested_at: datetime | None,
    by: Party = Party.TUTOR,
    *,
    original_time: datetime | None = None,
    new_time: datetime | None = None,
    received_at: datetime | None = None,
    order: int = 1,
    reason: str | None = None,
) -> Reschedule:
    """One move, two days ahead of the session unless said otherwise."""
    known = requested_at or received_at or AS_OF
    original = original_time or known + timedelta(days=2)
    return Reschedule(
        initiator=by,
        original_time=original,
        new_time=new_time or original + timedelta(days=1),
        first_received_at=received_at or known,
        stated_by=ReportOrder(versioned=True, number=order),
        reason=reason,
        requested_at=requested_at,
    )


def report(session_id: str, version: int, status: Status, at: datetime, **fields: Any) -> Report:
    """A report of a session, with its version."""
    reschedule = fields.pop("reschedule", None)
    snapshot = Snapshot(
        tutor_id=fields.pop("tutor_id", TUTOR),
        student_id="u-1",
        scheduled_time=fields.pop("scheduled_time", at),
        status=status,
        completed_time=at if status is Status.COMPLETED else None,
        **fields,
    )
    return Report(session_id, ReportOrder(versioned=True, number=version), snapshot, reschedule)


def merged(*reports: Report) -> Session:
    """One session from its reports in that order."""
    known: Session | None = None
    for each in reports:
        known = with_report(known, each)
    assert known is not None
    return known


def feedback(
    rating: float, submitted_at: datetime, *, feedback_id: str = "f-1", **fields: Any
) -> Feedback:
    """One student's feedback, received as it was submitted."""
    return Feedback(
        feedback_id=feedback_id,
        student_id=fields.pop("student_id", "u-1"),
        tutor_id=TUTOR,
        overall_rating=rating,
        submitted_at=submitted_at,
        received_at=fields.pop("received_at", submitted_at),
        session_id=fields.pop("session_id", "s-1"),
        **fields,
    )


def event(
    kind: EventType | str, at: datetime, amount: float | None = None, **fields: Any
) -> BehaviourEvent:
    """One behaviour event."""
    return BehaviourEvent(
        event_id=f"e-{next(_numbers):04d}",
        tutor_id=TUTOR,
        type=kind,
        occurred_at=at,
        amount=amount,
        **fields,
    )


def logins(per_day: float, first_day: float, last_day: float) -> list[BehaviourEvent]:
    """Logins spread evenly from `first_day` to `last_day` ago (first ≥ last), last excluded."""
    number = round(per_day * (first_day - last_day))
    step = (first_day - last_day) / number if number else 0.0
    return [event(EventType.LOGIN, ago(first_day - (n + 0.5) * step)) for n in range(number)]


def steady(days: int, per_day: int = 1, rating: float | None = 4.6) -> list[Session]:
    """An ordinary tutor: so many completed sessions on each of the last days, at noon."""
    return [
        completed(ago(day - 0.5, minutes=n), rating)
        for day in range(days, 0, -1)
        for n in range(per_day)
    ]


def tutor(status: TutorStatus = TutorStatus.ACTIVE, **fields: Any) -> Tutor:
    """A tutor at work for a long time."""
    fields.setdefault("onboarding_date", ago(400))
    return Tutor(TUTOR, status, ReportOrder(versioned=True, number=1), **fields)


def log(*items: Session | BehaviourEvent, of: Tutor | None = None, **fields: Any) -> Log:
    """A log of sessions and events in any order."""
    return Log(
        of or tutor(),
        sessions=tuple(item for item in items if isinstance(item, Session)),
        events=tuple(item for item in items if isinstance(item, BehaviourEvent)),
        **fields,
    )


def moment(
    told: Log,
    as_of: datetime = AS_OF,
    settings: Settings | None = None,
    reference: Reference | None = None,
) -> Moment:
    """A log seen at a moment."""
    return Moment(Timeline(told), as_of, settings or Settings(), reference or Reference())


def prediction(
    p30: float = 0.2, at: datetime = AS_OF, *, above_usual: float = 1.0, tutor_id: str = TUTOR
) -> Prediction:
    """A prediction with one factor; the other horizons follow from p30.

    `above_usual` is by how much the tutor's log-odds exceed the usual ones.
    """
    pushes = 0.7 if above_usual > 0 else -0.7
    factor = Factor(
        feature="sessions_change_28d",
        words="sessions down 45 % on the 4-week mean",
        value=-0.6,
        unit="log ratio",
        contribution=pushes,
        direction="raises" if pushes > 0 else "lowers",
    )
    return Prediction(
        tutor_id=tutor_id,
        as_of=at,
        data_as_of=at - timedelta(hours=2),
        probabilities=Probabilities(p30 / 20, p30 / 4, p30, min(1.0, p30 * 2)),
        factors=(factor,),
        base=-3.0,
        others=above_usual - pushes,
        margin=-3.0 + above_usual,
        model_version="v1",
    )


def override(score: float = 20.0, at: datetime = AS_OF, **told: Any) -> Override:
    """A manager's override for 30 days, of a computed score of 60."""
    plain = Override(
        tutor_id=TUTOR,
        version=1,
        score=score,
        reason="She is back from a sick child.",
        set_by="sam",
        set_at=at,
        until=at + timedelta(days=30),
        score_then=60.0,
    )
    return replace(plain, **told)


def card(told: Log, as_of: datetime = AS_OF, **fields: Any) -> Scorecard:
    """The scorecard of a log."""
    return scorecard(told, as_of, **fields)


def flag_of(told: Log, code: str, as_of: datetime = AS_OF, **fields: Any) -> Flag | None:
    """The flag of that code in a log's scorecard, None when it is not raised."""
    return next((each for each in card(told, as_of, **fields).flags if each.code == code), None)
