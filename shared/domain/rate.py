"""How much a rate or a mean may be believed: interval, shrinkage, probability of being too bad.

A raw rate of few sessions says little (a healthy tutor at 8 % exceeds 15 % in a third of all
runs of five sessions), so every rate is shown with what it rests on.
"""

from dataclasses import dataclass
from math import erf, exp, lgamma, log, log1p, sqrt

Z_95 = 1.959963984540054
_TINY = 1e-300


@dataclass(frozen=True, slots=True)
class Beta:
    """A Beta distribution: what is believed of a rate before seeing a tutor's own sessions."""

    alpha: float
    beta: float

    @property
    def mean(self) -> float:
        return self.alpha / (self.alpha + self.beta)

    @property
    def strength(self) -> float:
        """How many sessions the belief weighs as much as."""
        return self.alpha + self.beta


@dataclass(frozen=True, slots=True)
class Limit:
    """A threshold and the side of it that is bad."""

    value: float
    above_is_bad: bool

    def beyond(self, measured: float) -> bool:
        """Whether a measurement is strictly on the bad side."""
        return measured > self.value if self.above_is_bad else measured < self.value


@dataclass(frozen=True, slots=True)
class Counted:
    """k of n sessions: what a rate is made of."""

    k: int
    n: int

    @property
    def value(self) -> float | None:
        return self.k / self.n if self.n else None


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate as it is served (CONTRACT 3).

    `value` is None when n = 0; `low`, `high` are the 95 % Wilson interval; `shrunk` the
    posterior mean under the platform's prior; `p_over` the posterior probability that the true
    rate is beyond its threshold, None for a rate that has none.
    """

    value: float | None
    n: int
    low: float
    high: float
    shrunk: float
    p_over: float | None


def rate(counted: Counted, prior: Beta, limit: Limit | None = None) -> Rate:
    """The evidence in k of n against a prior and, where there is one, a threshold."""
    low, high = wilson(counted.k, counted.n)
    posterior = Beta(prior.alpha + counted.k, prior.beta + counted.n - counted.k)
    p_over = None
    if limit is not None:
        below = beta_cdf(limit.value, posterior)
        p_over = 1 - below if limit.above_is_bad else below
    return Rate(counted.value, counted.n, low, high, posterior.mean, p_over)


def wilson(k: float, n: float) -> tuple[float, float]:
    """95 % score interval of k of n (Wilson 1927); (0, 1) when n = 0.

    Either may be a fraction, where n rows are worth fewer independent ones.
    """
    if n == 0:
        return (0.0, 1.0)
    share, z2 = k / n, Z_95 * Z_95
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z_95 * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    low = 0.0 if k == 0 else max(0.0, centre - half)
    high = 1.0 if k == n else min(1.0, centre + half)
    return (low, high)


def beta_cdf(x: float, belief: Beta) -> float:
    """P(rate ≤ x): the regularised incomplete beta function, by Lentz's continued fraction.

    Written out because SciPy costs every function 60 MB and half a second; checked against it
    in the tests.
    """
    a, b = belief.alpha, belief.beta
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _continued_fraction(a, b, x) / a
    return 1 - front * _continued_fraction(b, a, 1 - x) / b


def _continued_fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, 1 / _away_from_zero(1 - (a + b) * x / (a + 1))
    h = d
    for m in range(1, 300):
        for step in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _away_from_zero(1 + step * d)
            c = _away_from_zero(1 + step / c)
            h *= c * d
        if abs(c * d - 1) < 1e-12:
            break
    return h


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


@dataclass(frozen=True, slots=True)
class Normal:
    """What is believed of a mean before seeing a tutor's own values.

    `strength` is how many values the belief weighs as much as, `spread` the standard deviation
    of a single value.
    """

    mean: float
    strength: float
    spread: float


def mean_beyond(mean: float, n: float, prior: Normal, limit: Limit) -> float:
    """Posterior probability that the true mean is beyond the limit, known spread."""
    weight = prior.strength + n
    centre = (prior.strength * prior.mean + n * mean) / weight
    z = (limit.value - centre) / (prior.spread / sqrt(weight))
    below = 0.5 * (1 + erf(z / sqrt(2)))
    return 1 - below if limit.above_is_bad else below


def decline_beyond(before: float, after: float, drop: float) -> float:
    """P(the true level fell by more than `drop`) given two Poisson counts of equal periods.

    Given their sum, the later count is binomial with share r / (1 + r), r the ratio of levels;
    Jeffreys' prior on the share.
    """
    ratio = 1 - drop
    return beta_cdf(ratio / (1 + ratio), Beta(after + 0.5, before + 0.5))
