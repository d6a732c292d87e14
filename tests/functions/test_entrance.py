"""Whatever is no signed webhook has to come through CloudFront, whichever function it is for."""

import importlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from infra_cdk.function_spec import FUNCTIONS, Http, Route
from shared.aws.entrance import HEADER, KEPT_FOR, Entrance
from shared.aws.secret import FRESH_A_MINUTE, Secret
from shared.problem import ProblemError
from tests.functions.conftest import BY_CLOUDFRONT, ENTRANCE, Aws

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def behind_cloudfront() -> Iterator[tuple[str, Route]]:
    """Every route of every function but the webhooks', as the stack has them."""
    for spec in FUNCTIONS:
        if isinstance(spec.trigger, Http) and spec.behind_cloudfront:
            for route in spec.trigger.routes:
                yield spec.name, route


BY_ROUTE = pytest.mark.parametrize(
    ("function", "route"),
    list(behind_cloudfront()),
    ids=[f"{route.method} {route.path}" for _, route in behind_cloudfront()],
)


class Untouchable:
    """Stands where a client does; whoever uses it fails."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} of AWS was used")


def request(route: Route, headers: dict[str, str]) -> dict[str, Any]:
    """A request of somebody who may do everything."""
    path = route.path.replace("{", "").replace("+}", "").replace("}", "")
    claims = {"token_use": "access", "sub": "s", "username": "sam"}
    return {
        "rawPath": path,
        "headers": headers,
        "body": None,
        "requestContext": {
            "requestId": "request-1",
            "http": {"method": route.method, "path": path},
            "authorizer": {"jwt": {"claims": claims | {"cognito:groups": "[ops_manager admin]"}}},
        },
    }


def answer(function: str, event: dict[str, Any]) -> dict[str, Any]:
    module = importlib.import_module(f"functions.{function}")
    answered: dict[str, Any] = module.handler(event, LambdaContext())
    return answered


@BY_ROUTE
@pytest.mark.parametrize("sent", [{}, {HEADER: ""}, {HEADER: "guess"}, {HEADER: "ë"}])
def test_what_did_not_come_through_cloudfront_is_refused_and_leaves_no_trace(
    aws: Aws, function: str, route: Route, sent: dict[str, str]
) -> None:
    answered = answer(function, request(route, sent))

    assert answered["statusCode"] == 403
    assert answered["headers"]["content-type"] == "application/problem+json"
    assert json.loads(answered["body"])["title"] == "This is not the way in."
    assert aws.items() == [], "not even in the audit trail"


@BY_ROUTE
def test_what_came_through_cloudfront_is_not(aws: Aws, function: str, route: Route) -> None:
    answered = answer(function, request(route, BY_CLOUDFRONT))

    assert "This is not the way in." not in answered["body"]


@BY_ROUTE
def test_nothing_is_read_before_that_is_known(
    aws: Aws, function: str, route: Route, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(function, request(route, BY_CLOUDFRONT))  # by which the secret is known
    monkeypatch.setattr(type(aws.store), "client", Untouchable(), raising=False)

    assert answer(function, request(route, {}))["statusCode"] == 403


def the_entrance(aws: Aws, **values: str | None) -> Entrance:
    """An entrance of its own, whose secret holds these."""
    aws.secrets.put_secret_value(SecretId="entrance", SecretString=json.dumps(values))
    return Entrance(Secret(boto3.client("secretsmanager"), "entrance", KEPT_FOR))


@pytest.fixture(autouse=True)
def as_it_was(aws: Aws) -> Iterator[None]:
    yield
    the_entrance(aws, current=ENTRANCE, previous=None)


def refused(entrance: Entrance, value: str, at: datetime = NOON) -> bool:
    try:
        entrance.let_in({"headers": {HEADER: value}}, at)
    except ProblemError:
        return True
    return False


def test_a_rotation_turns_nobody_away(aws: Aws) -> None:
    entrance = the_entrance(aws, current="old", previous=None)
    assert not refused(entrance, "old")

    the_entrance(aws, current="new", previous="old")

    assert not refused(entrance, "old"), "CloudFront has not heard of it yet"
    assert not refused(entrance, "new"), "some of its places have"


def test_a_value_that_was_withdrawn_is_refused_an_hour_later(aws: Aws) -> None:
    entrance = the_entrance(aws, current="new", previous="old")
    assert not refused(entrance, "old")

    the_entrance(aws, current="newer", previous="new")

    assert refused(entrance, "old", NOON + KEPT_FOR + timedelta(seconds=1))


def test_the_secret_is_read_once(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    entrance = the_entrance(aws, current="new", previous=None)
    assert not refused(entrance, "new")
    monkeypatch.setattr(entrance.secret, "client", Untouchable())

    assert not refused(entrance, "new", NOON + timedelta(minutes=59))


def test_guesses_do_not_make_us_read_the_secret_each_time(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    entrance = the_entrance(aws, current="new", previous=None)
    for guess in range(FRESH_A_MINUTE + 1):
        assert refused(entrance, f"guess {guess}")
    monkeypatch.setattr(entrance.secret, "client", Untouchable())

    assert refused(entrance, "one more")
