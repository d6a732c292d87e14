"""When score and model say different things of a tutor."""

from dataclasses import replace
from math import log

import pytest

from shared.domain.churn_score import ChurnScore, ScorePart, risk_level
from shared.domain.disagreement import disagreement
from tests.builders import prediction


def score(value: float) -> ChurnScore:
    """A score whose main part is the decline of engagement."""
    parts = (
        ScorePart("engagement_decline", "Engagement decline", 0.7 * value, 0.25, 60.0, True),
        ScorePart("tenure_risk", "Tenure risk", 0.3 * value, 0.1, 30.0, True),
    )
    return ChurnScore(value, risk_level(value), parts)


@pytest.mark.parametrize(
    ("value", "above_usual", "disagree"),
    [
        pytest.param(80, 0.0, True, id="critical, usual odds"),
        pytest.param(60, -1.0, True, id="high, below the usual odds"),
        pytest.param(60, 0.01, False, id="high, a little above"),
        pytest.param(50, -1.0, False, id="medium goes with anything"),
        pytest.param(40, 2.0, False, id="medium goes with anything, above too"),
        pytest.param(20, log(2), True, id="low, twice the odds"),
        pytest.param(20, log(2) - 0.01, False, id="low, not quite twice"),
        pytest.param(20, -1.0, False, id="both low"),
        pytest.param(80, 1.5, False, id="both high"),
    ],
)
def test_score_and_model_disagree(value: float, above_usual: float, disagree: bool) -> None:
    told = prediction(0.1, above_usual=above_usual)

    assert (disagreement(score(value), told) is not None) is disagree


def test_a_high_score_says_what_it_is_made_of() -> None:
    said = disagreement(score(81), prediction(0.04, above_usual=-0.2))

    assert said is not None
    assert said.startswith("The score is critical (81, mostly engagement decline), but the model")
    assert "4 % within 30 days" in said


def test_a_neutral_value_that_stands_in_for_missing_data_is_not_the_reason() -> None:
    guessed = ScorePart("no_show_risk", "No-show risk", 60.0, 0.25, 60.0, known=False)
    plain = score(81)

    said = disagreement(
        replace(plain, parts=(*plain.parts, guessed)), prediction(0.04, above_usual=-0.2)
    )

    assert said is not None
    assert "mostly engagement decline" in said


def test_a_high_probability_says_what_pushes_it() -> None:
    said = disagreement(score(12), prediction(0.3, above_usual=log(3)))

    assert said is not None
    assert "3.0 times the usual odds of leaving, 30 % within 30 days" in said
    assert "mostly because of sessions down 45 % on the 4-week mean." in said


def test_a_tiny_chance_is_not_said_to_be_none() -> None:
    said = disagreement(score(81), prediction(0.002, above_usual=-2.0))

    assert said is not None
    assert "under 1 % within 30 days" in said
