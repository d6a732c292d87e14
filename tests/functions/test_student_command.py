"""Exporting and forgetting a student, whatever is repeated or restored afterwards."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import ClientError

from events.sample import Sample, samples
from functions import report_webhook, score_tutor
from infra_cdk.place import Place, StageError
from infra_cdk.student import done, erase, erase_again, export, parsed
from shared.aws import key
from shared.aws.erased_table import ErasedTable
from shared.aws.note_table import NoteTable
from shared.aws.scorecard_table import ScorecardTable
from shared.contracts import Kind, accept, anonymous
from shared.domain.erasure import fingerprint, nobody
from shared.domain.note import Note
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


def answer(kind: str, body: dict[str, Any], webhook_id: str) -> tuple[int, bool | None]:
    """How a post is answered: the status, and whether it is a duplicate."""
    call = post(f"/api/{kind}", json.dumps(body).encode(), webhook_id, at=datetime.now(UTC))
    told = report_webhook.handler(call, LambdaContext())
    return told["statusCode"], json.loads(told["body"]).get("duplicate")


def plain_feedback(number: int, student_id: str = ANN) -> dict[str, Any]:
    """Of whom nothing but stars is told: all of it stays readable but the id."""
    return {
        name: value for name, value in feedback(number, student_id).items() if name != "free_text"
    }


def hashes(aws: Aws) -> set[str]:
    """Every hash of a report's content in the table, in attributes and in keys."""
    items = aws.items()
    told = {item["content_hash"]["S"] for item in items if "content_hash" in item}
    asides = (item["sk"]["S"].partition("CONFLICT#")[2] for item in items)
    return told | {name for name in asides if name}


def guessed(aws: Aws, *guesses: str) -> set[str]:
    """Which of these students somebody finds who has the table alone, by trying each in reports."""
    kept = [(Kind(item["kind"]["S"]), item["body"]["S"]) for item in aws.items("INBOX#")]
    return {
        guess
        for kind, body in kept
        for guess in guesses
        if accept(kind, json.dumps(json.loads(body) | {"student_id": guess}).encode()).content_hash
        in hashes(aws)
    }


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


GUESSES = ("ann-4709", "ann-4710", ANN, "ann-4712", "bob")


def test_no_hash_that_is_kept_tells_which_of_five_guesses_an_erased_student_was(
    aws: Aws, place: Place
) -> None:
    reported(aws, session(1), plain_feedback(1), session(2, "bob"))
    unversioned = {name: value for name, value in session(5).items() if name != "version"}
    assert answer("sessions", session(1), "w-again") == (202, True)
    assert answer("sessions", unversioned, "w-unversioned") == (202, False)
    assert answer("sessions", session(1, status="voided"), "w-other") == (409, None)
    assert guessed(aws, *GUESSES) == {ANN, "bob"}

    forgotten(erase(place, ANN, at_once))
    reported(aws, session(3), plain_feedback(3))  # what comes afterwards
    assert answer("sessions", session(3, status="voided"), "w-other-3") == (409, None)

    assert len(hashes(aws)) == 8, "of each report, and of what was kept aside"
    assert guessed(aws, *GUESSES) == {"bob"}
    for item in aws.items("INBOX#"):
        told = accept(Kind(item["kind"]["S"]), item["body"]["S"].encode())
        assert item["content_hash"]["S"] == told.content_hash, "over what is kept, and no more"


@pytest.mark.parametrize("when", ["marked, not yet rewritten", "rewritten"])
@pytest.mark.parametrize("again", ["w-1", "w-2"], ids=["same webhook id", "another webhook id"])
@pytest.mark.parametrize(("kind", "sent"), [("sessions", session(1)), ("feedback", feedback(1))])
def test_the_same_report_of_an_erased_student_is_a_duplicate_and_other_content_is_not(
    aws: Aws, place: Place, kind: str, sent: dict[str, Any], again: str, when: str
) -> None:
    assert answer(kind, sent, "w-1") == (202, False)
    if when == "rewritten":
        forgotten(erase(place, ANN, at_once))
    else:
        ErasedTable(aws.store).put(fingerprint(ANN), AT)

    assert answer(kind, sent, again) == (202, True)
    assert answer(kind, sent | {"tutor_id": "t-8"}, again) == (409, None)
    assert answer(kind, sent | {"student_id": "bob"}, again) == (409, None)


def test_a_report_that_is_erased_while_it_comes_again_is_a_duplicate(
    aws: Aws, place: Place
) -> None:
    assert answer("sessions", session(1), "w-1") == (202, False)
    events = report_webhook.store.client.meta.events
    asked = list[str]()

    def erased_before_it_is_stored(**_: Any) -> None:
        if not asked:
            asked.append("once")
            forgotten(erase(place, ANN, at_once))

    events.register("before-call.dynamodb.TransactWriteItems", erased_before_it_is_stored)
    try:
        assert answer("sessions", session(1), "w-1") == (202, True)
    finally:
        events.unregister("before-call.dynamodb.TransactWriteItems", erased_before_it_is_stored)

    assert asked
    assert ANN not in everything(aws)
    assert guessed(aws, *GUESSES) == set()


def test_a_report_that_was_stored_by_who_had_asked_before_erasing_is_found_by_the_next_look(
    aws: Aws, place: Place
) -> None:
    reported(aws, session(1))

    def stored_meanwhile(seconds: float) -> None:
        if not aws.items("INBOX#w-late"):
            mark = key.erased(fingerprint(ANN))
            aws.store.delete(mark)  # as if it had been asked for before it was put
            assert answer("sessions", session(2), "w-late") == (202, False)
            ErasedTable(aws.store).put(fingerprint(ANN), AT)

    told = forgotten(erase(place, ANN, stored_meanwhile))

    assert told == ["Rewritten: 1 reports, 2 sessions.", "Rewritten: 1 reports.",
                    "Nothing is left."]  # fmt: skip
    assert guessed(aws, *GUESSES) == set()


def test_what_is_noted_of_a_version_and_came_back_from_a_backup_alone_is_forgotten_again(
    aws: Aws, place: Place
) -> None:
    reported(aws, session(1))
    (version,) = aws.items("VERSION#")
    forgotten(erase(place, ANN, at_once))
    aws.store.put(version)
    assert guessed(aws, *GUESSES) == {ANN}

    told = forgotten(erase_again(place, at_once))

    assert told[1:] == ["Rewritten: 1 reports.", "Nothing is left."]
    assert guessed(aws, *GUESSES) == set()
    assert answer("sessions", session(1), "w-s-1-2") == (202, True)


@pytest.mark.parametrize(
    "each",
    [one for one in samples() if one.accepted and b'"student_id"' in one.text],
    ids=lambda each: each.name,
)
def test_what_is_kept_of_a_report_is_the_same_when_its_student_is_erased_twice(
    each: Sample,
) -> None:
    kind = Kind(each.path.rsplit("/", 1)[-1])

    body, content_hash = anonymous(kind, accept(kind, each.text))

    assert anonymous(kind, accept(kind, body.encode())) == (body, content_hash)


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


def noted(aws: Aws, words: str) -> None:
    """A note about tutor t-7, as the function keeps it."""
    NoteTable(aws.store).put(Note("t-7", "n-1", words, "maria", AT))


@pytest.mark.parametrize(
    "words",
    [ANN, f"Talked with {ANN}, who wept.", f"It was {ANN}.", f'On Monday:\n{ANN}\n"wept"'],
    ids=["alone", "before a comma", "before a full stop", "on a line of its own"],
)
def test_what_is_not_ours_to_rewrite_is_named(aws: Aws, place: Place, words: str) -> None:
    reported(aws, session(1))
    noted(aws, words)

    assert export(place, ANN)["also_named_in"] == ["TUTOR#t-7 / NOTE#n-1"]
    told = forgotten(erase(place, ANN, at_once))
    again = forgotten(erase_again(place, at_once))

    assert told[-2:] == again[-2:] == [
        "Nothing is left.", f"TUTOR#t-7 / NOTE#n-1 still names {ANN}: see privacy.md.",
    ]  # fmt: skip


def test_a_note_on_somebody_with_a_longer_id_names_nobody(aws: Aws, place: Place) -> None:
    reported(aws, session(1))
    noted(aws, f"Talked with {ANN}-2 and jo{ANN}.")

    assert export(place, ANN)["also_named_in"] == []
    assert forgotten(erase(place, ANN, at_once))[-1] == "Nothing is left."
    assert forgotten(erase_again(place, at_once))[-1] == "Nothing is left."


def test_erasing_twice_is_as_erasing_once(aws: Aws, place: Place) -> None:
    reported(aws, session(1), feedback(1))
    forgotten(erase(place, ANN, at_once))
    before = aws.items("SESSION#")

    assert forgotten(erase(place, ANN, at_once)) == ["Rewritten: nothing.", "Nothing is left."]
    assert aws.items("SESSION#") == before
