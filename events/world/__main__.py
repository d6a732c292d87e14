"""Run by hand or by `make run`: write a synthetic history as a folder of CSV files."""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from events.world.ceiling import ceiling, write_ceiling
from events.world.history import simulate, write_history, write_truth
from events.world.world import WORLDS

WEEKLY = range(63, 211, 7)
"""Days of the history whose first midnights the ceiling is written for."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line, draw the world, write it and say how long it took; the status."""
    parser = argparse.ArgumentParser(prog="python -m events.world", description=__doc__)
    parser.add_argument("--world", choices=WORLDS, default="demo")
    parser.add_argument(
        "--no-signal",
        dest="signal",
        action="store_false",
        help="let departures come by chance alone, so that nothing can predict them",
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--until", type=_instant, required=True, help="RFC 3339, with an offset")
    parser.add_argument("--out", type=Path, required=True, help="folder for the CSV files")
    parser.add_argument("--gzip", action="store_true", help="write .csv.gz")
    parser.add_argument("--truth", type=Path, help="also write the hidden state into this folder")
    parser.add_argument(
        "--ceiling", type=Path, help="also write the best possible weekly forecasts into this file"
    )
    options = parser.parse_args(arguments)
    if options.ceiling and not options.signal:
        tell("--ceiling: with --no-signal the best possible forecast is the base rate")
        return 2

    began = time.perf_counter()
    world = replace(WORLDS[options.world], signal=options.signal)
    history = simulate(world, options.seed, options.until)
    rows = write_history(history, options.out, compress=options.gzip)
    if options.truth:
        write_truth(history, options.truth)
    if options.ceiling:
        moments = [history.midnight + timedelta(days=day) for day in WEEKLY]
        write_ceiling(ceiling(history, moments), options.ceiling)
    counts = ", ".join(f"{count:,} {name}" for name, count in rows.items())
    print(f"{options.out}: {counts} in {time.perf_counter() - began:.1f} s")
    return 0


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise argparse.ArgumentTypeError("an instant needs an offset, such as Z")
    return instant


def tell(line: str) -> None:
    """What can not be done."""
    print(line, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
