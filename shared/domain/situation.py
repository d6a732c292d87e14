"""What the rules of intervention look at: a tutor now, and on the nights before.

Made of a scorecard or of daily records alike, so that what a rule would have done in the last
month is asked of the same rule.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.churn_score import RiskLevel, risk_level, told_score
from shared.domain.override import Override
from shared.domain.prediction import Probabilities
from shared.domain.scorecard import DailyRecord, Scorecard, counted, mean
from shared.domain.session import OutcomeKind, Session, outcomes
from shared.domain.tier import Tier

ASKED_ABOUT_WITHIN = timedelta(days=4)
"""How old a first session may be: one that ends while another check-in is open, which may be for
two days and two hours, waits for its end and for the night's look."""


@dataclass(frozen=True, slots=True)
class Facts:
    """A tutor at one moment. `confirmed` are the flags whose evidence is strong (CONTRACT 3).

    `computed_score` is the computed churn score where a manager's stands in its place.
    """

    at: datetime
    churn_score: float
    level: RiskLevel
    tier: Tier
    confirmed: frozenset[str] = frozenset()
    reschedules_7d: int = 0
    skill_rating: float | None = None
    leaves_within_30d: float | None = None
    computed_score: float | None = None

    @property
    def measured_score(self) -> float:
        """The computed churn score, by which effects are measured: a word changes no tutor."""
        return self.churn_score if self.computed_score is None else self.computed_score

    @property
    def set_by_manager(self) -> bool:
        """Whether score and level are a manager's."""
        return self.computed_score is not None

    @property
    def computed(self) -> "Facts":
        """The same without a manager's word."""
        if self.computed_score is None:
            return self
        score = self.computed_score
        return replace(self, churn_score=score, level=risk_level(score), computed_score=None)

    @property
    def said_score(self) -> str:
        """The churn score in force, as the cause of an intervention tells it."""
        if self.computed_score is None:
            return f"Churn score {told_score(self.churn_score)}"
        return f"Churn score set to {told_score(self.churn_score)} by a manager"

    @staticmethod
    def of_card(card: Scorecard, probabilities: Probabilities) -> "Facts":
        """What a scorecard and the newest prediction say."""
        return Facts(
            at=card.as_of,
            churn_score=card.churn_score.value,
            level=RiskLevel(card.churn_score.level),
            tier=card.tier,
            confirmed=frozenset(f.code for f in card.flags if f.status == "confirmed"),
            reschedules_7d=counted(card.windows["7d"], "tutor_reschedules"),
            skill_rating=mean(card.windows["30d"], "subject_knowledge_rating"),
            leaves_within_30d=probabilities.within_30d,
        )

    @staticmethod
    def of_record(record: DailyRecord) -> "Facts":
        """What a night's record says."""
        return Facts(
            at=record.as_of,
            churn_score=record.churn_score,
            level=RiskLevel(record.risk_level),
            tier=record.tier,
            confirmed=frozenset(record.confirmed),
            reschedules_7d=int(record.rates["7d"].get("tutor_reschedules") or 0),
            skill_rating=record.rates["30d"].get("subject_knowledge_rating"),
            leaves_within_30d=record.probabilities.within_30d,
        )


@dataclass(frozen=True, slots=True)
class FirstSession:
    """A first session with a student that has ended."""

    session_id: str
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class Situation:
    """A tutor now, the nights before (oldest first, each once), and what the rules also ask."""

    tutor_id: str
    now: Facts
    nights: Sequence[Facts] = ()
    tenure_days: float | None = None
    at_work: bool = True
    gone: bool = False
    first_sessions: tuple[FirstSession, ...] = ()
    trainings: tuple[datetime, ...] = ()
    """When the tutor completed trainings lately."""

    def lasted(self, days: int, holds: Callable[[Facts], bool]) -> bool:
        """Whether something held on each of the last so many nights, and holds now.

        One night may be missing: a pass that failed must not make a tutor wait a week more.
        """
        last = self.nights[-days:]
        if len(last) < days or last[0].at < self.now.at - timedelta(days=days + 1):
            return False
        return holds(self.now) and all(holds(night) for night in last)


def overridden(now: Facts, override: Override | None) -> Facts:
    """The facts with the score a manager set, while that is in force."""
    if override is None or not override.in_force(now.at):
        return now
    return replace(
        now,
        churn_score=override.score,
        level=override.risk_level,
        computed_score=now.churn_score,
    )


def first_sessions(sessions: Iterable[Session], at: datetime) -> tuple[FirstSession, ...]:
    """Those of some sessions that were a first one, took place, and have ended."""
    return tuple(
        FirstSession(session.session_id, outcome.at)
        for session in sessions
        if session.is_first
        for outcome in outcomes(session)
        if outcome.kind is OutcomeKind.COMPLETED and outcome.at <= at
    )
