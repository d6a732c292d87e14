"""score_tutor: from a stored report to a scorecard, whatever breaks in between."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import batched
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import ClientError, EndpointConnectionError

from functions import score_tutor
from shared.aws import key
from shared.aws.inbox import Delivery, InboxTable
from shared.aws.item import key_item
from shared.aws.mail_table import MailTable
from shared.aws.scorecard_table import ScorecardTable, row_of
from shared.aws.scoring import Scoring
from shared.aws.tutor_log import LogTable, Versioned
from shared.contracts import Kind, accept
from shared.domain.mail import Mail
from shared.domain.scorecard import scorecard
from shared.domain.tutor_row import TREND_NIGHTS
from tests.builders import completed
from tests.functions.conftest import Aws, Logged, about, sqs_event, sqs_record

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score_tutor, "now", lambda: NOW)


def session(session_id: str = "s-1", version: int = 1, **fields: Any) -> dict[str, Any]:
    """A completed session of yesterday."""
    return {
        "session_id": session_id,
        "version": version,
        "tutor_id": "t-7",
        "student_id": "u-3",
        "scheduled_time": "2026-11-19T10:00:00Z",
        "completed_time": "2026-11-19T11:00:00Z",
        "status": "completed",
    } | fields


def first_rated(stars: float) -> dict[str, Any]:
    return session(session_number=1, student_rating=stars)


def moved_by_tutor(session_id: str = "s-1", version: int = 1, **fields: Any) -> dict[str, Any]:
    info = {
        "initiator": "tutor",
        "original_time": "2026-11-19T10:00:00Z",
        "new_time": "2026-11-22T10:00:00Z",
        "requested_at": "2026-11-18T10:00:00Z",
    }
    times = {"scheduled_time": "2026-11-22T10:00:00Z", "completed_time": None}
    body = session(session_id, version, status="rescheduled", reschedule_info=info, **times)
    return body | fields


def profile(**fields: Any) -> dict[str, Any]:
    return {
        "tutor_id": "t-7",
        "version": 1,
        "name": "Ana",
        "email": "ana@example.com",
        "subjects": ["Mathematics"],
        "onboarding_date": "2026-01-01",
        "status": "active",
    } | fields


def login(event_id: str = "e-1") -> dict[str, Any]:
    at = "2026-11-19T08:00:00Z"
    return {"event_id": event_id, "tutor_id": "t-7", "type": "login", "occurred_at": at}


def said(rating: float, feedback_id: str = "f-1") -> dict[str, Any]:
    return {
        "feedback_id": feedback_id,
        "session_id": "s-1",
        "student_id": "u-3",
        "tutor_id": "t-7",
        "overall_rating": rating,
        "submitted_at": "2026-11-19T12:00:00Z",
    }


def kind_of(body: dict[str, Any]) -> Kind:
    names = {"event_id": Kind.EVENT, "feedback_id": Kind.FEEDBACK, "session_id": Kind.SESSION}
    return next((kind for name, kind in names.items() if name in body), Kind.TUTOR)


def received(aws: Aws, body: dict[str, Any], webhook_id: str = "w-1") -> dict[str, str]:
    """A report waiting in the inbox, and the hint that it does."""
    kind, raw = kind_of(body), json.dumps(body).encode()
    accepted = accept(kind, raw)
    InboxTable(aws.store).receive(
        Delivery(
            webhook_id=webhook_id,
            kind=kind,
            timestamp=int(NOW.timestamp()),
            body=raw.decode(),
            content_hash=accepted.content_hash,
            entity_id=accepted.entity_id,
            version=accepted.version,
            received_at=NOW,
        )
    )
    return {"webhook_id": webhook_id}


def scored(aws: Aws, context: LambdaContext, *bodies: dict[str, Any]) -> None:
    """Receive and score reports one after the other."""
    for number, body in enumerate(bodies):
        hint = received(aws, body, f"w-before-{number}")
        assert score_tutor.handler(sqs_event(hint), context) == {"batchItemFailures": []}


def card(aws: Aws, tutor_id: str = "t-7") -> Any:
    """The stored scorecard."""
    item = aws.store.get(key.scorecard(tutor_id))
    return json.loads(item["data"]["S"]) if item else None


def pending(aws: Aws) -> list[str]:
    return [i["pk"]["S"].removeprefix("INBOX#") for i in aws.items() if "pending_since" in i]


# --- what a report does ------------------------------------------------------------------------


def test_a_report_becomes_a_scorecard(aws: Aws, context: LambdaContext) -> None:
    hint = received(aws, session(student_rating=5))

    assert score_tutor.handler(sqs_event(hint), context) == {"batchItemFailures": []}

    assert card(aws)["windows"]["7d"]["completed"] == 1
    assert card(aws)["windows"]["7d"]["avg_rating"] == 5
    assert pending(aws) == []


def test_the_stored_scorecard_is_the_function_of_the_log(aws: Aws, context: LambdaContext) -> None:
    scored(aws, context, first_rated(2), moved_by_tutor("s-2"), login(), profile(), said(1))

    recomputed = scorecard(LogTable(aws.store).whole_log("t-7"), NOW)

    assert [flag["code"] for flag in card(aws)["flags"]] == [f.code for f in recomputed.flags]
    assert card(aws)["churn_score"]["value"] == recomputed.churn_score.value
    assert not Scoring.of(aws.store).drifted("t-7")


def test_a_rating_that_comes_later_is_no_late_news_of_a_session(
    aws: Aws, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored(aws, context, session(status="scheduled", completed_time=None), session(version=2))
    later = NOW + timedelta(hours=3)
    monkeypatch.setattr(score_tutor, "now", lambda: later)
    hint = received(aws, session(version=3, student_rating=5), "w-rated")
    score_tutor.handler(sqs_event(hint), context)

    insight = row_of(aws.store.get(key.scorecard("t-7")) or {}).insight

    assert insight is not None
    assert insight.scored_at == later
    assert insight.from_end == timedelta(hours=25).total_seconds()


def test_a_repeated_hint_changes_nothing(aws: Aws, context: LambdaContext) -> None:
    hint = received(aws, first_rated(1))
    score_tutor.handler(sqs_event(hint, hint), context)
    before = aws.items()

    assert score_tutor.handler(sqs_event(hint), context) == {"batchItemFailures": []}

    assert aws.items() == before


def test_a_hint_at_nothing_is_done_with(aws: Aws, context: LambdaContext) -> None:
    answer = score_tutor.handler(sqs_event({"webhook_id": "w-unknown"}), context)

    assert answer == {"batchItemFailures": []}
    assert aws.items() == []


def test_an_older_report_after_a_newer_one_still_tells_its_reschedule(
    aws: Aws, context: LambdaContext
) -> None:
    scored(aws, context, session(version=2), moved_by_tutor(version=1))

    week = card(aws)["windows"]["7d"]
    assert (week["sessions"], week["completed"], week["tutor_reschedules"]) == (1, 1, 1)


def test_a_session_that_moves_counts_for_the_new_tutor_only(
    aws: Aws, context: LambdaContext
) -> None:
    scored(aws, context, session(), session(version=2, tutor_id="t-8"))

    assert card(aws, "t-7")["windows"]["30d"]["sessions"] == 0
    assert card(aws, "t-8")["windows"]["30d"]["sessions"] == 1
    rows = [item["pk"]["S"] for item in aws.items("TUTOR#") if item["sk"]["S"].startswith("S#")]
    assert rows == ["TUTOR#t-8"]


def test_a_report_from_before_the_move_changes_neither_tutor_for_good(
    aws: Aws, context: LambdaContext
) -> None:
    scored(aws, context, session(version=2, tutor_id="t-8"), session(version=1))

    assert card(aws, "t-7")["windows"]["30d"]["sessions"] == 0
    assert card(aws, "t-8")["windows"]["30d"]["sessions"] == 1


def test_a_voided_session_is_retracted(aws: Aws, context: LambdaContext) -> None:
    gone = moved_by_tutor(version=2, status="voided")
    scored(aws, context, moved_by_tutor(), gone)

    assert card(aws)["windows"]["30d"]["sessions"] == 0


def test_feedback_may_come_before_its_session(aws: Aws, context: LambdaContext) -> None:
    scored(aws, context, said(2))
    assert card(aws) is None

    scored_later = received(aws, session(student_rating=5), "w-later")
    score_tutor.handler(sqs_event(scored_later), context)

    assert card(aws)["windows"]["7d"]["avg_rating"] == 2


def test_a_session_of_an_unknown_tutor_is_scored_under_a_stub(
    aws: Aws, context: LambdaContext
) -> None:
    scored(aws, context, session())

    item = aws.store.get(key.scorecard("t-7"))
    assert item is not None
    assert item["row"]["M"]["status"] == {"S": "unknown"}


def test_a_profile_names_the_stub(aws: Aws, context: LambdaContext) -> None:
    scored(aws, context, session(), profile(version=2), profile(version=1, name="Old"))

    item = aws.store.get(key.scorecard("t-7"))
    assert item is not None
    assert row_of(item).name == "Ana"


def test_an_event_is_measured(aws: Aws, context: LambdaContext) -> None:
    answered = login() | {"type": "message_response", "data": {"response_minutes": 42}}
    scored(aws, context, answered)

    assert card(aws)["windows"]["7d"]["response_minutes_p50"] == 42


def test_a_flag_that_goes_up_and_down_has_a_history(aws: Aws, context: LambdaContext) -> None:
    scored(aws, context, first_rated(1))
    scored_again = received(aws, session(version=2, session_number=1, student_rating=5), "w-2")
    score_tutor.handler(sqs_event(scored_again), context)

    history = Scoring.of(aws.store).cards.flag_history("t-7")
    assert {each["code"] for each in history} >= {"poor_first_session"}
    assert all("cleared_at" in each for each in history)


def test_sessions_dated_ahead_do_not_hide_old_ratings_or_the_last_session(aws: Aws) -> None:
    """Forty old ratings, thirty dated next month: the last 30 known ones are the old."""
    logs = LogTable(aws.store)
    for number in range(70):
        days, stars = (100 + number, 3.0) if number < 40 else (-30, 5.0)
        told = completed(NOW - timedelta(days=days, minutes=number), stars)
        logs.put_session(told, Versioned(None, 0))

    read, whole = logs.log("t-7", NOW), logs.whole_log("t-7")

    assert len(read.ratings) == 30
    assert scorecard(read, NOW) == scorecard(whole, NOW)
    assert scorecard(read, NOW).last_taught_at == NOW - timedelta(days=100)


# --- batches -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "poison",
    [
        pytest.param("not json", id="no JSON"),
        pytest.param([], id="no object"),
        pytest.param({}, id="neither hint nor roll"),
        pytest.param({"tutor_id": "t-7", "roll_at": "yesterday"}, id="no time"),
    ],
)
def test_a_poison_message_fails_alone(aws: Aws, context: LambdaContext, poison: Any) -> None:
    good = [received(aws, session(f"s-{n}"), f"w-{n}") for n in range(3)]

    answer = score_tutor.handler(sqs_event(good[0], poison, *good[1:]), context)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-2"}]}
    assert card(aws)["windows"]["7d"]["completed"] == 3
    assert pending(aws) == []


def test_a_batch_scores_each_tutor_once(aws: Aws, context: LambdaContext) -> None:
    hints = [received(aws, session(f"s-{n}"), f"w-{n}") for n in range(10)]

    score_tutor.handler(sqs_event(*hints), context)

    item = aws.store.get(key.scorecard("t-7"))
    assert item is not None
    assert (item["version"], card(aws)["windows"]["7d"]["completed"]) == ({"N": "1"}, 10)


def test_what_can_never_be_applied_is_quarantined(aws: Aws, context: LambdaContext) -> None:
    hint = received(aws, session())
    aws.store.client.update_item(
        TableName=aws.store.name,
        Key=key_item(key.inbox("w-1")),
        UpdateExpression="SET body = :broken",
        ExpressionAttributeValues={":broken": {"S": '{"session_id": "s-1"}'}},
    )

    answer = score_tutor.handler(sqs_event(hint), context)

    item = aws.store.get(key.inbox("w-1"))
    assert item is not None
    assert answer == {"batchItemFailures": []}
    assert item["state"]["S"].startswith("quarantined: tutor_id: is required")
    assert pending(aws) == []


def test_a_session_with_more_moves_than_an_item_holds_is_quarantined(
    aws: Aws, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.aws.tutor_log.MOST_BYTES", 100)

    answer = score_tutor.handler(sqs_event(received(aws, session())), context)

    item = aws.store.get(key.inbox("w-1"))
    assert item is not None
    assert answer == {"batchItemFailures": []}
    assert item["state"]["S"] == "quarantined: the session has too many moves to be stored"


def test_a_session_from_a_fast_clock_is_scored_again_when_it_ends(
    aws: Aws, context: LambdaContext
) -> None:
    ahead = (NOW + timedelta(seconds=90)).isoformat()

    scored(aws, context, session(completed_time=ahead))

    sqs = boto3.client("sqs")
    waiting = sqs.get_queue_attributes(
        QueueUrl=score_tutor.env.SCORING_QUEUE_URL,
        AttributeNames=["ApproximateNumberOfMessagesDelayed"],
    )
    assert waiting["Attributes"] == {"ApproximateNumberOfMessagesDelayed": "1"}
    assert score_tutor.handler(sqs_event({"tutor_id": "t-7"}), context) == {"batchItemFailures": []}


def test_a_failed_message_waits_longer_each_time(aws: Aws, context: LambdaContext) -> None:
    waits = []
    events = score_tutor.queue.client.meta.events
    name = "provide-client-params.sqs.ChangeMessageVisibility"

    def note(params: dict[str, Any], **_: Any) -> None:
        waits.append(params["VisibilityTimeout"])

    events.register(name, note)
    try:
        for receives in range(1, 9):
            score_tutor.handler({"Records": [sqs_record("poison", 1, receives)]}, context)
    finally:
        events.unregister(name, note)

    assert waits == [15, 30, 60, 120, 240, 480, 900, 900]


# --- passing on ---------------------------------------------------------------------------------


def test_every_scored_tutor_is_passed_on_once(aws: Aws, context: LambdaContext) -> None:
    reports = [session(), session("s-2"), session("s-3", tutor_id="t-8"), login()]
    hints = [received(aws, body, f"w-{n}") for n, body in enumerate(reports)]

    score_tutor.handler(sqs_event(*hints, {"tutor_id": "t-9"}, ROLL), context)

    passed_on = sorted(message["tutor_id"] for message in aws.messages("churn"))
    assert passed_on == ["t-7", "t-8", "t-9"]


def test_what_changed_nothing_is_not_passed_on(aws: Aws, context: LambdaContext) -> None:
    hint = received(aws, session())
    score_tutor.handler(sqs_event(hint), context)
    aws.messages("churn")

    score_tutor.handler(sqs_event(hint), context)

    assert aws.messages("churn") == []


def test_a_message_whose_tutor_could_not_be_passed_on_is_repeated(
    aws: Aws, context: LambdaContext
) -> None:
    reports = [session(), session("s-2", tutor_id="t-8")]
    hints = [received(aws, body, f"w-{n}") for n, body in enumerate(reports)]
    events = score_tutor.churn.client.meta.events

    def refuse(parsed: dict[str, Any], **_: Any) -> None:
        parsed["Failed"] = [{"Id": "0", "SenderFault": False, "Code": "InternalError"}]

    events.register("after-call.sqs.SendMessageBatch", refuse)
    try:
        answer = score_tutor.handler(sqs_event(*hints), context)
    finally:
        events.unregister("after-call.sqs.SendMessageBatch", refuse)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}
    assert pending(aws) == ["w-0"]


def test_while_the_churn_queue_is_down_nothing_stops_being_pending(
    aws: Aws, context: LambdaContext
) -> None:
    hint = received(aws, session())
    events = score_tutor.churn.client.meta.events

    def down(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://sqs")

    events.register("before-call.sqs.SendMessageBatch", down)
    try:
        answer = score_tutor.handler(sqs_event(hint), context)
    finally:
        events.unregister("before-call.sqs.SendMessageBatch", down)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}
    assert pending(aws) == ["w-1"]
    assert card(aws)["windows"]["7d"]["completed"] == 1


# --- crashes -----------------------------------------------------------------------------------


class Crash(BaseException):
    """The process dies: nothing of ours may catch it."""


Hook = Callable[..., None]


@contextmanager
def hooked(event: str, hook: Hook) -> Iterator[None]:
    events = score_tutor.store.client.meta.events
    events.register(event, hook)
    try:
        yield
    finally:
        events.unregister(event, hook)


@contextmanager
def broken_at(call: int, how: str) -> Iterator[list[str]]:
    """Let the n-th call to the table break; yields the names of the calls made."""
    seen: list[str] = []

    def hook(model: Any, **_: Any) -> None:
        seen.append(model.name)
        if len(seen) == call + 1:
            if how == "crash":
                raise Crash
            raise EndpointConnectionError(endpoint_url="https://dynamodb")

    with hooked("after-call.dynamodb" if how == "lost answer" else "before-call.dynamodb", hook):
        yield seen


FIRST = [first_rated(1)]
JOURNEYS = {
    "a first report that raises flags": ([], FIRST),
    "a report that clears flags": (FIRST, [session(version=2, session_number=1)]),
    "a move to another tutor": (FIRST, [session(version=2, tutor_id="t-8")]),
    "an older report": ([session(version=2, tutor_id="t-8")], [moved_by_tutor()]),
    "a feedback before its session": ([], [said(1)]),
    "a profile": ([session()], [profile()]),
    "an event": ([session()], [login()]),
    "a batch of all sorts": (
        [],
        [moved_by_tutor(), session(version=2, tutor_id="t-8"), said(2), login(), profile()],
    ),
}

SURVIVED = [
    ("a first report that raises flags", "lost answer"),
    ("a batch of all sorts", "fault"),
]
"""Journeys run also with faults that the handler lives to see."""


def final_state(aws: Aws, *, alone: bool = True) -> dict[tuple[str, str], Any]:
    """All items by key, but for the counters of writes and which of a batch's reports came last.

    A flag that was up between two reports of a batch that broke in between was truly up, and the
    report that brought an outcome first is the one that is mailed about: what flags did when, and
    which mail says it, is compared for single reports only; of several, what is mailed about.
    """
    state: dict[tuple[str, str], Any] = {
        (item["pk"]["S"], item["sk"]["S"]): plain(item, alone=alone)
        for item in aws.items()
        if alone or not item["sk"]["S"].startswith(("FLAG#", "MAIL#"))
    }
    return state | {("told", "of"): {mail.about for mail in due_mails(aws)}}


def due_mails(aws: Aws) -> list[Mail]:
    return list(MailTable(aws.store).due(datetime.max.replace(tzinfo=UTC)))


def plain(item: dict[str, Any], *, alone: bool) -> dict[str, Any]:
    kept = {n: value for n, value in item.items() if n != "version" or "N" not in value}
    kept.pop("insight", None)
    if not alone:
        kept.pop("raised", None)
    if "row" in kept:
        kept["row"] = replace(row_of(item), insight=None)
    return kept


@pytest.mark.parametrize(
    ("journey", "how"),
    [(journey, "crash") for journey in JOURNEYS] + SURVIVED,
)
def test_breaking_at_any_call_and_trying_again_ends_as_if_nothing_had_happened(
    aws: Aws, context: LambdaContext, journey: str, how: str
) -> None:
    """For every n: break at the n-th call, check that nothing is lost, retry, compare."""
    before, bodies = JOURNEYS[journey]
    scored(aws, context, *before)
    hints = [received(aws, body, f"w-{n}") for n, body in enumerate(bodies)]
    beginning = aws.items()
    with broken_at(-1, how) as calls:
        assert score_tutor.handler(sqs_event(*hints), context) == {"batchItemFailures": []}
    state = partial(final_state, aws, alone=len(hints) == 1)
    ending = state()
    assert pending(aws) == []

    for call in range(len(calls)):
        restore(aws, beginning)
        failed: list[dict[str, str]] | None = None
        with broken_at(call, how):
            try:
                failed = score_tutor.handler(sqs_event(*hints), context)["batchItemFailures"]
            except (Crash, EndpointConnectionError):
                failed = None
        told_done = (
            set() if failed is None else {f"w-{n}" for n in range(len(hints))}
            - {f"w-{int(each['itemIdentifier'][2:]) - 1}" for each in failed}
        )  # fmt: skip
        assert not told_done & set(pending(aws)), f"SQS would drop what is pending, call {call}"

        waiting = [{"webhook_id": webhook_id} for webhook_id in pending(aws)]
        if waiting:
            assert score_tutor.handler(sqs_event(*waiting), context) == {"batchItemFailures": []}
        assert state() == ending, f"broken at call {call}: {calls[call]}"


def test_pending_is_cleared_last(aws: Aws, context: LambdaContext) -> None:
    hints = [received(aws, body, f"w-{n}") for n, body in enumerate([first_rated(1), login()])]

    with broken_at(-1, "crash") as calls:
        score_tutor.handler(sqs_event(*hints), context)

    assert calls[-2:] == ["UpdateItem", "UpdateItem"]
    assert "UpdateItem" not in calls[:-2]


def restore(aws: Aws, items: list[dict[str, Any]]) -> None:
    """Put the table back as it was."""
    keep = {(item["pk"]["S"], item["sk"]["S"]) for item in items}
    writes: list[Any] = [{"PutRequest": {"Item": item}} for item in items]
    writes += [
        {"DeleteRequest": {"Key": {"pk": item["pk"], "sk": item["sk"]}}}
        for item in aws.items()
        if (item["pk"]["S"], item["sk"]["S"]) not in keep
    ]
    for some in batched(writes, 25, strict=False):
        aws.store.client.batch_write_item(RequestItems={aws.store.name: list(some)})


@pytest.mark.parametrize("code", ["TransactionConflict", "ConditionalCheckFailed"])
def test_a_lost_race_is_run_again_and_counted(
    aws: Aws, context: LambdaContext, capsys: pytest.CaptureFixture[str], code: str
) -> None:
    hint = received(aws, first_rated(1))
    races = iter([code] * 3)

    def lose(**_: Any) -> None:
        if (reason := next(races, None)) is not None:
            raise ClientError(cancelled(reason), "TransactWriteItems")

    def raise_as_client(**_: Any) -> None:
        try:
            lose()
        except ClientError as error:
            kind = score_tutor.store.client.exceptions.TransactionCanceledException
            raise kind(error.response, "TransactWriteItems") from error

    with hooked("before-call.dynamodb.TransactWriteItems", raise_as_client):
        assert score_tutor.handler(sqs_event(hint), context) == {"batchItemFailures": []}

    assert card(aws)["windows"]["7d"]["completed"] == 1
    assert '"WriteConflict":[3.0]' in capsys.readouterr().out


def test_a_throttled_transaction_is_left_to_the_queue(aws: Aws, context: LambdaContext) -> None:
    hint = received(aws, first_rated(1))

    def throttle(**_: Any) -> None:
        kind = score_tutor.store.client.exceptions.TransactionCanceledException
        raise kind(cancelled("ThrottlingError"), "TransactWriteItems")

    with hooked("before-call.dynamodb.TransactWriteItems", throttle):
        answer = score_tutor.handler(sqs_event(hint), context)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}
    assert pending(aws) == ["w-1"]


def cancelled(code: str) -> Any:
    return {
        "Error": {"Code": "TransactionCanceledException", "Message": "cancelled"},
        "CancellationReasons": [{"Code": code}, {"Code": "None"}],
    }


# --- the nightly pass ----------------------------------------------------------------------------


ROLL = {"tutor_id": "t-7", "roll_at": MIDNIGHT.isoformat()}


def days(aws: Aws) -> list[Any]:
    return [
        json.loads(item["data"]["S"])
        for item in aws.items("TUTOR#t-7")
        if item["sk"]["S"].startswith("DAY#")
    ]


def test_the_roll_keeps_a_daily_record_and_finds_no_drift(aws: Aws, context: LambdaContext) -> None:
    scored(aws, context, first_rated(1), moved_by_tutor("s-2"), profile())

    assert score_tutor.handler(sqs_event(ROLL), context) == {"batchItemFailures": []}

    (day,) = days(aws)
    assert day["as_of"] == "2026-11-20T00:00:00Z"
    assert day["rates"]["7d"]["sessions"] == 2
    assert "poor_first_session" in day["flags"]
    assert set(day["raised"]) == set(day["flags"])


def test_a_repeated_roll_writes_the_same(aws: Aws, context: LambdaContext) -> None:
    scored(aws, context, first_rated(1))
    score_tutor.handler(sqs_event(ROLL), context)
    once = final_state(aws)

    score_tutor.handler(sqs_event(ROLL, ROLL, receives=2), context)

    assert final_state(aws) == once


def test_the_record_says_what_cleared_since_the_night_before(
    aws: Aws, context: LambdaContext
) -> None:
    scored(aws, context, first_rated(1))
    score_tutor.handler(sqs_event(ROLL), context)
    score_tutor.handler(sqs_event(received(aws, said(5))), context)

    later = {"tutor_id": "t-7", "roll_at": (MIDNIGHT + timedelta(days=1)).isoformat()}
    score_tutor.handler(sqs_event(later), context)

    assert "poor_first_session" in days(aws)[-1]["cleared"]


def test_lists_show_how_the_score_went_over_the_last_nights(
    aws: Aws, context: LambdaContext
) -> None:
    scored(aws, context, first_rated(1))
    for night in range(TREND_NIGHTS + 2):
        at = MIDNIGHT + timedelta(days=night)
        score_tutor.handler(sqs_event(ROLL | {"roll_at": at.isoformat()}), context)
    score_tutor.handler(sqs_event(received(aws, moved_by_tutor("s-2"))), context)

    found = ScorecardTable(aws.store).card("t-7")

    assert found
    assert found[1].trend == tuple(round(day["churn_score"]) for day in days(aws)[-TREND_NIGHTS:])
    assert len(found[1].trend) == TREND_NIGHTS


def tamper(aws: Aws) -> None:
    item = aws.store.get(key.scorecard("t-7"))
    assert item is not None
    stored = item["data"]["S"].replace('"completed":1', '"completed":2')
    assert stored != item["data"]["S"]
    aws.store.put(item | {"data": {"S": stored}})


def test_drift_is_looked_at_once_more_and_then_counted_and_mended(
    aws: Aws, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[str] = []
    add_metric = score_tutor.metrics.add_metric

    def noted(name: str, unit: MetricUnit, value: float) -> None:
        counted.append(name)
        add_metric(name, unit, value)

    monkeypatch.setattr(score_tutor.metrics, "add_metric", noted)
    scored(aws, context, session())
    tamper(aws)

    first_time = score_tutor.handler(sqs_event(ROLL), context)
    assert first_time == {"batchItemFailures": [{"itemIdentifier": "m-1"}]}
    assert "Drift" not in counted
    assert days(aws) == []

    assert score_tutor.handler(sqs_event(ROLL, receives=2), context) == {"batchItemFailures": []}
    assert counted.count("Drift") == 1
    assert card(aws)["windows"]["7d"]["completed"] == 1
    assert len(days(aws)) == 1


# --- what is logged ------------------------------------------------------------------------------


def test_a_scoring_goes_back_to_every_report_of_its_tutor(
    aws: Aws, context: LambdaContext, logged: Logged
) -> None:
    reports = [session(), session("s-2"), session("s-3", tutor_id="t-8")]
    hints = [received(aws, body, f"w-{n}") for n, body in enumerate(reports)]

    score_tutor.handler(sqs_event(*hints), context)

    told = about(logged())
    assert [why for said, why in told if said == "scored"] == ["w-0 w-1", "w-2"]
    assert sorted(str(why) for said, why in told if said == "applied") == ["w-0", "w-1", "w-2"]
    assert sorted(aws.messages("churn"), key=lambda message: str(message["tutor_id"])) == [
        {"tutor_id": "t-7", "correlation_ids": ["w-0", "w-1"]},
        {"tutor_id": "t-8", "correlation_ids": ["w-2"]},
    ]


def test_a_failure_and_a_quarantine_name_their_report(
    aws: Aws, context: LambdaContext, logged: Logged, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.aws.tutor_log.MOST_BYTES", 100)
    hint = received(aws, session())

    score_tutor.handler(
        sqs_event(hint, "poison", {"tutor_id": 7, "roll_at": "never", "correlation_ids": 7}),
        context,
    )

    failures = [("failed", None), ("no back-off", None)]
    assert about(logged()) == [("quarantined", "w-1"), *failures, *failures]


def test_a_second_score_goes_back_to_the_same_report(
    aws: Aws, context: LambdaContext, logged: Logged
) -> None:
    asked = {"tutor_id": "t-7", "correlation_ids": ["w-1"]}

    score_tutor.handler(sqs_event(asked), context)

    assert about(logged()) == [("scored", "w-1")]
    assert aws.messages("churn") == [asked]
