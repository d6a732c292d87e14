"""What a tutor did besides teaching: logins, answers, preparation, offered hours, training."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EventType(StrEnum):
    """The behaviour that scoring understands; other types are stored and ignored."""

    LOGIN = "login"
    MESSAGE_RESPONSE = "message_response"
    AVAILABILITY = "availability"
    SESSION_PREP = "session_prep"
    TRAINING_ASSIGNED = "training_assigned"
    TRAINING_COMPLETED = "training_completed"
    LOOSE_RATING = "loose-rating"
    """A rating without a session, as histories from elsewhere have it; never sent as an event."""


@dataclass(frozen=True, slots=True)
class BehaviourEvent:
    """One event, or `count` alike ones that a history aggregated into a row.

    `amount` is the event's own quantity: response minutes, hours offered for the week,
    preparation minutes, or stars; None where the type has none or nobody said.
    """

    event_id: str
    tutor_id: str
    type: str
    occurred_at: datetime
    amount: float | None = None
    module: str | None = None
    count: int = 1
