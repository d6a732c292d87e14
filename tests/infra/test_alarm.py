"""Whoever is called at night finds an alarm that is true, and a page that says what to do."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra_cdk.alarm import OVER_BUDGET
from infra_cdk.alarm_spec import ALARMS, AlarmSpec, Emitted
from infra_cdk.dashboard import GRAPHS, LOOKED_AT
from infra_cdk.function_spec import QUEUES
from infra_cdk.rollout import WENT_BACK
from tests.infra.conftest import load
from tests.infra.template import Template

ROOT = Path(__file__).parents[2]
RUNBOOKS = ROOT / "docs/runbooks"
ALARMED = {*(spec.runbook for spec in ALARMS), WENT_BACK}
FUNCTIONS = ROOT / "functions"
BY_NAME = pytest.mark.parametrize("spec", ALARMS, ids=lambda spec: spec.name)


def names(path: Path) -> Iterator[str]:
    """The metrics that a module emits, or has others emit by handing them on as `metric`."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Call(func=ast.Attribute(attr="add_metric"), args=[name, *_]):
                yield from texts(name)
            case ast.keyword(arg="metric" | "conflicts", value=name):
                yield from texts(name)


def texts(name: ast.expr) -> Iterator[str]:
    """What a name of a metric can be; none of one that came as `metric`, for it is known there."""
    match name:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=one, orelse=other):
            yield from texts(one)
            yield from texts(other)
        case ast.Name(id="metric" | "conflicts"):
            return
        case _:
            raise AssertionError(f"nobody can see what it is called: {ast.unparse(name)}")


def emitted() -> set[Emitted]:
    """All metrics of all functions."""
    return {Emitted(path.stem, name) for path in FUNCTIONS.glob("*.py") for name in names(path)}


def test_what_is_looked_at_is_emitted_by_the_function_it_is_said_to_be_of() -> None:
    assert LOOKED_AT - emitted() == set()


def test_every_metric_that_a_function_emits_is_on_an_alarm_or_a_graph() -> None:
    assert emitted() - LOOKED_AT == set()


def test_what_functions_share_emits_only_what_they_name() -> None:
    """A metric that it named itself would be one more of each function that comes by."""
    sources = [path for path in (ROOT / "shared").rglob("*.py") if "add_metric" in path.read_text()]

    assert {name for path in sources for name in names(path)} == set()


@BY_NAME
def test_an_alarm_says_what_to_do(spec: AlarmSpec) -> None:
    page = (RUNBOOKS / f"{spec.runbook}.md").read_text()

    for part in ("## What it means", "## Look", "## Do"):
        assert part in page


def test_every_alarm_and_the_budget_name_a_runbook(prod: Template) -> None:
    told = [alarm["AlarmDescription"] for alarm in prod.properties("AWS::CloudWatch::Alarm")]
    (budget,) = prod.properties("AWS::Budgets::Budget")

    assert {text.rpartition("docs/runbooks/")[2] for text in told} == {f"{n}.md" for n in ALARMED}
    assert budget["Budget"]["BudgetName"].endswith(f"runbook {OVER_BUDGET}")


def test_every_runbook_belongs_to_an_alarm_or_is_told_of_in_the_readme() -> None:
    pages = {page.stem for page in RUNBOOKS.iterdir()}
    alarmed = {*ALARMED, OVER_BUDGET}
    readme = (ROOT / "README.md").read_text()

    assert alarmed <= pages
    assert {name for name in pages if f"(docs/runbooks/{name}.md)" in readme} == pages - alarmed


def test_a_runbook_that_no_alarm_asks_for_says_when_it_is_for() -> None:
    for page in RUNBOOKS.iterdir():
        if page.stem not in {*ALARMED, OVER_BUDGET}:
            assert "## When" in page.read_text(), page.name
            assert "## Do" in page.read_text(), page.name


def test_every_link_of_a_runbook_leads_somewhere() -> None:
    for page in RUNBOOKS.iterdir():
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            assert (RUNBOOKS / target).exists(), (page.name, target)


@BY_NAME
def test_where_silence_is_the_fault_no_data_is_as_bad_as_bad_data(
    prod: Template, spec: AlarmSpec
) -> None:
    (alarm,) = [
        one
        for one in prod.properties("AWS::CloudWatch::Alarm")
        if one["AlarmDescription"].startswith(spec.says)
    ]

    otherwise = "ignore" if spec.stays else "notBreaching"
    assert alarm["TreatMissingData"] == ("breaching" if spec.silence else otherwise)
    assert alarm["Threshold"] == spec.limit
    longest = 7 if alarm["Period"] >= 3600 else 1  # days that CloudWatch looks back
    assert alarm["Period"] * alarm["EvaluationPeriods"] <= longest * 86400
    assert alarm["AlarmDescription"].endswith(f"docs/runbooks/{spec.runbook}.md")


def test_what_is_told_once_a_night_does_not_look_mended_an_hour_later(prod: Template) -> None:
    assert prod.alarm("ModelAge")["TreatMissingData"] == "ignore"


def test_a_clock_that_stopped_is_started_by_a_line_of_its_runbook() -> None:
    for spec in ALARMS:
        if spec.runbook == "clock-stopped" and isinstance(spec.metric, Emitted):
            page = (RUNBOOKS / "clock-stopped.md").read_text()
            assert f'DO="start {spec.metric.function}"' in page


def test_every_queue_and_its_dead_letters_are_watched(prod: Template) -> None:
    watched = {
        str(alarm["Dimensions"][0]["Value"])
        for alarm in prod.properties("AWS::CloudWatch::Alarm")
        if alarm.get("Namespace") == "AWS/SQS"
    }

    assert len(watched) == 2 * len(QUEUES)


def test_somebody_is_told_and_told_again_when_it_is_over(prod: Template) -> None:
    (topic,) = prod.of_type("AWS::SNS::Topic")

    (policy,) = prod.properties("AWS::SNS::TopicPolicy")
    allowed = [
        one["Principal"]
        for one in policy["PolicyDocument"]["Statement"]
        if one["Effect"] == "Allow" and one["Action"] == "sns:Publish"
    ]
    assert allowed == [{"Service": "cloudwatch.amazonaws.com"}]
    for alarm in prod.properties("AWS::CloudWatch::Alarm"):
        if WENT_BACK not in alarm["AlarmDescription"]:
            assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": topic}]
    assert prod.only("AWS::SNS::Subscription")["Protocol"] == "email"


def test_somebody_is_told_before_a_month_costs_too_much(prod: Template) -> None:
    budget = prod.only("AWS::Budgets::Budget")

    assert budget["Budget"]["BudgetLimit"] == {"Amount": 100, "Unit": "USD"}
    kinds = {
        one["Notification"]["NotificationType"] for one in budget["NotificationsWithSubscribers"]
    }
    assert kinds == {"ACTUAL", "FORECASTED"}


def test_somebody_is_told_on_the_day_after_a_dear_one(prod: Template) -> None:
    ((monitor, watched),) = prod.of_type("AWS::CE::AnomalyMonitor").items()
    told = prod.only("AWS::CE::AnomalySubscription")

    assert json.loads(watched["Properties"]["MonitorSpecification"]) == {
        "Tags": {"Key": "user:stage", "Values": ["prod"]}
    }
    assert told["MonitorArnList"] == [{"Ref": monitor}]
    assert told["Frequency"] == "DAILY"
    (impact,) = json.loads(told["ThresholdExpression"]).values()
    assert (impact["Key"], impact["Values"]) == ("ANOMALY_TOTAL_IMPACT_ABSOLUTE", ["10"])
    assert told["SubscriptionName"].endswith(f"runbook {OVER_BUDGET}")


def test_where_nobody_has_to_get_up_nobody_is_told(assemblies: dict[str, Path]) -> None:
    local = load(assemblies["local"], "local")

    assert local.of_type("AWS::CE::AnomalyMonitor") == {}
    assert local.of_type("AWS::Budgets::Budget") == {}


def test_one_page_shows_the_alarms_and_every_queue(prod: Template) -> None:
    body = str(prod.only("AWS::CloudWatch::Dashboard")["DashboardBody"])

    assert all(title in body for title in GRAPHS)
    assert body.count("ApproximateNumberOfMessagesVisible") == 2 * len(QUEUES)
