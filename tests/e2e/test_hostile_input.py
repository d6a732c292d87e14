"""What no honest sender would post, through the real front door: a clear refusal, never a 5xx.

Whatever is refused is stored nowhere, and where a field is to blame it is named.
"""

import base64
import hashlib
import hmac
import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from infra_cdk.local.deployed import Deployed
from infra_cdk.local.sign_in import access_token
from shared.aws import key
from shared.aws.item import key_item
from shared.signature import signing_key
from tests.e2e.hostile import (
    ASKED_CHOICES,
    ASKED_CURSORS,
    ASKED_IDENTIFIERS,
    ASKED_NUMBERS,
    ASKED_PHRASES,
    ASKED_TRUTHS,
    IDENTIFIERS,
    NO_NUMBERS,
    NUMBERS,
    ODD_WORDS,
    STATUSES,
    TEXTS,
    TIMES,
    WHOLE_NUMBERS,
    with_field,
)
from tests.e2e.marketplace import Body, Delivery, Marketplace, completed, moved
from tests.e2e.permission import DOCUMENT, SIGNED_IN, Operation

pytestmark = pytest.mark.e2e

SESSION = completed("s-hostile", "t-hostile", 2)
MOVED = moved("s-hostile-moved", "t-hostile", 2)
TUTOR: Body = {
    "tutor_id": "t-hostile", "name": "Ada Fischer", "email": "ada@example.com",
    "subjects": ["Physics"], "onboarding_date": "2026-01-05", "status": "active",
}  # fmt: skip
EVENT: Body = {
    "event_id": "e-hostile", "tutor_id": "t-hostile", "type": "message_response",
    "occurred_at": "2026-11-20T10:00:00Z", "data": {"response_minutes": 4},
}  # fmt: skip
FEEDBACK: Body = {
    "feedback_id": "f-hostile", "session_id": "s-hostile", "student_id": "u-1",
    "tutor_id": "t-hostile", "overall_rating": 4, "ratings": {"patience": 4},
    "submitted_at": "2026-11-20T10:00:00Z",
}  # fmt: skip
GOOD = json.dumps(SESSION).encode()
LARGE = 64 * 1024
NOW = "NOW"
"""Stands in a header for the seconds at which it is sent."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the front door said, and whether anything is stored of what was sent."""

    status: int
    told: Any
    stored: bool

    @property
    def fields(self) -> set[str]:
        """The fields that are said to be wrong."""
        return {error["field"] for error in self.told["errors"]}


def send(
    marketplace: Marketplace,
    body: bytes,
    headers: Mapping[str, str] | None = None,
    *,
    method: str = "POST",
    path: str = "/api/sessions",
) -> Answer:
    """A request, some of whose headers may be replaced; signed over those that it is sent with."""
    sent = {
        "content-type": "application/json",
        "webhook-id": f"hostile-{time.time_ns()}",
        "webhook-timestamp": NOW,
        **(headers or {}),
    }
    seconds = str(int(time.time()))
    sent["webhook-timestamp"] = sent["webhook-timestamp"].replace(NOW, seconds)
    secret = marketplace.deployed.webhook_secret
    sent.setdefault("webhook-signature", signature(secret, sent, body))
    door = urlsplit(marketplace.deployed.front_door)
    connection = http.client.HTTPConnection(door.hostname or "", door.port, timeout=20)
    try:
        connection.request(method, path, body=body, headers=sent)
        answer = connection.getresponse()
        told = answer.read()
    finally:
        connection.close()
    told_of = json.loads(told) if told.startswith(b"{") else None
    return Answer(answer.status, told_of, stored(marketplace.deployed, sent["webhook-id"]))


def signature(secret: str, headers: Mapping[str, str], body: bytes) -> str:
    """What the marketplace would say of that id and time, also of some that it never sends."""
    known = signing_key(secret)
    assert known
    said = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    return f"v1,{base64.b64encode(hmac.digest(known, said, hashlib.sha256)).decode()}"


def stored(deployed: Deployed, webhook_id: str) -> bool:
    """Whether the inbox has a report under that id."""
    found = deployed.client("dynamodb").get_item(
        TableName=deployed.table, Key=key_item(key.inbox(webhook_id)), ConsistentRead=True
    )
    return "Item" in found


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(GOOD, 202, id="a good report"),
        pytest.param(b"", 400, id="nothing"),
        pytest.param(b"{", 400, id="half a JSON"),
        pytest.param(b"\xff\xfe{}", 400, id="not UTF-8"),
        pytest.param(b"\xef\xbb\xbf" + GOOD, 400, id="a byte order mark"),
        pytest.param(b"\x00" + GOOD, 400, id="a null byte"),
        pytest.param(GOOD + GOOD, 400, id="two reports"),
        pytest.param(b"[" * 60_000, 400, id="sixty thousand brackets"),
        pytest.param(b'{"a":' * 9_000 + b"1" + b"}" * 9_000, 400, id="nine thousand objects"),
        pytest.param(b'{"a":' + b"[" * 9_000 + b"]" * 9_000 + b"}", 400, id="nine thousand lists"),
        pytest.param(GOOD + b" " * (LARGE - len(GOOD)), 202, id="64 kB"),
        pytest.param(GOOD + b" " * (LARGE + 1 - len(GOOD)), 413, id="64 kB and a byte"),
        pytest.param(GOOD + b" " * 5_000_000, 413, id="5 MB"),
        pytest.param(GOOD + b" " * 11_000_000, 413, id="11 MB"),
    ],
)
def test_a_body(marketplace: Marketplace, body: bytes, status: int) -> None:
    answer = send(marketplace, body)

    assert (answer.status, answer.stored) == (status, status == 202)


@pytest.mark.parametrize("body", [b"[]", b"null", b"NaN", b"1", b'"text"', b"true"])
def test_a_body_that_is_no_object(marketplace: Marketplace, body: bytes) -> None:
    answer = send(marketplace, body)

    assert (answer.status, answer.stored) == (422, False)
    assert answer.fields == {"body"}


WRITES = [
    one for one in SIGNED_IN if "requestBody" in DOCUMENT["paths"][one.path][one.verb.lower()]
]
"""What staff sends a body to."""
PLACES = {
    "{tutor_id}": TUTOR["tutor_id"], "{note_id}": "n-1", "{intervention_id}": "i-1",
    "{owner}": "ops_manager",
}  # fmt: skip


@pytest.fixture(scope="module")
def manager(marketplace: Marketplace) -> str:
    """The token of somebody who may write all of that, of a tutor who is there."""
    marketplace.deliver([Delivery("/api/tutors", "hostile-tutor", TUTOR)])
    marketplace.drain()
    return access_token(marketplace.deployed, "ops_manager")


@pytest.mark.parametrize("write", WRITES, ids=[one.name for one in WRITES])
@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"{", 400, id="half a JSON"),
        pytest.param(b"\xff\xfe{}", 400, id="not UTF-8"),
        pytest.param(b"\xef\xbb\xbf{}", 400, id="a byte order mark"),
        pytest.param(b"{}{}", 400, id="two"),
        pytest.param(b"[" * 60_000, 400, id="sixty thousand brackets"),
        pytest.param(b'{"reason": ' + b"1" * 5_000 + b"}", 400, id="five thousand digits"),
        *(
            pytest.param(b'{"reason":' + open_ * n + b"1" + shut * n + b"}", 400, id=f"{n} {what}")
            for n in (100, 1_000, 4_500)
            for what, open_, shut in (("lists", b"[", b"]"), ("objects", b'{"a":', b"}"))
        ),
        pytest.param(b"[]", 422, id="a list"),
        pytest.param(b"null", 422, id="null"),
        pytest.param(b'{"reason": NaN}', 422, id="no number"),
        pytest.param(b'{"reason": 1e999}', 422, id="more than a number"),
        pytest.param(b'{"reason": "\\ud800"}', 422, id="a lone surrogate"),
        pytest.param(b'{"\\ud800": 1}', 422, id="a lone surrogate in a name"),
        pytest.param(b" " * (LARGE + 1), 413, id="64 kB and a byte"),
    ],
)
def test_what_staff_sends(
    marketplace: Marketplace, manager: str, write: Operation, body: bytes, status: int
) -> None:
    answer = sent_by(manager, marketplace, write, body)

    assert answer.status == status, answer.told


@pytest.mark.parametrize("write", WRITES, ids=[one.name for one in WRITES])
def test_what_nobody_knows_may_be_ninety_levels_deep(
    marketplace: Marketplace, manager: str, write: Operation
) -> None:
    deep = b'{"nobody_knows":' + b'{"a":' * 90 + b"1" + b"}" * 91

    answer = sent_by(manager, marketplace, write, deep)

    assert answer.status == sent_by(manager, marketplace, write, b"{}").status


def sent_by(token: str, marketplace: Marketplace, write: Operation, body: bytes) -> Answer:
    path = write.path
    for name, value in PLACES.items():
        path = path.replace(name, value)
    headers = {"authorization": f"Bearer {token}", "if-match": '"0"'}
    return send(marketplace, body, headers, method=write.verb, path=path)


HOSTILE = [
    *((path, body, name, raw) for path, body, name, values in (
        ("sessions", SESSION, "scheduled_time", TIMES),
        ("sessions", SESSION, "completed_time", TIMES),
        ("sessions", MOVED, "reschedule_info.new_time", TIMES),
        ("tutors", TUTOR, "onboarding_date", [time for time in TIMES if time != '"2026-11-20"']),
        ("events", EVENT, "occurred_at", TIMES),
        ("feedback", FEEDBACK, "submitted_at", TIMES),
        ("sessions", SESSION, "student_rating", NUMBERS),
        ("feedback", FEEDBACK, "overall_rating", NUMBERS),
        ("feedback", FEEDBACK, "ratings.patience", NUMBERS),
        ("events", EVENT, "data.response_minutes", [*NO_NUMBERS, "-4"]),
        ("sessions", SESSION, "version", WHOLE_NUMBERS),
        ("sessions", SESSION, "session_number", WHOLE_NUMBERS),
        ("sessions", SESSION, "session_id", IDENTIFIERS),
        ("tutors", TUTOR, "tutor_id", IDENTIFIERS),
        ("feedback", FEEDBACK, "student_id", IDENTIFIERS),
        ("events", EVENT, "event_id", IDENTIFIERS),
        ("sessions", SESSION, "subject", TEXTS),
        ("feedback", FEEDBACK, "free_text", TEXTS),
        ("tutors", TUTOR, "name", [*TEXTS, '""', '"' + "x" * 201 + '"']),
        ("tutors", TUTOR, "email", [*TEXTS, '"ada"', '"a@b@c"', '"a b@example.com"', '"a@b\\n"']),
        ("sessions", SESSION, "status", STATUSES),
        ("tutors", TUTOR, "status", STATUSES),
    ) for raw in values),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "body", "name", "raw"),
    HOSTILE,
    ids=[f"{path}.{name}={raw[:30]}" for path, _, name, raw in HOSTILE],
)
def test_a_field(marketplace: Marketplace, path: str, body: Body, name: str, raw: str) -> None:
    answer = send(marketplace, with_field(body, name, raw), path=f"/api/{path}")

    assert (answer.status, answer.stored) == (422, False)
    assert answer.fields == {name}


@pytest.mark.parametrize("raw", ODD_WORDS)
def test_words_may_be_any_unicode(marketplace: Marketplace, raw: str) -> None:
    """Nothing is done with them but to show them, escaped."""
    body = {**SESSION, "session_id": f"s-hostile-{time.time_ns()}"}

    answer = send(marketplace, with_field(body, "subject", raw))

    assert (answer.status, answer.stored) == (202, True)


QUESTIONS = [
    (one, parameter)
    for one in SIGNED_IN
    for parameter in DOCUMENT["paths"][one.path][one.verb.lower()].get("parameters", [])
    if parameter["in"] == "query"
]
"""Every parameter that a reader may send."""


def odd(parameter: Mapping[str, Any]) -> list[str]:
    """What none of that kind may be."""
    schema = parameter["schema"]
    what = schema.get("items", schema)
    if parameter["name"] == "cursor":
        return ASKED_CURSORS
    if "enum" in what or "$ref" in what:
        return ASKED_CHOICES
    if "pattern" in what:
        return ASKED_IDENTIFIERS
    match what["type"]:
        case "integer":
            return [*ASKED_NUMBERS, str(what["maximum"] + 1)]
        case "boolean":
            return ASKED_TRUTHS
    return ASKED_PHRASES


def asked_by(token: str, marketplace: Marketplace, path: str, query: str) -> Answer:
    path = path.replace("{tutor_id}", TUTOR["tutor_id"])
    headers = {"authorization": f"Bearer {token}"}
    return send(marketplace, b"", headers, method="GET", path=f"{path}?{query}")


@pytest.mark.parametrize(
    ("read", "parameter"),
    QUESTIONS,
    ids=[f"{read.name}.{parameter['name']}" for read, parameter in QUESTIONS],
)
def test_a_parameter(
    marketplace: Marketplace, manager: str, read: Operation, parameter: dict[str, Any]
) -> None:
    name = parameter["name"]

    for raw in odd(parameter):
        answer = asked_by(manager, marketplace, read.path, f"{name}={raw}")

        assert (answer.status, answer.fields) == (422, {name}), raw[:30]


@pytest.mark.parametrize("path", sorted({read.path for read, _ in QUESTIONS}))
@pytest.mark.parametrize(
    ("query", "named"),
    [
        pytest.param("limit=1&limit=1", {"limit"}, id="the same twice"),
        pytest.param("month=1", {"month"}, id="what there is not"),
        pytest.param("LIMIT=1", {"LIMIT"}, id="in capitals"),
        pytest.param("limit%00=1", {"limit\0"}, id="with a null byte"),
        pytest.param("=1", {""}, id="without a name"),
        pytest.param("cursor=%ff", {"query"}, id="not UTF-8"),
        pytest.param("cursor=%ED%A0%80", {"query"}, id="a lone surrogate"),
        pytest.param("&".join(["a=1"] * 51), {"query"}, id="fifty-one"),
        pytest.param("x" * 201 + "=1", {"x" * 200}, id="a long name"),
    ],
)
def test_parameters(
    marketplace: Marketplace, manager: str, path: str, query: str, named: set[str]
) -> None:
    answer = asked_by(manager, marketplace, path, query)

    assert (answer.status, answer.fields) == (422, named)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/api/tutors", "q=%00"),
        ("/api/tutors", "q=%E2%80%AE%E2%80%8B%EF%BB%BF"),
        ("/api/tutors", "q=%F0%9F%91%A9&subject=%27%3B+DROP+TABLE+tutors%3B+--"),
        ("/api/tutors", "q=%3Cscript%3Ealert(1)%3C%2Fscript%3E"),
        ("/api/tutors", "q=" + "+".join("abcdefghij")),
        ("/api/tutors", "q=" + "x" * 200),
        ("/api/tutors", "limit=00001000&&&risk=low,low&risk=high"),
        ("/api/tutors/{tutor_id}/history", "days=400"),
        ("/api/interventions", "owner=%00&tutor_id=nobody&overdue=false"),
        ("/api/reports", "tutor_id=nobody"),
    ],
)
def test_an_odd_question_may_have_an_answer(
    marketplace: Marketplace, manager: str, path: str, query: str
) -> None:
    assert asked_by(manager, marketplace, path, query).status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"webhook-signature": ""}, 401, id="no signature"),
        pytest.param({"webhook-signature": "v1,"}, 401, id="an empty signature"),
        pytest.param({"webhook-signature": "v1,====="}, 401, id="not base64"),
        pytest.param({"webhook-signature": "v1,\xe9\xe9"}, 401, id="not ASCII"),
        pytest.param({"webhook-signature": "v1a,AAAA"}, 401, id="another scheme"),
        pytest.param({"webhook-signature": "v1,AAAA " * 500}, 401, id="five hundred signatures"),
        pytest.param({"webhook-signature": f"v1,{'A' * 43}="}, 401, id="of something else"),
        pytest.param({"webhook-timestamp": "0"}, 401, id="1970"),
        pytest.param({"webhook-timestamp": "9" * 12}, 401, id="far ahead"),
        pytest.param({"webhook-timestamp": "1e9"}, 401, id="a float"),
        pytest.param({"webhook-timestamp": f"{NOW}.0"}, 401, id="now as a float"),
        pytest.param({"webhook-timestamp": "-1"}, 401, id="negative"),
        pytest.param({"webhook-timestamp": f"+{NOW}"}, 401, id="now with a sign"),
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
    answer = send(marketplace, GOOD, headers)

    assert (answer.status, answer.stored) == (status, status == 202)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp"])
def test_a_signature_is_of_one_id_and_time(marketplace: Marketplace, name: str) -> None:
    now = int(time.time())
    signed = {"webhook-id": f"hostile-{time.time_ns()}", "webhook-timestamp": str(now)}
    told = signature(marketplace.deployed.webhook_secret, signed, GOOD)
    other = {"webhook-id": f"{signed['webhook-id']}-too", "webhook-timestamp": str(now - 1)}

    sent = {**signed, name: other[name], "webhook-signature": told}
    refused = send(marketplace, GOOD, sent)
    taken = send(marketplace, GOOD, {**signed, "webhook-signature": told})

    assert (refused.status, refused.stored) == (401, False)
    assert (taken.status, taken.stored) == (202, True)


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
@pytest.mark.parametrize(
    "path",
    ["/api", "/api/", "/api/nothing", "/api/sessions/", "/api/%2e%2e/x", "/api/tutors/%00"],
)
def test_a_path_or_method_nobody_offers(marketplace: Marketplace, method: str, path: str) -> None:
    assert 400 <= send(marketplace, b"", method=method, path=path).status < 500
