"""Views of a log: half-open windows, what is known when, nights, and what lies too far back."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.event import EventType
from shared.domain.log import Rating, Timeline, midnight, midnights_until
from shared.domain.session import OutcomeKind
from tests.builders import AS_OF, ago, completed, event, log, moment, move

TICK = timedelta(microseconds=1)


def test_a_session_counts_once_in_a_window_and_in_every_window_of_an_outcome() -> None:
    timeline = Timeline(log(completed(ago(1), moves=[move(ago(9)), move(ago(8))])))

    assert len(timeline.view(7, AS_OF).sessions) == 1
    assert len(timeline.view(7, ago(5)).sessions) == 1
    assert timeline.view(7, ago(5)).known == [], "how it ended is not known yet"
    assert timeline.view(7, ago(5)).of(OutcomeKind.COMPLETED) == []


@pytest.mark.parametrize(
    ("at", "seen"),
    [(AS_OF, 1), (AS_OF + TICK, 0), (ago(7), 0), (ago(7) + TICK, 1)],
    ids=["at the end", "after it", "at the start", "after it starts"],
)
def test_windows_of_events_are_half_open(at: datetime, seen: int) -> None:
    view = Timeline(log(event(EventType.LOGIN, at))).view(7, AS_OF)

    assert len(view.events(EventType.LOGIN)) == seen


def test_old_ratings_fill_up_the_last_thirty() -> None:
    told = log(completed(ago(1), 5), ratings=(Rating(ago(100), 3.0), Rating(ago(-1), 1.0)))

    assert Timeline(told).last_ratings(30, AS_OF) == [5, 3]
    assert Timeline(told).last_ratings(1, AS_OF) == [5]


def test_the_last_session_may_lie_before_the_log() -> None:
    told = log(completed(ago(-1)), last_taught_at=ago(200))

    assert Timeline(told).last_taught_at(AS_OF) == ago(200)


def test_nothing_before_90_days_is_looked_at_even_from_an_earlier_night() -> None:
    now = moment(log(completed(ago(95)), completed(ago(85))))

    assert len(now.at(ago(30)).view(69).sessions) == 1


@pytest.mark.parametrize(
    ("at", "night"),
    [
        (AS_OF, AS_OF),
        (AS_OF + TICK, AS_OF),
        (AS_OF - TICK, ago(1)),
        (datetime.fromisoformat("2026-11-19T20:00:00-06:00"), AS_OF),
    ],
    ids=["midnight", "just after", "just before", "elsewhere"],
)
def test_days_begin_at_midnight_utc(at: datetime, night: datetime) -> None:
    assert midnight(at) == night
    assert midnight(at).tzinfo is UTC


def test_a_midnight_is_the_last_of_its_nights() -> None:
    assert midnights_until(AS_OF - TICK, 2) == [ago(1), ago(2)]
    assert midnights_until(AS_OF, 2) == [AS_OF, ago(1)]
