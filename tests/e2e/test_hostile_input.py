"""What no honest sender would post, through the real front door: a clear refusal, never a 5xx."""

import http.client
import json
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

import pytest

from shared.signature import sign
from tests.e2e.marketplace import Marketplace, completed

pytestmark = pytest.mark.e2e

GOOD = json.dumps(completed("s-hostile", "t-hostile", 2)).encode()
LARGE = 64 * 1024


def send(
    marketplace: Marketplace,
    body: bytes,
    headers: Mapping[str, str] | None = None,
    *,
    method: str = "POST",
    path: str = "/api/sessions",
) -> int:
    """The status of a signed request, some of whose headers may be replaced."""
    seconds, webhook_id = int(time.time()), f"hostile-{time.time_ns()}"
    secret = marketplace.deployed.webhook_secret
    signed = {
        "content-type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": sign(secret, webhook_id, seconds, body),
    }
    door = urlsplit(marketplace.deployed.front_door)
    connection = http.client.HTTPConnection(door.hostname or "", door.port, timeout=20)
    try:
        connection.request(method, path, body=body, headers={**signed, **(headers or {})})
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(GOOD, 202, id="a good report"),
        pytest.param(b"", 400, id="nothing"),
        pytest.param(b"{", 400, id="half a JSON"),
        pytest.param(b"\xff\xfe{}", 400, id="not UTF-8"),
        pytest.param(b"\xef\xbb\xbf" + GOOD, 400, id="a byte order mark"),
        pytest.param(b"\x00" + GOOD, 400, id="a null byte"),
        pytest.param(b"[" * 60_000, 400, id="sixty thousand brackets"),
        pytest.param(b'{"a":' * 9_000 + b"1" + b"}" * 9_000, 400, id="nine thousand objects"),
        pytest.param(b"[]", 422, id="a list"),
        pytest.param(b"null", 422, id="null"),
        pytest.param(b"NaN", 422, id="not a number"),
        pytest.param(GOOD[:-1] + b', "version": 1e999}', 422, id="an infinite version"),
        pytest.param(GOOD[:-1] + b', "subject": "\\ud800"}', 422, id="a lone surrogate"),
        pytest.param(GOOD + b" " * (LARGE - len(GOOD)), 202, id="64 kB"),
        pytest.param(GOOD + b" " * (LARGE + 1 - len(GOOD)), 413, id="64 kB and a byte"),
        pytest.param(GOOD + b" " * 5_000_000, 413, id="5 MB"),
        pytest.param(GOOD + b" " * 11_000_000, 413, id="11 MB"),
    ],
)
def test_a_body(marketplace: Marketplace, body: bytes, status: int) -> None:
    assert send(marketplace, body) == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"webhook-signature": ""}, 401, id="no signature"),
        pytest.param({"webhook-signature": "v1,"}, 401, id="an empty signature"),
        pytest.param({"webhook-signature": "v1,====="}, 401, id="not base64"),
        pytest.param({"webhook-signature": "v1,\xe9\xe9"}, 401, id="not ASCII"),
        pytest.param({"webhook-signature": "v1a,AAAA"}, 401, id="another scheme"),
        pytest.param({"webhook-signature": "v1,AAAA " * 500}, 401, id="five hundred signatures"),
        pytest.param({"webhook-timestamp": "0"}, 401, id="1970"),
        pytest.param({"webhook-timestamp": "9" * 12}, 401, id="far ahead"),
        pytest.param({"webhook-timestamp": "1e9"}, 401, id="a float"),
        pytest.param({"webhook-timestamp": "-1"}, 401, id="negative"),
        pytest.param({"webhook-id": ""}, 401, id="no id"),
        pytest.param({"webhook-id": "../../etc"}, 401, id="a path for an id"),
        pytest.param({"webhook-id": "x" * 65}, 401, id="a long id"),
        pytest.param({"content-type": "text/plain"}, 415, id="plain text"),
        pytest.param({"content-type": ""}, 415, id="no type"),
        pytest.param({"content-type": "application/json; charset=utf-16"}, 415, id="UTF-16"),
        pytest.param({"content-type": "application/json; charset=UTF-8"}, 202, id="said UTF-8"),
    ],
)
def test_a_header(marketplace: Marketplace, headers: dict[str, str], status: int) -> None:
    assert send(marketplace, GOOD, headers) == status


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
@pytest.mark.parametrize(
    "path",
    ["/api", "/api/", "/api/nothing", "/api/sessions/", "/api/%2e%2e/x", "/api/tutors/%00"],
)
def test_a_path_or_method_nobody_offers(marketplace: Marketplace, method: str, path: str) -> None:
    assert 400 <= send(marketplace, b"", method=method, path=path) < 500
