"""The gate: each rule at its boundary, and how often chance or merit gets a model through."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.domain.churn_model import Decision
from shared.domain.evaluation import Measures
from shared.ml.calibration import expit
from shared.ml.gate import (
    Case,
    Closed,
    best,
    calibrated,
    decide,
    enough_outcomes,
    no_horizon_worse,
    no_subgroup_much_worse,
)
from shared.ml.measure import measures

type Array = NDArray[Any]

NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)
BASE, SPREAD = -2.0, 1.0


class World:
    """Closed outcomes of tutors whose log-odds of leaving are known, and forecasts of them."""

    def __init__(self, seed: int, tutors: int = 250, rows_each: int = 8) -> None:
        self.random = np.random.default_rng(seed)
        self.tutor = np.repeat(np.arange(tutors), rows_each)
        own = self.random.normal(0, SPREAD, tutors)
        self.risk = np.repeat(own, rows_each)
        self.label = (self.random.random(len(self.tutor)) < expit(BASE + self.risk)).astype(int)

    def forecast(self, error: float) -> Array:
        """A forecast that sees each tutor's risk with an error of this size, rightly doubtful."""
        mistake = self.random.normal(0, error, self.tutor.max() + 1)[self.tutor]
        believed = SPREAD**2 / (SPREAD**2 + error**2) * (self.risk + mistake)
        return expit(BASE + believed)

    def closed(self, challenger: Array, champion: Array | None, **groups: Array) -> Closed:
        return Closed(self.label, self.tutor, challenger, champion, 0.15, groups)


def case(rows: Closed, **horizons: Closed) -> Case:
    closed = {30: rows} | {int(name[1:]): other for name, other in horizons.items()}
    measured = {
        days: measures(each.label, each.challenger, each.tutor, each.base_rate)
        for days, each in closed.items()
    }
    return Case(closed, measured, seed=0)


def asked(rows: Closed, champion: str | None = "m-1") -> Decision:
    return decide({30: rows}, "m-2", champion, NOW)


def test_a_better_challenger_replaces_the_champion_and_says_why() -> None:
    world = World(seed=1)

    decision = asked(world.closed(world.forecast(0.2), world.forecast(3)))

    assert decision.promoted
    assert decision.by == "gate"
    assert decision.decided_at == NOW
    assert decision.reasons[0] == "m-2 is now in force instead of m-1."
    assert decision.reasons[1].startswith("Enough to judge by: 2,000 outcomes have closed")
    assert decision.reasons[2].startswith("Predicts better than the model in force")
    assert set(decision.evaluations[0].measures) == {"challenger", "champion"}


def test_a_worse_challenger_stays_outside_and_is_told_why() -> None:
    world = World(seed=1)

    decision = asked(world.closed(world.forecast(3), world.forecast(0.2)))

    assert not decision.promoted
    assert decision.reasons[0] == "m-1 stays in force."
    assert decision.reasons[2].startswith("Not shown to predict better")


def test_the_same_model_again_is_not_promoted() -> None:
    world = World(seed=1)
    forecast = world.forecast(0.2)

    assert not asked(world.closed(forecast, forecast)).promoted


def test_the_first_model_only_has_to_beat_the_base_rate() -> None:
    world = World(seed=2)

    decision = asked(world.closed(world.forecast(0.5), None), champion=None)

    assert decision.promoted
    assert decision.reasons[0] == "m-2 is now in force."
    assert "always saying 15.0%" in decision.reasons[2]
    assert set(decision.evaluations[0].measures) == {"challenger"}


def test_a_first_model_that_knows_nothing_is_refused() -> None:
    world = World(seed=2)
    noise = expit(BASE + world.random.normal(0, 0.3, len(world.label)))

    decision = asked(world.closed(noise, None), champion=None)

    assert not decision.promoted
    assert decision.reasons[0] == "There is still no model in force."


def test_no_outcomes_at_all_promote_nobody() -> None:
    nothing = np.zeros(0)

    decision = asked(Closed(nothing, nothing, nothing, nothing, 0.1))

    assert not decision.promoted
    assert "Too little to judge by: 0 outcomes" in decision.reasons[1]


# fmt: off
EVIDENCE = [
    pytest.param(50, 30, True, id="just enough"),
    pytest.param(49, 30, False, id="one departure short"),
    pytest.param(50, 29, False, id="one tutor short"),
    pytest.param(500, 29, False, id="many departures of few tutors"),
]
SLOPES = [
    pytest.param(0.8, True, id="lowest allowed"),
    pytest.param(0.796, True, id="printed as the lowest allowed"),
    pytest.param(0.794, False, id="too extreme"),
    pytest.param(1.25, True, id="highest allowed"),
    pytest.param(1.254, True, id="printed as the highest allowed"),
    pytest.param(1.256, False, id="too timid"),
    pytest.param(None, False, id="not identifiable"),
]
# fmt: on


def with_measures(**changed: Any) -> Case:
    world = World(seed=3, tutors=60)
    whole = case(world.closed(world.forecast(0.2), None))
    measured: Measures = replace(whole.challenger[30], **changed)
    return replace(whole, challenger={30: measured})


@pytest.mark.parametrize(("departures", "leavers", "passes"), EVIDENCE)
def test_evidence(departures: int, leavers: int, passes: bool) -> None:
    found = enough_outcomes(with_measures(positives=departures, positive_tutors=leavers))

    assert found.passed is passes
    assert f"{departures} of them departures, of {leavers} tutors" in found.sentence


@pytest.mark.parametrize(("slope", "passes"), SLOPES)
def test_calibration(slope: float | None, passes: bool) -> None:
    assert calibrated(with_measures(calibration_slope=slope)).passed is passes


def test_a_slope_is_never_refused_for_a_number_that_is_printed_as_allowed() -> None:
    found = calibrated(with_measures(calibration_slope=1.254))

    assert found.sentence.startswith("Its probabilities are calibrated: slope 1.25 ")


def test_better_ranking_with_wrong_probabilities_is_refused() -> None:
    world = World(seed=4)
    extreme = expit(BASE + 1.6 * world.risk)

    decision = asked(world.closed(extreme, expit(BASE - world.risk)))

    assert decision.reasons[2].startswith("Predicts better")
    assert any(
        reason.startswith("Its probabilities are not calibrated") for reason in decision.reasons
    )
    assert not decision.promoted


def test_a_subgroup_that_gets_much_worse_stops_a_model_that_is_better_on_the_whole() -> None:
    world = World(seed=5, tutors=600)
    subject = np.where(world.tutor % 8 == 0, "Test prep", "Maths")
    sharp, blunt = world.forecast(0.1), world.forecast(3)
    blind_there = np.where(subject == "Test prep", expit(BASE - world.risk), sharp)

    decision = asked(world.closed(blind_there, blunt, subject=subject))

    assert decision.reasons[2].startswith("Predicts better")
    assert any("subject Test prep, where log-loss" in reason for reason in decision.reasons)
    assert not decision.promoted


def test_a_subgroup_with_nine_departures_is_not_judged_alone() -> None:
    world = World(seed=6)
    few = np.zeros(len(world.label), dtype=bool)
    few[np.flatnonzero(world.label)[:9]] = True
    tenure = np.where(few, "new", "old")
    better = world.forecast(0.2)
    wrong_there = np.where(few, 0.01, better)

    found = no_subgroup_much_worse(case(world.closed(wrong_there, better, tenure=tenure)))

    assert found.passed
    assert "(1 had enough to compare)" in found.sentence


def test_a_subgroup_may_get_a_little_worse() -> None:
    world = World(seed=7, tutors=600)
    everybody = np.full(len(world.label), "all")
    good = expit(BASE + world.risk)
    little = expit(BASE + world.risk * 0.8)

    found = no_subgroup_much_worse(case(world.closed(little, good, subject=everybody)))

    assert found.passed


def test_getting_worse_at_another_horizon_stops_a_model() -> None:
    world = World(seed=8, tutors=400)
    good, bad = world.forecast(0.1), world.forecast(4)

    fine = no_horizon_worse(case(world.closed(good, bad), h90=world.closed(good, bad)))
    worse = no_horizon_worse(case(world.closed(good, bad), h90=world.closed(bad, good)))

    assert fine == replace(fine, passed=True, sentence="Not worse at 90 days.")
    assert worse == replace(worse, passed=False, sentence="Worse at 90 days, beyond chance.")


def test_a_horizon_with_too_few_departures_is_not_judged() -> None:
    world, rare = World(seed=8), World(seed=9, tutors=25)

    found = no_horizon_worse(
        case(
            world.closed(world.forecast(0.1), world.forecast(4)),
            h1=rare.closed(rare.forecast(4), rare.forecast(0.1)),
        )
    )

    assert found.passed
    assert found.sentence == "No other horizon to judge."


def test_of_equally_good_models_hardly_any_is_promoted_by_chance() -> None:
    nights = 150
    promoted = 0
    for seed in range(nights):
        world = World(seed, tutors=150)
        promoted += asked(world.closed(world.forecast(0.7), world.forecast(0.7))).promoted

    assert promoted / nights <= 0.05


def test_a_truly_better_model_is_usually_promoted() -> None:
    nights = 30
    promoted = 0
    for seed in range(nights):
        world = World(seed, tutors=400)
        promoted += asked(world.closed(world.forecast(0.3), world.forecast(1.5))).promoted

    assert promoted / nights >= 0.8


def test_the_trees_are_chosen_where_nothing_simpler_is_shown_to_be_better() -> None:
    world = World(seed=10, tutors=500)
    good = world.forecast(0.2)
    as_good = np.clip(good * 1.001, 0, 1)

    choice = best(world.label, world.tutor, {"logistic": good, "xgboost": as_good})

    assert choice.kind == "xgboost"
    assert choice.reasons[0].startswith("logistic against xgboost: a difference of ")


def test_a_simpler_model_is_chosen_where_it_does_better_beyond_chance() -> None:
    world = World(seed=11, tutors=500)

    choice = best(
        world.label,
        world.tutor,
        {"recency": world.forecast(5), "logistic": world.forecast(0), "xgboost": world.forecast(2)},
    )

    assert choice.kind == "logistic"
    assert len(choice.reasons) == 2


def test_a_choice_among_too_few_tutors_says_so() -> None:
    label, tutor = np.array([0, 1, 0]), np.array([1, 2, 3])
    right, wrong = np.array([0.1, 0.9, 0.1]), np.array([0.9, 0.1, 0.9])

    choice = best(label, tutor, {"recency": right, "xgboost": wrong})

    assert choice.kind == "xgboost"
    assert choice.reasons == (
        "recency against xgboost: too few tutors for an interval in log-loss.",
    )
