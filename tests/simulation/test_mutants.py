"""A system with one safeguard less is found out by its simulated histories."""

from dataclasses import replace

import pytest

from tests.simulation.mutants import MUTANTS, Mutant, noticed


def test_with_every_safeguard_the_same_copy_finds_nothing_wrong() -> None:
    whole = replace(MUTANTS[0], instead=MUTANTS[0].line)

    assert noticed(whole, seeds=3) is None


def test_a_system_that_does_not_even_start_counts_as_noticed_by_nobody() -> None:
    broken = replace(MUTANTS[0], instead="(")

    with pytest.raises(RuntimeError, match="SyntaxError"):
        noticed(broken, seeds=1)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_without_a_safeguard_the_simulation_finds_something_wrong(mutant: Mutant) -> None:
    assert noticed(mutant)
