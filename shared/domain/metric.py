"""Every number of a scorecard, as a table: name, unit, definition, and how it is measured.

Adding a metric is adding a row here and its cases in the tests; the API, the daily record and
the definitions page follow.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from shared.domain.engagement import engagement
from shared.domain.event import EventType
from shared.domain.log import LOG_DAYS, View
from shared.domain.rate import Counted
from shared.domain.session import OutcomeKind, Party, Session, Snapshot

LATE_AFTER_MINUTES = 5
LATE_NOTICE_HOURS = 24
SUCCESS_RATING = 4
FAILURE_RATING = 3
FEWEST_CATEGORY_RATINGS = 3


@dataclass(frozen=True, slots=True)
class CountMetric:
    """Distinct sessions (or moves) in the window."""

    name: str
    title: str
    definition: str
    measure: Callable[[View], int]


@dataclass(frozen=True, slots=True)
class RateMetric:
    """k of n, served with its evidence; `threshold` names the row in THRESHOLDS, if any."""

    name: str
    title: str
    definition: str
    measure: Callable[[View], Counted]
    threshold: str | None = None


@dataclass(frozen=True, slots=True)
class QuantityMetric:
    """A number with a unit; None when nothing in the window tells it."""

    name: str
    title: str
    unit: str
    definition: str
    measure: Callable[[View], float | None]
    threshold: str | None = None


Metric = CountMetric | RateMetric | QuantityMetric


def outcome_count(kind: OutcomeKind) -> Callable[[View], int]:
    return lambda view: len(view.of(kind))


def share_of_sessions(kind: OutcomeKind) -> Callable[[View], Counted]:
    return lambda view: Counted(len(view.of(kind)), len(view.sessions))


def first_session_success(view: View) -> Counted:
    ratings = [s.rating(view.as_of) for s in view.known_first]
    rated = [value for value in ratings if value is not None]
    return Counted(sum(value >= SUCCESS_RATING for value in rated), len(rated))


def objectives_met(view: View) -> Counted:
    reported = [s.learning_objectives_met for s in snapshots(view)]
    known = [met for met in reported if met is not None]
    return Counted(sum(known), len(known))


def technical_issues(view: View) -> Counted:
    reported = [s.technical_issues for s in snapshots(view)]
    known = [trouble for trouble in reported if trouble is not None]
    return Counted(sum(known), len(known))


def late_minutes(view: View) -> list[float]:
    """Minutes late of every session whose start is known."""
    return [s.late_minutes for s in snapshots(view) if s.late_minutes is not None]


def late_starts(view: View) -> Counted:
    minutes = late_minutes(view)
    return Counted(sum(m > LATE_AFTER_MINUTES for m in minutes), len(minutes))


def avg_late_minutes(view: View) -> float | None:
    return mean([m for m in late_minutes(view) if m > LATE_AFTER_MINUTES])


def late_notice_reschedules(view: View) -> int:
    return sum(_moved_late(session, view) for session in view.of(OutcomeKind.TUTOR_RESCHEDULE))


def _moved_late(session: Session, view: View) -> bool:
    return any(
        move.initiator is Party.TUTOR
        and view.start < move.happened_at <= view.as_of
        and move.notice_hours is not None
        and move.notice_hours < LATE_NOTICE_HOURS
        for move in session.reschedules
    )


def response_minutes(percentile: float) -> Callable[[View], float | None]:
    def measure(view: View) -> float | None:
        answers = view.events(EventType.MESSAGE_RESPONSE)
        return quantile([e.amount for e in answers for _ in range(e.count) if e.amount is not None],
                        percentile)  # fmt: skip

    return measure


def availability_hours(view: View) -> float | None:
    return mean([e.amount for e in view.events(EventType.AVAILABILITY) if e.amount is not None])


def availability_change(view: View) -> float | None:
    stated = [e for e in view.events(EventType.AVAILABILITY) if e.amount is not None]
    if not stated:
        return None
    latest = stated[-1]
    four_weeks = latest.occurred_at - timedelta(days=28)
    horizon = view.as_of - timedelta(days=LOG_DAYS)
    earlier = view.timeline.events_between(
        EventType.AVAILABILITY, max(four_weeks, horizon), latest.occurred_at
    )
    norm = mean([e.amount for e in earlier if e.amount is not None and e is not latest])
    if not norm or latest.amount is None:
        return None
    return latest.amount / norm - 1


def training_completion(view: View) -> Counted:
    assigned = {e.module for e in view.events(EventType.TRAINING_ASSIGNED) if e.module}
    done = {e.module for e in view.events(EventType.TRAINING_COMPLETED) if e.module}
    return Counted(len(assigned & done), len(assigned))


def rating_last_30(view: View) -> float | None:
    return mean(view.timeline.last_ratings(30, view.as_of))


def subject_knowledge(view: View) -> float | None:
    told = [
        stars
        for session in view.known
        for said in session.newest_feedback(view.as_of)
        for category, stars in said.ratings
        if category == "subject_knowledge"
    ]
    return mean(told) if len(told) >= FEWEST_CATEGORY_RATINGS else None


def snapshots(view: View) -> list[Snapshot]:
    return [session.snapshot for session in view.known if session.snapshot]


def mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def quantile(values: list[float], share: float) -> float | None:
    """Linear interpolation between the closest ranks, as NumPy and pandas do by default."""
    if not values:
        return None
    ordered = sorted(values)
    position = share * (len(ordered) - 1)
    low = int(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)


METRICS: tuple[Metric, ...] = (
    CountMetric(
        "sessions", "Sessions",
        "Distinct sessions with an outcome in the window. Voided sessions and future bookings "
        "are not counted; a session counts once however many outcomes it has.",
        lambda view: len(view.sessions),
    ),
    CountMetric(
        "completed", "Completed", "Sessions that took place, at their completion time.",
        outcome_count(OutcomeKind.COMPLETED),
    ),
    CountMetric(
        "tutor_reschedules", "Moved by the tutor",
        "Sessions the tutor moved, at the time of the request. They stay moved, whatever "
        "becomes of the session later.",
        outcome_count(OutcomeKind.TUTOR_RESCHEDULE),
    ),
    CountMetric(
        "student_reschedules", "Moved by the student",
        "Sessions the student moved. They never count against the tutor.",
        outcome_count(OutcomeKind.STUDENT_RESCHEDULE),
    ),
    CountMetric(
        "tutor_no_shows", "Tutor no-shows",
        "Sessions the tutor did not turn up to, at the scheduled time.",
        outcome_count(OutcomeKind.TUTOR_NO_SHOW),
    ),
    CountMetric(
        "student_no_shows", "Student no-shows",
        "Sessions the student did not turn up to. They never count against the tutor.",
        outcome_count(OutcomeKind.STUDENT_NO_SHOW),
    ),
    CountMetric(
        "cancelled", "Cancelled", "Sessions called off, at the scheduled time.",
        outcome_count(OutcomeKind.CANCELLED),
    ),
    RateMetric(
        "reschedule_rate", "Reschedule rate",
        "Sessions with a tutor-initiated reschedule, of all sessions in the window.",
        share_of_sessions(OutcomeKind.TUTOR_RESCHEDULE), "reschedule_rate",
    ),
    RateMetric(
        "no_show_rate", "No-show rate", "Tutor no-shows, of all sessions in the window.",
        share_of_sessions(OutcomeKind.TUTOR_NO_SHOW), "no_show_rate",
    ),
    QuantityMetric(
        "avg_rating", "Average rating", "stars",
        "Mean rating of the window's rated sessions. A student's feedback comes before the "
        "rating in the session report.",
        lambda view: mean(view.ratings()),
    ),
    QuantityMetric(
        "rating_last_30", "Rating of the last 30", "stars",
        "Mean rating of the last 30 rated sessions, however long ago; the same in every window.",
        rating_last_30, "rating_last_30",
    ),
    QuantityMetric(
        "subject_knowledge_rating", "Subject knowledge", "stars",
        "Mean of the stars that students gave for subject knowledge; three at least.",
        subject_knowledge,
    ),
    RateMetric(
        "first_session_success_rate", "First-session success",
        "First sessions with a student rated 4 stars or more, of all rated first sessions.",
        first_session_success, "first_session_success_rate",
    ),
    QuantityMetric(
        "engagement_score", "Engagement", "0 to 1",
        "Mean of login frequency (norm 5 a week), preparation (norm 15 minutes a session) and "
        "response time (norm 60 minutes), each capped at its norm; the sessions' own engagement "
        "score where none of these is reported.",
        lambda view: engagement(view).score, "engagement_score",
    ),
    RateMetric(
        "learning_objectives_met_rate", "Objectives met",
        "Sessions that met their learning objectives, of those reporting it.",
        objectives_met, "learning_objectives_met_rate",
    ),
    RateMetric(
        "late_start_rate", "Late starts",
        "Sessions that began more than 5 minutes late, of those whose start is known.",
        late_starts,
    ),
    QuantityMetric(
        "avg_late_minutes", "Average lateness", "minutes",
        "Mean lateness of the sessions that began more than 5 minutes late.",
        avg_late_minutes,
    ),
    QuantityMetric(
        "response_minutes_p50", "Response time, median", "minutes",
        "Half of the tutor's answers to messages came faster.", response_minutes(0.50),
    ),
    QuantityMetric(
        "response_minutes_p95", "Response time, 95th percentile", "minutes",
        "One answer in twenty took longer.", response_minutes(0.95),
    ),
    QuantityMetric(
        "availability_hours", "Hours offered", "hours a week",
        "Mean of the weekly hours the tutor offered.", availability_hours,
    ),
    QuantityMetric(
        "availability_change", "Change in hours offered", "share",
        "The latest week's hours against the mean of the four weeks before: -0.5 is half.",
        availability_change,
    ),
    RateMetric(
        "training_completion_rate", "Training completed",
        "Training modules completed, of those assigned in the window.", training_completion,
    ),
    RateMetric(
        "technical_issue_rate", "Technical trouble",
        "Sessions with technical trouble, of those reporting it. It never counts against the "
        "tutor.",
        technical_issues,
    ),
    CountMetric(
        "late_notice_reschedules", "Moved at short notice",
        "Sessions the tutor moved less than 24 hours before they were due.",
        late_notice_reschedules,
    ),
)  # fmt: skip
