"""From a session to a probability, through the deployed functions."""

from dataclasses import astuple
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from events.world.history import simulate, write_history
from events.world.world import World
from infra_cdk.local.deployed import Deployed
from shared.aws.backfill import Backfill
from shared.aws.model_registry import ModelRegistry
from shared.aws.model_store import ModelStore
from shared.aws.prediction_table import PredictionTable
from shared.aws.queue import TutorQueue
from shared.aws.table import Table
from shared.aws.tutor_log import LogTable
from shared.domain.churn_model import Decision
from shared.domain.log import midnight
from shared.domain.prediction import Prediction, Unscored
from shared.history import Past, read_past
from shared.ml.ledger import Ledger
from shared.ml.model import ChurnModel, pack, unpack
from shared.ml.predict import predict
from shared.ml.train import train
from tests.churn_models import small_model
from tests.e2e.marketplace import Marketplace, completed, moved

pytestmark = pytest.mark.e2e


def table_of(deployed: Deployed) -> Table:
    return Table(deployed.client("dynamodb"), deployed.table)


def put_in_force(deployed: Deployed, model: ChurnModel) -> None:
    """What a night does whose challenger wins."""
    registry = ModelRegistry(table_of(deployed))
    ModelStore(deployed.client("s3"), deployed.model_bucket, registry).put_model(pack(model))
    before = registry.champion()
    version, of = model.manifest.version, before.version if before else None
    decision = Decision(datetime.now(UTC), version, of, promoted=True, reasons=("A test says so.",))
    registry.promote(decision, before)


def test_a_session_becomes_a_probability_as_it_would_in_training(
    marketplace: Marketplace,
) -> None:
    deployed = marketplace.deployed
    model = small_model("e2e-1")
    put_in_force(deployed, model)
    for number in range(12):
        body = completed(f"s-churn-{number}", "t-churn", 30 * number + 2, student_rating=4)
        assert marketplace.post("/api/sessions", f"churn-{number}", body)[0] == 202
    late = moved("s-churn-moved", "t-churn", 1)
    assert marketplace.post("/api/sessions", "churn-moved", late)[0] == 202
    marketplace.drain()
    table = table_of(deployed)
    log = LogTable(table).whole_log("t-churn")

    def as_here() -> Prediction | None:
        """The stored prediction, once it has seen all that is in the log."""
        told = PredictionTable(table).prediction("t-churn")
        if not isinstance(told, Prediction):
            return None
        (here,) = predict(model, [log], told.as_of)
        return told if same(told, here) else None

    told = marketplace.eventually(as_here, 30)
    shown = marketplace.get("/api/tutors/t-churn")["prediction"]

    assert shown["model_version"] == "e2e-1"
    assert shown["probabilities"]["30d"] == round(told.probabilities.within_30d or 0, 4)
    parts = shown["base"] + shown["others"] + sum(f["contribution"] for f in shown["factors"])
    assert parts == pytest.approx(shown["margin"], abs=1e-4)
    assert marketplace.get("/api/model")["in_force"]["version"] == "e2e-1"


def test_the_probability_is_in_the_lists_and_not_on_the_tutors_page(
    marketplace: Marketplace,
) -> None:
    put_in_force(marketplace.deployed, small_model("e2e-2"))
    report = completed("s-list", "t-list", 3)
    assert marketplace.post("/api/sessions", "churn-list", report)[0] == 202

    def predicted() -> Any:
        rows = marketplace.get("/api/tutors?sort=p30&q=t-list")["items"]
        return [row for row in rows if row["probabilities"]["30d"] is not None]

    (row,) = marketplace.eventually(predicted, 30)
    own = marketplace.get("/api/tutors/t-list", role="tutor", user="t-list")

    ladder = list(row["probabilities"].values())
    assert ladder == sorted(ladder)
    assert "probab" not in str(own).lower()
    assert "predict" not in str(own).lower()


def test_a_model_trained_on_a_history_predicts_deployed_as_it_does_where_it_was_trained(
    marketplace: Marketplace, tmp_path: Path
) -> None:
    """From CSV to training on one side, from CSV to table to Lambda on the other: one number."""
    until = datetime.now(UTC)
    write_history(simulate(World("small", tutors=120, days=180), 7, until), tmp_path / "all")
    past = read_past(tmp_path / "all")
    logs = past.logs()
    ledgers = {name: Ledger.of(log) for name, log in logs.items()}
    put_in_force(marketplace.deployed, train(ledgers, midnight(until), trained_at=until))
    model = in_force_here(marketplace.deployed)
    chosen = [name for name, log in logs.items() if log.tutor.at_work][:6]

    load(marketplace.deployed, of_tutors(past, chosen))
    found = marketplace.eventually(lambda: predictions(marketplace.deployed, chosen), 60)

    for name, told in found.items():
        (here,) = predict(model, [logs[name]], told.as_of)
        assert same(told, here), name
    assert sum(isinstance(told, Prediction) for told in found.values()) >= 3


def test_a_night_with_too_little_to_learn_from_leaves_the_model_in_force(
    marketplace: Marketplace,
) -> None:
    put_in_force(marketplace.deployed, small_model("e2e-3"))

    marketplace.invoke("train_churn")

    model = marketplace.get("/api/model")
    assert model["in_force"]["version"] == "e2e-3"
    assert model["decisions"][0]["promoted"] is False
    assert model["decisions"][0]["reasons"][0].startswith("Nothing was trained")


def same(told: Prediction | Unscored, here: Prediction | None) -> bool:
    """Whether two predictions say the same; sums over a batch may differ in their last bits."""
    if here is None or isinstance(told, Unscored):
        return here is None and isinstance(told, Unscored)
    numbers = [
        [
            *astuple(each.probabilities),
            each.base,
            each.others,
            each.margin,
            *(factor.contribution for factor in each.factors),
        ]
        for each in (told, here)
    ]
    words = [[(f.words, f.value, f.direction) for f in each.factors] for each in (told, here)]
    seen = told.data_as_of == here.data_as_of
    return seen and words[0] == words[1] and numbers[0] == pytest.approx(numbers[1], abs=1e-9)


def in_force_here(deployed: Deployed) -> ChurnModel:
    """The stored model, read as a function reads it."""
    registry = ModelRegistry(table_of(deployed))
    champion = registry.champion()
    assert champion is not None
    store = ModelStore(deployed.client("s3"), deployed.model_bucket, registry)
    return unpack(store.model(champion.version))


def of_tutors(past: Past, names: list[str]) -> Past:
    """What a history tells of some tutors."""
    return Past(
        tutors={name: past.tutors[name] for name in names},
        sessions={k: each for k, each in past.sessions.items() if each.tutor_id in names},
        events={k: each for k, each in past.events.items() if each.tutor_id in names},
    )


def load(deployed: Deployed, past: Past) -> None:
    """Put a history into the table, and ask for its tutors to be predicted."""
    backfill = Backfill(
        table_of(deployed), past, "e2e", lambda: datetime.now(UTC), lambda stage, done, total: None
    )
    backfill.load_recent()
    backfill.load_rest()
    refused = TutorQueue(deployed.client("sqs"), deployed.queue_urls["churn"]).ask(past.tutors)
    assert not refused


def predictions(deployed: Deployed, names: list[str]) -> dict[str, Prediction | Unscored]:
    """What is stored of these tutors; nothing until all of them are predicted."""
    table = PredictionTable(table_of(deployed))
    found = {name: told for name in names if (told := table.prediction(name)) is not None}
    return found if len(found) == len(names) else {}
