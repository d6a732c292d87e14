"""The commands on a stage's models: publish, roll back, and what they say where they can not."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError

from functions import predict_churn
from infra_cdk import churn_model
from infra_cdk.churn_model import publish, roll_back
from infra_cdk.place import Place, run
from shared.aws.model_registry import NoModelError
from shared.aws.model_store import ModelFileError
from shared.domain.churn_model import Decision
from shared.ml.model import ModelError, pack
from tests.churn_models import packed, small_model
from tests.functions.conftest import Aws
from tests.functions.test_roll_windows import scored_tutors

NOW = datetime(2026, 11, 20, 2, tzinfo=UTC)


@pytest.fixture
def place(aws: Aws) -> Place:
    names = {
        "TableName": aws.store.name,
        "ModelBucket": "models",
        "ChurnQueueUrl": predict_churn.env.CHURN_QUEUE_URL,
    }
    return Place("local", boto3.client, names)


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


def test_a_damaged_model_is_not_rolled_back_to(aws: Aws, place: Place) -> None:
    in_force(place, "v1", "v2")
    boto3.client("s3").put_object(Bucket="models", Key="models/v1/stages.json", Body=b"[]")

    with pytest.raises((ModelError, ModelFileError)):
        roll_back(place, None)

    champion = place.models.registry.champion()
    assert champion is not None
    assert champion.version == "v2"


def test_there_is_nothing_before_the_first_model(place: Place) -> None:
    in_force(place, "v1")

    with pytest.raises(NoModelError, match="there is no model before v1"):
        roll_back(place, None)


def test_a_published_model_is_stored_and_not_in_force(aws: Aws, place: Place, folder: Path) -> None:
    told = publish(place, folder, "dev")

    assert told.endswith("To put it in force: make rollback-model STAGE=dev VERSION=v1")
    assert place.models.model("v1") == packed("v1")
    assert place.models.registry.champion() is None
    stored = boto3.client("s3").list_objects_v2(Bucket="models")["Contents"]
    assert len(stored) == len(packed("v1")), "the report beside it is not part of the model"


def test_a_published_model_can_be_put_in_force_by_name(
    aws: Aws, place: Place, folder: Path
) -> None:
    in_force(place, "v0")
    publish(place, folder, "dev")

    roll_back(place, "v1")

    champion = place.models.registry.champion()
    assert champion is not None
    assert (champion.version, champion.earlier) == ("v1", ("v0",))


def test_a_published_model_can_be_the_first_in_force(aws: Aws, place: Place, folder: Path) -> None:
    publish(place, folder, "dev")
    scored_tutors(aws, 3)

    told = roll_back(place, "v1")

    assert told == "v1 is in force; 3 tutors are being predicted again."


def test_a_damaged_model_is_not_published(aws: Aws, place: Place, folder: Path) -> None:
    (folder / "stages.json").write_bytes(b"[]")

    with pytest.raises(ModelError):
        publish(place, folder, "dev")

    assert place.models.registry.registered("v1") is None


def test_publishing_again_mends_files_that_were_damaged(
    aws: Aws, place: Place, folder: Path
) -> None:
    publish(place, folder, "dev")
    s3 = boto3.client("s3")
    s3.put_object(Bucket="models", Key="models/v1/manifest.json", Body=b"{}")
    s3.delete_object(Bucket="models", Key="models/v1/stages.json")

    publish(place, folder, "dev")

    assert place.models.model("v1") == packed("v1")


def test_the_same_model_trained_again_is_stored_already(
    aws: Aws, place: Place, folder: Path
) -> None:
    publish(place, folder, "dev")
    model = small_model("v1")
    later = replace(model.manifest, trained_at=model.manifest.trained_at + timedelta(hours=1))
    (folder / "manifest.json").write_bytes(pack(replace(model, manifest=later))["manifest.json"])

    assert publish(place, folder, "dev").startswith("v1 is stored.")

    assert place.models.model("v1") == packed("v1")


# --- what the commands say where they can not ---


@pytest.fixture
def here(place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr("infra_cdk.place.place_of", lambda stage: place)
    return place


def said(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    """What a command ends with; a text as status is printed, and makes the status 1."""
    monkeypatch.setattr("sys.argv", ["churn_model", *arguments, "--stage", "dev"])
    with pytest.raises(SystemExit) as ended:
        run(churn_model.parsed, churn_model.done)
    assert isinstance(ended.value.code, str)
    assert "\n" not in ended.value.code
    return ended.value.code


def test_other_content_under_a_version_is_refused_in_a_sentence(
    here: Place, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.models.put_model(packed("v1", seed=2))

    told = said(monkeypatch, "publish", str(folder))

    assert told == "v1: other content is stored under this version"


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        pytest.param(shutil.rmtree, "is no folder", id="none there"),
        pytest.param(
            lambda folder: (folder / "manifest.json").unlink(),
            "holds no model: manifest.json is missing",
            id="no manifest",
        ),
        pytest.param(
            lambda folder: (folder / "stages.json").write_bytes(b"[]"),
            "holds no model: stages.json is not the file that was stored",
            id="damaged",
        ),
    ],
)
def test_a_folder_without_a_model_is_refused_in_a_sentence(
    here: Place, folder: Path, monkeypatch: pytest.MonkeyPatch, spoil: Any, why: str
) -> None:
    spoil(folder)

    assert said(monkeypatch, "publish", str(folder)) == f"{folder} {why}"


def test_a_model_put_in_force_meanwhile_is_told_of(
    here: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_force(here, "v1", "v2")
    meanwhile = Decision(NOW, "v1", "v2", promoted=True, reasons=())
    registry, change = here.models.registry, type(here.models.registry)._change

    def late(*arguments: Any) -> Any:
        monkeypatch.setattr(type(registry), "_change", change)
        registry.promote(meanwhile, registry.champion())
        return change(*arguments)

    monkeypatch.setattr(type(registry), "_change", late)

    assert said(monkeypatch, "roll-back").startswith("Somebody else changed the model in force")


def test_a_stage_that_is_not_deployed_is_named(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    told = said(monkeypatch, "roll-back")

    assert told == "There is no stack tutor-quality-dev in this account and region."


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        pytest.param(NoCredentialsError(), "dev: Unable to locate credentials", id="a stranger"),
        pytest.param(
            EndpointConnectionError(endpoint_url="https://aws"),
            'dev: Could not connect to the endpoint URL: "https://aws"',
            id="no network",
        ),
    ],
)
def test_what_aws_refuses_is_told_in_a_line(
    monkeypatch: pytest.MonkeyPatch, fault: Exception, told: str
) -> None:
    def refuse(stage: str) -> Place:
        raise fault

    monkeypatch.setattr("infra_cdk.place.place_of", refuse)

    assert said(monkeypatch, "roll-back") == told
