"""`make student DO=…`: what is stored of a student, on a stage as it runs here or in AWS.

    python -m infra_cdk.student --stage local|dev|prod export STUDENT
    … erase STUDENT       forget who it was: sessions stay, nobody's
    … erase-again         after a restore: forget everybody once more who was ever erased

All of the table is looked at, for what is to be forgotten must not depend on an index being right:
minutes for a year of sessions. Everything is safe to repeat, and leaves a row in the audit trail
before it begins, by the student's fingerprint, for an id would be what is to be forgotten.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

from infra_cdk.place import Place, StageError, command, everything, run
from shared.access import Caller
from shared.aws.audit import AuditRow, AuditTrail, Command
from shared.aws.erased_table import ErasedTable
from shared.aws.item import Item, dumped, loaded, number, text
from shared.contracts import InvalidError, Kind, UnreadableError, accept
from shared.domain.erasure import (
    Erased,
    fingerprint,
    reported_without,
    students_of,
    without,
)
from shared.domain.session import Session

LOOKS: Final = 6
PAUSE_SECONDS: Final = 130
"""Between two looks: whoever held a report in hands when it was rewritten has ended by then."""
OF_STUDENTS: Final = (Kind.SESSION, Kind.FEEDBACK)
ABOUT: Final = ("session_id", "feedback_id", "tutor_id", "version")
"""Fields that say what a report is about, and nothing of a student."""


@dataclass(slots=True)
class Found:
    """What is stored of a student; `named` are keys of other items that have the id in them."""

    sessions: list[dict[str, Any]] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)
    named: list[str] = field(default_factory=list)


def parsed(words: Sequence[str] | None) -> argparse.Namespace:
    """What these words ask for, or those of the command line; exits where they are none."""
    parser = command("student", __doc__)
    asked = parser.add_subparsers(dest="what", required=True)
    for name in ("export", "erase"):
        asked.add_parser(name).add_argument("student_id")
    asked.add_parser("erase-again")
    return parser.parse_args(words)


def done(
    place: Place, told: argparse.Namespace, pause: Callable[[float], None] = time.sleep
) -> Iterator[str]:
    """Do what was asked; the lines that tell of it."""
    match told.what:
        case "export":
            _written_down(place, Command.EXPORT_STUDENT, told.student_id)
            yield json.dumps(export(place, told.student_id), indent=2)
        case "erase":
            _written_down(place, Command.ERASE_STUDENT, told.student_id)
            yield from erase(place, told.student_id, pause)
        case "erase-again":
            _written_down(place, Command.ERASE_AGAIN)
            yield from erase_again(place, pause)


def _written_down(place: Place, what: Command, student_id: str | None = None) -> None:
    """Keep that whoever has these credentials of AWS does it now."""
    arn = place.client("sts").get_caller_identity()["Arn"]
    who = Caller(arn, username=None, client_id=None, roles=frozenset())
    of = fingerprint(student_id) if student_id else None
    row = AuditRow(who, what, datetime.now(UTC), str(uuid4()), of, shown=[of] if of else [])
    AuditTrail(place.table).put(row)


def export(place: Place, student_id: str) -> dict[str, Any]:
    """All that is stored of a student, ready for JSON; of others in a session nothing."""
    found = Found()
    for item in everything(place.table):
        pk, sk = item["pk"]["S"], item["sk"]["S"]
        if _is_session(item) and sk == "SESSION":
            session = loaded(Session, item)
            if student_id in students_of(session):
                found.sessions.append(_own(json.loads(item["data"]["S"]), student_id))
        elif _is_report(item):
            body = json.loads(item["body"]["S"])
            if body["student_id"] == student_id:
                received = item["received_at"]["S"]
                found.reports.append({"received_at": received, "as_received": body})
        elif not _is_session(item) and _mentions(item, student_id):
            found.named.append(f"{pk} / {sk}")
    if not (found.sessions or found.reports or found.named):
        raise StageError(f"Nothing is stored of {student_id}.")
    return {
        "student_id": student_id,
        "sessions": found.sessions,
        "reports": found.reports,
        "also_named_in": found.named,
    }


def erase(
    place: Place, student_id: str, pause: Callable[[float], None] = time.sleep
) -> Iterator[str]:
    """Forget a student, now and whenever a report of theirs comes again; tells what was done.

    What is not ours to rewrite (notes, the audit trail) is named instead.
    """
    mark, at = fingerprint(student_id), datetime.now(UTC)
    place.vault.put_mark(mark, at)
    ErasedTable(place.table).put(mark, at)
    yield from _forget(place, lambda student: student == student_id, pause, student_id)


def erase_again(place: Place, pause: Callable[[float], None] = time.sleep) -> Iterator[str]:
    """Forget everybody once more who was ever erased: the vault knows, whatever was restored."""
    at, marks = datetime.now(UTC), place.vault.marks()
    for mark in sorted(marks):
        ErasedTable(place.table).put(mark, at)
    yield f"{len(marks)} students were ever erased."
    yield from _forget(place, lambda student: fingerprint(student) in marks, pause)


def _forget(
    place: Place, erased: Erased, pause: Callable[[float], None], student_id: str | None = None
) -> Iterator[str]:
    """Look until a look finds nothing more; TimeoutError where that does not come.

    Then tells which items still name the student, if it is about one.
    """
    for look in range(LOOKS):
        if look:
            pause(PAUSE_SECONDS)
        done, named = Counter[str](), list[str]()
        for item in everything(place.table):
            if what := _rewritten(place, item, erased):
                done[what] += 1
            elif student_id and _mentions(item, student_id):
                named.append(f"{item['pk']['S']} / {item['sk']['S']}")
        if look and not done:
            yield "Nothing is left."
            yield from (f"{at} still names {student_id}: see privacy.md." for at in named)
            return
        counted = ", ".join(f"{count} {what}" for what, count in sorted(done.items()))
        yield f"Rewritten: {counted or 'nothing'}."
    raise TimeoutError("what is to be forgotten keeps coming back")


def _rewritten(place: Place, item: Item, erased: Erased) -> str | None:
    """What an item was, if it named somebody who is erased: it does not any more.

    One that changed since it was read is left for the next look.
    """
    if _is_session(item):
        before = loaded(Session, item)
        after = without(before, erased)
        return _put(place, item, "data", dumped(after), "sessions") if after != before else None
    if _is_report(item):
        body = json.loads(item["body"]["S"])
        if erased(body["student_id"]):
            left = reported_without(_understood(Kind(item["kind"]["S"]), item["body"]["S"]))
            return _put(place, item, "body", text(json.dumps(left)), "reports")
    return None


def _understood(kind: Kind, body: str) -> dict[str, Any]:
    """A report without fields that we do not know, which may say anything; of one that can not be
    read any more what it is about."""
    try:
        return accept(kind, body.encode()).understood
    except (InvalidError, UnreadableError):
        told = json.loads(body)
        return {name: told[name] for name in ABOUT if name in told}


def _put(place: Place, item: Item, name: str, value: dict[str, Any], what: str) -> str:
    """Change one attribute that is still as it was read; who has read it meanwhile reads again."""
    counted = "version" in item and name == "data"
    client = place.table.client
    try:
        client.update_item(
            TableName=place.table.name,
            Key={"pk": item["pk"], "sk": item["sk"]},
            UpdateExpression="SET #name = :after"
            + (", version = version + :one" if counted else ""),
            ConditionExpression="#name = :before",
            ExpressionAttributeNames={"#name": name},
            ExpressionAttributeValues={
                ":before": item[name],
                ":after": value,
                **({":one": number(1)} if counted else {}),
            },
        )
    except client.exceptions.ConditionalCheckFailedException:
        return f"{what} that changed meanwhile"
    return what


def _own(session: dict[str, Any], student_id: str) -> dict[str, Any]:
    """A session as far as it is the student's: what others in it said and wrote is not."""
    said = [one for one in session.get("feedback", []) if one["student_id"] == student_id]
    taught = session.get("snapshot", {}).get("student_id") == student_id
    return session | {"feedback": said} if taught else {"feedback": said}


def _is_session(item: Item) -> bool:
    pk, sk = str(item["pk"]["S"]), str(item["sk"]["S"])
    return sk == "SESSION" or (pk.startswith("TUTOR#") and sk.startswith("S#"))


def _is_report(item: Item) -> bool:
    """Whether an item is a report about a student as it was received, or one kept aside."""
    return str(item["pk"]["S"]).startswith("INBOX#") and item["kind"]["S"] in OF_STUDENTS


def _mentions(item: Item, student_id: str) -> bool:
    """Whether an id stands anywhere in an item, as a word of its own."""
    words = json.dumps(item).replace("\\", "").replace("#", '"').split('"')
    return student_id in words


if __name__ == "__main__":
    run(parsed, done)
