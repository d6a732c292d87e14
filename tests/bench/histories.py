"""What the churn model is worth on histories of real people, split at many dates each.

Trained on what was known at a date, asked about the midnights after it, as `make backtest` is. The
histories lie in `../shared/data` where they are had; without them this part says so.
"""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shared.domain.churn_model import ModelKind
from shared.domain.evaluation import HORIZONS, Measures, within
from shared.history import read_past
from shared.ml.calibration import SLOPES, slope_allowed
from shared.ml.ledger import DAY, Ledger, microseconds
from shared.ml.measure import measures
from shared.ml.record_end import record_end
from shared.ml.reliance import CALIBRATION_GOAL
from shared.ml.sample import midnights, sample
from shared.ml.train import TrainingError, train
from tests.bench.result import Result, Row, Verdict, under

DATA = Path(__file__).parents[3] / "shared" / "data"
KINDS: Mapping[str, ModelKind | None] = {
    "promoted": None, "logistic": "logistic", "recency": "recency",
}  # fmt: skip
THREADS = 2
NOTES = (
    "Means over the splits of which enough outcomes had closed. Calibration error by chance is what"
    " a perfect forecast would show: with so few people, whose rows are alike, it can lie above the"
    " goal, which then can not be met.",
    "These splits were looked at while the way to calibrate was chosen: what carries over to other"
    " histories is the comparison between models, not the third decimal.",
)


@dataclass(frozen=True, slots=True)
class Splits:
    """A history, where it is cut, and for how many days each test asks."""

    name: str
    dates: tuple[str, ...]
    test_days: int


SPLITS = (
    Splits(
        "course",
        ("2023-04-10", "2023-04-24", "2023-05-01", "2023-05-15", "2023-06-01", "2023-06-15"),
        60,
    ),
    Splits(
        "guild",
        ("2010-01-01", "2011-01-01", "2012-01-01", "2013-01-01", "2014-01-01", "2015-01-01"),
        180,
    ),
)


def run(quick: bool) -> Result:
    """A few lines for each history and horizon."""
    rows: list[Row] = []
    for splits in SPLITS:
        if not (DATA / splits.name).is_dir():
            rows.append(Row(splits.name, "not on this machine"))
            continue
        dates = splits.dates[-2:] if quick else splits.dates
        found = _measured(Splits(splits.name, dates, splits.test_days))
        for days in HORIZONS:
            rows += _rows(splits.name, days, found[days])
    return Result("Churn model on real histories", tuple(rows), NOTES)


def _measured(splits: Splits) -> dict[int, list[Mapping[str, Measures]]]:
    """By horizon and split the measures of each sort of model."""
    ledgers = {name: Ledger.of(log) for name, log in read_past(DATA / splits.name).logs().items()}
    found: dict[int, list[Mapping[str, Measures]]] = {days: [] for days in HORIZONS}
    for date in splits.dates:
        for days, one in _split(ledgers, date, splits.test_days).items():
            found[days].append(one)
    return found


def _split(
    ledgers: Mapping[str, Ledger], date: str, test_days: int
) -> dict[int, Mapping[str, Measures]]:
    until = datetime.fromisoformat(date).replace(tzinfo=UTC)
    end = record_end(ledgers)
    if end is None:
        return {}
    known = {name: ledger.until(end.at) for name, ledger in ledgers.items()}
    try:
        model = train(known, until, threads=THREADS, trained_at=until + timedelta(hours=2))
    except TrainingError:
        return {}
    first = microseconds(until)
    moments = midnights(first, min(first + test_days * DAY, end.at))
    rows = sample(known, moments, model.space, end.at)
    said = {name: model.probabilities(rows.matrix, kind) for name, kind in KINDS.items()}
    found: dict[int, Mapping[str, Measures]] = {}
    for place, days in enumerate(HORIZONS):
        closed = rows.closed(days)
        part = rows.take(closed)
        one = {
            kind: measures(
                part.label(days),
                chance[closed, place],
                part.tutor,
                model.manifest.base_rates.get(days),
            )
            for kind, chance in said.items()
        }
        if one["promoted"].calibration_error is not None:
            found[days] = one
    return found


def _rows(name: str, days: int, found: Sequence[Mapping[str, Measures]]) -> list[Row]:
    told = f"{name}, {within(days)}"
    if not found:
        return [Row(told, "too few outcomes have closed")]

    def mean(kind: str, of: Callable[[Measures], float | None]) -> float:
        values = [of(one[kind]) for one in found]
        return statistics.mean(value for value in values if value is not None)

    auc = {kind: mean(kind, lambda m: m.auc) for kind in KINDS}
    skill = mean("promoted", lambda m: m.brier_skill)
    loss = {kind: mean(kind, lambda m: m.log_loss) for kind in KINDS}
    slopes = [one["promoted"].calibration_slope for one in found]
    slope = statistics.median(slope for slope in slopes if slope is not None)
    noise = mean("promoted", lambda m: m.calibration_noise)
    return [
        Row(
            f"{told}: AUC over {len(found)} splits, regression, recency",
            ", ".join(f"{auc[kind]:.3f}" for kind in KINDS),
            "above recency",
            _verdict(auc["promoted"] > auc["recency"]),
        ),
        Row(
            f"{told}: log-loss, regression, recency",
            ", ".join(f"{loss[kind]:.4f}" for kind in KINDS),
            "below recency",
            _verdict(loss["promoted"] < loss["recency"]),
        ),
        Row(f"{told}: Brier skill", f"{skill:.3f}", "> 0", _verdict(skill > 0)),
        under(
            f"{told}: calibration error (by chance {noise:.3f})",
            mean("promoted", lambda m: m.calibration_error),
            CALIBRATION_GOAL,
            "",
        ),
        Row(
            f"{told}: calibration slope, median",
            f"{slope:.2f}",
            f"{SLOPES[0]:g} to {SLOPES[1]:g}",
            _verdict(slope_allowed(slope)),
        ),
    ]


def _verdict(met: bool) -> Verdict:
    return Verdict.MET if met else Verdict.MISSED
