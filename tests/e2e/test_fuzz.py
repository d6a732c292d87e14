"""Whatever the OpenAPI document allows or forbids, the running stack never answers a 5xx."""

import json
import time
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error

from infra_cdk.local.deployed import Deployed
from infra_cdk.local.sign_in import access_token
from shared.signature import sign
from tests.e2e.marketplace import Marketplace

pytestmark = pytest.mark.e2e

DOCUMENT = json.loads((Path(__file__).parents[2] / "docs/openapi.json").read_text())
WEBHOOKS = ["/api/sessions", "/api/tutors", "/api/events", "/api/feedback"]
schema = schemathesis.openapi.from_dict(DOCUMENT)
thorough = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@cache
def token(deployed: Deployed, role: str) -> str:
    return access_token(deployed, role, user="t-7" if role == "tutor" else None)


def answered(deployed: Deployed, case: Case[Any], role: str = "") -> requests.Response:
    """Send a generated request: a report is signed as it goes out; a role brings its token."""
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
    elif role:
        request.headers["authorization"] = f"Bearer {token(deployed, role)}"
    with session:
        return session.send(request, timeout=30)


@schema.include(path=WEBHOOKS, method="POST").parametrize()
@thorough
def test_no_report_is_answered_with_a_server_error(
    case: Case[Any], marketplace: Marketplace
) -> None:
    response = answered(marketplace.deployed, case)

    case.validate_response(response, checks=[not_a_server_error])


@pytest.mark.parametrize("role", ["ops_manager", "tutor"])
@schema.exclude(path=WEBHOOKS, method="POST").parametrize()
@thorough
def test_no_request_is_answered_with_a_server_error(
    case: Case[Any], role: str, marketplace: Marketplace
) -> None:
    response = answered(marketplace.deployed, case, role)

    case.validate_response(response, checks=[not_a_server_error])
