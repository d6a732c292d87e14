"""A tutor's profile as the marketplace describes it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.domain.session import ReportOrder


class TutorStatus(StrEnum):
    """Whether the tutor is at work; `unknown` is our stub for sessions that came first."""

    ACTIVE = "active"
    ON_LEAVE = "on_leave"
    RESIGNED = "resigned"
    DEACTIVATED = "deactivated"
    UNKNOWN = "unknown"

    @property
    def at_work(self) -> bool:
        """Whether silence would mean something: not on leave and not gone already."""
        return self in (TutorStatus.ACTIVE, TutorStatus.UNKNOWN)

    @property
    def gone(self) -> bool:
        """Whether the tutor has left for good."""
        return self in (TutorStatus.RESIGNED, TutorStatus.DEACTIVATED)


@dataclass(frozen=True, slots=True)
class Tutor:
    """The newest profile of a tutor; a stub knows the id alone."""

    tutor_id: str
    status: TutorStatus = TutorStatus.UNKNOWN
    order: ReportOrder | None = None
    name: str | None = None
    email: str | None = None
    subjects: tuple[str, ...] = ()
    onboarding_date: datetime | None = None
    status_since: datetime | None = None
    baseline_sessions_per_week: float | None = None
    location: str | None = None
    education_level: str | None = None

    @property
    def at_work(self) -> bool:
        """Whether silence would mean something: not on leave and not gone already."""
        return self.status.at_work

    @property
    def gone(self) -> bool:
        """Whether the tutor has left for good."""
        return self.status.gone


def newest(one: Tutor | None, other: Tutor) -> Tutor:
    """The newer of two profiles; a profile without an order is a stub and always yields."""
    if one is None or one.order is None:
        return other
    if other.order is None or other.order <= one.order:
        return one
    return other
