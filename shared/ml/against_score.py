"""The churn score against the model: where they differ and what came of it, and what parts say."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from shared.domain.churn_score import COMPONENTS, UPLIFTS, ChurnScore
from shared.domain.evaluation import HEADLINE, HORIZONS, Measures
from shared.domain.log import Log
from shared.domain.prediction import Prediction
from shared.ml.features import Floats
from shared.ml.forecast import Forecasts
from shared.ml.ledger import Ints, instant
from shared.ml.measure import ranking
from shared.ml.model import ChurnModel
from shared.ml.predict import predict
from shared.ml.sample import Sample
from shared.ml.scored import PARTS, Scored, as_at_work
from shared.ml.verdict import Example, ScorePartWorth

EXAMPLES_EACH: Final = 4

TITLES: Final = {component.name: component.title for component in COMPONENTS} | {
    uplift.name: uplift.title for uplift in UPLIFTS
}
WEIGHTS: Final = {component.name: component.weight for component in COMPONENTS}


def disagreements(
    logs: Mapping[str, Log], model: ChurnModel, tested: Sample, said: Forecasts, found: Scored
) -> tuple[Example, ...]:
    """The tutors whom model and score rank most differently, chosen without regard to outcome.

    Half of them the model's, half the score's; one moment of each tutor.
    """
    certain = np.flatnonzero(tested.closed(HEADLINE)[found.rows])
    rows = found.rows[certain]
    chance = said["promoted"][rows, HORIZONS.index(HEADLINE)]
    apart = _standing(chance) - _standing(found.value[certain])
    most, taken = [], set[int]()
    for order in (np.argsort(-apart, kind="stable"), np.argsort(apart, kind="stable")):
        chosen = _one_of_each(order, tested.tutor[rows], taken)
        most += chosen
        taken |= {int(tested.tutor[rows[place]]) for place in chosen}
    return tuple(
        _example(logs, model, tested, said, int(rows[place]), found.scores[certain[place]])
        for place in most
    )


def _standing(values: Floats) -> Floats:
    """Share of the rows below, equal ones half."""
    ordered = np.sort(values)
    below = np.searchsorted(ordered, values, side="left")
    upto = np.searchsorted(ordered, values, side="right")
    return np.asarray((below + upto) / 2 / max(len(values), 1))


def _one_of_each(order: Ints, tutor: Ints, taken: set[int]) -> list[int]:
    """The first places in order, one of each tutor, none of those already taken."""
    found: dict[int, int] = {}
    for place in order:
        who = int(tutor[place])
        if who not in taken:
            found.setdefault(who, int(place))
        if len(found) == EXAMPLES_EACH:
            break
    return list(found.values())


def _example(
    logs: Mapping[str, Log],
    model: ChurnModel,
    tested: Sample,
    said: Forecasts,
    row: int,
    score: ChurnScore,
) -> Example:
    name, as_of = tested.names[tested.tutor[row]], instant(int(tested.at[row]))
    prediction = predict(model, [as_at_work(logs[name])], as_of)[0]
    return Example(
        tutor_id=name,
        as_of=as_of,
        churn_score=score.value,
        probability=float(said["promoted"][row, HORIZONS.index(HEADLINE)]),
        left=bool(tested.leaves_within(HEADLINE)[row]),
        words=f"{_of_score(score)} {_of_model(prediction)}",
    )


def _of_score(score: ChurnScore) -> str:
    part = score.main_part
    if part is None:
        return "Score: no part stands out."
    return f"Score: mostly {part.title[0].lower()}{part.title[1:]} ({part.points:.0f} points)."


def _of_model(prediction: Prediction | None) -> str:
    if prediction is None:
        return ""
    told = [f"{each.words} {each.direction} it" for each in prediction.factors[:2]]
    return f"Model: {'; '.join(told)}."


def worth(
    before: tuple[Sample, Scored], tested: tuple[Sample, Scored], days: int
) -> tuple[ScorePartWorth, ...]:
    """How well each part of the score ranks who leaves within so many days, in either period.

    A part below 0.5 beyond chance ranks the wrong way round.
    """
    return tuple(
        ScorePartWorth(
            name=part,
            title=TITLES[part],
            weight=WEIGHTS.get(part),
            known=float(tested[1].known[:, place].mean()) if part in WEIGHTS else None,
            training=_ranked(*before, place, days),
            test=_ranked(*tested, place, days),
        )
        for place, part in enumerate(PARTS)
    )


def _ranked(rows: Sample, found: Scored, place: int, days: int) -> Measures:
    certain = rows.closed(days)[found.rows]
    among = rows.take(found.rows[certain])
    return ranking(among.label(days), found.parts[certain, place], among.tutor)
