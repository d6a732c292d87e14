"""What a piece of work goes back to: ids under which every log line about it is found.

A report's is its webhook id, a request's the id that the gateway gave it. Work that is done once
for several, as a tutor is scored once for all reports of a batch, has the ids of all of them.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

FIELD: Final = "correlation_ids"
"""In a message; one without it, as of a clock, a person or an older version, works as well."""
MOST: Final = 100
"""As many as a batch holds; with 64 characters each a message stays far below what SQS takes."""


def merged(*several: Iterable[str]) -> tuple[str, ...]:
    """The ids of all, each once, the first MOST of them."""
    return tuple(dict.fromkeys(one for ids in several for one in ids))[:MOST]


def ids_of(message: Any) -> tuple[str, ...]:
    """The ids that a message from a queue goes back to; none for one that has none, or is none."""
    if not isinstance(message, Mapping):
        return ()
    known = [message["webhook_id"]] if "webhook_id" in message else message.get(FIELD)
    return tuple(map(str, known)) if isinstance(known, list) else ()


def told(ids: Iterable[str]) -> dict[str, list[str]]:
    """What a message says of them."""
    listed = list(ids)
    return {FIELD: listed} if listed else {}


def logged(ids: Iterable[str]) -> str | None:
    """The field `correlation_id` of a log line; no id holds a space. None where there is none."""
    return " ".join(ids) or None
