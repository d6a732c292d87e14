"""Sessions merged from reports: any order, any repetition, and when an outcome became known."""

from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.session import (
    OutcomeKind,
    Party,
    Report,
    ReportOrder,
    Reschedule,
    Session,
    Status,
    logged_at,
    outcomes,
    with_feedback,
    with_report,
)
from tests.builders import (
    AS_OF,
    ago,
    booked,
    cancelled,
    completed,
    feedback,
    merged,
    move,
    no_show,
    report,
    session,
)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        pytest.param(completed(ago(1)), [("completed", ago(1))], id="completed: when it ended"),
        pytest.param(
            no_show(ago(1)), [("tutor_no_show", ago(1))], id="no-show: when it was scheduled"
        ),
        pytest.param(
            no_show(ago(1), by=Party.STUDENT),
            [("student_no_show", ago(1))],
            id="no-show of the student",
        ),
        pytest.param(
            cancelled(ago(1)), [("cancelled", ago(1))], id="cancelled: when it was scheduled"
        ),
        pytest.param(booked(ago(-1)), [], id="scheduled: none yet"),
        pytest.param(
            session(ago(1), Status.VOIDED, moves=[move(ago(2))]), [], id="voided: none at all"
        ),
        pytest.param(
            completed(ago(1), moves=[move(ago(3)), move(ago(2), Party.STUDENT)]),
            [
                ("tutor_reschedule", ago(3)),
                ("student_reschedule", ago(2)),
                ("completed", ago(1)),
            ],
            id="moved twice and completed: all three",
        ),
        pytest.param(
            booked(ago(-2), moves=[move(ago(3))]),
            [("tutor_reschedule", ago(3))],
            id="moved and booked again: the move",
        ),
    ],
)
def test_outcomes_become_known_in_time(told: Session, expected: list[tuple[str, datetime]]) -> None:
    assert [(each.kind.value, each.at) for each in outcomes(told)] == expected


@pytest.mark.parametrize(
    ("stated", "known"),
    [
        pytest.param(
            move(ago(5), original_time=ago(3), received_at=ago(1)), ago(5), id="when requested"
        ),
        pytest.param(
            move(None, original_time=ago(3), received_at=ago(4)), ago(4), id="else when received"
        ),
        pytest.param(
            move(None, original_time=ago(3), received_at=ago(1)), ago(3), id="else when due"
        ),
    ],
)
def test_a_move_is_known(stated: Reschedule, known: datetime) -> None:
    assert stated.happened_at == known


def test_later_reports_do_not_undo_a_move() -> None:
    moved_once = report("s-1", 1, Status.RESCHEDULED, ago(2), reschedule=move(ago(4)))
    told = merged(moved_once, report("s-1", 2, Status.COMPLETED, ago(1)))

    kinds = [each.kind for each in outcomes(told)]
    assert kinds == [OutcomeKind.TUTOR_RESCHEDULE, OutcomeKind.COMPLETED]


def test_an_older_report_adds_its_move_and_nothing_else() -> None:
    older = report("s-1", 1, Status.RESCHEDULED, ago(2), reschedule=move(ago(4)))
    told = merged(report("s-1", 2, Status.COMPLETED, ago(1)), older)

    assert told.snapshot is not None
    assert told.snapshot.status is Status.COMPLETED
    assert len(told.reschedules) == 1


def test_a_move_told_twice_is_one() -> None:
    twice = move(ago(4), original_time=ago(2), new_time=ago(1))
    told = merged(
        report("s-1", 1, Status.RESCHEDULED, ago(1), reschedule=twice),
        report("s-1", 2, Status.COMPLETED, ago(1), reschedule=twice),
    )

    assert len(told.reschedules) == 1


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        (ReportOrder(True, 2), ReportOrder(True, 1)),
        (ReportOrder(True, 1), ReportOrder(False, 1_800_000_000, "w-9")),
        (ReportOrder(False, 2, "w-1"), ReportOrder(False, 1, "w-2")),
        (ReportOrder(False, 1, "w-2"), ReportOrder(False, 1, "w-1")),
    ],
    ids=["higher version", "any version over none", "later receipt", "same second: webhook id"],
)
def test_the_newer_report_wins(newer: ReportOrder, older: ReportOrder) -> None:
    assert newer > older


def test_every_tutor_who_had_the_session_is_remembered() -> None:
    told = merged(
        report("s-1", 2, Status.COMPLETED, ago(1), tutor_id="t-8"),
        report("s-1", 1, Status.SCHEDULED, ago(1)),
    )

    assert (told.tutor_id, told.tutors) == ("t-8", ("t-7", "t-8"))


@st.composite
def reports(draw: st.DrawFn) -> list[Report]:
    """Reports of one session in versions, some telling of the same few moves."""
    found = []
    for version in range(1, draw(st.integers(2, 5))):
        original = ago(draw(st.integers(2, 3)))
        stated = move(
            draw(st.sampled_from([None, ago(5), ago(6)])),
            draw(st.sampled_from(list(Party))),
            original_time=original,
            new_time=original + timedelta(days=1),
            received_at=ago(draw(st.integers(0, 4))),
            order=version,
            reason=draw(st.sampled_from([None, "ill", "clash"])),
        )
        status = draw(st.sampled_from(list(Status)))
        tutor_id = draw(st.sampled_from(["t-7", "t-8"]))
        told = stated if draw(st.booleans()) else None
        found.append(report("s-1", version, status, ago(1), tutor_id=tutor_id, reschedule=told))
    return found


@given(reports())
def test_merging_is_commutative_associative_and_idempotent(told: list[Report]) -> None:
    in_order = merged(*told)

    for shuffled in permutations(told):
        assert merged(*shuffled) == in_order
    assert merged(*told, *told) == in_order
    assert merged(*told, told[0]) == in_order


def test_feedback_merges_in_any_order_and_once() -> None:
    one = feedback(5, ago(2), feedback_id="f-1")
    other = feedback(1, ago(1), feedback_id="f-2")

    there = with_feedback(with_feedback(None, one), other)
    back = with_feedback(with_feedback(with_feedback(None, other), one), other)

    assert there == back


@pytest.mark.parametrize(
    ("told", "rating"),
    [
        pytest.param(completed(ago(1)), None, id="nobody said"),
        pytest.param(completed(ago(1), 4.5), 4.5, id="the report's own"),
        pytest.param(
            completed(ago(1), 4.5, feedback=[feedback(2, ago(1))]), 2, id="feedback first"
        ),
        pytest.param(
            completed(ago(1), 4.5, feedback=[feedback(2, ago(-1))]),
            4.5,
            id="not yet known feedback",
        ),
        pytest.param(
            completed(ago(1), feedback=[feedback(2, ago(-1), received_at=ago(0))]),
            2,
            id="received, though a fast clock says later",
        ),
        pytest.param(
            completed(
                ago(1),
                feedback=[
                    feedback(1, ago(1), feedback_id="f-2"),
                    feedback(5, ago(0.5), feedback_id="f-1"),
                ],
            ),
            5,
            id="the newest of one student",
        ),
        pytest.param(
            completed(
                ago(1),
                feedback=[
                    feedback(2, ago(1), feedback_id="f-1"),
                    feedback(5, ago(1), feedback_id="f-2", student_id="u-2"),
                ],
            ),
            3.5,
            id="the mean of a group",
        ),
    ],
)
def test_a_session_is_rated(told: Session, rating: float | None) -> None:
    assert told.rating(AS_OF) == rating


@pytest.mark.parametrize(
    ("fields", "late"),
    [
        ({"late_start_minutes": 7.5}, 7.5),
        ({"late_start_minutes": 0, "actual_start": ago(0)}, 0),
        ({"scheduled_time": ago(1), "actual_start": ago(1, minutes=-6)}, 6),
        ({"scheduled_time": ago(1), "actual_start": ago(1, minutes=2)}, 0),
        ({}, None),
    ],
    ids=[
        "as reported",
        "reported before the clock",
        "by the clock",
        "early is not late",
        "unknown",
    ],
)
def test_lateness_is_known(fields: dict[str, Any], late: float | None) -> None:
    told = completed(ago(1), **fields)

    assert told.snapshot is not None
    assert told.snapshot.late_minutes == late


def test_a_session_stands_in_the_log_under_its_last_outcome_else_its_slot() -> None:
    assert logged_at(booked(ago(-3))) == ago(-3)
    assert logged_at(completed(ago(1), moves=[move(ago(4))])) == ago(1)
    assert logged_at(Session("s-1")) is None


def test_a_report_of_feedback_alone_is_no_session_yet() -> None:
    told = with_feedback(None, feedback(2, ago(1)))

    assert (outcomes(told), told.tutor_id, told.rating(AS_OF)) == ((), None, 2)
    assert with_report(told, report("s-1", 1, Status.COMPLETED, ago(1))).rating(AS_OF) == 2
