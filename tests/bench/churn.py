"""The churn model: how fast it trains and predicts, and how near it comes to the best possible.

Worlds are drawn, written as a history and read again, as a training by hand does. A model trained
on what was known some weeks before the end is held against the outcomes after it.
"""

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from events.world.ceiling import ceiling
from events.world.history import History, simulate, write_history
from events.world.world import World
from shared.domain.evaluation import HEADLINE, HORIZONS, Measures, within
from shared.domain.log import Log
from shared.domain.session import logged_at
from shared.history import read_past
from shared.ml.features import FEATURE_DAYS
from shared.ml.ledger import Ledger, instant, microseconds
from shared.ml.measure import measures
from shared.ml.model import ChurnModel, pack, unpack
from shared.ml.predict import predict
from shared.ml.sample import Sample, midnights, sample
from shared.ml.train import train
from tests.bench.result import Result, Row, Verdict, best, under

END = datetime(2026, 11, 21, tzinfo=UTC)
UNTIL = END - timedelta(days=81)
TEST_MOMENTS = [UNTIL + timedelta(days=day) for day in range(1, 38, 4)]
SIZES = (280, 700, 1_400)
THREADS = 2
CEILING_GAP = 0.05
LAMBDA_SECONDS = 900.0
NOTES = (
    f"Worlds of 210 days; training on what was known {(END - UNTIL).days} days before the end,"
    f" with {THREADS} threads, in seconds by the clock. Predictions on one thread, processor time,"
    " best of several: from the logs a Lambda reads (half a year) to probabilities and reasons.",
    "The ceiling is an exact Bayes filter over what the world shows; ± is one standard error,"
    " whole tutors drawn.",
)


@dataclass(frozen=True, slots=True)
class Trained:
    """A world read back, and the model of what was known at UNTIL, as a Lambda unpacks it."""

    history: History
    logs: Mapping[str, Log]
    ledgers: Mapping[str, Ledger]
    model: ChurnModel
    seconds: float


def run(quick: bool) -> Result:
    """Training by size, the ceiling at the least and the largest; prediction and features there."""
    rows: list[Row] = []
    for tutors in SIZES[:1] if quick else SIZES:
        trained = _trained(tutors)
        told = f"{tutors:,} tutors, {trained.model.manifest.rows:,} rows"
        rows.append(under(f"training, {told}", trained.seconds, LAMBDA_SECONDS, "s"))
        if tutors in (SIZES[0], SIZES[-1]):
            rows += _against_ceiling(trained, f"{tutors:,} tutors, ")
    rows += [_snapshots(trained), *_predictions(trained)]
    return Result("Churn model", tuple(rows), NOTES)


def _trained(tutors: int) -> Trained:
    history = simulate(World("bench", tutors), 1, END)
    with tempfile.TemporaryDirectory() as folder:
        write_history(history, Path(folder))
        logs = read_past(Path(folder)).logs()
    ledgers = {name: Ledger.of(log) for name, log in logs.items()}
    began = time.perf_counter()
    model = train(ledgers, UNTIL, threads=THREADS, trained_at=END)
    seconds = time.perf_counter() - began
    return Trained(history, logs, ledgers, unpack(pack(model), threads=1), seconds)


def _snapshots(trained: Trained) -> Row:
    """Daily features of everybody, by tutor-year."""
    moments = midnights(microseconds(END - timedelta(days=196)), microseconds(END))
    end = microseconds(END)
    began = time.process_time()
    rows = len(sample(trained.ledgers, moments, trained.model.space, end))
    took = time.process_time() - began
    year = took / rows * len(_at_work(trained)) * 365
    return under(f"features of a year of days, {len(_at_work(trained)):,} tutors", year, 60, "s")


def _at_work(trained: Trained) -> list[Log]:
    """The logs of tutors at work at END, as far back as serving reads them."""
    answers = predict(trained.model, list(trained.logs.values()), END)
    told = zip(trained.logs.values(), answers, strict=True)
    return [_half_a_year(log) for log, answer in told if answer]


def _half_a_year(log: Log) -> Log:
    since = END - timedelta(days=FEATURE_DAYS)
    return replace(
        log,
        sessions=tuple(s for s in log.sessions if (logged_at(s) or END) >= since),
        events=tuple(event for event in log.events if event.occurred_at >= since),
    )


def _predictions(trained: Trained) -> list[Row]:
    logs = _at_work(trained)
    ledgers = {log.tutor.tutor_id: Ledger.of(log) for log in logs}
    now = np.array([microseconds(END)])
    rows = sample(ledgers, now, trained.model.space, int(now[0]))
    middle = sorted(logs, key=lambda log: len(log.sessions))[len(logs) // 2]
    size = len(middle.sessions) + len(middle.events)
    one = rows.take(np.array([rows.names.index(middle.tutor.tutor_id)]))
    return [
        under("one tutor, probabilities and reasons of given features",
              1000 * best(lambda: _forecast(trained.model, one), 50), 5, "ms"),
        under(f"one tutor from a log of {size} rows",
              1000 * best(lambda: predict(trained.model, [middle], END), 50), 5, "ms"),
        under(f"{len(rows):,} tutors, probabilities and reasons of given features",
              best(lambda: _forecast(trained.model, rows), 5), 2, "s"),
        under(f"{len(logs):,} tutors from their logs",
              best(lambda: predict(trained.model, logs, END), 2), 2, "s"),
    ]  # fmt: skip


def _forecast(model: ChurnModel, rows: Sample) -> None:
    model.probabilities(rows.matrix)
    model.explained(rows.matrix, HEADLINE)


def _against_ceiling(trained: Trained, told: str) -> Sequence[Row]:
    """The model of each horizon against the best possible forecast, after training."""
    at = np.array([microseconds(moment) for moment in TEST_MOMENTS])
    rows = sample(trained.ledgers, at, trained.model.space, microseconds(END))
    known = ceiling(trained.history, TEST_MOMENTS).by_tutor_and_moment()
    best_possible = np.array(
        [
            known[rows.names[who], instant(when)]
            for who, when in zip(rows.tutor, rows.at, strict=True)
        ]
    )
    found = []
    for place, days in enumerate(HORIZONS):
        closed = rows.closed(days)
        if not closed.any():
            continue
        part, top = rows.take(closed), best_possible[closed, place]
        label = part.label(days)
        model = measures(label, trained.model.probabilities(part.matrix)[:, place], part.tutor)
        at_best = measures(label, top.clip(0, 1), part.tutor)
        found += _ceiling_rows(told + within(days), model, at_best)
    return found


def _ceiling_rows(told: str, model: Measures, top: Measures) -> list[Row]:
    if model.auc is None or top.auc is None or top.auc_se is None or model.auc_se is None:
        return [Row(told, "too few departures")]
    honest = model.auc <= top.auc + 2 * top.auc_se
    strong = model.auc >= top.auc - CEILING_GAP
    return [
        Row(
            f"{told}: AUC, ceiling {top.auc:.3f} ± {top.auc_se:.3f}",
            f"{model.auc:.3f} ± {model.auc_se:.3f}",
            f"{top.auc - CEILING_GAP:.3f} to {top.auc + 2 * top.auc_se:.3f}",
            Verdict.MET if honest and strong else Verdict.MISSED,
        ),
        Row(
            f"{told}: Brier skill, ceiling {top.brier_skill:.3f}",
            f"{model.brier_skill:.3f}",
            "> 0",
            Verdict.MET if (model.brier_skill or 0) > 0 else Verdict.MISSED,
        ),
        under(f"{told}: calibration error", model.calibration_error or 0.0, 0.03, ""),
    ]
