"""A manager's word against a score: when it holds, what may follow, what saying it twice does."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.churn_score import RiskLevel
from shared.domain.override import (
    REPLACED,
    Change,
    Claim,
    Computed,
    Direction,
    Override,
    OverrideError,
    StaleError,
    Withdrawal,
    changes,
)
from shared.domain.situation import Facts, overridden
from shared.domain.tier import Tier
from tests.builders import override

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
COMPUTED = Computed("t-7", 60.0, 0.2)
CLAIM = Claim(20.0, "She is back from a sick child.", NOW + timedelta(days=30))


def wanted(said: Claim | Withdrawal = CLAIM, seen: int = 0, who: str = "sam") -> Change:
    return Change(said, who, seen)


def first(claim: Claim = CLAIM) -> Override:
    (one,) = changes(wanted(claim), NOW, None, COMPUTED)
    return one


def test_an_override_knows_what_was_computed_when_it_was_set() -> None:
    one = first()

    assert (one.version, one.score, one.risk_level) == (1, 20.0, RiskLevel.LOW)
    assert (one.set_by, one.set_at, one.until) == ("sam", NOW, CLAIM.until)
    assert (one.score_then, one.risk_then) == (60.0, 0.2)


@pytest.mark.parametrize(
    ("at", "holds"),
    [
        pytest.param(NOW - timedelta(seconds=1), True, id="by a clock that is slow"),
        pytest.param(NOW, True, id="as it is set"),
        pytest.param(CLAIM.until - timedelta(seconds=1), True, id="up to its end"),
        pytest.param(CLAIM.until, False, id="at its end"),
    ],
)
def test_an_override_is_in_force_until_it_runs_out(at: datetime, holds: bool) -> None:
    assert first().in_force(at) is holds


@pytest.mark.parametrize(
    ("until", "allowed"),
    [
        pytest.param(NOW, False, id="now"),
        pytest.param(NOW + timedelta(seconds=1), True, id="in a second"),
        pytest.param(NOW + timedelta(days=90), True, id="in 90 days"),
        pytest.param(NOW + timedelta(days=90, seconds=1), False, id="in more than 90 days"),
    ],
)
def test_an_override_ends_within_90_days(until: datetime, allowed: bool) -> None:
    claim = replace(CLAIM, until=until)

    if allowed:
        assert first(claim).until == until
    else:
        with pytest.raises(OverrideError, match="until"):
            first(claim)


def test_a_new_override_ends_the_one_before() -> None:
    other = Claim(80.0, "She has told me that she is leaving.", CLAIM.until)

    old, new = changes(wanted(other, seen=1, who="kim"), LATER, first(), COMPUTED)

    assert (old.version, old.ended_at, old.ended_by) == (1, LATER, "kim")
    assert old.ended_because == REPLACED
    assert (new.version, new.score, new.ended_at) == (2, 80.0, None)
    assert not old.in_force(LATER)
    assert new.in_force(LATER)


def test_one_that_ran_out_is_not_ended_by_who_sets_the_next() -> None:
    at = CLAIM.until + timedelta(days=1)
    again = replace(CLAIM, until=at + timedelta(days=1))

    (new,) = changes(wanted(again), at, first(), COMPUTED)

    assert new.version == 2


def test_whoever_says_the_same_again_changes_nothing() -> None:
    assert changes(wanted(seen=0), LATER, first(), COMPUTED) == ()
    assert changes(wanted(seen=1), LATER, first(), COMPUTED) == ()


def test_another_manager_who_says_the_same_has_to_have_seen_it() -> None:
    with pytest.raises(StaleError) as refused:
        changes(wanted(who="kim"), LATER, first(), COMPUTED)

    assert refused.value.version == 1


def test_an_override_is_taken_back_once() -> None:
    back = wanted(Withdrawal("I was wrong."), seen=1)

    (gone,) = changes(back, LATER, first(), COMPUTED)

    assert (gone.ended_at, gone.ended_by, gone.ended_because) == (LATER, "sam", "I was wrong.")
    assert not gone.in_force(LATER)
    assert changes(back, LATER + timedelta(hours=1), gone, COMPUTED) == ()


@pytest.mark.parametrize("newest", [None, first()], ids=["never", "run out"])
def test_there_is_nothing_to_take_back_where_none_is_in_force(newest: Override | None) -> None:
    with pytest.raises(OverrideError, match="none in force"):
        changes(wanted(Withdrawal()), CLAIM.until, newest, COMPUTED)


def test_one_that_ran_out_meanwhile_can_not_be_taken_back_unseen() -> None:
    with pytest.raises(StaleError) as refused:
        changes(wanted(Withdrawal(), seen=1), CLAIM.until, first(), COMPUTED)

    assert refused.value.version == 0


def test_the_score_of_a_tutor_who_has_left_is_not_overridden() -> None:
    with pytest.raises(OverrideError, match="has left"):
        changes(wanted(), NOW, None, replace(COMPUTED, gone=True))


def test_the_level_is_that_of_the_score_as_it_is_shown() -> None:
    one = first(replace(CLAIM, score=25.004))

    assert (one.score, one.risk_level) == (25.0, RiskLevel.LOW)
    assert changes(wanted(replace(CLAIM, score=25.004)), LATER, one, COMPUTED) == ()


@pytest.mark.parametrize(
    ("score", "direction"),
    [(20.0, Direction.LOWERED), (80.0, Direction.RAISED), (55.0, None), (70.0, None)],
)
def test_the_direction_is_that_of_the_level(score: float, direction: Direction | None) -> None:
    assert override(score).direction is direction


# What the rules look at


def facts(at: datetime = NOW) -> Facts:
    return Facts(at, 60.0, RiskLevel.HIGH, Tier.STRONG)


def test_while_an_override_is_in_force_the_rules_look_at_its_score() -> None:
    now = overridden(facts(), first())

    assert (now.churn_score, now.level) == (20.0, RiskLevel.LOW)
    assert now.said_score == "Churn score set to 20 by a manager"
    assert now.measured_score == 60.0


@pytest.mark.parametrize("one", [None, first()], ids=["none", "run out"])
def test_otherwise_they_look_at_the_computed_one(one: Override | None) -> None:
    assert overridden(facts(CLAIM.until), one) == facts(CLAIM.until)
    assert facts().said_score == "Churn score 60"
