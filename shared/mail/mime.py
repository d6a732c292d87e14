"""A letter as the bytes that are handed to SES."""

import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256
from urllib.parse import quote

from shared.mail.letter import MOST_SUBJECT, Letter
from shared.mail.phrase import plain

MOST_NAME = 70
MOST_URL = 900
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,255}")
_NOBODY = "undisclosed-recipients:;"
# Whatever does not fit on a line is written in a code of its own, and nobody reads links in that.
_WIRE = SMTP.clone(max_line_length=998)


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
    Message-ID by its own; `X-Entity-Ref-ID` stays, by which mail programs know a repeated mail.
    Addresses that are none are left out, as is a link to unsubscribe that is too long to arrive.
    """
    name = ref_id(message_id_source, recipient)
    message = EmailMessage(policy=SMTP)
    message["Subject"] = plain(letter.subject, MOST_SUBJECT)
    if (by := _mailbox(sender)) is not None:
        message["From"] = by
    message["To"] = _mailbox(recipient) or _NOBODY
    if reply_to and (to := _mailbox(reply_to)) is not None:
        message["Reply-To"] = to
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{name}@{by.domain if by else 'localhost'}>"
    message["X-Entity-Ref-ID"] = name
    message["Auto-Submitted"] = "auto-generated"
    if unsubscribe_url and len(link := _link(unsubscribe_url)) <= MOST_URL:
        message["List-Unsubscribe"] = f"<{link}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(_encodable(letter.text), cte="quoted-printable")
    message.add_alternative(_encodable(letter.html), subtype="html", cte="quoted-printable")
    message.set_boundary(f"=={name}==")
    return message.as_bytes(policy=_WIRE)


def ref_id(message_id_source: str, recipient: str) -> str:
    """What mail programs know a mail by, however often it arrives."""
    return sha256(f"{message_id_source}\0{recipient}".encode(errors="replace")).hexdigest()[:32]


def _mailbox(text: str) -> Address | None:
    """Somebody <their@address>, or the address alone; None where there is none.

    Python's own reader of such headers raises on some that are none.
    """
    name, bracket, rest = text.rpartition("<")
    found = _ADDRESS.fullmatch(rest.removesuffix(">") if bracket else text)
    if found is None:
        return None
    user, _, domain = found[0].rpartition("@")
    try:
        return Address(plain(name, MOST_NAME).strip('"'), user, domain)
    except (ValueError, IndexError):
        return None


def _link(url: str) -> str:
    return quote(url.encode(errors="replace"), safe=":/?&=#%~+,;@!$'()*")


def _encodable(text: str) -> str:
    """Text without halves of characters, which no encoding takes."""
    return text.encode("utf-8", "replace").decode("utf-8")
