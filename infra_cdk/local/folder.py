"""Where a local stack keeps its files; everything is below one folder of its own."""

import fcntl
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]


class BusyError(Exception):
    """Another process runs a stack in this folder."""


@dataclass(frozen=True, slots=True)
class Folder:
    """Paths of one local stack, for example `.local/` of the checkout."""

    path: Path

    @property
    def state(self) -> Path:
        """What the emulator saves when it stops cleanly, and reads when it starts."""
        return self.path / "state"

    @property
    def good_state(self) -> Path:
        """The last state that was saved completely."""
        return self.path / "state.good"

    @property
    def objects(self) -> Path:
        """What stands in buckets: assets and trained models, written as they come."""
        return self.path / "s3"

    @property
    def temporary(self) -> Path:
        """Unpacked functions; emptied at every start."""
        return self.path / "tmp"

    @property
    def log(self) -> Path:
        return self.path / "emulator.log"

    @property
    def mail(self) -> Path:
        """Mails, one `.eml` each."""
        return self.path / "mail"

    @property
    def site(self) -> Path:
        """What the front door serves: the built site with this stack's config.json."""
        return self.path / "site"

    @property
    def deployed(self) -> Path:
        """Addresses and credentials of the running stack, for the other commands."""
        return self.path / "stack.json"

    def lock(self) -> int:
        """Claim the folder; the lock is gone when the last process that holds it ends."""
        self.path.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise BusyError(f"Another process runs a stack in {self.path}") from None
        return handle

    def delete(self) -> None:
        """Forget everything; raises BusyError while a stack runs here."""
        handle = self.lock()
        shutil.rmtree(self.path)
        os.close(handle)


CHECKOUT: Final = Folder(ROOT / ".local")
"""The folder `make run` uses."""
