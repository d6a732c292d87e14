"""A tutor leaves on the day it began: who resigned, who fell silent, and who is only away."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from shared.domain.event import BehaviourEvent
from shared.domain.log import Log
from shared.domain.session import Session
from shared.domain.tutor import TutorStatus
from shared.ml.labels import (
    Kind,
    activity_drops,
    at_work,
    departures,
    fifteenth_day,
    labels,
)
from shared.ml.ledger import DAY, Ledger, instant, microseconds
from tests.builders import AS_OF, ago, cancelled, completed, event, log, no_show, tutor

END = microseconds(AS_OF)


def left(told: Log) -> list[tuple[datetime, Kind]]:
    """When and how the tutor of a log left, as known at AS_OF."""
    found = departures(Ledger.of(told), END)
    return [(instant(at), Kind(kind)) for at, kind in zip(found.at, found.kind, strict=True)]


def taught(*days: float) -> list[Session]:
    return [completed(ago(day)) for day in days]


def leave(begin: float, end: float) -> list[BehaviourEvent]:
    return [event("leave_started", ago(begin)), event("leave_ended", ago(end))]


def test_a_silence_is_dated_by_the_last_session_before_it() -> None:
    assert left(log(*taught(40, 39, 24.9, 20, 10, 1))) == [(ago(39), Kind.SILENCE)]


@pytest.mark.parametrize(("gap", "count"), [(14.0, 0), (14.001, 1)])
def test_a_silence_has_more_than_fourteen_days(gap: float, count: int) -> None:
    assert len(left(log(*taught(30, 30 - gap, 10, 5)))) == count


def test_a_silence_that_lasts_fourteen_days_so_far_is_not_yet_known() -> None:
    assert left(log(*taught(20, 14))) == []


def test_missed_and_cancelled_sessions_do_not_break_a_silence() -> None:
    assert len(left(log(*taught(40, 10, 1), no_show(ago(25)), cancelled(ago(20))))) == 1


def test_leave_is_no_silence() -> None:
    assert left(log(*taught(40, 5, 1), *leave(38, 8))) == []


def still(told: Log, *spells: tuple[float, float]) -> Ledger:
    """The ledger of a platform that stood still from so many days ago until so many."""
    begins, ends = zip(
        *((microseconds(ago(a)), microseconds(ago(b))) for a, b in spells), strict=True
    )
    return replace(Ledger.of(told), still=(np.array(begins), np.array(ends)))


@pytest.mark.parametrize(
    ("told", "leaves"),
    [
        pytest.param(log(*taught(60, 15, 2)), [], id="back when it opened"),
        pytest.param(log(*taught(66, 14)), [], id="a few days before it and after it"),
        pytest.param(log(*taught(69, 14, 10)), [69], id="more than a fortnight in all"),
        pytest.param(log(*taught(60)), [60], id="not back since"),
        pytest.param(log(*taught(60, 1), *leave(40, 3)), [], id="on leave when it opened"),
        pytest.param(
            log(*taught(60), of=tutor(TutorStatus.RESIGNED, status_since=ago(18))),
            [18],
            id="resigned when it opened",
        ),
    ],
)
def test_who_is_silent_while_the_platform_stands_still_has_not_left(
    told: Log, leaves: list[float]
) -> None:
    found = departures(still(told, (59, 19)), END)

    assert found.at.tolist() == [microseconds(ago(day)) for day in leaves]


@pytest.mark.parametrize(
    ("spells", "back"),
    [
        pytest.param([(90, 60)], 14, id="long over"),
        pytest.param([(40, 10)], 44, id="ten days ago"),
        pytest.param([(40, 14)], 14, id="a fortnight ago"),
        pytest.param([(30, 0)], 44, id="lasting"),
        pytest.param([(60, 40), (35, 10)], 39, id="two, four days of the fortnight between"),
        pytest.param([(60, 38), (35, 10)], 61, id="two, three days between"),
    ],
)
def test_a_silence_has_its_fortnight_to_show_besides_the_days_that_stood_still(
    spells: list[tuple[float, float]], back: int
) -> None:
    told = still(log(*taught(70)), *spells)

    assert labels(told, np.array([END]), END).certain == microseconds(ago(back))


def test_nobody_is_asked_about_while_the_platform_stands_still() -> None:
    told = still(log(*taught(33, 19, 5)), (32, 20))

    asked = at_work(told, np.array([microseconds(ago(day)) for day in (33, 32, 25, 19, 1)]))

    assert asked.tolist() == [True, False, False, True, True]


def test_a_silence_that_goes_on_beyond_the_leave_is_one() -> None:
    assert left(log(*taught(60, 5, 1), *leave(58, 25))) == [(ago(60), Kind.SILENCE)]


def test_a_resignation_is_dated_by_the_day_it_was_told() -> None:
    told = log(*taught(40, 30), of=tutor(TutorStatus.RESIGNED, status_since=ago(25)))

    assert left(told) == [(ago(25), Kind.RESIGNATION)]


def test_a_deactivation_after_a_silence_adds_nothing_to_it() -> None:
    told = log(*taught(60, 50), of=tutor(TutorStatus.DEACTIVATED, status_since=ago(20)))

    assert left(told) == [(ago(50), Kind.SILENCE)]


@pytest.mark.parametrize(
    "away",
    [
        pytest.param([event("leave_started", ago(49))], id="the leave never ended"),
        pytest.param(leave(49, 22), id="the leave had just ended"),
    ],
)
def test_who_resigns_on_leave_leaves_by_resigning(away: list[BehaviourEvent]) -> None:
    told = log(*taught(60, 50), *away, of=tutor(TutorStatus.RESIGNED, status_since=ago(20)))

    assert left(told) == [(ago(20), Kind.RESIGNATION)]


@pytest.mark.parametrize("days_later", [0.5, 3, 10, 14])
def test_a_deactivation_is_dated_by_the_last_session_as_a_silence_is(days_later: float) -> None:
    """Else whoever counts the days since then would foretell what the platform does at 10."""
    since = ago(20 - days_later)
    told = log(*taught(30, 20), of=tutor(TutorStatus.DEACTIVATED, status_since=since))

    assert left(told) == [(ago(20), Kind.RESIGNATION)]


def test_of_who_is_deactivated_on_leave_the_last_session_tells_nothing() -> None:
    gone = tutor(TutorStatus.DEACTIVATED, status_since=ago(20))

    assert left(log(*taught(60, 50), *leave(49, 22), of=gone)) == [(ago(20), Kind.RESIGNATION)]


@pytest.mark.parametrize(
    ("taught_on", "found"), [(31, (ago(80), Kind.RESIGNATION)), (32, (ago(48), Kind.SILENCE))]
)
def test_who_teaches_on_long_after_a_resignation_left_with_the_last_session(
    taught_on: int, found: tuple[datetime, Kind]
) -> None:
    days = range(100, 80 - taught_on - 1, -1)
    told = log(*taught(*days), of=tutor(TutorStatus.RESIGNED, status_since=ago(80)))

    assert left(told) == [found]


def test_what_goes_on_after_a_resignation_is_no_silence_before_it() -> None:
    told = log(*taught(40, 30), of=tutor(TutorStatus.RESIGNED, status_since=ago(16)))

    assert left(told) == [(ago(16), Kind.RESIGNATION)]


def test_who_comes_back_can_leave_again() -> None:
    assert [at for at, _ in left(log(*taught(90, 60, 59, 20)))] == [ago(90), ago(59), ago(20)]


@pytest.mark.parametrize(
    ("days", "leaves"),
    [(1, False), (7, True), (30, True)],
)
def test_a_label_looks_from_now_to_the_horizon(days: int, leaves: bool) -> None:
    told = Ledger.of(log(*taught(70, 65, 60)))
    at = np.array([END - 63 * DAY])

    assert labels(told, at, END).leaves_within(days)[0] == leaves


def test_at_the_very_moment_of_the_last_session_the_silence_has_begun() -> None:
    told = Ledger.of(log(*taught(70, 60)))

    assert not labels(told, np.array([END - 60 * DAY]), END).leaves_within(30)[0]
    assert labels(told, np.array([END - 60 * DAY - 1]), END).leaves_within(1)[0]


@pytest.mark.parametrize(("back", "closed"), [(44, True), (43.99, False)])
def test_an_outcome_closes_two_weeks_after_its_horizon(back: float, closed: bool) -> None:
    found = labels(Ledger.of(log(*taught(60))), np.array([END - int(back * DAY)]), END)

    assert found.closed(30)[0] == closed


@pytest.mark.parametrize(
    ("told", "scored"),
    [
        (log(*taught(13.9)), True),
        (log(*taught(14)), False),
        (log(*taught(3), *leave(2, -5)), False),
        (log(*taught(20, 3), *leave(15, 5)), True),
        (log(*taught(3), of=tutor(TutorStatus.RESIGNED, status_since=ago(1))), False),
        (log(*taught(3), of=tutor(TutorStatus.RESIGNED, status_since=ago(-1))), True),
        (log(no_show(ago(3))), False),
    ],
    ids=["lately", "two weeks silent", "on leave", "back from leave", "gone", "going", "missed"],
)
def test_only_tutors_at_work_are_scored(told: Log, scored: bool) -> None:
    assert at_work(Ledger.of(told), np.array([END]))[0] == scored


def test_who_slows_down_to_less_than_half_has_dropped_but_not_left() -> None:
    steady = [completed(ago(21 + day)) for day in np.arange(0.5, 90, 1.0)]
    told = Ledger.of(log(*steady, *taught(18, 12, 6)))

    assert activity_drops(told, np.array([END]))[0]
    assert not len(departures(told, END).at)


def test_the_wrong_label_is_known_to_anybody_who_can_count_days() -> None:
    told = Ledger.of(log(*taught(60, 50)))
    eight_days_silent = np.array([END - 42 * DAY])

    assert fifteenth_day(told, eight_days_silent, END, 7)[0]
    assert not labels(told, eight_days_silent, END).leaves_within(7)[0]


def test_who_left_on_a_day_nobody_noted_is_asked_about_until_the_silence() -> None:
    """A date made up of the last session would take the hardest days out of every test."""
    told = log(*taught(40, 30), of=tutor(TutorStatus.RESIGNED))

    assert left(told) == [(ago(30), Kind.SILENCE)]
    assert at_work(Ledger.of(told), np.array([microseconds(ago(20))]))[0]
