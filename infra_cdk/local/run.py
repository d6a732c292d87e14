"""`make run`: the whole system on this machine until Ctrl-C."""

import contextlib
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import FrameType

from infra_cdk.local import saved_state
from infra_cdk.local.emulator import is_free
from infra_cdk.local.folder import Folder
from infra_cdk.local.sign_in import let_people_in
from infra_cdk.local.stack import LocalStack
from infra_cdk.local.starter import stop_module
from infra_cdk.local.world import WorldName, go_on, seed, seeded


@dataclass(frozen=True, slots=True)
class Progress:
    """Prints what is being done, with the seconds since the start."""

    began: float = field(default_factory=time.monotonic)

    def __call__(self, text: str) -> None:
        print(f"[{time.monotonic() - self.began:5.1f} s] {text}", flush=True)


class _StoppedError(BaseException):
    """A signal asked to stop; whatever is going on unwinds."""


def run(folder: Folder, *, port: int, world: WorldName, fresh: bool, webhook_secret: str) -> None:
    """Start everything, say where it is, and stop everything at Ctrl-C or SIGTERM."""
    if not is_free(port):
        raise SystemExit(f"Port {port} is taken; choose another: make run PORT={port + 1}")
    say = Progress()
    stack = LocalStack(
        folder, port=port, keep_state=True, webhook_secret=webhook_secret, site=True, say=say
    )
    held = seeded(folder)
    if not fresh and held not in (None, world):
        stack.close()
        raise SystemExit(
            f"This folder holds the world {held}: go on with it (make run), or forget it "
            f"(make run WORLD={world} FRESH=1)."
        )
    if fresh:
        say("Forgetting what the stack held")
        saved_state.drop(folder)
    behind: list[subprocess.Popen[bytes]] = []
    with _signals():
        try:
            stack.start()
            let_people_in(stack.deployed)
            if seeded(folder) != world:
                seed(stack.deployed, world, folder, say)
            behind.extend(go_on(stack.deployed, world, folder))
            say("Everything runs")
            print(_what_to_try(stack.deployed.front_door), flush=True)
            while stack.emulator.running:
                time.sleep(1)
            say(f"The emulator ended by itself; its last words are in {folder.log}")
        except _StoppedError:
            say("Stopping, and saving what the stack holds")
        finally:
            _ignore_signals()
            for process in behind:
                stop_module(process)
            stack.close()
            say("Stopped")


@contextlib.contextmanager
def _signals() -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise _StoppedError

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ignore_signals() -> None:
    """A second Ctrl-C must not leave half of it running; saving takes seconds."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _what_to_try(address: str) -> str:
    return f"""
READY {address}

  curl {address}/api/health
  TOKEN=$(make -s token ROLE=ops_manager)
  curl -H "Authorization: Bearer $TOKEN" {address}/api/overview
  curl -H "Authorization: Bearer $TOKEN" "{address}/api/tutors?sort=churn_score&limit=5"

Ctrl-C stops it and keeps what it holds; FRESH=1 starts over."""
