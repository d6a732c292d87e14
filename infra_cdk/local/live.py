"""Posts what happens in the world from now on to the front door, signed as Rails would."""

import json
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np

from events.world.live import Delivery, live_deliveries
from events.world.world import WORLDS
from infra_cdk.local.deployed import Deployed
from infra_cdk.local.seed import simulated
from infra_cdk.local.starter import end_with_the_starter
from shared.signature import sign

PACE: Final = 6.0
"""A demo marketplace reports once in two minutes; so does ours every twenty seconds."""
ATTEMPTS: Final = 5


def main(world: str, history: Path, stack_file: Path) -> None:
    """Deliver for ever, each report when it is due."""
    end_with_the_starter()
    deployed = Deployed.read(stack_file)
    now = datetime.now(UTC)
    drawn = live_deliveries(
        simulated(WORLDS[world], history), now, np.random.default_rng(), pace=PACE
    )
    for delivery in drawn:
        time.sleep(max(0.0, (delivery.due - datetime.now(UTC)).total_seconds()))
        deliver(delivery, deployed)


def deliver(delivery: Delivery, deployed: Deployed) -> None:
    """Post one report; what may pass is tried again with growing pauses, as Rails's job does."""
    body = json.dumps(delivery.body).encode()
    for attempt in range(ATTEMPTS):
        try:
            _post(delivery, body, deployed)
        except urllib.error.HTTPError as refused:
            if refused.code not in (429, 503):
                print(f"{delivery.webhook_id}: {refused.code} {refused.read().decode()}")
                return
        except OSError:
            pass
        else:
            return
        time.sleep(2**attempt)


def _post(delivery: Delivery, body: bytes, deployed: Deployed) -> None:
    attempted_at = int(time.time())
    signature = sign(deployed.webhook_secret, delivery.webhook_id, attempted_at, body)
    request = urllib.request.Request(
        f"{deployed.front_door}/api/{delivery.kind}",
        data=body,
        headers={
            "content-type": "application/json",
            "webhook-id": delivery.webhook_id,
            "webhook-timestamp": str(attempted_at),
            "webhook-signature": signature,
        },
    )
    with urllib.request.urlopen(request, timeout=35):
        return


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
