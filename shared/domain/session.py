"""A tutoring session: what its reports say taken together, whatever order they arrived in."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from shared.domain.feedback import Feedback


class Status(StrEnum):
    """Where a session stands, in the marketplace's words."""

    SCHEDULED = "scheduled"
    COMPLETED = "completed"
    RESCHEDULED = "rescheduled"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"
    VOIDED = "voided"


class Party(StrEnum):
    """Who moved a session, or who did not turn up."""

    TUTOR = "tutor"
    STUDENT = "student"


class OutcomeKind(StrEnum):
    """What became of a session; one session may have several."""

    COMPLETED = "completed"
    TUTOR_RESCHEDULE = "tutor_reschedule"
    STUDENT_RESCHEDULE = "student_reschedule"
    TUTOR_NO_SHOW = "tutor_no_show"
    STUDENT_NO_SHOW = "student_no_show"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, order=True)
class ReportOrder:
    """What makes one report newer than another.

    Reports with a version come after those without (a sender that has begun to count knows
    better); among the latter the first accepted timestamp decides, then the webhook id.
    """

    versioned: bool
    number: int
    tie: str = ""


@dataclass(frozen=True, slots=True)
class Reschedule:
    """One move of a session: a fact that stays, whatever later reports say."""

    initiator: Party
    original_time: datetime
    new_time: datetime
    first_received_at: datetime
    stated_by: ReportOrder
    reason: str | None = None
    requested_at: datetime | None = None

    @property
    def identity(self) -> tuple[str, datetime, datetime]:
        """Two statements with the same identity are the same move (CONTRACT 1)."""
        return (self.initiator, self.original_time, self.new_time)

    @property
    def happened_at(self) -> datetime:
        """When the move became known (CONTRACT 2)."""
        return self.requested_at or min(self.original_time, self.first_received_at)

    @property
    def notice_hours(self) -> float | None:
        """Hours between the request and the session it moved; None when nobody said."""
        known_at = self.requested_at
        if known_at is None and self.first_received_at < self.original_time:
            known_at = self.first_received_at
        if known_at is None:
            return None
        return (self.original_time - known_at).total_seconds() / 3600


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The session as one report describes it."""

    tutor_id: str
    student_id: str
    scheduled_time: datetime
    status: Status
    completed_time: datetime | None = None
    no_show_party: Party = Party.TUTOR
    session_number: int | None = None
    actual_start: datetime | None = None
    duration_minutes: float | None = None
    subject: str | None = None
    session_type: str | None = None
    late_start_minutes: float | None = None
    engagement_score: float | None = None
    student_rating: float | None = None
    learning_objectives_met: bool | None = None
    technical_issues: bool | None = None

    @property
    def late_minutes(self) -> float | None:
        """Minutes the start was late: as reported, else from the actual start."""
        if self.late_start_minutes is not None:
            return self.late_start_minutes
        if self.actual_start is None:
            return None
        return max(0.0, (self.actual_start - self.scheduled_time).total_seconds() / 60)


@dataclass(frozen=True, slots=True)
class Report:
    """One accepted session report."""

    session_id: str
    order: ReportOrder
    snapshot: Snapshot
    reschedule: Reschedule | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """One thing that became of a session, and when that became known."""

    kind: OutcomeKind
    at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """Everything reported about one session, merged.

    `snapshot` is the newest report's; it is None while only feedback has arrived. `tutors` are
    all who ever had the session, so that each of them can be scored again when it moves.
    """

    session_id: str
    order: ReportOrder | None = None
    snapshot: Snapshot | None = None
    reschedules: tuple[Reschedule, ...] = ()
    feedback: tuple[Feedback, ...] = ()
    tutors: tuple[str, ...] = ()

    @property
    def tutor_id(self) -> str | None:
        """The tutor the session counts for; None before the first report."""
        return self.snapshot.tutor_id if self.snapshot else None

    @property
    def is_first(self) -> bool:
        """Whether this was the student's first session with this tutor."""
        return self.snapshot is not None and self.snapshot.session_number == 1

    @property
    def may_be_rated(self) -> bool:
        """Whether there is a moment at which the session has a rating."""
        return bool(self.feedback) or (
            self.snapshot is not None and self.snapshot.student_rating is not None
        )

    def rating(self, as_of: datetime) -> float | None:
        """The session's rating as known at `as_of`: feedback before the report's own.

        In a group each student's newest feedback counts once, and the mean is the rating.
        """
        said = self.newest_feedback(as_of)
        if said:
            return sum(feedback.overall_rating for feedback in said) / len(said)
        return self.snapshot.student_rating if self.snapshot else None

    def would_not_return(self, as_of: datetime) -> bool:
        """Whether a student said they would not work with this tutor again."""
        return any(said.would_recommend is False for said in self.newest_feedback(as_of))

    def newest_feedback(self, as_of: datetime) -> tuple[Feedback, ...]:
        """What each student said last, as known at `as_of`."""
        if not self.feedback:
            return ()
        by_student: dict[str, Feedback] = {}
        for said in sorted(self.feedback, key=lambda f: (f.submitted_at, f.feedback_id)):
            if said.known_at <= as_of:
                by_student[said.student_id] = said
        return tuple(by_student.values())


def outcomes(session: Session) -> tuple[Outcome, ...]:
    """All outcomes of a session, earliest first; none for a voided or merely booked one."""
    snapshot = session.snapshot
    if snapshot is None or snapshot.status is Status.VOIDED:
        return ()
    found = [
        Outcome(OutcomeKind(f"{move.initiator}_reschedule"), move.happened_at)
        for move in session.reschedules
    ]
    if snapshot.status is Status.COMPLETED and snapshot.completed_time is not None:
        found.append(Outcome(OutcomeKind.COMPLETED, snapshot.completed_time))
    elif snapshot.status is Status.NO_SHOW:
        kind = OutcomeKind(f"{snapshot.no_show_party}_no_show")
        found.append(Outcome(kind, snapshot.scheduled_time))
    elif snapshot.status is Status.CANCELLED:
        found.append(Outcome(OutcomeKind.CANCELLED, snapshot.scheduled_time))
    if len(found) > 1:
        found.sort(key=lambda outcome: outcome.at)
    return tuple(found)


def completed_at(session: Session | None) -> datetime | None:
    """When a session was completed, if it was."""
    known = outcomes(session) if session else ()
    times = [outcome.at for outcome in known if outcome.kind is OutcomeKind.COMPLETED]
    return max(times, default=None)


def logged_at(session: Session) -> datetime | None:
    """The time a session stands under in its tutor's log: its last outcome, else its slot.

    Every outcome is at or before it, so reading a log from the start of a window misses none.
    """
    if session.snapshot is None:
        return None
    known = outcomes(session)
    return known[-1].at if known else session.snapshot.scheduled_time


def with_report(session: Session | None, report: Report) -> Session:
    """The session after one more report; order and repetition of reports do not matter."""
    session = session or Session(report.session_id)
    moves = session.reschedules
    if report.reschedule is not None:
        moves = _with_move(moves, report.reschedule)
    tutors = tuple(sorted({*session.tutors, report.snapshot.tutor_id}))
    newer = session.order is None or report.order > session.order
    return replace(
        session,
        order=report.order if newer else session.order,
        snapshot=report.snapshot if newer else session.snapshot,
        reschedules=moves,
        tutors=tutors,
    )


def with_feedback(session: Session | None, feedback: Feedback) -> Session:
    """The session after one more feedback; of one stated twice the earliest receipt stays."""
    if feedback.session_id is None:
        raise ValueError("feedback without a session belongs to the tutor's log, not to a session")
    session = session or Session(feedback.session_id)
    by_id = {known.feedback_id: known for known in session.feedback}
    known = by_id.get(feedback.feedback_id, feedback)
    by_id[feedback.feedback_id] = min(known, feedback, key=lambda said: said.received_at)
    return replace(session, feedback=tuple(by_id[name] for name in sorted(by_id)))


def _with_move(moves: Iterable[Reschedule], stated: Reschedule) -> tuple[Reschedule, ...]:
    by_identity = {move.identity: move for move in moves}
    known = by_identity.get(stated.identity)
    by_identity[stated.identity] = stated if known is None else _same_move(known, stated)
    return tuple(by_identity[identity] for identity in sorted(by_identity))


def _same_move(one: Reschedule, other: Reschedule) -> Reschedule:
    """Two statements of one move: the newest reason anybody gave, the earliest times.

    Taking a maximum and two minima makes the order of merging immaterial.
    """
    requests = [move.requested_at for move in (one, other) if move.requested_at is not None]
    return replace(
        max(one, other, key=lambda move: (move.reason is not None, move.stated_by, move.reason)),
        requested_at=min(requests, default=None),
        first_received_at=min(one.first_received_at, other.first_received_at),
    )
