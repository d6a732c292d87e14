"""What the API tells of the churn model: one tutor's prediction, and the model itself."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from shared.domain import churn_model
from shared.domain.churn_model import Champion, Manifest, ModelKind
from shared.domain.churn_score import ChurnScore
from shared.domain.disagreement import disagreement
from shared.domain.prediction import Absence, Unscored
from shared.domain.prediction import Prediction as Predicted
from shared.outbound import Fraction, LogOdds, Outbound, Probabilities, Quantity

NO_MODEL = "No churn model is in force yet; there are no probabilities to show."
NOT_YET = "Not predicted yet; a prediction follows every score within seconds."
ABSENT = {
    Absence.GONE: "Not predicted: the tutor has left.",
    Absence.ON_LEAVE: "Not predicted: the tutor is on leave.",
    Absence.QUIET: "Not predicted: no session in the last 14 days, so nothing is left to foresee.",
}


class Factor(Outbound):
    """What pushes a prediction; a `contribution` above 0, in log-odds, raises the risk.

    `value` is the feature's own, in `unit`, null where it is unknown.
    """

    feature: str
    words: str
    direction: Literal["raises", "lowers"]
    value: float | None
    unit: str
    contribution: LogOdds


class Prediction(Outbound):
    """What the churn model says; `note` says why there is nothing, if so.

    `base`, the contributions of `factors`, and `others` add up to `margin`, the log-odds of
    leaving within 30 days: margin = ln(p / (1 - p)) of `within_30d`.
    `disagrees` is whether score and model say different things, `disagreement` why.
    """

    probabilities: Probabilities
    factors: tuple[Factor, ...] = ()
    base: LogOdds | None = None
    others: LogOdds | None = None
    margin: LogOdds | None = None
    model_version: str | None = None
    as_of: datetime | None = None
    data_as_of: datetime | None = None
    disagrees: bool | None = None
    disagreement: str | None = None
    note: str | None = NO_MODEL


def prediction(
    told: Predicted | Unscored | None, score: ChurnScore, *, any_model: bool
) -> Prediction:
    """A tutor's prediction beside the churn score of the same tutor."""
    match told:
        case None:
            note = NOT_YET if any_model else NO_MODEL
            return Prediction(probabilities=Probabilities(), note=note)
        case Unscored():
            return Prediction(
                probabilities=Probabilities(),
                model_version=told.model_version,
                as_of=told.as_of,
                data_as_of=told.data_as_of,
                note=ABSENT[told.because],
            )
    why = disagreement(score, told)
    return Prediction(
        probabilities=Probabilities.model_validate(told.probabilities),
        factors=tuple(Factor.model_validate(factor) for factor in told.factors),
        base=told.base,
        others=told.others,
        margin=told.margin,
        model_version=told.model_version,
        as_of=told.as_of,
        data_as_of=told.data_as_of,
        disagrees=why is not None,
        disagreement=why,
        note=None,
    )


class Measures(Outbound):
    """How one model does on tutor-moments it had not seen; null where too few say.

    `auc_low` and `auc_high` bound the AUC with 95 %, over whole tutors; the slope's likewise.
    `precision_at_10` and `recall_at_10` are of the tenth at highest risk.
    """

    rows: int
    tutors: int
    positives: int
    base_rate: Fraction
    auc: Fraction | None
    auc_low: Fraction | None
    auc_high: Fraction | None
    pr_auc: Fraction | None
    brier: LogOdds | None
    brier_skill: Fraction | None
    log_loss: LogOdds | None
    calibration_error: Fraction | None
    calibration_slope: Fraction | None
    calibration_slope_low: Fraction | None
    calibration_slope_high: Fraction | None
    calibration_intercept: Fraction | None
    precision_at_10: Fraction | None
    recall_at_10: Fraction | None


class ReliabilityBin(Outbound):
    """Tutor-moments with alike predictions: what was predicted, what came, with 95 %."""

    rows: int
    mean_predicted: Fraction
    observed: Fraction
    low: Fraction
    high: Fraction


class Evaluation(Outbound):
    """One horizon: `measures` by model, "promoted" being the one in force.

    Beside it stand "xgboost", "logistic" and "recency" (a rule of one line), and where a synthetic
    world tells it of the same rows "ceiling", the best that any honest model can do.
    """

    horizon_days: int
    measures: dict[str, Measures]
    reliability: tuple[ReliabilityBin, ...]


class ModelInForce(Outbound):
    """The churn model that predicts now; `kinds` says by horizon which sort of model it is."""

    version: str
    since: datetime
    trained_at: datetime
    train_from: datetime
    train_until: datetime
    tutors: int
    rows: int
    kinds: dict[str, ModelKind]
    features: tuple[str, ...]
    reported: tuple[str, ...]
    library: str
    evaluations: tuple[Evaluation, ...]
    notes: tuple[str, ...]
    earlier: tuple[str, ...]


class Decision(Outbound):
    """Why a model was put in force, or was not."""

    decided_at: datetime
    challenger: str | None
    champion: str | None
    promoted: bool
    by: Literal["gate", "rollback"]
    reasons: tuple[str, ...]


class FeatureDrift(Outbound):
    """How far a feature has moved since training; `noise` is what chance alone would do."""

    feature: str
    rows: int
    stability_index: Quantity
    noise: Quantity
    drifted: bool


class Realised(Outbound):
    """What was predicted against what came, with 95 %."""

    horizon_days: int
    rows: int
    predicted: Fraction
    observed: Fraction
    low: Fraction
    high: Fraction


class ModelHealth(Outbound):
    """How the model fares on newer data than it was trained on."""

    checked_at: datetime
    model_version: str
    drift: tuple[FeatureDrift, ...]
    realised: tuple[Realised, ...]
    notes: tuple[str, ...]


class Model(Outbound):
    """The churn model in force, the last decisions, newest first, and its health.

    `in_force` is null, and `note` says so, until a first model has proved itself.
    """

    in_force: ModelInForce | None
    decisions: tuple[Decision, ...]
    health: ModelHealth | None
    note: str | None


def model(
    champion: Champion | None,
    manifest: Manifest | None,
    decisions: Sequence[churn_model.Decision],
    health: churn_model.Health | None,
) -> Model:
    """What is known of the model in force."""
    in_force = _in_force(champion, manifest) if champion and manifest else None
    return Model(
        in_force=in_force,
        decisions=tuple(Decision.model_validate(decision) for decision in decisions),
        health=ModelHealth.model_validate(health) if health else None,
        note=None if in_force else NO_MODEL,
    )


def _in_force(champion: Champion, manifest: Manifest) -> ModelInForce:
    return ModelInForce(
        version=champion.version,
        since=champion.since,
        trained_at=manifest.trained_at,
        train_from=manifest.train_from,
        train_until=manifest.train_until,
        tutors=manifest.tutors,
        rows=manifest.rows,
        kinds={f"{days}d": kind for days, kind in sorted(manifest.kind.items())},
        features=manifest.features,
        reported=manifest.reported,
        library=manifest.library,
        evaluations=tuple(Evaluation.model_validate(each) for each in manifest.evaluations),
        notes=manifest.notes,
        earlier=champion.earlier,
    )
