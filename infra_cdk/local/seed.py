"""Fills an empty stack with a synthetic world: its newest 91 days at once, the rest behind."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from events.world.history import History, simulate, write_history
from events.world.world import World
from shared.aws.backfill import Backfill, stored_mark
from shared.aws.table import Table
from shared.history import digest, read_past

SEED = 1


def seed_world(table: Table, world: World, until: datetime, home: Path, say: Callable[[str], None]
) -> Path:  # fmt: skip
    """Load all that scorecards look at, and score; answers the folder of the whole history.

    What is older, and the records of past nights, come from importing that folder, which goes on
    from here; meanwhile the stack serves. A world that was begun before is gone on with.
    """
    history = home / "history" / world.name
    if not (history.is_dir() and stored_mark(table, digest(history))):
        write_world(world, until, history)
    past = read_past(history)
    say(f"Loading {len(past.sessions):,} sessions, the newest 91 days first")
    Backfill(table, past, digest(history), _now, _Said(say)).load_recent()
    return history


def write_world(world: World, until: datetime, folder: Path) -> None:
    """Draw a world up to a moment and write its history, or nothing at all."""
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    write_history(simulate(world, SEED, until), partial)
    (partial / "world.json").write_text(json.dumps({"until": until.isoformat()}))
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)


def simulated(world: World, folder: Path) -> History:
    """The world whose history a folder holds: what live deliveries go on from."""
    until = datetime.fromisoformat(json.loads((folder / "world.json").read_text())["until"])
    return simulate(world, SEED, until)


class _Said:
    """Progress as a line every quarter of a stage."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say, self._last = say, ("", 0)

    def __call__(self, stage: str, done: int, total: int) -> None:
        quarter = 4 * done // max(total, 1)
        if self._last != (stage, quarter):
            self._last = (stage, quarter)
            if quarter:
                self._say(f"{stage}: {done:,} of {total:,}")


def _now() -> datetime:
    return datetime.now(UTC)
