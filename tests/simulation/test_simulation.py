"""Simulated histories end well, and a system with one safeguard less is found out."""

import subprocess
import sys
from dataclasses import replace

import pytest

from tests.simulation.mutants import MUTANTS, ROOT, Mutant, noticed

SEEDS, AT_LEAST, SECONDS = 500, 100, 20
"""Histories of each mode: as many as there is time for; `make simulate` takes its time."""


@pytest.mark.parametrize(
    "modes", [("faults", "no redrive"), ("no faults",)], ids=["faults", "no faults"]
)
def test_nothing_is_lost_and_nothing_counts_twice(modes: tuple[str, ...]) -> None:
    asked = [word for mode in modes for word in ("--mode", mode)]
    asked += ["--seeds", f"{SEEDS}", "--at-least", f"{AT_LEAST}", "--within", f"{SECONDS}"]
    told = subprocess.run(
        [sys.executable, "-m", "tests.simulation", *asked],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert told.returncode == 0, told.stderr


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
