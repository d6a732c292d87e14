"""`make bench`, or one part alone: `python -m tests.bench [--quick] [scoring units import …]`."""

import argparse
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import (
    burst,
    churn,
    cost,
    day,
    growth,
    histories,
    importing,
    lighthouse,
    mail,
    page,
    quarter,
    read,
    scoring,
    units,
    webhook,
)
from tests.bench.result import Result, kept, markdown, text

PARTS: dict[str, Callable[[bool], Result]] = {
    "scoring": scoring.run,
    "units": units.run,
    "import": importing.run,
    "webhook": webhook.run,
    "burst": burst.run,
    "burst_known": burst.run_known,
    "day": day.run,
    "outage": day.run_outage,
    "read": read.run,
    "mail": mail.run,
    "growth": growth.run,
    "churn": churn.run,
    "histories": histories.run,
    "quarter": quarter.run,
    "page": page.run,
    "lighthouse": lighthouse.run,
}


def main() -> None:
    """Run the parts asked for, print their tables, and fail if a goal was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="smaller and fewer runs")
    parser.add_argument(
        "--write", type=Path, help="also put the tables into this Markdown file, keeping the others"
    )
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    # A stop by signal unwinds too, so that no emulator and no folder is left behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    print(machine())
    results: list[Result] = []
    for name in options.parts or PARTS:
        about = f"Measured on: {machine()}, commit {_commit()}."
        results.append(_printed(name, options.quick))
        if options.write:
            known = options.write.read_text() if options.write.exists() else ""
            options.write.write_text(kept(known, markdown(results[-1], about)))
            if name == "units":
                told = cost.page(units.measure(options.quick), about)
                options.write.with_name("cost.md").write_text(told)
    missed = sum(result.missed for result in results)
    print(f"\n{missed} goals missed." if missed else "\nEvery goal met.")
    sys.exit(1 if missed else 0)


def _printed(name: str, quick: bool) -> Result:
    began = time.monotonic()
    result = PARTS[name](quick)
    print(text(result))
    print(f"  ({name}: {time.monotonic() - began:.0f} s)", flush=True)
    return result


def machine() -> str:
    """What the figures were measured on."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{_processor()}, {os.cpu_count()} cores, load {load}; "
        f"{platform.system()}, Python {platform.python_version()}, {datetime.now(UTC):%Y-%m-%d}"
    )


def _processor() -> str:
    listed = Path("/proc/cpuinfo")
    for line in listed.read_text().splitlines() if listed.exists() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _commit() -> str:
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False
    )
    return told.stdout.strip() or "unknown"


if __name__ == "__main__":
    main()
