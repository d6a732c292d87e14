"""The tempting wrong label, learned and tested as the honest one is, to show what it inflates.

It dates a silence by its 15th day and asks about everybody who has not resigned, so that half of
the answer stands in the question: who has been silent for 13 days is nearly certain to "leave".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from shared.domain.evaluation import HEADLINE, Measures
from shared.ml import logistic
from shared.ml.calibration import expit
from shared.ml.features import FEATURE_DAYS, Floats, Matrix, Space, features
from shared.ml.labels import SILENCE_DAYS, Bools, fifteenth_day
from shared.ml.ledger import DAY, Ints, Ledger
from shared.ml.measure import measures
from shared.ml.model import ChurnModel
from shared.ml.record_end import known_at
from shared.ml.sample import WARM_UP_DAYS, first_seen, midnights
from shared.ml.train import GRID, grown

MOST_ROWS: Final = 30_000
DEPARTURES_TO_SHOW: Final = 20
ROUNDS: Final = 150
RIDGE: Final = 1e-3


@dataclass(frozen=True, slots=True)
class Everybody:
    """Tutor-moments of everybody, at work or not; `label` by the 15th silent day."""

    matrix: Matrix
    label: Bools
    tutor: Ints


def tempting(
    ledgers: Mapping[str, Ledger],
    model: ChurnModel,
    until: int,
    tested: tuple[int, int],
    end: int,
    threads: int,
) -> Measures | None:
    """How a model of the wrong label seems to do; None where it can not be learned.

    `until` is the end of training, `tested` the first and last moment of the test, `end` that of
    the records, all in microseconds.
    """
    before = known_at(ledgers, until)
    first, purge = first_seen(before) + WARM_UP_DAYS * DAY, (HEADLINE + SILENCE_DAYS) * DAY
    learned = everybody(before, (first, until - purge), model.space, until)
    asked = everybody(ledgers, (tested[0], min(tested[1], end - purge)), model.space, end)
    left = int(learned.label.sum())
    if not DEPARTURES_TO_SHOW <= left <= len(learned.label) - DEPARTURES_TO_SHOW:
        return None
    if not len(asked.label):
        return None
    margin = _margin(model, learned, asked, threads)
    return measures(asked.label, expit(margin), asked.tutor, float(learned.label.mean()))


def everybody(
    ledgers: Mapping[str, Ledger], between: tuple[int, int], space: Space, end: int
) -> Everybody:
    """All tutors seen within half a year and not resigned, at thinned midnights."""
    moments = midnights(*between)
    rows = sum(int(_known(ledger, moments).sum()) for ledger in ledgers.values())
    stride = max(1, -(-rows // MOST_ROWS))
    moments = midnights(*between, stride + (stride % 7 == 0))
    matrices, labels, tutors = [np.zeros((0, len(space.features)), np.float32)], [], []
    for number, ledger in enumerate(ledgers.values()):
        here = moments[_known(ledger, moments)]
        if len(here):
            matrices.append(features(ledger, here, space))
            labels.append(fifteenth_day(ledger, here, end, HEADLINE))
            tutors.append(np.full(len(here), number, np.int64))
    return Everybody(
        np.concatenate(matrices),
        np.concatenate([np.zeros(0, bool), *labels]),
        np.concatenate([np.zeros(0, np.int64), *tutors]),
    )


def _known(ledger: Ledger, moments: Ints) -> Bools:
    seen = ledger.seen
    recent = np.searchsorted(seen, moments, side="right") > np.searchsorted(
        seen, moments - FEATURE_DAYS * DAY, side="right"
    )
    known: Bools = recent & (moments < ledger.gone_at)
    return known


def _margin(model: ChurnModel, learned: Everybody, asked: Everybody, threads: int) -> Floats:
    """Log-odds by the sort of model that is in force for the headline horizon."""
    seen, asked_of = model.inputs(learned.matrix), model.inputs(asked.matrix)
    label = learned.label.astype(float)
    line = logistic.fit(seen, label, RIDGE)
    if model.manifest.kind[HEADLINE] != "xgboost":
        return line.margin(asked_of)
    return grown(line, seen, label, ROUNDS, GRID[1], threads).margin(asked_of)
