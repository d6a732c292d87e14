"""Alerts by webhook reach the open internet only, and nobody holds us up."""

import json
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from shared.aws.webhook_channel import MOST_BYTES, WebhookChannel, addresses, public
from shared.channel import Alert, PermanentError, TransientError, UnansweredError

HOST = "hooks.slack.com"
URL = f"https://{HOST}/services/T0/B0/secret"
ALERT = Alert("Ana's risk rose to critical", ("Churn score 81",), "https://quality.example/t-7")
OUTSIDE = "93.184.215.14"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

type Answer = Callable[[socket.socket], None]


@dataclass
class Server:
    """Somebody's webhook on the loopback: what it was sent, and what it answers."""

    port: int
    trusted: ssl.SSLContext
    answer: Answer = field(default=lambda connection: connection.sendall(OK))
    heard: list[bytes] = field(default_factory=list)
    asked_for: list[str] = field(default_factory=list)

    def answers(self, *parts: bytes) -> None:
        """Say just that."""
        self.answer = lambda connection: connection.sendall(b"".join(parts))

    def connect(self, address: str, seconds: float) -> socket.socket:
        """A connection that was asked for to some address, and leads here."""
        self.asked_for.append(address)
        return socket.create_connection(("127.0.0.1", self.port), seconds)

    def channel(self, *found: str) -> WebhookChannel:
        """A channel for which the host's name has those addresses."""
        return WebhookChannel(
            lookup=lambda host: found or (OUTSIDE,),
            connect=self.connect,
            tls=self.trusted,
            seconds=0.3,
            deadline_seconds=1.0,
        )


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The host's certificate and key, signed by themselves."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl to make a certificate")
    made = tmp_path_factory.mktemp("certificate") / "host.pem"
    command = (
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
        f" -subj /CN=test -addext subjectAltName=DNS:{HOST}"
        f" -addext keyUsage=critical,digitalSignature,keyCertSign -keyout {made} -out {made}.crt"
    )
    subprocess.run(command.split(), check=True, capture_output=True)
    made.write_text(made.read_text() + Path(f"{made}.crt").read_text())
    return made


@pytest.fixture
def server(certificate: Path) -> Iterator[Server]:
    inside = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    inside.load_cert_chain(certificate)
    trusted = ssl.create_default_context(cafile=certificate)
    listening = socket.create_server(("127.0.0.1", 0))
    found = Server(listening.getsockname()[1], trusted)
    thread = threading.Thread(target=serve, args=(found, listening, inside), daemon=True)
    thread.start()
    yield found
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join(5)


def serve(server: Server, listening: socket.socket, inside: ssl.SSLContext) -> None:
    """Answer one connection after the other until nobody listens."""
    while True:
        try:
            plain, _ = listening.accept()
        except OSError:
            return
        with plain:
            try:
                with inside.wrap_socket(plain, server_side=True) as connection:
                    server.heard.append(request(connection))
                    server.answer(connection)
            except OSError:
                continue  # whoever called hung up


def request(connection: socket.socket) -> bytes:
    """One whole request."""
    heard = b""
    while b"\r\n\r\n" not in heard:
        heard += connection.recv(65_536)
    head, _, body = heard.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next(int(x.split(b":")[1]) for x in lines if x.startswith(b"content-length:"))
    while len(body) < length:
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body


def test_an_alert_is_posted_as_slack_takes_it(server: Server) -> None:
    assert server.channel().send(URL, ALERT) == "ok"

    (heard,) = server.heard
    head, _, body = heard.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    assert lines[0] == "POST /services/T0/B0/secret HTTP/1.1"
    assert f"Host: {HOST}" in lines
    assert json.loads(body)["text"] == "Ana's risk rose to critical"
    assert server.asked_for == [OUTSIDE]


# fmt: off
INWARDS = [
    "127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "0.0.0.0",
    "169.254.169.254", "169.254.170.2", "192.0.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1",
    "240.0.0.1", "255.255.255.255",
    "::", "::1", "::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::10.0.0.1",
    "::7f00:1", "fd00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1",
    "64:ff9b::10.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:a00:1::", "2002:7f00:1::1",
    "2002:5db8:d70e::1", "2001::1", "2001:db8::1", "100::1", "4000::1",
    "", "localhost", "1", "0x7f000001", "127.1",
]
# fmt: on


@pytest.mark.parametrize("address", INWARDS)
def test_nobody_is_connected_to_an_address_that_is_not_public(server: Server, address: str) -> None:
    with pytest.raises(PermanentError, match="not public"):
        server.channel(address).send(URL, ALERT)

    assert server.asked_for == []


@pytest.mark.parametrize(
    "address",
    [OUTSIDE, "2606:2800:21f::1", "::ffff:93.184.215.14", "64:ff9b::93.184.215.14"],
)
def test_what_is_public(address: str) -> None:
    assert public(address)


@pytest.mark.parametrize("found", [(OUTSIDE, "10.0.0.1"), ("::1", OUTSIDE)])
def test_one_address_inwards_among_good_ones_is_enough_to_refuse(
    server: Server, found: tuple[str, ...]
) -> None:
    with pytest.raises(PermanentError, match="not public"):
        server.channel(*found).send(URL, ALERT)

    assert server.asked_for == []


def test_a_name_that_means_the_loopback_is_refused(server: Server) -> None:
    """With the machine's own resolver."""
    channel = WebhookChannel(
        frozenset({"localhost"}), lookup=addresses, connect=server.connect, tls=server.trusted
    )

    with pytest.raises(PermanentError, match="not public"):
        channel.send("https://localhost/x", ALERT)

    assert server.asked_for == []


def test_a_name_is_looked_up_once(server: Server) -> None:
    """So that it can not lead elsewhere after it was checked."""
    asked = []

    def lookup(host: str) -> list[str]:
        asked.append(host)
        return [OUTSIDE] if len(asked) == 1 else ["127.0.0.1"]

    WebhookChannel(lookup=lookup, connect=server.connect, tls=server.trusted).send(URL, ALERT)

    assert asked == [HOST]


def test_the_next_address_is_tried_where_one_does_not_answer(server: Server) -> None:
    def connect(address: str, seconds: float) -> socket.socket:
        if address == OUTSIDE:
            raise ConnectionRefusedError
        return server.connect(address, seconds)

    channel = WebhookChannel(
        lookup=lambda host: (OUTSIDE, "93.184.215.15"), connect=connect, tls=server.trusted
    )

    assert channel.send(URL, ALERT) == "ok"
    assert server.asked_for == ["93.184.215.15"]


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Again", "308 There"])
def test_a_redirect_is_refused_and_not_followed(server: Server, status: str) -> None:
    server.answers(f"HTTP/1.1 {status}\r\nLocation: {URL}\r\nContent-Length: 0\r\n\r\n".encode())

    with pytest.raises(PermanentError, match=status[:3]):
        server.channel().send(URL, ALERT)

    assert len(server.heard) == 1


@pytest.mark.parametrize("status", ["400 Bad", "403 No", "404 None", "410 Gone"])
def test_what_is_refused_is_not_tried_again(server: Server, status: str) -> None:
    server.answers(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())

    with pytest.raises(PermanentError, match=status[:3]):
        server.channel().send(URL, ALERT)


@pytest.mark.parametrize(
    ("status", "header", "wait"),
    [
        ("429 Slow", "Retry-After: 30\r\n", 30),
        ("429 Slow", "", None),
        ("429 Slow", "Retry-After: Tue, 24 Nov 2026 12:00:00 GMT\r\n", None),
        ("429 Slow", "Retry-After: " + "9" * 5_000 + "\r\n", 86_400),
        ("500 Oh", "", None),
        ("503 Later", "Retry-After: 5\r\n", 5),
    ],
)
def test_what_passes_may_be_tried_again(
    server: Server, status: str, header: str, wait: int | None
) -> None:
    server.answers(f"HTTP/1.1 {status}\r\n{header}Content-Length: 0\r\n\r\n".encode())

    with pytest.raises(TransientError) as failed:
        server.channel().send(URL, ALERT)

    assert failed.value.retry_after == wait


def test_a_server_that_says_nothing_is_not_waited_for(server: Server) -> None:
    server.answer = lambda connection: time.sleep(1)
    began = time.monotonic()

    with pytest.raises(UnansweredError):
        server.channel().send(URL, ALERT)

    assert time.monotonic() - began < 0.9


def trickle(connection: socket.socket) -> None:
    """A first line that goes on for ten seconds, never silent for long."""
    connection.sendall(b"HTTP/1.1 ")
    for _ in range(100):
        connection.sendall(b"x")
        time.sleep(0.1)


def test_a_trickle_of_bytes_ends_at_the_deadline(server: Server) -> None:
    server.answer = trickle
    began = time.monotonic()

    with pytest.raises(UnansweredError):
        server.channel().send(URL, ALERT)

    assert 0.9 < time.monotonic() - began < 2


def test_a_handshake_that_never_ends_is_not_waited_for(server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        at = mute.getsockname()
        channel = replace(
            server.channel(),
            connect=lambda address, seconds: socket.create_connection(at, seconds),
        )
        with pytest.raises(TransientError):
            channel.send(URL, ALERT)


def test_an_endless_answer_is_cut(server: Server) -> None:
    server.answers(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * (4 * MOST_BYTES))

    assert server.channel().send(URL, ALERT) == "x" * MOST_BYTES


def test_what_was_taken_is_taken_although_the_answer_breaks_off(server: Server) -> None:
    def breaks_off(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok")
        time.sleep(0.6)

    server.answer = breaks_off

    assert server.channel().send(URL, ALERT) == ""


@pytest.mark.parametrize(
    "said", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200]
)
def test_what_is_no_answer_may_have_been_taken(server: Server, said: bytes) -> None:
    server.answers(said)

    with pytest.raises(UnansweredError):
        server.channel().send(URL, ALERT)


def test_somebody_elses_certificate_is_told_nothing(server: Server) -> None:
    channel = replace(server.channel(), hosts=frozenset({"hooks.slack-gov.com"}))

    with pytest.raises(TransientError, match="Cert"):
        channel.send("https://hooks.slack-gov.com/x", ALERT)

    assert server.heard == []


def test_a_certificate_nobody_vouches_for_is_told_nothing(server: Server) -> None:
    channel = replace(server.channel(), tls=ssl.create_default_context())

    with pytest.raises(TransientError, match="Cert"):
        channel.send(URL, ALERT)

    assert server.heard == []


def test_a_proxy_is_not_asked(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    assert server.channel().send(URL, ALERT) == "ok"


def test_a_name_nobody_knows_may_be_known_later() -> None:
    def lookup(host: str) -> list[str]:
        raise socket.gaierror(socket.EAI_AGAIN, "not now")

    with pytest.raises(TransientError):
        WebhookChannel(lookup=lookup).send(URL, ALERT)


def test_a_host_that_is_not_allowed_is_not_even_looked_up() -> None:
    def lookup(host: str) -> list[str]:
        raise AssertionError(host)

    with pytest.raises(PermanentError):
        WebhookChannel(lookup=lookup).send("https://evil.example/", ALERT)
