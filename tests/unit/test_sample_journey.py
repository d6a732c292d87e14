"""The sample journey of the product requirements (PRD, appendix C.3): from Strong to gone quiet.

A day's line is what the nightly pass that ends the day finds. Averages are those of 30 days,
session counts those of the 15 days before, as "8 sessions in last 15 days" says. What the
appendix leaves open is chosen here: every third session of days 31-45 began eight minutes late,
four sessions were moved on days 51-54 (the flag needs more than three in a week), and after the
"1st no-show" a second one followed on day 63.
"""

from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.domain.churn_score import RiskLevel
from shared.domain.event import BehaviourEvent, EventType
from shared.domain.log import Log, Timeline
from shared.domain.scorecard import Scorecard, scorecard
from shared.domain.session import OutcomeKind, Session
from shared.domain.tier import Tier
from shared.domain.tutor import TutorStatus
from tests.builders import AS_OF, completed, event, log, move, no_show, tutor

DAY_1 = AS_OF - timedelta(days=75)


def on(day: float) -> datetime:
    """That day of the journey; day 1 is the first."""
    return DAY_1 + timedelta(days=day - 1)


def taught(count: int, after: int, until: int, rating: float, **fields: Any) -> list[Session]:
    """So many sessions spread evenly over the days after `after` up to `until`."""
    step = (until - after) / count
    return [completed(on(after + 1 + (n + 0.5) * step), rating, **fields) for n in range(count)]


def signed_in(times: int, after: int, until: int) -> list[BehaviourEvent]:
    step = (until - after) / times
    return [event(EventType.LOGIN, on(after + 1 + (n + 0.5) * step)) for n in range(times)]


def moved_by_tutor(day: float, rating: float) -> Session:
    """A session that the tutor moved that day, and held three days later."""
    return completed(on(day + 3), rating, moves=[move(on(day))])


def journey() -> Log:
    """The log of all 75 days, told as the appendix tells it."""
    return log(
        *taught(3, 0, 1, 4.8, session_number=1),
        *taught(12, 1, 15, 4.55),
        *taught(18, 15, 30, 4.42),
        *taught(4, 30, 45, 3.92, late_start_minutes=8),
        *taught(8, 30, 45, 3.92),
        *(moved_by_tutor(day, 3.92) for day in (37, 41)),
        no_show(on(50.5)),
        *(moved_by_tutor(day + 0.5, 3.6) for day in (51, 52, 53, 54)),
        *taught(4, 45, 60, 3.6),
        completed(on(61.5), 3.4),
        no_show(on(63.5)),
        *signed_in(20, 0, 30),
        *signed_in(7, 30, 50),
        *signed_in(4, 50, 62),
        of=tutor(TutorStatus.ACTIVE, onboarding_date=on(1)),
    )


def card_after(day: int) -> Scorecard:
    return scorecard(journey(), on(day + 1))


def sessions_of_15_days(day: int) -> int:
    return len(Timeline(journey()).view(15, on(day + 1)).of(OutcomeKind.COMPLETED))


@pytest.mark.parametrize(
    ("day", "sessions", "average"),
    [(1, 3, 4.8), (15, 15, 4.6), (30, 18, 4.5), (45, 14, 4.2), (60, 8, 3.8)],
)
def test_the_log_is_the_one_of_the_appendix(day: int, sessions: int, average: float) -> None:
    """Day 15's twelve sessions come on top of the three of day 1."""
    assert sessions_of_15_days(day) == sessions
    assert card_after(day).windows["30d"]["avg_rating"] == pytest.approx(average, abs=0.05)


@pytest.mark.parametrize(
    ("day", "tier"),
    [
        (1, Tier.NEW),
        (15, Tier.STRONG),
        (30, Tier.STRONG),
        (45, Tier.DEVELOPING),
        (60, Tier.NEEDS_ATTENTION),
    ],
)
def test_the_tier_falls_from_strong_to_needs_attention(day: int, tier: Tier) -> None:
    assert card_after(day).tier_preview == tier


@pytest.mark.parametrize(
    ("day", "code"),
    [
        (50, "no_show_risk"),
        (55, "reschedule_pattern"),
        (55, "no_show_risk"),
        (75, "gone_quiet"),
    ],
)
def test_flags_go_up_in_time(day: int, code: str) -> None:
    assert code in {flag.code for flag in card_after(day).flags if flag.status == "confirmed"}


@pytest.mark.parametrize("day", [1, 15, 30])
def test_a_strong_tutor_is_not_flagged(day: int) -> None:
    assert card_after(day).flags == ()
    assert card_after(day).churn_score.level == RiskLevel.LOW


def test_engagement_drops_to_65_per_cent_by_day_50() -> None:
    assert card_after(50).windows["30d"]["engagement_score"] == pytest.approx(0.65, abs=0.01)


def test_the_score_is_critical_on_day_68_six_days_after_the_last_login() -> None:
    score = card_after(68).churn_score

    assert score.level == RiskLevel.CRITICAL
    assert score.value == pytest.approx(78, abs=5)


def test_quiet_begins_after_14_days_without_a_session() -> None:
    quiet = [day for day in range(61, 77) if "gone_quiet" in codes(card_after(day))]

    assert quiet == [75, 76]


def codes(card: Scorecard) -> set[str]:
    return {flag.code for flag in card.flags}
