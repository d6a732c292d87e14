"""What commands ask a stage for is there on AWS, under the name that they use."""

import re
from pathlib import Path
from typing import Final

import boto3

from infra_cdk.function_spec import QUEUES
from infra_cdk.place import Place, url_output
from tests.infra.template import Template

COMMANDS: Final = Path(__file__).parents[2] / "infra_cdk"
ASKED: Final = re.compile(r'(?:place|outputs|self)\["([A-Z]\w+)"\](?! =)')


def test_a_command_asks_for_nothing_that_the_stack_does_not_tell(prod: Template) -> None:
    asked = {name for file in COMMANDS.glob("*.py") for name in ASKED.findall(file.read_text())}
    queues = {url_output(queue, dead=dead) for queue in QUEUES for dead in (False, True)}

    assert {"TableName", "SiteDistributionId", "WebhookSecretArn"} <= asked
    assert asked | queues <= prod.content["Outputs"].keys()


def test_a_command_starts_the_version_in_force() -> None:
    assert Place("prod", boto3.client, {}).function_name("train_churn") == (
        "tutor-quality-prod-train_churn:live"
    )
    assert Place("local", boto3.client, {}).function_name("train_churn") == (
        "tutor-quality-local-train_churn"
    )


def test_a_command_reads_where_the_functions_log(template: Template, stage: str) -> None:
    made = {group["LogGroupName"] for group in template.properties("AWS::Logs::LogGroup")}
    place = Place(stage, boto3.client, {})

    assert {place.log_group(function) for function in template.functions()} <= made
