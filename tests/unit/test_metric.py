"""Every metric by a table of cases, the window's edges among them."""

from datetime import timedelta

import pytest

from shared.domain.event import BehaviourEvent, EventType
from shared.domain.metric import METRICS
from shared.domain.rate import Rate
from shared.domain.session import Party, Session, Status
from tests.builders import (
    AS_OF,
    ago,
    booked,
    cancelled,
    card,
    completed,
    event,
    feedback,
    first,
    log,
    logins,
    move,
    moved,
    no_show,
    session,
)

TICK = timedelta(microseconds=1)
Item = Session | BehaviourEvent


def knows(stars: float, day: int) -> Session:
    """A session whose student rated the tutor's knowledge of the subject."""
    said = feedback(4.0, ago(day), ratings=(("subject_knowledge", stars),))
    return completed(ago(day), feedback=[said])


def measured(name: str, *items: Item, window: str = "7d") -> object:
    """A metric's value; of rates (value, n)."""
    value = card(log(*items)).windows[window][name]
    return (value.value, value.n) if isinstance(value, Rate) else value


CASES: dict[str, list[tuple[str, list[Item], object]]] = {
    "sessions": [
        ("none", [], 0),
        ("booked", [booked(ago(-1)), booked(ago(1))], 0),
        ("voided", [session(ago(1), Status.VOIDED)], 0),
        ("moved and completed once", [completed(ago(1), moves=[move(ago(3))])], 1),
        ("of every kind",
         [completed(ago(1)), no_show(ago(1)), cancelled(ago(1)), moved(ago(1))], 4),
        ("completed later, moved before", [completed(ago(-1), moves=[move(ago(1))])], 1),
    ],
    "completed": [
        ("now", [completed(AS_OF)], 1),
        ("in the future", [completed(AS_OF + TICK)], 0),
        ("seven days ago to the tick", [completed(ago(7))], 0),
        ("a tick less ago", [completed(ago(7) + TICK)], 1),
        ("no-show", [no_show(ago(1))], 0),
    ],
    "tutor_reschedules": [
        ("by the tutor", [moved(ago(1))], 1),
        ("by the student", [moved(ago(1), Party.STUDENT)], 0),
        ("twice the same session", [completed(ago(1), moves=[move(ago(3)), move(ago(2))])], 1),
        ("outside, completed inside", [completed(ago(1), moves=[move(ago(8))])], 0),
    ],
    "student_reschedules": [
        ("by the tutor", [moved(ago(1))], 0),
        ("by the student", [moved(ago(1), Party.STUDENT)], 1),
    ],
    "tutor_no_shows": [
        ("by the tutor", [no_show(ago(1))], 1),
        ("by the student", [no_show(ago(1), Party.STUDENT)], 0),
        ("outside the window", [no_show(ago(7))], 0),
    ],
    "student_no_shows": [("by the student", [no_show(ago(1), Party.STUDENT)], 1)],
    "cancelled": [("cancelled", [cancelled(ago(1)), cancelled(ago(-1))], 1)],
    "reschedule_rate": [
        ("nothing", [], (None, 0)),
        ("one in two", [moved(ago(1)), completed(ago(1))], (0.5, 2)),
        ("the student's do not count", [moved(ago(1), Party.STUDENT)], (0, 1)),
        ("bookings do not dilute", [moved(ago(1)), booked(ago(-1))], (1, 1)),
    ],
    "no_show_rate": [
        ("one in two", [no_show(ago(1)), completed(ago(1))], (0.5, 2)),
        ("the student's do not count", [no_show(ago(1), Party.STUDENT)], (0, 1)),
    ],
    "avg_rating": [
        ("nobody rated", [completed(ago(1))], None),
        ("mean", [completed(ago(1), 5), completed(ago(1), 4), completed(ago(1))], 4.5),
        ("feedback first", [completed(ago(1), 5, feedback=[feedback(1, ago(1))])], 1),
        ("outside", [completed(ago(8), 1), completed(ago(1), 5)], 5),
    ],
    "rating_last_30": [
        ("however old", [completed(ago(80), 3)], 3),
        ("thirty", [completed(ago(40), 1), *(completed(ago(n), 5) for n in range(1, 31))], 5),
        ("thirtieth from last",
         [completed(ago(40), 1), *(completed(ago(n), 5) for n in range(1, 30))],
         (29 * 5 + 1) / 30),
    ],
    "first_session_success_rate": [
        ("nobody rated", [first(ago(1))], (None, 0)),
        ("four is success", [first(ago(1), 4)], (1, 1)),
        ("just under", [first(ago(1), 3.9)], (0, 1)),
        ("later sessions do not count", [completed(ago(1), 1, session_number=2)], (None, 0)),
    ],
    "engagement_score": [
        ("nothing", [completed(ago(1))], None),
        ("sessions' own", [completed(ago(1), engagement_score=0.5)], 0.5),
        ("five logins a week", [*logins(5 / 7, 7, 0)], 1),
        ("behaviour before the sessions' own",
         [completed(ago(1), engagement_score=0), event(EventType.SESSION_PREP, ago(1), 7.5)], 0.5),
        ("slow answers", [event(EventType.MESSAGE_RESPONSE, ago(1), 120)], 0.5),
    ],
    "learning_objectives_met_rate": [
        ("nobody said", [completed(ago(1))], (None, 0)),
        ("one of two", [completed(ago(1), learning_objectives_met=met) for met in (True, False)],
         (0.5, 2)),
    ],
    "late_start_rate": [
        ("unknown", [completed(ago(1))], (None, 0)),
        ("five is not late", [completed(ago(1), late_start_minutes=5)], (0, 1)),
        ("more than five", [completed(ago(1), late_start_minutes=5.1)], (1, 1)),
    ],
    "avg_late_minutes": [
        ("nobody late", [completed(ago(1), late_start_minutes=5)], None),
        ("of the late ones", [completed(ago(1), late_start_minutes=m) for m in (0, 10, 20)], 15),
    ],
    "response_minutes_p50": [
        ("nothing", [], None),
        ("between", [event(EventType.MESSAGE_RESPONSE, ago(1), m) for m in (10, 20)], 15),
        ("counted rows", [event(EventType.MESSAGE_RESPONSE, ago(1), 10, count=3),
                          event(EventType.MESSAGE_RESPONSE, ago(1), 50)], 10),
    ],
    "response_minutes_p95": [
        ("linear", [event(EventType.MESSAGE_RESPONSE, ago(1), m) for m in (0, 100)], 95)
    ],
    "availability_hours": [
        ("mean", [event(EventType.AVAILABILITY, ago(n), h) for n, h in ((1, 10), (2, 20))], 15)
    ],
    "availability_change": [
        ("nothing before", [event(EventType.AVAILABILITY, ago(1), 10)], None),
        ("halved", [event(EventType.AVAILABILITY, ago(1), 10),
                    event(EventType.AVAILABILITY, ago(8), 20)], -0.5),
        ("over four weeks before", [event(EventType.AVAILABILITY, ago(1), 10),
                                    event(EventType.AVAILABILITY, ago(30), 20)], None),
    ],
    "training_completion_rate": [
        ("nothing assigned", [event(EventType.TRAINING_COMPLETED, ago(1), module="a")], (None, 0)),
        ("one of two", [event(EventType.TRAINING_ASSIGNED, ago(2), module="a"),
                        event(EventType.TRAINING_ASSIGNED, ago(2), module="b"),
                        event(EventType.TRAINING_COMPLETED, ago(1), module="a")], (0.5, 2)),
    ],
    "subject_knowledge_rating": [
        ("two are too few", [knows(3, day) for day in (1, 2)], None),
        ("three", [knows(day, day) for day in (1, 2, 3)], 2),
    ],
    "technical_issue_rate": [
        ("one of two", [completed(ago(1), technical_issues=t) for t in (True, False)], (0.5, 2)),
        ("nobody said", [completed(ago(1))], (None, 0)),
    ],
    "late_notice_reschedules": [
        ("24 hours is fair", [completed(ago(1), moves=[move(ago(2), original_time=ago(1))])], 0),
        ("a minute less", [completed(ago(1), moves=[
            move(ago(2), original_time=ago(1, minutes=1))])], 1),
        ("by the student", [completed(ago(1), moves=[
            move(ago(2), Party.STUDENT, original_time=ago(1, hours=1))])], 0),
        ("nobody knows the notice", [completed(ago(1), moves=[
            move(None, original_time=ago(2), received_at=ago(1))])], 0),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "items", "expected"),
    [
        pytest.param(name, items, expected, id=f"{name}: {case}")
        for name, cases in CASES.items()
        for case, items, expected in cases
    ],
)
def test_a_metric_measures(name: str, items: list[Item], expected: object) -> None:
    assert measured(name, *items) == pytest.approx(expected)


def test_every_metric_has_cases() -> None:
    assert set(CASES) == {metric.name for metric in METRICS}


@pytest.mark.parametrize(("window", "days"), [("7d", 7), ("30d", 30), ("90d", 90)])
def test_a_window_is_half_open(window: str, days: int) -> None:
    inside, outside = completed(ago(days) + TICK), completed(ago(days))

    assert measured("completed", inside, outside, window=window) == 1
    assert measured("completed", completed(AS_OF), completed(AS_OF + TICK), window=window) == 1
