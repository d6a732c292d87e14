"""Made-up reports of tutors for the benchmark: as bodies to post, and merged into a log."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.contracts import SessionReport, TutorEvent, parsed
from shared.domain.event import BehaviourEvent
from shared.domain.log import LOG_DAYS, Log
from shared.domain.session import ReportOrder, Session, with_report
from shared.domain.tutor import Tutor, TutorStatus

type Body = dict[str, Any]

EVENTS_PER_SESSION = 0.8
"""As in the synthetic world."""

NOT_KNOWN_YET: tuple[tuple[str, ...], ...] = (
    ("completed_time", "actual_start", "late_start_minutes", "engagement_score",
     "learning_objectives_met", "technical_issues", "student_rating"),
    ("student_rating",),
    (),
)  # fmt: skip
"""Of a session's final report: when it is booked, when it is over, when it is rated."""


@dataclass(frozen=True, slots=True)
class Character:
    """How a tutor behaves, as chances a session."""

    reschedules: float
    no_shows: float
    late: float
    stars: float
    objectives: float
    login_every_sessions: float


TYPICAL = Character(0.08, 0.01, 0.06, 4.6, 0.92, 0.5)
IN_TROUBLE = Character(0.30, 0.12, 0.30, 3.2, 0.60, 0.1)


def session_bodies(
    tutor_id: str,
    count: int,
    until: datetime,
    *,
    seed: int,
    days: float = LOG_DAYS - 1,
    character: Character = TYPICAL,
) -> Iterator[Body]:
    """`count` final reports of a tutor's sessions, evenly over the days up to `until`."""
    rng = random.Random(f"{seed}/{tutor_id}")
    gap = timedelta(days=days) / count
    for number in range(count):
        ended = until - gap * (count - number - rng.random() * 0.9)
        yield session_body(rng, tutor_id, f"{tutor_id}.s{number}", ended, character)


def event_bodies(tutor_id: str, count: int, until: datetime, *, seed: int) -> Iterator[Body]:
    """`count` behaviour events, evenly over the 90 days up to `until`."""
    rng = random.Random(f"{seed}/{tutor_id}/events")
    gap = timedelta(days=LOG_DAYS - 1) / max(count, 1)
    kinds: tuple[tuple[str, Body], ...] = (
        ("login", {}),
        ("login", {}),
        ("login", {}),
        ("message_response", {"response_minutes": rng.randint(5, 120)}),
        ("session_prep", {"prep_minutes": rng.randint(5, 30)}),
        ("availability", {"hours_offered": rng.randint(10, 30)}),
    )
    for number in range(count):
        kind, data = rng.choice(kinds)
        yield {
            "event_id": f"{tutor_id}.e{number}",
            "tutor_id": tutor_id,
            "type": kind,
            "occurred_at": stamp(until - gap * (count - number)),
            "data": data,
        }


def reports_of(final: Body) -> Iterator[Body]:
    """What is reported of a session, booked, over and rated: its final report is the last."""
    for version, unknown in enumerate(NOT_KNOWN_YET, start=1):
        said = {name: value for name, value in final.items() if name not in unknown}
        status = "scheduled" if version == 1 else final["status"]
        yield said | {"version": version, "status": status}


def log(
    tutor_id: str, rows: int, as_of: datetime, *, seed: int = 1, character: Character = TYPICAL
) -> Log:
    """A log of so many rows in 90 days: sessions, and the behaviour events that come with them."""
    share = EVENTS_PER_SESSION * (1 if character is TYPICAL else 0.3)
    sessions = round(rows / (1 + share))
    bodies = session_bodies(tutor_id, sessions, as_of, seed=seed, character=character)
    events = event_bodies(tutor_id, rows - sessions, as_of, seed=seed)
    return Log(tutor(tutor_id, as_of), tuple(merged(bodies)), tuple(behaviour(events)))


def tutor(tutor_id: str, as_of: datetime) -> Tutor:
    """A profile like any other."""
    return Tutor(
        tutor_id,
        status=TutorStatus.ACTIVE,
        order=ReportOrder(versioned=True, number=1),
        name=f"Ada {tutor_id}",
        email=f"{tutor_id}@example.com",
        subjects=("Algebra", "Physics"),
        onboarding_date=(as_of - timedelta(days=400)).replace(microsecond=0),
        baseline_sessions_per_week=15.0,
        location="Chicago",
        education_level="Master",
    )


def merged(bodies: Iterable[Body]) -> Iterator[Session]:
    """The sessions that these final reports give, one each."""
    for body in bodies:
        message = parsed(SessionReport, body)
        order = ReportOrder(versioned=True, number=message.version or 1)
        received_at = message.completed_time or message.scheduled_time
        yield with_report(None, message.report(order, received_at))


def behaviour(bodies: Iterable[Body]) -> Iterator[BehaviourEvent]:
    """The events that these bodies give."""
    return (parsed(TutorEvent, body).event() for body in bodies)


def session_body(
    rng: random.Random,
    tutor_id: str,
    session_id: str,
    ended: datetime,
    character: Character = TYPICAL,
) -> Body:
    """The final report of a session that ended then."""
    began = ended - timedelta(hours=1)
    first = rng.random() < 0.15
    body: Body = {
        "session_id": session_id,
        "version": 2,
        "tutor_id": tutor_id,
        "student_id": f"{tutor_id}.u{rng.randrange(20)}",
        "scheduled_time": stamp(began),
        "session_number": 1 if first else rng.randint(2, 40),
        "duration_minutes": 60,
        "subject": rng.choice(("Algebra", "Physics")),
        "session_type": "1-on-1",
    }
    if rng.random() < character.reschedules:
        asked = began - timedelta(hours=rng.choice((3, 30, 50)))
        body["reschedule_info"] = {
            "initiator": "tutor" if rng.random() < 0.98 else "student",
            "reason": "Conflict with another appointment",
            "original_time": stamp(began - timedelta(days=2)),
            "new_time": body["scheduled_time"],
            "requested_at": stamp(asked - timedelta(days=2)),
        }
    if rng.random() < character.no_shows:
        return {**body, "status": "no_show", "no_show_party": "tutor"}
    late = rng.randint(6, 20) if rng.random() < character.late else rng.randint(0, 2)
    body |= {
        "status": "completed",
        "completed_time": stamp(ended),
        "actual_start": stamp(began + timedelta(minutes=late)),
        "late_start_minutes": late,
        "engagement_score": round(rng.uniform(0.6, 0.95), 2),
        "learning_objectives_met": rng.random() < character.objectives,
        "technical_issues": rng.random() < 0.04,
    }
    if rng.random() < 0.7:
        body["student_rating"] = min(5, max(1, round(rng.gauss(character.stars, 0.7))))
    return body


def stamp(moment: datetime) -> str:
    """A moment as reports give it."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
