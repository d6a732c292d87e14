"""Every quarter of an hour, where a stage asks for it: post what a synthetic world goes on with.

A run posts the slot that ends at the moment it was started for, and nothing else: repeated, late
or twice at once, it posts the same webhooks, which the platform takes once.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from events.world.feed import Feed
from events.world.history import simulate
from events.world.sender import RefusedError, UnreachableError, send
from events.world.world import WORLDS
from shared.aws.secret import secret
from shared.setting import Setting

SLOT = timedelta(minutes=15)
ATTEMPTS = 3
GIVEN_UP_AFTER = 2
"""Unreachable deliveries; waiting for more would use up the run's time. Lambda repeats the run."""


class Env(Setting):
    API_URL: str
    WEBHOOK_SECRET_ARN: str
    FEED_WORLD: str
    FEED_SEED: int
    FEED_SINCE: datetime


env = Env.read()
logger = Logger()
feed = Feed(simulate(WORLDS[env.FEED_WORLD], env.FEED_SEED, env.FEED_SINCE))
signing = secret(env.WEBHOOK_SECRET_ARN)


class UndeliveredError(Exception):
    """Not everything was taken; Lambda repeats the run, which then posts the same."""


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """How many webhooks were taken and refused."""
    now = datetime.now(UTC)
    return post_slot(slot_end(event.get("time"), now), signing.in_force(now)[0])


def post_slot(
    end: datetime, key: str, pause: Callable[[float], None] = time.sleep
) -> dict[str, int]:
    """Post what is due in the slot; one refusal does not keep the rest from being posted."""
    taken = refused = unreachable = 0
    for delivery in feed.deliveries(end - SLOT, end):
        try:
            send(delivery, env.API_URL, key, pause=pause, attempts=ATTEMPTS)
            taken += 1
        except RefusedError as error:
            refused += 1
            logger.warning("refused", webhook_id=delivery.webhook_id, status=error.status)
        except UnreachableError:
            unreachable += 1
            if unreachable == GIVEN_UP_AFTER:
                break

    logger.info("fed", taken=taken, refused=refused, unreachable=unreachable, slot=end.isoformat())
    if unreachable:
        raise UndeliveredError
    return {"taken": taken, "refused": refused}


def slot_end(scheduled: str | None, now: datetime) -> datetime:
    """The quarter of an hour a run is for: that of its schedule, however late it starts."""
    at = datetime.fromisoformat(scheduled) if scheduled else now
    return at - (at - datetime.min.replace(tzinfo=UTC)) % SLOT
