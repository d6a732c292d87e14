"""Simulated histories end well, and a system with one safeguard less is found out."""

import subprocess
import sys

import pytest

from tests.simulation.mutants import MUTANTS, ROOT, Mutant, noticed

SEEDS = 100
"""Of each mode; `make simulate` plays more."""


@pytest.mark.parametrize(
    "modes", [("faults", "no redrive"), ("no faults",)], ids=["faults", "no faults"]
)
def test_nothing_is_lost_and_nothing_counts_twice(modes: tuple[str, ...]) -> None:
    asked = [word for mode in modes for word in ("--mode", mode)]
    told = subprocess.run(
        [sys.executable, "-m", "tests.simulation", "--seeds", str(SEEDS), *asked],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert told.returncode == 0, told.stderr


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_without_a_safeguard_the_simulation_finds_something_wrong(mutant: Mutant) -> None:
    assert noticed(mutant)
