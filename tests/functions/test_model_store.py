"""The model store: what is put in force, by whom, and what is refused."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from shared.aws.item import json_text
from shared.aws.model_registry import ModelRegistry, NoModelError, VersionTakenError
from shared.aws.model_store import ModelFileError, ModelStore, model_store
from shared.aws.table import VersionConflictError
from shared.domain.churn_model import Decision, Manifest
from tests.functions.conftest import Aws

NIGHT = datetime(2026, 11, 20, 2, tzinfo=UTC)


def files_of(version: str, content: bytes = b"trees") -> dict[str, bytes]:
    """A packed model with one file."""
    manifest = Manifest(
        version=version,
        trained_at=NIGHT,
        train_from=NIGHT - timedelta(days=365),
        train_until=NIGHT,
        tutors=280,
        rows=28_000,
        kind={1: "xgboost", 7: "xgboost", 30: "logistic", 90: "recency"},
        features=("sessions_7d",),
        reported=("sessions_7d",),
        subjects=(),
        library="3.4.0",
        format=1,
        files={"stages.json": hashlib.sha256(content).hexdigest()},
    )
    return {"manifest.json": json_text(manifest, nulls=True).encode(), "stages.json": content}


def stored(aws: Aws, *versions: str) -> ModelStore:
    """A store with these models in it."""
    store = model_store("models", aws.store)
    for version in versions:
        store.put_model(files_of(version))
    return store


def promotion(version: str, *, of: str | None = None, nights: int = 0) -> Decision:
    at = NIGHT + timedelta(days=nights)
    return Decision(at, version, of, promoted=True, reasons=("It ranks better.",))


def promoted(aws: Aws, *versions: str) -> ModelRegistry:
    """Models put in force one after the other, a night apart."""
    registry = stored(aws, *versions).registry
    for nights, version in enumerate(versions):
        registry.promote(promotion(version, nights=nights), registry.champion())
    return registry


def overwrite(version: str, name: str, content: bytes) -> None:
    key = f"models/{version}/{name}"
    boto3.client("s3").put_object(Bucket="models", Key=key, Body=content)


def test_a_model_comes_back_as_it_was_stored(aws: Aws) -> None:
    store = stored(aws, "v1")

    assert store.model("v1") == files_of("v1")


def test_storing_a_model_again_changes_nothing(aws: Aws) -> None:
    store = stored(aws, "v1")
    before = aws.items()

    assert store.put_model(files_of("v1")).version == "v1"

    assert aws.items() == before


def test_a_version_never_gets_other_content(aws: Aws) -> None:
    store = stored(aws, "v1")

    with pytest.raises(VersionTakenError, match="v1: other content is stored under this version"):
        store.put_model(files_of("v1", b"other trees"))

    assert store.model("v1") == files_of("v1")


@pytest.mark.parametrize("moment", ["dynamodb.PutItem", "s3.PutObject"])
def test_the_files_of_two_models_that_race_for_a_version_never_mix(aws: Aws, moment: str) -> None:
    """One comes in whole just before the other is registered, or just before its first file."""
    store = model_store("models", aws.store)
    clients: dict[str, Any] = {"dynamodb": aws.store.client, "s3": store.client}
    events, name = clients[moment.partition(".")[0]].meta.events, f"before-call.{moment}"
    one, other = files_of("v1"), files_of("v1", b"other trees")
    taken: list[str] = []

    def put(files: dict[str, bytes]) -> None:
        try:
            store.put_model(files)
        except VersionTakenError as error:
            taken.append(str(error))

    def overtake(**_: Any) -> None:
        events.unregister(name, overtake)
        put(other)

    events.register(name, overtake)
    put(one)

    assert len(taken) == 1
    assert store.model("v1") in (one, other)


def test_storing_a_model_again_mends_its_files(aws: Aws) -> None:
    store = stored(aws, "v1")
    for name in files_of("v1"):
        overwrite("v1", name, b"damaged")

    store.put_model(files_of("v1"))

    assert store.model("v1") == files_of("v1")


def test_a_model_nobody_registered_is_refused(aws: Aws) -> None:
    with pytest.raises(ModelFileError):
        stored(aws).model("v1")


def test_a_missing_file_is_refused(aws: Aws) -> None:
    store = stored(aws, "v1")
    boto3.client("s3").delete_object(Bucket="models", Key="models/v1/stages.json")

    with pytest.raises(ModelFileError, match=r"stages\.json of v1 is not there"):
        store.model("v1")


def test_a_manifest_that_vouches_for_other_files_is_refused(aws: Aws) -> None:
    """Who can write to the bucket can make a manifest fit; the table knows the true one."""
    store = stored(aws, "v1")
    for name, content in files_of("v1", b"trees of another").items():
        overwrite("v1", name, content)

    with pytest.raises(ModelFileError, match="not the one registered"):
        store.model("v1")


def test_a_promotion_is_recorded_with_its_reasons(aws: Aws) -> None:
    registry = promoted(aws, "v1", "v2")

    champion = registry.champion()
    assert champion is not None
    assert (champion.version, champion.earlier) == ("v2", ("v1",))
    assert champion.since == NIGHT + timedelta(days=1)
    newest, oldest = registry.decisions()
    assert (newest.challenger, oldest.challenger) == ("v2", "v1")
    assert newest.reasons == ("It ranks better.",)


def test_of_two_promotions_at_once_one_holds_and_only_it_is_recorded(aws: Aws) -> None:
    registry = stored(aws, "v1", "v2").registry
    before = registry.champion()
    registry.promote(promotion("v1"), before)

    with pytest.raises(VersionConflictError):
        registry.promote(promotion("v2", nights=1), before)

    champion = registry.champion()
    assert champion is not None
    assert champion.version == "v1"
    assert [each.challenger for each in registry.decisions()] == ["v1"]


def test_what_was_never_stored_can_not_be_promoted(aws: Aws) -> None:
    with pytest.raises(NoModelError):
        ModelRegistry(aws.store).promote(promotion("v1"), None)


def test_rolling_back_puts_the_model_before_in_force_and_says_who_did(aws: Aws) -> None:
    registry = promoted(aws, "v1", "v2", "v3")

    registry.roll_back(NIGHT + timedelta(days=5), "kim")

    champion = registry.champion()
    assert champion is not None
    assert (champion.version, champion.earlier) == ("v2", ("v1",))
    newest = registry.decisions()[0]
    assert (newest.by, newest.reasons) == ("rollback", ("kim rolled back from v3 to v2.",))


def test_rolling_back_twice_goes_back_two(aws: Aws) -> None:
    registry = promoted(aws, "v1", "v2", "v3")

    registry.roll_back(NIGHT + timedelta(days=5), "kim")
    registry.roll_back(NIGHT + timedelta(days=6), "kim")

    champion = registry.champion()
    assert champion is not None
    assert (champion.version, champion.earlier) == ("v1", ())


@pytest.mark.parametrize(
    ("to", "earlier"),
    [
        pytest.param("v1", (), id="one that was in force"),
        pytest.param("v9", ("v3", "v2", "v1"), id="one that never was"),
    ],
)
def test_a_model_to_go_back_to_may_be_named(aws: Aws, to: str, earlier: tuple[str, ...]) -> None:
    registry = promoted(aws, "v1", "v2", "v3")
    stored(aws, "v9")

    champion = registry.roll_back(NIGHT + timedelta(days=5), "kim", to)

    assert (champion.version, champion.earlier) == (to, earlier)


def test_the_first_model_in_force_may_be_one_that_is_named(aws: Aws) -> None:
    stored(aws, "v9")
    registry = ModelRegistry(aws.store)

    registry.roll_back(NIGHT, "kim", "v9")

    champion = registry.champion()
    assert champion is not None
    assert (champion.version, champion.earlier) == ("v9", ())
    (made,) = registry.decisions()
    assert (made.champion, made.promoted) == (None, True)
    assert made.reasons == ("kim put v9 in force, where no model was.",)


@pytest.mark.parametrize(
    ("to", "why"),
    [
        pytest.param(None, "no model is in force", id="none named"),
        pytest.param("v404", "there is no model v404", id="unknown"),
    ],
)
def test_the_first_model_in_force_must_be_known(aws: Aws, to: str | None, why: str) -> None:
    registry = ModelRegistry(aws.store)

    with pytest.raises(NoModelError, match=why):
        registry.roll_back(NIGHT, "kim", to)

    assert registry.decisions() == []


@pytest.mark.parametrize("to", [None, "v1", "v404"], ids=["nothing before", "itself", "unknown"])
def test_there_must_be_something_to_go_back_to(aws: Aws, to: str | None) -> None:
    registry = promoted(aws, "v1")

    with pytest.raises(NoModelError):
        registry.roll_back(NIGHT + timedelta(days=5), "kim", to)

    assert len(registry.decisions()) == 1


def test_manifests_keep_what_is_not_known(aws: Aws) -> None:
    """A measure that is null must come back as null: left out, it could not be read again."""
    store = stored(aws)
    files = files_of("v1")
    measures = dict.fromkeys(("auc", "auc_low", "auc_high", "pr_auc", "brier", "brier_skill"))
    more = ("log_loss", "calibration_error", "calibration_slope", "calibration_intercept")
    counted: dict[str, Any] = {"rows": 10, "tutors": 2, "positives": 0, "base_rate": 0.0}
    unknown = counted | measures | dict.fromkeys((*more, "precision_at_10", "recall_at_10"))
    manifest = json.loads(files["manifest.json"])
    manifest["evaluations"] = [{"horizon_days": 30, "measures": {"promoted": unknown}}]

    store.put_model(files | {"manifest.json": json.dumps(manifest).encode()})

    known = store.registry.registered("v1")
    assert known is not None
    assert known.manifest.evaluations[0].measures["promoted"].auc is None
    assert known.manifest.kind[30] == "logistic"
