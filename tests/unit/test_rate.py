"""Rates with their evidence, against SciPy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, binomtest, norm  # type: ignore[import-untyped]

from shared.domain.rate import (
    Beta,
    Counted,
    Limit,
    Normal,
    beta_cdf,
    decline_beyond,
    mean_beyond,
    rate,
    wilson,
)

PRIOR = Beta(1.6, 18.4)
ABOVE, BELOW = Limit(0.15, above_is_bad=True), Limit(0.70, above_is_bad=False)
counts = st.integers(0, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(
    x=st.floats(0, 1),
    a=st.floats(0.05, 2_000, allow_subnormal=False),
    b=st.floats(0.05, 2_000, allow_subnormal=False),
)
def test_the_beta_distribution_is_scipys(x: float, a: float, b: float) -> None:
    assert beta_cdf(x, Beta(a, b)) == pytest.approx(beta.cdf(x, a, b), abs=1e-9)


@given(counts)
def test_the_interval_is_wilsons(count: tuple[int, int]) -> None:
    k, n = count
    if n == 0:
        assert wilson(k, n) == (0, 1)
        return

    expected = binomtest(k, n).proportion_ci(0.95, method="wilson")

    assert wilson(k, n) == pytest.approx((expected.low, expected.high), abs=1e-9)


@given(counts)
def test_a_rate_lies_in_its_interval_and_is_shrunk_towards_the_prior(
    count: tuple[int, int],
) -> None:
    k, n = count
    told = rate(Counted(k, n), PRIOR, ABOVE)

    assert 0 <= told.low <= (k / n if n else 0.5) <= told.high <= 1
    assert told.p_over is not None
    assert 0 <= told.p_over <= 1
    low, high = sorted((k / n if n else PRIOR.mean, PRIOR.mean))
    assert low - 1e-12 <= told.shrunk <= high + 1e-12


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n - 1), st.just(n))))
def test_one_more_of_the_bad_makes_it_likelier_to_be_over(count: tuple[int, int]) -> None:
    k, n = count

    fewer, more = rate(Counted(k, n), PRIOR, ABOVE), rate(Counted(k + 1, n), PRIOR, ABOVE)
    worse, better = rate(Counted(k, n), PRIOR, BELOW), rate(Counted(k + 1, n), PRIOR, BELOW)

    assert fewer.p_over is not None
    assert more.p_over is not None
    assert worse.p_over is not None
    assert better.p_over is not None
    assert fewer.p_over <= more.p_over + 1e-12
    assert worse.p_over >= better.p_over - 1e-12


def test_of_nothing_there_is_no_rate_but_what_the_marketplace_believes() -> None:
    told = rate(Counted(0, 0), PRIOR, ABOVE)

    assert (told.value, told.n, told.low, told.high) == (None, 0, 0, 1)
    assert told.shrunk == pytest.approx(0.08)
    assert told.p_over == pytest.approx(beta.sf(0.15, 1.6, 18.4))


def test_a_rate_without_a_threshold_is_over_nothing() -> None:
    assert rate(Counted(1, 2), PRIOR).p_over is None


@pytest.mark.parametrize(
    ("limit", "measured", "beyond"),
    [
        (ABOVE, 0.15, False),
        (ABOVE, 0.1500001, True),
        (BELOW, 0.70, False),
        (BELOW, 0.6999999, True),
    ],
    ids=["at, above is bad", "above", "at, below is bad", "below"],
)
def test_at_its_threshold_nothing_is_red(limit: Limit, measured: float, beyond: bool) -> None:
    assert limit.beyond(measured) is beyond


def test_a_mean_is_weighed_against_the_prior() -> None:
    prior, limit = Normal(4.4, 5, 0.8), Limit(3.5, above_is_bad=False)

    expected = norm.cdf(3.5, loc=(5 * 4.4 + 10 * 3.0) / 15, scale=0.8 / 15**0.5)

    assert mean_beyond(3.0, 10, prior, limit) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("before", "after", "sure"),
    [(100, 10, True), (10, 7, False), (10, 10, False), (3, 1, False), (40, 20, True)],
)
def test_a_decline_of_few_is_not_sure(before: int, after: int, sure: bool) -> None:
    assert (decline_beyond(before, after, 0.30) >= 0.8) is sure
