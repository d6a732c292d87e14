"""A night's learning is decided by outcomes that the challenger never saw."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from events.world.ceiling import ceiling
from events.world.history import simulate
from shared.domain.churn_model import Decision
from shared.domain.evaluation import HEADLINE
from shared.ml.ceiling import Ceiling
from shared.ml.labels import SILENCE_DAYS
from shared.ml.ledger import microseconds
from shared.ml.model import versioned
from shared.ml.nightly import (
    DAYS_BETWEEN,
    TEST_DAYS,
    InForce,
    Night,
    decided,
    evaluations,
    health_of,
    judging,
    nightly,
    rows_to_judge,
)
from shared.ml.sample import sample
from tests.learning.conftest import END, SEED, TOWN, Town

TWO_O_CLOCK = END + timedelta(hours=2)


CLOSING = (1, 7, 30)


@pytest.fixture(scope="module")
def best() -> Ceiling:
    """The town's ceiling where it judges the night's challenger."""
    known = ceiling(simulate(TOWN, SEED, END), judging(TWO_O_CLOCK), CLOSING)
    return {
        (name, microseconds(at), days): chance
        for (name, at), chances in known.by_tutor_and_moment().items()
        for days, chance in zip(CLOSING, chances.tolist(), strict=True)
    }


@pytest.fixture(scope="module")
def night(town: Town, best: Ceiling) -> Night:
    return nightly(town.logs, None, TWO_O_CLOCK, ceiling=best, threads=1)


def test_the_challenger_was_trained_before_what_tests_it(night: Night) -> None:
    assert night.challenger is not None

    tested_from = END - timedelta(days=HEADLINE + SILENCE_DAYS + TEST_DAYS)
    assert night.challenger.manifest.train_until == tested_from


def test_the_challenger_is_reported_beside_regression_and_recency(night: Night) -> None:
    assert night.challenger is not None

    evaluations = {e.horizon_days: e for e in night.challenger.manifest.evaluations}
    assert {"promoted", "xgboost", "logistic", "recency"} <= set(evaluations[30].measures)
    assert evaluations[30].reliability


def test_the_best_possible_forecast_stands_beside_it_over_the_same_rows(night: Night) -> None:
    assert night.challenger is not None

    found = night.challenger.manifest.evaluations
    assert [each.horizon_days for each in found] == list(CLOSING)
    for each in found:
        assert each.measures["ceiling"].rows == each.measures["promoted"].rows
    month = found[-1].measures
    assert month["ceiling"].auc is not None
    assert month["ceiling"].auc_se is not None
    assert month["promoted"].auc is not None
    assert month["ceiling"].auc > 0.6
    assert month["promoted"].auc <= month["ceiling"].auc + 2 * month["ceiling"].auc_se


def test_a_ceiling_that_misses_a_row_is_left_out(town: Town, night: Night, best: Ceiling) -> None:
    assert night.challenger is not None
    at = np.array([microseconds(moment) for moment in judging(TWO_O_CLOCK)])
    tested = sample(town.ledgers, at, night.challenger.space, microseconds(END))
    row = (tested.names[tested.tutor[0]], int(tested.at[0]), HEADLINE)

    found = evaluations(night.challenger, tested, {key: best[key] for key in best.keys() - {row}})

    assert ["ceiling" in each.measures for each in found] == [True, True, False]


def test_the_decision_says_in_sentences_why(night: Night) -> None:
    assert night.challenger is not None
    assert night.decision.challenger == night.challenger.manifest.version
    assert len(night.decision.reasons) >= 3
    assert all(reason.endswith(".") for reason in night.decision.reasons)


def test_the_version_is_that_of_the_evaluated_model(night: Night) -> None:
    model = night.challenger

    assert model is not None
    assert versioned(model).manifest == model.manifest


def meet(town: Town, night: Night, champion: InForce, copies: int = 1) -> Decision:
    """What comes of it when the night's challenger meets a champion in so many equal towns."""
    assert night.challenger is not None
    towns = {f"{each}-{name}": one for each in range(copies) for name, one in town.ledgers.items()}
    tested = rows_to_judge(towns, night.challenger, END)
    return decided(towns, night.challenger, champion, tested, TWO_O_CLOCK)


def test_a_champion_serves_a_week_before_it_is_challenged(town: Town, night: Night) -> None:
    found = meet(town, night, InForce(town.model, TWO_O_CLOCK - timedelta(days=2)))

    assert not found.promoted
    (why,) = found.reasons
    assert "put there or judged 2 days ago" in why
    assert f"after {DAYS_BETWEEN} at the earliest" in why


def test_a_model_trained_long_ago_but_put_in_force_now_serves_a_week_too(
    town: Town, night: Night
) -> None:
    """A rollback is not undone the night after."""
    old = replace(town.model.manifest, trained_at=END - timedelta(days=300))
    champion = InForce(replace(town.model, manifest=old), TWO_O_CLOCK - timedelta(hours=9))

    found = meet(town, night, champion)

    assert not found.promoted
    assert "at the earliest" in found.reasons[0]


def test_outcomes_that_have_judged_before_do_not_judge_again_alone(
    town: Town, night: Night
) -> None:
    found = meet(town, night, InForce(town.model, TWO_O_CLOCK - timedelta(days=DAYS_BETWEEN)))

    (why,) = found.reasons
    assert "put there or judged 7 days ago, and " in why
    assert "have left for certain since (30 are needed to judge anew)" in why


def test_a_model_that_learned_from_the_newest_outcomes_is_not_judged_by_them(
    town: Town, night: Night
) -> None:
    knowing = replace(town.model, manifest=replace(town.model.manifest, train_until=END))

    (why,) = meet(town, night, InForce(knowing, END - timedelta(days=60))).reasons
    health = health_of(town.ledgers, knowing, END, TWO_O_CLOCK)

    assert "and 0 tutors that it did not learn from" in why
    assert health.realised == ()
    assert "No outcome has closed yet that it did not learn from." in health.notes


def test_a_challenger_no_better_than_the_champion_is_not_let_in(town: Town, night: Night) -> None:
    assert night.challenger is not None
    equal = InForce(night.challenger, END - timedelta(days=30))

    found = meet(town, night, equal, copies=3)

    assert found.champion == night.challenger.manifest.version
    assert not found.promoted
    assert any("log-loss" in reason or "can not be told" in reason for reason in found.reasons)


def test_health_holds_predictions_against_what_came(town: Town) -> None:
    health = health_of(town.ledgers, town.model, END, TWO_O_CLOCK)

    assert health.model_version == town.model.manifest.version
    realised = {each.horizon_days: each for each in health.realised}
    assert realised[30].rows > 500
    assert 0 < realised[30].low <= realised[30].observed <= realised[30].high
    assert {each.feature for each in health.drift} <= set(town.model.manifest.features)


def test_a_young_platform_has_no_model_and_is_told_why(town: Town) -> None:
    young = END - timedelta(days=100)

    found = nightly(town.logs, None, young, threads=1)

    assert found.challenger is None
    assert found.health is None
    assert found.decision.reasons[0].startswith("Nothing was trained: ")
