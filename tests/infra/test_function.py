"""Functions in the stack are the files in `functions/`, set up as the design asks."""

from pathlib import Path

import pytest

from infra_cdk.function_spec import FUNCTIONS, Batch, Clock, FunctionSpec, Http
from infra_cdk.package.code import ROOT
from tests.infra.template import Template, flat

GATEWAY_SECONDS = 30


def files() -> set[str]:
    return {path.stem for path in Path(ROOT, "functions").glob("*.py")} - {"__init__"}


def test_every_file_is_a_function_and_every_function_a_file(template: Template, stage: str) -> None:
    only_where_fed = set() if stage == "dev" else {"feed_synthetic"}

    assert set(template.functions()) == files() - only_where_fed


def test_the_feed_is_told_what_to_tell_and_whom(dev: Template) -> None:
    environment = dev.functions()["feed_synthetic"]["Environment"]["Variables"]

    assert "http_api" in flat(environment["API_URL"]).replace("httpapi", "http_api")
    assert environment["FEED_WORLD"] == "demo"
    assert "webhook" in flat(environment["WEBHOOK_SECRET_ARN"])
    assert "TABLE_NAME" not in environment


def test_functions_run_on_arm_except_locally(template: Template, stage: str) -> None:
    wanted = "x86_64" if stage == "local" else "arm64"

    assert {tuple(f["Architectures"]) for f in template.functions().values()} == {(wanted,)}


def test_functions_run_python_3_13(template: Template) -> None:
    assert {f["Runtime"] for f in template.functions().values()} == {"python3.13"}


def test_every_function_is_traced(template: Template) -> None:
    modes = [function["TracingConfig"]["Mode"] for function in template.functions().values()]

    assert set(modes) == {"Active"}


@pytest.mark.parametrize("spec", FUNCTIONS, ids=lambda spec: spec.name)
def test_the_log_service_is_the_name_of_the_file(template: Template, spec: FunctionSpec) -> None:
    environment = template.functions()[spec.name]["Environment"]["Variables"]

    assert environment["POWERTOOLS_SERVICE_NAME"] == spec.name


@pytest.mark.parametrize("spec", FUNCTIONS, ids=lambda spec: spec.name)
def test_a_function_is_told_where_the_table_is(template: Template, spec: FunctionSpec) -> None:
    environment = template.functions()[spec.name]["Environment"]["Variables"]

    assert "datatable" in flat(environment["TABLE_NAME"])


def test_no_secret_stands_in_an_environment(template: Template) -> None:
    for function in template.functions().values():
        for name, value in function["Environment"]["Variables"].items():
            assert "SECRET" not in name or name.endswith("_ARN")
            assert "resolve:secretsmanager" not in flat(value)


def test_all_functions_share_one_code_asset(template: Template) -> None:
    assert len({f["Code"]["S3Key"] for f in template.functions().values()}) == 1


def test_a_function_answers_before_the_gateway_gives_up() -> None:
    for spec in FUNCTIONS:
        if isinstance(spec.trigger, Http):
            assert spec.timeout_seconds < GATEWAY_SECONDS


def test_what_runs_every_minute_ends_within_it() -> None:
    for spec in FUNCTIONS:
        if isinstance(spec.trigger, Clock) and spec.trigger.expression == "rate(1 minute)":
            assert spec.timeout_seconds < 60


def test_logs_are_kept_for_a_stated_time(template: Template) -> None:
    groups = template.properties("AWS::Logs::LogGroup")

    assert len(groups) == len(template.functions()) + 1  # and the access log
    assert all(group["RetentionInDays"] >= 7 for group in groups)


def test_every_function_writes_to_a_log_group_of_its_own(template: Template) -> None:
    groups = [flat(f["LoggingConfig"]["LogGroup"]) for f in template.functions().values()]

    assert len(set(groups)) == len(groups)


def test_batches_report_the_messages_that_failed(template: Template) -> None:
    subscribed = template.properties("AWS::Lambda::EventSourceMapping")

    assert len(subscribed) == sum(isinstance(spec.trigger, Batch) for spec in FUNCTIONS)
    for source in subscribed:
        assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert source["ScalingConfig"]["MaximumConcurrency"] >= 2


def test_no_function_reserves_concurrency(template: Template) -> None:
    for function in template.functions().values():
        assert "ReservedConcurrentExecutions" not in function
