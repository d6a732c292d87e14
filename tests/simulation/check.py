"""What must be true when a history has ended, however it went.

What was accepted is applied to an empty table once more, one report after the other and without
faults, and compared: the merge is the product's own, for that it does not depend on order is proven
by its own properties; whether each report got there exactly once is what is looked at here.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from shared.aws import key
from shared.aws.apply import apply
from shared.aws.inbox import InboxTable
from shared.aws.item import Item
from shared.aws.scoring import Scoring
from shared.aws.table import table
from shared.aws.tutor_log import LogTable
from tests.simulation.dynamo import Dynamo
from tests.simulation.world import World
from tests.table import TABLE

REPORTED: Final = ("SESSION", "PROFILE", "S#", "E#")
"""Sort keys of what reports say, beside what is computed of it."""


def wrong(world: World, accepted: Iterable[str]) -> Iterator[str]:
    """Sentences on what must never be, of a world in which these deliveries were answered 202."""
    yield from _left_over(world)
    again = Dynamo(TABLE)
    store = table("tutor-quality")
    for webhook_id in sorted(set(accepted)):
        item = world.dynamo.at(key.inbox(webhook_id))
        if item is None:
            yield f"{webhook_id} was answered 202 and is lost"
        elif item["state"]["S"] != "applied":
            yield f"{webhook_id} was answered 202 and is {item['state']['S']}"
        else:
            found = InboxTable(store).delivery(webhook_id)
            if found is not None:
                with _in_place_of(world, again):
                    apply(found[0], LogTable(store), world.now)
    before, after = _reported(world.dynamo), _reported(again)
    for place in sorted(before.keys() | after.keys()):
        if before.get(place) != after.get(place):
            yield f"{' / '.join(place)} is not what was reported"
    for tutor in sorted({pk for pk, _ in (*before, *after) if pk.startswith(key.tutor(""))}):
        yield from _score_wrong(world, again, tutor.removeprefix(key.tutor("")))


def _left_over(world: World) -> Iterator[str]:
    for pk, sk, item in world.dynamo.all():
        if "pending_since" in item:
            yield f"{pk} / {sk} is still pending"
    for name, queue in world.sqs.queues.items():
        if queue.messages and any(source.queue == name for source in world.sources):
            yield f"{len(queue.messages)} messages are still in the {name} queue"


def _score_wrong(world: World, again: Dynamo, tutor_id: str) -> Iterator[str]:
    """Whether the stored scorecard is what the log, as it should be, gives at its moment."""
    place = key.scorecard(tutor_id)
    card = world.dynamo.at(place)
    if card is None:
        yield f"{tutor_id} was never scored"
        return
    again.items.setdefault(place.pk, {})[place.sk] = card
    with _in_place_of(world, again):
        if Scoring.of(table("tutor-quality")).drifted(tutor_id):
            yield f"the scorecard of {tutor_id} is not that of its log"


def _reported(dynamo: Dynamo) -> dict[tuple[str, str], Item]:
    """What reports say; a version counts the writes it took, and may differ."""
    return {
        (pk, sk): {name: value for name, value in item.items() if name != "version"}
        for pk, sk, item in dynamo.all()
        if sk.startswith(REPORTED) and not sk.startswith("SCORECARD")
    }


@contextmanager
def _in_place_of(world: World, other: Dynamo) -> Iterator[None]:
    """Let calls go to another table for a while."""
    kept, world.dynamo = world.dynamo, other
    try:
        yield
    finally:
        world.dynamo = kept
