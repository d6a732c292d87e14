"""Histories as Rails might send them: several reports a session, in versions, moved and voided."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from tests.properties.delivery import Delivery

START = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = 125
TUTORS = ("t-1", "t-2")

type Draw = Any

minutes = st.integers(0, DAYS * 24 * 60)
"""Minutes since START; midnights are as likely as hypothesis likes small and round numbers."""


def text_of(at: datetime, offset_hours: int = 0) -> str:
    """An instant as RFC 3339 text, in some offset."""
    shifted = at.astimezone(UTC) + timedelta(hours=offset_hours)
    sign = "+" if offset_hours >= 0 else "-"
    return f"{shifted:%Y-%m-%dT%H:%M:%S}{sign}{abs(offset_hours):02d}:00"


@st.composite
def instants(draw: Draw) -> datetime:
    """A minute of the history; one in three is a midnight, where windows have their edges."""
    at = START + timedelta(minutes=draw(minutes))
    return at.replace(hour=0, minute=0) if draw(st.integers(0, 2)) == 0 else at


@st.composite
def reschedule_infos(draw: Draw, original: datetime) -> dict[str, Any]:
    """A move of a session; the same few identities come again and again."""
    requested = original - timedelta(hours=draw(st.sampled_from([1, 23, 24, 25, 72, -2])))
    info = {
        "initiator": draw(st.sampled_from(["tutor", "student"])),
        "original_time": text_of(original, draw(st.sampled_from([0, -6, 5]))),
        "new_time": text_of(original + timedelta(days=draw(st.sampled_from([1, 3, 40])))),
    }
    if draw(st.booleans()):
        info["requested_at"] = text_of(requested)
    if draw(st.booleans()):
        info["reason"] = draw(st.sampled_from(["ill", "clash"]))
    return info


@st.composite
def session_reports(draw: Draw, session_id: str) -> list[Delivery]:
    """One to four reports of one session, with versions, without, or some of each."""
    original = draw(instants())
    versioned = draw(st.sampled_from(["all", "all", "none", "mixed"]))
    found = []
    for version in range(1, draw(st.integers(1, 4)) + 1):
        scheduled = original + timedelta(days=draw(st.sampled_from([0, 0, 0, 1, 3])))
        status = draw(
            st.sampled_from(
                ["completed"] * 6
                + ["rescheduled"] * 3
                + ["no_show"] * 2
                + ["scheduled", "cancelled", "voided"]
            )
        )
        body: dict[str, Any] = {
            "session_id": session_id,
            "tutor_id": draw(st.sampled_from([*TUTORS[:1] * 4, *TUTORS])),
            "student_id": "u-1",
            "scheduled_time": text_of(scheduled),
            "status": status,
        }
        if versioned == "all" or (versioned == "mixed" and draw(st.booleans())):
            body["version"] = version
        if status == "completed":
            ended = scheduled + timedelta(minutes=draw(st.sampled_from([0, 60, 90])))
            body["completed_time"] = text_of(ended, -6)
        if status == "rescheduled" or draw(st.integers(0, 5)) == 0:
            body["reschedule_info"] = draw(reschedule_infos(original))
        if status == "no_show" and draw(st.booleans()):
            body["no_show_party"] = draw(st.sampled_from(["tutor", "student"]))
        body |= draw(details(scheduled))
        delay = timedelta(minutes=draw(st.sampled_from([0, 5, 1_500, 100_000])))
        received = scheduled + delay + timedelta(seconds=version)
        found.append(Delivery("sessions", f"w-{session_id}-{version}", received, body))
    return found


@st.composite
def details(draw: Draw, scheduled: datetime) -> dict[str, Any]:
    """What a report may say about how the session went."""
    body: dict[str, Any] = {}
    if draw(st.booleans()):
        body["student_rating"] = draw(st.sampled_from([1, 2.9, 3, 3.5, 4, 5]))
    if draw(st.booleans()):
        body["session_number"] = draw(st.sampled_from([1, 1, 2, 9]))
    if draw(st.booleans()):
        body["learning_objectives_met"] = draw(st.booleans())
    if draw(st.booleans()):
        body["technical_issues"] = draw(st.booleans())
    match draw(st.integers(0, 3)):
        case 1:
            body["late_start_minutes"] = draw(st.sampled_from([0, 5, 5.5, 10, 11]))
        case 2:
            late = draw(st.sampled_from([-3, 0, 5, 6, 12]))
            body["actual_start"] = text_of(scheduled + timedelta(minutes=late))
    return body


@st.composite
def feedbacks(draw: Draw, sessions: Sequence[str]) -> Delivery:
    """A feedback on some session, perhaps one that nobody reported."""
    number = draw(st.integers(1, 9))
    submitted = draw(instants())
    body = {
        "feedback_id": f"f-{number}-{draw(st.integers(0, 10**6))}",
        "session_id": draw(st.sampled_from([*sessions, "s-unknown"])),
        "student_id": draw(st.sampled_from(["u-1", "u-1", "u-2"])),
        "tutor_id": draw(st.sampled_from(TUTORS)),
        "overall_rating": draw(st.sampled_from([1, 2, 3, 4, 5])),
        "submitted_at": text_of(submitted),
    }
    if draw(st.booleans()):
        body["would_recommend"] = draw(st.booleans())
    received = submitted + timedelta(minutes=draw(st.sampled_from([-3, 1, 3_000])))
    return Delivery("feedback", f"w-{body['feedback_id']}", received, body)


@st.composite
def events(draw: Draw) -> Delivery:
    """A behaviour event, some of kinds nobody knows."""
    kind, data = draw(
        st.sampled_from(
            [
                ("login", {}),
                ("message_response", {"response_minutes": 5}),
                ("message_response", {"response_minutes": 50.5}),
                ("message_response", {"response_minutes": 600}),
                ("message_response", {}),
                ("availability", {"hours_offered": 12.5}),
                ("availability", {"hours_offered": 20}),
                ("juggled", {"balls": 3}),
            ]
        )
    )
    at = draw(instants())
    number = draw(st.integers(0, 10**6))
    body = {
        "event_id": f"e-{number}",
        "tutor_id": draw(st.sampled_from(TUTORS)),
        "type": kind,
        "occurred_at": text_of(at),
        "data": data,
    }
    return Delivery("events", f"w-e-{number}", at + timedelta(minutes=1), body)


@st.composite
def histories(draw: Draw, sessions: int = 14) -> list[Delivery]:
    """A history of up to so many sessions, every id with one content, in order of receipt."""
    ids = [f"s-{number}" for number in range(draw(st.integers(1, sessions)))]
    found = [each for session_id in ids for each in draw(session_reports(session_id))]
    found += draw(st.lists(feedbacks(ids), max_size=8, unique_by=lambda each: each.webhook_id))
    found += draw(st.lists(events(), max_size=10, unique_by=lambda each: each.webhook_id))
    return sorted(found, key=lambda each: (each.received_at, each.webhook_id))


def midnights() -> list[datetime]:
    """Every midnight of a history and the week after."""
    return [START + timedelta(days=day) for day in range(DAYS + 8)]
