"""What happens by itself, and when."""

import json

from tests.infra.template import Template


def schedules(template: Template) -> dict[str, str]:
    names = template.function_names()
    return {
        names[template.started(schedule["Target"]["Arn"])]: schedule["ScheduleExpression"]
        for schedule in template.properties("AWS::Scheduler::Schedule")
    }


def test_what_is_started_by_the_clock_and_when(template: Template, stage: str) -> None:
    fed = {"feed_synthetic": "cron(0/15 * * * ? *)"} if stage == "dev" else {}

    assert schedules(template) == fed | {
        "roll_windows": "cron(0 0 * * ? *)",
        "train_churn": "cron(0 2 * * ? *)",
        "sweep_inbox": "rate(1 minute)",
        "sweep_mail": "rate(1 minute)",
        "escalate_interventions": "cron(0/15 * * * ? *)",
        "send_digest": "cron(0 * * * ? *)",
        "seal_audit": "cron(30 0 * * ? *)",
        "summarize_platform": "rate(1 minute)",
    }


def test_a_run_is_told_for_which_moment_it_is(template: Template) -> None:
    for schedule in template.properties("AWS::Scheduler::Schedule"):
        assert json.loads(schedule["Target"]["Input"]) == {"time": "<aws.scheduler.scheduled-time>"}


def test_clocks_are_utc_and_exact(template: Template) -> None:
    for schedule in template.properties("AWS::Scheduler::Schedule"):
        assert schedule["ScheduleExpressionTimezone"] == "UTC"
        assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
