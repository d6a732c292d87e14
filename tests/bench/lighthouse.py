"""What Lighthouse says of every page of the dashboard, with 5,000 tutors."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from infra_cdk.local.emulator import free_port
from infra_cdk.local.screenshots import PAGES
from tests.bench.page import signed_in
from tests.bench.result import Result, Row, at_least

SCRIPT: Final = Path(__file__).with_suffix(".mjs")
PERFORMANCE: Final = {"desktop": 95, "mobile": 90}
NOTES: Final = (
    "Each page where somebody has signed in, by Lighthouse's own simulated network and processor:"
    " a desk's, or a phone's on slow 4G.",
)


def run(quick: bool) -> Result:
    """Scores of all pages, or of Home alone."""
    names = ("home",) if quick else (*PAGES, "tutor")
    return Result("Lighthouse", tuple(_rows(names)), NOTES)


def _rows(names: tuple[str, ...]) -> Iterator[Row]:
    port = free_port()
    with signed_in(f"--remote-debugging-port={port}") as (page, _):
        first = page.locator('main li a[href^="/tutors/"]').first
        addresses = PAGES | {"tutor": first.get_attribute("href") or ""}
        door = page.url.rstrip("/")
        for name in names:
            for form, goal in PERFORMANCE.items():
                told = subprocess.run(
                    ["node", SCRIPT, str(port), door + addresses[name], form],
                    check=True, stdout=subprocess.PIPE, text=True, timeout=300,
                )  # fmt: skip
                found = json.loads(told.stdout)
                print(f"{name}, {form}, not perfect: {found['short']}; machine {found['machine']}")
                where = f"{name}, {form}"
                yield at_least(f"{where}: performance", found["performance"], goal)
                yield at_least(f"{where}: accessibility", found["accessibility"], 100)
