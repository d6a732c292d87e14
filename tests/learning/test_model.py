"""A churn model: chances that rise with the horizon, reasons that add up, files one can trust."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from shared.domain.evaluation import HEADLINE, HORIZONS
from shared.domain.log import Log
from shared.domain.session import logged_at
from shared.ml.features import FEATURE_DAYS, features
from shared.ml.ledger import Ledger, microseconds
from shared.ml.model import MANIFEST, STAGES, ModelError, Stage, pack, unpack, versioned
from shared.ml.predict import predict
from shared.ml.sample import Sample, midnights, sample
from tests.learning.conftest import END, UNTIL, Town


@pytest.fixture(scope="module")
def rows(town: Town) -> Sample:
    moments = midnights(microseconds(UNTIL), microseconds(END), 5)
    return sample(town.ledgers, moments, town.model.space, microseconds(END))


def test_the_chance_to_leave_rises_with_the_horizon(town: Town, rows: Sample) -> None:
    chances = town.model.probabilities(rows.matrix)

    assert ((chances >= 0) & (chances <= 1)).all()
    assert (np.diff(chances, axis=1) >= 0).all()


@pytest.mark.parametrize("kind", ["xgboost", "logistic", "recency"])
def test_each_sort_of_model_is_such_a_chain(town: Town, rows: Sample, kind: str) -> None:
    chances = town.model.probabilities(rows.matrix, kind)  # type: ignore[arg-type]

    assert (np.diff(chances, axis=1) >= 0).all()
    assert chances[:, -1].std() > 0


def test_a_stage_without_outcomes_goes_on_at_the_pace_of_those_before(
    town: Town, rows: Sample
) -> None:
    *known, last = town.model.stages
    model = replace(town.model, stages=(*known, Stage(last.after, last.days, None, {})))

    chances = model.probabilities(rows.matrix)

    assert np.allclose(1 - chances[:, 3], (1 - chances[:, 2]) ** 3)


def test_first_stages_without_outcomes_share_the_pace_of_the_one_after(
    town: Town, rows: Sample
) -> None:
    _, week, *later = town.model.stages
    stages = (Stage(0, 1, None, {}), replace(week, after=0), *later)
    model = replace(town.model, stages=stages)

    chances = model.probabilities(rows.matrix)

    assert np.allclose((1 - chances[:, 0]) ** 7, 1 - chances[:, 1])
    assert (np.diff(chances, axis=1) >= 0).all()


@pytest.mark.parametrize("days", HORIZONS)
def test_what_pushes_a_tutor_adds_up_to_the_log_odds_of_leaving(
    town: Town, rows: Sample, days: int
) -> None:
    chance = town.model.probabilities(rows.matrix)[:, HORIZONS.index(days)]

    parts = town.model.explained(rows.matrix, days)

    assert np.abs(parts.sum(axis=1) - np.log(chance / (1 - chance))).max() < 1e-5
    assert np.ptp(parts[:, -1]) < 1e-5


@pytest.mark.parametrize("lost", [slice(3, 4), slice(2, 4), slice(0, 1), slice(0, 2)])
def test_a_horizon_that_borrows_its_pace_is_explained_as_exactly(
    town: Town, rows: Sample, lost: slice
) -> None:
    stages = list(town.model.stages)
    for stage in stages[lost]:
        stages[stages.index(stage)] = Stage(stage.after, stage.days, None, {})
    model = replace(town.model, stages=tuple(stages))
    for place, days in enumerate(HORIZONS):
        chance = model.probabilities(rows.matrix)[:, place]

        parts = model.explained(rows.matrix, days)

        assert np.abs(parts.sum(axis=1) - np.log(chance / (1 - chance))).max() < 1e-5


@pytest.mark.parametrize("kind", ["xgboost", "logistic", "recency"])
def test_each_sort_explains_itself_exactly(town: Town, rows: Sample, kind: str) -> None:
    inputs = town.model.inputs(rows.matrix)
    for stage in (stage for stage in town.model.stages if stage.promoted):
        hazard = stage.hazards[kind]  # type: ignore[index]

        gap = hazard.contributions(inputs).sum(axis=1) - hazard.margin(inputs)

        assert np.abs(gap).max() < 1e-4


def test_a_prediction_names_three_different_things_and_their_rest(town: Town) -> None:
    predictions = [p for p in predict(town.model, list(town.logs.values()), END) if p]

    assert len(predictions) > 100
    families = {f.name: f.family for f in town.model.space.features}
    for prediction in predictions:
        told = [factor.contribution for factor in prediction.factors]
        assert len({families[factor.feature] for factor in prediction.factors}) == 3
        assert [abs(push) for push in told] == sorted(map(abs, told), reverse=True)
        total = prediction.base + sum(told) + prediction.others
        assert abs(total - prediction.margin) < 1e-9
        chance = prediction.probabilities.within_30d
        assert chance is not None
        assert abs(1 / (1 + np.exp(-prediction.margin)) - chance) < 1e-5
        assert all((f.contribution > 0) == (f.direction == "raises") for f in prediction.factors)
        assert all(factor.words for factor in prediction.factors)


def test_tutors_are_explained_each_by_their_own_reasons(town: Town) -> None:
    predictions = [p for p in predict(town.model, list(town.logs.values()), END) if p]

    assert len({tuple(f.feature for f in each.factors) for each in predictions}) > 20


def test_who_is_gone_is_not_predicted(town: Town) -> None:
    gone = [log for log in town.logs.values() if not log.tutor.at_work]

    assert gone
    assert predict(town.model, gone, END) == [None] * len(gone)


def test_serving_sees_what_training_saw(town: Town) -> None:
    """From half a year of a log, as serving reads it, as from all of it."""
    since = END - timedelta(days=FEATURE_DAYS)
    names = list(town.logs)[:60]
    trained = sample(
        {name: town.ledgers[name] for name in names},
        np.array([microseconds(END)]),
        town.model.space,
        microseconds(END),
    )
    served = {name: _since(town.logs[name], since) for name in names}
    for row, number in enumerate(trained.tutor):
        ledger = Ledger.of(served[trained.names[number]])

        seen = features(ledger, np.array([microseconds(END)]), town.model.space)

        assert seen[0].tobytes() == trained.matrix[row].tobytes()


def _since(log: Log, since: object) -> Log:
    return replace(
        log,
        sessions=tuple(s for s in log.sessions if (logged_at(s) or END) >= since),  # type: ignore[operator]
        events=tuple(e for e in log.events if e.occurred_at >= since),  # type: ignore[operator]
    )


def test_a_batch_says_of_each_tutor_what_one_at_a_time_does(town: Town) -> None:
    logs = list(town.logs.values())[:40]

    together = predict(town.model, logs, END)

    assert together == [predict(town.model, [log], END)[0] for log in logs]


# --- files ---


def test_a_model_comes_out_of_its_files_as_it_went_in(town: Town, rows: Sample) -> None:
    files = pack(town.model)

    back = unpack(files)

    assert back.probabilities(rows.matrix).tobytes() == (
        town.model.probabilities(rows.matrix).tobytes()
    )
    assert back.explained(rows.matrix, HEADLINE).tobytes() == (
        town.model.explained(rows.matrix, HEADLINE).tobytes()
    )
    assert pack(back) == files


def test_a_version_names_the_date_and_the_content(town: Town) -> None:
    version = town.model.manifest.version

    assert re.fullmatch(f"{UNTIL:%Y%m%dT%H%M%S}-[0-9a-f]{{8}}", version)
    assert versioned(unpack(pack(town.model))).manifest.version == version


def test_the_same_model_trained_later_has_the_same_version(town: Town) -> None:
    later = replace(town.model.manifest, trained_at=END + timedelta(days=1), version="other")

    again = versioned(replace(town.model, manifest=later))

    assert again.manifest.version == town.model.manifest.version


def test_whatever_differs_in_a_model_gives_it_another_version(town: Town) -> None:
    week = town.model.stages[1]
    assert week.promoted is not None
    bolder = replace(week.hazards[week.promoted], slope=1.5)
    hazards = {**week.hazards, week.promoted: bolder}
    stages = (town.model.stages[0], replace(week, hazards=hazards), *town.model.stages[2:])
    fewer = replace(town.model.manifest, rows=town.model.manifest.rows - 1)

    others = (replace(town.model, stages=stages), replace(town.model, manifest=fewer))

    versions = {versioned(model).manifest.version for model in (town.model, *others)}
    assert len(versions) == 3


def test_files_are_plain_data(town: Town) -> None:
    files = pack(town.model)

    assert {name.rsplit(".", 1)[1] for name in files} == {"json", "ubj"}
    assert {stage["days"] for stage in json.loads(files[STAGES])} == set(HORIZONS)


def _without(name: str) -> Callable[[dict[str, bytes]], None]:
    def spoil(files: dict[str, bytes]) -> None:
        del files[name]

    return spoil


def _flipped(name: str) -> Callable[[dict[str, bytes]], None]:
    def spoil(files: dict[str, bytes]) -> None:
        data = bytearray(files[name])
        data[len(data) // 2] ^= 1
        files[name] = bytes(data)

    return spoil


def _manifest(change: Callable[[dict[str, object]], object]) -> Callable[[dict[str, bytes]], None]:
    def spoil(files: dict[str, bytes]) -> None:
        manifest = json.loads(files[MANIFEST])
        change(manifest)
        files[MANIFEST] = json.dumps(manifest).encode()

    return spoil


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_without("trees_30d.ubj"), "trees_30d.ubj is missing"),
        (_without(MANIFEST), "manifest.json is missing"),
        (_flipped("trees_7d.ubj"), "trees_7d.ubj is not the file that was stored"),
        (_flipped(STAGES), "stages.json is not the file that was stored"),
        (_manifest(lambda m: m.update(format=99)), "has format 99"),
        (_manifest(lambda m: m["features"].append("shoe_size")), "knows no feature shoe_size"),  # type: ignore[attr-defined]
        (_manifest(lambda m: m["features"].pop()), "other features"),  # type: ignore[attr-defined]
        (_manifest(lambda m: m.update(features=7)), "cannot be read"),
        (_manifest(lambda m: m.update(files={})), "does not vouch for stages.json"),
        (lambda files: files.update({MANIFEST: b"{"}), "cannot be read"),
    ],
    ids=["trees gone", "manifest gone", "trees altered", "stages altered", "other format",
         "unknown feature", "fewer features", "not a list", "no digests", "no JSON"],
)  # fmt: skip
def test_files_that_are_not_what_was_stored_are_refused(
    town: Town, spoil: Callable[[dict[str, bytes]], None], said: str
) -> None:
    files = pack(town.model)
    spoil(files)

    with pytest.raises(ModelError, match=said):
        unpack(files)
