"""Letting a signed-in caller in: who they are, what they may see, and the row that says so."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import Any

from shared.access import (
    Caller,
    ForbiddenError,
    NotFoundError,
    Operation,
    Shape,
    UnauthenticatedError,
    caller,
    decide,
)
from shared.aws.audit import AuditRow, AuditTrail
from shared.problem import ProblemError
from shared.request import claims


@dataclass(frozen=True, slots=True)
class Admitted:
    """A caller who may: their row of the audit trail is still to be put."""

    caller: Caller
    shape: Shape
    row: AuditRow

    @property
    def name(self) -> str:
        """What they are called in histories."""
        return self.caller.name


def admit(
    event: Mapping[str, Any],
    operation: Operation,
    at: datetime,
    trail: AuditTrail,
    subject: str | None = None,
    *,
    tutor_id: str | None = None,
) -> Admitted:
    """Whoever calls, if they may; refusals are written down.

    ProblemError 401 without a token of ours, 403 for a role that may not, 404 for somebody to
    whom it does not exist.
    """
    try:
        who = caller(claims(event))
    except UnauthenticatedError as error:
        raise ProblemError(HTTPStatus.UNAUTHORIZED) from error
    row = AuditRow(who, operation, at, event["requestContext"]["requestId"], subject or tutor_id)
    try:
        return Admitted(who, decide(operation, who, tutor_id), row)
    except (ForbiddenError, NotFoundError) as error:
        hidden = isinstance(error, NotFoundError)
        status = HTTPStatus.NOT_FOUND if hidden else HTTPStatus.FORBIDDEN
        trail.put(replace(row, status=status.value))
        raise ProblemError(status) from error


@contextmanager
def recorded(who: Admitted, trail: AuditTrail) -> Iterator[list[str]]:
    """What is done inside leaves its audit row, also when it is refused.

    Yields the list of those whose data is touched, to be added to. A fault of ours leaves no row:
    nothing is answered then but that it should be sent again.
    """
    shown: list[str] = []
    try:
        yield shown
    except ProblemError as refusal:
        trail.put(replace(who.row, status=refusal.status.value, shown=shown))
        raise
    trail.put(replace(who.row, status=HTTPStatus.OK.value, shown=shown))
