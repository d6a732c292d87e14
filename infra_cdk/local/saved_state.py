"""The emulator's state between two runs: kept when it was saved completely, else the one before."""

import os
import shutil
from enum import StrEnum
from pathlib import Path
from typing import Final

from infra_cdk.local.folder import Folder

SAVED: Final = "saved"
"""A file that the emulator's process writes last, when everything else is on disk."""


class Found(StrEnum):
    """What the last run left behind."""

    NOTHING = "nothing"
    SAVED = "saved"
    INTERRUPTED = "interrupted"
    """It ended without saving; the state before it is used instead."""
    LOST = "lost"
    """It ended without saving, and there was none before it."""


def prepare(folder: Folder) -> Found:
    """Put the newest complete state in place, and keep a copy of it for the next time."""
    state, good = folder.state, folder.good_state
    if (state / SAVED).exists():
        _copy(state, good)
        found = Found.SAVED
    elif (good / SAVED).exists():
        _copy(good, state)
        found = Found.INTERRUPTED
    else:
        found = Found.LOST if state.exists() else Found.NOTHING
        drop(folder)
    (state / SAVED).unlink(missing_ok=True)
    return found


def forget_last(folder: Folder) -> None:
    """Let the next start go on from the state before, as after a run that was cut off."""
    (folder.state / SAVED).unlink(missing_ok=True)


def drop(folder: Folder) -> None:
    """Forget everything, so that the next start is a first one."""
    shutil.rmtree(folder.state, ignore_errors=True)
    shutil.rmtree(folder.good_state, ignore_errors=True)
    shutil.rmtree(folder.objects, ignore_errors=True)


def _copy(source: Path, target: Path) -> None:
    """Hard links are enough: the emulator replaces its files and never writes into one."""
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(source, partial, copy_function=os.link)
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)
