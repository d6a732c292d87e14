"""The marketplace's reference: priors fitted from all tutors, or defaults while there are few."""

from dataclasses import replace

import numpy as np
import pytest

from shared.domain.marketplace import DEFAULT_PRIORS, MIN_TUTORS, Reference, fitted, fitted_prior
from shared.domain.rate import Beta, Counted

DEFAULT = DEFAULT_PRIORS["reschedule_rate"]


def test_a_rate_newer_than_the_fit_has_its_default_prior() -> None:
    old = replace(Reference(), priors={})

    assert old.prior("no_show_rate") == DEFAULT_PRIORS["no_show_rate"]


@pytest.mark.parametrize(
    ("tutors", "is_default"), [(0, True), (MIN_TUTORS - 1, True), (MIN_TUTORS, False)]
)
def test_few_tutors_say_too_little(tutors: int, is_default: bool) -> None:
    prior = fitted_prior([Counted(3, 10)] * tutors + [Counted(0, 0)] * 100, DEFAULT)

    assert (prior == DEFAULT) is is_default


def test_a_known_distribution_is_found_again() -> None:
    seed = 7
    random = np.random.default_rng(seed)
    true = Beta(2.0, 18.0)
    sizes = random.integers(10, 80, 4_000)
    rates = random.beta(true.alpha, true.beta, 4_000)
    pairs = zip(sizes, rates, strict=True)
    counts = [Counted(int(random.binomial(n, p)), int(n)) for n, p in pairs]

    prior = fitted_prior(counts, DEFAULT)

    assert prior.mean == pytest.approx(true.mean, abs=0.005), f"seed {seed}"
    assert prior.strength == pytest.approx(true.strength, rel=0.15), f"seed {seed}"


@pytest.mark.parametrize("k", [0, 10], ids=["nobody ever", "everybody always"])
def test_a_prior_is_never_certain(k: int) -> None:
    prior = fitted_prior([Counted(k, 10)] * 50, DEFAULT)

    assert 0 < prior.mean < 1
    assert prior.strength == 200


def test_cut_points_are_percentiles_of_the_indices() -> None:
    reference = fitted("2026-11-20", {}, [n / 100 for n in range(101)])

    assert reference.cut_points == pytest.approx((0.15, 0.50, 0.90))
    assert fitted("2026-11-20", {}, [0.5] * 19).cut_points == Reference().cut_points
