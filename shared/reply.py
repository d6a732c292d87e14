"""How a good answer leaves: fingerprinted, not at all if it is no news, compressed if large."""

import base64
import gzip
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

COMPRESSED_FROM_BYTES = 1_000
HEADERS = {
    "content-type": "application/json",
    "cache-control": "private, no-cache",
    "vary": "accept-encoding, authorization",
    "x-content-type-options": "nosniff",
}


def reply(body: bytes, sent: Mapping[str, str], seen_by: Sequence[str] = ()) -> dict[str, Any]:
    """The answer to a request with these headers: 304 where the caller has this body already.

    `seen_by` are the roles it is for: the same bytes for another role are another answer.
    """
    tag = etag(body, seen_by)
    headers = HEADERS | {"etag": tag}
    if _has(sent.get("if-none-match", ""), tag):
        del headers["content-type"]
        return {"statusCode": 304, "headers": headers, "body": ""}
    if len(body) <= COMPRESSED_FROM_BYTES or not _takes_gzip(sent.get("accept-encoding", "")):
        return {"statusCode": 200, "headers": headers, "body": body.decode()}
    packed = gzip.compress(body, compresslevel=5, mtime=0)
    return {
        "statusCode": 200,
        "headers": headers | {"content-encoding": "gzip"},
        "body": base64.b64encode(packed).decode(),
        "isBase64Encoded": True,
    }


def etag(body: bytes, seen_by: Sequence[str]) -> str:
    """A weak tag: compressed or not, the meaning is the same."""
    digest = hashlib.sha256(",".join(seen_by).encode() + b"\0" + body).hexdigest()
    return f'W/"{digest[:32]}"'


def _has(if_none_match: str, tag: str) -> bool:
    known = {part.strip().removeprefix("W/") for part in if_none_match.split(",")}
    return "*" in known or tag.removeprefix("W/") in known


def _takes_gzip(accept_encoding: str) -> bool:
    for part in accept_encoding.lower().split(","):
        coding, _, quality = part.partition(";")
        if coding.strip() == "gzip":
            return quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
