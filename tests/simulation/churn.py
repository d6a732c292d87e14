"""A churn model in force, and what must be true of predictions when a history has ended."""

from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256

from shared.aws.item import adapter
from shared.aws.model_registry import ModelRegistry, Registered
from shared.aws.model_store import MANIFEST
from shared.aws.prediction_table import PredictionTable
from shared.aws.scorecard_table import ScorecardTable
from shared.aws.table import table
from shared.domain.churn_model import Manifest
from shared.domain.prediction import Prediction, Probabilities, shown
from tests.churn_models import packed
from tests.simulation.news import Noticed, news_at
from tests.simulation.workload import BEGIN, TUTORS
from tests.simulation.world import World, container

VERSION = "v-simulated"


def put_in_force(world: World) -> None:
    """Have one model there is, before anything happens."""
    files = _files()
    world.objects |= {f"models/{VERSION}/{name}": content for name, content in files.items()}
    registry = ModelRegistry(table("tutor-quality"))
    manifest = adapter(Manifest).validate_json(files[MANIFEST])
    registry.register(Registered(manifest, sha256(files[MANIFEST]).hexdigest()))
    registry.roll_back(BEGIN, "simulation", VERSION)


def wrong(world: World, noticed: Noticed) -> Iterator[str]:
    """Whoever was scored was predicted since there was news, from all that is known; so it is
    shown, and never did an older prediction come after a newer one."""
    yield from (f"{pk}: a prediction gave way to an older one" for pk in sorted(noticed.gone_back))
    stored = table("tutor-quality")
    scored = {one: ScorecardTable(stored).card(one) for one in TUTORS}
    for tutor_id, found in scored.items():
        if found is None:
            continue
        card, row = found[:2]
        told = PredictionTable(stored).prediction(tutor_id)
        if told is None or told.as_of < min(card.as_of, news_at(noticed, tutor_id, card.as_of)):
            yield f"{tutor_id} was scored, and not predicted since"
            continue
        predicting = container("predict_churn", 0)
        log = predicting.logs.log_since(tutor_id, predicting.looked_at_since(told.as_of))
        again = predicting.predicted(predicting.in_force(), {tutor_id: log}, told.as_of)[tutor_id]
        if again != told:
            yield f"{tutor_id} is not predicted as the log is"
        chances = shown(told.probabilities) if isinstance(told, Prediction) else Probabilities()
        if row.probabilities != chances:
            yield f"{tutor_id} is shown another prediction than the newest"


@cache
def _files() -> Mapping[str, bytes]:
    return packed(VERSION)
