"""Cursors: where a list goes on, sealed so that a client can neither read nor make one up.

A synthetic-IV seal: the tag authenticates the place together with everything it is bound to, and
is at the same time the nonce of the key stream that hides it. The same place always gives the
same cursor, so that an unchanged page keeps its ETag.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

TAG_BYTES = 16


class CursorError(ValueError):
    """Not a cursor of ours, or one of another list, filter, order or role."""


def seal(secret: str, bound_to: Sequence[str], place: str) -> str:
    """The cursor of a place in the list that `bound_to` describes."""
    plain = place.encode()
    tag = _tag(secret, bound_to, plain)
    return _encoded(tag + _hidden(secret, tag, plain))


def unseal(secret: str, bound_to: Sequence[str], cursor: str) -> str:
    """The place in a cursor; raises CursorError unless it was sealed for this very list."""
    try:
        sealed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except (binascii.Error, ValueError) as error:
        raise CursorError("is not a cursor of this list") from error
    tag, hidden = sealed[:TAG_BYTES], sealed[TAG_BYTES:]
    plain = _hidden(secret, tag, hidden)
    genuine = hmac.compare_digest(tag, _tag(secret, bound_to, plain))
    if not genuine or _encoded(sealed) != cursor:
        raise CursorError("is not a cursor of this list")
    return plain.decode()


def _tag(secret: str, bound_to: Sequence[str], plain: bytes) -> bytes:
    parts = [*(part.encode() for part in bound_to), plain]
    framed = b"".join(len(part).to_bytes(4) + part for part in parts)
    return _keyed(secret, b"tag", framed)[:TAG_BYTES]


def _hidden(secret: str, tag: bytes, text: bytes) -> bytes:
    blocks = -(-len(text) // 32)
    stream = b"".join(_keyed(secret, b"stream", tag + i.to_bytes(4)) for i in range(blocks))
    return bytes(one ^ other for one, other in zip(text, stream, strict=False))


def _keyed(secret: str, purpose: bytes, message: bytes) -> bytes:
    key = hmac.digest(secret.encode(), purpose, hashlib.sha256)
    return hmac.digest(key, message, hashlib.sha256)


def _encoded(sealed: bytes) -> str:
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()
