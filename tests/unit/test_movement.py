"""What changed about a tutor since somebody last looked."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.churn_score import RiskLevel
from shared.domain.intervention import Intervention, Kind, Owner
from shared.domain.movement import Seen, alerting, movement, seen
from shared.domain.situation import Facts, overridden
from shared.domain.tier import Tier
from tests.builders import AS_OF, override

CALM = Facts(AS_OF, 20, RiskLevel.LOW, Tier.STRONG)
WORSE = replace(CALM, churn_score=60, level=RiskLevel.HIGH, confirmed=frozenset({"low_rating"}))


def test_at_the_first_look_nothing_has_moved() -> None:
    assert movement(None, WORSE) == ()
    assert not alerting(None, WORSE)


def test_what_moved_is_told_the_gravest_first() -> None:
    coaching = Intervention("t-7", Kind.H1, Owner.OPS_MANAGER, "because", AS_OF, AS_OF, AS_OF, 60)

    assert movement(seen(None, CALM), replace(WORSE, tier=Tier.DEVELOPING), [coaching]) == (
        "Risk rose from low to high",
        "New flag: low rating",
        "Coaching session opened",
        "Tier changed from Strong to Developing",
    )


def test_a_tutor_who_is_better_has_moved_too() -> None:
    assert movement(seen(None, WORSE), CALM) == (
        "Risk fell from high to low",
        "No longer: low rating",
    )


@pytest.mark.parametrize(
    ("level", "alerted"),
    [(RiskLevel.MEDIUM, False), (RiskLevel.HIGH, True), (RiskLevel.CRITICAL, True)],
)
def test_a_rise_to_high_or_critical_is_worth_an_alert(level: RiskLevel, alerted: bool) -> None:
    assert alerting(seen(None, CALM), replace(CALM, level=level)) is alerted


@pytest.mark.parametrize(
    ("days", "before", "alerted"),
    [
        (1, RiskLevel.HIGH, False),
        (7, RiskLevel.HIGH, True),
        (1, RiskLevel.CRITICAL, False),
    ],
)
def test_a_score_that_hovers_alerts_once_a_week(
    days: int, before: RiskLevel, alerted: bool
) -> None:
    calm = Seen(RiskLevel.LOW, Tier.STRONG, (), before, AS_OF - timedelta(days=days))

    assert alerting(calm, WORSE) is alerted


def test_a_graver_level_than_was_alerted_is_told_at_once() -> None:
    told = Seen(RiskLevel.HIGH, Tier.STRONG, (), RiskLevel.HIGH, AS_OF - timedelta(days=1))

    assert alerting(told, replace(WORSE, level=RiskLevel.CRITICAL))


def test_a_level_that_a_manager_set_is_told_as_such() -> None:
    lowered = overridden(WORSE, override(20.0))

    assert movement(seen(None, WORSE), lowered) == ("Risk fell from high to low, set by a manager",)


def test_a_level_that_comes_back_when_an_override_ends_says_so() -> None:
    lowered = seen(None, overridden(WORSE, override(20.0)))

    assert movement(lowered, WORSE) == (
        "Risk rose from low to high, since a manager's override has ended",
    )
    assert movement(seen(lowered, WORSE), CALM)[0] == "Risk fell from high to low"


def test_flags_are_told_by_their_titles() -> None:
    up = replace(CALM, confirmed=frozenset({"no_show_risk"}))

    assert movement(seen(None, CALM), up) == ("New flag: no-show risk",)
    assert movement(seen(None, up), CALM) == ("No longer: no-show risk",)
