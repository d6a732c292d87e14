"""The churn score from 0 to 100: seven weighted components and three uplifts, adding up.

Weights and uplifts are the product requirements' (PRD 3.1, 3.3; CONTRACT 4). Each component is
0 when all is well and 100 when it could not be worse; without data it counts NEUTRAL.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil
from typing import Final

from shared.domain.engagement import engagement
from shared.domain.flag import (
    RESCHEDULES_IN_7D,
    Moment,
    baseline_per_week,
    findings,
    flag_named,
    login_fall,
)
from shared.domain.log import Log, Timeline
from shared.domain.marketplace import Reference
from shared.domain.metric import (
    availability_change,
    first_session_success,
    mean,
    share_of_sessions,
)
from shared.domain.rate import Counted, rate
from shared.domain.session import OutcomeKind
from shared.domain.threshold import Settings

NEUTRAL = 20.0
CAP = 100.0
CAPPED: Final = ("cap", f"Capped at {CAP:g}")
"""Name and title of the part that takes off what is above."""


class RiskLevel(StrEnum):
    """The score in four bands: low ≤ 25 < medium ≤ 50 < high ≤ 75 < critical."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """The higher, the graver."""
        return list(RiskLevel).index(self)


RISK_BOUNDS = {
    RiskLevel.LOW: 25.0,
    RiskLevel.MEDIUM: 50.0,
    RiskLevel.HIGH: 75.0,
    RiskLevel.CRITICAL: CAP,
}
"""The highest score of each level, from the lowest level up."""


def risk_level(score: float) -> RiskLevel:
    """The band of a score."""
    bands = (level for level, highest in RISK_BOUNDS.items() if score <= highest)
    return next(bands, RiskLevel.CRITICAL)


def told_score(score: float) -> int:
    """A score as people are told it: rounded up, since levels and dials begin above a number.

    So 75.2, which is critical, is not told as 75, which is high.
    """
    return ceil(score)


@dataclass(frozen=True, slots=True)
class Component:
    """One row of the score: `measure` answers 0 to 100, or None without data."""

    name: str
    title: str
    weight: float
    definition: str
    measure: Callable[[Moment], float | None]


@dataclass(frozen=True, slots=True)
class Uplift:
    """Points added while a flag is up."""

    flag: str
    points: float

    @property
    def name(self) -> str:
        return f"{self.flag}_uplift"

    @property
    def title(self) -> str:
        return f"Uplift: {flag_named(self.flag)}"


@dataclass(frozen=True, slots=True)
class ScorePart:
    """What one component or uplift adds: `points` of all parts sum to the score.

    `value` is the component's 0 to 100, None for uplifts and the cap; `known` is False where
    the neutral value stands in for missing data.
    """

    name: str
    title: str
    points: float
    weight: float | None = None
    value: float | None = None
    known: bool = True


@dataclass(frozen=True, slots=True)
class ChurnScore:
    """The score, its level, and the parts that add up to it."""

    value: float
    level: RiskLevel
    parts: tuple[ScorePart, ...]

    @property
    def main_part(self) -> ScorePart | None:
        """What adds most of all that is known; None where nothing adds anything."""
        known = [part for part in self.parts if part.known and part.points > 0]
        return max(known, key=lambda part: part.points, default=None)


def ramp(value: float, zero: float, full: float) -> float:
    """0 at `zero`, 100 at `full`, straight between, flat beyond; `full` may be the lower."""
    return 100 * min(1.0, max(0.0, (value - zero) / (full - zero)))


def engagement_decline(moment: Moment) -> float | None:
    """The steepest of: logins down, sessions down, engagement low; unknown for who is away."""
    if not moment.timeline.log.tutor.at_work:
        return None
    fall, usual = login_fall(moment), baseline_per_week(moment)
    score = engagement(moment.view(14)).score
    taught = len(moment.view(14).of(OutcomeKind.COMPLETED))
    signs = [
        ramp(fall[0], 0.1, 0.7) if fall else None,
        ramp(1 - taught / 2 / usual, 0.1, 0.7) if usual else None,
        ramp(score, 0.8, 0.3) if score is not None else None,
    ]
    return max((sign for sign in signs if sign is not None), default=None)


def performance_trend(moment: Moment) -> float | None:
    """Ratings of the last 14 days: their fall against the time before, and their level."""
    now = moment.view(14).ratings()
    before = moment.view(60, moment.as_of - timedelta(days=14)).ratings()
    level = mean(now)
    if level is None:
        return None
    weight = min(1.0, len(now) / 4)
    fall = (mean(before) or level) - level
    return weight * max(ramp(fall, 0.1, 1.0), ramp(level, 4.2, 3.0))


def reschedule_pattern(moment: Moment) -> float | None:
    """The shrunk 30-day reschedule rate, or a run of them in one week."""
    view = moment.view(30)
    week = len(moment.view(7).of(OutcomeKind.TUTOR_RESCHEDULE))
    counted = share_of_sessions(OutcomeKind.TUTOR_RESCHEDULE)(view)
    shrunk = _shrunk(moment, "reschedule_rate", counted)
    if shrunk is None:
        return None
    return max(ramp(shrunk, 0.08, 0.30), ramp(week, 0, RESCHEDULES_IN_7D + 1) if week > 1 else 0.0)


def first_session_quality(moment: Moment) -> float | None:
    """How far first-session success falls short."""
    counted = first_session_success(moment.view(90))
    shrunk = _shrunk(moment, "first_session_success_rate", counted)
    return None if shrunk is None else ramp(shrunk, 0.85, 0.40)


def no_show_risk(moment: Moment) -> float | None:
    """The shrunk 30-day no-show rate."""
    counted = share_of_sessions(OutcomeKind.TUTOR_NO_SHOW)(moment.view(30))
    shrunk = _shrunk(moment, "no_show_rate", counted)
    return None if shrunk is None else ramp(shrunk, 0.02, 0.12)


def tenure_risk(moment: Moment) -> float | None:
    """New tutors leave more often: 100 on the first day, 0 from half a year on."""
    joined = moment.timeline.log.tutor.onboarding_date
    if joined is None:
        return None
    return ramp((moment.as_of - joined) / timedelta(days=1), 180, 0)


def availability_reduction(moment: Moment) -> float | None:
    """The latest week's hours offered against the four weeks before."""
    change = availability_change(moment.view(14))
    return None if change is None else ramp(-change, 0.05, 0.60)


def _shrunk(moment: Moment, name: str, counted: Counted) -> float | None:
    return rate(counted, moment.reference.prior(name)).shrunk if counted.n else None


COMPONENTS: tuple[Component, ...] = (
    Component(
        "engagement_decline", "Engagement decline", 0.25,
        "The steepest of: logins down against the two weeks before (10 % counts 0, 70 % counts "
        "100), sessions of two weeks down against the usual, engagement of two weeks under 80 %.",
        engagement_decline,
    ),
    Component(
        "performance_trend", "Performance trend", 0.20,
        "Ratings of two weeks: their fall against the 60 days before (one star counts 100) or "
        "their level (4.2 counts 0, 3.0 counts 100), in full from four ratings on.",
        performance_trend,
    ),
    Component(
        "reschedule_pattern", "Reschedule pattern", 0.15,
        "The 30-day reschedule rate, shrunk (8 % counts 0, 30 % counts 100), or more than one "
        "session moved in a week (four count 100).",
        reschedule_pattern,
    ),
    Component(
        "first_session_quality", "First-session quality", 0.15,
        "First-session success over 90 days, shrunk (85 % counts 0, 40 % counts 100).",
        first_session_quality,
    ),
    Component(
        "no_show_risk", "No-show risk", 0.10,
        "The 30-day no-show rate, shrunk (2 % counts 0, 12 % counts 100).",
        no_show_risk,
    ),
    Component(
        "tenure_risk", "Tenure risk", 0.10,
        "Days since onboarding: 100 on the first day, 0 from day 180 on.", tenure_risk,
    ),
    Component(
        "availability_reduction", "Availability reduction", 0.05,
        "Hours offered in the latest week against the four before (60 % fewer counts 100).",
        availability_reduction,
    ),
)  # fmt: skip

UPLIFTS: tuple[Uplift, ...] = (
    Uplift("poor_first_session", 15),
    Uplift("reschedule_pattern", 20),
    Uplift("no_show_risk", 25),
)


def churn_scores(log: Log, moments: Sequence[datetime], reference: Reference) -> list[ChurnScore]:
    """The scores of one log at several moments, without the rest of the scorecards."""
    seen = Moment(Timeline(log), moments[0], Settings(), reference)
    codes = [uplift.flag for uplift in UPLIFTS]
    each = [replace(seen, as_of=at) for at in moments]
    return [churn_score(moment, findings(moment, codes)) for moment in each]


def churn_score(moment: Moment, raised: Collection[str]) -> ChurnScore:
    """The score at a moment, given the codes of the flags raised then."""
    parts = [_part(component, component.measure(moment)) for component in COMPONENTS]
    parts += [ScorePart(up.name, up.title, up.points) for up in UPLIFTS if up.flag in raised]
    total = round(sum(part.points for part in parts), 2)
    if total > CAP:
        parts.append(ScorePart(*CAPPED, round(CAP - total, 2)))
        total = CAP
    return ChurnScore(total, risk_level(total), tuple(parts))


def _part(component: Component, measured: float | None) -> ScorePart:
    value = round(NEUTRAL if measured is None else measured, 1)
    points = round(component.weight * value, 2)
    return ScorePart(
        component.name, component.title, points, component.weight, value, measured is not None
    )
