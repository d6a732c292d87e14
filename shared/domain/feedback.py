"""What a student said about a session."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Feedback:
    """One student's feedback; `session_id` may be missing in histories from elsewhere."""

    feedback_id: str
    student_id: str
    tutor_id: str
    overall_rating: float
    submitted_at: datetime
    received_at: datetime
    session_id: str | None = None
    ratings: tuple[tuple[str, float], ...] = ()
    would_recommend: bool | None = None
    improvement_areas: tuple[str, ...] = ()
    free_text: str | None = None

    @property
    def known_at(self) -> datetime:
        """When it could first be known; a sender's fast clock does not hide it."""
        return min(self.submitted_at, self.received_at)
