"""What an HTTP API event brings: the body's bytes and who was verified to send it."""

import base64
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from shared.contracts import (
    MAX_BODY_BYTES,
    FieldError,
    Inbound,
    InvalidError,
    UnreadableError,
    parsed,
    read_json,
)
from shared.problem import ProblemError


def raw_body(event: Mapping[str, Any]) -> bytes:
    """The body's bytes as they were sent."""
    body = event.get("body") or ""
    return base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()


def require_size(body: bytes) -> None:
    """ProblemError 413 for more than MAX_BODY_BYTES."""
    if len(body) > MAX_BODY_BYTES:
        raise ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def require_json(headers: Mapping[str, str]) -> None:
    """Only JSON in UTF-8 is taken, and not compressed; ProblemError 415 for anything else."""
    media_type, *parameters = (
        part.strip() for part in headers.get("content-type", "").lower().split(";")
    )
    charsets = {p.removeprefix("charset=").strip('"') for p in parameters if "charset=" in p}
    encoded = headers.get("content-encoding", "identity") != "identity"
    if media_type != "application/json" or charsets - {"utf-8"} or encoded:
        raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)


def claims(event: Mapping[str, Any]) -> Mapping[str, object] | None:
    """What the authorizer verified about the caller; None where it was not asked."""
    verified: Mapping[str, object] | None = (
        event["requestContext"].get("authorizer", {}).get("jwt", {}).get("claims")
    )
    return verified


def told[T: Inbound](kind: type[T], event: Mapping[str, Any]) -> T:
    """The body as what an endpoint takes; an absent one counts as {}.

    ProblemError 400, 413, 415 or 422 names what is wrong with it.
    """
    body = raw_body(event)
    require_size(body)
    try:
        if body:
            require_json(event.get("headers") or {})
        return parsed(kind, read_json(body) if body else {})
    except UnreadableError as error:
        raise ProblemError(HTTPStatus.BAD_REQUEST, str(error)) from error
    except InvalidError as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, errors=error.errors) from error


def seen_version(event: Mapping[str, Any]) -> int:
    """The version that the caller saw, by `If-Match`; ProblemError 428 where they do not say."""
    sent = (event.get("headers") or {}).get("if-match", "")
    version = sent.strip().removeprefix("W/").strip('"')
    if not version:
        raise ProblemError(HTTPStatus.PRECONDITION_REQUIRED)
    if not re.fullmatch(r"[0-9]{1,9}", version):
        wrong = FieldError("If-Match", 'must be the version you saw, such as "3"')
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, errors=[wrong])
    return int(version)
