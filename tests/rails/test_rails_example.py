"""The Rails example under real Ruby, and its requests before the public verifier."""

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from events.sample import sample

EXAMPLE = Path(__file__).parents[2] / "examples/rails"
SECRET = "whsec_bG9jYWwtZGV2ZWxvcG1lbnQtc2VjcmV0LTAx"

needs_ruby = pytest.mark.skipif(
    shutil.which("ruby") is None and "REQUIRE_RAILS" not in os.environ, reason="no ruby here"
)
needs_curl = pytest.mark.skipif(
    None in (shutil.which("curl"), shutil.which("openssl")), reason="no curl or no openssl"
)


@dataclass
class Receiver:
    """Verifies what it gets as the public library does, and answers 202 or 401."""

    port: int = 0
    accepted: list[tuple[str, bytes]] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        url = f"http://127.0.0.1:{self.port}"
        return {**os.environ, "TUTOR_QUALITY_URL": url, "TUTOR_QUALITY_WEBHOOK_SECRET": SECRET}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    received = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            try:
                Webhook(SECRET).verify(body, dict(self.headers), json_parse=False)
                assert self.headers["content-type"] == "application/json"
            except Exception:
                self.send_response(401)
            else:
                received.accepted.append((self.path, body))
                self.send_response(202)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        received.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield received
        server.shutdown()
        thread.join()


@needs_ruby
def test_the_ruby_tests_pass() -> None:
    run = subprocess.run(
        ["ruby", "-w", EXAMPLE / "test/run.rb"], capture_output=True, text=True, timeout=120
    )

    assert run.returncode == 0, run.stdout + run.stderr


@needs_ruby
@pytest.mark.parametrize("name", ["session_completed", "session_rescheduled_with_unicode_reason"])
def test_what_ruby_signs_the_public_library_accepts(name: str, receiver: Receiver) -> None:
    sent = sample(name)

    run = subprocess.run(
        ["ruby", EXAMPLE / "bin/post", sent.path, "-"],
        input=sent.text,
        capture_output=True,
        env=receiver.environment(),
        timeout=30,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    assert receiver.accepted == [(sent.path, sent.text)]


@needs_curl
def test_the_shell_command_of_the_readme_works(receiver: Receiver) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", (EXAMPLE / "README.md").read_text("utf-8"), re.DOTALL)
    command = next(block for block in blocks if "openssl dgst" in block)

    run = subprocess.run(
        ["sh", "-ec", command],
        capture_output=True,
        text=True,
        env=receiver.environment(),
        timeout=30,
    )

    assert run.returncode == 0, run.stderr
    assert run.stdout.split()[1] == "202"
    assert [path for path, _ in receiver.accepted] == ["/api/sessions"]
