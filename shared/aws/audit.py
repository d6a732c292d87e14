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
class Reading:
    """One attempt to read personal data.

    `status` is the answer's; `subject` the tutor asked for, `shown` all whose data is answered.
    """

    caller: Caller
    operation: Operation
    status: int
    at: datetime
    request_id: str
    subject: str | None = None
    shown: Sequence[str] = ()


class AuditTrail:
    """Only ever added to."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def put(self, reading: Reading) -> None:
        """Keep a reading; what cannot be written down must not be answered."""
        who = reading.caller
        item = key_item(key.audit(reading.at, reading.request_id)) | {
            "operation": text(reading.operation),
            "status": number(reading.status),
            "sub": text(who.subject),
            "roles": text(json.dumps(who.role_names)),
            "shown": text(json.dumps(list(reading.shown))),
        }
        named = {"username": who.username, "client_id": who.client_id, "subject": reading.subject}
        self._table.put(item | {name: text(value) for name, value in named.items() if value})
