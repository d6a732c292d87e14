"""Background processes end with the process that started them, however that one ends."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from infra_cdk.local.folder import ROOT


def start_module(module: str, *arguments: str, log: Path) -> "subprocess.Popen[bytes]":
    """Run one of our modules beside us; it calls `end_with_the_starter` first."""
    with log.open("ab") as said:
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )


def stop_module(process: "subprocess.Popen[bytes]") -> None:
    """End it and what it started; all of these may be broken off anywhere."""
    try:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(5)
    except ProcessLookupError:
        process.wait()
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.stdin:
        process.stdin.close()


def end_with_the_starter() -> None:
    """End this process and its children when standard input closes."""
    threading.Thread(target=_watch, daemon=True).start()


def _watch() -> None:
    while os.read(0, 1024):
        pass
    os.killpg(0, signal.SIGKILL)
