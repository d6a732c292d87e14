"""The API's own address, past the front door: signed webhooks are taken there, and nothing else."""

import json
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

import pytest
import urllib3

from infra_cdk.local.sign_in import access_token
from shared.aws.entrance import HEADER
from shared.signature import sign
from tests.e2e.marketplace import Marketplace, completed

pytestmark = pytest.mark.e2e


def beside_the_door(
    marketplace: Marketplace,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes | None = None,
) -> tuple[int, str]:
    """The status and the title of what the API itself answers."""
    deployed = marketplace.deployed
    host = f"{deployed.api_id}.execute-api.localhost:{urlsplit(deployed.endpoint).port}"
    answer = urllib3.request(
        method, deployed.endpoint + path, headers={**headers, "host": host}, body=body, timeout=60
    )
    return answer.status, json.loads(answer.data).get("title", "")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/health"),
        ("GET", "/api/tutors"),
        ("PUT", "/api/settings/thresholds"),
        ("POST", "/api/interventions/i-1/start"),
        ("POST", "/api/unsubscribe/token"),
    ],
)
@pytest.mark.parametrize("guess", [None, "guess"])
def test_a_token_alone_does_not_get_in(
    marketplace: Marketplace, method: str, path: str, guess: str | None
) -> None:
    token = access_token(marketplace.deployed, "ops_manager")
    headers = {"authorization": f"Bearer {token}"} | ({HEADER: guess} if guess else {})

    assert beside_the_door(marketplace, method, path, headers) == (403, "This is not the way in.")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/tutors", 401),
        ("PUT", "/api/settings/thresholds", 401),
        ("POST", "/api/interventions/i-1/start", 401),
        ("GET", "/api/health", 403),
        ("POST", "/api/unsubscribe/token", 403),
        ("POST", "/api/sessions", 401),
    ],
)
def test_nobody_gets_in_without_a_token_or_a_signature(
    marketplace: Marketplace, method: str, path: str, status: int
) -> None:
    assert beside_the_door(marketplace, method, path, {})[0] == status


def test_a_signed_report_does(marketplace: Marketplace) -> None:
    body, seconds = json.dumps(completed("s-beside", "t-beside", 2)).encode(), int(time.time())
    signed = {
        "content-type": "application/json",
        "webhook-id": "w-beside",
        "webhook-timestamp": str(seconds),
        "webhook-signature": sign(marketplace.deployed.webhook_secret, "w-beside", seconds, body),
    }

    assert beside_the_door(marketplace, "POST", "/api/sessions", signed, body)[0] == 202
