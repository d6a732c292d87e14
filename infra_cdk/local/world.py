"""What a fresh stack is filled with, and what keeps happening in it afterwards."""

import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal, get_args

from events.world.world import WORLDS as SIZES
from infra_cdk.local.deployed import Deployed
from infra_cdk.local.folder import Folder
from infra_cdk.local.seed import seed_world
from infra_cdk.local.starter import start_module
from shared.aws.backfill import stored_mark
from shared.aws.model_registry import ModelRegistry
from shared.aws.queue import TutorQueue
from shared.aws.scorecard_table import ScorecardTable
from shared.aws.table import Table
from shared.domain.intervention_rule import AT_RISK
from shared.history import digest

type WorldName = Literal["demo", "full", "empty"]
WORLDS: Final[tuple[WorldName, ...]] = get_args(WorldName.__value__)


def seeded(folder: Folder) -> WorldName | None:
    """The world that the saved state holds, if its seeding was finished."""
    mark = _mark(folder)
    held = mark.read_text() if mark.exists() else None
    return next((world for world in WORLDS if world == held), None)


def seed(deployed: Deployed, world: WorldName, folder: Folder, say: Callable[[str], None]) -> None:
    """Fill an empty stack with a world; the mark is part of the state and is saved with it."""
    if world != "empty":
        say(f"Drawing the {world} world")
        seed_world(_table(deployed), SIZES[world], datetime.now(UTC), folder.path, say)
        say("Summarizing")  # the clock would, within a minute; nobody wants an empty first page
        deployed.client("lambda").invoke(FunctionName=deployed.function_name("summarize_platform"))
        # What is due for whoever is at risk; for all others it comes behind, with the past nights.
        rows = ScorecardTable(_table(deployed)).rows()
        at_risk = [row.tutor_id for row in rows if row.risk_level in AT_RISK]
        TutorQueue(deployed.client("sqs"), deployed.queue_urls["churn"]).ask(at_risk)
    folder.state.mkdir(parents=True, exist_ok=True)
    _mark(folder).write_text(world)


def forget_world(folder: Folder) -> None:
    """Let nothing more happen in the world; what runs behind sees it and ends."""
    mark = _mark(folder)
    partial = mark.with_suffix(".partial")
    partial.write_text("empty")
    partial.replace(mark)  # never into the file: the last state that was saved shares it


def go_on(
    deployed: Deployed, world: WorldName, folder: Folder
) -> "Iterator[subprocess.Popen[bytes]]":
    """Start what runs behind: live sessions; until it is done, the older part and a training."""
    if world == "empty":
        return
    history = _history(world, folder)
    table = _table(deployed)
    stored = stored_mark(table, digest(history))
    if not (stored and stored.complete and ModelRegistry(table).decisions(1)):
        yield start_module(
            "infra_cdk.local.older", world, str(folder.path), str(history), log=folder.log
        )
    yield start_module(
        "infra_cdk.local.live", world, str(history), str(folder.deployed), log=folder.log
    )


def _table(deployed: Deployed) -> Table:
    return Table(deployed.client("dynamodb"), deployed.table)


def _history(world: WorldName, folder: Folder) -> Path:
    return folder.path / "history" / world


def _mark(folder: Folder) -> Path:
    return folder.state / "world"
