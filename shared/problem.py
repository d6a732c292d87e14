"""Errors as they are answered: RFC 9457 problem documents, in one place."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from http import HTTPStatus
from typing import Any, Protocol

from shared.contracts import FieldError

RETRY_AFTER_SECONDS = 5

TITLES = {
    HTTPStatus.BAD_REQUEST: "The request could not be read.",
    HTTPStatus.UNAUTHORIZED: "The request is not authenticated.",
    HTTPStatus.FORBIDDEN: "Your role does not allow this.",
    HTTPStatus.NOT_FOUND: "There is nothing here that you may see.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This method is not offered here.",
    HTTPStatus.PRECONDITION_REQUIRED: "Say by If-Match which version you saw.",
    HTTPStatus.PRECONDITION_FAILED: "Somebody else changed it since you saw it.",
    HTTPStatus.CONFLICT: "This conflicts with what is there.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is larger than 64 kB.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "Send application/json in UTF-8.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Some fields are not as they must be.",
    HTTPStatus.SERVICE_UNAVAILABLE: "Nothing was lost; please send it again.",
}


class Journal(Protocol):
    """The part of a logger that is needed here: a sentence and its fields."""

    def info(self, msg: object, **fields: Any) -> None:
        """Note something usual."""

    def error(self, msg: object, **fields: Any) -> None:
        """Note a fault of ours."""

    def append_keys(self, **fields: Any) -> None:
        """Have every line from now on say this too."""


class ProblemError(Exception):
    """A refusal with its status and, where fields are to blame, which and why."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str | None = None,
        errors: Sequence[FieldError] = (),
        title: str | None = None,
    ) -> None:
        self.title = title or TITLES.get(status, status.phrase)
        super().__init__(detail or self.title)
        self.status = status
        self.detail = detail
        self.errors = tuple(errors)


def document(problem: ProblemError) -> dict[str, Any]:
    """The problem as JSON-ready values."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": problem.title,
        "status": problem.status.value,
    }
    if problem.detail:
        body["detail"] = problem.detail
    if problem.errors:
        body["errors"] = [asdict(error) for error in problem.errors]
    return body


def or_problem(
    event: Mapping[str, Any],
    respond: Callable[[], dict[str, Any]],
    logger: Journal,
    *,
    failure: str,
) -> dict[str, Any]:
    """What a request is answered; a refusal as its document, a fault of ours as a 503.

    The gateway's id of the request stands in the answer and in every line that is logged of it.
    """
    request_id = event["requestContext"]["requestId"]
    logger.append_keys(correlation_id=request_id, request_id=request_id)
    answer = _answered(respond, logger, request_id, failure)
    return answer | {"headers": answer["headers"] | {"x-request-id": request_id}}


def _answered(
    respond: Callable[[], dict[str, Any]],
    logger: Journal,
    request_id: str,
    failure: str,
) -> dict[str, Any]:
    try:
        return respond()
    except ProblemError as refusal:
        logger.info("refused", status=refusal.status.value)
        return response(refusal, request_id)
    except Exception as fault:
        logger.error(failure, fault=type(fault).__name__)
        return response(ProblemError(HTTPStatus.SERVICE_UNAVAILABLE), request_id)


def response(problem: ProblemError, request_id: str) -> dict[str, Any]:
    """The problem as a Lambda answers it to the HTTP API."""
    headers = {
        "content-type": "application/problem+json",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }
    if problem.status is HTTPStatus.SERVICE_UNAVAILABLE:
        headers["retry-after"] = str(RETRY_AFTER_SECONDS)
    return {
        "statusCode": problem.status.value,
        "headers": headers,
        "body": json.dumps(document(problem) | {"request_id": request_id}),
    }
