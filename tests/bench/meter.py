"""Counts what a function asks of DynamoDB, in the units that are paid for.

Writes: the emulator's own `ConsumedCapacity` follows the published rules (1 unit a started kB of
the larger of the item before and after; an index one when an entry comes, goes or changes and two
when its key changes; twice on the table in a transaction) and is taken over. Reads: the emulator
says a flat unit, so they are counted here: 1 unit a started 4 kB of everything a call looked at,
half when eventually consistent. A refused condition costs what the item would have.
Source: docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

WRITES = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems")
READ_BLOCK, WRITE_BLOCK = 4096, 1024


@dataclass(slots=True)
class Meter:
    """Totals since the last `reset` of all clients made by a session after it was attached.

    `shadow` is a client that is not counted: what a filter hid is looked at with it.
    """

    shadow: Any
    read_units: float = 0.0
    write_units: float = 0.0
    items_read: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    by_index: Counter[str] = field(default_factory=Counter)

    def attach(self, session: Any) -> None:
        """Count the calls of every client the session makes from now on."""
        session.events.register("provide-client-params", self._before)
        session.events.register("after-call", self._after)

    def reset(self) -> None:
        """Begin at nothing."""
        self.read_units = self.write_units = 0.0
        self.items_read = 0
        self.calls.clear()
        self.by_index.clear()

    def _before(
        self, params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any
    ) -> dict[str, Any]:
        context["metered"] = params
        if model.name in WRITES:
            return {**params, "ReturnConsumedCapacity": "INDEXES"}
        return params

    def _after(self, parsed: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        self.calls[model.name] += 1
        params = context.get("metered", {})
        if model.name in WRITES:
            self._wrote(parsed, params)
        elif model.name == "GetItem":
            self._read([parsed["Item"]] if "Item" in parsed else [], params)
        elif model.name == "Query":
            self._read(self._looked_at(parsed, params), params)
        elif model.name == "BatchGetItem":
            for table, items in parsed.get("Responses", {}).items():
                for item in items:
                    self._read([item], params["RequestItems"][table])

    def _wrote(self, parsed: dict[str, Any], params: dict[str, Any]) -> None:
        found = parsed.get("ConsumedCapacity")
        if found is None:
            self.write_units += _refused(params)
            return
        for capacity in found if isinstance(found, list) else [found]:
            self.write_units += capacity["CapacityUnits"]
            for kind in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes"):
                for index, units in capacity.get(kind, {}).items():
                    self.by_index[index] += units["CapacityUnits"]

    def _read(self, items: Sequence[Any], params: Mapping[str, Any]) -> None:
        size = sum(item_bytes(item) for item in items)
        price = 1.0 if params.get("ConsistentRead") else 0.5
        self.read_units += price * max(1, ceil(size / READ_BLOCK))
        self.items_read += len(items)

    def _looked_at(self, parsed: dict[str, Any], params: dict[str, Any]) -> Sequence[Any]:
        if not params.keys() & {"FilterExpression", "ProjectionExpression"}:
            found: Sequence[Any] = parsed["Items"]
            return found
        kept = {k: v for k, v in params.items() if k != "Select"}
        for hides in ("FilterExpression", "ProjectionExpression"):
            kept.pop(hides, None)
        kept |= _used(kept, "ExpressionAttributeNames", "#")
        kept |= _used(kept, "ExpressionAttributeValues", ":")
        unfiltered: Sequence[Any] = self.shadow.query(**kept)["Items"]
        return unfiltered


def item_bytes(item: Mapping[str, Any]) -> int:
    """The size of an item as DynamoDB counts it."""
    return sum(len(name.encode()) + value_bytes(value) for name, value in item.items())


def value_bytes(value: Mapping[str, Any]) -> int:
    """The size of an attribute's value: text in UTF-8, two digits a byte, 3 and 1 for nesting."""
    ((kind, held),) = value.items()
    match kind:
        case "S":
            return len(held.encode())
        case "N":
            digits = held.lstrip("-").replace(".", "").strip("0")
            return ceil(len(digits) / 2) + 1
        case "M":
            nested = sum(len(name.encode()) + value_bytes(v) + 1 for name, v in held.items())
            return 3 + nested
        case "L":
            return 3 + sum(value_bytes(v) + 1 for v in held)
    return 1


def _refused(params: dict[str, Any]) -> float:
    if "TransactItems" not in params:
        return _write_units(params.get("Item", {}))
    actions = [what for action in params["TransactItems"] for what in action.values()]
    return 2 * sum(_write_units(what.get("Item", {})) for what in actions)


def _write_units(item: Mapping[str, Any]) -> int:
    return max(1, ceil(item_bytes(item) / WRITE_BLOCK))


def _used(params: dict[str, Any], name: str, sign: str) -> dict[str, Any]:
    """The placeholders that the rest of a request still mentions; DynamoDB refuses others."""
    said = params.get("KeyConditionExpression", "").replace("(", " ").replace(")", " ")
    words = {word.strip(",") for word in said.split() if word.startswith(sign)}
    kept = {k: v for k, v in params.get(name, {}).items() if k in words}
    if kept:
        return {name: kept}
    params.pop(name, None)
    return {}
