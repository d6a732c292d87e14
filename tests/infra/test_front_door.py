"""The front door hands everything on as it came, and never breaks by itself."""

import asyncio
import gzip
import socket
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import unused_port

from infra_cdk.local import front_door
from infra_cdk.local.front_door import FrontDoor

API = "0123abcd"
MIB = 1024 * 1024


@dataclass
class Behind:
    """An HTTP API that remembers what reached it, and answers what a test tells it to."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    seen: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.seen.append((request.method, request.raw_path, headers, await request.content.read()))
        return web.Response(status=self.status, body=self.body, headers=self.headers)


def through(behind: Behind | None, *requests: bytes) -> list[bytes]:
    """Send raw requests through a door and return the raw answers; None: nobody is behind it."""

    async def all_of_it() -> list[bytes]:
        port = unused_port()
        listening: list[asyncio.Server] = []
        loop = asyncio.get_running_loop()
        if behind:
            upstream = web.Server(behind.answer, auto_decompress=False)
            listening.append(await loop.create_server(upstream, "127.0.0.1", port))
        door = FrontDoor(f"http://127.0.0.1:{port}", API, entrance="by the door")
        entrance = unused_port()
        listening.append(await loop.create_server(door.server(), "127.0.0.1", entrance))
        try:
            return [await asyncio.to_thread(spoken, entrance, request) for request in requests]
        finally:
            await door.close()
            for server in listening:
                server.close()

    return asyncio.run(all_of_it())


def spoken(port: int, request: bytes) -> bytes:
    """Say something to a server and read until it hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(request)
        answer = b""
        while chunk := line.recv(65536):
            answer += chunk
    return answer


def post(path: str, body: bytes, *headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize(
    "body",
    [b"\xff\xfe\x00", b"", b'{"a":"\xc3\xa9"}', gzip.compress(b"{}"), bytes(range(256)) * 999],
    ids=["not UTF-8", "empty", "JSON", "gzip", "binary"],
)
def test_a_body_reaches_the_api_byte_by_byte(body: bytes) -> None:
    behind = Behind()

    through(behind, post("/api/sessions", body, "Content-Encoding: gzip"))

    assert behind.seen[0][3] == body


def test_method_path_query_and_headers_reach_the_api_as_they_came() -> None:
    behind = Behind()
    path = "/api/../tutors/%2Fa%20b;x=1/?q=%zz&a=1&a=2&=&b"

    through(behind, post(path, b"{}", "webhook-id: msg_1", "X-Odd: a", "X-Odd: b"))

    method, seen, headers, _ = behind.seen[0]
    assert (method, seen) == ("POST", path)
    assert headers["webhook-id"] == "msg_1"
    assert headers["host"].startswith(f"{API}.execute-api.localhost:")


def test_nothing_is_added_to_what_the_client_sent_but_by_which_way_it_came() -> None:
    behind = Behind()

    through(behind, post("/api/sessions", b"{}"))

    assert set(behind.seen[0][2]) == {"host", "content-length", "x-entrance"}


def test_what_a_client_says_of_its_way_does_not_reach_the_api() -> None:
    behind = Behind()

    through(behind, post("/api/sessions", b"{}", "X-Entrance: mine", "x-entrance: mine, too"))

    assert behind.seen[0][2]["x-entrance"] == "by the door"


def test_an_answer_comes_back_as_it_was() -> None:
    packed = gzip.compress(b"[]")
    behind = Behind(409, packed, {"Content-Encoding": "gzip", "ETag": '"1"', "X-Odd-Case": "a"})

    (answer,) = through(behind, post("/api/sessions", b"{}"))

    head, _, body = answer.partition(b"\r\n\r\n")
    assert status(answer) == 409
    assert body == packed
    assert b"Content-Encoding: gzip" in head
    assert b'ETag: "1"' in head or b'Etag: "1"' in head


def test_ten_megabytes_pass_and_one_byte_more_is_413() -> None:
    behind = Behind()
    fits, too_large = b"x" * 10 * MIB, b"x" * (10 * MIB + 1)

    answers = through(behind, post("/api/sessions", fits), post("/api/sessions", too_large))

    assert [status(answer) for answer in answers] == [200, 413]
    assert len(behind.seen) == 1


def test_a_chunked_body_that_grows_too_large_is_413() -> None:
    head = b"POST /api/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks = b"%x\r\n%s\r\n" % (11 * MIB, b"x" * 11 * MIB)

    (answer,) = through(Behind(), head + chunks)

    assert status(answer) == 413


def test_nobody_behind_the_door_is_503_with_a_time_to_come_back() -> None:
    (answer,) = through(None, post("/api/sessions", b"{}"))

    assert status(answer) == 503
    assert b"Retry-After: 2" in answer


@pytest.mark.parametrize("broken", [500, 502, 504])
def test_a_function_that_broke_off_is_503_with_a_time_to_come_back(broken: int) -> None:
    (answer,) = through(Behind(broken, b"secret trace"), post("/api/sessions", b"{}"))

    assert status(answer) == 503
    assert b"Retry-After: 2" in answer
    assert b"secret trace" not in answer


@pytest.mark.parametrize("path", ["/", "/apis", "/API/health", "/_ministack/reset", "//api/health"])
def test_there_is_nothing_outside_the_api(path: str) -> None:
    behind = Behind()

    (answer,) = through(behind, post(path, b""))

    assert status(answer) == 404
    assert not behind.seen


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\r\n\r\n",
        b"GET http://elsewhere/api/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"POST /api/a HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /api/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /api/\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=["TLS", "another host", "negative length", "broken chunk", "byte in path"],
)
def test_what_is_no_request_is_400(request_: bytes) -> None:
    (answer,) = through(Behind(), request_)

    assert status(answer) == 400


def test_a_body_that_never_ends_is_408(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front_door, "_GATEWAY_SECONDS", 0.2)
    request = b"POST /api/a HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"

    (answer,) = through(Behind(), request)

    assert status(answer) == 408
