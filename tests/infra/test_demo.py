"""The script of the demonstration: its page, its length, and the film's true time."""

import subprocess
import sys
from pathlib import Path

import pytest

from infra_cdk.demo.film import TICKS_A_SECOND, Shown, ticks
from infra_cdk.demo.page import page
from infra_cdk.demo.script import SCENES, Scene

ROOT = Path(__file__).parents[2]
READ_A_SECOND = 20
"""Letters that people read while they also look."""


def test_the_published_page_is_up_to_date() -> None:
    assert (ROOT / "docs/demo.md").read_text() == page(), "run `make docs`"


def test_it_takes_about_five_minutes() -> None:
    assert 285 <= sum(scene.seconds for scene in SCENES) <= 315


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.title)
def test_a_caption_fits_below_the_page_and_can_be_read_in_time(scene: Scene) -> None:
    told = f"{scene.title}. {scene.caption}"

    assert len(told) <= 200
    assert len(told) / READ_A_SECOND < scene.seconds


def test_frames_are_shown_at_the_time_they_came() -> None:
    shown = [Shown(Path(name), at) for name, at in (("a", 9.0), ("b", 11.0), ("c", 11.5))]

    found = list(ticks(shown, began=10.0, ended=13.0))

    assert found == [(Path("a"), 25), (Path("b"), 13), (Path("c"), 37)]
    assert sum(count for _, count in found) == 3 * TICKS_A_SECOND


def test_of_frames_within_one_tick_the_last_is_shown() -> None:
    shown = [Shown(Path(name), at) for name, at in (("a", 0.0), ("b", 0.001), ("c", 0.002))]

    assert list(ticks(shown, began=0.0, ended=1.0)) == [(Path("c"), 25)]


def test_frames_do_not_drift() -> None:
    shown = [Shown(Path(str(n)), n * 0.0333) for n in range(9_000)]

    assert sum(count for _, count in ticks(shown, 0.0, 300.0)) == 300 * TICKS_A_SECOND


def test_what_is_missing_is_named_with_how_to_install_it() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "infra_cdk.demo"],
        cwd=ROOT, env={"PATH": ""}, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert told.returncode == 1
    assert told.stderr == ("A film needs chromium and ffmpeg: apt-get install chromium ffmpeg\n")
