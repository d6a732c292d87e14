"""From a session to a probability, through the deployed functions."""

from datetime import UTC, datetime
from typing import Any

import pytest

from infra_cdk.local.deployed import Deployed
from shared.aws.model_registry import ModelRegistry
from shared.aws.model_store import ModelStore
from shared.aws.prediction_table import PredictionTable
from shared.aws.table import Table
from shared.aws.tutor_log import LogTable
from shared.domain.churn_model import Decision
from shared.domain.prediction import Prediction
from shared.ml.model import ChurnModel, pack
from shared.ml.predict import predict
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
        return told if told == here else None

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
