"""A model never learns from real and synthetic tutors together unnoticed."""

import pytest

from shared.domain.population import population


def ids(real: int, synthetic: int) -> list[str]:
    return [f"t-{n}" for n in range(real)] + [f"syn-{n}" for n in range(synthetic)]


@pytest.mark.parametrize(
    ("real", "synthetic", "learnt_from"),
    [
        pytest.param(0, 280, 280, id="only synthetic ones"),
        pytest.param(99, 280, 379, id="one real tutor too few"),
        pytest.param(100, 280, 100, id="enough real ones"),
        pytest.param(5, 0, 5, id="only real ones, however few"),
        pytest.param(0, 0, 0, id="nobody"),
    ],
)
def test_synthetic_tutors_are_left_out_once_there_are_enough_real_ones(
    real: int, synthetic: int, learnt_from: int
) -> None:
    found = population(ids(real, synthetic), enough_real=100)

    assert len(found.tutor_ids) == learnt_from


def test_a_mixture_is_named_as_one() -> None:
    found = population(ids(40, 280), enough_real=100)

    assert "40 real and 280 synthetic tutors together" in found.about


def test_who_was_left_out_is_named() -> None:
    found = population(ids(120, 280), enough_real=100)

    assert found.about == "Learnt from 120 real tutors; 280 synthetic ones were left out."
