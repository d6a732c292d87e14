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
from hashlib import sha256
from typing import Any, Final
from uuid import uuid4

from infra_cdk.place import Place, StageError, command, everything, run
from shared.access import Caller
from shared.aws import key
from shared.aws.audit import AuditRow, AuditTrail, Command
from shared.aws.erased_table import ErasedTable
from shared.aws.item import Item, dumped, key_item, loaded, number, text
from shared.aws.table import Table
from shared.contracts import InvalidError, Kind, UnreadableError, accept, anonymous
from shared.domain.erasure import (
    Erased,
    fingerprint,
    named_in,
    nobody,
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
        elif not _is_session(item) and _named(item, lambda one: one == student_id):
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
    yield from _forget(place, lambda student: student == student_id, pause)


def erase_again(place: Place, pause: Callable[[float], None] = time.sleep) -> Iterator[str]:
    """Forget everybody once more who was ever erased: the vault knows, whatever was restored."""
    at, marks = datetime.now(UTC), place.vault.marks()
    for mark in sorted(marks):
        ErasedTable(place.table).put(mark, at)
    yield f"{len(marks)} students were ever erased."
    yield from _forget(place, lambda student: fingerprint(student) in marks, pause)


def _forget(place: Place, erased: Erased, pause: Callable[[float], None]) -> Iterator[str]:
    """Look until a look finds nothing more; TimeoutError where that does not come.

    Then tells which items still name somebody who was erased.
    """
    for look in range(LOOKS):
        if look:
            pause(PAUSE_SECONDS)
        done, named = Counter[str](), list[tuple[str, str]]()
        for item in everything(place.table):
            if what := _rewritten(place, item, erased):
                done[what] += 1
            else:
                at = f"{item['pk']['S']} / {item['sk']['S']}"
                named += [(at, student_id) for student_id in sorted(_named(item, erased))]
        if look and not done:
            yield "Nothing is left."
            for at, student_id in named:
                yield f"{at} still names {student_id}: see privacy.md."
            return
        counted = ", ".join(f"{count} {what}" for what, count in sorted(done.items()))
        yield f"Rewritten: {counted or 'nothing'}."
    raise TimeoutError("what is to be forgotten keeps coming back")


def _rewritten(place: Place, item: Item, erased: Erased) -> str | None:
    """What an item was, if it named somebody who is erased: it does not any more.

    One that changed since it was read is left for the next look.
    """
    what = "sessions" if _is_session(item) else "reports"
    faults = place.table.client.exceptions
    try:
        if _is_session(item) and _session_rewritten(place.table, item, erased):
            return what
        if _is_report(item) and _report_rewritten(place.table, item, erased):
            return what
    except (
        faults.ConditionalCheckFailedException,
        faults.TransactionCanceledException,
        faults.TransactionConflictException,
    ):
        return f"{what} that changed meanwhile"
    return None


def _session_rewritten(table: Table, item: Item, erased: Erased) -> bool:
    before = loaded(Session, item)
    after = without(before, erased)
    if after == before:
        return False
    asked = _update(table, item, {"data": dumped(after)}, as_read="data")
    if "version" in item:  # who has read it meanwhile reads again
        asked["UpdateExpression"] += ", version = version + :one"
        asked["ExpressionAttributeValues"][":one"] = number(1)
    table.client.update_item(**asked)
    return True


def _report_rewritten(table: Table, item: Item, erased: Erased) -> bool:
    """Forget the student of a report, and the hash over what it said of them with it.

    One that is nobody's already is looked at too: its hash may be of before, or what is noted of
    its version come back from a backup. The version is first: who ends between the two is found
    again by the report.
    """
    told = json.loads(item["body"]["S"])
    if not erased(told["student_id"]) and told["student_id"] != nobody(told["session_id"]):
        return False
    body, content_hash = _left(Kind(item["kind"]["S"]), item["body"]["S"])
    after = {"body": text(body), "content_hash": text(content_hash)}
    aside = item["sk"]["S"] != "INBOX"
    noted = not aside and "version" in item and _version_rewritten(table, item, content_hash)
    if after.items() <= item.items():
        return noted
    if aside:
        webhook_id = item["pk"]["S"].removeprefix("INBOX#")
        moved = item | key_item(key.conflict(webhook_id, content_hash)) | after
        put: Any = {"Put": {"TableName": table.name, "Item": moved}}
        delete: Any = {"Delete": _as_read(table, item, "body")}
        table.client.transact_write_items(TransactItems=[put, delete])
    else:
        table.client.update_item(**_update(table, item, after, as_read="body"))
    return True


def _version_rewritten(table: Table, report: Item, content_hash: str) -> bool:
    """Have the version of a report known by another hash, if it is the report's; whether it was."""
    at = key.version(report["kind"]["S"], report["entity_id"]["S"], report["version"]["S"])
    try:
        table.client.update_item(
            TableName=table.name,
            Key=key_item(at),
            UpdateExpression="SET content_hash = :after",
            ConditionExpression="content_hash <> :after"
            " AND (content_hash = :before OR webhook_id = :webhook_id)",
            ExpressionAttributeValues={
                ":after": text(content_hash),
                ":before": report["content_hash"],
                ":webhook_id": text(report["pk"]["S"].removeprefix("INBOX#")),
            },
        )
    except table.client.exceptions.ConditionalCheckFailedException:
        return False
    return True


def _left(kind: Kind, body: str) -> tuple[str, str]:
    """What is kept of a report, and the hash over it: no fields that we do not know, which may say
    anything; of one that can not be read any more what it is about."""
    try:
        return anonymous(kind, accept(kind, body.encode()))
    except (InvalidError, UnreadableError):
        told = json.loads(body)
        left = json.dumps(reported_without({name: told[name] for name in ABOUT if name in told}))
        return left, sha256(left.encode()).hexdigest()


def _update(table: Table, item: Item, changed: Item, *, as_read: str) -> Any:
    """The request that changes some attributes of an item, if one is still as it was read."""
    names = list(changed)
    asked = _as_read(table, item, as_read)
    asked["UpdateExpression"] = "SET " + ", ".join(f"#{name} = :{name}" for name in names)
    asked["ExpressionAttributeNames"] |= {f"#{name}": name for name in names}
    asked["ExpressionAttributeValues"] |= {f":{name}": changed[name] for name in names}
    return asked


def _as_read(table: Table, item: Item, name: str) -> Any:
    """The part of a request that says which item, and that one attribute is as it was read."""
    return {
        "TableName": table.name,
        "Key": {"pk": item["pk"], "sk": item["sk"]},
        "ConditionExpression": f"#{name} = :before",
        "ExpressionAttributeNames": {f"#{name}": name},
        "ExpressionAttributeValues": {":before": item[name]},
    }


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


def _named(item: Item, erased: Erased) -> set[str]:
    """The ids of who was erased that stand anywhere in an item, be it within a sentence."""
    return {one for told in _texts(item) for one in named_in(told, erased)}


def _texts(value: Any) -> Iterator[str]:
    """Every text in an item, those in JSON within it as they were written."""
    match value:
        case dict():
            yield from value
            for inner in value.values():
                yield from _texts(inner)
        case list():
            for inner in value:
                yield from _texts(inner)
        case str() if value.startswith(("{", "[")):
            try:
                yield from _texts(json.loads(value))
            except (ValueError, RecursionError):
                yield value
        case str():
            yield value


if __name__ == "__main__":
    run(parsed, done)
