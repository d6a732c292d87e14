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
"""What the page after it sends, for whom it was a slip, with the REPORTS that they had before."""
REPORTS = "Reports"


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


def form_fields(content_type: str, body: bytes) -> dict[str, str]:
    """What a form says, in either encoding of a form; of two fields of a name the last."""
    if content_type.lower().startswith("multipart/form-data"):
        header = f"content-type: {content_type}\r\n\r\n".encode("ascii", "replace")
        return dict(_parts(message_from_bytes(header + body)))
    return dict(parse_qsl(body.decode("utf-8", "replace")))


def _parts(form: Message) -> Iterable[tuple[str, str]]:
    parts = form.get_payload()
    for part in parts if isinstance(parts, list) else ():
        if isinstance(part, Message):
            name = part.get_param("name", header="content-disposition")
            yield str(name), str(part.get_payload()).strip()
