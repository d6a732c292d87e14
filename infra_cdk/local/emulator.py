"""The emulator as a process: installed apart, bound to the loopback, ended with its workers."""

import contextlib
import fcntl
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Final

from infra_cdk.local.folder import Folder
from infra_cdk.package.code import BUILD
from infra_cdk.package.uv import install_locked, uv

ACCOUNT: Final = "000000000000"
REGION: Final = "us-east-1"
_LOCK_FILE: Final = Path(__file__).with_name("ministack.lock")
_SERVICES: Final = (
    "apigateway",
    "cloudformation",
    "cloudfront",
    "cognito-idp",
    "dynamodb",
    "events",
    "iam",
    "lambda",
    "logs",
    "s3",
    "scheduler",
    "secretsmanager",
    "ses",
    "sqs",
    "sts",
)
_PORTS: Final = range(10_240, 32_768)
"""Below those that systems give to outgoing connections."""
_START_SECONDS: Final = 60
_STOP_SECONDS: Final = 120


class EmulatorError(Exception):
    """The emulator did not start, or ended by itself."""


def free_port() -> int:
    """A port of the loopback that nobody uses now, and that no outgoing connection is ever given.

    Drawn by lot, since others may look for one at once: each takes it some seconds later.
    """
    draw = random.SystemRandom()
    while not is_free(port := draw.choice(_PORTS)):
        pass
    return port


def install() -> Path:
    """The Python of the emulator's own environment, made at the first call and kept."""
    home = BUILD / "emulator"
    python = home / "bin" / "python"
    wanted = _LOCK_FILE.read_text()
    made_from = home / "made_from.lock"
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "emulator.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two stacks may start for the first time at once
        if made_from.exists() and made_from.read_text() == wanted:
            return python
        uv("venv", "--quiet", "--clear", "--python", "3.13", str(home))
        install_locked(_LOCK_FILE, "--compile-bytecode", "--python", str(python))
        made_from.write_text(wanted)
    return python


def is_free(port: int) -> bool:
    """Whether a server could listen at this port of the loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Emulator:
    """One emulator and the warm Lambda workers it starts, in a process group of their own."""

    def __init__(
        self, folder: Folder, *, port: int, keep_state: bool, lock: int, relay: str = ""
    ) -> None:
        self._folder, self._keep_state, self._lock = folder, keep_state, lock
        self._relay = relay
        self._process: subprocess.Popen[bytes] | None = None
        self.port = port

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start and wait until it answers; raises EmulatorError with the end of its log."""
        python = install()
        self._folder.path.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self._folder.temporary, ignore_errors=True)
        self._folder.temporary.mkdir(parents=True)
        with self._folder.log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(python), "-P", str(Path(__file__).with_name("ministack_main.py"))],
                cwd=self._folder.path,
                env=self._environment(),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=[self._lock],
            )
        self._await_ready()

    def stop(self) -> None:
        """End it cleanly, so that it saves what it holds, and end every worker."""
        if self._process is None:
            return
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End it and its workers at once; whatever it had not saved is lost."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()
        self._process = None

    def workers(self) -> list[int]:
        """Process ids of the warm Lambda workers."""
        return [] if self._process is None else _children(self._process.pid)

    def kill_workers(self) -> int:
        """Crash every function that is running now; returns how many workers died."""
        killed = 0
        for worker in self.workers():
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
                killed += 1
        return killed

    def _environment(self) -> dict[str, str]:
        """Nothing of ours leaks in: Lambda workers inherit this environment."""
        keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return keep | {
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "SERVICES": ",".join(_SERVICES),
            "AUTH": "true",
            "IOT_MTLS_ENABLED": "false",
            "SFTP_ENABLED": "false",
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "local",
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_REGION": REGION,
            "PERSIST_STATE": "1" if self._keep_state else "0",
            "STATE_DIR": str(self._folder.state),
            "S3_PERSIST": "1" if self._keep_state else "0",
            "S3_DATA_DIR": str(self._folder.objects),
            "TMPDIR": str(self._folder.temporary),
            "LOG_LEVEL": "INFO",
            "SMTP_HOST": self._relay,
            "LAMBDA_WARM_TTL_SECONDS": "600",
            "CLOUDTRAIL_RECORDING": "0",
            # Lambda's disk is read-only: what was not shipped compiled is compiled every time.
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def _await_ready(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            with contextlib.suppress(OSError, ValueError):
                url = f"{self.endpoint}/_ministack/ready"
                with urllib.request.urlopen(url, timeout=1) as answer:
                    if json.load(answer).get("status") == "completed":
                        return
            time.sleep(0.05)
        self.kill()
        tail = self._folder.log.read_text(errors="replace").splitlines()[-15:]
        raise EmulatorError("The emulator did not start:\n" + "\n".join(tail))


def _children(parent: int) -> list[int]:
    """Child processes, asked from `ps` so that it works on every Unix."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], check=True, capture_output=True, text=True
    ).stdout
    pairs = (line.split() for line in listed.splitlines())
    return [int(pid) for pid, ppid in pairs if int(ppid) == parent]
