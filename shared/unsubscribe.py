"""The links in mails by which people do without them, signed in or not (RFC 8058).

A link's token is sealed: it can neither be made up nor read, and is good for one person and one
sort of mail.
"""

import re
from collections.abc import Iterable
from email import message_from_bytes
from email.message import Message
from urllib.parse import parse_qsl

from shared.cursor import CursorError, seal, unseal
from shared.domain.preference import LESS_REPORTS, TO_TUTORS

PURPOSE = ("unsubscribe",)
WHAT = (
    "reports",
    *(f"reports:{kept}" for kept in LESS_REPORTS),
    "digests",
    *(f"tutor:{kind}" for kind in TO_TUTORS),
)
"""What somebody can do without: session reports, or most of them; digests; each kind of mail to
tutors."""
FIELD, VALUE = "List-Unsubscribe", "One-Click"
UNDO = "Undo"
"""What the page after it sends, for whom it was a slip."""


def unsubscribe_token(secret: str, username: str, what: str) -> str:
    """A token for a person (a tutor by their id) and one of WHAT; ValueError for other things."""
    if what not in WHAT:
        raise ValueError(f"{what!r} is nothing to do without")
    return seal(secret, PURPOSE, f"{what} {username}")


def unsubscribed(secret: str, token: str) -> tuple[str, str] | None:
    """Whose token it is, and for what; None for one that is not ours."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,400}", token):
        return None
    try:
        what, _, username = unseal(secret, PURPOSE, token).partition(" ")
    except CursorError:
        return None
    return username, what


def form_value(content_type: str, body: bytes) -> str | None:
    """What a form says of List-Unsubscribe, One-Click or Undo, in either encoding of a form."""
    return dict(_fields(content_type, body)).get(FIELD)


def _fields(content_type: str, body: bytes) -> Iterable[tuple[str, str]]:
    if content_type.lower().startswith("multipart/form-data"):
        header = f"content-type: {content_type}\r\n\r\n".encode("ascii", "replace")
        return _parts(message_from_bytes(header + body))
    return parse_qsl(body.decode("utf-8", "replace"))


def _parts(form: Message) -> set[tuple[str, str]]:
    parts = form.get_payload()
    if not isinstance(parts, list):
        return set()
    return {
        (str(part.get_param("name", header="content-disposition")), str(part.get_payload()).strip())
        for part in parts
        if isinstance(part, Message)
    }
