"""Nights under other thresholds: as if those had been in force all the time."""

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from shared.domain import night
from shared.domain.dry_run import Nights
from shared.domain.log import Log
from shared.domain.marketplace import Reference
from shared.domain.retelling import retold
from shared.domain.scorecard import DailyRecord
from shared.domain.threshold import THRESHOLDS, Settings, changed
from tests.builders import AS_OF, ago, completed, first, log, moved, no_show, steady

IN_FORCE = Settings()
NIGHTS = 40


def recorded(told: Log, settings: Settings = IN_FORCE) -> Sequence[DailyRecord]:
    """The nights as the nightly pass keeps them while these thresholds are in force."""
    nights = night.Nights(told, AS_OF, NIGHTS + 1, settings, Reference())
    return night.kept_nights(nights).records[1:]


def sides(told: Log, proposed: Settings) -> tuple[Nights, ...]:
    nights = Nights("t-7", recorded(told))
    return retold(nights, told, (IN_FORCE, proposed), Reference())


def eventful(seed: int) -> Log:
    """A tutor of whom everything is reported that thresholds are about, more or less good."""
    draw = random.Random(seed)
    sessions = []
    for day in range(130):
        at = ago(day + draw.uniform(0.1, 0.9))
        rating, met = min(5.0, max(1.0, round(draw.gauss(3.6, 1.2)))), draw.random() < 0.8
        ordinary = completed(at, rating, learning_objectives_met=met)
        sessions.append(
            draw.choice([ordinary, ordinary, first(at, rating), moved(at), no_show(at)])
        )
    return log(*sessions)


@pytest.mark.parametrize("name", THRESHOLDS)
@pytest.mark.parametrize("seed", range(3))
def test_they_are_what_would_have_been_recorded(name: str, seed: int) -> None:
    told, bounds = eventful(seed), THRESHOLDS[name]
    settings = changed(IN_FORCE, {name: (bounds.default + bounds.low) / 2})

    now, then = sides(told, settings)

    for found, wanted in ((now, recorded(told)), (then, recorded(told, settings))):
        first_night = replace(wanted[0], raised=(), cleared=())
        assert found.records == [first_night, *wanted[1:]]


def test_a_stricter_threshold_raises_the_flag_and_lowers_the_tier() -> None:
    told = log(*steady(130, rating=4.2))

    now, then = sides(told, changed(IN_FORCE, {"rating_last_30": 4.5}))

    assert not any("low_rating" in record.flags for record in now.records)
    assert all("low_rating" in record.confirmed for record in then.records)
    assert {record.tier for record in now.records} != {record.tier for record in then.records}


def test_nothing_else_moves() -> None:
    told = eventful(1)

    now, then = sides(told, changed(IN_FORCE, {"no_show_rate": 0.3}))

    for one, other in zip(now.records, then.records, strict=True):
        assert one.churn_score == other.churn_score
        assert set(one.flags) ^ set(other.flags) <= {"high_no_show_rate"}


def test_a_threshold_that_stays_leaves_its_flag_as_it_is_on_record() -> None:
    told = eventful(2)
    told_so = [replace(record, flags=("low_rating",)) for record in recorded(told)]

    (now, _) = retold(
        Nights("t-7", told_so),
        told,
        (IN_FORCE, changed(IN_FORCE, {"no_show_rate": 0.3})),
        Reference(),
    )

    assert all("low_rating" in record.flags for record in now.records)
