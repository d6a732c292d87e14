"""report_webhook: who is believed, what is taken, what is refused, and that 202 means stored."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import EndpointConnectionError
from standardwebhooks import Webhook

from events.sample import Sample, sample, samples
from functions import report_webhook
from shared.aws import key
from shared.aws.inbox import InboxTable
from shared.contracts import MAX_BODY_BYTES
from shared.signature import fingerprint, sign
from tests.functions.conftest import CURRENT, PREVIOUS, Aws, Logged, about
from tests.functions.conftest import post as post_at

COMPLETED = sample("session_completed").text


NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
post = partial(post_at, at=NOW)


class Noon(datetime):
    """The function's clock, stopped."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "Noon":
        return cls.fromtimestamp(NOW.timestamp(), tz)


@pytest.fixture(autouse=True)
def at_noon_without_a_secret_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_webhook, "datetime", Noon)
    monkeypatch.setattr(report_webhook.signing, "_value", None)
    monkeypatch.setattr(report_webhook.signing, "_fresh_reads", ())


def answered(event: dict[str, Any]) -> tuple[int, Any]:
    """Status and JSON of the answer."""
    answer = report_webhook.handler(event, LambdaContext())
    assert answer["headers"]["cache-control"] == "no-store"
    return answer["statusCode"], json.loads(answer["body"])


def inbox(aws: Aws) -> list[str]:
    """What lies in the inbox and why: the sort keys of its items."""
    return [item["sk"]["S"].partition("#")[0] for item in aws.items("INBOX#")]


# --- samples -----------------------------------------------------------------------------------


@pytest.mark.parametrize("each", samples(), ids=lambda each: each.name)
def test_a_sample_is_answered_as_it_says(aws: Aws, each: Sample) -> None:
    for name in each.after:
        before = sample(name)
        assert answered(post(before.path, before.text, f"before-{name}"))[0] == 202
    aws.messages()

    status, body = answered(post(each.path, each.text, "w-sample"))

    assert status == each.status
    assert {error["field"] for error in body.get("errors", ())} == set(each.errors)
    if each.accepted:
        assert body["id"] == "w-sample"
        assert aws.messages() == [{"webhook_id": "w-sample"}]
    else:
        assert body["status"] == status
        assert aws.messages() == []


# --- signatures --------------------------------------------------------------------------------

WRONG = sign("whsec_d3Jvbmc=", "w-1", int(NOW.timestamp()), COMPLETED)


def signature(secret: str = CURRENT, body: bytes = COMPLETED, at: datetime = NOW) -> str:
    return sign(secret, "w-1", int(at.timestamp()), body)


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(signature(), id="current secret"),
        pytest.param(signature(PREVIOUS), id="previous secret"),
        pytest.param(f"{WRONG} {signature()}", id="several, the last one right"),
        pytest.param(f"v1,!!! v2,eHl6 {signature()}", id="several, some malformed"),
    ],
)
def test_a_signature_is_believed(aws: Aws, given: str) -> None:
    event = post("/api/sessions", COMPLETED, headers={"webhook-signature": given})

    assert answered(event) == (202, {"id": "w-1", "duplicate": False})


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"webhook-signature": None}, id="no signature"),
        pytest.param({"webhook-signature": ""}, id="empty signature"),
        pytest.param({"webhook-signature": WRONG}, id="wrong secret"),
        pytest.param({"webhook-signature": signature(body=b"{}")}, id="other body"),
        pytest.param({"webhook-signature": signature().removeprefix("v1,")}, id="no version"),
        pytest.param({"webhook-signature": signature().replace("v1,", "v2,")}, id="other version"),
        pytest.param({"webhook-signature": "v1,ü€😀"}, id="not ASCII"),
        pytest.param({"webhook-signature": "v1," + "A" * 10_000}, id="endless"),
        pytest.param({"webhook-id": None}, id="no id"),
        pytest.param({"webhook-id": "w-2"}, id="other id"),
        pytest.param({"webhook-id": ""}, id="empty id"),
        pytest.param({"webhook-id": "w 1"}, id="id with a space"),
        pytest.param({"webhook-id": "w" * 65}, id="id too long"),
        pytest.param({"webhook-timestamp": None}, id="no timestamp"),
        pytest.param({"webhook-timestamp": "now"}, id="timestamp no number"),
        pytest.param({"webhook-timestamp": "-1"}, id="negative timestamp"),
        pytest.param({"webhook-timestamp": "١٢٣"}, id="timestamp in other digits"),
        pytest.param({"webhook-timestamp": "9" * 400}, id="timestamp without end"),
        pytest.param(
            {"webhook-timestamp": str(int(NOW.timestamp()) + 1)}, id="timestamp not the signed one"
        ),
    ],
)
def test_a_call_that_proves_nothing_is_told_nothing(
    aws: Aws, headers: dict[str, str | None]
) -> None:
    status, body = answered(post("/api/sessions", COMPLETED, headers=headers))

    assert (status, body["title"]) == (401, "The request is not authenticated.")
    assert set(body) == {"type", "title", "status", "request_id"}, "one text for all"
    assert aws.items() == []


@pytest.mark.parametrize(
    ("minutes", "status"),
    [(-5.5, 401), (-4.9, 202), (4.9, 202), (5.5, 401)],
    ids=["older than five minutes", "old", "ahead", "more than five minutes ahead"],
)
def test_the_clocks_may_differ_by_five_minutes(aws: Aws, minutes: float, status: int) -> None:
    at = NOW + timedelta(minutes=minutes)

    assert answered(post("/api/sessions", COMPLETED, at=at))[0] == status


def test_a_rotated_secret_is_believed_at_once(aws: Aws) -> None:
    assert answered(post("/api/sessions", COMPLETED))[0] == 202
    rotated = json.dumps({"current": "whsec_bmV3", "previous": None})
    boto3.client("secretsmanager").put_secret_value(SecretId="webhook", SecretString=rotated)

    given = sign("whsec_bmV3", "w-2", int(NOW.timestamp()), COMPLETED)
    event = post("/api/sessions", COMPLETED, "w-2", headers={"webhook-signature": given})

    assert answered(event)[0] == 202


def test_the_public_library_signs_what_we_believe(aws: Aws) -> None:
    given = Webhook(CURRENT).sign("w-1", NOW, COMPLETED.decode())

    assert (
        answered(post("/api/sessions", COMPLETED, headers={"webhook-signature": given}))[0] == 202
    )


# --- what is refused, in which order -------------------------------------------------------------


def padded(size: int) -> bytes:
    """The sample with a field of padding, so many bytes long."""
    body = json.loads(COMPLETED) | {"padding": ""}
    empty = len(json.dumps(body, ensure_ascii=False).encode())
    body["padding"] = "x" * (size - empty)
    return json.dumps(body, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("size", "status"), [(MAX_BODY_BYTES, 202), (MAX_BODY_BYTES + 1, 413)], ids=["64 kB", "+ 1"]
)
def test_a_body_may_have_64_kb(aws: Aws, size: int, status: int) -> None:
    body = padded(size)
    assert len(body) == size

    assert answered(post("/api/sessions", body))[0] == status


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 202),
        ("application/json; charset=utf-8", 202),
        ('Application/JSON;charset="UTF-8"', 202),
        ("application/json; charset=latin-1", 415),
        ("text/json", 415),
        ("application/x-www-form-urlencoded", 415),
        ("", 415),
        (None, 415),
    ],
)
def test_only_json_is_taken(aws: Aws, content_type: str | None, status: int) -> None:
    event = post("/api/sessions", COMPLETED, headers={"content-type": content_type})

    assert answered(event)[0] == status


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        pytest.param(padded(MAX_BODY_BYTES + 1), {"webhook-id": None}, 401, id="signature first"),
        pytest.param(
            padded(MAX_BODY_BYTES + 1), {"content-type": "text/plain"}, 413, id="then size"
        ),
        pytest.param(b"{", {"content-type": "text/plain"}, 415, id="then content type"),
        pytest.param(b"{", {}, 400, id="then JSON"),
        pytest.param(b"{}", {}, 422, id="then fields"),
    ],
)
def test_refusals_have_an_order(
    aws: Aws, body: bytes, headers: dict[str, str | None], status: int
) -> None:
    assert answered(post("/api/sessions", body, headers=headers))[0] == status
    assert aws.items() == []


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("sessions", {"session_id", "tutor_id", "student_id", "scheduled_time", "status"}),
        (
            "tutors",
            {"tutor_id", "name", "email", "subjects", "onboarding_date", "status"},
        ),
        ("events", {"event_id", "tutor_id", "type", "occurred_at"}),
        (
            "feedback",
            {
                "feedback_id", "session_id", "student_id", "tutor_id", "overall_rating",
                "submitted_at",
            },
        ),
    ],
)  # fmt: skip
def test_every_missing_field_is_named(aws: Aws, path: str, fields: set[str]) -> None:
    status, body = answered(post(f"/api/{path}", b"{}"))

    assert (status, {error["field"] for error in body["errors"]}) == (422, fields)


def test_a_body_nested_without_end_is_refused(aws: Aws) -> None:
    body = b'{"a":' * 10_000 + b"1" + b"}" * 10_000

    assert answered(post("/api/sessions", body))[0] in (400, 422)


# --- once, twice, and otherwise ------------------------------------------------------------------


def test_a_repeated_delivery_is_a_duplicate_and_hinted_again_while_it_waits(aws: Aws) -> None:
    answered(post("/api/sessions", COMPLETED))

    assert answered(post("/api/sessions", COMPLETED)) == (202, {"id": "w-1", "duplicate": True})
    assert aws.messages() == [{"webhook_id": "w-1"}] * 2
    assert inbox(aws) == ["INBOX"]


def test_an_applied_delivery_is_not_hinted_again(aws: Aws) -> None:
    answered(post("/api/sessions", COMPLETED))
    InboxTable(aws.store).clear_pending("w-1", NOW)
    aws.messages()

    assert answered(post("/api/sessions", COMPLETED)) == (202, {"id": "w-1", "duplicate": True})
    assert aws.messages() == []


def test_a_retry_keeps_the_first_accepted_timestamp(aws: Aws) -> None:
    at = NOW - timedelta(minutes=4)
    answered(post("/api/sessions", COMPLETED, at=at))
    answered(post("/api/sessions", COMPLETED))

    item = aws.store.get(key.inbox("w-1"))
    assert item is not None
    assert item["timestamp"]["N"] == str(int(at.timestamp()))


def test_spaces_and_key_order_do_not_make_another_content(aws: Aws) -> None:
    answered(post("/api/sessions", COMPLETED))
    turned = json.dumps(dict(reversed(json.loads(COMPLETED).items())), indent=2).encode()

    assert answered(post("/api/sessions", turned)) == (202, {"id": "w-1", "duplicate": True})


def rated(stars: float, **fields: Any) -> bytes:
    return json.dumps(json.loads(COMPLETED) | {"student_rating": stars} | fields).encode()


@pytest.mark.parametrize(
    ("webhook_id", "body"),
    [
        pytest.param("w-1", rated(1, version=9), id="same webhook-id, other content"),
        pytest.param("w-2", rated(1), id="same id and version, other content"),
    ],
)
def test_a_contradiction_is_kept_aside_and_applied_never(
    aws: Aws, webhook_id: str, body: bytes
) -> None:
    answered(post("/api/sessions", COMPLETED))
    aws.messages()
    before = aws.items()

    for _ in range(2):
        assert answered(post("/api/sessions", body, webhook_id))[0] == 409

    assert [item for item in aws.items() if item not in before] == [
        item for item in aws.items() if item["sk"]["S"].startswith("CONFLICT#")
    ]
    assert inbox(aws).count("CONFLICT") == 1
    assert [pending for pending, _ in InboxTable(aws.store).pending_since(NOW + timedelta(1))] == [
        "w-1"
    ]
    assert aws.messages() == []


def test_the_same_report_under_another_webhook_id_is_a_duplicate(aws: Aws) -> None:
    answered(post("/api/sessions", COMPLETED))

    assert answered(post("/api/sessions", COMPLETED, "w-2")) == (
        202,
        {"id": "w-2", "duplicate": True},
    )


def test_one_webhook_id_means_one_thing_across_endpoints(aws: Aws) -> None:
    answered(post("/api/sessions", COMPLETED))

    assert answered(post("/api/events", sample("event_login").text))[0] == 409


def test_without_versions_another_content_is_another_report(aws: Aws) -> None:
    body = json.loads(COMPLETED)
    del body["version"]
    answered(post("/api/sessions", json.dumps(body).encode()))

    later = json.dumps(body | {"student_rating": 1}).encode()

    assert answered(post("/api/sessions", later, "w-2")) == (
        202,
        {"id": "w-2", "duplicate": False},
    )


# --- faults --------------------------------------------------------------------------------------


@contextmanager
def broken(client: Any, operation: str) -> Iterator[None]:
    """The service does not answer."""

    def hook(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://aws")

    name = f"before-call.{operation}"
    client.meta.events.register(name, hook)
    try:
        yield
    finally:
        client.meta.events.unregister(name, hook)


def test_without_the_queue_a_report_is_still_accepted(aws: Aws) -> None:
    with broken(report_webhook.queue.client, "sqs"):
        assert answered(post("/api/sessions", COMPLETED))[0] == 202

    assert inbox(aws) == ["INBOX"]


@pytest.mark.parametrize(
    ("client", "service"),
    [
        pytest.param(lambda: report_webhook.inbox._table.client, "dynamodb", id="table"),
        pytest.param(lambda: report_webhook.signing.client, "secrets-manager", id="secrets"),
    ],
)
def test_a_fault_that_passes_is_a_503_that_says_when(
    aws: Aws, context: LambdaContext, client: Any, service: str
) -> None:
    with broken(client(), service):
        answer = report_webhook.handler(post("/api/sessions", COMPLETED), context)

    assert answer["statusCode"] == 503
    assert int(answer["headers"]["retry-after"]) > 0
    assert answered(post("/api/sessions", COMPLETED)) == (202, {"id": "w-1", "duplicate": False})


def test_an_answer_lost_after_the_write_is_a_duplicate_next_time(
    aws: Aws, context: LambdaContext
) -> None:
    client = report_webhook.inbox._table.client

    def lose(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://aws")

    client.meta.events.register("after-call.dynamodb.TransactWriteItems", lose)
    try:
        assert (
            report_webhook.handler(post("/api/sessions", COMPLETED), context)["statusCode"] == 503
        )
    finally:
        client.meta.events.unregister("after-call.dynamodb.TransactWriteItems", lose)

    assert answered(post("/api/sessions", COMPLETED)) == (202, {"id": "w-1", "duplicate": True})
    assert aws.messages() == [{"webhook_id": "w-1"}]


def test_a_table_in_the_middle_of_the_same_report_is_a_503(
    aws: Aws, context: LambdaContext
) -> None:
    """Two attempts at once: DynamoDB refuses one, and that one must be sent again."""
    client = report_webhook.inbox._table.client

    def conflict(**_: Any) -> None:
        response: Any = {
            "Error": {"Code": "TransactionCanceledException", "Message": "cancelled"},
            "CancellationReasons": [{"Code": "TransactionConflict"}, {"Code": "None"}],
        }
        raise client.exceptions.TransactionCanceledException(response, "TransactWriteItems")

    client.meta.events.register("before-call.dynamodb.TransactWriteItems", conflict)
    try:
        answer = report_webhook.handler(post("/api/sessions", COMPLETED), context)
    finally:
        client.meta.events.unregister("before-call.dynamodb.TransactWriteItems", conflict)

    assert answer["statusCode"] == 503
    assert aws.items() == []


# --- what is counted -----------------------------------------------------------------------------


def counted(printed: str) -> list[str]:
    """The names of the metrics that were published."""
    return [
        metric["Name"]
        for line in printed.splitlines()
        for part in json.loads(line)["_aws"]["CloudWatchMetrics"]
        for metric in part["Metrics"]
    ]


@pytest.mark.parametrize(
    ("body", "headers", "status", "metrics"),
    [
        (COMPLETED, {}, 202, ["Accepted"]),
        (COMPLETED, {"webhook-signature": "v1,AAAA"}, 401, ["RefusedSignature"]),
        ("\ufffd".encode(), {"webhook-signature": "v1,AAAA"}, 400, ["RefusedSignature"]),
        (b"{}", {}, 422, ["RefusedContent"]),
        (b"{", {}, 400, ["RefusedContent"]),
        (padded(MAX_BODY_BYTES + 1), {}, 413, ["RefusedContent"]),
        (COMPLETED, {"content-type": "text/plain"}, 415, ["RefusedContent"]),
    ],
)
def test_an_answer_is_counted_if_somebody_is_to_look_at_it(
    aws: Aws,
    capsys: pytest.CaptureFixture[str],
    body: bytes,
    headers: dict[str, str | None],
    status: int,
    metrics: list[str],
) -> None:
    assert answered(post("/api/sessions", body, headers=headers))[0] == status

    assert counted(capsys.readouterr().out) == metrics


@pytest.mark.parametrize("service", ["dynamodb", "secrets-manager"])
def test_every_503_counts_whatever_is_out_of_reach(
    aws: Aws, capsys: pytest.CaptureFixture[str], service: str
) -> None:
    clients = {
        "dynamodb": report_webhook.inbox._table.client,
        "secrets-manager": report_webhook.signing.client,
    }

    with broken(clients[service], service):
        assert answered(post("/api/sessions", COMPLETED))[0] == 503

    assert counted(capsys.readouterr().out) == ["Unavailable"]


# --- what is logged ------------------------------------------------------------------------------


def test_every_line_about_a_report_has_its_id_whatever_it_is_answered(
    aws: Aws, logged: Logged
) -> None:
    body = COMPLETED

    for sent in (body, body, b"{}"):
        report_webhook.handler(post("/api/sessions", sent), LambdaContext())

    assert about(logged()) == [("accepted", "w-1"), ("accepted", "w-1"), ("refused", "w-1")]
    assert {line["request_id"] for line in logged()} == {"r-1"}


def test_an_id_that_nobody_signed_is_not_logged(aws: Aws, logged: Logged) -> None:
    forged = post("/api/sessions", b"{}", "w-forged", headers={"webhook-signature": "v1,AAAA"})

    report_webhook.handler(forged, LambdaContext())

    assert about(logged()) == [("refused", "r-1")]


def test_an_answer_names_the_request(aws: Aws) -> None:
    for body in (COMPLETED, b"{}"):
        answer = report_webhook.handler(post("/api/sessions", body), LambdaContext())

        assert answer["headers"]["x-request-id"] == "r-1"
        assert json.loads(answer["body"]).get("request_id") == (
            "r-1" if answer["statusCode"] == 422 else None
        )


def test_which_secret_signed_is_logged_so_that_the_older_one_can_go(
    aws: Aws, logged: Logged
) -> None:
    at = int(NOW.timestamp())
    for number, secret in enumerate((CURRENT, PREVIOUS)):
        webhook_id = f"w-{number}"
        given = sign(secret, webhook_id, at, COMPLETED)
        event = post("/api/sessions", COMPLETED, webhook_id, headers={"webhook-signature": given})
        report_webhook.handler(event, LambdaContext())

    signed_by = [line["signed_by"] for line in logged()]
    assert signed_by == [fingerprint(CURRENT), fingerprint(PREVIOUS)]
