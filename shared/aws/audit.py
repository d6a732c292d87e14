"""The audit trail: who read whose data, written before the answer goes out."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.access import Caller, Operation
from shared.aws import key
from shared.aws.item import key_item, number, text
from shared.aws.table import Table


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One attempt to read personal data.

    `subject` is what is asked for: a tutor, one of their notes, an intervention. `status` is the
    answer's, `shown` all whose data is in it.
    """

    caller: Caller
    operation: Operation
    at: datetime
    request_id: str
    subject: str | None = None
    status: int = 0
    shown: Sequence[str] = ()


class AuditTrail:
    """Only ever added to."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def put(self, row: AuditRow) -> None:
        """Keep a row; what cannot be written down must not be answered."""
        who = row.caller
        item = key_item(key.audit(row.at, row.request_id)) | {
            "operation": text(row.operation),
            "status": number(row.status),
            "sub": text(who.subject),
            "roles": text(json.dumps(who.role_names)),
            "shown": text(json.dumps(list(row.shown))),
        }
        named = {"username": who.username, "client_id": who.client_id, "subject": row.subject}
        self._table.put(item | {name: text(value) for name, value in named.items() if value})
