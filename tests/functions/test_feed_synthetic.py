"""feed_synthetic: posts one slot of a synthetic world, signed; a repeated run changes nothing."""

import importlib
import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import ModuleType
from typing import Any, ClassVar

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from events.world.delivery import Delivery, delivery
from events.world.sender import RefusedError, UnreachableError, send
from functions import report_webhook
from tests.functions.conftest import CURRENT, Aws

SINCE = datetime(2026, 11, 1, tzinfo=UTC)
SLOT = {"time": "2026-11-05T16:30:00Z"}


class FrontDoor(BaseHTTPRequestHandler):
    """Hands each call to report_webhook as the HTTP API would, after answers set for a while."""

    protocol_version = "HTTP/1.1"
    first: ClassVar[list[int]] = []
    calls: ClassVar[list[tuple[str, str]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        FrontDoor.calls.append((headers["webhook-id"], body.decode()))
        if FrontDoor.first:
            self._answer(FrontDoor.first.pop(0), b"")
            return
        event = {
            "rawPath": self.path,
            "headers": headers,
            "body": body.decode(),
            "requestContext": {"requestId": "r-1"},
        }
        answer = report_webhook.handler(event, LambdaContext())
        self._answer(answer["statusCode"], answer["body"].encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        return


@pytest.fixture(scope="module")
def door() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), FrontDoor)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def feed_synthetic(door: str, account: Aws) -> ModuleType:
    os.environ |= {
        "API_URL": door,
        "FEED_WORLD": "demo",
        "FEED_SEED": "1",
        "FEED_SINCE": SINCE.isoformat(),
    }
    return importlib.import_module("functions.feed_synthetic")


@pytest.fixture(autouse=True)
def quiet_door(aws: Aws) -> None:
    FrontDoor.first, FrontDoor.calls = [], []


def test_a_run_posts_its_slot_and_all_of_it_is_taken(
    aws: Aws, feed_synthetic: ModuleType, context: LambdaContext
) -> None:
    result = feed_synthetic.handler(SLOT, context)

    kept = [item for item in aws.items("INBOX#") if item["sk"]["S"] == "INBOX"]
    assert result["taken"] > 10
    assert result["refused"] == 0
    assert len(kept) == len({webhook_id for webhook_id, _ in FrontDoor.calls})
    assert {item["kind"]["S"] for item in kept} >= {"sessions", "events", "tutors"}
    assert all(item["entity_id"]["S"].startswith("syn-") for item in kept)


def test_a_repeated_run_posts_the_same_and_changes_nothing(
    aws: Aws, feed_synthetic: ModuleType, context: LambdaContext
) -> None:
    feed_synthetic.handler(SLOT, context)
    first, kept = FrontDoor.calls, aws.items()
    FrontDoor.calls = []

    result = feed_synthetic.handler(SLOT, context)

    assert result["refused"] == 0
    assert FrontDoor.calls == first
    assert aws.items() == kept


def test_runs_of_two_slots_never_contradict_each_other(
    aws: Aws, feed_synthetic: ModuleType, context: LambdaContext
) -> None:
    for minute in ("15", "30", "45"):
        told = feed_synthetic.handler({"time": f"2026-11-02T18:{minute}:00Z"}, context)
        assert told["refused"] == 0


@pytest.mark.parametrize(
    ("scheduled", "now", "end"),
    [
        ("2026-11-05T16:30:00Z", "2026-11-05T16:31:10Z", "2026-11-05T16:30:00Z"),
        ("2026-11-05T16:30:00Z", "2026-11-05T17:20:00Z", "2026-11-05T16:30:00Z"),
        ("2026-11-05T16:30:12Z", "2026-11-05T16:30:13Z", "2026-11-05T16:30:00Z"),
        (None, "2026-11-05T16:44:59Z", "2026-11-05T16:30:00Z"),
    ],
    ids=["on time", "an hour late", "not to the second", "started by hand"],
)
def test_a_run_is_for_the_slot_it_was_scheduled_for(
    feed_synthetic: ModuleType, scheduled: str | None, now: str, end: str
) -> None:
    found = feed_synthetic.slot_end(scheduled, datetime.fromisoformat(now))

    assert found == datetime.fromisoformat(end)


def one(version: int = 1, **about: Any) -> Delivery:
    at = SINCE + timedelta(hours=12)
    body = {
        "session_id": "syn-s-1",
        "version": version,
        "tutor_id": "syn-t-1",
        "student_id": "syn-u-1",
        "scheduled_time": at.isoformat(),
        "status": "scheduled",
        **about,
    }
    return delivery(at.timestamp(), "sessions", body)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_may_pass_is_tried_again_with_growing_pauses(door: str, aws: Aws, status: int) -> None:
    FrontDoor.first = [status, status]
    pauses: list[float] = []

    send(one(), door, CURRENT, pause=pauses.append)

    assert pauses == [1, 2]
    assert len(set(FrontDoor.calls)) == 1
    assert aws.items("INBOX#msg-syn-s-1-v1")


def test_what_would_be_refused_again_is_not_tried_again(door: str) -> None:
    with pytest.raises(RefusedError, match="422"):
        send(one(status="lost"), door, CURRENT, pause=lambda _: None)

    assert len(FrontDoor.calls) == 1


def test_what_nobody_takes_is_given_up_for_now(door: str) -> None:
    FrontDoor.first = [503] * 9

    with pytest.raises(UnreachableError):
        send(one(), door, CURRENT, pause=lambda _: None)

    assert len(FrontDoor.calls) == 5


def test_a_run_that_could_not_deliver_fails_so_that_it_is_repeated(
    feed_synthetic: ModuleType,
) -> None:
    FrontDoor.first = [503] * 100
    end = datetime.fromisoformat(SLOT["time"])

    with pytest.raises(feed_synthetic.UndeliveredError):
        feed_synthetic.post_slot(end, CURRENT, pause=lambda _: None)

    assert len(FrontDoor.calls) == feed_synthetic.ATTEMPTS * feed_synthetic.GIVEN_UP_AFTER


def test_one_refusal_does_not_keep_the_rest_from_being_posted(
    feed_synthetic: ModuleType, context: LambdaContext
) -> None:
    FrontDoor.first = [409]

    result = feed_synthetic.handler(SLOT, context)

    assert result["refused"] == 1
    assert result["taken"] > 10
