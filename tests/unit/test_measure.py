"""Measures of forecasts, held against cases worked by hand and against counting pairs."""

from dataclasses import astuple
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.domain.churn_score import RiskLevel
from shared.domain.evaluation import Measures
from shared.ml.bootstrap import auc_draws, draws_of, ratio_interval
from shared.ml.calibration import (
    calibration_error,
    calibration_line,
    calibration_noise,
    expit,
    logit,
    reliability,
)
from shared.ml.goal import GOALS, auc_needed, level_goals
from shared.ml.measure import (
    agreement,
    at_top,
    auc,
    average_precision,
    brier,
    lift,
    log_losses,
    measures,
    paired_difference,
    rank_correlation,
    ranking,
)

type Array = NDArray[Any]


def world(
    tutors: int = 300, rows_each: int = 10, seed: int = 1, base: float = -2.2
) -> tuple[Array, Array, Array]:
    """Labels, true probabilities and tutors: each tutor has a risk that all its rows share."""
    random = np.random.default_rng(seed)
    tutor = np.repeat(np.arange(tutors), rows_each)
    risk = np.repeat(random.normal(base, 1.0, tutors), rows_each)
    truth = expit(risk + random.normal(0, 0.5, len(tutor)))
    return (random.random(len(tutor)) < truth).astype(np.int8), truth, tutor


def by_pairs(label: Array, score: Array) -> float:
    """The AUC as it is defined: over all pairs, ties half."""
    gap = score[label == 1][:, None] - score[label == 0][None, :]
    return float(((gap > 0) + 0.5 * (gap == 0)).mean())


# fmt: off
AUC_CASES = [
    pytest.param([0, 0, 1, 1], [1, 2, 3, 4], 1.0, id="all departures on top"),
    pytest.param([1, 1, 0, 0], [1, 2, 3, 4], 0.0, id="all at the bottom"),
    pytest.param([0, 1, 0, 1], [1, 2, 3, 4], 0.75, id="one pair in four wrong"),
    pytest.param([0, 1], [5, 5], 0.5, id="a tie counts half"),
    pytest.param([0, 0, 1, 1], [7, 7, 7, 7], 0.5, id="a constant score"),
    pytest.param([1, 1], [1, 2], None, id="departures only"),
    pytest.param([0, 0], [1, 2], None, id="no departure"),
]
# fmt: on


@pytest.mark.parametrize(("label", "score", "expected"), AUC_CASES)
def test_auc(label: list[int], score: list[float], expected: float | None) -> None:
    assert auc(np.array(label), np.array(score)) == expected


@pytest.mark.parametrize("decimals", [9, 1], ids=["without ties", "with many ties"])
def test_auc_counts_pairs_also_in_resampled_worlds(decimals: int) -> None:
    label, truth, tutor = world(tutors=40)
    score = np.round(truth, decimals)
    weights = draws_of(40, draws=5, seed=3)

    drawn = auc_draws(label, score, tutor, weights)

    assert auc(label, score) == pytest.approx(by_pairs(label, score))
    for weight, value in zip(weights, drawn, strict=True):
        rows = np.repeat(np.arange(len(tutor)), weight[tutor])
        assert value == pytest.approx(by_pairs(label[rows], score[rows]))


def test_every_draw_holds_as_many_tutors_as_there_are() -> None:
    weights = draws_of(17, draws=50)

    assert weights.shape == (50, 17)
    assert set(weights.sum(axis=1)) == {17}


def test_the_interval_covers_the_true_auc_when_rows_of_a_tutor_are_alike() -> None:
    random = np.random.default_rng(5)
    covered, runs = 0, 120
    for run in range(runs):
        tutor = np.repeat(np.arange(80), 12)
        leaves = np.repeat(random.random(80) < 0.25, 12)
        score = np.repeat(random.normal(0, 1, 80), 12) + leaves + random.normal(0, 0.2, 960)
        found = ranking(leaves, score, tutor, seed=run)
        assert found.auc_low is not None
        assert found.auc_high is not None
        covered += found.auc_low <= 0.7561 <= found.auc_high  # Phi(1 / sqrt(2 * 1.04))

    assert 0.88 <= covered / runs <= 0.99  # 95 % expected; rows alone would give 40 %


# fmt: off
TOP_CASES = [
    pytest.param([1, 0, 1, 0], [4, 3, 2, 1], 0.5, (0.5, 0.5), id="one right of two"),
    pytest.param([1, 0, 0, 0], [9, 9, 9, 9], 0.5, (0.25, 0.5), id="ties are drawn by lot"),
    pytest.param([1, 0, 0], [3, 2, 1], 0.1, (1.0, 1.0), id="at least one row"),
    pytest.param([0, 0, 0], [3, 2, 1], 0.1, (None, None), id="nobody left"),
]
# fmt: on


@pytest.mark.parametrize(("label", "score", "share", "expected"), TOP_CASES)
def test_precision_and_recall_at_the_top(
    label: list[int],
    score: list[float],
    share: float,
    expected: tuple[float | None, float | None],
) -> None:
    assert at_top(np.array(label), np.array(score), share) == expected


def test_average_precision_is_stepwise() -> None:
    label, score = np.array([1, 0, 1, 0, 0]), np.array([5, 4, 3, 2, 1])

    assert average_precision(label, score) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert average_precision(label, np.ones(5)) == pytest.approx(0.4)
    assert average_precision(np.zeros(5), score) is None


def test_the_lift_table_ends_at_everybody() -> None:
    label, truth, tutor = world()

    table = lift(label, truth, tutor)

    assert table[-1].lift == pytest.approx(1)
    assert table[-1].recall == pytest.approx(1)
    assert table[0].lift > 2
    assert lift(np.zeros(9), np.arange(9), np.arange(9)) == ()


def test_brier_and_log_loss_of_a_case_by_hand() -> None:
    label, forecast = np.array([1, 0]), np.array([0.8, 0.4])

    assert brier(label, forecast) == pytest.approx((0.04 + 0.16) / 2)
    assert log_losses(label, forecast) == pytest.approx([-np.log(0.8), -np.log(0.6)])


def test_a_certain_forecast_that_is_wrong_costs_much_but_not_infinitely() -> None:
    assert log_losses(np.array([0]), np.array([1.0]))[0] == pytest.approx(13.8, abs=0.1)


def test_skill_is_over_the_base_rate_known_at_training_and_over_the_samples_own() -> None:
    label, truth, tutor = world()
    always = np.full(len(label), 0.3)

    found = measures(label, always, tutor, base_rate_train=0.3)

    assert found.brier_skill == pytest.approx(0)
    assert found.brier_skill_own is not None
    assert found.brier_skill_own < -0.1
    assert (
        measures(label, truth, tutor).brier_skill == measures(label, truth, tutor).brier_skill_own
    )


def test_calibration_error_of_a_case_by_hand() -> None:
    label = np.array([0] * 9 + [1] + [0, 1] * 5)
    forecast = np.array([0.2] * 10 + [0.5] * 10)

    assert calibration_error(label, forecast) == pytest.approx(0.5 * 0.1)
    assert calibration_error(label, forecast, equal_width=True) == pytest.approx(0.5 * 0.1)


def test_calibration_error_does_not_depend_on_the_order_of_equal_forecasts() -> None:
    label = np.r_[np.ones(50), np.zeros(50)]
    forecast = np.full(100, 0.5)

    assert calibration_error(label, forecast) == pytest.approx(0)


def test_the_noise_is_the_calibration_error_that_a_perfect_forecast_shows() -> None:
    worlds = [world(seed=seed) for seed in range(60)]

    shown = np.mean([calibration_error(label, truth) for label, truth, _ in worlds])
    told = np.mean([calibration_noise(label, truth, tutor) for label, truth, tutor in worlds])

    assert told == pytest.approx(shown, rel=0.1)


def test_a_reliability_bin_of_alike_rows_is_less_sure_than_of_as_many_independent_ones() -> None:
    label, truth, tutor = world(tutors=100, rows_each=20)
    same = np.repeat(label[::20], 20)

    alike = reliability(same, np.full(2000, 0.1), tutor=tutor)[0]
    naive = reliability(same, np.full(2000, 0.1))[0]

    assert alike.rows == naive.rows == 2000
    assert alike.low < naive.low < naive.observed < naive.high < alike.high
    assert sum(bin_.rows for bin_ in reliability(label, truth, tutor=tutor)) == 2000


@pytest.mark.parametrize(("slope", "shift"), [(1, 0), (2, 0), (0.5, 0.7), (1, -1)])
def test_the_calibration_line_undoes_what_was_done_to_the_forecast(
    slope: float, shift: float
) -> None:
    label, truth, _ = world(tutors=4000, rows_each=5, seed=7)
    forecast = expit((logit(truth) - shift) / slope)

    line = calibration_line(label, forecast)

    assert line == pytest.approx((shift, slope), abs=0.1)


def test_a_forecast_that_is_right_on_average_lies_in_the_interval_of_what_came() -> None:
    random = np.random.default_rng(5)
    tutor = np.repeat(np.arange(300), 8)
    chance = np.repeat(random.uniform(0.02, 0.2, 300), 8)
    label = (random.random(len(chance)) < chance).astype(float)

    right, doubled = (measures(label, p, tutor) for p in (chance, 2 * chance))

    assert right.observed_low is not None
    assert right.observed_high is not None
    assert right.mean_forecast is not None
    assert doubled.mean_forecast is not None
    assert doubled.observed_high is not None
    assert right.observed_low <= right.mean_forecast <= right.observed_high
    assert right.observed_low <= right.base_rate <= right.observed_high
    assert doubled.mean_forecast > doubled.observed_high


def test_the_calibration_line_is_where_the_likelihood_is_flat() -> None:
    label, truth, _ = world(tutors=50)
    line = calibration_line(label, truth)
    assert line is not None

    residual = label - expit(line[0] + line[1] * logit(truth))

    assert residual.sum() == pytest.approx(0, abs=1e-6)
    assert residual @ logit(truth) == pytest.approx(0, abs=1e-6)


# fmt: off
NO_LINE = [
    pytest.param([0, 0, 0, 0], [0.1, 0.2, 0.3, 0.4], id="nobody left"),
    pytest.param([1, 1, 1, 1], [0.1, 0.2, 0.3, 0.4], id="everybody left"),
    pytest.param([0, 1, 0, 1], [0.3, 0.3, 0.3, 0.3], id="one forecast for all"),
    pytest.param([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4], id="forecasts separate"),
    pytest.param([1, 1, 0, 0], [0.1, 0.2, 0.3, 0.4], id="forecasts separate the wrong way"),
    pytest.param([], [], id="no rows"),
]
# fmt: on


@pytest.mark.parametrize(("label", "forecast"), NO_LINE)
def test_no_calibration_line_where_none_can_be_told(
    label: list[int], forecast: list[float]
) -> None:
    assert calibration_line(np.array(label), np.array(forecast)) is None


def test_the_slopes_interval_covers_one_for_true_forecasts() -> None:
    held = 0
    for seed in range(100):
        label, truth, tutor = world(tutors=120, seed=seed)
        found = measures(label, truth, tutor)
        assert found.calibration_slope_low is not None
        assert found.calibration_slope_high is not None
        held += found.calibration_slope_low <= 1 <= found.calibration_slope_high

    assert 88 <= held <= 99


UNKNOWN_WHEN_DEGENERATE = tuple(
    name
    for name in Measures.__slots__
    if name not in ("rows", "tutors", "positives", "base_rate", "positive_tutors", "reference_rate")
)

# fmt: off
DEGENERATE = [
    pytest.param(np.zeros(100), np.arange(100), id="nobody left"),
    pytest.param(np.ones(100), np.arange(100), id="everybody left"),
    pytest.param(np.r_[np.ones(60), np.zeros(40)], np.repeat([0, 1], 50), id="two tutors"),
    pytest.param(np.r_[np.ones(4), np.zeros(96)], np.arange(100), id="four departures"),
    pytest.param(np.zeros(0), np.zeros(0), id="no rows"),
]
# fmt: on


@pytest.mark.parametrize(("label", "tutor"), DEGENERATE)
def test_too_little_to_measure_gives_nothing_rather_than_a_flattering_number(
    label: Array, tutor: Array
) -> None:
    found = measures(label, np.linspace(0.01, 0.99, len(label)), tutor)

    assert {name: getattr(found, name) for name in UNKNOWN_WHEN_DEGENERATE} == dict.fromkeys(
        UNKNOWN_WHEN_DEGENERATE
    )
    assert found.rows == len(label)
    assert found.positives == label.sum()


def test_five_tutors_who_left_are_enough() -> None:
    label = np.r_[np.ones(5), np.zeros(95)]

    assert measures(label, np.linspace(0.99, 0.01, 100), np.arange(100)).auc == 1


def test_a_constant_forecast_ranks_like_a_coin_and_has_no_slope() -> None:
    label, _, tutor = world()

    found = measures(label, np.full(len(label), label.mean()), tutor)

    assert found.auc == found.auc_low == found.auc_high == 0.5
    assert found.pr_auc == pytest.approx(found.base_rate)
    assert found.precision_at_10 == pytest.approx(found.base_rate)
    assert found.calibration_slope is None
    assert found.brier_skill == pytest.approx(0)


@pytest.mark.parametrize("wrong", [1.2, -0.1, np.nan, np.inf])
def test_what_is_no_probability_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match=r"forecast|finite"):
        measures(np.array([0, 1]), np.array([0.5, wrong]), np.array([1, 2]))


def test_a_score_is_ranked_without_being_called_a_probability() -> None:
    label, truth, tutor = world()

    found = ranking(label, 100 * truth, tutor)

    assert found.auc == measures(label, truth, tutor).auc
    assert found.brier is None
    assert found.calibration_error is None


def test_measures_are_the_same_each_time_and_for_any_names_of_tutors() -> None:
    label, truth, tutor = world()
    names = np.array([f"t-{code:05}" for code in tutor])

    assert measures(label, truth, tutor) == measures(label, truth, names)
    assert all(isinstance(value, int | float) for value in astuple(measures(label, truth, tutor)))


def test_a_mean_over_rows_has_the_interval_of_its_tutors() -> None:
    random = np.random.default_rng(2)
    tutor = np.repeat(np.arange(200), 50)
    value = np.repeat(random.normal(0, 1, 200), 50)

    found = ratio_interval(value, np.ones(len(value)), tutor)

    assert found is not None
    assert found.mean == pytest.approx(value.mean())
    assert found.high - found.low == pytest.approx(2 * 1.96 / np.sqrt(200), rel=0.12)


@pytest.mark.parametrize("loss", ["log_loss", "brier"])
def test_the_truth_beats_a_noisy_forecast_of_it(loss: Any) -> None:
    label, truth, tutor = world()
    noisy = expit(logit(truth) + np.random.default_rng(3).normal(0, 1, len(truth)))

    found = paired_difference(label, truth, noisy, tutor, loss)

    assert found is not None
    assert found.below_zero
    assert not found.above_zero


def test_the_difference_in_auc_is_told_with_its_sign() -> None:
    label, truth, tutor = world()
    noisy = expit(logit(truth) + np.random.default_rng(3).normal(0, 2, len(truth)))

    found = paired_difference(label, truth, noisy, tutor, "auc")

    assert found is not None
    assert found.above_zero
    assert found.mean == pytest.approx(by_pairs(label, truth) - by_pairs(label, noisy))


def test_equal_forecasts_differ_by_nothing() -> None:
    label, truth, tutor = world()

    found = paired_difference(label, truth, truth, tutor)

    assert found is not None
    assert (found.low, found.mean, found.high) == (0, 0, 0)
    assert not found.below_zero


def test_four_tutors_are_too_few_for_a_difference() -> None:
    tutor, label = np.repeat(np.arange(4), 5), np.tile([0, 1, 0, 0, 0], 4)
    forecast = np.linspace(0.1, 0.9, 20)

    assert paired_difference(label, forecast, forecast / 2, tutor) is None
    assert paired_difference(label, forecast, forecast / 2, tutor, "auc") is None


def test_agreement_counts_who_is_among_the_tenth_at_highest_risk() -> None:
    label = np.array([1, 1, 0, 0, 0, 0, 0, 0, 0, 0] * 2)
    probability = np.r_[0.9, 0.8, np.linspace(0.5, 0.1, 18)]
    score = np.r_[90, 10, 80, np.linspace(50, 20, 17)]

    found = agreement(label, probability, score, np.arange(20))

    assert (found.both.rows, found.both.departures) == (1, 1)
    assert (found.only_model.rows, found.only_model.departures) == (1, 1)
    assert (found.only_score.rows, found.only_score.departures) == (1, 0)
    assert found.neither.rows == 17
    assert found.neither.rate == pytest.approx(2 / 17)


def test_rank_correlation_shares_ranks_among_equals() -> None:
    assert rank_correlation(np.array([1, 2, 3]), np.array([10, 20, 30])) == pytest.approx(1)
    assert rank_correlation(np.array([1, 2, 2, 3]), np.array([1, 2, 2, 1])) == pytest.approx(0)
    assert rank_correlation(np.array([1, 1]), np.array([1, 2])) is None


def test_the_auc_a_goal_needs_by_hand() -> None:
    critical = GOALS[0]

    # 10 of 100 leave, 9 are caught by 9 / 0.7 alerts: 3.86 false ones among 90 who stay.
    assert auc_needed(critical, 0.10) == pytest.approx((1 + 0.9 - 3.857 / 90) / 2, abs=1e-4)
    assert auc_needed(critical, 0.9) == 0.5


def test_no_world_reaches_a_goal_with_less_than_the_auc_it_needs() -> None:
    for seed in range(30):
        label, truth, tutor = world(seed=seed, base=-1.0)
        found = measures(label, truth, tutor)
        for goal, held in zip(GOALS, level_goals(label, truth, found), strict=True):
            assert found.auc_high is not None
            if held.reach == "reached":
                assert found.auc_high >= auc_needed(goal, found.base_rate)


def test_goals_are_judged_at_the_scores_own_thresholds() -> None:
    label, truth, tutor = world()
    score = np.where(label == 1, 80.0, 10.0)
    score[:5] = 60.0

    critical, high, medium = level_goals(label, truth, measures(label, truth, tutor), score)

    assert critical.level == RiskLevel.CRITICAL
    assert critical.score_above == 75
    assert critical.score_precision == 1
    assert high.rows == medium.rows == (label[5:].sum() + 5)


def test_a_score_is_judged_by_the_moments_that_have_one() -> None:
    label, truth, tutor = world()
    everywhere = np.where(label == 1, 80.0, 10.0)
    half = np.where(tutor % 2, everywhere, np.nan)

    critical = level_goals(label, truth, measures(label, truth, tutor), half)[0]

    assert critical.rows == label[tutor % 2 == 1].sum()
    assert (critical.score_precision, critical.score_recall) == (1, 1)


def test_a_weak_model_at_a_low_base_rate_puts_the_critical_goal_out_of_reach() -> None:
    label, truth, tutor = world()

    critical = level_goals(label, truth, measures(label, truth, tutor))[0]

    assert critical.reach == "out_of_reach"
    assert "Not attainable by this model at this base rate" in critical.verdict
    assert critical.rows is None


def test_a_strong_model_reaches_the_goals() -> None:
    label, _, tutor = world()
    forecast = np.clip(label * 0.9 + 0.05 + 1e-3 * np.arange(len(label)) / len(label), 0, 1)

    for goal in level_goals(label, forecast, measures(label, forecast, tutor)):
        assert goal.reach == "reached"


def test_where_the_best_possible_forecast_is_known_it_decides_what_is_attainable() -> None:
    label, truth, tutor = world()
    noise = np.random.default_rng(1).random(len(label))
    found = measures(label, noise, tutor)

    reached = level_goals(label, noise, found, ceiling=label.astype(float))
    missed = level_goals(label, noise, found, ceiling=truth)

    assert {goal.reach for goal in reached} == {"missed"}
    assert missed[0].reach == "out_of_reach"
    assert "even the best possible" in missed[0].verdict


def test_the_best_possible_forecast_may_be_known_of_some_moments_alone() -> None:
    label, truth, tutor = world()
    noise = np.random.default_rng(1).random(len(label))
    found = measures(label, noise, tutor)
    weekly = np.where(np.arange(len(label)) % 7 == 0, truth, np.nan)

    critical = level_goals(label, noise, found, ceiling=weekly)[0]

    assert critical.reach == "out_of_reach"
    assert "even the best possible" in critical.verdict


def test_no_goal_is_judged_on_four_departures() -> None:
    label = np.r_[np.ones(4), np.zeros(96)]
    found = measures(label, np.linspace(0.99, 0.01, 100), np.arange(100))

    for goal in level_goals(label, np.linspace(0.99, 0.01, 100), found):
        assert goal.reach == "unknown"
        assert goal.verdict == "Too few departures to tell."
