"""Logistic regression with a ridge: the plain model that the trees have to beat.

Inputs are squeezed by asinh (counts and days are skewed), cut at their training extremes and
standardised; an unknown value stands at the mean, and has a column that says it was unknown.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.ml.calibration import expit
from shared.ml.features import Floats, Matrix

type Labels = Floats
"""0 or 1 for each row."""

EXTREMES: Final = (0.05, 0.95)
"""A line goes on for ever, what it describes does not: beyond these shares it stays level."""
RIDGES: Final = (1e-4, 1e-3, 1e-2, 1e-1)
"""Tried on a validation slice; for each row, so that more rows make a fit no bolder."""
CURVATURE_ROWS: Final = 10_000
"""Byrd, Chin, Neveitt and Nocedal (2011): a sampled curvature costs steps, not accuracy."""
_STEPS: Final = 50
_SOLVED: Final = 1e-7
"""A step that improves the mean log-loss by less is the last."""


@dataclass(frozen=True, slots=True)
class Scale:
    """What training found of every feature: bounds, mean and spread after asinh.

    `told` are the features whose absence gets a column of its own.
    """

    low: Floats
    high: Floats
    mean: Floats
    spread: Floats
    told: tuple[int, ...]

    @staticmethod
    def of(matrix: Matrix) -> "Scale":
        """The scale of some rows; a feature that is never known has no weight in it."""
        squeezed = np.arcsinh(matrix.astype(float))
        known = ~np.isnan(squeezed)
        share = known.mean(axis=0)
        low, high = np.zeros(matrix.shape[1]), np.zeros(matrix.shape[1])
        mean, spread = np.zeros(matrix.shape[1]), np.ones(matrix.shape[1])
        for column in np.flatnonzero(share > 0):
            values = squeezed[known[:, column], column]
            low[column], high[column] = np.quantile(values, EXTREMES)
            values = np.clip(values, low[column], high[column])
            mean[column] = values.mean()
            spread[column] = max(values.std(), 1e-9)
        flat = spread <= 1e-9
        spread[flat] = np.inf
        told = np.flatnonzero((share > 0.01) & (share < 0.99))
        return Scale(low, high, mean, spread, tuple(int(column) for column in told))

    def design(self, matrix: Matrix) -> Floats:
        """Rows as the regression sees them: features, then what is unknown; no intercept."""
        squeezed = np.arcsinh(matrix.astype(float))
        unknown = np.isnan(squeezed)
        cut = np.clip(np.where(unknown, self.mean, squeezed), self.low, self.high)
        scaled = np.where(unknown, 0.0, (cut - self.mean) / self.spread)
        return np.hstack([scaled, unknown[:, list(self.told)].astype(float)])


@dataclass(frozen=True, slots=True)
class Logistic:
    """A fitted regression; `centre` is the mean of the training design."""

    scale: Scale
    intercept: float
    weights: Floats
    centre: Floats

    def margin(self, matrix: Matrix) -> Floats:
        """Log-odds of each row, to the last bit the same whatever rows stand beside it."""
        parts = self.scale.design(matrix) * self.weights
        return np.asarray(self.intercept + parts.sum(axis=1))  # a BLAS product would not be so

    def contributions(self, matrix: Matrix) -> Floats:
        """What each feature adds to the margin, and last what is left: (rows, features + 1).

        For a linear model these are its Shapley values: weight times distance from the mean.
        """
        parts = (self.scale.design(matrix) - self.centre) * self.weights
        features = matrix.shape[1]
        told = parts[:, features:]
        parts = parts[:, :features].copy()
        parts[:, list(self.scale.told)] += told
        base = np.full((len(matrix), 1), self.intercept + self.centre @ self.weights)
        return np.hstack([parts, base])


def fit(matrix: Matrix, label: Labels, ridge: float) -> Logistic:
    """The weights of least mean log-loss + ridge · weights² / 2; the intercept is free.

    Newton's method, each step halved until the penalised likelihood grows.
    """
    scale = Scale.of(matrix)
    design = np.hstack([np.ones((len(matrix), 1)), scale.design(matrix)])
    penalty = np.full(design.shape[1], ridge * len(matrix))
    penalty[0] = 1e-6
    share = np.clip(label.mean(), 1e-6, 1 - 1e-6)
    weights = np.zeros(design.shape[1])
    weights[0] = np.log(share / (1 - share))
    loss = _loss(design, label, weights, penalty)
    for _ in range(_STEPS):
        step = _newton(design, label, weights, penalty)
        length = 1.0
        while (found := _loss(design, label, weights + length * step, penalty)) > loss:
            length /= 2
            if length < 1e-4:
                break
        if length < 1e-4 or loss - found < _SOLVED * len(label):
            break
        weights, loss = weights + length * step, found
    return Logistic(scale, float(weights[0]), weights[1:], design[:, 1:].mean(axis=0))


def _loss(design: Floats, label: Labels, weights: Floats, penalty: Floats) -> float:
    margin = design @ weights
    likelihood = np.logaddexp(0.0, margin) - label * margin
    return float(likelihood.sum() + penalty @ weights**2 / 2)


def _newton(design: Floats, label: Labels, weights: Floats, penalty: Floats) -> Floats:
    """A step with the exact gradient and the curvature of some of the rows, which is enough."""
    residual = label - expit(design @ weights)
    every = -(-len(design) // CURVATURE_ROWS)
    some = design[::every]
    fitted = expit(some @ weights)
    curvature = np.maximum(fitted * (1 - fitted), 1e-9) * (len(design) / len(some))
    information = (some * curvature[:, None]).T @ some + np.diag(penalty)
    step: Floats = np.linalg.solve(information, design.T @ residual - penalty * weights)
    return step
