"""A town of synthetic tutors, learnt from once for all tests here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from events.world.history import simulate, write_history
from events.world.world import World
from shared.domain.log import Log
from shared.history import read_past
from shared.ml.ledger import Ledger
from shared.ml.model import ChurnModel
from shared.ml.train import train

END = datetime(2026, 11, 21, tzinfo=UTC)
UNTIL = END - timedelta(days=60)
TOWN, SEED = World("town", tutors=150, days=180), 5


@dataclass(frozen=True, slots=True)
class Town:
    """Logs to END, and the model of what was known at UNTIL."""

    logs: Mapping[str, Log]
    ledgers: Mapping[str, Ledger]
    model: ChurnModel


def logs_of(world: World, seed: int, folder: Path) -> dict[str, Log]:
    """The logs of a world, the way a history is read."""
    write_history(simulate(world, seed, END), folder)
    return read_past(folder).logs()


@pytest.fixture(scope="package")  # let go of before other tests: a gigabyte slows them all
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    logs = logs_of(TOWN, SEED, tmp_path_factory.mktemp("town"))
    ledgers = {name: Ledger.of(log) for name, log in logs.items()}
    return Town(logs, ledgers, train(ledgers, UNTIL, threads=1, trained_at=END))
