"""Merging a received report into what is known: safe to repeat, and in any order."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shared.aws.inbox import Delivery
from shared.aws.mail_table import new_mail
from shared.aws.table import retried
from shared.aws.tutor_log import LogTable, TooLargeError
from shared.contracts import (
    MODELS,
    Inbound,
    InvalidError,
    Kind,
    SessionReport,
    StudentFeedback,
    TutorEvent,
    TutorProfile,
    UnreadableError,
    parsed,
    read_json,
)
from shared.domain.mail import session_reports
from shared.domain.session import ReportOrder, Session, completed_at, with_feedback, with_report


class NotApplicableError(Exception):
    """A stored report that no retry will make sense of; it is quarantined."""


Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Applied:
    """The ids of all tutors whom a delivery may concern, also when it changed nothing.

    `ended_at` is when its session was completed, where this delivery was the first to tell that.
    """

    tutors: tuple[str, ...]
    ended_at: datetime | None = None


def apply(delivery: Delivery, log: LogTable, clock: Clock) -> Applied:
    """Merge a delivery.

    A repeated delivery must still lead to scoring: the first attempt may have died in between.
    """
    message, order = _read(delivery), _order(delivery)
    match message:
        case SessionReport():
            report = message.report(order, delivery.received_at)
            return _merge(
                log, report.session_id, lambda known: with_report(known, report), delivery, clock
            )
        case StudentFeedback():
            said = message.feedback(delivery.received_at)
            return _merge(
                log, message.session_id, lambda known: with_feedback(known, said), delivery, clock
            )
        case TutorProfile():
            retried(lambda: log.put_tutor(message.tutor(order)))
        case TutorEvent():
            log.put_event(message.event())
        case _:
            raise NotApplicableError(f"nothing is done with {type(message).__name__}")
    return Applied((message.tutor_id,))


def _read(delivery: Delivery) -> Inbound:
    try:
        return parsed(MODELS[Kind(delivery.kind)], read_json(delivery.body.encode()))
    except (InvalidError, UnreadableError, ValueError) as error:
        raise NotApplicableError(str(error)) from error


def _order(delivery: Delivery) -> ReportOrder:
    if delivery.version is not None and delivery.version.isdecimal():
        return ReportOrder(versioned=True, number=int(delivery.version))
    return ReportOrder(versioned=False, number=delivery.timestamp, tie=delivery.webhook_id)


def _merge(
    log: LogTable,
    session_id: str,
    merged: Callable[[Session | None], Session],
    delivery: Delivery,
    clock: Clock,
) -> Applied:
    """Merge one more report into a session; what has to be told of it is put with it."""

    def once() -> Applied:
        before = log.session(session_id)
        after = merged(before.value)
        if after != before.value:
            reports = session_reports(
                before.value,
                after,
                delivery.received_at,
                before.number + 1,
                noted_at=clock(),
                correlation_ids=(delivery.webhook_id,),
            )
            try:
                log.put_session(after, before, [new_mail(report) for report in reports])
            except TooLargeError as error:
                raise NotApplicableError("the session has too many moves to be stored") from error
        known = completed_at(before.value)
        return Applied(after.tutors, completed_at(after) if known is None else None)

    return retried(once)
