"""What Rails would post: one webhook each, with an id that a repeated run would give it again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

type Kind = Literal["sessions", "tutors", "events", "feedback"]
type Body = dict[str, Any]

_IDENTITY: Mapping[Kind, str] = {
    "sessions": "session_id",
    "tutors": "tutor_id",
    "events": "event_id",
    "feedback": "feedback_id",
}


@dataclass(frozen=True)
class Delivery:
    """One webhook: `POST /api/<kind>` when it is `due`. A repeated one is equal in all else.

    Sign it with `webhook_id`: a duplicate carries the same one, as a retry by Rails would.
    """

    due: datetime
    kind: Kind
    webhook_id: str
    body: Body


def delivery(due: float, kind: Kind, body: Body) -> Delivery:
    """A body due at some second since 1970; the id says what it is about, and which version."""
    version = f"-v{body['version']}" if "version" in body else ""
    return Delivery(instant(due), kind, f"msg-{body[_IDENTITY[kind]]}{version}", body)


def instant(second: float) -> datetime:
    """Seconds since 1970 as an instant."""
    return datetime.fromtimestamp(second, UTC)


def text(second: float) -> str:
    """Seconds since 1970 as RFC 3339 in UTC, to the whole second."""
    return instant(second).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(written: str) -> float:
    """RFC 3339 as seconds since 1970."""
    return datetime.fromisoformat(written).timestamp()
