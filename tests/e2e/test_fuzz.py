"""Whatever the OpenAPI document allows or forbids, the running stack never answers a 5xx.

Half of the requests are about a tutor who is there, and say which version they saw; what the others
are about is drawn too, and nowhere. Who may is let in by some of them, and nobody else.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit
from zlib import crc32

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
    OTHER_TUTOR,
    PEOPLE_OPS,
    STUDENT,
    THE_TUTOR,
    TUTOR,
    in_group,
    tokens,
)
from tests.e2e.dashboard import report_tutors
from tests.e2e.marketplace import Marketplace
from tests.e2e.permission import DOCUMENT, OPERATIONS, ROWS, SIGNED_IN, TUTORS

pytestmark = pytest.mark.e2e

WEBHOOKS = ["/api/sessions", "/api/tutors", "/api/events", "/api/feedback"]
NAMES: Final = {(one.verb, one.path): one.name for one in OPERATIONS}
REPORTS: Final = {NAMES["POST", path] for path in WEBHOOKS}
READS: Final = {one.name for one in SIGNED_IN if one.verb == "GET"}
THE_SENDER: Final = "whoever signs"
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


@dataclass
class Place:
    """One stack, who asks, what is there, and which operations were answered whom with a 2xx."""

    deployed: Deployed
    tokens: Mapping[str, str | None]
    there: Mapping[str, str]
    good: Counter[tuple[str, str]] = field(default_factory=Counter)

    def ask(self, case: Case[Any], who: str) -> requests.Response:
        """Send a generated request: a report is signed as it goes out, all else has a token."""
        request = prepared(case, self.deployed.front_door)
        raw = said(request)
        name = NAMES.get((str(request.method), case.path), "")
        if name in REPORTS:
            seconds, webhook_id = int(time.time()), f"fuzz-{time.time_ns()}"
            request.headers["webhook-id"] = webhook_id
            request.headers["webhook-timestamp"] = str(seconds)
            request.headers["webhook-signature"] = sign(
                self.deployed.webhook_secret, webhook_id, seconds, raw
            )
        elif token := self.tokens[who]:
            request.headers["authorization"] = f"Bearer {token}"
        if crc32(request.path_url.encode() + raw) % 2:
            self.lead_to_what_is_there(request, case.path, who)
        with requests.Session() as session:
            response = session.send(request, timeout=30)
        if response.status_code // 100 == 2:
            self.good[who, name] += 1
        return response

    def lead_to_what_is_there(self, request: requests.PreparedRequest, path: str, who: str) -> None:
        """Have it be about who is there, or who asks, in the version in which all that began."""
        ids = {**self.there, **({"tutor_id": OTHER_TUTOR} if who == OTHER else {})}
        for name, value in ids.items():
            path = path.replace(f"{{{name}}}", value)
        if "{" not in path:
            query = urlsplit(str(request.url)).query
            request.url = f"{self.deployed.front_door}{path}{'?' * bool(query)}{query}"
        request.headers["if-match"] = '"1"' if "/interventions/" in path else '"0"'


@pytest.fixture(scope="module")
def place(stack: LocalStack, marketplace: Marketplace) -> Place:
    report_tutors(marketplace)
    tasks = marketplace.get(f"/api/tutors/{TUTOR}")["interventions"]
    there = {
        "tutor_id": TUTOR, "note_id": "n-1", "owner": "people_ops",
        "intervention_id": next(one["intervention_id"] for one in tasks if one["kind"] == "H4"),
    }  # fmt: skip
    return Place(stack.deployed, {**tokens(stack), THE_SENDER: None}, there)


def prepared(case: Case[Any], door: str) -> requests.PreparedRequest:
    arguments: dict[str, Any] = case.as_transport_kwargs(base_url=door)
    for name in ("timeout", "verify", "allow_redirects", "proxies", "cert"):
        arguments.pop(name, None)
    with requests.Session() as session:
        return session.prepare_request(requests.Request(**arguments))


def said(request: requests.PreparedRequest) -> bytes:
    body: Any = request.body or b""
    return body if isinstance(body, bytes) else bytes(body.encode())


# Each test has a parameter of pytest's: without one schemathesis gives those of all operations one
# id, and of tests with one id only the first is run where several workers share them.


@pytest.mark.parametrize("who", [THE_SENDER])
@schema.include(path=WEBHOOKS, method="POST").parametrize()
@thorough
def test_no_report_is_answered_with_a_server_error(case: Case[Any], who: str, place: Place) -> None:
    response = place.ask(case, who)

    case.validate_response(response, checks=[not_a_server_error])


@pytest.mark.parametrize("who", [MANAGER, THE_TUTOR])
@everything_else.parametrize()
@thorough
def test_no_request_is_answered_with_a_server_error(
    case: Case[Any], who: str, place: Place
) -> None:
    response = place.ask(case, who)

    case.validate_response(response, checks=[not_a_server_error])


OTHERS = (
    OTHER, PEOPLE_OPS, ADMIN, MARKETPLACE, STUDENT, NOBODY, EXPIRED, GROUPLESS,
    in_group(NEAR_MISSES[0]),
)  # fmt: skip
"""Who are let in to little, or to nothing."""


@pytest.mark.parametrize("others", [OTHERS], ids=["everybody else"])
@everything_else.parametrize()
@less
def test_nobody_else_is_answered_with_a_server_error(
    case: Case[Any], others: tuple[str, ...], place: Place
) -> None:
    for who in others:
        response = place.ask(case, who)

        case.validate_response(response, checks=[not_a_server_error])


def test_reports_of_every_kind_were_taken(place: Place) -> None:
    """As are counted in the tests before this one."""
    assert {name for who, name in place.good if who == THE_SENDER} == REPORTS


def test_everybody_was_let_in_to_all_they_may_read_and_to_nothing_else(place: Place) -> None:
    """As is counted in the tests before this one."""
    asked = {MANAGER, THE_TUTOR, *OTHERS}
    may = {(who, name) for name, row in ROWS.items() for who in row.may & asked}
    may |= {(who, name) for name, row in ROWS.items() if row.own_too for who in TUTORS}
    reads = {(who, name) for who, name in may if name in READS}

    good = {(who, name) for who, name in place.good if name in ROWS}

    assert reads <= good
    assert good <= may
