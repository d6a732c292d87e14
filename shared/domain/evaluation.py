"""How well a churn model predicts: measures, each with its sample, reliability, lift and goals."""

from dataclasses import dataclass
from typing import Literal

HORIZONS = (1, 7, 30, 90)
"""Days ahead that are predicted."""

HEADLINE = 30
"""The horizon in days that decides between models."""


def within(days: int) -> str:
    """A horizon in words."""
    return "1 day" if days == 1 else f"{days} days"


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its 95 % interval from resampling whole tutors."""

    mean: float
    low: float
    high: float

    @property
    def below_zero(self) -> bool:
        """Whether it is below 0 beyond chance."""
        return self.high < 0

    @property
    def above_zero(self) -> bool:
        """Whether it is above 0 beyond chance."""
        return self.low > 0


@dataclass(frozen=True, slots=True)
class Measures:
    """How one model does over tutor-moments; None where the sample can not say.

    `auc_low` and `auc_high` bound the AUC with 95 %, resampling whole tutors; the slope's bounds
    likewise. `brier_skill` is over always forecasting `reference_rate`, the base rate of the
    training data where it was told; `brier_skill_own` over the sample's own base rate, which
    nobody knew beforehand. `calibration_error` is over ten bins of equal size,
    `calibration_error_equal_width` over ten of equal width, and `calibration_noise` is the
    calibration error that chance alone would give a perfect forecast here. `mean_forecast` is right
    if it lies between `observed_low` and `observed_high`, the share that left with 95 %.
    """

    rows: int
    tutors: int
    positives: int
    base_rate: float
    auc: float | None
    auc_low: float | None
    auc_high: float | None
    pr_auc: float | None
    brier: float | None
    brier_skill: float | None
    log_loss: float | None
    calibration_error: float | None
    calibration_slope: float | None
    calibration_intercept: float | None
    precision_at_10: float | None
    recall_at_10: float | None
    positive_tutors: int = 0
    auc_se: float | None = None
    reference_rate: float | None = None
    brier_skill_own: float | None = None
    calibration_error_equal_width: float | None = None
    calibration_noise: float | None = None
    calibration_slope_low: float | None = None
    calibration_slope_high: float | None = None
    mean_forecast: float | None = None
    observed_low: float | None = None
    observed_high: float | None = None


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Tutor-moments with alike predictions: what was predicted and what came, with 95 %."""

    rows: int
    mean_predicted: float
    observed: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Lift:
    """What alarming the `share` of tutor-moments at highest risk gives.

    `lift` is precision over the base rate: how much better than picking blindly.
    """

    share: float
    rows: int
    precision: float
    recall: float
    lift: float


Reach = Literal["reached", "missed", "out_of_reach", "unknown"]
"""`missed` was not reached but is not excluded either; `out_of_reach` is excluded by arithmetic."""


@dataclass(frozen=True, slots=True)
class LevelGoal:
    """An alert goal of the product requirements (PRD, Prediction Calibration Standards).

    Alerts are all tutor-moments with a churn score above `score_above`, this level or a higher
    one. `score_precision` and `score_recall` are what the churn score gives there;
    `recall_at_precision` and `precision_at_recall` the best that the model's probabilities give
    while keeping the other half of the goal, with the threshold chosen in hindsight.
    `lift_needed` is the goal's precision over the base rate. Alerts in the order of true risk have
    a concave ROC curve, and none of those with an AUC below `auc_needed` reaches both halves.
    `verdict` says it in a sentence.
    """

    level: str
    score_above: float
    precision_goal: float
    recall_goal: float
    rows: int | None
    score_precision: float | None
    score_recall: float | None
    recall_at_precision: float | None
    precision_at_recall: float | None
    lift_needed: float | None
    auc_needed: float | None
    reach: Reach
    verdict: str


@dataclass(frozen=True, slots=True)
class Quadrant:
    """Tutor-moments that score and model sort alike or apart, and the departures among them."""

    rows: int
    departures: int

    @property
    def rate(self) -> float | None:
        return self.departures / self.rows if self.rows else None


@dataclass(frozen=True, slots=True)
class Agreement:
    """The churn score against the model's probability over the same tutor-moments.

    `both`, `only_model`, `only_score`, `neither` are by who has a tutor-moment among the 10 % at
    highest risk; equal scores at the cut go in by the order of the rows. `auc_difference` is the
    model's AUC minus the score's.
    """

    rank_correlation: float | None
    auc_difference: Interval | None
    both: Quadrant
    only_model: Quadrant
    only_score: Quadrant
    neither: Quadrant


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One horizon: measures by model; reliability, lift and goals of the one in force.

    `measures` is by "promoted", "xgboost", "logistic", "recency", "churn_score", and "ceiling"
    where the world is synthetic and the best possible forecast is known.
    """

    horizon_days: int
    measures: dict[str, Measures]
    reliability: tuple[ReliabilityBin, ...] = ()
    lift: tuple[Lift, ...] = ()
    goals: tuple[LevelGoal, ...] = ()
