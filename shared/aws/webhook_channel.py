"""Alerts by webhook: the only place that connects to where somebody else's setting says.

Of a name's addresses each one is checked, and what was checked is what is connected to: a name
that points inwards, or does so at the second look, leads nowhere. The certificate is still that
of the name.
"""

import http.client
import ipaddress
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from shared.channel import (
    SLACK_HOSTS,
    Alert,
    Hook,
    PermanentError,
    TransientError,
    UnansweredError,
    slack_message,
)

PORT: Final = 443
SECONDS: Final = 3.0
"""For connecting, and for each answer that is waited for."""
DEADLINE_SECONDS: Final = 8.0
"""For all of it once the name is looked up, so that a trickle of bytes holds nobody up."""
MOST_BYTES: Final = 64 * 1024
"""Of an answer; what is longer is cut."""
MOST_RETRY_AFTER: Final = 24 * 3_600

_PUBLIC_V6: Final = ipaddress.IPv6Network("2000::/3")
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")

type Lookup = Callable[[str], Sequence[str]]
type Connect = Callable[[str, float], socket.socket]


def public(address: str) -> bool:
    """Whether an address is one of the open internet, also where it wraps another one."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return _public(ip.ipv4_mapped)
        if ip in _NAT64:
            return _public(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
        # What is left outside of 2000::/3 is private, local or of old ways to wrap IPv4; 6to4 and
        # Teredo are inside of it, and not global.
        return ip in _PUBLIC_V6 and _public(ip)
    return _public(ip)


def _public(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return ip.is_global and not ip.is_multicast


def addresses(host: str) -> list[str]:
    """The addresses of a name, each once."""
    found = socket.getaddrinfo(host, PORT, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(where[0]) for *_, where in found))


def connected(address: str, seconds: float) -> socket.socket:
    """A connection to an address."""
    return socket.create_connection((address, PORT), seconds)


@dataclass(frozen=True, slots=True)
class WebhookChannel:
    """Posts alerts as Slack takes them to https URLs on hosts that are allowed.

    No proxy is used, no redirect is followed. What breaks once it was sent may have been taken:
    webhooks know no idempotency.
    """

    hosts: Set[str] = SLACK_HOSTS
    lookup: Lookup = addresses
    connect: Connect = connected
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    seconds: float = SECONDS
    deadline_seconds: float = DEADLINE_SECONDS

    def send(self, to: str, alert: Alert) -> str:
        """Post an alert to a URL; what was answered. Raises a ChannelError."""
        hook = Hook.of(to, self.hosts)
        body = json.dumps(slack_message(alert)).encode()
        try:
            status, retry_after, answer = self._posted(hook, body)
        except (OSError, http.client.HTTPException) as error:
            raise TransientError(type(error).__name__) from error
        if 200 <= status < 300:
            return answer.decode(errors="replace")
        said = f"answered {status}"
        if status == HTTPStatus.TOO_MANY_REQUESTS or status >= 500:
            raise TransientError(said, retry_after)
        raise PermanentError(said)

    def _posted(self, hook: Hook, body: bytes) -> tuple[int, int | None, bytes]:
        """Status, the seconds to wait if it says so, and the beginning of the answer."""
        found = self._checked(hook.host)
        until = time.monotonic() + self.deadline_seconds
        with self._reached(found, until) as plain, _cut_off(plain, until):
            connection = http.client.HTTPSConnection(hook.host, context=self.tls)
            connection.auto_open = 0  # never to an address that nobody checked
            connection.sock = self.tls.wrap_socket(plain, server_hostname=hook.host)
            try:
                with _unanswered():
                    connection.request(
                        "POST", hook.target, body, {"Content-Type": "application/json"}
                    )
                    answered = connection.getresponse()
                wait = _seconds(answered.getheader("Retry-After"))
                return answered.status, wait, _beginning(answered)
            finally:
                connection.close()

    def _checked(self, host: str) -> Sequence[str]:
        """The addresses of a host, if each of them may be connected to."""
        found = self.lookup(host)
        if not found or not all(map(public, found)):
            raise PermanentError("leads to an address that is not public")
        return found

    @contextmanager
    def _reached(self, found: Sequence[str], until: float) -> Iterator[socket.socket]:
        """A connection to the first of some addresses that answers."""
        failed: OSError = TimeoutError()
        for address in found:
            left = until - time.monotonic()
            if left <= 0:
                break
            try:
                plain = self.connect(address, min(self.seconds, left))
            except OSError as error:
                failed = error
                continue
            plain.settimeout(self.seconds)
            with plain:
                yield plain
            return
        raise failed


@contextmanager
def _unanswered() -> Iterator[None]:
    """What breaks in here may have reached whoever it was for."""
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        raise UnansweredError(type(error).__name__) from error


def _beginning(answered: http.client.HTTPResponse) -> bytes:
    """What of an answer came; it was taken or refused by its status, however the rest breaks."""
    try:
        return answered.read(MOST_BYTES)
    except (OSError, http.client.HTTPException):
        return b""


@contextmanager
def _cut_off(plain: socket.socket, until: float) -> Iterator[None]:
    """Shut a connection down at a deadline, whatever is being waited for then."""
    # A copy: the TLS connection takes over the original.
    same = plain.dup()
    timer = threading.Timer(max(0.0, until - time.monotonic()), _shut, [same])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        same.close()


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it is closed already


def _seconds(header: str | None) -> int | None:
    """Retry-After in seconds; None for none, and for a date."""
    if header is None or not header.isdecimal():
        return None
    return min(MOST_RETRY_AFTER, int(header[:9]))
