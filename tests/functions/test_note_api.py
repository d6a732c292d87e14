"""PUT and DELETE …/notes/…: staff write down what they know, once, and who may take it away."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions import note_api
from shared.aws.note_table import NoteTable
from shared.aws.scorecard_table import ScorecardTable
from shared.domain.tutor_row import tutor_row
from tests.builders import card, log, tutor
from tests.functions.conftest import BY_CLOUDFRONT, Aws, Logged

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SAID = {"text": "Back from parental leave in March."}


@dataclass(frozen=True)
class Answer:
    """What the browser gets."""

    status: int
    json: Any


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOW)


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(note_api, "now", lambda: moment)


@pytest.fixture(autouse=True)
def table(aws: Aws) -> NoteTable:
    """A tutor who was scored."""
    cards, known = ScorecardTable(aws.store), card(log(), NOW)
    cards.put_scorecard(known, tutor_row(known, tutor(), NOW, None), cards.stored("t-7"))
    return NoteTable(aws.store)


def ask(
    method: str,
    note_id: str = "n-1",
    body: object = None,
    *,
    role: str | None = "people_ops",
    user: str = "ana",
    of: str = "t-7",
) -> Answer:
    """One request of somebody who has that one role."""
    claims = {"token_use": "access", "sub": "s", "username": user, "cognito:groups": f"[{role}]"}
    event = {
        "rawPath": f"/api/tutors/{of}/notes/{note_id}",
        "headers": BY_CLOUDFRONT | {"content-type": "application/json"},
        "body": body if isinstance(body, str) else json.dumps(body) if body is not None else None,
        "requestContext": {
            "requestId": "request-1",
            "http": {"method": method},
            "authorizer": {"jwt": {"claims": claims if role else None}},
        },
    }
    answered = note_api.handler(event, LambdaContext())
    return Answer(answered["statusCode"], json.loads(answered["body"]))


def texts(table: NoteTable) -> list[str]:
    return [note.text for note in table.of_tutor("t-7")]


def test_what_is_known_of_a_tutor_is_written_down(table: NoteTable) -> None:
    answer = ask("PUT", body={"text": "  Back from parental leave in March. "})

    assert (answer.status, answer.json) == (200, {"items": [{
        "note_id": "n-1",
        "text": "Back from parental leave in March.",
        "written_by": "ana",
        "written_at": "2026-11-20T12:00:00Z",
    }]})  # fmt: skip


def test_the_newest_note_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    ask("PUT", "n-2", {"text": "first"})
    at(monkeypatch, NOW.replace(hour=13))

    answer = ask("PUT", "n-1", {"text": "second"}, user="sam", role="ops_manager")

    assert [item["text"] for item in answer.json["items"]] == ["second", "first"]


def test_a_note_that_is_sent_again_is_there_once(
    table: NoteTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ask("PUT", body=SAID)
    at(monkeypatch, NOW.replace(hour=13))

    assert ask("PUT", body=SAID) == first
    assert len(texts(table)) == 1


@pytest.mark.parametrize(("text", "user"), [("something else", "ana"), (SAID["text"], "sam")])
def test_no_note_takes_the_place_of_another(table: NoteTable, text: str, user: str) -> None:
    ask("PUT", body=SAID)

    assert ask("PUT", body={"text": text}, user=user).status == 409
    assert [note.written_by for note in table.of_tutor("t-7")] == ["ana"]


def test_whoever_wrote_a_note_takes_it_away(table: NoteTable) -> None:
    ask("PUT", body=SAID)

    answer = ask("DELETE")

    assert (answer.status, answer.json) == (200, {"items": []})
    assert ask("DELETE").status == 200


def test_others_leave_it_where_it_is_but_for_managers(table: NoteTable) -> None:
    ask("PUT", body=SAID)

    refused = ask("DELETE", user="eve")
    assert (refused.status, refused.json["detail"]) == (403, "Somebody else wrote it.")
    assert len(texts(table)) == 1

    assert ask("DELETE", user="sam", role="ops_manager").status == 200
    assert texts(table) == []


@pytest.mark.parametrize("text", ["", "  ", "x" * 2_001, None, 7])
def test_what_is_no_text_is_refused_by_name(table: NoteTable, text: object) -> None:
    answer = ask("PUT", body={"text": text})

    assert answer.status == 422
    assert [error["field"] for error in answer.json["errors"]] == ["text"]
    assert texts(table) == []


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize(
    ("role", "status"),
    [("service", 403), ("admin", 403), ("tutor", 404), ("student", 404), (None, 401)],
)
def test_only_who_looks_after_tutors_may(method: str, role: str | None, status: int) -> None:
    assert ask(method, body=SAID, role=role).status == status


def test_tutors_write_no_notes_about_themselves(table: NoteTable) -> None:
    assert ask("PUT", body=SAID, role="tutor", user="t-7").status == 403
    assert texts(table) == []


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_tutor_nobody_knows_is_not_found(method: str) -> None:
    assert ask(method, body=SAID, of="t-8").status == 404


def test_what_is_no_note_or_no_such_method_is_not_found() -> None:
    assert ask("PUT", "n 1", SAID).status == 404
    assert ask("PATCH", body=SAID).status == 404


def test_who_wrote_about_whom_is_on_record(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    ask("PUT", body=SAID)
    at(monkeypatch, NOW.replace(hour=13))
    ask("DELETE", user="eve")

    rows = sorted(aws.items("AUDIT#"), key=lambda row: row["sk"]["S"])
    assert [(row["operation"]["S"], row["status"]["N"], row["subject"]["S"]) for row in rows] == [
        ("write_note", "200", "t-7/notes/n-1"),
        ("remove_note", "403", "t-7/notes/n-1"),
    ]


def test_the_log_tells_that_a_note_was_written_or_removed_and_not_what_it_says(
    logged: Logged,
) -> None:
    ask("PUT", body=SAID)
    ask("DELETE")

    assert [line["operation"] for line in logged()] == ["write_note", "remove_note"]
    assert SAID["text"] not in str(logged())
