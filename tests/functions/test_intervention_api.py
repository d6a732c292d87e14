"""POST /api/interventions/…: who may move what, on which version, and what is written down."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions import intervention_api
from shared.aws.intervention_table import InterventionTable
from shared.aws.mail_table import MailTable
from shared.aws.table import VersionConflictError
from shared.domain.intervention import Intervention, Kind, Order, Owner, Status, moved
from tests.functions.conftest import BY_CLOUDFRONT, Aws, Logged, user_pool

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TASK = "H1-20261119T120000-t-7"


@dataclass(frozen=True)
class Answer:
    """What the browser gets."""

    status: int
    json: Any


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intervention_api, "now", lambda: NOW)


@pytest.fixture(autouse=True)
def pool(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sam, Kim and Li of people operations, and Ada, who is an administrator."""
    pool_id = user_pool(
        [
            ("sam", "ops_manager"),
            ("kim", "people_ops"),
            ("okta_li@example.com", "people_ops"),
            ("ada", "admin"),
        ]
    )
    monkeypatch.setattr(intervention_api.people, "pool_id", pool_id)
    monkeypatch.setattr(intervention_api.people, "_groups", {})


@pytest.fixture
def table(aws: Aws) -> InterventionTable:
    """One coaching session that is to be held."""
    found = InterventionTable(aws.store)
    found.put("t-7", [task()], found.desk("t-7", NOW))
    return found


def task(kind: Kind = Kind.H1, **told: Any) -> Intervention:
    opened = NOW - timedelta(days=1)
    return Intervention("t-7", kind, Owner.OPS_MANAGER, "because", opened, NOW + timedelta(days=1),
                        NOW + timedelta(days=15), 60.0, **told)  # fmt: skip


def move(
    action: str,
    body: object = None,
    *,
    role: str | None = "ops_manager",
    seen: str | None = '"1"',
    of: str = TASK,
    content_type: str = "application/json",
) -> Answer:
    """One request of Sam, who has that one role."""
    claims = {"token_use": "access", "sub": "s", "username": "sam", "cognito:groups": f"[{role}]"}
    event = {
        "rawPath": f"/api/interventions/{of}/{action}",
        "headers": BY_CLOUDFRONT
        | {"content-type": content_type}
        | ({"if-match": seen} if seen else {}),
        "body": body if isinstance(body, str) else json.dumps(body) if body else None,
        "requestContext": {
            "requestId": "request-1",
            "authorizer": {"jwt": {"claims": claims if role else None}},
        },
    }
    answered = intervention_api.handler(event, LambdaContext())
    return Answer(answered["statusCode"], json.loads(answered["body"]))


def kept(table: InterventionTable) -> Intervention:
    found = table.intervention(TASK)
    assert found
    return found


def test_a_message_that_somebody_sends_by_other_means_is_looked_at_when_it_would_have_been(
    aws: Aws, table: InterventionTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = replace(task(Kind.A4), owner=Owner.SYSTEM)
    table.put("t-7", [message], table.desk("t-7", NOW))
    monkeypatch.setattr(intervention_api, "now", lambda: NOW + timedelta(days=12))

    move("start", of=message.intervention_id)

    found = table.intervention(message.intervention_id)
    assert found
    assert (found.status, found.finish_by) == (Status.IN_PROGRESS, message.finish_by)


@pytest.mark.parametrize(("late_days", "ends_days"), [(0, 15), (20, 34)])
def test_what_is_begun_late_gets_its_time_as_well(
    table: InterventionTable, monkeypatch: pytest.MonkeyPatch, late_days: int, ends_days: int
) -> None:
    """Two weeks of coaching from when it should have begun at the latest, or from when it did."""
    monkeypatch.setattr(intervention_api, "now", lambda: NOW + timedelta(days=late_days))

    move("start")

    found = table.intervention(TASK)
    assert found is not None
    assert found.finish_by == NOW + timedelta(days=ends_days)
    assert not found.overdue(NOW + timedelta(days=late_days, hours=1))


def test_who_starts_a_task_has_it(table: InterventionTable) -> None:
    answer = move("start")

    assert answer.status == 200
    assert (answer.json["status"], answer.json["assignee"]) == ("in_progress", "sam")
    assert answer.json["version"] == 2
    assert kept(table).status is Status.IN_PROGRESS


def test_a_move_is_kept_with_who_when_and_why(table: InterventionTable) -> None:
    move("cancel", {"reason": "She is back from a sick child."})

    step = kept(table).steps[-1]
    assert (step.who, step.at, step.said) == ("sam", NOW, "She is back from a sick child.")


# fmt: off
MOVES = [
    ("complete", {"outcome": "improved"}, "completed"),
    ("snooze", {"reason": "on holiday", "until": "2026-11-27T12:00:00Z"}, "snoozed"),
    ("reassign", {"assignee": "kim"}, "pending"),
    ("reassign", {"assignee": "okta_li@example.com"}, "pending"),
    ("note", {"reason": "called twice"}, "pending"),
    ("judge", {"opinion": "incorrectly_flagged"}, "pending"),
]
# fmt: on


@pytest.mark.parametrize(("action", "body", "status"), MOVES)
def test_moves(table: InterventionTable, action: str, body: object, status: str) -> None:
    assert move(action, body, role="people_ops").json["status"] == status
    assert kept(table).version == 2


# fmt: off
WRONG = [
    ("complete", None, "outcome"),
    ("complete", {"outcome": "great"}, "outcome"),
    ("cancel", {"reason": "  "}, "reason"),
    ("cancel", {"reason": "She is fine.", "outcome": "improved"}, "outcome"),
    ("cancel", {"reason": "x" * 2_001}, "reason"),
    ("snooze", {"reason": "later"}, "until"),
    ("snooze", {"reason": "later", "until": "2027-11-27T12:00:00Z"}, "until"),
    ("snooze", {"reason": "later", "until": "2026-11-27T12:00:00"}, "until"),
    ("reassign", {"assignee": "kim <kim@example.com>"}, "assignee"),
    ("reassign", {"assignee": "nobody-such"}, "assignee"),
    ("reassign", {"assignee": "people_ops"}, "assignee"),
    ("reassign", {"assignee": "ada"}, "assignee"),
    ("judge", {"opinion": "meh"}, "opinion"),
    ("note", {"reason": 7}, "reason"),
]
# fmt: on


@pytest.mark.parametrize(("action", "body", "field"), WRONG)
def test_what_is_wrong_is_named_and_nothing_is_written(
    table: InterventionTable, action: str, body: object, field: str
) -> None:
    answer = move(action, body)

    assert answer.status == 422
    assert [error["field"] for error in answer.json["errors"]] == [field]
    assert kept(table) == task()


def test_a_move_that_can_not_be_made_from_there_is_a_conflict(table: InterventionTable) -> None:
    answer = move("wake")

    assert (answer.status, answer.json["detail"]) == (409, "can not wake what is pending")


def test_who_saw_an_older_version_is_told_so(table: InterventionTable) -> None:
    move("start")

    answer = move("cancel", {"reason": "seen too late"})

    assert (answer.status, answer.json["detail"]) == (412, "It is version 2 by now.")
    assert kept(table).status is Status.IN_PROGRESS


@pytest.mark.parametrize(
    ("seen", "status"), [(None, 428), ('"one"', 422), ('W/"1"', 200), ("1", 200)]
)
def test_the_version_seen_has_to_be_said(
    table: InterventionTable, seen: str | None, status: int
) -> None:
    assert move("start", seen=seen).status == status


def test_a_move_that_was_written_and_seemed_refused_is_answered_as_made(
    table: InterventionTable, aws: Aws
) -> None:
    """The answer was lost; asked once more, the table said that somebody else was writing."""
    events = intervention_api.store.client.meta.events
    lost: list[object] = []

    def seem_refused(http_response: Any, parsed: dict[str, Any], **_: object) -> None:
        if not lost:
            lost.append(parsed)
            http_response.status_code = 400
            parsed["Error"] = {"Code": "TransactionCanceledException"}
            parsed["CancellationReasons"] = [{"Code": "TransactionConflict"}]

    events.register("after-call.dynamodb.TransactWriteItems", seem_refused)
    try:
        answer = move("reassign", {"assignee": "kim", "reason": "knows them"})
    finally:
        events.unregister("after-call.dynamodb.TransactWriteItems", seem_refused)

    assert lost
    assert (answer.status, answer.json["assignee"]) == (200, "kim")
    assert [step.said for step in kept(table).steps] == ["knows them; kim"]


def test_a_move_that_is_asked_for_again_is_answered_as_made(table: InterventionTable) -> None:
    """Whatever came after it; who pressed the button twice can not have seen that."""
    said = {"reason": "Called, and nobody answered."}
    move("note", said)
    move("judge", {"opinion": "useful"}, seen='"2"')

    assert move("note", said).status == 200
    assert [step.action for step in kept(table).steps] == ["note", "judge"]


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("note", {"reason": "Called again."}),
        ("judge", {"opinion": "useful"}),
        ("snooze", {"reason": "On holiday", "until": "2026-11-24T12:00:00Z"}),
    ],
)
def test_another_move_of_what_changed_meanwhile_is_refused(
    table: InterventionTable, action: str, said: dict[str, Any]
) -> None:
    move("snooze", {"reason": "On holiday", "until": "2026-11-23T12:00:00Z"})

    assert move(action, said).status == 412


def test_another_change_of_the_same_tutor_is_waited_for(
    table: InterventionTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, tries = InterventionTable.put, []

    def busy_once(self: InterventionTable, *told: Any, **more: Any) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise VersionConflictError
        put(self, *told, **more)

    monkeypatch.setattr(InterventionTable, "put", busy_once)

    assert move("start").status == 200
    assert len(tries) == 2


@pytest.mark.parametrize(
    ("role", "status"),
    [("ops_manager", 200), ("people_ops", 200), ("service", 403), ("tutor", 403),
     ("student", 403), ("admin", 403), ("ops_managers", 403), (None, 401)],
)  # fmt: skip
def test_only_who_looks_after_tutors_may_move(
    table: InterventionTable, role: str | None, status: int
) -> None:
    assert move("start", role=role).status == status


@pytest.mark.parametrize(
    ("of", "action"),
    [("H1-20261119T120000-t-8", "start"), ("nonsense", "start"), (TASK, "breach"), (TASK, "burn"),
     (TASK, "start/again")],
)  # fmt: skip
def test_what_nobody_has_is_not_found(table: InterventionTable, of: str, action: str) -> None:
    assert move(action, of=of).status == 404


def test_what_is_held_out_is_nobodys_to_move(aws: Aws) -> None:
    found = InterventionTable(aws.store)
    found.put("t-7", [task(Kind.A4, held_out=True)], found.desk("t-7", NOW))

    assert move("start", of="A4-20261119T120000-t-7").status == 404


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [("{", "application/json", 400), ("[]", "application/json", 422), ("{}", "text/plain", 415),
     ("x" * 70_000, "application/json", 413)],
)  # fmt: skip
def test_what_can_not_be_read_is_refused(
    table: InterventionTable, body: str, content_type: str, status: int
) -> None:
    assert move("note", body, content_type=content_type).status == status


def test_a_move_leaves_an_audit_row(table: InterventionTable, aws: Aws) -> None:
    move("start")

    (row,) = aws.items("AUDIT#")
    assert row["operation"] == {"S": "move_intervention"}
    assert row["username"] == {"S": "sam"}
    assert json.loads(row["shown"]["S"]) == ["t-7"]


# fmt: off
REFUSED = [
    ("wake", None, '"1"', TASK, 409),
    ("start", None, '"2"', TASK, 412),
    ("start", None, None, TASK, 428),
    ("cancel", None, '"1"', TASK, 422),
    ("note", "{", '"1"', TASK, 400),
    ("start", None, '"1"', "H1-20261119T120000-t-8", 404),
]
# fmt: on


@pytest.mark.parametrize(("action", "body", "seen", "of", "status"), REFUSED)
def test_a_refused_move_leaves_an_audit_row_too(
    table: InterventionTable,
    aws: Aws,
    action: str,
    body: object,
    seen: str | None,
    of: str,
    status: int,
) -> None:
    assert move(action, body, seen=seen, of=of).status == status

    (row,) = aws.items("AUDIT#")
    assert row["status"] == {"N": str(status)}
    assert (row["username"], row["subject"]) == ({"S": "sam"}, {"S": of})
    assert json.loads(row["shown"]["S"]) == []


def test_who_starts_what_slept_past_its_deadline_has_missed_it(table: InterventionTable) -> None:
    asleep = Order("snooze", "kim", reason="later", until=NOW + timedelta(days=6))
    table.put("t-7", [moved(kept(table), asleep, NOW - timedelta(days=8))], table.desk("t-7", NOW))
    late = replace(kept(table), due_at=NOW - timedelta(days=1), version=3)
    table.put("t-7", [late], table.desk("t-7", NOW))

    answer = move("start", seen='"3"')

    assert [step["action"] for step in answer.json["steps"]] == ["snooze", "breach", "start"]
    assert (answer.json["version"], kept(table).version) == (5, 5)


def test_a_snoozed_task_goes_on(table: InterventionTable) -> None:
    until = NOW + timedelta(days=2)
    order = Order("snooze", "kim", reason="later", until=until)
    desk = table.desk("t-7", NOW)
    table.put("t-7", [moved(kept(table), order, NOW)], desk)

    assert move("wake", seen='"2"').json["status"] == "pending"


def test_who_is_given_a_task_is_told_by_mail(table: InterventionTable, aws: Aws) -> None:
    assert move("reassign", {"assignee": "kim"}).json["assignee"] == "kim"

    (mail,) = MailTable(aws.store).due(NOW + timedelta(days=1))
    assert (mail.kind, mail.person, mail.about) == ("assigned", "kim", (TASK,))
    told = {"mail_id": mail.mail_id, "correlation_ids": ["request-1"]}
    assert aws.messages("mail") == [told]


@pytest.mark.parametrize("before", [None, "kim"])
def test_who_takes_a_task_is_not_told_of_it(
    table: InterventionTable, aws: Aws, before: str | None
) -> None:
    if before:
        given = moved(task(), Order("reassign", "sam", assignee=before), NOW)
        table.put("t-7", [given], table.desk("t-7", NOW))

    assert move("reassign", {"assignee": "sam"}, seen='"2"' if before else '"1"').status == 200

    assert aws.messages("mail") == []


def test_who_has_a_task_already_is_not_told_again(table: InterventionTable, aws: Aws) -> None:
    move("reassign", {"assignee": "kim"})
    move("reassign", {"assignee": "kim"}, seen='"2"')

    assert len(aws.messages("mail")) == 1


def test_who_joined_a_minute_ago_can_be_given_a_task(table: InterventionTable) -> None:
    move("reassign", {"assignee": "nobody-such"})
    cognito, pool_id = boto3.client("cognito-idp"), intervention_api.people.pool_id
    cognito.admin_create_user(UserPoolId=pool_id, Username="lee")
    cognito.admin_add_user_to_group(UserPoolId=pool_id, Username="lee", GroupName="people_ops")

    with pytest.MonkeyPatch.context() as later:
        later.setattr(intervention_api, "now", lambda: NOW + timedelta(minutes=1))
        assert move("reassign", {"assignee": "lee"}).status == 200


def test_the_log_tells_which_move_was_made_on_what(
    table: InterventionTable, logged: Logged
) -> None:
    move("start")

    told = [(line["message"], line["action"], line["intervention_id"]) for line in logged()]
    assert told == [("moved", "start", TASK)]
