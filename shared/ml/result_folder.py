"""The folder a backtest leaves: all of its files or none."""

import csv
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from shared.domain.evaluation import HORIZONS
from shared.ml.backtest import Backtest
from shared.ml.ledger import instant
from shared.ml.model import ChurnModel, pack
from shared.ml.report import write

COLUMNS = ("tutor_id", "as_of", "horizon_days", "label", "probability", "logistic", "recency")
PREDICTIONS = "predictions.csv"


def write_backtest(found: Backtest, folder: Path) -> None:
    """`report.json`, `report.html` and `predictions.csv`."""
    with staged(folder) as inside:
        write(found.report, inside)
        write_predictions(found, inside / PREDICTIONS)


def write_model(model: ChurnModel, folder: Path) -> None:
    """The model's files, as the model store keeps them."""
    with staged(folder) as inside:
        for name, content in pack(model).items():
            (inside / name).write_bytes(content)


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """A folder to write into, beside the one that is wanted; its files are moved there at the end.

    What is there under the same names is replaced; where anything fails nothing is.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield beside
        folder.mkdir(exist_ok=True)
        for path in sorted(beside.iterdir()):
            path.replace(folder / path.name)
    finally:
        shutil.rmtree(beside)


def write_predictions(found: Backtest, path: Path) -> None:
    """One row for each tutor-moment and horizon whose outcome is certain, by tutor and time."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(COLUMNS)
        out.writerows(_rows(found))


def _rows(found: Backtest) -> Iterator[tuple[str | int, ...]]:
    tested = found.tested
    closed = np.stack([tested.closed(days) for days in HORIZONS], axis=1)
    left = np.stack([tested.leaves_within(days) for days in HORIZONS], axis=1)
    said = [found.said[name] for name in ("promoted", "logistic", "recency")]
    for row in range(len(tested)):
        who = tested.names[tested.tutor[row]]
        at = f"{instant(int(tested.at[row])):%Y-%m-%dT%H:%M:%SZ}"
        for place, days in enumerate(HORIZONS):
            if closed[row, place]:
                chances = (f"{each[row, place]:.9g}" for each in said)
                yield (who, at, days, int(left[row, place]), *chances)
