"""What one tutor is measured against: the marketplace's own averages and cut points."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from shared.domain.metric import quantile
from shared.domain.rate import Beta, Counted, Normal

MIN_TUTORS = 20
"""Fewer tutors than this with sessions say too little; the defaults stay in force."""

STRENGTH_BOUNDS = (5.0, 200.0)

DEFAULT_PRIORS = {
    "reschedule_rate": Beta(1.6, 18.4),
    "no_show_rate": Beta(0.4, 19.6),
    "first_session_success_rate": Beta(8.5, 1.5),
    "learning_objectives_met_rate": Beta(18.0, 2.0),
    "late_start_rate": Beta(2.0, 18.0),
    "training_completion_rate": Beta(3.5, 1.5),
    "technical_issue_rate": Beta(1.0, 19.0),
}
"""Used until the marketplace's own history takes over; means typical of such platforms."""

RATING_PRIOR = Normal(mean=4.4, strength=5.0, spread=0.8)
ENGAGEMENT_PRIOR = Normal(mean=0.8, strength=5.0, spread=0.2)


@dataclass(frozen=True, slots=True)
class Reference:
    """The marketplace as of its last nightly pass.

    `priors` are Beta distributions per rate, fitted to all tutors' 30 days; `cut_points` are
    the performance indices that divide tiers: the 15th, 50th and 90th percentile.
    """

    version: str = "default"
    priors: dict[str, Beta] = field(default_factory=lambda: dict(DEFAULT_PRIORS))
    cut_points: tuple[float, float, float] = (0.70, 0.82, 0.93)

    def prior(self, name: str) -> Beta:
        """The prior of a rate; one that is newer than the fit has its default."""
        return self.priors.get(name) or DEFAULT_PRIORS[name]


class Standing(Protocol):
    """What a reference is fitted to, of one tutor: 30-day counts and the performance index."""

    @property
    def counts(self) -> Mapping[str, Counted]: ...

    @property
    def performance(self) -> float | None: ...


def fitted_to(version: str, tutors: Sequence[Standing]) -> Reference:
    """The reference fitted to where all tutors stand."""
    rates = {
        name: [tutor.counts[name] for tutor in tutors if name in tutor.counts]
        for name in DEFAULT_PRIORS
    }
    indices = [tutor.performance for tutor in tutors if tutor.performance is not None]
    return fitted(version, rates, indices)


def fitted(
    version: str, rates: Mapping[str, Sequence[Counted]], indices: Sequence[float]
) -> Reference:
    """The reference fitted to all tutors' 30-day counts and performance indices."""
    priors = {
        name: fitted_prior(rates.get(name, ()), default) for name, default in DEFAULT_PRIORS.items()
    }
    return Reference(version, priors, _cut_points(indices))


def fitted_prior(counts: Sequence[Counted], default: Beta) -> Beta:
    """Beta prior by the method of moments for unequal sample sizes (Kleinman 1973).

    Falls back to `default` where fewer than MIN_TUTORS tutors have sessions.
    """
    seen = [c for c in counts if c.n > 0]
    total = sum(c.n for c in seen)
    if len(seen) < MIN_TUTORS:
        return default
    mean = min(0.995, max(0.005, sum(c.k for c in seen) / total))
    spread = sum(c.n * (c.k / c.n - mean) ** 2 for c in seen)
    inner = total - sum(c.n**2 for c in seen) / total
    noise = mean * (1 - mean)
    excess = (spread - noise * (len(seen) - 1)) / (noise * max(inner - len(seen) + 1, 1e-9))
    low, high = STRENGTH_BOUNDS
    strength = high if excess <= 0 else min(high, max(low, 1 / excess - 1))
    return Beta(mean * strength, (1 - mean) * strength)


def _cut_points(indices: Sequence[float]) -> tuple[float, float, float]:
    if len(indices) < MIN_TUTORS:
        return Reference().cut_points
    values = list(indices)
    p15, p50, p90 = (quantile(values, share) or 0.0 for share in (0.15, 0.50, 0.90))
    return (p15, p50, p90)
