"""A tutor's log as arrays: nothing is lost, nothing is known before its time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from shared.domain.event import BehaviourEvent
from shared.domain.log import Log
from shared.domain.tutor import Tutor, TutorStatus
from shared.ml.ledger import DAY, NEVER, Ledger, instant, microseconds
from tests.builders import completed

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def event(kind: str, days: float, amount: float | None = None, count: int = 1) -> BehaviourEvent:
    return BehaviourEvent(
        event_id=f"e-{kind}-{days}",
        tutor_id="t-1",
        type=kind,
        occurred_at=MONDAY + timedelta(days=days),
        amount=amount,
        count=count,
    )


def log(*events: BehaviourEvent, tutor: Tutor | None = None) -> Log:
    return Log(tutor or Tutor("t-1"), events=events)


def test_an_instant_survives_the_way_there_and_back() -> None:
    at = datetime(2026, 3, 2, 17, 2, 3, 456789, tzinfo=UTC)

    assert instant(microseconds(at)) == at


def test_events_in_any_order_give_the_same_sums() -> None:
    told = [event("login", 1, count=3), event("login", 5), event("login", 2, count=2)]

    ledger = Ledger.of(log(*told))

    assert ledger["login"].count.tolist() == [0, 3, 5, 6]
    assert ledger["login"].at.tolist() == sorted(microseconds(e.occurred_at) for e in told)


def test_two_logins_of_a_day_make_one_day() -> None:
    ledger = Ledger.of(log(event("login", 1.2), event("login", 1.4), event("login", 2.2)))

    assert len(ledger["login_day"].at) == 2


def test_what_never_happened_is_an_empty_series() -> None:
    assert Ledger.of(log())["taught"].at.tolist() == []


@pytest.mark.parametrize(
    ("told", "away"),
    [
        ([event("leave_started", 2), event("leave_ended", 5)], [2.0, 4.9]),
        ([event("leave_started", 2), event("leave_started", 3), event("leave_ended", 5)], [2.5]),
        ([event("leave_ended", 5)], [0.0, 4.9]),
        ([event("leave_started", 2)], [2.0, 100.0]),
    ],
    ids=["there and back", "begun twice", "begin unknown", "not back yet"],
)
def test_a_leave_lasts_from_its_begin_to_its_end(
    told: list[BehaviourEvent], away: list[float]
) -> None:
    ledger = Ledger.of(log(*told))
    begin = microseconds(MONDAY)

    assert ledger.on_leave(np.array([begin + int(days * DAY) for days in away])).all()
    if told[-1].type == "leave_ended":
        assert not ledger.on_leave(np.array([begin + 5 * DAY]))[0]


def test_leave_is_counted_in_what_overlaps_it() -> None:
    ledger = Ledger.of(log(event("leave_started", 2), event("leave_ended", 5)))
    at = microseconds(MONDAY) + np.array([0, 3, 10]) * DAY

    before = ledger.leave_before(at)

    assert np.diff(before).tolist() == [DAY, 2 * DAY]


def test_a_profile_on_leave_is_a_leave_without_an_end() -> None:
    tutor = Tutor("t-1", TutorStatus.ON_LEAVE, status_since=MONDAY)

    ledger = Ledger.of(log(tutor=tutor))

    assert ledger.leave[1].tolist() == [NEVER]
    assert ledger.on_leave(np.array([microseconds(MONDAY)]))[0]


def test_a_tutor_on_leave_since_nobody_knows_when_was_away_from_the_beginning() -> None:
    ledger = Ledger.of(log(event("login", 1), tutor=Tutor("t-1", TutorStatus.ON_LEAVE)))

    assert ledger.on_leave(np.array([microseconds(MONDAY)]))[0]


def test_the_end_of_a_leave_nobody_began_changes_nothing_of_the_past() -> None:
    """Its tutor taught before it: when the leave began is not known, and not made up."""
    told = Ledger.of(replace(log(event("leave_ended", 5)), sessions=(completed(MONDAY),)))
    days = np.array([microseconds(MONDAY) + back * DAY for back in (-9, 1, 4)])

    assert not told.on_leave(days).any()


@pytest.mark.parametrize("status", [TutorStatus.RESIGNED, TutorStatus.DEACTIVATED])
def test_who_resigned_is_gone_from_that_day(status: TutorStatus) -> None:
    ledger = Ledger.of(log(tutor=Tutor("t-1", status, status_since=MONDAY)))

    assert ledger.gone_at == microseconds(MONDAY)
    assert ledger.until(microseconds(MONDAY) - 1).gone_at == NEVER
