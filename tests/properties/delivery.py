"""One signed call as Rails makes it: what both readings of the contract start from."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

KINDS = ("sessions", "tutors", "events", "feedback")


@dataclass(frozen=True, slots=True)
class Delivery:
    """A JSON body with its `webhook-id` and the first accepted `webhook-timestamp`."""

    kind: str
    webhook_id: str
    received_at: datetime
    body: dict[str, Any] = field(hash=False)
