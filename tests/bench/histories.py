"""What the churn model is worth on histories of real people, split at many dates each.

Trained on what was known at a date, asked about the midnights after it, as `make backtest` is. The
histories are no part of the project; where they do not lie beside it, this part says so.
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
from shared.ml.labels import Bools
from shared.ml.ledger import DAY, Ledger, microseconds
from shared.ml.measure import measures
from shared.ml.record_end import known_at, record_end
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
    "To the end of the records a test is years long on the guild. A calibration error is at least"
    " as large as the mean forecast is off, and nobody can know at a date how much commoner"
    " leaving will become after it: the floor is what only that costs, |mean forecast - share that"
    " left|.",
)


@dataclass(frozen=True, slots=True)
class Tested:
    """One horizon of one split: measures by sort of model, and to the end of the records."""

    soon: Mapping[str, Measures]
    to_the_end: Measures
    mean_forecast: float


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


def _measured(splits: Splits) -> dict[int, list[Tested]]:
    """By horizon and split what was measured."""
    ledgers = {name: Ledger.of(log) for name, log in read_past(DATA / splits.name).logs().items()}
    found: dict[int, list[Tested]] = {days: [] for days in HORIZONS}
    for date in splits.dates:
        for days, one in _split(ledgers, date, splits.test_days).items():
            found[days].append(one)
    return found


def _split(ledgers: Mapping[str, Ledger], date: str, test_days: int) -> dict[int, Tested]:
    until = datetime.fromisoformat(date).replace(tzinfo=UTC)
    end = record_end(ledgers, datetime.now(UTC))
    if end is None:
        return {}
    known = known_at(ledgers, end.at)
    try:
        model = train(known, until, threads=THREADS, trained_at=until + timedelta(hours=2))
    except TrainingError:
        return {}
    first = microseconds(until)
    rows = sample(known, midnights(first, end.at), model.space, end.at)
    soon = rows.at <= first + test_days * DAY
    said = {name: model.probabilities(rows.matrix, kind) for name, kind in KINDS.items()}
    found: dict[int, Tested] = {}
    for place, days in enumerate(HORIZONS):

        def of(kind: str, chosen: Bools, place: int = place, days: int = days) -> Measures:
            part, base_rate = rows.take(chosen), model.manifest.base_rates.get(days)
            return measures(part.label(days), said[kind][chosen, place], part.tutor, base_rate)

        closed = rows.closed(days)
        one = {kind: of(kind, closed & soon) for kind in KINDS}
        if one["promoted"].calibration_error is not None:
            mean = float(said["promoted"][closed, place].mean())
            found[days] = Tested(one, of("promoted", closed), mean)
    return found


def _rows(name: str, days: int, tested: Sequence[Tested]) -> list[Row]:
    told, found = f"{name}, {within(days)}", [one.soon for one in tested]
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
        _to_the_end(told, tested),
    ]


def _to_the_end(told: str, tested: Sequence[Tested]) -> Row:
    """Calibration over all that followed: the best and the worst split, and what drift costs."""
    errors = [one.to_the_end.calibration_error or 0.0 for one in tested]
    floors = [abs(one.mean_forecast - one.to_the_end.base_rate) for one in tested]
    return Row(
        f"{told}: to the end of the records, calibration error of the splits (its floor)",
        ", ".join(
            f"{error:.3f} ({floor:.3f})" for error, floor in zip(errors, floors, strict=True)
        ),
    )


def _verdict(met: bool) -> Verdict:
    return Verdict.MET if met else Verdict.MISSED
