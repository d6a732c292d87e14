"""The one address of the local run: `/api/*` goes to the HTTP API, all else is the site.

As CloudFront does it, and beside it the sign-in pages that Cognito serves under an address of their
own. The API's requests and answers pass through as they are, but for the header by which the API
knows which way they came. The door itself says only 400 to what is no proper request, 404 where
there is nothing, 408 to a body that never ends, 413 above API Gateway's 10 MB, and 503 when nobody
answers behind it or the function broke off.
"""

import argparse
import asyncio
import contextlib
import io
import os
import signal
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import aiohttp
from aiohttp import web
from aiohttp.http_exceptions import PayloadEncodingError
from multidict import CIMultiDict
from yarl import URL

from infra_cdk.local.sign_in_page import HEADERS as SIGN_IN_HEADERS
from infra_cdk.local.sign_in_page import sign_in_page
from infra_cdk.site_file import cache_of, file_of, headers, type_of
from shared.aws.entrance import HEADER

AUTHORIZE, TOKEN, LOGIN, LOGOUT = "/oauth2/authorize", "/oauth2/token", "/login", "/logout"
"""What Cognito serves under its own domain, and the local stage under the site's."""
ENTRANCE: Final = "ENTRANCE"
"""The variable that tells the value of that header: arguments are for everybody to see."""
_LIMIT_BYTES: Final = 10 * 1024 * 1024
_GATEWAY_SECONDS: Final = 30
_AT_ONCE: Final = 4
"""Requests handed on at the same time; every one of them may start another Lambda worker."""
_BROKEN_OFF: Final = frozenset({500, 502, 504})
"""What a gateway says of a function that crashed or ran out of time; it may pass on a retry."""
_HOP_BY_HOP: Final = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


class _RefusedError(Exception):
    """The door answers this itself."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class FrontDoor:
    """Hands requests to one HTTP API of the emulator; `site` is the folder of the built site."""

    def __init__(
        self, endpoint: str, api_id: str, site: Path | None = None, *, entrance: str
    ) -> None:
        self._endpoint, self._site, self._entrance = endpoint, site, entrance
        self._host = f"{api_id}.execute-api.localhost:{URL(endpoint).port}"
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._session = aiohttp.ClientSession(
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            connector=aiohttp.TCPConnector(limit=_AT_ONCE),
            skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
            timeout=aiohttp.ClientTimeout(total=_GATEWAY_SECONDS, sock_connect=5),
        )

    async def close(self) -> None:
        await self._session.close()

    def server(self) -> web.Server:
        """What listens for this door: bodies stay as they are, headers may be as long as AWS's."""
        return web.Server(
            self.answer,
            auto_decompress=False,
            lingering_time=2,
            max_line_size=16384,
            max_field_size=16384,
        )

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Hand one request on, or refuse it."""
        try:
            path = _path(request.raw_path)
            if path == AUTHORIZE:
                return _sign_in(request)
            if not _behind(path):
                return self._of_the_site(request, path)
            body = await _body(request)
            async with self._turn:
                answer = await self._hand_on(request, path, body)
            return _unavailable() if answer.status in _BROKEN_OFF else answer
        except _RefusedError as refused:
            answer = _message(refused.status, str(refused))
            answer.force_close()  # part of the request may still be on its way
            return answer
        except (web.RequestPayloadError, PayloadEncodingError, aiohttp.InvalidURL, ValueError):
            return _message(400, "Bad Request")
        except (aiohttp.ClientError, OSError, TimeoutError):
            return _unavailable()

    def _of_the_site(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        """A file of the built site."""
        if self._site is None:
            raise _RefusedError(404, "Not Found")
        if request.method not in ("GET", "HEAD"):
            raise _RefusedError(403, "Forbidden")
        name = file_of(unquote(path))
        file = (self._site / name.removeprefix("/")).resolve()
        if not (file.is_relative_to(self._site) and file.is_file()):
            raise _RefusedError(404, "Not Found")
        told = headers() | {"content-type": type_of(name), "cache-control": cache_of(name)}
        answer = web.Response(body=file.read_bytes(), headers=told)
        answer.enable_compression()
        return answer

    async def _hand_on(
        self, request: web.BaseRequest, path: str, body: bytes
    ) -> web.StreamResponse:
        sent = _end_to_end(request.headers)
        if _of_the_api(path):
            sent["Host"], sent[HEADER] = self._host, self._entrance
        async with self._session.request(
            request.method,
            URL(self._endpoint + request.raw_path, encoded=True),
            headers=sent,
            data=io.BytesIO(body) if body else None,
            allow_redirects=False,
        ) as answer:
            return web.Response(
                status=answer.status,
                body=await answer.read(),
                headers=_end_to_end(answer.headers),
            )


def _path(raw_path: str) -> str:
    path = raw_path.partition("?")[0]
    if not path.startswith("/"):
        raise _RefusedError(400, "Bad Request")
    return path


def _of_the_api(path: str) -> bool:
    return path == "/api" or path.startswith("/api/")


def _behind(path: str) -> bool:
    """Whether the emulator answers this: the API, and what Cognito's hosted pages do."""
    return _of_the_api(path) or path in (TOKEN, LOGIN, LOGOUT)


def _sign_in(request: web.BaseRequest) -> web.StreamResponse:
    return web.Response(text=sign_in_page(request.query), headers=SIGN_IN_HEADERS)


async def _body(request: web.BaseRequest) -> bytes:
    """The raw bytes, not decompressed, up to what API Gateway takes."""
    too_large = _RefusedError(413, "Request Entity Too Large")
    if (request.content_length or 0) > _LIMIT_BYTES:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(_GATEWAY_SECONDS):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > _LIMIT_BYTES:
                    raise too_large
    except TimeoutError:
        raise _RefusedError(408, "Request Timeout") from None
    return bytes(body)


def _end_to_end(headers: Mapping[str, str]) -> CIMultiDict[str]:
    """All headers but those of one hop, repeated ones included."""
    return CIMultiDict(
        (name, value) for name, value in headers.items() if name.lower() not in _HOP_BY_HOP
    )


def _message(
    status: int, message: str, headers: Mapping[str, str] | None = None
) -> web.StreamResponse:
    """An answer in API Gateway's own shape."""
    return web.json_response({"message": message}, status=status, headers=headers)


def _unavailable() -> web.StreamResponse:
    return _message(503, "Service Unavailable", {"Retry-After": "2"})


async def serve(port: int, endpoint: str, api_id: str, site: Path | None, entrance: str) -> None:
    """Stand at the port of the loopback until standard input closes or a signal comes."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    threading.Thread(target=_when_the_starter_ends, args=(loop, ended), daemon=True).start()
    door = FrontDoor(endpoint, api_id, site, entrance=entrance)
    server = door.server()
    listening = await loop.create_server(server, "127.0.0.1", port, backlog=1024)
    await ended.wait()
    listening.close()
    await server.shutdown(timeout=2)
    await door.close()


def _when_the_starter_ends(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    while os.read(0, 1024):
        pass
    with contextlib.suppress(RuntimeError):  # the loop has ended before us
        loop.call_soon_threadsafe(ended.set)


def main() -> None:
    """Started by the local stack, one process each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("endpoint")
    parser.add_argument("api_id")
    parser.add_argument("--site", type=Path)
    asked = parser.parse_args()
    entrance = os.environ[ENTRANCE]
    asyncio.run(serve(asked.port, asked.endpoint, asked.api_id, asked.site, entrance))


if __name__ == "__main__":
    main()
