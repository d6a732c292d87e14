"""Trained models are kept, private, and used with as many threads as there are processors."""

from pathlib import Path
from typing import Any

import pytest

import functions
from infra_cdk.function_spec import FUNCTIONS, MB_PER_PROCESSOR, FunctionSpec
from tests.infra.template import Template, flat

LEARNING = [spec for spec in FUNCTIONS if "ml" in spec.layers]


def bucket(template: Template) -> dict[str, Any]:
    """The models', which alone keeps what was overwritten."""
    (found,) = (
        one
        for one in template.of_type("AWS::S3::Bucket").values()
        if "LifecycleConfiguration" in one["Properties"]
    )
    return found


def test_a_model_that_is_overwritten_can_be_brought_back(template: Template) -> None:
    assert bucket(template)["Properties"]["VersioningConfiguration"] == {"Status": "Enabled"}


def test_what_was_overwritten_goes_after_a_while(template: Template) -> None:
    (rule,) = bucket(template)["Properties"]["LifecycleConfiguration"]["Rules"]

    assert rule["Status"] == "Enabled"
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90}
    assert "ExpirationInDays" not in rule, "a current version may be in force for years"


def test_models_are_encrypted_and_private(template: Template) -> None:
    properties = bucket(template)["Properties"]

    assert properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert properties["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]


def test_buckets_are_read_with_tls_only(prod: Template) -> None:
    refused = [
        statement
        for policy in prod.properties("AWS::S3::BucketPolicy")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny"
    ]

    assert len(refused) == len(prod.properties("AWS::S3::Bucket"))
    assert all(each["Condition"] == {"Bool": {"aws:SecureTransport": "false"}} for each in refused)


def test_models_stay_when_the_stack_goes_in_prod(template: Template, stage: str) -> None:
    found = bucket(template)

    assert found["DeletionPolicy"] == ("Retain" if stage == "prod" else "Delete")


def test_only_who_learns_or_predicts_knows_the_bucket(template: Template) -> None:
    told = {
        name: flat(function["Environment"]["Variables"]["MODEL_BUCKET"])
        for name, function in template.functions().items()
        if "MODEL_BUCKET" in function["Environment"]["Variables"]
    }

    assert told.keys() == {spec.name for spec in LEARNING} == {"predict_churn", "train_churn"}
    assert all("modelsbucket" in name for name in told.values())


def test_only_training_writes_models() -> None:
    assert [spec.name for spec in FUNCTIONS if "PutObject" in spec.models] == ["train_churn"]


@pytest.mark.parametrize("spec", LEARNING, ids=lambda spec: spec.name)
def test_xgboost_uses_the_processors_that_the_memory_pays_for(
    template: Template, spec: FunctionSpec
) -> None:
    variables = template.functions()[spec.name]["Environment"]["Variables"]

    assert variables["NTHREAD"] == str(max(1, spec.memory_mb // MB_PER_PROCESSOR))
    assert variables["OMP_WAIT_POLICY"] == "PASSIVE"


def test_a_refused_model_raises_an_alarm_wherever_it_is_met(template: Template) -> None:
    every = template.properties("AWS::CloudWatch::Alarm")
    alarms = [alarm for alarm in every if alarm["MetricName"] == "ModelRefused"]
    sources = Path(functions.__path__[0]).glob("*.py")
    refusers = {path.stem for path in sources if '"ModelRefused"' in path.read_text()}

    assert len(alarms) == len(refusers) == 2
    assert {alarm["Dimensions"][0]["Value"] for alarm in alarms} == refusers
    for alarm in alarms:
        assert alarm["Namespace"] == "TutorQuality"
        assert [each["Name"] for each in alarm["Dimensions"]] == ["service"]
        assert (alarm["Threshold"], alarm["TreatMissingData"]) == (1, "notBreaching")
