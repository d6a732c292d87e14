"""Loads the older part of a seeded world behind the running stack, then trains on all of it.

Both may be broken off at any point; the next start goes on.
"""

import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from events.world.ceiling import ceiling, write_ceiling
from events.world.history import History
from events.world.world import WORLDS
from infra_cdk.local.deployed import Deployed
from infra_cdk.local.folder import Folder
from infra_cdk.local.history_import import import_history, table_of
from infra_cdk.local.seed import simulated
from infra_cdk.local.starter import end_with_the_starter
from shared.aws.model_registry import ModelRegistry
from shared.aws.model_store import ModelStore
from shared.domain.evaluation import HEADLINE, HORIZONS
from shared.ml.nightly import judging

CLOSING = tuple(days for days in HORIZONS if days <= HEADLINE)
"""Horizons of which an outcome closes within a night's test; 90 days never do."""


def main(world: str, folder: Folder, history: Path) -> None:
    """Import the whole history, which goes on from where the seeding stopped; then train.

    The first model is told the best possible forecast, to stand beside it.
    """
    end_with_the_starter()
    deployed = Deployed.read(folder.deployed)
    import_history(deployed, history, folder, quiet=True)
    tell_best_possible(
        simulated(WORLDS[world], history),
        datetime.now(UTC),
        ModelStore(deployed.client("s3"), deployed.model_bucket, ModelRegistry(table_of(deployed))),
    )
    # The clock would, at two in the morning; nobody wants a demo without probabilities.
    deployed.client("lambda").invoke(
        FunctionName=deployed.function_name("train_churn"), InvocationType="Event"
    )


def tell_best_possible(told: History, now: datetime, models: ModelStore) -> None:
    """Keep the world's ceiling, at the midnights that judge tonight's model, beside the models."""
    until = datetime.fromtimestamp(told.until, UTC)
    moments = [at for at in judging(now) if told.midnight < at <= until]
    if not moments:
        return
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ceiling.csv.gz"
        write_ceiling(ceiling(told, moments, CLOSING), path)
        models.put_ceiling(path.read_bytes())


if __name__ == "__main__":
    main(sys.argv[1], Folder(Path(sys.argv[2])), Path(sys.argv[3]))
