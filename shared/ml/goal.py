"""The product requirements' alert goals, and which of them this base rate leaves attainable.

PRD, Prediction Calibration Standards: critical 70 % precision and 90 % recall, high 50/80, medium
30/60. They are read as alerts at this level or a higher one: as separate bands the three recalls
would have to add up to 230 % of all departures.
"""

from dataclasses import dataclass

import numpy as np

from shared.domain.churn_score import RISK_BOUNDS, RiskLevel
from shared.domain.evaluation import LevelGoal, Measures, Reach
from shared.ml.bootstrap import Array, Floats
from shared.ml.measure import precision_recall


@dataclass(frozen=True, slots=True)
class Goal:
    """Alerts of a level: scores above `score_above`, and what share should be right and caught."""

    level: RiskLevel
    score_above: float
    precision: float
    recall: float


GOALS = (
    Goal(RiskLevel.CRITICAL, RISK_BOUNDS[RiskLevel.HIGH], 0.70, 0.90),
    Goal(RiskLevel.HIGH, RISK_BOUNDS[RiskLevel.MEDIUM], 0.50, 0.80),
    Goal(RiskLevel.MEDIUM, RISK_BOUNDS[RiskLevel.LOW], 0.30, 0.60),
)


def level_goals(
    label: Array,
    probability: Array,
    measured: Measures,
    churn_score: Array | None = None,
    ceiling: Array | None = None,
) -> tuple[LevelGoal, ...]:
    """Each goal against the churn score's own threshold and against the model at any threshold.

    `measured` are the measures of `probability`; `ceiling` the best possible forecast, where the
    world is synthetic. Score and ceiling are NaN in rows of which they are not known; of them
    those rows tell nothing.
    """
    y = np.asarray(label, dtype=np.float64)
    best = None if ceiling is None else _known(y, ceiling)
    score = None if churn_score is None else _known(y, churn_score)
    return tuple(_held(goal, y, probability, measured, score, best) for goal in GOALS)


type _Forecast = tuple[Floats, Floats]
"""Labels, and what was said of them."""


def _known(y: Floats, forecast: Array) -> _Forecast:
    said = np.asarray(forecast, dtype=np.float64)
    known = ~np.isnan(said)
    return y[known], said[known]


def _held(
    goal: Goal,
    y: Floats,
    probability: Array,
    measured: Measures,
    score: _Forecast | None,
    ceiling: _Forecast | None,
) -> LevelGoal:
    rows, precision, recall = _above(goal, *score) if score else (None, None, None)
    known = measured.auc is not None
    best = _best(goal, y, probability) if known else (None, None)
    needed = auc_needed(goal, measured.base_rate) if known else None
    reach = _reach(goal, measured, best, needed, ceiling)
    return LevelGoal(
        level=goal.level.value,
        score_above=goal.score_above,
        precision_goal=goal.precision,
        recall_goal=goal.recall,
        rows=rows,
        score_precision=precision,
        score_recall=recall,
        recall_at_precision=best[0],
        precision_at_recall=best[1],
        lift_needed=goal.precision / measured.base_rate if known else None,
        auc_needed=needed,
        reach=reach,
        verdict=_verdict(goal, measured, best, needed, reach, ceiling is not None),
    )


def _above(goal: Goal, y: Floats, churn_score: Floats) -> tuple[int, float | None, float | None]:
    """Rows above the goal's churn score, the share of them that left, and of leavers caught."""
    alarmed = churn_score > goal.score_above
    rows, caught = int(alarmed.sum()), float(y[alarmed].sum())
    return rows, caught / rows if rows else None, caught / y.sum() if y.any() else None


def _best(goal: Goal, y: Floats, score: Array) -> tuple[float, float]:
    """The highest recall at the goal's precision, the highest precision at its recall."""
    precision, recall, _ = precision_recall(y, score)
    return (
        float(recall[precision >= goal.precision].max(initial=0.0)),
        float(precision[recall >= goal.recall].max()),
    )


def auc_needed(goal: Goal, base_rate: float) -> float:
    """The lowest AUC whose concave ROC curve passes through the goal.

    Precision q at recall r of a base rate p makes false alarms of f = r p (1 - q) / (q (1 - p)) of
    those who stay. A concave curve through (f, r) has at least the area under the two straight
    lines over that point, (1 + r - f) / 2.
    """
    odds = base_rate / (1 - base_rate)
    false_alarms = goal.recall * odds * (1 - goal.precision) / goal.precision
    return max(0.5, (1 + goal.recall - false_alarms) / 2)


def _reach(
    goal: Goal,
    measured: Measures,
    best: tuple[float | None, float | None],
    needed: float | None,
    ceiling: _Forecast | None,
) -> Reach:
    if best[1] is None or needed is None or measured.auc is None:
        return "unknown"
    if best[1] >= goal.precision:
        return "reached"
    if ceiling is not None:
        return "missed" if _best(goal, *ceiling)[1] >= goal.precision else "out_of_reach"
    likely_most = measured.auc_high if measured.auc_high is not None else 1.0
    return "out_of_reach" if likely_most < needed else "missed"


def _verdict(
    goal: Goal,
    measured: Measures,
    best: tuple[float | None, float | None],
    needed: float | None,
    reach: Reach,
    ceiling_known: bool,
) -> str:
    right = best[1]
    if reach == "unknown" or right is None or needed is None:
        return "Too few departures to tell."
    if reach == "reached":
        return f"Attainable: catching {goal.recall:.0%} of departures, {right:.0%} are right."
    need = (
        f"departures are {measured.base_rate:.1%} of cases, so {goal.precision:.0%} right alerts "
        f"are {goal.precision / measured.base_rate:.1f} times richer than chance, and with "
        f"{goal.recall:.0%} caught they take an AUC of at least {needed:.2f}"
    )
    has = f"the model has {measured.auc:.2f}"
    if reach == "missed":
        return f"Not reached, though not ruled out: {need}; {has}."
    if ceiling_known:
        return f"Not attainable: even the best possible forecast misses it, for {need}."
    return (
        f"Not attainable by this model at this base rate: {need}; {has} (at most "
        f"{measured.auc_high:.2f})."
    )
