"""A letter as the bytes that are handed to SES."""

from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256

from shared.mail.letter import Letter
from shared.mail.phrase import plain

MOST_SUBJECT = 77
MOST_ADDRESS = 320
MOST_URL = 2_000


def mime(
    letter: Letter,
    *,
    sender: str,
    recipient: str,
    message_id_source: str,
    at: datetime,
    unsubscribe_url: str | None = None,
    reply_to: str | None = None,
) -> bytes:
    """A letter to one recipient: text and HTML as alternatives.

    The same letter, recipient, source and time always give the same bytes. SES replaces the
    Message-ID by its own; `X-Entity-Ref-ID` stays, by which mail clients know a repeated mail.
    """
    name = sha256(f"{message_id_source}\0{recipient}".encode(errors="replace")).hexdigest()[:32]
    message = EmailMessage(policy=SMTP)
    message["Subject"] = plain(letter.subject, MOST_SUBJECT)
    message["From"] = plain(sender, MOST_ADDRESS)
    message["To"] = plain(recipient, MOST_ADDRESS)
    if reply_to:
        message["Reply-To"] = plain(reply_to, MOST_ADDRESS)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{name}@{_domain(sender)}>"
    message["X-Entity-Ref-ID"] = name
    message["Auto-Submitted"] = "auto-generated"
    if unsubscribe_url:
        message["List-Unsubscribe"] = f"<{plain(unsubscribe_url, MOST_URL)}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(_encodable(letter.text))
    message.add_alternative(_encodable(letter.html), subtype="html")
    message.set_boundary(f"=={name}==")
    return message.as_bytes()


def _domain(sender: str) -> str:
    """What stands behind the @, as far as a Message-ID may hold it."""
    _, _, host = sender.rpartition("@")
    return "".join(c for c in host if c.isascii() and (c.isalnum() or c in ".-")) or "localhost"


def _encodable(text: str) -> str:
    """Text without halves of characters, which no encoding takes."""
    return text.encode("utf-8", "replace").decode("utf-8")
