"""Exporting and forgetting a student, whatever is repeated or restored afterwards."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import ClientError

from functions import report_webhook, score_tutor
from infra_cdk.place import Place, StageError
from infra_cdk.student import done, erase, erase_again, export, parsed
from shared.aws.scorecard_table import ScorecardTable
from shared.contracts import Kind, accept
from shared.domain.erasure import fingerprint, nobody
from tests.functions.conftest import Aws, post, sqs_event

AT = datetime.now(UTC).replace(microsecond=0)
ENDED = AT - timedelta(hours=2)
ANN = "ann-4711"


@pytest.fixture
def place(aws: Aws) -> Place:
    return Place("local", boto3.client, {"TableName": aws.store.name, "VaultBucket": "vault"})


def session(number: int, student_id: str = ANN, **fields: Any) -> dict[str, Any]:
    return {
        "session_id": f"s-{number}", "tutor_id": "t-7", "student_id": student_id, "version": 2,
        "scheduled_time": (ENDED - timedelta(hours=1)).isoformat(), "status": "completed",
        "completed_time": ENDED.isoformat(), "session_number": 1,
    } | fields  # fmt: skip


def feedback(number: int, student_id: str = ANN) -> dict[str, Any]:
    return {
        "feedback_id": f"f-{number}{student_id[0]}", "session_id": f"s-{number}",
        "student_id": student_id, "tutor_id": "t-7", "overall_rating": 2,
        "submitted_at": AT.isoformat(), "free_text": f"{student_id} could not follow.",
    }  # fmt: skip


def reported(aws: Aws, *bodies: dict[str, Any]) -> None:
    """Each posted, and all that is in the queue applied and scored."""
    for body in bodies:
        kind = "feedback" if "feedback_id" in body else "sessions"
        webhook_id = f"w-{body.get('feedback_id', body['session_id'])}-{body.get('version')}"
        call = post(f"/api/{kind}", json.dumps(body).encode(), webhook_id, at=datetime.now(UTC))
        assert report_webhook.handler(call, LambdaContext())["statusCode"] == 202
    score_tutor.handler(sqs_event(*aws.messages()), LambdaContext())


def everything(aws: Aws) -> str:
    return json.dumps(aws.items())


def forgotten(lines: Iterator[str]) -> list[str]:
    return list(lines)


def at_once(seconds: float) -> None:
    """Nobody holds a report in hands here."""


def test_an_export_has_all_that_is_stored_of_a_student(aws: Aws, place: Place) -> None:
    reported(aws, session(1), feedback(1), session(2, "bob"))

    told = export(place, ANN)

    assert [each["session_id"] for each in told["sessions"]] == ["s-1"]
    assert told["sessions"][0]["feedback"][0]["free_text"] == f"{ANN} could not follow."
    assert sorted(each["as_received"].get("feedback_id", "") for each in told["reports"]) == [
        "", "f-1a",
    ]  # fmt: skip
    assert "bob" not in json.dumps(told)


@pytest.mark.parametrize(
    ("words", "operation", "of"),
    [
        (["export", ANN], "export_student", fingerprint(ANN)),
        (["erase", ANN], "erase_student", fingerprint(ANN)),
        (["erase-again"], "erase_again", None),
    ],
)
def test_whoever_exports_or_erases_a_student_is_written_down_without_naming_the_student(
    aws: Aws, place: Place, words: list[str], operation: str, of: str | None
) -> None:
    reported(aws, session(1))

    list(done(place, parsed(["--stage", "local", *words]), at_once))

    (row,) = aws.items("AUDIT#")
    assert row["operation"]["S"] == operation
    assert row["sub"]["S"].startswith("arn:aws:")
    assert row.get("subject") == ({"S": of} if of else None)
    assert ANN not in json.dumps(row)


def test_an_export_that_can_not_be_written_down_shows_nothing(aws: Aws, place: Place) -> None:
    reported(aws, session(1))
    nowhere = Place("local", boto3.client, {**place.outputs, "TableName": "elsewhere"})

    with pytest.raises(ClientError, match="PutItem"):
        next(iter(done(nowhere, parsed(["--stage", "local", "export", ANN]))))


def test_an_export_tells_nothing_of_others_in_the_same_session(aws: Aws, place: Place) -> None:
    reported(aws, session(1, "bob"), feedback(1, "bob"), feedback(1))

    (shared,) = export(place, ANN)["sessions"]

    assert [said["student_id"] for said in shared["feedback"]] == [ANN]
    assert "bob" not in json.dumps(shared)


def test_of_a_student_nobody_knows_there_is_nothing_to_export(place: Place) -> None:
    with pytest.raises(StageError, match="Nothing is stored of nobody"):
        export(place, "nobody")


def test_a_student_who_was_erased_is_found_nowhere(aws: Aws, place: Place) -> None:
    reported(aws, session(1), feedback(1), session(2, "bob"), feedback(2, "bob"))

    told = forgotten(erase(place, ANN, at_once))

    assert told == ["Rewritten: 2 reports, 2 sessions.", "Nothing is left."]
    assert ANN not in everything(aws)
    assert everything(aws).count("bob could not follow") == 3, "others keep what is theirs"


def test_what_nobody_understands_of_a_students_reports_goes_too(aws: Aws, place: Place) -> None:
    told: dict[str, Any] = {
        "student_name": "Annabel Lee",
        "notes": {"parent": "annabels-mum@example.com"},
    }
    reported(aws, session(1) | told, feedback(1) | told)

    forgotten(erase(place, ANN, at_once))
    reported(aws, session(2) | told)  # one that comes afterwards

    assert "nnabel" not in everything(aws)


def test_what_is_kept_of_a_report_can_still_be_applied(aws: Aws, place: Place) -> None:
    moved = {"initiator": "student", "original_time": ENDED.isoformat(), "reason": f"{ANN} is ill",
             "new_time": (ENDED + timedelta(days=1)).isoformat()}  # fmt: skip
    sent = session(1, status="rescheduled", reschedule_info=moved)
    reported(aws, sent)

    forgotten(erase(place, ANN, at_once))

    (kept,) = [item["body"]["S"] for item in aws.items("INBOX#")]
    again = accept(Kind.SESSION, kept.encode()).message
    before = accept(Kind.SESSION, json.dumps(sent).encode()).message
    changed = {name for name in again.model_fields_set if getattr(again, name) !=
               getattr(before, name)}  # fmt: skip
    assert changed == {"student_id", "reschedule_info"}
    assert again.model_fields_set == before.model_fields_set


@pytest.mark.parametrize(
    "odd", [{"status": "of another day"}, {"notes": json.loads("[" * 200 + "]" * 200)}],
    ids=["another day's status", "too many levels"],
)  # fmt: skip
def test_a_report_that_can_not_be_read_any_more_is_forgotten_all_the_same(
    aws: Aws, place: Place, odd: dict[str, Any]
) -> None:
    reported(aws, session(1))
    (item,) = aws.items("INBOX#")
    unreadable = json.dumps(json.loads(item["body"]["S"]) | odd)
    aws.store.client.put_item(TableName=aws.store.name, Item=item | {"body": {"S": unreadable}})

    forgotten(erase(place, ANN, at_once))

    (left,) = aws.items("INBOX#")
    assert json.loads(left["body"]["S"]) == {
        "session_id": "s-1", "tutor_id": "t-7", "version": 2, "student_id": nobody("s-1"),
    }  # fmt: skip


def test_erasing_changes_no_score(aws: Aws, place: Place) -> None:
    reported(aws, session(1), feedback(1), session(2, "bob"))
    cards = ScorecardTable(aws.store)
    before = cards.card("t-7")
    assert before is not None

    forgotten(erase(place, ANN, at_once))
    score_tutor.handler(sqs_event({"tutor_id": "t-7"}), LambdaContext())

    after = cards.card("t-7")
    assert after is not None
    assert after[0].windows == before[0].windows
    assert after[0].flags == before[0].flags


def test_what_is_reported_again_stays_nobodys(aws: Aws, place: Place) -> None:
    reported(aws, session(1), feedback(1))
    forgotten(erase(place, ANN, at_once))

    reported(aws, session(1), feedback(1), session(1, version=3) | {"late_start_minutes": 9})

    assert ANN not in everything(aws)


def test_what_comes_later_is_nobodys_from_the_first_moment(aws: Aws, place: Place) -> None:
    forgotten(erase(place, ANN, at_once))

    reported(aws, session(3), feedback(3))

    assert ANN not in everything(aws)
    assert nobody("s-3") in everything(aws)


def test_all_reports_applied_once_more_bring_nobody_back(aws: Aws, place: Place) -> None:
    reported(aws, session(1), feedback(1))
    forgotten(erase(place, ANN, at_once))

    again = [{"webhook_id": name} for name in ("w-s-1-2", "w-f-1a-None")]
    score_tutor.handler(sqs_event(*again), LambdaContext())

    assert ANN not in everything(aws)


def test_after_a_restore_everybody_who_was_erased_is_erased_again(aws: Aws, place: Place) -> None:
    reported(aws, session(1), feedback(1), session(2, "bob"))
    backup = aws.items()
    forgotten(erase(place, ANN, at_once))
    for item in aws.items():
        aws.store.client.delete_item(
            TableName=aws.store.name, Key={"pk": item["pk"], "sk": item["sk"]}
        )
    for item in backup:
        aws.store.put(item)
    assert ANN in everything(aws)

    told = forgotten(erase_again(place, at_once))

    assert told == [
        "1 students were ever erased.", "Rewritten: 2 reports, 2 sessions.", "Nothing is left.",
    ]  # fmt: skip
    assert ANN not in everything(aws)


def test_what_is_not_ours_to_rewrite_is_named(aws: Aws, place: Place) -> None:
    reported(aws, session(1))
    aws.store.put(
        {
            "pk": {"S": "TUTOR#t-7"}, "sk": {"S": "NOTE#n-1"}, "expires_at": {"N": "4000000000"},
            "data": {"S": json.dumps({"text": ANN})},
        }
    )  # fmt: skip

    told = forgotten(erase(place, ANN, at_once))

    assert told[-1] == f"TUTOR#t-7 / NOTE#n-1 still names {ANN}: see privacy.md."


def test_erasing_twice_is_as_erasing_once(aws: Aws, place: Place) -> None:
    reported(aws, session(1), feedback(1))
    forgotten(erase(place, ANN, at_once))
    before = aws.items("SESSION#")

    assert forgotten(erase(place, ANN, at_once)) == ["Rewritten: nothing.", "Nothing is left."]
    assert aws.items("SESSION#") == before
