"""Makes a film of what the browser shows: its frames at the time they came, captions below.

Chromium hands a frame over whenever something changed; ffmpeg shows each until the next one. The
captions are strips of their own below the page, so that they hide nothing and never flicker.
"""

import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, ScreencastFrame, ViewportSize

from infra_cdk.demo import card
from infra_cdk.demo.script import Scene

PAGE: Final[ViewportSize] = {"width": 1280, "height": 720}
BAND: Final[ViewportSize] = {"width": 1280, "height": 80}
TICKS_A_SECOND: Final = 25
QUALITY: Final = 92


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture, from when on it is to be seen."""

    picture: Path
    since: float
    """Seconds since 1970."""


@dataclass(slots=True)
class Recording:
    """What came, in the order of time."""

    folder: Path
    frames: list[Shown] = field(default_factory=list)
    bands: list[Shown] = field(default_factory=list)

    def keep(self, frame: ScreencastFrame) -> None:
        """A frame that the browser handed over."""
        picture = self.folder / f"frame-{len(self.frames):06d}.jpg"
        picture.write_bytes(frame["data"])
        self.frames.append(Shown(picture, frame["timestamp"] / 1000))

    def begin(self, scene: int) -> None:
        """From now on this scene's caption stands below."""
        self.bands.append(Shown(self.folder / f"band-{scene:02d}.png", time.time()))


def draw_bands(browser: Browser, scenes: Sequence[Scene], folder: Path) -> None:
    """A strip for each scene."""
    page = browser.new_page(viewport=BAND)
    for place, scene in enumerate(scenes):
        page.set_content(card.band(f"{place + 1} / {len(scenes)}", scene.title, scene.caption))
        page.screenshot(path=folder / f"band-{place:02d}.png")
    page.close()


def ticks(shown: Sequence[Shown], began: float, ended: float) -> Iterator[tuple[Path, int]]:
    """Each picture and for how many ticks it is shown, so that nothing drifts from true time.

    Of several pictures within one tick the last is shown; the first is there from the beginning.
    """
    starts = [0, *(_tick(one.since, began) for one in shown[1:])]
    ends = [*starts[1:], _tick(ended, began)]
    for one, start, end in zip(shown, starts, ends, strict=True):
        if end > start:
            yield one.picture, end - start


def _tick(at: float, began: float) -> int:
    return max(0, round((at - began) * TICKS_A_SECOND))


def produce(recording: Recording, ended: float, film: Path) -> None:
    """Put frames and captions together; raises CalledProcessError where ffmpeg refuses."""
    began, partial = recording.bands[0].since, film.with_suffix(".partial.mp4")
    lists = []
    for name, shown in (("frames", recording.frames), ("bands", recording.bands)):
        listed = recording.folder / f"{name}.txt"
        listed.write_text(_listed(list(ticks(shown, began, ended))))
        lists += ["-f", "concat", "-safe", "0", "-i", str(listed)]
    width, height = PAGE["width"], PAGE["height"]
    layout = (
        f"[0:v]fps={TICKS_A_SECOND},scale={width}:{height}:out_range=tv[page];"
        f"[1:v]fps={TICKS_A_SECOND},scale=out_range=tv[band];[page][band]vstack,format=yuv420p"
    )
    subprocess.run(
        ["ffmpeg", "-y", "-loglevel", "error", *lists, "-filter_complex", layout,
         "-t", f"{ended - began:.2f}", "-c:v", "libx264", "-preset", "veryfast", "-crf", "20",
         "-tune", "stillimage", "-movflags", "+faststart", str(partial)],
        check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    partial.replace(film)


def _listed(shown: Sequence[tuple[Path, int]]) -> str:
    """As ffmpeg's concat demuxer reads it; the last one again, for it ignores its duration."""
    lines = ["ffconcat version 1.0"]
    for picture, count in shown:
        lines += [f"file '{picture}'", f"duration {count / TICKS_A_SECOND:.2f}"]
    return "\n".join([*lines, f"file '{shown[-1][0]}'", ""])
