"""The audit trail: who read or erased whose data, written before it is answered."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from shared.access import Caller, Operation
from shared.aws import key
from shared.aws.item import Item, number, text
from shared.aws.retention import kept_item
from shared.aws.table import NEW, Table, VersionConflictError


class Command(StrEnum):
    """What engineers do to students' data, beside the API."""

    EXPORT_STUDENT = "export_student"
    ERASE_STUDENT = "erase_student"
    ERASE_AGAIN = "erase_again"


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One attempt to read personal data, or to erase it.

    `subject` is what is asked for: a tutor, one of their notes, an intervention. `status` is the
    answer's, 0 of a command; `shown` all whose data is in it.
    """

    caller: Caller
    operation: Operation | Command
    at: datetime
    request_id: str
    subject: str | None = None
    status: int = 0
    shown: Sequence[str] = ()


class AuditTrail:
    """Only ever added to: no role may change or remove a row."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def put(self, row: AuditRow) -> None:
        """Keep a row; what cannot be written down must not be answered."""
        who = row.caller
        item = kept_item(key.audit(row.at, row.request_id), row.at) | {
            "operation": text(row.operation),
            "status": number(row.status),
            "sub": text(who.subject),
            "roles": text(json.dumps(who.role_names)),
            "shown": text(json.dumps(list(row.shown))),
        }
        named = {"username": who.username, "client_id": who.client_id, "subject": row.subject}
        item |= {name: text(value) for name, value in named.items() if value}
        while not self._added(item):  # what a row says stays; another one stands beside it
            item = item | {"sk": text(f"{item['sk']['S']}+")}

    def _added(self, item: Item) -> bool:
        """Whether an item is there now: put, or put before and the answer to that was lost."""
        try:
            self._table.put(item, NEW)
        except VersionConflictError:
            return self._table.get(key.Key(item["pk"]["S"], item["sk"]["S"])) == item
        return True

    def rows_of(self, on: date) -> Iterator[str]:
        """A day's rows as text, one after the other as they are kept, shard by shard."""
        for partition in key.audit_partitions(on):
            for item in self._table.query(partition, (f"{on:%Y-%m-%d}", f"{on:%Y-%m-%d}~")):
                yield json.dumps(item, sort_keys=True)
