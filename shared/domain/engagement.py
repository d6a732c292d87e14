"""How engaged a tutor is: logins, preparation and answers, each relative to its norm."""

from dataclasses import dataclass
from datetime import timedelta

from shared.domain.event import BehaviourEvent, EventType
from shared.domain.log import View

LOGINS_PER_WEEK_NORM = 5.0
PREP_MINUTES_NORM = 15.0
RESPONSE_MINUTES_NORM = 60.0
BEHAVIOUR = (EventType.LOGIN, EventType.SESSION_PREP, EventType.MESSAGE_RESPONSE)


@dataclass(frozen=True, slots=True)
class Engagement:
    """The composite from 0 to 1, and how many observations it rests on; None without any."""

    score: float | None
    observations: int


def engagement(view: View) -> Engagement:
    """Mean of the parts that have data, each capped at its norm (1.0 = at the norm or better).

    A window without logins counts as none where the tutor's logins are known from earlier; who
    stops logging in must not look better for it.

    Where a window has no behaviour events at all, the mean of its sessions' own
    `engagement_score` stands in (CONTRACT 3).
    """
    logins, prep, answers = (view.events(kind) for kind in BEHAVIOUR)
    parts: list[float] = []
    if logins or view.earlier_events(EventType.LOGIN):
        per_week = count(logins) / (observed_days(view) / 7)
        parts.append(min(1.0, per_week / LOGINS_PER_WEEK_NORM))
    prep_minutes = weighted_mean(prep)
    if prep_minutes is not None:
        parts.append(min(1.0, prep_minutes / PREP_MINUTES_NORM))
    response_minutes = weighted_mean(answers)
    if response_minutes is not None:
        parts.append(min(1.0, RESPONSE_MINUTES_NORM / max(response_minutes, 1e-9)))
    if parts:
        seen = sum(count(events) for events in (logins, prep, answers))
        return Engagement(sum(parts) / len(parts), seen)
    snapshots = [session.snapshot for session in view.known]
    scores = [s.engagement_score for s in snapshots if s and s.engagement_score is not None]
    return Engagement(sum(scores) / len(scores) if scores else None, len(scores))


def observed_days(view: View) -> float:
    """Days of the window in which the tutor could have logged in: not those before joining."""
    joined = view.timeline.log.tutor.onboarding_date
    if joined is None or joined <= view.start:
        return float(view.days)
    return max(1.0, (view.as_of - joined) / timedelta(days=1))


def count(events: list[BehaviourEvent]) -> int:
    """How many events the rows stand for."""
    return sum(event.count for event in events)


def weighted_mean(events: list[BehaviourEvent]) -> float | None:
    """Mean amount over the events that state one."""
    stated = [(e.amount, e.count) for e in events if e.amount is not None]
    weight = sum(n for _, n in stated)
    return sum(amount * n for amount, n in stated) / weight if weight else None
