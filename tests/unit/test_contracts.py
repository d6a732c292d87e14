"""What comes in: hostile bodies are refused by field, unknown things are let be."""

import json
from typing import Any

import pytest

from events.sample import Sample, sample, samples
from shared.contracts import InvalidError, Kind, TutorEvent, UnreadableError, accept

SESSION = sample("session_completed").body
EVENT = sample("event_message_response").body
FEEDBACK = sample("feedback_full").body
TUTOR = sample("tutor_active").body


@pytest.mark.parametrize("each", samples(), ids=lambda each: each.name)
def test_a_sample_is_taken_or_refused_as_it_says(each: Sample) -> None:
    kind = Kind(each.path.rsplit("/", 1)[-1])
    if each.status in (202, 409):
        assert accept(kind, each.text).entity_id
    elif each.status == 400:
        with pytest.raises(UnreadableError):
            accept(kind, each.text)
    else:
        with pytest.raises(InvalidError) as refused:
            accept(kind, each.text)
        assert {error.field for error in refused.value.errors} == set(each.errors)


@pytest.mark.parametrize(
    ("kind", "document", "field"),
    [
        (Kind.SESSION, SESSION | {"scheduled_time": "2026-11-20T10:00:00"}, "scheduled_time"),
        (Kind.SESSION, SESSION | {"scheduled_time": "2026-11-20 10:00:00Z"}, "scheduled_time"),
        (Kind.SESSION, SESSION | {"scheduled_time": "1999-12-31T23:59:59Z"}, "scheduled_time"),
        (Kind.SESSION, SESSION | {"scheduled_time": "2101-01-01T00:00:00Z"}, "scheduled_time"),
        (Kind.SESSION, SESSION | {"scheduled_time": "2026-02-29T10:00:00Z"}, "scheduled_time"),
        (Kind.SESSION, SESSION | {"scheduled_time": "2026-11-20T24:00:01Z"}, "scheduled_time"),
        (Kind.SESSION, SESSION | {"scheduled_time": "2026-11-20T10:00:00+25:00"}, "scheduled_time"),
        (Kind.SESSION, SESSION | {"scheduled_time": "２０２６-11-20T10:00:00Z"}, "scheduled_time"),
        (Kind.SESSION, SESSION | {"scheduled_time": {}}, "scheduled_time"),
        (Kind.SESSION, SESSION | {"session_id": "s-81\n"}, "session_id"),
        (Kind.SESSION, SESSION | {"session_id": "s-８１"}, "session_id"),
        (Kind.SESSION, SESSION | {"session_id": "s#81"}, "session_id"),
        (Kind.SESSION, SESSION | {"session_id": ["s-81"]}, "session_id"),
        (Kind.SESSION, SESSION | {"version": -1}, "version"),
        (Kind.SESSION, SESSION | {"version": 1.5}, "version"),
        (Kind.SESSION, SESSION | {"version": 10**30}, "version"),
        (Kind.SESSION, SESSION | {"version": True}, "version"),
        (Kind.SESSION, SESSION | {"status": "COMPLETED"}, "status"),
        (Kind.SESSION, SESSION | {"status": None}, "status"),
        (Kind.SESSION, SESSION | {"student_rating": 0.99}, "student_rating"),
        (Kind.SESSION, SESSION | {"student_rating": 5.01}, "student_rating"),
        (Kind.SESSION, SESSION | {"student_rating": True}, "student_rating"),
        (Kind.SESSION, SESSION | {"session_number": 0}, "session_number"),
        (Kind.SESSION, SESSION | {"engagement_score": 1.01}, "engagement_score"),
        (Kind.SESSION, SESSION | {"late_start_minutes": -1}, "late_start_minutes"),
        (Kind.SESSION, SESSION | {"learning_objectives_met": "true"}, "learning_objectives_met"),
        (Kind.SESSION, SESSION | {"no_show_party": "nobody"}, "no_show_party"),
        (Kind.EVENT, EVENT | {"type": ""}, "type"),
        (Kind.EVENT, EVENT | {"type": 7}, "type"),
        (Kind.EVENT, EVENT | {"data": []}, "data"),
        (Kind.EVENT, EVENT | {"data": {"response_minutes": -1}}, "data.response_minutes"),
        (Kind.FEEDBACK, FEEDBACK | {"overall_rating": 6}, "overall_rating"),
        (Kind.FEEDBACK, FEEDBACK | {"free_text": "x" * 501}, "free_text"),
        (Kind.FEEDBACK, FEEDBACK | {"ratings": {"patience": 0}}, "ratings.patience"),
        (Kind.TUTOR, TUTOR | {"email": "nobody"}, "email"),
        (Kind.TUTOR, TUTOR | {"status": "unknown"}, "status"),
        (Kind.TUTOR, TUTOR | {"baseline_sessions_per_week": -1}, "baseline_sessions_per_week"),
    ],
    ids=lambda each: None if isinstance(each, dict) else str(each),
)
def test_a_hostile_field_is_named(kind: Kind, document: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidError) as refused:
        accept(kind, json.dumps(document).encode())

    assert [error.field for error in refused.value.errors] == [field]


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(SESSION | {"scheduled_time": "2026-11-20t10:00:00z"}, id="lower case"),
        pytest.param(SESSION | {"scheduled_time": "2026-11-20T10:00:00-00:00"}, id="-00:00"),
        pytest.param(SESSION | {"scheduled_time": "2000-01-01T00:00:00Z"}, id="first year"),
        pytest.param(SESSION | {"scheduled_time": "2100-12-31T23:59:59Z"}, id="last year"),
        pytest.param(SESSION | {"future": {"deep": [None]}}, id="unknown field"),
        pytest.param(SESSION | {"student_rating": 5, "subject": None}, id="null is absent"),
        pytest.param(SESSION | {"reschedule_info": {"reason": "x"}}, id="incomplete move"),
    ],
)
def test_what_is_odd_but_right_is_taken(document: dict[str, Any]) -> None:
    assert accept(Kind.SESSION, json.dumps(document).encode())


@pytest.mark.parametrize("kind", ["Juggled", "video.call", "a b", "loose-rating", "x" * 64])
def test_unknown_types_of_events_are_taken_and_measure_nothing(kind: str) -> None:
    odd = EVENT | {"type": kind, "data": {"module": 7, "response_minutes": "many"}}

    taken = accept(Kind.EVENT, json.dumps(odd).encode()).message

    assert isinstance(taken, TutorEvent)
    assert (taken.event().amount, taken.event().module) == (None, None)
    assert taken.event().type != "loose-rating", "which only histories have"


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"{} {}", b"[" * 100_000, b"1" * 5_000])
def test_what_is_no_json_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableError):
        accept(Kind.SESSION, body)


@pytest.mark.parametrize(("begin", "end"), [("[", "]"), ('{"a":', "}")], ids=["lists", "objects"])
def test_a_hundred_levels_are_taken_and_no_more(begin: str, end: str) -> None:
    def nested(levels: int) -> bytes:
        inner = begin * (levels - 1) + "1" + end * (levels - 1)
        return (json.dumps(SESSION)[:-1] + f', "future": {inner}}}').encode()

    assert accept(Kind.SESSION, nested(100))
    with pytest.raises(UnreadableError, match="more than 100 levels"):
        accept(Kind.SESSION, nested(101))


@pytest.mark.parametrize(
    "same",
    [
        {"no_show_party": None},
        {"scheduled_time": "2026-11-20T10:00:00-06:00"},
        {"duration_minutes": 60.0},
    ],
    ids=["null for absent", "another offset", "a decimal point"],
)
def test_the_same_content_in_other_words_is_the_same(same: dict[str, Any]) -> None:
    said = SESSION | {"scheduled_time": "2026-11-20T16:00:00Z", "duration_minutes": 60}
    one, other = (accept(Kind.SESSION, json.dumps(d).encode()) for d in (said, said | same))

    assert one.content_hash == other.content_hash


@pytest.mark.parametrize("other", [{"duration_minutes": 61}, {"unknown": 1}], ids=str)
def test_other_content_is_other_content(other: dict[str, Any]) -> None:
    one, two = (accept(Kind.SESSION, json.dumps(d).encode()) for d in (SESSION, SESSION | other))

    assert one.content_hash != two.content_hash
