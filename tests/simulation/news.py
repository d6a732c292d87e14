"""What is seen of a simulated table while things happen, which its end does not show."""

from dataclasses import dataclass, field
from datetime import datetime

from shared.aws import key
from shared.domain.log import midnight
from tests.simulation.expression import Item
from tests.simulation.world import World


@dataclass(slots=True)
class Noticed:
    """What was seen of a table meanwhile: when rows of logs last changed, by their places, and
    whose prediction gave way to an older one."""

    changed_at: dict[tuple[str, str], datetime] = field(default_factory=dict)
    gone_back: set[str] = field(default_factory=set)


def watched(world: World) -> Noticed:
    """From now on."""
    noticed = Noticed()

    def told(place: tuple[str, str], before: Item | None, after: Item | None) -> None:
        if place[1].partition("#")[0] in ("S", "E", "PROFILE") and before != after:
            noticed.changed_at[place] = world.now()
        if before and after and place[1] == "PREDICTION" and _moment(after) < _moment(before):
            noticed.gone_back.add(place[0])

    world.dynamo.told = told
    return noticed


def news_at(noticed: Noticed, tutor_id: str, scored_at: datetime) -> datetime:
    """When the tutor's log last changed or what stands in it fell due, or the night of the score.

    Whoever scores once more, because a message comes twice, finds nothing new; if that worker dies
    nothing is lost but a later moment on the scorecard.
    """
    moments = [midnight(scored_at)]
    for (pk, sk), changed_at in noticed.changed_at.items():
        if pk == key.tutor(tutor_id):
            moments.append(changed_at)
            _, *rest = sk.split("#")
            moments += [datetime.fromisoformat(rest[0])] if rest else []
    return max(one for one in moments if one <= scored_at)


def _moment(prediction: Item) -> str:
    told: str = prediction["predicted_at"]["S"]
    return told
