"""The product's own way from deliveries to logs, without a table: contracts, merge, log."""

import json
from collections.abc import Sequence

from shared.contracts import MODELS, Kind, SessionReport, StudentFeedback, TutorEvent, accept
from shared.domain.event import BehaviourEvent
from shared.domain.log import Log
from shared.domain.session import ReportOrder, Session, with_feedback, with_report
from shared.domain.tutor import Tutor
from tests.properties.delivery import Delivery


def replayed(deliveries: Sequence[Delivery]) -> dict[str, Log]:
    """The log of every tutor after the deliveries, in the order given."""
    sessions: dict[str, Session] = {}
    events: dict[str, BehaviourEvent] = {}
    for each in deliveries:
        accepted = accept(Kind(each.kind), json.dumps(each.body).encode())
        assert isinstance(accepted.message, MODELS[Kind(each.kind)])
        match accepted.message:
            case SessionReport() as report:
                known = sessions.get(report.session_id)
                stated = report.report(order_of(each, accepted.version), each.received_at)
                sessions[report.session_id] = with_report(known, stated)
            case StudentFeedback() as said:
                known = sessions.get(said.session_id)
                sessions[said.session_id] = with_feedback(known, said.feedback(each.received_at))
            case TutorEvent() as event:
                events[event.event_id] = event.event()
    tutors = {tutor for each in sessions.values() for tutor in each.tutors}
    tutors |= {event.tutor_id for event in events.values()}
    return {
        tutor_id: Log(
            Tutor(tutor_id),
            tuple(each for each in sessions.values() if each.tutor_id == tutor_id),
            tuple(each for each in events.values() if each.tutor_id == tutor_id),
        )
        for tutor_id in sorted(tutors)
    }


def order_of(each: Delivery, version: str | None) -> ReportOrder:
    """A report's place as the product gives it: its version, else its first receipt."""
    if version is not None:
        return ReportOrder(versioned=True, number=int(version))
    seconds = int(each.received_at.timestamp())
    return ReportOrder(versioned=False, number=seconds, tie=each.webhook_id)
