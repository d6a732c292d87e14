"""How sure a figure is when a tutor has many rows: resampling whole tutors.

Rows of one tutor are alike, so they are not evidence many times over. Every draw takes as many
tutors as there are, with replacement, and all their rows (Field and Welsh 2007, cluster
bootstrap).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.domain.evaluation import Interval

type Array = NDArray[Any]
type Floats = NDArray[np.float64]

DRAWS = 1000
FEWEST_TUTORS = 5
"""Of fewer resampled tutors no interval is told: it would be too short."""


def codes(tutor: Array) -> tuple[NDArray[np.intp], int]:
    """Each row's tutor as 0 … tutors - 1, and how many tutors there are."""
    names, code = np.unique(tutor, return_inverse=True)
    return code.reshape(-1), len(names)


def draws_of(tutors: int, draws: int = DRAWS, seed: int = 0) -> NDArray[np.int64]:
    """How often each tutor was drawn: (draws, tutors), every row summing to `tutors`."""
    chosen = np.random.default_rng(seed).integers(tutors, size=(draws, tutors))
    chosen += np.arange(draws)[:, None] * tutors
    return np.bincount(chosen.ravel(), minlength=draws * tutors).reshape(draws, tutors)


def interval(estimate: float, drawn: Floats, level: float = 0.95) -> Interval | None:
    """The percentile interval; None if more than one draw in twenty could not be computed."""
    known = drawn[np.isfinite(drawn)]
    if len(known) < 0.95 * len(drawn) or not np.isfinite(estimate):
        return None
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(estimate), float(low), float(high))


def ratio_interval(
    numerator: Floats, denominator: Floats, tutor: Array, seed: int = 0, level: float = 0.95
) -> Interval | None:
    """Sum of `numerator` over sum of `denominator`, both (rows,), resampling tutors.

    With a denominator of ones it is a mean. None with fewer than FEWEST_TUTORS.
    """
    code, tutors = codes(tutor)
    if tutors < FEWEST_TUTORS or denominator.sum() == 0:
        return None
    above = np.bincount(code, weights=numerator, minlength=tutors)
    below = np.bincount(code, weights=denominator, minlength=tutors)
    weights = draws_of(tutors, seed=seed)
    with np.errstate(divide="ignore", invalid="ignore"):
        drawn = (weights @ above) / (weights @ below)
    return interval(float(above.sum() / below.sum()), drawn, level)


def auc_draws(label: Array, score: Array, tutor: Array, weights: NDArray[np.int64]) -> Floats:
    """The AUC of every draw of `weights`, (draws,); NaN where a draw holds one class only."""
    order = np.argsort(score, kind="stable")
    ranked, left = score[order], label[order].astype(np.float64)
    stayed, code = 1 - left, codes(tutor)[0][order]
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
    tied = len(starts) < len(ranked)
    drawn = np.empty(len(weights))
    for i, weight in enumerate(weights):
        times = weight[code]
        positive, negative = times * left, times * stayed
        if tied:
            positive = np.add.reduceat(positive, starts)
            negative = np.add.reduceat(negative, starts)
        below = np.cumsum(negative)
        pairs = positive.sum() * below[-1]
        # Not `@`: BLAS would start threads for each draw, which crawls on a busy machine.
        wins = np.sum(positive * (below - negative / 2))
        drawn[i] = wins / pairs if pairs else np.nan
    return drawn
