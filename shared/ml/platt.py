"""Platt's line over a model's log-odds, shrunk towards no change by how few tutors speak for it.

The two halves of the line age differently. How bold a sort of model is (the slope) is found on a
slice it was not fitted to, and carries over to the model of all rows; the level (the intercept) is
that of the newest year of the rows themselves.
"""

from typing import Final

import numpy as np

from shared.ml.bootstrap import Floats
from shared.ml.calibration import expit
from shared.ml.features import Matrix
from shared.ml.hazard import Hazard, Margin
from shared.ml.ledger import DAY, Ints
from shared.ml.measure import log_losses

SPREAD: Final = 0.5
"""Standard deviation of slopes around 1, and of a year's log-odds around the long run, expected
before looking: half as bold again, or odds by the factor 1.6, would surprise nobody."""
LEVEL_DAYS: Final = 365
"""Days of the newest rows that tell today's level: all seasons once."""


def slope_of(margin: Floats, label: Floats, tutor: Ints) -> float:
    """How much bolder than `margin` (log-odds of rows not fitted to) the model ought to be.

    1.0 where slopes found on half of the tutors do not do better on the other half.
    """
    half, bent = tutor % 2 == 0, np.zeros(len(label))
    for here, there in ((half, ~half), (~half, half)):
        slope = _shrunk_slope(margin[here], label[here], tutor[here])
        bent[there] = stretched(margin[there], slope)
    better = log_losses(label, expit(bent)).mean() < log_losses(label, expit(margin)).mean()
    return _shrunk_slope(margin, label, tutor) if better else 1.0


def levelled(margin: Floats, label: Floats) -> Floats:
    """Log-odds moved so that their mean chance is the share of ones."""
    ones = np.ones((len(label), 1))
    return np.asarray(margin + _shrunk(ones, margin, label, spread=np.inf)[0])


def stretched(margin: Floats, slope: float) -> Floats:
    """Log-odds so much bolder, about their own mean."""
    centre = margin.mean() if len(margin) else 0.0
    return np.asarray(centre + slope * (margin - centre))


def _shrunk_slope(margin: Floats, label: Floats, tutor: Ints) -> float:
    if not len(label):
        return 1.0
    centred = margin - margin.mean()
    design = np.column_stack([np.ones_like(centred), centred])
    change = float(_shrunk(design, margin, label, worth=_worth(tutor))[1])
    return max(1.0 + change, 0.0)


def calibrated(
    model: Margin, matrix: Matrix, label: Floats, at: Ints, tutor: Ints, slope: float
) -> Hazard:
    """A model fitted to these rows, as bold as told, at their level of the newest year.

    On average over all rows it forecasts what came, then moves towards what came in the newest
    LEVEL_DAYS, the further the more tutors speak for it.
    """
    margin = slope * model.margin(matrix)
    ones = np.ones((len(label), 1))
    level = float(_shrunk(ones, margin, label, spread=np.inf)[0])
    new = at > at.max() - LEVEL_DAYS * DAY
    since = _shrunk(ones[new], level + margin[new], label[new], worth=_worth(tutor[new]))
    return Hazard(model, level + float(since[0]), slope)


def _worth(tutor: Ints) -> float:
    """What a row counts where those of one tutor, alike, count as one."""
    return len(np.unique(tutor)) / len(tutor)


def _shrunk(
    design: Floats, margin: Floats, label: Floats, *, worth: float = 1.0, spread: float = SPREAD
) -> Floats:
    """Coefficients (k,) of `design` (rows, k) to add to the log-odds: the posterior's mode.

    Logistic likelihood times normal priors around 0, by Newton's method with bounded steps.
    """
    found = np.zeros(design.shape[1])
    prior = np.eye(len(found)) / spread**2 + 1e-9 * np.eye(len(found))
    for _ in range(100):
        fitted = expit(margin + design @ found)
        slope = worth * design.T @ (label - fitted) - prior @ found
        bend = worth * (design * (fitted * (1 - fitted))[:, None]).T @ design + prior
        step = np.linalg.solve(bend, slope)
        found = found + step / max(1.0, float(np.abs(step).max()))
        if np.abs(step).max() < 1e-9:
            break
    return found
