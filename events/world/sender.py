"""Posts deliveries as Rails would: signed, and again with growing pauses where that may help."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable

from events.world.delivery import Delivery
from shared.signature import sign

ATTEMPTS = 5
MAY_PASS = (429, 500, 502, 503, 504)
TIMEOUT_SECONDS = 35


class RefusedError(Exception):
    """The answer was no, and the same call would be answered so again."""

    def __init__(self, webhook_id: str, status: int, told: str) -> None:
        super().__init__(f"{webhook_id}: {status} {told}")
        self.status = status


class UnreachableError(Exception):
    """Nobody took it in all attempts; it may be tried again later, and is the same then."""


def send(
    delivery: Delivery,
    address: str,
    secret: str,
    *,
    pause: Callable[[float], None] = time.sleep,
    attempts: int = ATTEMPTS,
) -> None:
    """Post one delivery below `address`; returns when it was taken."""
    body = json.dumps(delivery.body).encode()
    for attempt in range(attempts):
        if attempt:
            pause(2.0 ** (attempt - 1))
        try:
            _post(delivery, body, address, secret)
        except urllib.error.HTTPError as answer:
            if answer.code not in MAY_PASS:
                told = answer.read().decode(errors="replace")
                raise RefusedError(delivery.webhook_id, answer.code, told) from answer
        except OSError:
            continue
        else:
            return
    raise UnreachableError(delivery.webhook_id)


def _post(delivery: Delivery, body: bytes, address: str, secret: str) -> None:
    attempted_at = int(time.time())
    request = urllib.request.Request(
        f"{address}/api/{delivery.kind}",
        data=body,
        headers={
            "content-type": "application/json",
            "webhook-id": delivery.webhook_id,
            "webhook-timestamp": str(attempted_at),
            "webhook-signature": sign(secret, delivery.webhook_id, attempted_at, body),
        },
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):
        return
