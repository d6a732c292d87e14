"""Posts what happens in the world from now on to the front door, signed as Rails would."""

import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from events.world.feed import Feed
from events.world.sender import RefusedError, UnreachableError, send
from events.world.world import WORLDS
from infra_cdk.local.deployed import Deployed
from infra_cdk.local.folder import Folder
from infra_cdk.local.seed import simulated
from infra_cdk.local.starter import end_with_the_starter
from infra_cdk.local.world import seeded

SLOT: Final = timedelta(minutes=15)
LONGEST_SLOT: Final = timedelta(hours=6)
"""Of what was missed while nothing ran: fewer and longer slots are drawn sooner."""
DONE_UNTIL: Final = "posted-until"
"""Part of the state and saved with it: what the stack forgets is posted again."""


def main(world: str, history: Path, stack_file: Path) -> None:
    """Deliver for ever, each report when it is due, beginning with what was missed meanwhile."""
    end_with_the_starter()
    deployed = Deployed.read(stack_file)
    told = simulated(WORLDS[world], history)
    feed = Feed(told, around_the_clock=True)
    folder = Folder(stack_file.parent)
    done = folder.state / DONE_UNTIL
    until = (
        datetime.fromisoformat(done.read_text())
        if done.exists()
        else datetime.fromtimestamp(told.until, UTC)
    )
    while True:
        end = until + max(SLOT, min(LONGEST_SLOT, datetime.now(UTC) - until))
        for delivery in feed.deliveries(until, end):
            time.sleep(max(0.0, (delivery.due - datetime.now(UTC)).total_seconds()))
            if seeded(folder) != world:
                return
            try:
                send(delivery, deployed.front_door, deployed.webhook_secret)
            except (RefusedError, UnreachableError) as error:
                print(error, flush=True)
        time.sleep(max(0.0, (end - datetime.now(UTC)).total_seconds()))
        _keep(done, end)
        until = end


def _keep(done: Path, until: datetime) -> None:
    """A new file each time: the last state that was saved shares the old one."""
    partial = done.with_suffix(".partial")
    partial.write_text(until.isoformat())
    partial.replace(done)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
