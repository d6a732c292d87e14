"""How well forecasts did once the outcomes are known: ranking, probability, calibration.

Everywhere `label` is 0 or 1 (rows,), `probability` a forecast of 1 (rows,), and `tutor` any code
of the row's tutor (rows,): rows of one tutor are alike, so intervals resample whole tutors. What
the sample can not say is None, never a number that looks like a measurement.
"""

from math import ceil
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from shared.domain.evaluation import Agreement, Interval, Lift, Measures, Quadrant
from shared.ml.bootstrap import (
    DRAWS,
    FEWEST_TUTORS,
    Array,
    Floats,
    auc_draws,
    draws_of,
    interval,
    ratio_interval,
)
from shared.ml.calibration import (
    CLIP,
    calibration_error,
    calibration_noise,
    in_the_large,
    recalibrated,
)
from shared.ml.calibration import reliability as reliability

SHARES = (0.01, 0.02, 0.05, 0.10, 0.20, 0.30, 0.50, 1.0)
"""The shares at highest risk that the lift table tells of."""

type Loss = Literal["log_loss", "brier", "auc"]


def measures(
    label: Array,
    probability: Array,
    tutor: Array,
    base_rate_train: float | None = None,
    seed: int = 0,
) -> Measures:
    """Everything that is measured of a forecast.

    Brier skill is 1 - Brier / Brier of a constant forecast: `brier_skill` against
    `base_rate_train`, which was known when forecasting (the sample's own where it is not told),
    `brier_skill_own` against the sample's own base rate. All measures are None unless five tutors
    have a departure and five a row without. Raises ValueError for what is no probability.
    """
    y, p = _checked(label, probability)
    if np.any((p < 0) | (p > 1)):
        raise ValueError("a forecast must lie between 0 and 1; rank other scores by `ranking`")
    found = _ranked(y, p, tutor, seed)
    own = found["base_rate"]
    reference = own if base_rate_train is None else base_rate_train
    found["reference_rate"] = reference
    if _enough(y, tutor):
        found |= {
            "brier": brier(y, p),
            "brier_skill": _skill(y, p, reference),
            "brier_skill_own": _skill(y, p, own),
            "log_loss": float(log_losses(y, p).mean()),
            "calibration_error": calibration_error(y, p),
            "calibration_error_equal_width": calibration_error(y, p, equal_width=True),
            "calibration_noise": calibration_noise(y, p, tutor),
            **recalibrated(y, p, tutor),
            **in_the_large(y, p, tutor),
        }
    return Measures(**found)


def ranking(label: Array, score: Array, tutor: Array, seed: int = 0) -> Measures:
    """What is measured of a score that is no probability: everything that rests on order alone."""
    y, s = _checked(label, score)
    return Measures(**_ranked(y, s, tutor, seed))


def _checked(label: Array, score: Array) -> tuple[Floats, Floats]:
    y, s = np.asarray(label, dtype=np.float64), np.asarray(score, dtype=np.float64)
    if y.shape != s.shape or not np.all(np.isfinite(s)):
        raise ValueError("every row needs a finite score")
    return y, s


def _ranked(y: Floats, s: Floats, tutor: Array, seed: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        **dict.fromkeys(_OPTIONAL),
        "rows": len(y),
        "tutors": len(np.unique(tutor)),
        "positives": int(y.sum()),
        "positive_tutors": len(np.unique(tutor[y == 1])),
        "base_rate": float(y.mean()) if len(y) else 0.0,
    }
    if not _enough(y, tutor):
        return found
    precision, recall = at_top(y, s, 0.10)
    found |= {"precision_at_10": precision, "recall_at_10": recall}
    found |= {"auc": auc(y, s), "pr_auc": average_precision(y, s)}
    drawn = auc_draws(y, s, tutor, draws_of(found["tutors"], seed=seed))
    bounds = interval(found["auc"], drawn)
    if bounds:
        found |= {"auc_low": bounds.low, "auc_high": bounds.high}
        found["auc_se"] = float(np.nanstd(drawn, ddof=1))
    return found


_OPTIONAL = (
    "auc", "auc_low", "auc_high", "pr_auc", "brier", "brier_skill", "log_loss",
    "calibration_error", "calibration_slope", "calibration_intercept", "precision_at_10",
    "recall_at_10",
)  # fmt: skip


def _enough(y: Floats, tutor: Array) -> bool:
    return min(len(np.unique(tutor[y == side])) for side in (0, 1)) >= FEWEST_TUTORS


def auc(label: Array, score: Array) -> float | None:
    """P(a departure is ranked above a row without one), ties half; None with one class."""
    positive, negative = _tied_counts(label, score)
    below = np.cumsum(negative) - negative
    pairs = positive.sum() * negative.sum()
    return float(positive @ (below + negative / 2) / pairs) if pairs else None


def _tied_counts(label: Array, score: Array) -> tuple[Floats, Floats]:
    """Departures and others at each distinct score, from the lowest up."""
    _, group = np.unique(score, return_inverse=True)
    y = np.asarray(label, dtype=np.float64)
    return np.bincount(group, weights=y), np.bincount(group, weights=1 - y)


def precision_recall(label: Array, score: Array) -> tuple[Floats, Floats, Floats]:
    """Precision, recall and rows of alarming at each distinct score, from the highest down."""
    positive, negative = (counts[::-1].cumsum() for counts in _tied_counts(label, score))
    rows = positive + negative
    return positive / rows, positive / positive[-1], rows


def average_precision(label: Array, score: Array) -> float | None:
    """Area under precision over recall, stepwise without interpolation; None without departures."""
    if not np.any(label):
        return None
    precision, recall, _ = precision_recall(label, score)
    return float(precision @ np.diff(recall, prepend=0.0))


def at_top(label: Array, score: Array, share: float) -> tuple[float | None, float | None]:
    """Precision and recall among the `share` at highest score.

    Equal scores at the cut count as drawn by lot, so the order of rows does not matter.
    """
    if not np.any(label):
        return None, None
    positive, negative = (counts[::-1].cumsum() for counts in _tied_counts(label, score))
    wanted = _top_rows(share, len(label))
    caught = float(np.interp(wanted, np.r_[0, positive + negative], np.r_[0, positive]))
    return caught / wanted, caught / float(positive[-1])


def _top_rows(share: float, rows: int) -> int:
    return max(1, ceil(share * rows - 1e-9))


def lift(label: Array, score: Array, tutor: Array) -> tuple[Lift, ...]:
    """The lift table; empty unless five tutors have a departure and five a row without."""
    y = np.asarray(label, dtype=np.float64)
    table: list[Lift] = []
    if not _enough(y, tutor):
        return ()
    for share in SHARES:
        precision, recall = at_top(y, score, share)
        if precision is not None and recall is not None:
            rows = _top_rows(share, len(y))
            table.append(Lift(share, rows, precision, recall, precision / float(y.mean())))
    return tuple(table)


def log_losses(label: Array, probability: Array) -> Floats:
    """- ln of the probability given to what came, of every row."""
    y, p = np.asarray(label, dtype=np.float64), np.clip(probability, CLIP, 1 - CLIP)
    return np.asarray(-(y * np.log(p) + (1 - y) * np.log1p(-p)))


def brier(label: Array, probability: Array) -> float:
    """Mean squared distance of forecast and outcome."""
    return float(np.mean((np.asarray(probability) - label) ** 2))


def _skill(y: Floats, p: Floats, reference: float) -> float | None:
    constant = brier(y, np.full(len(y), reference))
    return 1 - brier(y, p) / constant if constant else None


def paired_difference(
    label: Array,
    a: Array,
    b: Array,
    tutor: Array,
    loss: Loss = "log_loss",
    seed: int = 0,
    level: float = 0.95,
) -> Interval | None:
    """Measure of `a` minus measure of `b` over the same rows, resampling whole tutors.

    For losses below 0 says that `a` is better, for the AUC above 0. None without five tutors, or
    for the AUC without five on either side.
    """
    if loss == "auc":
        return _auc_difference(label, a, b, tutor, seed, level)
    if loss == "log_loss":
        difference = log_losses(label, a) - log_losses(label, b)
    else:
        difference = (np.asarray(a) - label) ** 2 - (np.asarray(b) - label) ** 2
    return ratio_interval(difference, np.ones(len(difference)), tutor, seed, level)


def _auc_difference(
    label: Array, a: Array, b: Array, tutor: Array, seed: int, level: float
) -> Interval | None:
    y = np.asarray(label, dtype=np.float64)
    first, second = auc(y, a), auc(y, b)
    if first is None or second is None or not _enough(y, tutor):
        return None
    weights = draws_of(len(np.unique(tutor)), DRAWS, seed)
    drawn = auc_draws(y, a, tutor, weights) - auc_draws(y, b, tutor, weights)
    return interval(first - second, drawn, level)


def agreement(label: Array, probability: Array, churn_score: Array, tutor: Array) -> Agreement:
    """Where the model and the churn score sort tutor-moments alike, and where apart."""
    y = np.asarray(label, dtype=np.float64)
    by_model, by_score = _among_top(probability), _among_top(churn_score)
    return Agreement(
        rank_correlation(probability, churn_score),
        paired_difference(y, probability, churn_score, tutor, "auc"),
        _quadrant(y, by_model & by_score),
        _quadrant(y, by_model & ~by_score),
        _quadrant(y, ~by_model & by_score),
        _quadrant(y, ~by_model & ~by_score),
    )


def _among_top(score: Array) -> NDArray[np.bool_]:
    chosen = np.zeros(len(score), dtype=bool)
    if len(score):
        chosen[np.argsort(-score, kind="stable")[: _top_rows(0.10, len(score))]] = True
    return chosen


def _quadrant(y: Floats, chosen: NDArray[np.bool_]) -> Quadrant:
    return Quadrant(int(chosen.sum()), int(y[chosen].sum()))


def rank_correlation(a: Array, b: Array) -> float | None:
    """Spearman's, equal values sharing their mean rank; None if either is constant."""
    if not len(a) or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(np.corrcoef(_mid_ranks(a), _mid_ranks(b))[0, 1])


def _mid_ranks(values: Array) -> Floats:
    _, group, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[group])
