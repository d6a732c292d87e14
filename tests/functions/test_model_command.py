"""The commands on a stage's models: publish, and roll back."""

from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest

from functions import predict_churn
from infra_cdk.churn_model import Place, publish, roll_back
from shared.aws.model_registry import NoModelError
from shared.aws.model_store import model_store
from shared.aws.queue import churn_queue
from shared.domain.churn_model import Decision
from shared.ml.model import ModelError
from tests.churn_models import packed
from tests.functions.conftest import Aws
from tests.functions.test_roll_windows import scored_tutors

NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)


@pytest.fixture
def place(aws: Aws) -> Place:
    queue = churn_queue(predict_churn.env.CHURN_QUEUE_URL)
    return Place(aws.store, model_store("models", aws.store), queue)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What training leaves in a folder."""
    for name, content in packed("v1").items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "report.html").write_text("not part of the model")
    return tmp_path


def in_force(place: Place, *versions: str) -> None:
    for number, version in enumerate(versions, 1):
        place.models.put_model(packed(version))
        decision = Decision(NOW.replace(day=number), version, None, promoted=True, reasons=())
        place.models.registry.promote(decision, place.models.registry.champion())


def test_one_command_goes_back_and_has_everybody_predicted_again(aws: Aws, place: Place) -> None:
    in_force(place, "v1", "v2")
    scored_tutors(aws, 3)

    said = roll_back(place, None)

    assert said == "v1 is in force; 3 tutors are being predicted again."
    assert sorted(m["tutor_id"] for m in aws.messages("churn")) == ["t-0", "t-1", "t-2"]


def test_there_is_nothing_before_the_first_model(place: Place) -> None:
    in_force(place, "v1")

    with pytest.raises(NoModelError, match="there is no model before v1"):
        roll_back(place, None)


def test_a_published_model_is_stored_and_not_in_force(aws: Aws, place: Place, folder: Path) -> None:
    publish(place, folder)

    assert place.models.model("v1") == packed("v1")
    assert place.models.registry.champion() is None
    stored = boto3.client("s3").list_objects_v2(Bucket="models")["Contents"]
    assert len(stored) == len(packed("v1")), "the report beside it is not part of the model"


def test_a_published_model_can_be_put_in_force_by_name(
    aws: Aws, place: Place, folder: Path
) -> None:
    in_force(place, "v0")
    publish(place, folder)

    roll_back(place, "v1")

    champion = place.models.registry.champion()
    assert champion is not None
    assert (champion.version, champion.earlier) == ("v1", ("v0",))


def test_a_damaged_model_is_not_published(aws: Aws, place: Place, folder: Path) -> None:
    (folder / "stages.json").write_bytes(b"[]")

    with pytest.raises(ModelError):
        publish(place, folder)

    assert place.models.registry.registered("v1") is None
