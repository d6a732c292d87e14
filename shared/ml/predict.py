"""Serving: probabilities of some tutors now, and the three things that push each of them most."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import numpy as np

from shared.domain.evaluation import HEADLINE
from shared.domain.log import Log
from shared.domain.prediction import Factor, Prediction, Probabilities
from shared.ml.features import Feature, Floats, Matrix, features, said
from shared.ml.labels import at_work
from shared.ml.ledger import Ledger, microseconds
from shared.ml.model import ChurnModel

FACTORS: Final = 3
QUIET: Final = {"days_since_taught": 4.0, "silence_against_habit": 2.0}
"""A longer silence may be that of somebody who has left: the chance that they will is lower then
(CONTRACT 4), which needs saying."""
EXPLAINED: Final = HEADLINE
"""The horizon, in days, whose probability the factors explain."""


def predict(model: ChurnModel, logs: Sequence[Log], as_of: datetime) -> list[Prediction | None]:
    """What the model says of each tutor; None for who is not at work (gone, on leave, quiet).

    A log has to reach back FEATURE_DAYS; what it has beyond changes nothing.
    """
    at = np.array([microseconds(as_of)])
    ledgers = [Ledger.of(log) for log in logs]
    here = [
        place
        for place, (log, ledger) in enumerate(zip(logs, ledgers, strict=True))
        if not log.tutor.gone and at_work(ledger, at)[0]
    ]
    answers: list[Prediction | None] = [None] * len(logs)
    if not here:
        return answers
    matrix = np.vstack([features(ledgers[place], at, model.space) for place in here])
    chances = model.probabilities(matrix)
    pushes = model.explained(matrix, EXPLAINED)
    for row, place in enumerate(here):
        factors = _factors(model, matrix[row : row + 1], pushes[row])
        base, margin = float(pushes[row, -1]), float(pushes[row].sum())
        answers[place] = Prediction(
            tutor_id=ledgers[place].tutor_id,
            as_of=as_of,
            data_as_of=ledgers[place].newest(int(at[0])),
            probabilities=Probabilities(*(float(chance) for chance in chances[row])),
            factors=factors,
            base=base,
            others=margin - base - sum(factor.contribution for factor in factors),
            margin=margin,
            model_version=model.manifest.version,
        )
    return answers


def _factors(model: ChurnModel, row: Matrix, pushes: Floats) -> tuple[Factor, ...]:
    """The families that push most, each told by its strongest member."""
    columns = [model.space.features[column] for column in model.columns]
    values = model.inputs(row)[0]
    families: dict[str, list[int]] = defaultdict(list)
    for place, feature in enumerate(columns):
        families[feature.family].append(place)
    sums = {family: float(pushes[places].sum()) for family, places in families.items()}
    strongest = sorted(sums, key=lambda family: (-abs(sums[family]), family))[:FACTORS]
    return tuple(
        _factor(columns, values, pushes, families[family], sums[family])
        for family in strongest
        if sums[family] != 0
    )


def _factor(
    columns: Sequence[Feature], values: Matrix, pushes: Floats, places: list[int], push: float
) -> Factor:
    """A family as one factor: the member that pushes most its way gives words and value."""
    place = max(places, key=lambda place: pushes[place] * np.sign(push))
    feature, value = columns[place], float(values[place])
    words = said(feature, value)
    if push < 0 and value > QUIET.get(feature.name, np.inf):
        words += " (whoever has left already is not foretold)"
    return Factor(
        feature=feature.name,
        words=words,
        value=None if np.isnan(value) else feature.shown(value),
        unit=feature.unit,
        contribution=push,
        direction="raises" if push > 0 else "lowers",
    )
