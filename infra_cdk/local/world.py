"""What a fresh stack is filled with, and what keeps happening in it afterwards."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal, get_args

from infra_cdk.local.deployed import Deployed
from infra_cdk.local.folder import Folder

type WorldName = Literal["demo", "full", "empty"]
WORLDS: Final[tuple[WorldName, ...]] = get_args(WorldName.__value__)


def seeded(folder: Folder) -> str | None:
    """The world that the saved state holds, if its seeding was finished."""
    mark = _mark(folder)
    return mark.read_text() if mark.exists() else None


def seed(deployed: Deployed, world: WorldName, folder: Folder, say: Callable[[str], None]) -> None:
    """Fill an empty stack with a world; the mark is part of the state and saved with it."""
    del deployed, say
    folder.state.mkdir(parents=True, exist_ok=True)
    _mark(folder).write_text(world)


def start_live_sessions(
    deployed: Deployed, world: WorldName, folder: Folder
) -> "subprocess.Popen[bytes] | None":
    """The process that posts sessions as Rails would, until its standard input closes."""
    del deployed, world, folder
    return None


def _mark(folder: Folder) -> Path:
    return folder.state / "world"
