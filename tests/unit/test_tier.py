"""Tiers: from 30-day performance alone, New under five sessions, assigned at the month's start."""

from dataclasses import replace

import pytest

from shared.domain.log import Log
from shared.domain.marketplace import Reference
from shared.domain.scorecard import scorecard
from shared.domain.tier import PERFORMANCE, Tier
from tests.builders import AS_OF, ago, card, completed, log, moved, no_show, steady, tutor

GOOD = {"learning_objectives_met": True, "engagement_score": 0.95, "late_start_minutes": 0}


def excellent() -> Log:
    return log(*(completed(ago(n / 2), 5, session_number=1, **GOOD) for n in range(1, 58)))


def moves(count: int, done: int) -> Log:
    return log(
        *(moved(ago(3, minutes=n)) for n in range(count)),
        *(completed(ago(2, minutes=n), 4.8) for n in range(done)),
    )


def both(count: int) -> Log:
    return log(
        *(moved(ago(3, minutes=n)) for n in range(count)),
        *(no_show(ago(4, minutes=n)) for n in range(count)),
        *(completed(ago(2, minutes=n), 4.8) for n in range(count)),
    )


@pytest.mark.parametrize(
    ("told", "tier"),
    [
        pytest.param(log(), Tier.NEW, id="nothing"),
        pytest.param(log(*steady(4)), Tier.NEW, id="four sessions"),
        pytest.param(log(*steady(5)), Tier.STRONG, id="five sessions"),
        pytest.param(excellent(), Tier.EXEMPLARY, id="all at its best"),
        pytest.param(moves(1, 5), Tier.DEVELOPING, id="one red, not sure"),
        pytest.param(moves(25, 25), Tier.NEEDS_ATTENTION, id="one red, sure"),
        pytest.param(both(25), Tier.AT_RISK, id="two reds, sure"),
    ],
)
def test_a_tutor_has_a_tier(told: Log, tier: Tier) -> None:
    assert card(told).tier_preview == tier


def test_the_lowest_15_per_cent_need_attention() -> None:
    reference = replace(Reference(), cut_points=(0.99, 0.995, 0.999))

    assert card(log(*steady(20)), reference=reference).tier_preview == Tier.NEEDS_ATTENTION


def test_churn_plays_no_part() -> None:
    stays, leaves = tutor(onboarding_date=ago(400)), tutor(onboarding_date=ago(31))

    one, other = card(log(*steady(20), of=stays)), card(log(*steady(20), of=leaves))

    assert one.churn_score.value < other.churn_score.value
    assert one.tier_preview == other.tier_preview


def test_a_tier_is_kept_from_the_start_of_the_month() -> None:
    """AS_OF is the 20th; the moves of the 17th show in the preview only."""
    told = log(*steady(60), *(moved(ago(3, minutes=n)) for n in range(40)))

    assert card(told).tier == Tier.STRONG
    assert card(told).tier_preview == Tier.NEEDS_ATTENTION


def test_weights_of_performance_add_up() -> None:
    assert sum(part.weight for part in PERFORMANCE) == pytest.approx(1)


def test_the_month_keeps_its_tier_when_the_cut_points_move() -> None:
    told = log(*steady(60))
    strict = replace(Reference(), cut_points=(0.1, 0.999, 0.9999))
    generous = replace(Reference(), cut_points=(0.1, 0.2, 0.3))

    kept = scorecard(told, AS_OF, reference=strict, month_reference=generous)

    assert (kept.tier, kept.tier_preview) == (Tier.EXEMPLARY, Tier.DEVELOPING)
