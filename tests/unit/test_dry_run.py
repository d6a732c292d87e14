"""What a policy would have opened, asked of the nights that are recorded."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.churn_score import risk_level
from shared.domain.dry_run import Budget, Load, Nights, budget
from shared.domain.intervention import Kind, Owner
from shared.domain.office import Office
from shared.domain.policy import Policy
from shared.domain.scorecard import DailyRecord
from shared.domain.tier import Tier

LAST = datetime(2026, 11, 20, tzinfo=UTC)


def record(back: int, score: float, *, moved: float = 0) -> DailyRecord:
    """A night so many days before the last."""
    rates: dict[str, dict[str, float | None]] = {
        window: {"tutor_reschedules": moved} for window in ("7d", "30d", "90d")
    }
    return DailyRecord("t-1", LAST - timedelta(days=back), rates, score, risk_level(score),
                       Tier.STRONG, (), (), ())  # fmt: skip


def nights(score: float, count: int = 70, **told: float) -> Nights:
    """The same every night."""
    return Nights("t-1", [record(back, score, **told) for back in range(count - 1, -1, -1)])


def asked(*tutors: Nights, **dials: float) -> Budget:
    return budget(tutors, Policy().changed(dials), Office(), LAST.date())


def load(found: Budget, owner: Owner) -> Load:
    return next(load for load in found.by_owner if load.owner is owner)


def test_a_calm_month_costs_nothing() -> None:
    found = asked(nights(20))

    assert found.by_kind == {}
    assert {load.opened for load in found.by_owner} == {0}


def test_a_high_score_costs_its_manager_time() -> None:
    """Opened eight nights after the score rose, once a month with its rest in between."""
    risen = Nights("t-1", [record(back, 20 if back > 20 else 60) for back in range(69, -1, -1)])

    found = asked(risen)

    assert found.by_kind == {Kind.H1: 1}
    manager = load(found, Owner.OPS_MANAGER)
    assert (manager.opened, manager.most_on_a_day) == (1, 1)
    assert manager.a_day == pytest.approx(1 / 30)
    assert manager.hours_a_day == pytest.approx(0.75 / 30)


def test_a_sample_has_an_error_instead_of_a_worst_day() -> None:
    """Of two that were asked one gets messages and one none: of eight it may be any number."""
    found = asked(nights(20), nights(60, moved=4))
    few = load(found, Owner.SYSTEM)

    many = load(found.of_all(8), Owner.SYSTEM)

    assert (few.a_day_error, many.most_on_a_day) == (None, None)
    assert many.a_day == pytest.approx(4 * few.a_day)
    # of x and 0: the deviation is x/√2, and 8 * x/√2 * √((1 - 2/8) / 2)
    assert many.a_day_error == pytest.approx(8 * few.a_day / 2**0.5 * (0.75 / 2) ** 0.5)
    assert load(found.of_all(2), Owner.SYSTEM) == few


def test_a_higher_limit_costs_less() -> None:
    tutors = [nights(score) for score in (45, 55, 65)]

    assert asked(*tutors).by_kind == {Kind.H1: 2}
    assert asked(*tutors, coaching_score=60).by_kind == {Kind.H1: 1}
    assert asked(*tutors, coaching_score=90).by_kind == {}


def test_nobody_is_held_out_of_a_dry_run() -> None:
    tutors = [Nights(f"t-{number}", nights(60, moved=4).records, None) for number in range(20)]

    found = asked(*tutors, holdout_share=0.5)

    assert found.by_kind[Kind.A4] >= 20
    assert found.tutors == 20
