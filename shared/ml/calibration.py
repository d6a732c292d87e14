"""Whether forecasts mean what they say: calibration error, reliability, calibration line."""

from math import pi, sqrt

import numpy as np
from numpy.typing import NDArray

from shared.domain.evaluation import ReliabilityBin
from shared.domain.rate import Z_95, wilson
from shared.ml.bootstrap import Array, Floats, codes, ratio_interval

BINS = 10
CLIP = 1e-6
"""Forecasts nearer than this to 0 or 1 count as this near where a logarithm is taken."""

SLOPES = (0.8, 1.25)
"""Calibration slopes between which probabilities are taken at their word."""


def slope_allowed(slope: float) -> bool:
    """Whether a slope lies within SLOPES as it is printed, with two digits."""
    return SLOPES[0] <= round(slope, 2) <= SLOPES[1]


def calibration_error(label: Array, probability: Array, equal_width: bool = False) -> float:
    """Expected calibration error: mean over rows of |mean forecast - share that left| of its bin.

    Ten bins of equally many rows, equal forecasts kept together; or ten of equal width.
    """
    p = np.asarray(probability, dtype=np.float64)
    group = _equal_width(p) if equal_width else equal_mass(p)
    gap = np.bincount(group, weights=p - label)
    return float(np.abs(gap).sum() / len(p))


def equal_mass(probability: Floats, bins: int = BINS) -> NDArray[np.intp]:
    """Each row's bin, from the lowest; equal forecasts share one, so there may be fewer bins."""
    ordered = np.sort(probability)
    ranks = np.arange(1, bins) * len(ordered) // bins
    return _consecutive(np.searchsorted(np.unique(ordered[ranks]), probability, side="right"))


def _consecutive(group: Array) -> NDArray[np.intp]:
    """Bins renumbered so that none is empty."""
    return np.unique(group, return_inverse=True)[1].reshape(-1)


def _equal_width(p: Floats) -> NDArray[np.intp]:
    return _consecutive(np.minimum((p * BINS).astype(np.intp), BINS - 1))


def calibration_noise(y: Floats, p: Floats, tutor: Array) -> float:
    """The calibration error to expect of a perfect forecast, rows of one tutor being alike.

    Each bin's gap is then nearly normal around 0, so its mean size is sqrt(2/pi) of its standard
    error.
    """
    group = equal_mass(p)
    centred = _within(y - p, group)
    return float(sqrt(2 / pi) * np.sqrt(_clustered_variance(centred, group, tutor)).sum() / len(y))


def _within(residual: Floats, group: NDArray[np.intp]) -> Floats:
    """Residuals less their bin's mean."""
    return np.asarray(residual - (np.bincount(group, residual) / np.bincount(group))[group])


def _clustered_variance(residual: Floats, group: NDArray[np.intp], tutor: Array) -> Floats:
    """Variance of each bin's sum of residuals when whole tutors are drawn."""
    code, tutors = codes(tutor)
    cell, index = np.unique(group * tutors + code, return_inverse=True)
    sums = np.bincount(index.reshape(-1), weights=residual)
    return np.bincount(cell // tutors, weights=sums**2)


def reliability(
    label: Array, probability: Array, bins: int = BINS, tutor: Array | None = None
) -> tuple[ReliabilityBin, ...]:
    """What was forecast against what came, in bins of equally many rows from the lowest up.

    95 % Wilson intervals of the observed share; with `tutor`, of as many rows as a bin's rows
    are worth when those of one tutor are alike (the design effect), else they are too short.
    """
    y, p = np.asarray(label, dtype=np.float64), np.asarray(probability, dtype=np.float64)
    if not len(y):
        return ()
    group = equal_mass(p, bins)
    rows = np.bincount(group)
    worth = rows.astype(np.float64) if tutor is None else _independent_rows(y, group, tutor)
    predicted, left = np.bincount(group, weights=p), np.bincount(group, weights=y)
    return tuple(
        ReliabilityBin(
            int(rows[k]),
            float(predicted[k] / rows[k]),
            float(left[k] / rows[k]),
            *wilson(float(left[k] / rows[k] * worth[k]), float(worth[k])),
        )
        for k in range(len(rows))
    )


def _independent_rows(y: Floats, group: NDArray[np.intp], tutor: Array) -> Floats:
    """How many independent rows each bin is worth: rows / design effect, at most its rows.

    Where all rows have one outcome, or are one tutor's, as many as tutors.
    """
    rows, left = np.bincount(group), np.bincount(group, weights=y)
    code, tutors = codes(tutor)
    present = np.bincount(np.unique(group * tutors + code) // tutors).astype(np.float64)
    spread = _clustered_variance(_within(y, group), group, tutor)
    mixed = (left > 0) & (left < rows) & (present > 1)
    few = present[mixed] / (present[mixed] - 1)
    effect = few * spread[mixed] / (left * (1 - left / rows))[mixed]
    worth = present.copy()
    worth[mixed] = rows[mixed] / np.maximum(1.0, effect)
    return worth


def calibration_line(label: Array, probability: Array) -> tuple[float, float] | None:
    """Intercept a and slope b of logit P(1) = a + b · logit(forecast), by maximum likelihood.

    1 is right, under 1 too extreme, over 1 too timid (Cox 1958). None where not identifiable: one
    class, one forecast, or forecasts that separate the classes.
    """
    y, x = np.asarray(label, dtype=np.float64), logit(probability)
    if not 0 < y.sum() < len(y) or np.ptp(x) < 1e-9 or _separates(y, x):
        return None
    design = np.column_stack([np.ones_like(x), (x - x.mean()) / x.std()])
    weights = np.array([logit(np.array([y.mean()]))[0], 0.0])
    for _ in range(100):
        step = _newton_step(design, y, weights)
        weights = weights + step
        if np.abs(step).max() < 1e-10:
            slope = float(weights[1] / x.std())
            return float(weights[0] - slope * x.mean()), slope
    return None


def _separates(y: Floats, x: Floats) -> bool:
    left, stayed = x[y == 1], x[y == 0]
    return bool(left.min() >= stayed.max() or stayed.min() >= left.max())


def logit(probability: Array) -> Floats:
    """Log-odds, forecasts clipped to CLIP."""
    p = np.clip(np.asarray(probability, dtype=np.float64), CLIP, 1 - CLIP)
    return np.asarray(np.log(p) - np.log1p(-p))


def _newton_step(design: Floats, y: Floats, weights: Floats) -> Floats:
    """Newton's step, at most 1 long in any weight, so that a poor start does not overshoot."""
    fitted = expit(design @ weights)
    step = np.linalg.solve(_information(design, fitted), design.T @ (y - fitted))
    return np.asarray(step / max(1.0, np.abs(step).max()))


def _information(design: Floats, fitted: Floats) -> Floats:
    ridge = 1e-12 * len(fitted) * np.eye(design.shape[1])
    return np.asarray((design * (fitted * (1 - fitted))[:, None]).T @ design + ridge)


def expit(margin: Floats) -> Floats:
    """The probability of log-odds."""
    return np.asarray(0.5 * (1 + np.tanh(margin / 2)))


def recalibrated(y: Floats, p: Floats, tutor: Array) -> dict[str, float]:
    """Intercept, slope, and the slope's 95 % interval: the sandwich over tutors (Liang 1986)."""
    line = calibration_line(y, p)
    if line is None:
        return {}
    design = np.column_stack([np.ones_like(y), logit(p)])
    fitted = expit(design @ np.array(line))
    code, tutors = codes(tutor)
    gradient = design * (y - fitted)[:, None]
    summed = np.column_stack([np.bincount(code, weights=column) for column in gradient.T])
    bread = np.linalg.inv(_information(design, fitted))
    variance = bread @ (summed.T @ summed) @ bread * tutors / (tutors - 1)
    half = Z_95 * sqrt(variance[1, 1])
    return {
        "calibration_intercept": line[0],
        "calibration_slope": line[1],
        "calibration_slope_low": line[1] - half,
        "calibration_slope_high": line[1] + half,
    }


def in_the_large(label: Array, probability: Array, tutor: Array) -> dict[str, float | None]:
    """The mean forecast, and the share that left with 95 % among just these rows.

    Calibration in the large (Cox 1958, Steyerberg 2009); whole tutors drawn, for rows of one are
    alike. A slope does not notice when all forecasts are too high, nor does an error in points
    where departures are few.
    """
    mean = float(np.mean(probability))
    gap = ratio_interval(np.asarray(label - probability), np.ones(len(label)), tutor)
    return {
        "mean_forecast": mean,
        "observed_low": max(0.0, mean + gap.low) if gap else None,
        "observed_high": min(1.0, mean + gap.high) if gap else None,
    }
