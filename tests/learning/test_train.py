"""Training learns from what was known, and from nothing that came later."""

from datetime import timedelta

import numpy as np
import pytest

from shared.domain.evaluation import HORIZONS
from shared.ml.labels import SILENCE_DAYS
from shared.ml.ledger import DAY, microseconds
from shared.ml.model import pack
from shared.ml.train import (
    CALENDAR,
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

    again = train(cut, UNTIL, threads=2, trained_at=END)

    assert pack(again) == pack(town.model)


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


@pytest.mark.parametrize("days", [5, 25])
def test_too_short_a_history_is_refused(town: Town, days: int) -> None:
    first = END - timedelta(days=180)

    with pytest.raises(TrainingError, match="too"):
        train(town.ledgers, first + timedelta(days=days), threads=1, trained_at=END)


def test_nobody_to_learn_from_is_refused() -> None:
    with pytest.raises(TrainingError, match="too short"):
        train({}, UNTIL, threads=1, trained_at=END)


def test_nothing_is_weighted_or_resampled(town: Town) -> None:
    """So the mean forecast on the rows that were learnt from is the share that left."""
    rows = training_sample(town.ledgers, microseconds(UNTIL))
    closed = rows.take(rows.closed(7))

    forecast = town.model.probabilities(closed.matrix)[:, 1]

    assert np.isclose(forecast.mean(), closed.label(7).mean(), rtol=0.1)
