"""Whatever the OpenAPI document allows or forbids, the running stack never answers a 5xx."""

import os
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error

from infra_cdk.local.deployed import Deployed
from infra_cdk.local.stack import LocalStack, throwaway_stack
from shared.signature import sign
from tests.e2e.callers import (
    ADMIN,
    EXPIRED,
    GROUPLESS,
    MANAGER,
    MARKETPLACE,
    NEAR_MISSES,
    NOBODY,
    OTHER,
    PEOPLE_OPS,
    STUDENT,
    THE_TUTOR,
    in_group,
    tokens,
)
from tests.e2e.marketplace import Marketplace
from tests.e2e.permission import DOCUMENT

pytestmark = pytest.mark.e2e

WEBHOOKS = ["/api/sessions", "/api/tutors", "/api/events", "/api/feedback"]
schema = schemathesis.openapi.from_dict(DOCUMENT)
everything_else = schema.exclude(path=WEBHOOKS, method="POST")
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "12"))
"""Of requests for each operation; with more of them than usual, each time others."""
thorough = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="FUZZ_EXAMPLES" not in os.environ,
    database=None,
    suppress_health_check=list(HealthCheck),
)

less = settings(thorough, max_examples=max(1, EXAMPLES // 6))
"""For what each of many callers asks."""


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    """A stack of its own: some of what is generated changes settings."""
    with throwaway_stack() as running:
        yield running


@pytest.fixture(scope="module")
def marketplace(stack: LocalStack) -> Marketplace:
    return Marketplace(stack.deployed)


@pytest.fixture(scope="module")
def known(stack: LocalStack) -> Mapping[str, str | None]:
    return tokens(stack)


def answered(deployed: Deployed, case: Case[Any], token: str | None = None) -> requests.Response:
    """Send a generated request: a report is signed as it goes out, all else may have a token."""
    arguments: dict[str, Any] = case.as_transport_kwargs(base_url=deployed.front_door)
    for name in ("timeout", "verify", "allow_redirects", "proxies", "cert"):
        arguments.pop(name, None)
    session = requests.Session()
    request = session.prepare_request(requests.Request(**arguments))
    if request.method == "POST" and case.operation.path in WEBHOOKS:
        body: Any = request.body or b""
        raw: bytes = body if isinstance(body, bytes) else body.encode()
        seconds, webhook_id = int(time.time()), f"fuzz-{time.time_ns()}"
        request.headers["webhook-id"] = webhook_id
        request.headers["webhook-timestamp"] = str(seconds)
        request.headers["webhook-signature"] = sign(
            deployed.webhook_secret, webhook_id, seconds, raw
        )
    elif token:
        request.headers["authorization"] = f"Bearer {token}"
    with session:
        return session.send(request, timeout=30)


@schema.include(path=WEBHOOKS, method="POST").parametrize()
@thorough
def test_no_report_is_answered_with_a_server_error(
    case: Case[Any], marketplace: Marketplace
) -> None:
    response = answered(marketplace.deployed, case)

    case.validate_response(response, checks=[not_a_server_error])


@pytest.mark.parametrize("who", [MANAGER, THE_TUTOR])
@everything_else.parametrize()
@thorough
def test_no_request_is_answered_with_a_server_error(
    case: Case[Any], who: str, known: Mapping[str, str | None], marketplace: Marketplace
) -> None:
    response = answered(marketplace.deployed, case, known[who])

    case.validate_response(response, checks=[not_a_server_error])


OTHERS = (
    OTHER, PEOPLE_OPS, ADMIN, MARKETPLACE, STUDENT, NOBODY, EXPIRED, GROUPLESS,
    in_group(NEAR_MISSES[0]),
)  # fmt: skip
"""Who are let in to little, or to nothing."""


@everything_else.parametrize()
@less
def test_nobody_else_is_answered_with_a_server_error(
    case: Case[Any], known: Mapping[str, str | None], marketplace: Marketplace
) -> None:
    for who in OTHERS:
        response = answered(marketplace.deployed, case, known[who])

        case.validate_response(response, checks=[not_a_server_error])
