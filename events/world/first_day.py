"""Where a history breaks off: the rest of its last day, and the bookings it leaves behind."""

import json
from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from events.world.behaviour import DATA, TYPES, Behaviour
from events.world.column import SECONDS_A_DAY
from events.world.delivery import Body, text
from events.world.feedback import CATEGORIES
from events.world.history import History
from events.world.profile import tutor_id
from events.world.session import (
    STUDENT_REASONS,
    TUTOR_REASONS,
    Session,
    Status,
    draw_sessions,
    version,
)
from events.world.session_report import NOTICED_AFTER_SECONDS, Told
from events.world.subject import SUBJECTS
from events.world.world import SYNTHETIC_PREFIX

type Booking = dict[tuple[int, int], list[Body]]
"""Bodies last reported of sessions still to come, by tutor and day of the world."""

_OVER = (Status.completed, Status.no_show, Status.cancelled)
_STARS_LATER_DAYS = 2


def rest_of_first_day(history: History) -> Iterator[Told]:
    """What became known between `until` and the end of what the history has drawn."""
    now, later = history.sessions(), _sessions_to_come(history)
    yield from _moved(now, later)
    over = np.isin(later.status, _OVER) & (now.status == Status.scheduled)
    for row in np.flatnonzero(over).tolist():
        held = later.status[row] == Status.completed
        due = later.completed[row] if held else later.scheduled[row] + NOTICED_AFTER_SECONDS
        yield float(due), "sessions", _over(later, row)
    for row in np.flatnonzero((later.rating > 0) & (now.rating == 0)).tolist():
        due = float(later.rated[row])
        body = _over(later, row)
        stars = int(later.rating[row]) / 100
        rated = {**body, "version": body["version"] + 1, "student_rating": stars}
        yield due, "sessions", rated
        if later.feedback[row]:
            yield due, "feedback", _form(rated, stars, due)
    yield from _behaviour(history.behaviour(now), history.until)


def bookings(history: History) -> Booking:
    """Sessions that a history has booked or moved beyond its last day."""
    sessions = _sessions_to_come(history)
    ahead = np.isin(sessions.status, (Status.scheduled, Status.rescheduled))
    begins = np.where(sessions.status == Status.rescheduled, sessions.new, sessions.scheduled)
    day = begins // SECONDS_A_DAY - history.first_day
    found: Booking = defaultdict(list)
    for row in np.flatnonzero(ahead & (day >= history.life.days)).tolist():
        body = _body(sessions, row) | {"scheduled_time": text(float(begins[row]))}
        found[int(sessions.tutor[row]), int(day[row])].append(body)
    return found


def _sessions_to_come(history: History) -> Session:
    end = (history.first_day + history.life.days + _STARS_LATER_DAYS) * SECONDS_A_DAY
    return draw_sessions(history.life, history.seed, history.first_day, end)


def _moved(now: Session, later: Session) -> Iterator[Told]:
    for row in np.flatnonzero(later.moved & ~now.moved).tolist():
        body = _body(later, row) | {"status": Status.rescheduled.name}
        body["scheduled_time"] = text(float(later.original[row]))
        yield float(later.asked[row]), "sessions", body


def _body(sessions: Session, row: int) -> Body:
    """What was last reported of a session before its time."""
    tutor = int(sessions.tutor[row])
    body: Body = {
        "session_id": f"{SYNTHETIC_PREFIX}s-{row:08d}",
        "version": 1 + int(sessions.moved[row]),
        "tutor_id": tutor_id(tutor),
        "student_id": student_id(tutor, int(sessions.student[row])),
        "scheduled_time": text(float(sessions.scheduled[row])),
        "status": Status.scheduled.name,
        "session_number": int(sessions.number[row]),
        "duration_minutes": int(sessions.minutes[row]),
        "subject": SUBJECTS[int(sessions.subject[row])],
        "session_type": "group" if sessions.group[row] else "1-on-1",
    }
    if sessions.moved[row]:
        reasons = (*TUTOR_REASONS, *STUDENT_REASONS)
        body["reschedule_info"] = {
            "initiator": "student" if sessions.by_student[row] else "tutor",
            "reason": reasons[int(sessions.reason[row])],
            "original_time": text(float(sessions.original[row])),
            "new_time": text(float(sessions.new[row])),
            "requested_at": text(float(sessions.asked[row])),
        }
    return body


def _over(sessions: Session, row: int) -> Body:
    """The report of an outcome, before any stars."""
    status = Status(int(sessions.status[row]))
    rated = int(sessions.rating[row] > 0)
    body = _body(sessions, row) | {
        "status": status.name,
        "version": int(version(sessions)[row]) - rated,
    }
    if status is Status.no_show:
        body["no_show_party"] = "student" if sessions.no_show_student[row] else "tutor"
    if status is Status.completed:
        body |= {
            "completed_time": text(float(sessions.completed[row])),
            "actual_start": text(float(sessions.started[row])),
            "late_start_minutes": int(sessions.late[row]),
            "engagement_score": int(sessions.engagement[row]) / 100,
            "learning_objectives_met": bool(sessions.objectives[row]),
            "technical_issues": bool(sessions.technical[row]),
        }
    return body


def _form(session: Body, stars: float, at: float) -> Body:
    """A form as it goes with the stars; the history that draws the others has ended."""
    body = {
        "feedback_id": f"{SYNTHETIC_PREFIX}f-live-{session['session_id'].rsplit('s-', 1)[1]}",
        "session_id": session["session_id"],
        "student_id": session["student_id"],
        "tutor_id": session["tutor_id"],
        "overall_rating": int(stars),
        "ratings": dict.fromkeys(CATEGORIES, int(stars)),
        "submitted_at": text(at),
    }
    return body | ({"would_recommend": stars >= 4} if session["session_number"] == 1 else {})


def _behaviour(behaviour: Behaviour, until: int) -> Iterator[Told]:
    rest = behaviour.take(np.flatnonzero(behaviour.second > until))
    for row in range(len(rest.second)):
        tutor, at = int(rest.tutor[row]), float(rest.second[row])
        written = DATA[rest.data[row]]
        data = json.loads(written) if written else {}
        for time in range(int(rest.count[row])):
            name = f"rest-{row:06d}-{time:02d}"
            yield at, "events", event(name, tutor, TYPES[rest.kind[row]], at, data)


def event(name: str, tutor: int, kind: str, at: float, data: Body) -> Body:
    """The body of a behaviour event."""
    return {
        "event_id": f"{SYNTHETIC_PREFIX}e-{name}",
        "tutor_id": tutor_id(tutor),
        "type": kind,
        "occurred_at": text(at),
        "data": data,
    }


def student_id(tutor: int, student: int) -> str:
    """A tutor's student by number, as in a history's files."""
    return f"{SYNTHETIC_PREFIX}u-{tutor:08d}-{student:04d}"
