"""A new version is tried on some calls first, and whatever starts a function starts the alias."""

from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Template as Synthesized

from infra_cdk.alarm_spec import ALARMS, takes_back
from infra_cdk.app import FLAGS
from infra_cdk.function_spec import FUNCTIONS, FunctionSpec, Http
from tests.infra.template import Template, flat

CANARY = "CodeDeployDefault.LambdaCanary10Percent5Minutes"
AT_ONCE = "CodeDeployDefault.LambdaAllAtOnce"
BY_NAME = pytest.mark.parametrize("spec", FUNCTIONS, ids=lambda spec: spec.name)


def aliases(template: Template) -> dict[str, Any]:
    """Every alias, by the name of its function's file."""
    names = template.function_names()
    return {names[key]: found for key, found in template.of_type("AWS::Lambda::Alias").items()}


def group(template: Template, function: str) -> Any:
    """How that function's alias is moved."""
    policy = aliases(template)[function]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
    found = template.of_type("AWS::CodeDeploy::DeploymentGroup")
    return found[policy["DeploymentGroupName"]["Ref"]]["Properties"]


def watched(template: Template, function: str) -> list[Any]:
    """The alarms that take a new version of that function back."""
    known = template.of_type("AWS::CloudWatch::Alarm")
    listed = group(template, function)["AlarmConfiguration"]["Alarms"]
    return [known[alarm["Name"]["Ref"]]["Properties"] for alarm in listed]


def test_every_function_has_a_version_in_force_except_locally(
    template: Template, stage: str
) -> None:
    wanted = set() if stage == "local" else set(template.functions())

    assert set(aliases(template)) == wanted
    assert {alias["Properties"]["Name"] for alias in aliases(template).values()} <= {"live"}
    assert len(template.of_type("AWS::Lambda::Version")) == len(wanted)
    assert len(template.of_type("AWS::CodeDeploy::DeploymentGroup")) == len(wanted)


def test_routes_queues_and_clocks_start_the_version_in_force(
    template: Template, stage: str
) -> None:
    kind = "AWS::Lambda::Function" if stage == "local" else "AWS::Lambda::Alias"
    started = [
        *(i["IntegrationUri"] for i in template.properties("AWS::ApiGatewayV2::Integration")),
        *(p["FunctionName"] for p in template.properties("AWS::Lambda::Permission")),
        *(s["FunctionName"] for s in template.properties("AWS::Lambda::EventSourceMapping")),
        *(s["Target"]["Arn"] for s in template.properties("AWS::Scheduler::Schedule")),
    ]

    assert {template.started(target) for target in started} == set(template.of_type(kind))


@BY_NAME
def test_prod_tries_a_new_version_on_a_tenth_of_the_calls(
    prod: Template, spec: FunctionSpec
) -> None:
    moved = group(prod, spec.name)

    assert moved["DeploymentConfigName"] == CANARY
    assert "DEPLOYMENT_STOP_ON_ALARM" in moved["AutoRollbackConfiguration"]["Events"]


@BY_NAME
def test_a_version_that_breaks_off_is_taken_back(prod: Template, spec: FunctionSpec) -> None:
    errors, *_ = watched(prod, spec.name)

    told = {one["Name"]: flat(one["Value"]) for one in errors["Dimensions"]}
    alias = aliases(prod)[spec.name]
    assert errors["MetricName"] == "Errors"
    assert told["Resource"] == f"{told['FunctionName']}:live"
    assert told["ExecutedVersion"] == flat(alias["Properties"]["FunctionVersion"])
    assert errors["Period"] == 60, "five of them while the canary lasts"
    assert "AlarmActions" not in errors, "nobody is woken: the old version is back"


def test_alarms_look_at_the_new_version_before_it_is_called(prod: Template) -> None:
    for alias in aliases(prod).values():
        moved = alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]

        assert moved["DeploymentGroupName"]["Ref"] in alias["DependsOn"]


def test_what_tells_of_bad_code_takes_it_back() -> None:
    rows = {
        spec.name: {alarm.name for alarm in ALARMS if takes_back(alarm, spec)} for spec in FUNCTIONS
    }

    assert rows["report_webhook"] == {"api_5xx", "reports_refused", "reports_unavailable"}
    assert rows["score_tutor"] == {"quarantined"}
    assert rows["predict_churn"] == {"model_refused_predict_churn"}
    assert rows["send_mail"] == set()
    for spec in FUNCTIONS:
        assert ("api_5xx" in rows[spec.name]) == isinstance(spec.trigger, Http)


def test_what_anybody_can_cause_does_not() -> None:
    outside = {alarm for alarm in ALARMS if alarm.name == "signatures_refused"}

    assert outside
    assert not any(alarm.takes_back for alarm in outside)


def test_every_alarm_that_takes_back_is_of_some_function() -> None:
    for alarm in ALARMS:
        assert alarm.takes_back == any(takes_back(alarm, spec) for spec in FUNCTIONS)


def test_dev_changes_over_at_once(dev: Template) -> None:
    for function in aliases(dev):
        assert group(dev, function)["DeploymentConfigName"] == AT_ONCE
        assert "Alarms" not in group(dev, function).get("AlarmConfiguration", {})


def test_another_layer_makes_another_version(tmp_path: Path) -> None:
    def versions(dependency: str) -> set[str]:
        for name in ("code", "layer"):
            (tmp_path / dependency / name).mkdir(parents=True)
        (tmp_path / dependency / "layer" / "it.txt").write_text(dependency)
        stack = Stack(App(context=FLAGS), "stack")
        layer = lambda_.LayerVersion(
            stack, "layer", code=lambda_.Code.from_asset(str(tmp_path / dependency / "layer"))
        )
        function = lambda_.Function(
            stack,
            "function",
            runtime=lambda_.Runtime.PYTHON_3_13,
            handler="x.y",
            code=lambda_.Code.from_asset(str(tmp_path / dependency / "code")),
            layers=[layer],
        )
        assert function.current_version
        found = Synthesized.from_stack(stack).find_resources("AWS::Lambda::Version")
        return set(found)

    assert versions("pydantic 2.14").isdisjoint(versions("pydantic 2.15"))
