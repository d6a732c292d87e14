"""What a backtest found, and whether the forecasts can be relied on, in plain words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from shared.domain.churn_model import ModelKind
from shared.domain.evaluation import (
    HEADLINE,
    Agreement,
    Evaluation,
    Interval,
    Measures,
)
from shared.ml.calibration import SLOPES

CALIBRATION_GOAL = 0.03

type Tone = Literal["good", "mixed", "poor", "unknown"]


@dataclass(frozen=True, slots=True)
class Setting:
    """What was trained on and tested on.

    `purge_days` by horizon is how long before `train_until` the last moment trained on lies, so
    that its outcome was known by then. `kinds` says which sort of model is in use by horizon.
    `missing` names in words what the history does not report.
    """

    history: str
    made_at: datetime
    train_from: datetime
    train_until: datetime
    test_from: datetime
    test_until: datetime
    train_tutors: int
    train_rows: int
    test_tutors: int
    test_rows: int
    purge_days: Mapping[int, int]
    kinds: Mapping[int, ModelKind]
    features: int
    reported: int
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """The model in use less another over the same tutor-moments: log-loss and AUC.

    A log-loss below 0 and an AUC above 0 speak for the model in use.
    """

    against: str
    log_loss: Interval | None
    auc: Interval | None


@dataclass(frozen=True, slots=True)
class LabelKind:
    """One way of leaving: how many of the tested tutor-moments it comes to, by horizon in days.

    `predicted` is False for what is counted but not part of what is predicted.
    """

    name: str
    meaning: str
    rows: Mapping[int, int]
    predicted: bool = True


@dataclass(frozen=True, slots=True)
class WrongLabel:
    """The same sort of model on the tempting wrong label, the 15th silent day over everybody."""

    honest: Measures
    tempting: Measures
    horizon_days: int = HEADLINE


@dataclass(frozen=True, slots=True)
class Example:
    """A tutor-moment that the score and the model judge differently, and what came of it."""

    tutor_id: str
    as_of: datetime
    churn_score: float
    probability: float
    left: bool
    words: str


@dataclass(frozen=True, slots=True)
class ScorePartWorth:
    """How well one part of the churn score ranks who leaves, in training and in the test.

    `known` is the share of tested tutor-moments with data for it; an uplift has neither.
    """

    name: str
    title: str
    weight: float | None
    known: float | None
    training: Measures
    test: Measures


@dataclass(frozen=True, slots=True)
class BacktestReport:
    """Everything the report tells; parts that are empty are left out of it.

    `comparisons` and `agreements` are by horizon in days. `drivers` are the features that move
    the predictions most, in words, with their mean absolute push in log-odds. `notes` tell how
    the model was chosen, `caveats` what a reader must bear in mind.
    """

    setting: Setting
    evaluations: tuple[Evaluation, ...]
    comparisons: Mapping[int, tuple[Comparison, ...]] = field(default_factory=dict)
    agreements: Mapping[int, Agreement] = field(default_factory=dict)
    labels: tuple[LabelKind, ...] = ()
    wrong_label: WrongLabel | None = None
    drivers: tuple[tuple[str, float], ...] = ()
    examples: tuple[Example, ...] = ()
    score_parts: tuple[ScorePartWorth, ...] = ()
    notes: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()

    def at(self, horizon_days: int) -> Evaluation | None:
        """The evaluation of one horizon."""
        return next((e for e in self.evaluations if e.horizon_days == horizon_days), None)


@dataclass(frozen=True, slots=True)
class Point:
    """One question a reader would ask, and its answer."""

    tone: Tone
    sentence: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The whole in one sentence, and the points it rests on; all of the headline horizon."""

    tone: Tone
    sentence: str
    points: tuple[Point, ...]


def verdict(report: BacktestReport) -> Verdict:
    """Whether the forecasts can be relied on, in plain words."""
    evaluation = report.at(HEADLINE)
    found = evaluation.measures.get("promoted") if evaluation else None
    if found is None or found.auc is None:
        return Verdict("unknown", "Too few departures in the test period to tell.", ())
    points = (
        _ranks(found),
        _beats_the_base_rate(found),
        _calibrated(found),
        *_compared(report.comparisons.get(HEADLINE, ())),
    )
    tone = _overall(points[0].tone, points[1].tone, points[2].tone)
    return Verdict(tone, _SENTENCES[tone], points)


_SENTENCES: dict[Tone, str] = {
    "good": "The forecasts can be relied on: they find tutors who leave, and their percentages "
    "mean what they say.",
    "mixed": "The forecasts are of use, with reservations: read the points below.",
    "poor": "The forecasts should not be relied on for this history.",
    "unknown": "Too few departures in the test period to tell.",
}


def _overall(ranks: Tone, skill: Tone, calibrated: Tone) -> Tone:
    if ranks == "poor" or skill == "poor":
        return "poor"
    return "good" if {ranks, skill, calibrated} == {"good"} else "mixed"


def _ranks(found: Measures) -> Point:
    low, high = found.auc_low, found.auc_high
    if low is None or high is None:
        return Point("mixed", f"AUC {found.auc:.2f}, with too few tutors for an interval.")
    said = f"AUC {found.auc:.2f} ({low:.2f} to {high:.2f})"
    if low > 0.5:
        return Point("good", f"It tells those who leave from those who stay: {said}.")
    return Point("poor", f"It is not shown to rank better than a coin: {said}.")


def _beats_the_base_rate(found: Measures) -> Point:
    if found.brier_skill is None or found.reference_rate is None:
        return Point("unknown", "Whether it beats the base rate can not be told.")
    told, own = found.brier_skill, found.brier_skill_own
    constant = f"those of always forecasting {found.reference_rate:.1%}, as in training"
    if told <= 0:
        return Point("poor", f"Its errors are no smaller than {constant} ({told:+.1%}).")
    if own is not None and own <= 0:
        return Point(
            "mixed",
            f"Its errors are {told:.1%} smaller than {constant}, but no smaller than those of "
            f"always forecasting the test's own {found.base_rate:.1%} ({own:+.1%}).",
        )
    return Point("good", f"Its errors are {told:.1%} smaller than {constant}.")


def _calibrated(found: Measures) -> Point:
    error, slope = found.calibration_error, found.calibration_slope
    if error is None or slope is None:
        return Point("unknown", "Whether its percentages are right can not be told.")
    said = (
        f"on average they are off by {100 * error:.1f} points "
        f"(goal: {100 * CALIBRATION_GOAL:.0f}; chance alone gives "
        f"{100 * (found.calibration_noise or 0):.1f}), slope {slope:.2f} "
        f"(goal: {SLOPES[0]} to {SLOPES[1]})"
    )
    if reliable(error, slope):
        return Point("good", f"Its percentages are right: {said}.")
    return Point("mixed", f"Its percentages should be read with care: {said}.")


def reliable(error: float, slope: float) -> bool:
    """Whether calibration error and slope reach their goals."""
    return error <= CALIBRATION_GOAL and SLOPES[0] <= slope <= SLOPES[1]


def _compared(comparisons: tuple[Comparison, ...]) -> tuple[Point, ...]:
    return tuple(_against(each) for each in comparisons)


def _against(each: Comparison) -> Point:
    name = NAMES.get(each.against, each.against)
    gap = each.log_loss if each.log_loss is not None else each.auc
    if gap is None:
        return Point("unknown", f"Against {_lower(name)}: too little to compare.")
    what = "log-loss" if each.log_loss is not None else "AUC"
    better, worse = (gap.below_zero, gap.above_zero) if what == "log-loss" else (
        gap.above_zero, gap.below_zero
    )  # fmt: skip
    said = f"{what} {gap.mean:+.4f} ({gap.low:+.4f} to {gap.high:+.4f})"
    if better:
        return Point("good", f"Better than {_lower(name)}, beyond chance: {said}.")
    if worse:
        return Point("poor", f"Worse than {_lower(name)}, beyond chance: {said}.")
    return Point("mixed", f"No different from {_lower(name)} within chance: {said}.")


NAMES = {
    "promoted": "Chain of several",
    "xgboost": "XGBoost",
    "logistic": "Logistic regression",
    "recency": "Recency rule",
    "churn_score": "Churn score",
    "ceiling": "Best possible",
}
"""What the models are called on the page."""


def _lower(name: str) -> str:
    return name if name.startswith("XG") else "the " + name[0].lower() + name[1:]
