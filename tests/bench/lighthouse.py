"""What Lighthouse says of every page of the dashboard, with 5,000 tutors."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from infra_cdk.local.emulator import free_port
from infra_cdk.local.screenshots import PAGES
from tests.bench.page import signed_in
from tests.bench.result import Result, Row, at_least, median

SCRIPT: Final = Path(__file__).with_suffix(".mjs")
PERFORMANCE: Final = {"desktop": 95, "mobile": 90}
NOTES: Final = (
    "Each page where somebody has signed in, by Lighthouse's own simulated network and processor: a"
    " desk's, or a phone's on slow 4G, calibrated to this machine as Lighthouse advises (up to four"
    " times slower). Performance is the median of three.",
)


def run(quick: bool) -> Result:
    """Scores of all pages, or of Home alone."""
    names = ("home",) if quick else (*PAGES, "tutor")
    return Result("Lighthouse", tuple(_rows(names, 1 if quick else 3)), NOTES)


def _rows(names: tuple[str, ...], times: int) -> Iterator[Row]:
    port = free_port()
    with signed_in(f"--remote-debugging-port={port}") as (page, _):
        first = page.locator('main li a[href^="/tutors/"]').first
        addresses = PAGES | {"tutor": first.get_attribute("href") or ""}
        door = page.url.rstrip("/")
        for name in names:
            for form, goal in PERFORMANCE.items():
                told = [_asked(port, door + addresses[name], form) for _ in range(times)]
                for each in told:
                    print(f"{name}, {form}: {each}")
                where = f"{name}, {form}"
                performance = median([each["performance"] for each in told])
                yield at_least(f"{where}: performance", performance, goal)
                worst = min(each["accessibility"] for each in told)
                yield at_least(f"{where}: accessibility", worst, 100)


def _asked(port: int, address: str, form: str) -> dict[str, Any]:
    """Lighthouse's scores of a page, and what is not perfect."""
    told = subprocess.run(
        ["node", SCRIPT, str(port), address, form],
        check=True, stdout=subprocess.PIPE, text=True, timeout=300,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(told.stdout)
    return found
