"""The line a tutor has in lists, and what summaries and nightly fits read from it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from shared.domain.override import Override
from shared.domain.prediction import Probabilities
from shared.domain.rate import Counted, Rate
from shared.domain.scorecard import DailyRecord, Scorecard
from shared.domain.tutor import Tutor

TREND_NIGHTS: Final = 14


@dataclass(frozen=True, slots=True)
class Insight:
    """How fast the newest report became a score, and how fast the newest end of a session.

    `known_at` is when a score first knew that the session had ended at `ended_at`: what is reported
    of it later, a rating say, is no late news of its end.
    """

    received_at: datetime
    scored_at: datetime
    ended_at: datetime | None = None
    known_at: datetime | None = None

    @property
    def from_receipt(self) -> float:
        """Seconds from the receipt of the newest report."""
        return (self.scored_at - self.received_at).total_seconds()

    @property
    def from_end(self) -> float | None:
        """Seconds from the newest end of a session; None where none was reported yet."""
        if self.ended_at is None or self.known_at is None:
            return None
        return (self.known_at - self.ended_at).total_seconds()


@dataclass(frozen=True, slots=True)
class TutorRow:
    """A tutor at a glance (CONTRACT 5); rates and sessions are of 30 days.

    `override` is the newest that nobody ended; it may have run out since, see `seen_at`. `trend`
    are the churn scores of the last nights, oldest first, without digits.
    """

    tutor_id: str
    name: str | None
    subjects: tuple[str, ...]
    status: str
    tier: str
    tier_preview: str
    churn_score: float
    risk_level: str
    reschedule_rate: Rate
    no_show_rate: Rate
    avg_rating: float | None
    sessions: int
    flags: tuple[str, ...]
    confirmed_flags: tuple[str, ...]
    probabilities: Probabilities
    as_of: datetime
    updated_at: datetime
    last_taught_at: datetime | None
    onboarding_date: datetime | None
    counts: dict[str, Counted]
    performance: float | None
    insight: Insight | None
    override: Override | None = None
    trend: tuple[int, ...] = ()

    @property
    def search_text(self) -> str:
        """What the text search looks in, case-folded."""
        return " ".join((self.tutor_id, self.name or "", *self.subjects)).casefold()

    def seen_at(self, now: datetime) -> "TutorRow":
        """The row without an override that has run out: nobody rewrites it for that."""
        if self.override is None or self.override.in_force(now):
            return self
        return replace(self, override=None)


def tutor_row(
    card: Scorecard,
    tutor: Tutor,
    updated_at: datetime,
    insight: Insight | None,
    probabilities: Probabilities | None = None,
    override: Override | None = None,
    trend: tuple[int, ...] = (),
) -> TutorRow:
    """The row of a scorecard; `probabilities`, `override` and `trend` are the latest known."""
    month = card.windows["30d"]
    reschedules, no_shows = month["reschedule_rate"], month["no_show_rate"]
    rating, sessions = month["avg_rating"], month["sessions"]
    if not isinstance(reschedules, Rate) or not isinstance(no_shows, Rate):
        raise TypeError("a scorecard's rates are Rate")
    if isinstance(rating, Rate) or not isinstance(sessions, int):
        raise TypeError("a scorecard's rating is a number, its sessions a count")
    return TutorRow(
        tutor_id=card.tutor_id,
        name=tutor.name,
        subjects=tutor.subjects,
        status=tutor.status,
        tier=card.tier,
        tier_preview=card.tier_preview,
        churn_score=card.churn_score.value,
        risk_level=card.churn_score.level,
        reschedule_rate=reschedules,
        no_show_rate=no_shows,
        avg_rating=rating,
        sessions=sessions,
        flags=tuple(flag.code for flag in card.flags),
        confirmed_flags=tuple(f.code for f in card.flags if f.status == "confirmed"),
        probabilities=probabilities or Probabilities(),
        as_of=card.as_of,
        updated_at=updated_at,
        last_taught_at=card.last_taught_at,
        onboarding_date=tutor.onboarding_date,
        counts=card.counts,
        performance=card.performance,
        insight=insight,
        override=override,
        trend=trend,
    )


def trend(nights: Iterable[DailyRecord]) -> tuple[int, ...]:
    """The churn scores of the last TREND_NIGHTS of some nights, oldest first."""
    return tuple(round(night.churn_score) for night in nights)[-TREND_NIGHTS:]
