"""The page of the architecture draws what is deployed."""

import re
from collections.abc import Iterator
from pathlib import Path

from infra_cdk.architecture import page
from infra_cdk.function_spec import FUNCTIONS
from tests.infra.template import Template, flat, listed

ROOT = Path(__file__).parents[2]
ARROW = re.compile(r"^ {2}(\w+)\S* (?:.*? )?(?:-->|---) (\w+)", re.MULTILINE)
FEED = "feed_synthetic"
"""Plays the marketplace, on the dev stage alone."""
OUTSIDE = {"marketplace", "people", "anybody", "cloudfront"}
"""Who calls by HTTP, for whom the template has no more than routes."""
MEANT = {"dynamodb": "table", "ses": "ses", "cognito-idp": "pool"}
"""Where a grant on a service is drawn to."""


def test_the_published_page_is_up_to_date() -> None:
    assert (ROOT / "docs/architecture.md").read_text() == page(), "run `make docs`"


def test_every_function_stands_on_it_once() -> None:
    for spec in FUNCTIONS:
        assert page().count(f"| [{spec.name}](../functions/{spec.name}.py) |") == 1


def test_every_arrow_is_deployed_and_every_deployed_way_is_an_arrow(dev: Template) -> None:
    drawn = set(ARROW.findall(page()))
    called = {function for caller, function in drawn if caller in OUTSIDE}

    deployed = {way for way in ways(dev) if FEED not in way}

    assert {(a, b) for a, b in drawn if a not in OUTSIDE} == deployed
    assert called - {"cloudfront"} == set(routed(dev))


def ways(template: Template) -> Iterator[tuple[str, str]]:
    """From whom to what, as roles, queues and clocks have it."""
    for mapping in template.properties("AWS::Lambda::EventSourceMapping"):
        yield queue(flat(mapping["EventSourceArn"])), function(template, mapping["FunctionName"])
    for schedule in template.properties("AWS::Scheduler::Schedule"):
        yield "clock", function(template, schedule["Target"]["Arn"])
    for name in template.functions():
        for statement in template.granted(name):
            for action in listed(statement["Action"]):
                service, verb = action.split(":")
                if verb == "SendMessage":
                    yield from ((name, queue(flat(to))) for to in listed(statement["Resource"]))
                elif service == "s3":
                    yield name, bucket(flat(listed(statement["Resource"])[0]))
                elif service in MEANT:
                    yield name, MEANT[service]


def routed(template: Template) -> Iterator[str]:
    """Functions behind routes of the API."""
    for one in template.properties("AWS::ApiGatewayV2::Integration"):
        yield function(template, one["IntegrationUri"])


def function(template: Template, target: object) -> str:
    return template.function_names()[template.started(target)]


def bucket(arn: str) -> str:
    return "models" if arn.startswith("<models") else "vault"


def queue(arn: str) -> str:
    found = re.match(r"<(\w+?)queue", arn)
    assert found, arn
    return found[1]
