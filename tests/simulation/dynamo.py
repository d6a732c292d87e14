"""A small DynamoDB in memory: one table, what this system asks of it, and how it may disappoint.

It is held against an emulator of the whole service (`tests/e2e/test_simulated_table.py`). Reads
that are not strongly consistent may be behind by some writes, and a page may end anywhere: `lag`
and `page` decide.
"""

import json
import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shared.aws.key import Key
from tests.simulation.expression import Item, comparable, holds, updated

type Request = Mapping[str, Any]
type Answer = dict[str, Any]
type Place = tuple[str, str]
type Told = Callable[[Place, Item | None, Item | None], None]
"""Told of each write: where it was, what stood there before, what stands there now."""

BEHIND_SECONDS: Final = 2.0
"""After which everybody sees what was written."""
REMEMBERED: Final = 12
"""Writes that an eventually consistent read may not have seen yet."""
_PARTITION: Final = re.compile(r"\S+ = (:\w+)")
"""How every condition on keys begins: with the partition."""


class RefusedError(Exception):
    """What the service answers instead: its code, and what else is in the answer."""

    def __init__(self, code: str, **told: Any) -> None:
        super().__init__(code)
        self.code = code
        self.told = told


@dataclass(frozen=True, slots=True)
class Index:
    """A secondary index: items that have both of its keys, with some of their attributes."""

    pk: str
    sk: str
    holds: frozenset[str]
    local: bool
    """Whether it can be read strongly."""


class Dynamo:
    """Calls by their names, as they stand in a request, answered as the service would."""

    def __init__(
        self,
        table: Mapping[str, Any],
        lag: Callable[[int], int] = lambda most: 0,
        page: Callable[[], int | None] = lambda: None,
        clock: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self.items: dict[str, dict[str, Item]] = {}
        self.told: Told = lambda place, before, after: None
        self._indexes = _indexes(table)
        self._lag, self._page, self._clock = lag, page, clock
        self._members: dict[tuple[str, str], dict[Place, None]] = defaultdict(dict)
        self._global = sorted({one.pk for one in self._indexes.values() if not one.local})
        self._undo: deque[tuple[Place, Item | None, float]] = deque(maxlen=REMEMBERED)
        self._done: dict[str, str] = {}

    def call(self, name: str, asked: Request) -> Answer:
        """One call; raises RefusedError."""
        return CALLS[name](self, asked)

    def at(self, place: Key) -> Item | None:
        """An item as it is, for whoever looks from outside."""
        return self._at((place.pk, place.sk))

    def all(self) -> Iterator[tuple[str, str, Item]]:
        """Every item as it is, with its keys."""
        for pk, rows in self.items.items():
            for sk, item in rows.items():
                yield pk, sk, item

    def get(self, asked: Request) -> Answer:
        place = _place(asked["Key"])
        found = self._at(place) if asked.get("ConsistentRead") else self._earlier().get(place)
        return {"Item": found} if found else {}

    def get_many(self, asked: Request) -> Answer:
        seen, answers = self._earlier(), {}
        for table, wanted in asked["RequestItems"].items():
            found = [seen.get(_place(key)) for key in wanted["Keys"]]
            answers[table] = [item for item in found if item]
        return {"Responses": answers, "UnprocessedKeys": {}}

    def put(self, asked: Request) -> Answer:
        self._write([("Put", asked)])
        return {}

    def delete(self, asked: Request) -> Answer:
        self._write([("Delete", asked)])
        return {}

    def update(self, asked: Request) -> Answer:
        self._write([("Update", asked)])
        return {}

    def transact(self, asked: Request) -> Answer:
        """All or none; the same token once more is answered without doing it again."""
        token, content = asked.get("ClientRequestToken", ""), json.dumps(asked, sort_keys=True)
        if token and token in self._done:
            if self._done[token] != content:
                raise RefusedError("IdempotentParameterMismatchException")
            return {}
        self._write(
            [next(iter(one.items())) for one in asked["TransactItems"]], in_transaction=True
        )
        self._done[token] = content
        return {}

    def query(self, asked: Request) -> Answer:
        index = self._indexes[asked["IndexName"]] if "IndexName" in asked else None
        pk, sk = (index.pk, index.sk) if index else ("pk", "sk")
        names, values = _words(asked)
        strongly = asked.get("ConsistentRead", False) and (index is None or index.local)

        def place(item: Item) -> tuple[Any, ...]:
            return comparable(item[sk]), item["pk"]["S"], item["sk"]["S"]

        partition = _PARTITION.match(asked["KeyConditionExpression"])
        assert partition is not None
        within = values[partition[1]]["S"]

        found = [
            item
            for item in self._seen(pk, within, strongly=strongly)
            if pk in item
            and sk in item
            and holds(asked["KeyConditionExpression"], item, names, values)
        ]
        backwards = asked.get("ScanIndexForward") is False
        found.sort(key=place, reverse=backwards)
        start = asked.get("ExclusiveStartKey")
        if start:
            after = place(start)
            found = [
                one for one in found if (place(one) < after if backwards else place(one) > after)
            ]
        most = min((n for n in (asked.get("Limit"), self._page()) if n), default=len(found))
        shown = found[:most]
        answer: Answer = {"ScannedCount": len(shown)}
        if len(found) > most or (asked.get("Limit") == most == len(found) and shown):
            answer["LastEvaluatedKey"] = {name: shown[-1][name] for name in {"pk", "sk", pk, sk}}
        kept = [one for one in shown if holds(asked.get("FilterExpression"), one, names, values)]
        answer["Count"] = len(kept)
        answer["Items"] = [_projected(one, index) for one in kept]
        return answer

    def _write(
        self, actions: Sequence[tuple[str, Request]], *, in_transaction: bool = False
    ) -> None:
        before = [
            self._at(_place(what["Key"] if "Key" in what else what["Item"])) for _, what in actions
        ]
        reasons = []
        for (_, what), item in zip(actions, before, strict=True):
            fine = holds(what.get("ConditionExpression"), item or {}, *_words(what))
            told = what.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and item
            reasons.append(
                {"Code": "None"}
                if fine
                else {"Code": "ConditionalCheckFailed"} | ({"Item": item} if told else {})
            )
        if any(reason["Code"] != "None" for reason in reasons):
            if in_transaction:
                raise RefusedError("TransactionCanceledException", CancellationReasons=reasons)
            raise RefusedError("ConditionalCheckFailedException")
        for action, item in zip(actions, before, strict=True):
            self._apply(*action, item)

    def _apply(self, verb: str, what: Request, before: Item | None) -> None:
        if verb == "ConditionCheck":
            return
        key = what["Key"] if "Key" in what else what["Item"]
        after: Item | None = None
        if verb == "Put":
            after = what["Item"]
        elif verb == "Update":
            bare = before or {"pk": key["pk"], "sk": key["sk"]}
            after = updated(what["UpdateExpression"], bare, *_words(what))
        pk, sk = _place(key)
        self._undo.append(((pk, sk), before, self._clock()))
        self.told((pk, sk), before, after)
        rows = self.items.setdefault(pk, {})
        if after is None:
            rows.pop(sk, None)
        else:
            rows[sk] = after
        for name in self._global:
            was, now = (before or {}).get(name), (after or {}).get(name)
            if was and was != now:
                self._members[name, was["S"]].pop((pk, sk), None)
            if now:
                self._members[name, now["S"]][pk, sk] = None

    def _at(self, place: Place) -> Item | None:
        return self.items.get(place[0], {}).get(place[1])

    def _earlier(self) -> "Earlier":
        """The table as it was some writes ago."""
        since = self._clock() - BEHIND_SECONDS
        lately = [(place, before) for place, before, at in self._undo if at >= since]
        undone: dict[Place, Item | None] = {}
        for place, before in lately[len(lately) - self._lag(len(lately)) :][::-1]:
            undone[place] = before
        return Earlier(self, undone)

    def _seen(self, name: str, within: str, *, strongly: bool) -> Iterator[Item]:
        """What may be in a partition: of the table, or of an index by that attribute."""
        undone = {} if strongly else self._earlier().undone
        places: Iterable[Place]
        if name == "pk":
            places = ((within, sk) for sk in self.items.get(within, {}))
        else:
            places = self._members[name, within]
        yield from (self.items[pk][sk] for pk, sk in places if (pk, sk) not in undone)
        yield from (item for item in undone.values() if item)


@dataclass(frozen=True, slots=True)
class Earlier:
    """A table without its last writes."""

    of: Dynamo
    undone: Mapping[Place, Item | None]

    def get(self, place: Place) -> Item | None:
        return self.undone[place] if place in self.undone else self.of._at(place)


def _indexes(table: Mapping[str, Any]) -> dict[str, Index]:
    """From the request that makes the table."""
    found = {}
    for kind in ("LocalSecondaryIndexes", "GlobalSecondaryIndexes"):
        for one in table[kind]:
            pk, sk = (key["AttributeName"] for key in one["KeySchema"])
            also = one["Projection"]["NonKeyAttributes"]
            local = kind.startswith("Local")
            found[one["IndexName"]] = Index(pk, sk, frozenset({"pk", "sk", pk, sk, *also}), local)
    return found


def _place(key: Mapping[str, Any]) -> Place:
    return key["pk"]["S"], key["sk"]["S"]


def _words(asked: Request) -> tuple[Any, Any]:
    return asked.get("ExpressionAttributeNames") or {}, asked.get("ExpressionAttributeValues") or {}


def _projected(item: Item, index: Index | None) -> Item:
    if index is None:
        return item
    return {name: value for name, value in item.items() if name in index.holds}


CALLS: Final[Mapping[str, Callable[[Dynamo, Request], Answer]]] = {
    "GetItem": Dynamo.get,
    "BatchGetItem": Dynamo.get_many,
    "PutItem": Dynamo.put,
    "DeleteItem": Dynamo.delete,
    "UpdateItem": Dynamo.update,
    "TransactWriteItems": Dynamo.transact,
    "Query": Dynamo.query,
}
