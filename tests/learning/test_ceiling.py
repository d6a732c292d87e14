"""Held against the best that any honest model can do, and against a world with nothing to know."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from events.world.ceiling import ceiling
from events.world.history import simulate, write_history
from events.world.world import World
from shared.domain.evaluation import HEADLINE, HORIZONS, Measures
from shared.history import read_past
from shared.ml.ledger import Ledger, instant, microseconds
from shared.ml.measure import measures, paired_difference
from shared.ml.model import ChurnModel
from shared.ml.sample import Sample, sample
from shared.ml.train import train
from tests.learning.conftest import END

UNTIL = END - timedelta(days=81)
MOMENTS = [UNTIL + timedelta(days=day) for day in range(1, 38, 4)]
CLOSED = (1, 7, HEADLINE)


@dataclass(frozen=True, slots=True)
class Tried:
    """A model and the rows it is tried on, all of their outcomes closed up to 30 days."""

    model: ChurnModel
    rows: Sample

    def forecast(self, days: int) -> np.ndarray:
        """Probabilities of the model in force."""
        return self.model.probabilities(self.rows.matrix)[:, HORIZONS.index(days)]

    def measured(self, days: int) -> Measures:
        """The forecast on rows after training."""
        return measures(self.rows.label(days), self.forecast(days), self.rows.tutor)


def tried(world: World, seed: int, folder: Path, moments: Sequence[datetime]) -> Tried:
    """Learn what was known at UNTIL; rows at the moments after it."""
    write_history(simulate(world, seed, END), folder)
    ledgers = {name: Ledger.of(log) for name, log in read_past(folder).logs().items()}
    model = train(ledgers, UNTIL, threads=1, trained_at=END)
    at = np.array([microseconds(moment) for moment in moments])
    rows = sample(ledgers, at, model.space, microseconds(END))
    return Tried(model, rows.take(rows.closed(HEADLINE)))


CITY = World("city", tutors=400, days=180)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Tried:
    return tried(CITY, 3, tmp_path_factory.mktemp("city"), MOMENTS)


@pytest.fixture(scope="module")
def best(city: Tried) -> np.ndarray:
    """The ceiling's probabilities of each of the city's rows, by horizon."""
    known = ceiling(simulate(CITY, 3, END), MOMENTS, CLOSED).by_tutor_and_moment()
    rows = city.rows
    names = (rows.names[tutor] for tutor in rows.tutor)
    return np.array([known[name, instant(at)] for name, at in zip(names, rows.at, strict=True)])


@pytest.mark.parametrize("days", CLOSED)
def test_the_model_does_not_know_more_than_can_be_known(
    city: Tried, best: np.ndarray, days: int
) -> None:
    rows, model = city.rows, city.measured(days)
    ceilings = measures(rows.label(days), best[:, HORIZONS.index(days)].clip(0, 1), rows.tutor)
    assert ceilings.auc is not None
    assert ceilings.auc_se is not None
    assert model.auc is not None

    assert model.auc <= ceilings.auc + 2 * ceilings.auc_se


@pytest.mark.parametrize("days", CLOSED)
def test_the_model_knows_nearly_as_much_as_can_be_known(
    city: Tried, best: np.ndarray, days: int
) -> None:
    rows, ceilings = city.rows, best[:, HORIZONS.index(days)]

    gap = paired_difference(rows.label(days), city.forecast(days), ceilings, rows.tutor, "auc")

    assert gap is not None
    assert gap.low <= 0, gap
    assert gap.mean >= -0.05, gap


def test_the_model_means_what_it_says(city: Tried) -> None:
    found = city.measured(HEADLINE)
    assert found.calibration_error is not None
    assert found.calibration_noise is not None
    assert found.brier_skill is not None

    assert found.calibration_error <= 0.03 + found.calibration_noise
    assert found.brier_skill > 0.1


def test_where_nothing_can_be_known_nothing_is(tmp_path: Path) -> None:
    fog = tried(World("fog", tutors=150, signal=False), 4, tmp_path, MOMENTS)
    found = fog.measured(HEADLINE)
    assert found.auc is not None
    assert found.auc_se is not None

    assert abs(found.auc - 0.5) <= 3 * found.auc_se
