"""Simulated histories end well, whatever happens in them."""

import subprocess
import sys

import pytest

from tests.simulation.mutants import ROOT

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
