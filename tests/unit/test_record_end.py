"""Times at which a whole platform stood still."""

from datetime import timedelta

import pytest

from shared.ml.ledger import DAY, Ledger, instant, microseconds
from shared.ml.record_end import closures
from tests.builders import AS_OF, ago, completed, log


def platform(*away: int) -> dict[str, Ledger]:
    """Five tutors teaching daily for 100 days, but for the days given, counted back."""
    days = [day for day in range(100) if day not in away]
    told = Ledger.of(log(*(completed(ago(day), session_id=f"s-{day}") for day in days)))
    return {f"t-{number}": told for number in range(5)}


@pytest.mark.parametrize(("length", "closed"), [(7, False), (8, True), (21, True)])
def test_a_closure_is_longer_than_a_week(length: int, closed: bool) -> None:
    away = range(40, 40 + length)

    found = closures(platform(*away), microseconds(AS_OF))

    told = [tuple(instant(day * DAY).date() for day in run) for run in found]
    spell = (AS_OF - timedelta(days=39 + length)).date(), (AS_OF - timedelta(days=40)).date()
    assert told == ([spell] if closed else [])


def test_nobody_taught_at_all() -> None:
    assert closures({}, microseconds(AS_OF)) == []
