"""Training: four hazards, each as trees, regression and recency rule, the best of them in force.

The trees are grown on top of the regression, so that lines are drawn by what draws lines best.
Time goes one way: what is fitted lies before what stops it, and that before what calibrates it
and chooses, with a gap of horizon + 14 days between them so that no outcome is on both sides. What
was chosen is then fitted once more to all rows. Nothing is weighted or resampled, so probabilities
stay probabilities.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import xgboost as xgb

from shared.domain.churn_model import FeatureProfile, Manifest, ModelKind
from shared.domain.evaluation import HORIZONS, within
from shared.ml import logistic
from shared.ml.calibration import expit
from shared.ml.drift import profile
from shared.ml.features import Floats, Matrix, Space
from shared.ml.gate import best
from shared.ml.hazard import RECENCY_FEATURE, Hazard, Margin, Recency, Trees
from shared.ml.hindsight import sentence, told_by_leaving
from shared.ml.labels import SILENCE_DAYS, Bools
from shared.ml.ledger import DAY, Ints, Ledger, instant, microseconds
from shared.ml.measure import log_losses
from shared.ml.model import FORMAT, ChurnModel, Stage, versioned
from shared.ml.platt import calibrated, levelled, slope_of, stretched
from shared.ml.record_end import closures, known_at, standstill
from shared.ml.sample import WARM_UP_DAYS, Sample, days_at_work, first_seen, midnights, sample

MOST_ROWS: Final = 120_000
"""More daily rows than this are thinned: neighbouring days of a tutor tell nearly the same."""
RIDGE_ROWS: Final = 15_000
DEPARTURES_TO_LEARN: Final = 10
"""Rows before a departure; of fewer in any slice nothing is learned."""
LEAVERS_TO_LEARN: Final = 10
"""Tutors who left, in all slices: among fewer, chance moves an AUC by 0.1 (1 / √(12 · 10)).

One tutor's weeks before leaving are many rows, but one example.
"""
FEWEST_IN_SLICE: Final = 3
"""Of them in each slice: one or two would choose what suits themselves, and a fifth of the 15 or so
leavers that a small marketplace has is no more.
"""
CALENDAR_R2: Final = 0.5
"""A feature that tells the date more than the tutor would not hold tomorrow."""
TWO_YEARS_DAYS: Final = 730
CALENDAR: Final = ("weekday", "month", "holiday_season")
SEASONS: Final = CALENDAR[1:]

MOST_ROUNDS: Final = 600
PATIENCE: Final = 30
GRID: Final = (
    {"max_depth": 2, "min_child_weight": 20.0, "eta": 0.08},
    {"max_depth": 3, "min_child_weight": 20.0, "eta": 0.05},
    {"max_depth": 5, "min_child_weight": 50.0, "eta": 0.05},
)
COMMON: Final = {
    "objective": "binary:logistic",
    "base_score": 0.5,
    "eval_metric": "logloss",
    "tree_method": "hist",
    "subsample": 0.7,
    "colsample_bytree": 0.5,
    "reg_lambda": 5.0,
}


class TrainingError(ValueError):
    """Too little is known of these tutors to learn anything."""


@dataclass(frozen=True, slots=True)
class Slices:
    """Rows to fit on, to stop and to choose by, and to calibrate on; `how` says it in words."""

    fit: Bools
    validation: Bools
    calibration: Bools
    how: str

    def enough(self, label: Floats, tutor: Ints) -> bool:
        """Whether every slice has departures, of several tutors, and rows without to learn from."""
        slices = (self.fit, self.validation, self.calibration)
        leavers = [np.unique(tutor[rows & (label == 1)]) for rows in slices]
        return (
            all(
                DEPARTURES_TO_LEARN <= label[rows].sum() <= rows.sum() - DEPARTURES_TO_LEARN
                for rows in slices
            )
            and min(map(len, leavers)) >= FEWEST_IN_SLICE
            and len(np.unique(np.concatenate(leavers))) >= LEAVERS_TO_LEARN
        )


type Recipe = Callable[[Matrix, Floats], Mapping[ModelKind, Margin]]
"""How to make every sort of model of rows and labels, everything chosen that can be."""


def train(
    ledgers: Mapping[str, Ledger], until: datetime, *, threads: int = 1, trained_at: datetime
) -> ChurnModel:
    """A model of what is known at `until`; raises TrainingError where that is too little."""
    end = microseconds(until)
    known = known_at(ledgers, end)
    known = {name: ledger for name, ledger in known.items() if len(ledger.seen)}
    rows = training_sample(known, end)
    columns = informative(rows)
    names = [rows.space.features[column].name for column in columns]
    blind_to = told_by_leaving(known, end)
    stages, notes = [], [sentence(blind_to)] if blind_to else []
    if closed := closures(known, end):
        notes.append(standstill(closed))
    after = 0
    for days in HORIZONS:
        stage, found = _stage(rows, columns, names, after, days, threads)
        stages.append(stage)
        notes.extend(found)
        after = days if after or stage.promoted else 0
    if not any(stage.promoted for stage in stages):
        raise TrainingError(_too_few(rows, until))
    return versioned(
        ChurnModel(
            manifest=_manifest(rows, columns, stages, notes, until, trained_at),
            space=rows.space,
            columns=columns,
            stages=tuple(stages),
        )
    )


def _too_few(rows: Sample, until: datetime) -> str:
    known = [rows.leaves_within(days) & rows.closed(days) for days in HORIZONS]
    left = len(np.unique(rows.tutor[np.any(known, axis=0)]))
    return (
        f"{left} {'tutor is' if left == 1 else 'tutors are'} known to have left before "
        f"{until:%Y-%m-%d}; at least {LEAVERS_TO_LEARN} are needed to learn from, "
        f"{FEWEST_IN_SLICE} in each of three slices"
        + (", and one slice has too few" if left >= LEAVERS_TO_LEARN else "")
    )


def training_sample(ledgers: Mapping[str, Ledger], end: int) -> Sample:
    """Midnights of all tutors at work, thinned to MOST_ROWS; never to the same weekday."""
    last = end - (min(HORIZONS) + SILENCE_DAYS) * DAY
    begin = first_seen(ledgers) + WARM_UP_DAYS * DAY
    if begin > last:
        raise TrainingError("the history is too short: nobody's outcome is known")
    daily = days_at_work(ledgers, midnights(begin, last))
    stride = -(-daily // MOST_ROWS)
    stride += stride % 7 == 0
    space = Space.of(ledgers.values(), blind_to=told_by_leaving(ledgers, end))
    return sample(ledgers, midnights(begin, last, max(stride, 1)), space, end)


def informative(rows: Sample) -> Ints:
    """Columns that vary, and tell of the tutor rather than of the date."""
    chosen = []
    years = (np.ptp(rows.at) if len(rows) else 0) / DAY > TWO_YEARS_DAYS
    for column, feature in enumerate(rows.space.features):
        value = rows.matrix[:, column]
        known = ~np.isnan(value)
        if known.sum() < 2 or np.ptp(value[known]) == 0:
            continue
        if feature.name in SEASONS and not years:
            continue
        if _tells_the_date(value[known].astype(float), rows.at[known]):
            continue
        chosen.append(column)
    return np.array(chosen, np.int64)


def _tells_the_date(value: Floats, at: Ints) -> bool:
    squeezed = np.arcsinh(value)
    if np.ptp(at) == 0 or np.ptp(squeezed) == 0:
        return False
    return float(np.corrcoef(squeezed, at.astype(float))[0, 1]) ** 2 > CALENDAR_R2


# --- one stage ---


def _stage(
    rows: Sample, columns: Ints, names: list[str], after: int, days: int, threads: int
) -> tuple[Stage, list[str]]:
    part = rows.take(rows.at_risk(after, days))
    label, matrix = part.label(days), np.ascontiguousarray(part.matrix[:, columns])
    slices = _slices(part, label, days)
    if slices is None:
        left = len(np.unique(part.tutor[label == 1]))
        pace = "pace up to " + within(after) if after else "pace of the first longer one learned"
        return Stage(after, days, None, {}), [
            f"{within(days)}: {left:,} tutors known to have left ({int(label.sum()):,} departures "
            f"of {len(part):,} rows) are too few to slice and to learn from; it has the {pace}"
        ]
    notes = [f"{len(part):,} rows, {int(label.sum()):,} departures, {slices.how}"]
    recipe = _recipe(matrix, label, slices, names, threads, notes)
    learned, held = slices.fit | slices.validation, slices.calibration
    hazards: dict[ModelKind, Hazard] = {}
    forecast: dict[ModelKind, Floats] = {}
    earlier = recipe(matrix[learned], label[learned])
    for kind, model in recipe(matrix, label).items():
        margin = earlier[kind].margin(matrix[held])
        slope = slope_of(margin, label[held], part.tutor[held])
        # As it will be served: at the level of the rows, which is not what it is chosen for.
        forecast[kind] = expit(levelled(stretched(margin, slope), label[held]))
        hazards[kind] = calibrated(model, matrix, label, part.at, part.tutor, slope)
        if slope != 1.0:
            notes.append(f"{kind} stretched by {slope:.2f} to calibrate it")
    choice = best(label[held], part.tutor[held], forecast)
    notes.append(f"{choice.kind} is in force")
    notes.extend(choice.reasons)
    return Stage(after, days, choice.kind, hazards), [f"{within(days)}: {note}" for note in notes]


def _slices(part: Sample, label: Floats, days: int) -> Slices | None:
    """Slices in time where the history is long enough, else of tutors; None if neither works."""
    for slices in (_by_time(part, days), _by_tutor(part, later=True), _by_tutor(part)):
        if slices.enough(label, part.tutor):
            return slices
    return None


def _by_time(part: Sample, days: int) -> Slices:
    purge = (days + SILENCE_DAYS) * DAY
    if not len(part):
        nothing = np.zeros(0, bool)
        return Slices(nothing, nothing, nothing, "")
    second, third = np.quantile(part.at, [0.6, 0.8])
    return Slices(
        fit=part.at < second - purge,
        validation=(part.at >= second) & (part.at < third - purge),
        calibration=part.at >= third,
        how=f"slices in time, {days + SILENCE_DAYS} days apart",
    )


def _by_tutor(part: Sample, *, later: bool = False) -> Slices:
    """Tutors by a hash of their names, the same ones every night; no outcome is shared by two.

    With `later` the tutors fitted to are seen in the first half of the time, those that stop and
    calibrate in the second, so that what does not last is found out.
    """
    share = np.array([_hashed(name) for name in part.names])[part.tutor]
    half = np.median(part.at) if later and len(part) else None
    early = np.full(len(part), True) if half is None else part.at < half
    late = np.full(len(part), True) if half is None else part.at >= half
    how = "slices of tutors, since the history is too short for slices in time"
    return Slices(
        fit=(share < 0.6) & early,
        validation=(share >= 0.6) & (share < 0.8) & late,
        calibration=(share >= 0.8) & late,
        how=how + (", the later ones later in time" if later else ""),
    )


def _hashed(name: str) -> float:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) / 2**32


def _recipe(
    matrix: Matrix,
    label: Floats,
    slices: Slices,
    names: list[str],
    threads: int,
    notes: list[str],
) -> Recipe:
    ridge = _best_ridge(matrix, label, slices)
    notes.append(f"logistic with ridge {ridge:g}")
    rounds, shape = _best_shape(matrix, label, slices, ridge, threads)
    notes.append(f"{rounds} trees of depth {shape['max_depth']} on top of it")

    def make(matrix: Matrix, label: Floats) -> dict[ModelKind, Margin]:
        line = logistic.fit(matrix, label, ridge)
        made: dict[ModelKind, Margin] = {
            "logistic": line,
            "xgboost": grown(line, matrix, label, rounds, shape, threads),
        }
        if RECENCY_FEATURE in names:
            made["recency"] = _recency(names.index(RECENCY_FEATURE), matrix, label)
        return made

    return make


def _recency(column: int, matrix: Matrix, label: Floats) -> Margin:
    return Recency(column, logistic.fit(matrix[:, [column]], label, logistic.RIDGES[0]))


def _best_ridge(matrix: Matrix, label: Floats, slices: Slices) -> float:
    """The ridge that validates best, tried on some of the rows; it hardly moves with more."""
    held, rows = slices.validation, np.flatnonzero(slices.fit)
    rows = rows[:: -(-len(rows) // RIDGE_ROWS)]

    def loss(ridge: float) -> float:
        model = logistic.fit(matrix[rows], label[rows], ridge)
        return float(log_losses(label[held], expit(model.margin(matrix[held]))).mean())

    return min(logistic.RIDGES, key=loss)


def _best_shape(
    matrix: Matrix, label: Floats, slices: Slices, ridge: float, threads: int
) -> tuple[int, dict[str, float]]:
    """The number of trees and their shape that validate best, stopped early."""
    line = logistic.fit(matrix[slices.fit], label[slices.fit], ridge)
    fit = _rows(line, matrix[slices.fit], label[slices.fit], threads)
    watched = _rows(line, matrix[slices.validation], label[slices.validation], threads)
    tried = []
    for shape in GRID:
        booster = xgb.train(
            COMMON | shape | {"nthread": threads},
            fit,
            MOST_ROUNDS,
            evals=[(watched, "validation")],
            early_stopping_rounds=PATIENCE,
            verbose_eval=False,
        )
        tried.append((float(booster.best_score), booster.best_iteration + 1, shape))
    _, rounds, shape = min(tried, key=lambda one: one[0])
    return rounds, shape


def grown(
    line: logistic.Logistic,
    matrix: Matrix,
    label: Floats,
    rounds: int,
    shape: dict[str, float],
    threads: int,
) -> Trees:
    """Trees grown on what a regression of these rows leaves over."""
    rows = _rows(line, matrix, label, threads)
    return Trees(line, xgb.train(COMMON | shape | {"nthread": threads}, rows, rounds))


def _rows(line: logistic.Logistic, matrix: Matrix, label: Floats, threads: int) -> xgb.DMatrix:
    return xgb.DMatrix(matrix, label, base_margin=line.margin(matrix), nthread=threads)


def _manifest(
    rows: Sample,
    columns: Ints,
    stages: list[Stage],
    notes: list[str],
    until: datetime,
    trained_at: datetime,
) -> Manifest:
    names = tuple(rows.space.features[column].name for column in columns)
    return Manifest(
        version="",
        trained_at=trained_at,
        train_from=instant(int(rows.at.min())) if len(rows) else until,
        train_until=until,
        tutors=len(np.unique(rows.tutor)),
        rows=len(rows),
        kind={stage.days: stage.promoted or "extended" for stage in stages},
        features=names,
        reported=tuple(sorted(rows.space.reported)),
        subjects=rows.space.subjects,
        library=f"xgboost {xgb.__version__}",
        format=FORMAT,
        profile=_profile(rows, columns),
        base_rates={
            days: float(rows.label(days)[rows.closed(days)].mean())
            for days in HORIZONS
            if rows.closed(days).any()
        },
        notes=tuple(notes),
    )


def _profile(rows: Sample, columns: Ints) -> dict[str, FeatureProfile]:
    """How features were spread, but for those of the calendar: a night has but one month."""
    told = [c for c in columns if rows.space.features[c].name not in CALENDAR]
    names = [rows.space.features[column].name for column in told]
    return profile(rows.matrix[:, told].astype(float), names, rows.tutor)
