"""The best possible forecast, known of a synthetic world: `ceiling.csv` in its history's folder.

`python -m events.world --ceiling` writes it, with the columns of a backtest's predictions.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from shared.domain.evaluation import HORIZONS
from shared.history import HistoryError, file_of, whole_records
from shared.ml.features import Floats
from shared.ml.ledger import microseconds
from shared.ml.sample import Sample

COLUMNS = ["tutor_id", "as_of", "horizon_days", "probability"]

type Ceiling = Mapping[tuple[str, int, int], float]
"""Probabilities by tutor, moment (microseconds) and horizon in days."""


def read_ceiling(folder: Path) -> Ceiling:
    """What a history's folder tells of it, mostly nothing; HistoryError for what is no forecast."""
    path = file_of(folder, "ceiling")
    if path is None:
        return {}
    known: dict[tuple[str, int, int], float] = {}
    for record in whole_records(path):
        if record.line == 1 and record.cells == COLUMNS:
            continue
        try:
            tutor_id, as_of, days, probability = record.cells
            at, chance = datetime.fromisoformat(as_of), float(probability)
            if at.tzinfo is None or not 0 <= chance <= 1:
                raise ValueError
            known[tutor_id, microseconds(at), int(days)] = chance
        except ValueError:
            raise HistoryError(f"{path.name} line {record.line} is no forecast") from None
    return known


def unpack_ceiling(content: bytes) -> Ceiling:
    """What a gzipped `ceiling.csv` tells, as the model store keeps it; raises HistoryError."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "ceiling.csv.gz").write_bytes(content)
        return read_ceiling(Path(folder))


def best_possible(known: Ceiling, rows: Sample) -> Floats:
    """Chances to leave of each row within each horizon, (rows, horizons); NaN where not known."""
    found = np.full((len(rows), len(HORIZONS)), np.nan)
    if known:
        for row, (tutor, at) in enumerate(zip(rows.tutor, rows.at.tolist(), strict=True)):
            name = rows.names[tutor]
            found[row] = [known.get((name, at, days), np.nan) for days in HORIZONS]
    return found
