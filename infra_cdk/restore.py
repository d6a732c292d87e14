"""`make drill`, `make restore DO=…`: bring the table back to a point in time, and prove it.

    python -m infra_cdk.restore --stage local|dev|prod begin [--at 2026-11-20T12:00:00Z]
    … compare TABLE                what is otherwise in the stage's table than in a restored one
    … put-back TABLE --since AT    have the stage's table hold what the restored one does
    … remove TABLE                 away with a restored one
    … drill                        begin, compare, remove: changes nothing of the stage

The stage's table keeps its name, so neither functions nor roles change. What was told to us since
the point in time stays, and reports since then are applied again; all else is computed from them.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from hashlib import sha256
from itertools import batched
from typing import Any, Final

from infra_cdk.place import Place, StageError, command, everything, run
from shared.aws import key
from shared.aws.item import Item, key_item, text
from shared.aws.table import Table

TOLD: Final = (
    "AUDIT", "ERASED", "INBOX", "MAIL", "MAILBOX", "PERSON", "SETTINGS", "VERSION",
)  # fmt: skip
"""Kinds that nothing can compute: putting back adds what is missing and leaves what is there."""
CLOCKS_DIFFER: Final = timedelta(minutes=1)
EVERY_SECONDS: Final = 15
FOUR_HOURS: Final = 4 * 60 * 60
WRITERS: Final = 8
AT_ONCE: Final = 25
"""Items of one BatchWriteItem."""

type At = tuple[str, str]
type Items = dict[At, Item]


class Standing(Enum):
    """How a key stands in the stage's table and a restored one."""

    EQUAL = auto()
    OTHER = auto()
    GONE = auto()
    """In the restored one only."""
    NEW = auto()
    """In the stage's table only."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may differ of a kind of item after reports were applied a second time, and why.

    `parts` are attributes, or fields inside of them; none: the whole item, or that there is one.
    """

    kind: str
    parts: tuple[str, ...]
    why: str


ALLOWED: Final = (
    Allowed("INBOX", ("done_at",), "It was applied a second time."),
    Allowed("SESSION", ("version",), "It counts how often it was written."),
    Allowed("TUTOR/PROFILE", ("version",), "It counts how often it was written."),
    Allowed(
        "TUTOR/SCORECARD",
        ("version", "as_of", "insight", "updated_at", "sort_updated_at", "raised", "since"),
        "It is computed at another moment, from the same log.",
    ),
    Allowed("TUTOR/FLAG", (), "It is raised by the scorecard of another moment."),
    Allowed("TUTOR/PREDICTION", (), "It is made at another moment."),
    Allowed("TUTOR/DESK", (), "It counts what was decided, and when."),
    Allowed("TUTOR/INTERVENTION", (), "Its id holds the moment at which it was opened."),
    Allowed("TUTOR/MAIL", (), "Its id holds the moment of its cause."),
    Allowed("MAIL", (), "Who got a mail is noted under its id."),
    Allowed("PLATFORM", (), "It sums up scorecards every minute and every night."),
    Allowed("AUDIT", (), "Whoever reads meanwhile leaves a row."),
)

SENT_AGAIN: Final = (
    Allowed("INBOX", ("received_at", "timestamp", "expires_at"), "It was received a second time."),
    Allowed("VERSION", ("expires_at",), "So was its report."),
    Allowed("SESSION", ("received_at", "first_received_at"), "So were its reports."),
    Allowed("TUTOR/S", ("received_at", "first_received_at"), "So were its reports."),
)
"""Besides, where the table had lost reports and the marketplace sent them again."""


def parsed(words: Sequence[str] | None) -> argparse.Namespace:
    """What these words ask for, or those of the command line; exits where they are none."""
    parser = command("restore", __doc__)
    asked = parser.add_subparsers(dest="what", required=True)
    asked.add_parser("begin").add_argument("--at", type=_moment)
    for name in ("compare", "put-back", "remove"):
        asked.add_parser(name).add_argument("table")
    asked.choices["put-back"].add_argument("--since", type=_moment, required=True)
    asked.add_parser("drill")
    return parser.parse_args(words)


def done(place: Place, told: argparse.Namespace) -> Iterator[str]:
    """Do what was asked; the lines that tell of it."""
    at = datetime.now(UTC)
    match told.what:
        case "begin":
            yield from _begun(place, begin(place, told.at, at), told.at or at)
        case "compare":
            yield from compare(place, told.table)
        case "put-back":
            yield from put_back(place, told.table, told.since)
        case "remove":
            remove(place, told.table)
            yield f"{told.table} is removed."
        case "drill":
            yield from drill(place, at)


def drill(place: Place, at: datetime) -> Iterator[str]:
    """Restore the table as it was last, compare every item, and remove what was restored."""
    name = begin(place, None, at)
    yield f"{name} is restored, after {datetime.now(UTC) - at}."
    try:
        yield from compare(place, name)
    finally:
        remove(place, name)
    yield f"{name} is removed; the drill took {datetime.now(UTC) - at}."


def begin(place: Place, moment: datetime | None, at: datetime) -> str:
    """Restore the table as it was at a moment, or last, into another one; its name."""
    name = f"{_prefix(place)}{at:%Y%m%dT%H%M%S}"
    when: Any = {"RestoreDateTime": moment} if moment else {"UseLatestRestorableTime": True}
    client = place.client("dynamodb")
    client.restore_table_to_point_in_time(
        SourceTableName=place["TableName"], TargetTableName=name, **when
    )
    client.get_waiter("table_exists").wait(
        TableName=name,
        WaiterConfig={"Delay": EVERY_SECONDS, "MaxAttempts": FOUR_HOURS // EVERY_SECONDS},
    )
    return name


def _begun(place: Place, name: str, moment: datetime) -> Iterator[str]:
    yield f"{name} holds the table as it was."
    yield f'make restore DO="compare {name}" STAGE={place.stage}'
    since = f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    yield f'make restore DO="put-back {name} --since {since}" STAGE={place.stage}'


def compare(place: Place, name: str) -> Iterator[str]:
    """By kind of item: how many are equal, differ, or stand in one of the two only."""
    counted: dict[Standing, Counter[str]] = {standing: Counter() for standing in Standing}
    for standing, at, _ in differences(place.table, _restored(place, name)):
        counted[standing][kind_of(at)] += 1
    equal, other, gone, new = (counted[standing] for standing in Standing)
    for kind in sorted(equal | other | gone | new):
        yield (
            f"{kind}: {equal[kind]} equal, {other[kind]} differ, {gone[kind]} only restored,"
            f" {new[kind]} only in the table"
        )
    yield (
        "Every item is equal."
        if not other | gone | new
        else "Items that differ: they changed since, or are what you look for."
    )


def put_back(place: Place, name: str, since: datetime) -> Iterator[str]:
    """Have the stage's table hold what a restored one does, and reports since then applied again.

    Safe to repeat, and while reports come in: those are made pending at the end, and merging them
    a second time changes nothing.
    """
    found = differences(place.table, _restored(place, name))
    done = _write(place.table, _mended(found))
    yield (
        f"{done['PutRequest']} items put back,"
        f" {done['DeleteRequest']} removed that were not there then."
    )
    again = 0
    for item in everything(place.table):
        if _received_since(item, since):
            _await_again(place.table, item)
            again += 1
    yield f"{again} reports since then are pending again."
    yield f'make operate DO="start sweep_inbox" STAGE={place.stage}'
    yield f'make operate DO="start roll_windows" STAGE={place.stage}'


def differences(live: Table, restored: Table) -> Iterator[tuple[Standing, At, Item | None]]:
    """How each key stands in the two tables, with the restored item if there is one.

    Of the stage's table a digest of each item is held, and of the restored one a page: a month of
    reports would not fit into memory twice.
    """
    digests = {_at(item): _digest(item) for item in everything(live)}
    for item in everything(restored):
        at = _at(item)
        known = digests.pop(at, None)
        if known is None:
            yield Standing.GONE, at, item
        else:
            yield Standing.EQUAL if known == _digest(item) else Standing.OTHER, at, item
    for at in digests:
        yield Standing.NEW, at, None


def _mended(found: Iterable[tuple[Standing, At, Item | None]]) -> Iterator[Any]:
    """The requests that have a table hold what the restored one does, but for what was told."""
    for standing, at, item in found:
        if standing is Standing.GONE or (standing is Standing.OTHER and not _is_told(at)):
            yield {"PutRequest": {"Item": item}}
        elif standing is Standing.NEW and not _is_told(at):
            yield {"DeleteRequest": {"Key": key_item(key.Key(*at))}}


def remove(place: Place, name: str) -> None:
    """Delete a restored table; StageError for any other one."""
    place.client("dynamodb").delete_table(TableName=_restored(place, name).name)


def items(table: Table) -> Items:
    """Every item of a table that fits into memory, by key."""
    return {_at(item): item for item in everything(table)}


def kind_of(at: At) -> str:
    """INBOX, SESSION, TUTOR/SCORECARD, …: what sort of item has that key."""
    first = at[0].partition("#")[0]
    return f"{first}/{at[1].partition('#')[0]}" if first == "TUTOR" else first


def unlike(before: Items, after: Items, allowed: Sequence[Allowed] = ALLOWED) -> list[At]:
    """Where two states differ in more than is allowed."""
    free = {one.kind for one in allowed if not one.parts}

    def meaning(at: At, item: Item | None) -> Any:
        return _without(item, {p for one in allowed if one.kind == kind_of(at) for p in one.parts})

    return sorted(
        at
        for at in before.keys() | after.keys()
        if kind_of(at) not in free and meaning(at, before.get(at)) != meaning(at, after.get(at))
    )


def _without(value: Any, apart: set[str]) -> Any:
    if isinstance(value, Mapping):
        kept = {name: _without(part, apart) for name, part in value.items() if name not in apart}
        if set(kept) == {"S"} and str(kept["S"]).startswith(("{", "[")):
            return _without(json.loads(kept["S"]), apart)
        return kept
    return [_without(part, apart) for part in value] if isinstance(value, list) else value


def _at(item: Item) -> At:
    return item["pk"]["S"], item["sk"]["S"]


def _digest(item: Item) -> bytes:
    """What an item says, in 32 bytes; the order of its attributes does not matter."""
    return sha256(json.dumps(item, sort_keys=True).encode()).digest()


def _is_told(at: At) -> bool:
    return kind_of(at) in TOLD


def _received_since(item: Item, since: datetime) -> bool:
    told: bool = item["pk"]["S"].startswith("INBOX#") and item["sk"]["S"] == "INBOX"
    return told and str(item["received_at"]["S"]) >= key.stamp(since - CLOCKS_DIFFER)


def _await_again(table: Table, item: Item) -> None:
    """Have a report wait to be applied, as if it had just been received; quarantined ones stay."""
    if item["state"]["S"].startswith("quarantined"):
        return
    webhook_id = item["pk"]["S"].removeprefix("INBOX#")
    table.client.update_item(
        TableName=table.name,
        Key={"pk": item["pk"], "sk": item["sk"]},
        UpdateExpression="SET #state = :state, pending_shard = :shard, pending_since = :since",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={
            ":state": text("pending"),
            ":shard": text(key.pending(webhook_id)),
            ":since": item["received_at"],
        },
    )


def _write(table: Table, requests: Iterable[Any]) -> Counter[str]:
    """Put and delete items, many at once, until all are taken; how many of each.

    They are asked for as they are written.
    """

    def some(part: tuple[Any, ...]) -> None:
        asked: Any = {table.name: list(part)}
        while asked:
            asked = table.client.batch_write_item(RequestItems=asked).get("UnprocessedItems")

    done = Counter[str]()
    with ThreadPoolExecutor(WRITERS) as writers:
        for many in batched(requests, WRITERS * AT_ONCE, strict=False):
            list(writers.map(some, batched(many, AT_ONCE, strict=False)))
            done.update(verb for request in many for verb in request)
    return done


def _prefix(place: Place) -> str:
    return f"tutor-quality-{place.stage}-restored-"


def _restored(place: Place, name: str) -> Table:
    """A table that `begin` made; StageError for any other, above all for the stage's own."""
    if not name.startswith(_prefix(place)):
        raise StageError(f"{name} is no restored table of {place.stage}.")
    return Table(place.client("dynamodb"), name)


def _moment(told: str) -> datetime:
    found = datetime.fromisoformat(told)
    if found.tzinfo is None:
        raise argparse.ArgumentTypeError("say the offset too: 2026-11-20T12:00:00Z")
    return found


if __name__ == "__main__":
    run(parsed, done)
