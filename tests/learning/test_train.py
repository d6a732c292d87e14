"""Training learns from what was known, and from nothing that came later."""

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from shared.domain.evaluation import HORIZONS
from shared.domain.session import Session
from shared.ml.labels import SILENCE_DAYS
from shared.ml.ledger import DAY, Ledger, microseconds
from shared.ml.model import pack
from shared.ml.train import (
    CALENDAR,
    Slices,
    TrainingError,
    _by_time,
    _by_tutor,
    informative,
    train,
    training_sample,
)
from tests.learning.conftest import END, UNTIL, Town


def test_what_came_after_changes_nothing(town: Town) -> None:
    """Not one bit of any file: nothing of the future is looked at."""
    cut = {name: ledger.until(microseconds(UNTIL)) for name, ledger in town.ledgers.items()}

    again = train(cut, UNTIL, threads=1, trained_at=END)

    assert pack(again) == pack(town.model)


def test_a_time_when_the_platform_stood_still_is_no_mass_departure(town: Town) -> None:
    begin, end = UNTIL - timedelta(days=75), UNTIL - timedelta(days=55)
    ledgers = {
        name: Ledger.of(
            replace(log, sessions=tuple(s for s in log.sessions if not held(s, begin, end)))
        )
        for name, log in town.logs.items()
    }

    found = train(ledgers, UNTIL, threads=1, trained_at=END).manifest

    usual = town.model.manifest
    assert found.rows < usual.rows
    assert found.base_rates[30] < 1.2 * usual.base_rates[30]
    assert any("Hardly anybody taught from" in note for note in found.notes)
    assert not any("Hardly anybody taught from" in note for note in usual.notes)


def held(session: Session, begin: datetime, end: datetime) -> bool:
    return session.snapshot is not None and begin <= session.snapshot.scheduled_time < end


def test_no_outcome_is_learnt_before_it_is_known(town: Town) -> None:
    rows = training_sample(town.ledgers, microseconds(UNTIL))

    for days in HORIZONS:
        last = rows.at[rows.at_risk(0, days)].max(initial=0)
        assert last + (days + SILENCE_DAYS) * DAY <= microseconds(UNTIL)


@pytest.mark.parametrize("days", [1, 7])
def test_slices_in_time_share_no_outcome(town: Town, days: int) -> None:
    rows = training_sample(town.ledgers, microseconds(END))
    rows = rows.take(rows.at_risk(0, days))

    slices = _by_time(rows, days)

    purge = (days + SILENCE_DAYS) * DAY
    assert rows.at[slices.fit].max() + purge <= rows.at[slices.validation].min()
    assert rows.at[slices.validation].max() + purge <= rows.at[slices.calibration].min()


def test_slices_of_tutors_share_no_tutor(town: Town) -> None:
    rows = training_sample(town.ledgers, microseconds(UNTIL))

    slices = _by_tutor(rows)

    parts = [set(rows.tutor[part]) for part in (slices.fit, slices.validation, slices.calibration)]
    assert sum(map(len, parts)) == len(set.union(*parts))


def test_what_tells_the_date_more_than_the_tutor_is_left_out(town: Town) -> None:
    rows = training_sample(town.ledgers, microseconds(UNTIL))
    names = [rows.space.features[column].name for column in informative(rows)]

    assert "sessions_per_week_28d" in names
    assert not {"month", "holiday_season", "seen_days"} & set(names)


def test_the_manifest_says_what_the_model_is_made_of(town: Town) -> None:
    manifest = town.model.manifest

    assert set(manifest.kind) == set(HORIZONS)
    assert manifest.train_until == UNTIL
    assert manifest.rows > 1_000
    assert set(manifest.base_rates) <= set(HORIZONS)
    assert list(manifest.base_rates.values()) == sorted(manifest.base_rates.values())
    assert not set(CALENDAR) & set(manifest.profile)
    assert any("is in force" in note for note in manifest.notes)


# fmt: off
LEAVERS = [
    pytest.param((4, 3, 3), True, id="just enough"),
    pytest.param((3, 3, 3), False, id="one tutor short of ten"),
    pytest.param((8, 2, 3), False, id="too few in a slice"),
    pytest.param((1, 1, 1), False, id="many departures of one tutor each"),
]
# fmt: on


@pytest.mark.parametrize(("leavers", "learns"), LEAVERS)
def test_rows_of_a_tutor_are_one_example(leavers: tuple[int, int, int], learns: bool) -> None:
    """Each slice has 24 rows that left and 24 that stayed, whoever's they are."""
    label, of = np.tile(np.repeat([1.0, 0.0], 24), 3), np.repeat([0, 1, 2], 48)
    tutor = 100 * of + np.tile(np.arange(24), 6) % np.array(leavers)[of]

    slices = Slices(of == 0, of == 1, of == 2, "")

    assert slices.enough(label, tutor) is learns


# fmt: off
TOO_SHORT = [
    pytest.param(5, "the history is too short: nobody's outcome is known", id="no outcome yet"),
    pytest.param(25, "6 tutors are known to have left before 2026-06-19; at least 10 are needed to "
                     "learn from, 3 in each of three slices", id="too few left"),
]
# fmt: on


@pytest.mark.parametrize(("days", "why"), TOO_SHORT)
def test_too_short_a_history_is_refused(town: Town, days: int, why: str) -> None:
    first = END - timedelta(days=180)

    with pytest.raises(TrainingError) as refused:
        train(town.ledgers, first + timedelta(days=days), threads=1, trained_at=END)

    assert str(refused.value) == why


def test_nobody_to_learn_from_is_refused() -> None:
    with pytest.raises(TrainingError, match="too short"):
        train({}, UNTIL, threads=1, trained_at=END)


def test_a_horizon_that_could_not_be_learned_says_whose_pace_it_has(town: Town) -> None:
    """The first stage has none before it, the last none after."""
    early = END - timedelta(days=75)

    notes = train(town.ledgers, early, threads=1, trained_at=END).manifest.notes

    told = {note.split(":")[0]: note.split("; ")[-1] for note in notes if "too few" in note}
    assert told == {
        "1 day": "it has the pace of the first longer one learned",
        "90 days": "it has the pace up to 30 days",
    }


def test_nothing_is_weighted_or_resampled(town: Town) -> None:
    """So the mean forecast on the rows that were learnt from is the share that left."""
    rows = training_sample(town.ledgers, microseconds(UNTIL))
    closed = rows.take(rows.closed(7))

    forecast = town.model.probabilities(closed.matrix)[:, 1]

    assert np.isclose(forecast.mean(), closed.label(7).mean(), rtol=0.1)


def test_a_profile_emptied_when_its_tutor_left_is_not_learned_from(town: Town) -> None:
    """Else the model knows all leavers of the past by it, and nobody who is going to leave."""
    emptied = {
        name: replace(ledger, onboarded=None) if ledger.gone_at <= microseconds(END) else ledger
        for name, ledger in town.ledgers.items()
    }

    manifest = train(emptied, UNTIL, threads=1, trained_at=END).manifest

    assert {"tenure_days", "is_new"}.isdisjoint(manifest.features)
    assert "onboarded" not in manifest.reported
    assert manifest.notes[0].startswith("Left out: onboarding date")
