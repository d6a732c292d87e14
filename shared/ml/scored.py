"""The churn score of the same tutor-moments as the model's, computed on logs as known then."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np

from shared.domain.churn_score import COMPONENTS, UPLIFTS, ChurnScore, churn_scores
from shared.domain.log import Log
from shared.domain.marketplace import Reference, fitted_to
from shared.domain.night import standing
from shared.domain.tutor import TutorStatus
from shared.ml.features import Floats
from shared.ml.labels import Bools, at_work
from shared.ml.ledger import Ints, Ledger, instant, microseconds
from shared.ml.sample import Sample

MOST_SCORES: Final = 20_000
"""A score takes a quarter of a millisecond."""

PARTS: Final = (
    *(component.name for component in COMPONENTS),
    *(uplift.name for uplift in UPLIFTS),
)


@dataclass(frozen=True, slots=True)
class Scored:
    """Churn scores of some rows of a sample, in their order.

    `rows` are their places; `value` is (rows,); `parts` and `known` are (rows, PARTS): what each
    component says from 0 to 100, or each uplift adds, and whether it had data.
    """

    rows: Ints
    value: Floats
    parts: Floats
    known: Bools
    scores: tuple[ChurnScore, ...]


def thinned(count: int, most: int) -> Ints:
    """Every k-th of so many rows, k as small as gives at most `most` and never a whole week."""
    step = max(1, -(-count // most))
    step += step > 1 and step % 7 == 0
    return np.arange(0, count, step, dtype=np.int64)


def scored(
    logs: Mapping[str, Log], rows: Sample, reference: Reference, most: int = MOST_SCORES
) -> Scored:
    """The churn scores of a sample's rows, thinned to `most`."""
    places = thinned(len(rows), most)
    names = np.array(rows.names, object)[rows.tutor[places]]
    scores: list[ChurnScore] = []
    for name in dict.fromkeys(names):
        moments = [instant(at) for at in rows.at[places[names == name]]]
        scores += churn_scores(as_at_work(logs[name]), moments, reference)
    told = [_told(score) for score in scores]
    return Scored(
        rows=places,
        value=np.array([score.value for score in scores]),
        parts=np.array([values for values, _ in told]).reshape(len(scores), len(PARTS)),
        known=np.array([known for _, known in told], bool).reshape(len(scores), len(PARTS)),
        scores=tuple(scores),
    )


def _told(score: ChurnScore) -> tuple[list[float], list[bool]]:
    by_name = {part.name: part for part in score.parts}
    parts = [by_name.get(name) for name in PARTS]
    values = [0.0 if p is None else p.points if p.value is None else p.value for p in parts]
    return values, [part is None or part.known for part in parts]


def as_at_work(log: Log) -> Log:
    """The log with the profile as it was: whoever is scored was at work, whatever came later."""
    return replace(log, tutor=replace(log.tutor, status=TutorStatus.ACTIVE, status_since=None))


def reference_at(
    logs: Mapping[str, Log], ledgers: Mapping[str, Ledger], moment: datetime
) -> Reference:
    """The marketplace's priors as a night then would have fitted them."""
    at = np.array([microseconds(moment)])
    here = [name for name, ledger in ledgers.items() if at_work(ledger, at)[0]]
    usual = Reference()
    return fitted_to(
        f"{moment:%Y-%m-%d}", [standing(as_at_work(logs[name]), moment, usual) for name in here]
    )
