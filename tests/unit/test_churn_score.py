"""The churn score: seven components and three uplifts that add up, capped, honest about gaps."""

from datetime import timedelta

import pytest
from hypothesis import given

from shared.domain.churn_score import COMPONENTS, NEUTRAL, UPLIFTS, RiskLevel, ramp, risk_level
from shared.domain.scorecard import scorecard
from tests.builders import AS_OF, ago, card, completed, first, log, moved, no_show, steady, tutor
from tests.properties.delivery import Delivery
from tests.properties.history import START, histories
from tests.properties.replay import replayed


def test_weights_add_up_to_one_and_are_the_contracts() -> None:
    assert {each.name: each.weight for each in COMPONENTS} == {
        "engagement_decline": 0.25,
        "performance_trend": 0.20,
        "reschedule_pattern": 0.15,
        "first_session_quality": 0.15,
        "no_show_risk": 0.10,
        "tenure_risk": 0.10,
        "availability_reduction": 0.05,
    }
    assert {each.flag: each.points for each in UPLIFTS} == {
        "poor_first_session": 15,
        "reschedule_pattern": 20,
        "no_show_risk": 25,
    }


@pytest.mark.parametrize(
    ("score", "level"),
    [
        (0, RiskLevel.LOW),
        (25, RiskLevel.LOW),
        (25.01, RiskLevel.MEDIUM),
        (50, RiskLevel.MEDIUM),
        (50.01, RiskLevel.HIGH),
        (75, RiskLevel.HIGH),
        (75.01, RiskLevel.CRITICAL),
        (100, RiskLevel.CRITICAL),
    ],
)
def test_levels_have_inclusive_upper_ends(score: float, level: RiskLevel) -> None:
    assert risk_level(score) == level


@given(histories())
def test_parts_add_up_to_the_score_whatever_happened(history: list[Delivery]) -> None:
    for told in replayed(history).values():
        score = scorecard(told, START + timedelta(days=100)).churn_score

        assert round(sum(part.points for part in score.parts), 2) == score.value
        assert 0 <= score.value <= 100
        for part in score.parts:
            assert part.value is None or 0 <= part.value <= 100


def test_the_score_is_capped_and_the_cap_is_a_part() -> None:
    told = log(
        *(first(ago(n / 10, minutes=1), 1) for n in range(1, 20)),
        *(moved(ago(n / 10)) for n in range(1, 20)),
        *(no_show(ago(n / 10)) for n in range(1, 20)),
        of=tutor(onboarding_date=ago(3)),
    )

    score = card(told).churn_score

    assert score.value == 100
    assert score.parts[-1].name == "cap"
    assert round(sum(part.points for part in score.parts), 2) == 100


def test_what_is_unknown_counts_neutral_and_is_named() -> None:
    score = card(log(completed(ago(1)))).churn_score
    unknown = {part.name: part for part in score.parts if not part.known}

    assert set(unknown) == {
        "engagement_decline",
        "performance_trend",
        "first_session_quality",
        "availability_reduction",
    }
    assert {part.value for part in unknown.values()} == {NEUTRAL}


def test_a_quiet_healthy_tutor_is_low() -> None:
    assert card(log(*steady(90))).churn_score.level == RiskLevel.LOW


@pytest.mark.parametrize(
    ("days", "points"), [(0, 10.0), (90, 5.0), (180, 0.0), (400, 0.0)], ids=lambda each: str(each)
)
def test_tenure_counts_less_each_day_of_half_a_year(days: int, points: float) -> None:
    score = card(log(of=tutor(onboarding_date=AS_OF - timedelta(days=days)))).churn_score

    assert next(p.points for p in score.parts if p.name == "tenure_risk") == points


@pytest.mark.parametrize(
    ("value", "zero", "full", "expected"),
    [(0, 0, 10, 0), (5, 0, 10, 50), (20, 0, 10, 100), (-1, 0, 10, 0), (3.6, 4.2, 3.0, 50)],
)
def test_a_ramp_is_straight_between_its_ends(
    value: float, zero: float, full: float, expected: float
) -> None:
    assert ramp(value, zero, full) == pytest.approx(expected)
