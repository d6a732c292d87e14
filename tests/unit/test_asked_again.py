"""How often a sweep sends the hint of what waits once more."""

from datetime import timedelta

import pytest

from shared.aws.queue import is_asked_again


def asked(waits_from: timedelta, waits_to: timedelta, late: float = 0.0) -> int:
    """How many sweeps ask within that time; each comes up to so many seconds late."""
    minutes = int(waits_from / timedelta(minutes=1)), int(waits_to / timedelta(minutes=1))
    moments = (timedelta(minutes=m, seconds=late * (m % 2)) for m in range(*minutes))
    return sum(map(is_asked_again, moments))


def test_a_hint_that_was_lost_is_sent_again_each_minute_at_first() -> None:
    assert asked(timedelta(0), timedelta(minutes=3)) == 3


@pytest.mark.parametrize("late", [0.0, 5.0], ids=["on time", "every other sweep is late"])
def test_who_waits_for_an_outage_to_end_is_asked_for_every_ten_minutes(late: float) -> None:
    for hour in range(1, 24):
        begins = timedelta(hours=hour)
        assert 6 <= asked(begins, begins + timedelta(hours=1), late) <= 12


def test_what_fails_for_days_is_asked_for_once_an_hour() -> None:
    assert 24 <= asked(timedelta(days=3), timedelta(days=4)) <= 48
