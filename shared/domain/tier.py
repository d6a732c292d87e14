"""The tier a tutor sees: 30-day performance alone, never churn (CONTRACT 3)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from shared.domain.engagement import engagement
from shared.domain.flag import CONFIRMED_AT, Moment
from shared.domain.log import View
from shared.domain.marketplace import ENGAGEMENT_PRIOR, RATING_PRIOR, Reference
from shared.domain.metric import METRICS, RateMetric, mean
from shared.domain.rate import Normal, mean_beyond, rate

NEW_UNDER_SESSIONS = 5
CRITICAL_REDS = 2


class Tier(StrEnum):
    """From the best to the one that needs help first; New has too few sessions to judge."""

    EXEMPLARY = "Exemplary"
    STRONG = "Strong"
    DEVELOPING = "Developing"
    NEEDS_ATTENTION = "Needs Attention"
    AT_RISK = "At Risk"
    NEW = "New"


TIER_RULES: tuple[tuple[Tier, str], ...] = (
    (Tier.NEW, "fewer than 5 sessions in 30 days: too few to judge"),
    (Tier.AT_RISK, "two or more core metrics confirmed red"),
    (Tier.NEEDS_ATTENTION, "one core metric confirmed red, or among the lowest 15 %"),
    (Tier.EXEMPLARY, "among the top 10 %, and nothing red"),
    (Tier.STRONG, "above the median, and nothing red"),
    (Tier.DEVELOPING, "everyone else"),
)
"""In the order in which they are tried; target shares 10/40/35/12/3 %."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the performance index: its weight, and its value between 0 and 1."""

    name: str
    weight: float
    value: Callable[[View, Reference], float]


RATES = {metric.name: metric for metric in METRICS if isinstance(metric, RateMetric)}


def _kept(name: str, worst: float) -> Callable[[View, Reference], float]:
    """1 at a shrunk rate of 0, 0 at `worst` or more."""

    def value(view: View, reference: Reference) -> float:
        shrunk = rate(RATES[name].measure(view), reference.prior(name)).shrunk
        return max(0.0, 1 - shrunk / worst)

    return value


def _met(name: str) -> Callable[[View, Reference], float]:
    return lambda view, reference: rate(RATES[name].measure(view), reference.prior(name)).shrunk


def _shrunk_mean(value: float | None, n: float, prior: Normal) -> float:
    if value is None:
        return prior.mean
    return (prior.strength * prior.mean + n * value) / (prior.strength + n)


def _rating(view: View, reference: Reference) -> float:
    ratings = view.ratings()
    return (_shrunk_mean(mean(ratings), len(ratings), RATING_PRIOR) - 1) / 4


def _engagement(view: View, reference: Reference) -> float:
    measured = engagement(view)
    return _shrunk_mean(measured.score, measured.observations, ENGAGEMENT_PRIOR)


PERFORMANCE: tuple[Part, ...] = (
    Part("rating", 0.30, _rating),
    Part("reschedule_rate", 0.20, _kept("reschedule_rate", 0.30)),
    Part("no_show_rate", 0.15, _kept("no_show_rate", 0.15)),
    Part("first_session_success_rate", 0.10, _met("first_session_success_rate")),
    Part("learning_objectives_met_rate", 0.10, _met("learning_objectives_met_rate")),
    Part("engagement_score", 0.10, _engagement),
    Part("late_start_rate", 0.05, _kept("late_start_rate", 0.40)),
)
"""Each part is shrunk towards the marketplace by its sample size, so a lucky week is not fame."""


def performance(view: View, reference: Reference) -> float:
    """The index from 0 to 1 by which tutors are ranked."""
    return sum(part.weight * part.value(view, reference) for part in PERFORMANCE)


@dataclass(frozen=True, slots=True)
class Reds:
    """Which core metrics are beyond their threshold, and how many of them surely."""

    names: tuple[str, ...]
    confirmed: int


def reds(moment: Moment) -> Reds:
    """The core metrics beyond their thresholds in 30 days."""
    view = moment.view(30)
    sure: dict[str, float] = {}
    for metric in RATES.values():
        if metric.threshold is not None:
            counted, limit = metric.measure(view), moment.settings.limit(metric.threshold)
            if counted.value is not None and limit.beyond(counted.value):
                judged = rate(counted, moment.reference.prior(metric.name), limit)
                sure[metric.name] = judged.p_over or 0.0
    ratings = moment.timeline.last_ratings(30, moment.as_of)
    measured = engagement(view)
    for name, value, n, prior in (
        ("rating_last_30", mean(ratings), len(ratings), RATING_PRIOR),
        ("engagement_score", measured.score, measured.observations, ENGAGEMENT_PRIOR),
    ):
        limit = moment.settings.limit(name)
        if value is not None and limit.beyond(value):
            sure[name] = mean_beyond(value, n, prior, limit)
    return Reds(tuple(sorted(sure)), sum(p >= CONFIRMED_AT for p in sure.values()))


def tier_now(moment: Moment) -> Tier:
    """The tier the last 30 days deserve: the daily preview."""
    view = moment.view(30)
    if len(view.sessions) < NEW_UNDER_SESSIONS:
        return Tier.NEW
    red = reds(moment)
    if red.confirmed >= CRITICAL_REDS:
        return Tier.AT_RISK
    low, median, top = moment.reference.cut_points
    index = performance(view, moment.reference)
    if red.confirmed or index < low:
        return Tier.NEEDS_ATTENTION
    if not red.names and index >= top:
        return Tier.EXEMPLARY
    if not red.names and index >= median:
        return Tier.STRONG
    return Tier.DEVELOPING


def tier_in_force(moment: Moment, preview: Tier) -> Tier:
    """The tier shown: assigned at the start of the month (UTC), for those who could be judged.

    By the cut points of that night, so that it does not move with those of later ones.

    Who had too few sessions then, or has too few now, is shown the present preview.
    """
    if preview is Tier.NEW:
        return preview
    first = moment.as_of.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    then = replace(moment.at(first), reference=moment.month_reference or moment.reference)
    assigned = tier_now(then)
    return preview if assigned is Tier.NEW else assigned
