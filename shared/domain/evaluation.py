"""How well a churn model predicts: measures, each with its sample, and reliability."""

from dataclasses import dataclass

HORIZONS = (1, 7, 30, 90)
"""Days ahead that are predicted."""


@dataclass(frozen=True, slots=True)
class Measures:
    """How one model does over tutor-moments; None where the sample can not say.

    `auc_low` and `auc_high` bound the AUC with 95 %, resampling whole tutors.
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


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Tutor-moments with alike predictions: what was predicted and what came, with 95 %."""

    rows: int
    mean_predicted: float
    observed: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One horizon: measures by model, and the reliability of the one in force.

    `measures` is by "promoted", "xgboost", "logistic", "recency", "churn_score".
    """

    horizon_days: int
    measures: dict[str, Measures]
    reliability: tuple[ReliabilityBin, ...] = ()
