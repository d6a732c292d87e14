"""Drift: what is said to have moved, and how seldom chance is taken for it."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.domain.churn_model import FeatureDrift, Realised
from shared.ml.drift import chi_square_99, drift, health, profile, realised

type Array = NDArray[Any]

NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)


def trained(column: Array, tutor: Array | None = None) -> Any:
    rows = np.arange(len(column)) if tutor is None else tutor
    return profile(column[:, None], ["sessions_7d"], rows)


def index(before: Array, now: Array) -> FeatureDrift:
    return drift(trained(before), now[:, None], ["sessions_7d"])[0]


def test_the_index_of_a_case_by_hand() -> None:
    before = np.r_[np.zeros(5000), np.ones(5000)]
    now = np.r_[np.zeros(2000), np.ones(8000)]

    found = index(before, now)

    by_hand = (0.5 - 0.2) * np.log(0.5 / 0.2) + (0.5 - 0.8) * np.log(0.5 / 0.8)
    assert found.stability_index == pytest.approx(by_hand, rel=1e-3)
    assert found.noise == pytest.approx(2 / 10_000 * 6.635, rel=0.05)
    assert found.drifted


def test_the_same_column_has_not_moved() -> None:
    column = np.random.default_rng(1).normal(size=5000)

    assert index(column, column).stability_index == pytest.approx(0, abs=1e-6)


def test_a_move_within_chance_is_not_called_drift() -> None:
    random = np.random.default_rng(2)

    found = index(random.normal(size=40), random.normal(size=40))

    assert found.stability_index > 0.2
    assert not found.drifted


def test_a_move_that_is_sure_but_small_is_not_called_drift() -> None:
    random = np.random.default_rng(2)

    found = index(random.normal(0, 1, 200_000), random.normal(0.1, 1, 200_000))

    assert found.stability_index > found.noise
    assert not found.drifted


def test_a_column_that_becomes_unknown_has_moved() -> None:
    column = np.random.default_rng(3).normal(size=2000)
    now = np.where(np.arange(2000) < 1000, np.nan, column)

    assert index(column, now).drifted


def test_a_column_that_was_never_known_can_not_move() -> None:
    nothing = np.full(100, np.nan)

    found = index(nothing, nothing)

    assert found.stability_index == found.noise == 0
    assert not found.drifted


@pytest.mark.parametrize("value", [2.0, -2.0], ids=["upwards", "downwards"])
def test_a_constant_column_that_starts_to_vary_has_moved(value: float) -> None:
    now = np.r_[np.zeros(1000), np.full(1000, value)]

    assert index(np.zeros(2000), now).drifted
    assert not index(np.zeros(2000), np.zeros(500)).drifted


def test_a_column_of_two_values_has_two_bins() -> None:
    assert trained(np.r_[np.zeros(2000), 1.0])["sessions_7d"].edges == (0.0,)


def test_shares_add_up_and_the_last_is_of_the_unknown() -> None:
    column = np.r_[np.arange(90.0), np.full(10, np.nan)]

    found = trained(column)["sessions_7d"]

    assert sum(found.shares) == pytest.approx(1)
    assert found.shares[-1] == pytest.approx(0.1)
    assert len(found.shares) == len(found.edges) + 2


def test_many_alike_rows_of_a_tutor_are_worth_few() -> None:
    random = np.random.default_rng(4)
    tutor = np.repeat(np.arange(200), 50)
    own = np.repeat(random.normal(size=200), 50)

    alike = trained(own, tutor)["sessions_7d"].effective_rows
    apart = trained(random.normal(size=10_000), tutor)["sessions_7d"].effective_rows

    assert alike == pytest.approx(200, rel=0.1)
    assert apart > 8000


@pytest.mark.parametrize("kind", ["measure", "count", "seldom", "often unknown"])
def test_without_change_one_feature_in_a_hundred_exceeds_its_noise(kind: str) -> None:
    random = np.random.default_rng(5)
    exceeded, runs = 0, 400
    for _ in range(runs):
        before, tutor = _column(random, 150, 20, kind)
        now, _ = _column(random, 150, 1, kind)
        found = drift(trained(before, tutor), now[:, None], ["sessions_7d"])[0]
        exceeded += found.stability_index > found.noise

    assert exceeded / runs <= 0.03


def _column(random: Any, tutors: int, rows_each: int, kind: str) -> tuple[Array, Array]:
    """A column most of whose spread is between tutors, and whose rows they are."""
    own = np.repeat(random.normal(0, 0.9, tutors), rows_each)
    column = own + random.normal(0, 0.4, len(own))
    if kind == "count":
        column = random.poisson(np.exp(column)).astype(float)
    elif kind == "seldom":
        column = (column > 1.3).astype(float)
    elif kind == "often unknown":
        column[np.repeat(random.random(tutors) < 0.2, rows_each)] = np.nan
    return column, np.repeat(np.arange(tutors), rows_each)


@pytest.mark.parametrize(
    ("degrees", "expected"), [(0, 0), (1, 6.635), (2, 9.210), (5, 15.086), (10, 23.209)]
)
def test_the_quantile_of_chi_square_as_tables_have_it(degrees: int, expected: float) -> None:
    assert chi_square_99(degrees) == pytest.approx(expected, rel=0.02)


def test_features_without_a_profile_are_left_out_and_the_most_moved_comes_first() -> None:
    random = np.random.default_rng(6)
    before = random.normal(size=(3000, 2))
    now = np.column_stack([random.normal(size=500), random.normal(2, 1, 500), np.zeros(500)])

    found = drift(profile(before, ["a", "b"], np.arange(3000)), now, ["a", "b", "c"])

    assert [each.feature for each in found] == ["b", "a"]


def test_nobody_at_work_gives_no_drift() -> None:
    assert drift(trained(np.arange(10.0)), np.zeros((0, 1)), ["sessions_7d"]) == ()


def test_what_came_is_held_against_what_was_predicted() -> None:
    random = np.random.default_rng(7)
    probability = random.beta(2, 18, 5000)
    label = random.random(5000) < probability

    fair = realised(30, label, probability, np.arange(5000))
    high = realised(30, label, probability * 0.5, np.arange(5000))

    assert fair is not None
    assert high is not None
    assert fair.low <= fair.predicted <= fair.high
    assert fair.observed == pytest.approx(label.mean())
    assert high.predicted < high.low


def test_outcomes_of_four_tutors_are_too_few() -> None:
    assert realised(30, np.zeros(4), np.full(4, 0.1), np.arange(4)) is None


# fmt: off
NOTES = [
    pytest.param((), (), "There is nothing to compare the features with.", id="no features"),
    pytest.param((FeatureDrift("a", 100, 0.1, 0.2),), (),
                 "None of 1 features has moved beyond chance since training.", id="calm"),
    pytest.param((FeatureDrift("a", 100, 0.31, 0.09), FeatureDrift("b", 100, 0.1, 0.09)), (),
                 "1 of 2 features have moved beyond chance: a (0.31, chance reaches 0.09).",
                 id="one moved"),
    pytest.param((), (Realised(30, 900, 0.1, 0.15, 0.12, 0.18),),
                 "Within 30 days 15.0% left (12.0% to 18.0%) where 10.0% was predicted: "
                 "more than predicted, beyond chance.", id="more left"),
    pytest.param((), (Realised(1, 900, 0.1, 0.05, 0.03, 0.07),),
                 "Within 1 day 5.0% left (3.0% to 7.0%) where 10.0% was predicted: "
                 "fewer than predicted, beyond chance.", id="fewer left"),
    pytest.param((), (Realised(7, 900, 0.1, 0.11, 0.09, 0.13),),
                 "Within 7 days 11.0% left (9.0% to 13.0%) where 10.0% was predicted: "
                 "as predicted, within chance.", id="as predicted"),
]
# fmt: on


@pytest.mark.parametrize(("drifts", "outcomes", "expected"), NOTES)
def test_health_says_it_in_sentences(
    drifts: tuple[FeatureDrift, ...], outcomes: tuple[Realised, ...], expected: str
) -> None:
    found = health(NOW, "m-1", drifts, outcomes)

    assert found.notes[-1 if outcomes else 0] == expected
    assert (found.model_version, found.checked_at) == ("m-1", NOW)
