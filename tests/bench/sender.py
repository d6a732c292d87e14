"""Posts signed deliveries as Rails would, over a bounded number of kept-alive connections."""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp

from shared.signature import sign
from tests.bench.history import Body

RETRIES = 20


@dataclass(frozen=True, slots=True)
class Post:
    """One delivery; a duplicate carries the same webhook id."""

    kind: str
    webhook_id: str
    body: Body


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a post: the last status, and the seconds of the last attempt."""

    post: Post
    status: int
    duplicate: bool
    seconds: float
    attempts: int


def post_all(address: str, secret: str, posts: Sequence[Post], connections: int) -> list[Answer]:
    """Deliver everything, each until it is answered for good; in no particular order."""
    return asyncio.run(_post_all(address, secret, posts, connections))


async def _post_all(
    address: str, secret: str, posts: Sequence[Post], connections: int
) -> list[Answer]:
    waiting = iter(posts)
    answers: list[Answer] = []
    connector = aiohttp.TCPConnector(limit=connections)
    async with aiohttp.ClientSession(address, connector=connector) as session:

        async def work() -> None:
            for post in waiting:
                answers.append(await _deliver(session, secret, post))

        await asyncio.gather(*(work() for _ in range(connections)))
    return answers


async def _deliver(session: aiohttp.ClientSession, secret: str, post: Post) -> Answer:
    raw = json.dumps(post.body).encode()
    for attempt in range(1, RETRIES + 1):
        began = time.perf_counter()
        async with session.post(
            f"/api/{post.kind}", data=raw, headers=_headers(secret, post.webhook_id, raw)
        ) as got:
            answer = await got.read()
        took = time.perf_counter() - began
        if got.status not in (429, 503) or attempt == RETRIES:
            break
        await asyncio.sleep(min(2.0, 0.1 * 2**attempt))
    duplicate = got.status == 202 and bool(json.loads(answer)["duplicate"])
    return Answer(post, got.status, duplicate, took, attempt)


def _headers(secret: str, webhook_id: str, raw: bytes) -> dict[str, str]:
    seconds = int(time.time())
    return {
        "content-type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": sign(secret, webhook_id, seconds, raw),
    }
