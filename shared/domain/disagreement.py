"""When churn score and churn model say different things of a tutor, and why, in a sentence."""

from math import exp, log

from shared.domain.churn_score import ChurnScore, RiskLevel
from shared.domain.prediction import Prediction

HIGH = (RiskLevel.HIGH, RiskLevel.CRITICAL)
RAISED = log(2)
"""Twice the usual odds of leaving: the model warns."""
CALM = 0.0
"""The usual odds or less: the model does not."""


def disagreement(score: ChurnScore, prediction: Prediction) -> str | None:
    """Why the one warns and the other does not; None where they go together.

    The model's usual odds are its base; they differ from a tutor's by the sum of all factors.
    """
    above_usual = prediction.margin - prediction.base
    if score.level in HIGH and above_usual <= CALM:
        return (
            f"The score is {score.level} ({score.value:.0f}{_main_part(score)}), but the "
            f"model sees no more than the usual risk, {_within_30d(prediction)}. The score adds "
            "up signs by fixed weights; the model has learnt how often tutors like this one left."
        )
    if score.level is RiskLevel.LOW and above_usual >= RAISED:
        return (
            f"The score is low ({score.value:.0f}), but the model sees {exp(above_usual):.1f} "
            f"times the usual odds of leaving, {_within_30d(prediction)}{_main_factor(prediction)}."
            " The score looks at its seven components only; the model has learnt from more."
        )
    return None


def _main_part(score: ChurnScore) -> str:
    return f", mostly {score.main_part.title.lower()}" if score.main_part else ""


def _within_30d(prediction: Prediction) -> str:
    chance = prediction.probabilities.within_30d or 0.0
    return f"{'under 1' if chance < 0.01 else round(100 * chance)} % within 30 days"


def _main_factor(prediction: Prediction) -> str:
    raising = [factor.words for factor in prediction.factors if factor.contribution > 0]
    return f", mostly because of {raising[0]}" if raising else ""
