"""How bold a model may be, and at what level, shrunk by how few tutors speak for it."""

import numpy as np
import pytest

from shared.ml import logistic
from shared.ml.calibration import expit
from shared.ml.features import Floats
from shared.ml.ledger import DAY, Ints
from shared.ml.platt import calibrated, levelled, slope_of, stretched


def left(margin: Floats, seed: int = 1) -> Floats:
    """Who left, where these are the true log-odds."""
    return (np.random.default_rng(seed).random(len(margin)) < expit(margin)).astype(float)


def truth(rows: int) -> Floats:
    return np.random.default_rng(7).normal(-1.0, 1.5, rows)


def test_a_timid_model_is_made_bolder_the_more_tutors_say_so() -> None:
    """Its log-odds are half as far from their mean as the truth: a slope of 2 is right."""
    margin, label = stretched(truth(8_000), 0.5), left(truth(8_000))

    by_few, by_many = (slope_of(margin, label, np.arange(8_000) % tutors) for tutors in (20, 4_000))

    assert 1.0 < by_few < 1.4
    assert by_many == pytest.approx(2.0, abs=0.1)


def test_a_bold_model_is_made_timid() -> None:
    slope = slope_of(stretched(truth(8_000), 2.0), left(truth(8_000)), np.arange(8_000))

    assert slope == pytest.approx(0.5, abs=0.05)


def test_a_model_stays_as_it_is_where_other_tutors_gain_nothing() -> None:
    """Those of even number speak for twice as bold, those of odd number for half."""
    tutor, margin = np.arange(2_000), truth(2_000)
    label = left(np.where(tutor % 2 == 0, 2.0, 0.5) * margin)

    assert slope_of(margin, label, tutor) == 1.0


def test_one_tutor_alone_says_next_to_nothing() -> None:
    slope = slope_of(stretched(truth(500), 0.5), left(truth(500)), np.zeros(500, np.int64))

    assert slope == pytest.approx(1.0, abs=0.1)


def test_a_level_is_that_of_what_came() -> None:
    margin = truth(2_000)

    moved = levelled(margin - 1.5, left(margin))

    assert expit(moved).mean() == pytest.approx(left(margin).mean(), abs=1e-6)
    assert np.ptp(moved - margin) == pytest.approx(0)


def test_stretching_keeps_the_mean_log_odds() -> None:
    margin = truth(50)

    assert stretched(margin, 2.0).mean() == pytest.approx(margin.mean())
    assert np.ptp(stretched(margin, 2.0)) == pytest.approx(2 * np.ptp(margin))


@pytest.mark.parametrize("slope", [0.5, 1.0, 2.0])
def test_a_stretched_model_forecasts_on_average_what_came(slope: float) -> None:
    forecast, label = _served(np.full(4_000, -2.0), days=300, slope=slope)

    assert forecast.mean() == pytest.approx(label.mean(), abs=1e-3)


def test_the_level_is_that_of_the_newest_year() -> None:
    """Of three years' rows the last third left three times as often."""
    forecast, label = _served(np.repeat([-2.2, -2.2, -1.0], 1_333), days=1_095)

    assert label[-1_333:].mean() == pytest.approx(0.27, abs=0.05)
    assert forecast.mean() == pytest.approx(label[-1_333:].mean(), abs=0.02)


def test_few_tutors_move_the_level_less() -> None:
    odds = np.repeat([-2.2, -2.2, -1.0], 1_333)

    by_few, _ = _served(odds, days=1_095, tutors=10)
    by_many, _ = _served(odds, days=1_095)

    assert by_few.mean() < by_many.mean() - 0.02


def _served(
    odds: Floats, *, days: int, slope: float = 1.0, tutors: int = 2_000
) -> tuple[Floats, Floats]:
    """A regression on noise, fitted to rows over so many days: what it forecasts, what came."""
    rows = len(odds)
    matrix = np.random.default_rng(2).normal(size=(rows, 1)).astype(np.float32)
    label = left(odds)
    at: Ints = np.linspace(0, days * DAY, rows).astype(np.int64)
    model = logistic.fit(matrix, label, 0.1)
    served = calibrated(model, matrix, label, at, np.arange(rows) % tutors, slope)
    return expit(served.margin(matrix)), label
