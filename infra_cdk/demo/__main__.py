"""`make demo-video`: plays the demonstration against what `make run` runs, and films it."""

import os
import shutil
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Final

from infra_cdk.demo.film import PAGE, QUALITY, Recording, draw_bands, produce
from infra_cdk.demo.player import Player
from infra_cdk.demo.script import SCENES
from infra_cdk.local.browser import CHROMIUM, chromium
from infra_cdk.local.deployed import Deployed
from infra_cdk.local.folder import CHECKOUT
from infra_cdk.package.code import BUILD

FILM: Final = BUILD / "demo" / "demo.mp4"


def main() -> None:
    """Say what is missing, or play, record, and put the film together."""
    _refuse_to_begin_in_vain()
    FILM.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="frames-", dir=FILM.parent) as folder:
        recording = Recording(Path(folder))
        ended = _record(recording)
        print(f"Putting {len(recording.frames):,} frames together", flush=True)
        produce(recording, ended, FILM)
    print(f"{FILM}: {ended - recording.bands[0].since:.0f} seconds")


def _refuse_to_begin_in_vain() -> None:
    needed = {"chromium": CHROMIUM, "ffmpeg": shutil.which("ffmpeg")}
    missing = [name for name, found in needed.items() if not found]
    if missing:
        sys.exit(f"A film needs {' and '.join(missing)}: apt-get install {' '.join(missing)}")
    try:
        Deployed.read(CHECKOUT.deployed)
    except FileNotFoundError:
        sys.exit("Nothing runs here: `make run` first.")


def _record(recording: Recording) -> float:
    """Play all scenes before the camera; when the last one ended, in seconds since 1970."""
    with chromium() as browser:
        draw_bands(browser, SCENES, recording.folder)
        door = Deployed.read(CHECKOUT.deployed).front_door
        page = browser.new_page(base_url=door, viewport=PAGE)
        player = Player(page, CHECKOUT, pace=1.0, about=os.environ.get("TUTOR", ""))
        if not player.get("/api/model")["in_force"]:
            sys.exit("No churn model is in force yet: it comes minutes after the first `make run`.")
        SCENES[0].play(player)  # so that the film does not begin with an empty page
        page.screencast.start(
            on_frame=lambda frame: recording.keep(frame), quality=QUALITY, size=PAGE
        )
        page.screencast.show_actions(cursor="pointer", style={"title": "display: none"})
        for place, scene in enumerate(SCENES):
            print(f"{place + 1:2} {scene.title}", flush=True)
            player.cue = partial(recording.begin, place)
            scene.play(player)
            player.begin()
            player.rest(max(0.0, recording.bands[-1].since + scene.seconds - time.time()))
        ended = time.time()
        page.screencast.stop()
    return ended


if __name__ == "__main__":
    main()
