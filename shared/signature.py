"""Proof that a call comes from the marketplace: Standard Webhooks 1.0 signatures.

Our own verifier because the public ones raise unexpected errors on hostile headers; the public
one is the oracle in the tests.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

TOLERANCE = timedelta(minutes=5)
IDENTIFIER = re.compile(r"[A-Za-z0-9_.:-]{1,64}", re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)
_SECRET_PREFIX = "whsec_"


class SignatureError(Exception):
    """The call is not provably from the marketplace; deliberately says no more than that."""


class SecretError(Exception):
    """None of the secrets we were given is one: our fault, and not the caller's."""


class MismatchError(SignatureError):
    """A well-formed signature by a key we do not know, or know no longer."""


def sign(secret: str, webhook_id: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` header for a body sent at `timestamp` (seconds)."""
    key = signing_key(secret)
    if key is None:
        raise SecretError
    return f"v1,{base64.b64encode(_mac(key, webhook_id, str(timestamp), body)).decode()}"


def verify(
    secrets: Sequence[str], headers: Mapping[str, str], body: bytes, now: datetime
) -> tuple[str, int]:
    """The webhook id and timestamp of a call signed with any of the secrets.

    `headers` have lower-case names. Several secrets and several signatures serve key rotation.
    Raises SignatureError for anything missing, malformed, old or wrong, and SecretError when no
    secret is usable; one that is not does not stand in the way of another.
    """
    webhook_id = headers.get("webhook-id", "")
    seconds = headers.get("webhook-timestamp", "")
    if not IDENTIFIER.fullmatch(webhook_id) or not _SECONDS.fullmatch(seconds):
        raise SignatureError
    if abs(now.timestamp() - int(seconds)) > TOLERANCE.total_seconds():
        raise SignatureError
    keys = [key for secret in secrets if (key := signing_key(secret)) is not None]
    if not keys:
        raise SecretError
    given = [_decoded(part) for part in headers.get("webhook-signature", "").split(" ")]
    expected = [_mac(key, webhook_id, seconds, body) for key in keys]
    matches = [hmac.compare_digest(one, other) for one in expected for other in given]
    if not any(matches):
        raise MismatchError
    return webhook_id, int(seconds)


def signing_key(secret: str) -> bytes | None:
    """The key in a secret, `whsec_<base64>` or base64 alone; None if there is none in it."""
    try:
        return base64.b64decode(secret.removeprefix(_SECRET_PREFIX), validate=True) or None
    except (binascii.Error, ValueError):
        return None


def fingerprint(secret: str) -> str:
    """By what a log can tell which secret it was, and nobody what it is."""
    return hashlib.sha256(secret.encode()).hexdigest()[:8]


def _mac(key: bytes, webhook_id: str, seconds: str, body: bytes) -> bytes:
    return hmac.digest(key, f"{webhook_id}.{seconds}.".encode() + body, hashlib.sha256)


def _decoded(part: str) -> bytes:
    version, _, encoded = part.partition(",")
    if version != "v1":
        return b""
    try:
        return base64.b64decode(encoded.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error, ValueError):
        return b""
