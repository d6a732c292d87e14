"""One stage of leaving: the chance to leave in (from, to] days, given still there at `from`.

Whatever sort of model a stage is made of, it answers a margin (log-odds) and what each feature
adds to it; a calibration line (Platt 1999) may lie on top.
"""

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import xgboost as xgb

from shared.ml.features import Floats, Matrix
from shared.ml.logistic import Logistic

RECENCY_FEATURE: Final = "days_since_taught"


class Margin(Protocol):
    """What every sort of model can do."""

    def margin(self, matrix: Matrix) -> Floats:
        """Log-odds of each row."""
        ...

    def contributions(self, matrix: Matrix) -> Floats:
        """What each feature adds, and last the base: rows sum to the margin."""
        ...


@dataclass(frozen=True, slots=True)
class Trees:
    """XGBoost's boosted trees on top of a regression: they learn what its lines leave over.

    The booster's own base is 0; whoever runs it sets its threads.
    """

    start: Logistic
    booster: xgb.Booster

    def margin(self, matrix: Matrix) -> Floats:
        """Log-odds of each row."""
        grown = self.booster.inplace_predict(matrix, predict_type="margin")
        return np.asarray(self.start.margin(matrix) + grown, float)

    def contributions(self, matrix: Matrix) -> Floats:
        """Exact Shapley values, of the lines and by TreeSHAP of the trees, and last the base."""
        rows = xgb.DMatrix(matrix, nthread=1)
        grown = self.booster.predict(rows, pred_contribs=True)
        return np.asarray(self.start.contributions(matrix) + grown, float)


@dataclass(frozen=True, slots=True)
class Recency:
    """The one-line rule: a logistic curve over the days since the last session."""

    column: int
    curve: Logistic

    def margin(self, matrix: Matrix) -> Floats:
        """Log-odds of each row."""
        return self.curve.margin(matrix[:, [self.column]])

    def contributions(self, matrix: Matrix) -> Floats:
        """All of it is the one feature's."""
        parts = self.curve.contributions(matrix[:, [self.column]])
        spread = np.zeros((len(matrix), matrix.shape[1] + 1))
        spread[:, self.column], spread[:, -1] = parts[:, 0], parts[:, 1]
        return spread


@dataclass(frozen=True, slots=True)
class Hazard:
    """A model with its calibration line: margin = intercept + slope * the model's own."""

    model: Margin
    intercept: float = 0.0
    slope: float = 1.0

    def margin(self, matrix: Matrix) -> Floats:
        """Calibrated log-odds of each row."""
        return self.intercept + self.slope * self.model.margin(matrix)

    def contributions(self, matrix: Matrix) -> Floats:
        """Of the calibrated margin: features, and last the base."""
        parts = self.slope * self.model.contributions(matrix)
        parts[:, -1] += self.intercept
        return parts
