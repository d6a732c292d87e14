"""Every flag: raised, not raised at its threshold, provisional or confirmed, held, cleared."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.event import BehaviourEvent, EventType
from shared.domain.flag import FLAG_RULES, FlagStatus
from shared.domain.session import Party, Session
from shared.domain.threshold import Settings, changed
from shared.domain.tutor import TutorStatus
from tests.builders import (
    AS_OF,
    ago,
    card,
    completed,
    event,
    feedback,
    first,
    flag_of,
    log,
    logins,
    move,
    moved,
    no_show,
    steady,
    tutor,
)

TICK = timedelta(microseconds=1)
Item = Session | BehaviourEvent


def held(count: int, **fields: object) -> list[Session]:
    """Completed sessions of the last two days."""
    return [completed(ago(1, minutes=n), **fields) for n in range(count)]  # type: ignore[arg-type]


def moves(count: int) -> list[Session]:
    return [moved(ago(10, minutes=n)) for n in range(count)]


def missed(count: int, days: float = 20) -> list[Session]:
    return [no_show(ago(days, minutes=n)) for n in range(count)]


def firsts(good: int, poor: int) -> list[Session]:
    return [
        *(first(ago(5, minutes=n), 5) for n in range(good)),
        *(first(ago(6, minutes=n), 3) for n in range(poor)),
    ]


def objectives(met: int, not_met: int) -> list[Session]:
    return [
        *held(met, learning_objectives_met=True),
        *held(not_met, learning_objectives_met=False),
    ]


CASES: dict[str, list[tuple[str, list[Item], FlagStatus | None]]] = {
    "high_reschedule_rate": [
        ("at 15 %", [*moves(3), *held(17)], None),
        ("over 15 %, few sessions", [*moves(1), *held(4)], FlagStatus.PROVISIONAL),
        ("over 15 %, many sessions", [*moves(25), *held(50)], FlagStatus.CONFIRMED),
        ("the student's", [moved(ago(1), Party.STUDENT)], None),
    ],
    "reschedule_pattern": [
        ("three in a week", [moved(ago(n)) for n in (1, 2, 3)], None),
        ("four in a week", [moved(ago(n)) for n in (1, 2, 3, 4)], FlagStatus.CONFIRMED),
        ("the fourth a week ago", [moved(ago(n)) for n in (1, 2, 3, 7)], None),
        ("one session four times", [completed(ago(0), moves=[move(ago(n)) for n in range(1, 5)])],
         None),
    ],
    "high_no_show_rate": [
        ("at 5 %", [*missed(1), *held(19)], None),
        ("over 5 %, few sessions", [*missed(1), *held(18)], FlagStatus.PROVISIONAL),
        ("over 5 %, many sessions", [*missed(10), *held(60)], FlagStatus.CONFIRMED),
        ("the student's", [no_show(ago(1), Party.STUDENT)], None),
    ],
    "no_show_risk": [
        ("within 14 days", [no_show(ago(14) + TICK)], FlagStatus.CONFIRMED),
        ("14 days ago", [no_show(ago(14))], None),
        ("the student's", [no_show(ago(1), Party.STUDENT)], None),
        ("three missed, logins down 50 %",
         [*missed(3), *logins(1, 28, 14), *logins(0.5, 14, 0)], FlagStatus.CONFIRMED),
        ("two missed, logins down 50 %",
         [*missed(2), *logins(1, 28, 14), *logins(0.5, 14, 0)], None),
        ("three missed, logins down 29 %",
         [*missed(3), *logins(1, 28, 14), *logins(10 / 14, 14, 0)], None),
    ],
    "poor_first_session": [
        ("rated 3", [first(ago(1), 3)], None),
        ("rated under 3", [first(ago(1), 2.9)], FlagStatus.CONFIRMED),
        ("not the first", [completed(ago(1), 1, session_number=2)], None),
        ("30 days ago", [first(ago(30), 1)], None),
        ("within 30 days", [first(ago(30) + TICK, 1)], FlagStatus.CONFIRMED),
        ("would not return",
         [first(ago(1), feedback=[feedback(4, ago(1), would_recommend=False)])],
         FlagStatus.CONFIRMED),
        ("10 minutes late", [first(ago(1), late_start_minutes=10)], None),
        ("over 10 minutes late", [first(ago(1), late_start_minutes=10.5)], FlagStatus.CONFIRMED),
        ("late by technical trouble",
         [first(ago(1), late_start_minutes=30, technical_issues=True)], None),
    ],
    "low_first_session_success": [
        ("at 70 %", [*firsts(7, 3)], None),
        ("under 70 %, few", [*firsts(1, 1)], FlagStatus.PROVISIONAL),
        ("under 70 %, many", [*firsts(10, 20)], FlagStatus.CONFIRMED),
    ],
    "low_rating": [
        ("at 3.5", [*held(10, rating=3.5)], None),
        ("under 3.5, few", [*held(2, rating=3.4)], FlagStatus.PROVISIONAL),
        ("under 3.5, many", [*held(30, rating=2.5)], FlagStatus.CONFIRMED),
    ],
    "disengaged": [
        ("at 60 %", [*held(5, engagement_score=0.6)], None),
        ("under 60 %, few", [*held(2, engagement_score=0.5)], FlagStatus.PROVISIONAL),
        ("under 60 %, many", [*held(30, engagement_score=0.3)], FlagStatus.CONFIRMED),
    ],
    "objectives_missed": [
        ("at 80 %", [*objectives(8, 2)], None),
        ("under 80 %, few", [*objectives(3, 1)], FlagStatus.PROVISIONAL),
        ("under 80 %, many", [*objectives(20, 30)], FlagStatus.CONFIRMED),
    ],
    "engagement_decline": [
        ("logins down 29 %", [*logins(1, 28, 14), *logins(10 / 14, 14, 0)], None),
        ("logins down 36 %", [*logins(1, 28, 14), *logins(9 / 14, 14, 0)], FlagStatus.PROVISIONAL),
        ("logins down to none", [*logins(2, 28, 14)], FlagStatus.CONFIRMED),
    ],
    "activity_drop": [
        ("half as many", [*steady(90)[:69], *steady(21)[::2]], None),
        ("none for three weeks", [*steady(90)[:69]], FlagStatus.CONFIRMED),
    ],
    "gone_quiet": [
        ("14 days", [completed(ago(14))], None),
        ("a tick more than 14 days", [completed(ago(14, minutes=1))], FlagStatus.CONFIRMED),
        ("never taught", [event(EventType.LOGIN, ago(1))], None),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("code", "items", "status"),
    [
        pytest.param(code, items, status, id=f"{code}: {case}")
        for code, cases in CASES.items()
        for case, items, status in cases
    ],
)
def test_a_flag_is_raised(code: str, items: list[Item], status: FlagStatus | None) -> None:
    flag = flag_of(log(*items), code)

    assert (flag.status if flag else None) == status


def test_every_flag_has_cases() -> None:
    assert set(CASES) == {rule.code for rule in FLAG_RULES}


@pytest.mark.parametrize(
    "status", [TutorStatus.ON_LEAVE, TutorStatus.RESIGNED, TutorStatus.DEACTIVATED]
)
@pytest.mark.parametrize("code", ["gone_quiet", "engagement_decline", "activity_drop"])
def test_nobody_away_is_missed(code: str, status: TutorStatus) -> None:
    told = log(*steady(90)[:60], *logins(2, 28, 14), of=tutor(status))

    assert flag_of(told, code) is None


@pytest.mark.parametrize(("back_for", "quiet"), [(3, False), (15, True)])
def test_who_came_back_from_leave_is_quiet_14_days_after_that(back_for: int, quiet: bool) -> None:
    back = replace(tutor(TutorStatus.ACTIVE), status_since=ago(back_for))

    assert bool(flag_of(log(completed(ago(40)), of=back), "gone_quiet")) is quiet


def test_a_threshold_that_was_moved_is_obeyed() -> None:
    told = log(*moves(1), *held(4))
    settings = changed(Settings(), {"reschedule_rate": 0.20})

    assert flag_of(told, "high_reschedule_rate", settings=settings) is None


def test_evidence_names_the_sessions() -> None:
    flag = flag_of(log(no_show(ago(1), session_id="s-missed"), *held(3)), "no_show_risk")

    assert flag is not None
    assert flag.evidence == ("s-missed",)


@pytest.mark.parametrize(
    ("nights", "up"),
    [(0, True), (1, True), (2, True), (3, False)],
    ids=["at once", "after one night", "after two", "after three"],
)
def test_a_confirmed_flag_is_held_until_three_nights_found_it_gone(nights: int, up: bool) -> None:
    moved_then = [moved(ago(10, hours=1, minutes=n)) for n in range(25)]
    ongoing = [completed(ago(10 - day * 0.5), 5) for day in range(70)]
    told = log(*moved_then, *ongoing)
    last_night_over = ago(-19)

    flag = flag_of(told, "high_reschedule_rate", last_night_over + timedelta(days=nights, hours=23))

    assert (flag is not None) is up
    if flag is not None:
        assert flag.status is FlagStatus.PROVISIONAL


def test_a_provisional_flag_is_not_held() -> None:
    told = log(moved(ago(29.5)), *held(4))

    assert flag_of(told, "high_reschedule_rate") is not None
    assert flag_of(told, "high_reschedule_rate", AS_OF + timedelta(days=1)) is None


def test_since_is_the_session_that_raised_it_today() -> None:
    at = ago(-0.5)
    flag = flag_of(log(no_show(at)), "no_show_risk", ago(-0.9))

    assert flag is not None
    assert flag.since == at


def test_since_is_the_session_that_raised_it_on_whatever_day_it_is_asked() -> None:
    told = log(no_show(ago(3.5)))

    for days in (3.4, 3, 2, 0.5, 0):
        flag = flag_of(told, "no_show_risk", ago(days))
        assert flag is not None
        assert flag.since == ago(3.5)


def test_since_is_to_the_minute_where_only_time_passed() -> None:
    flag = flag_of(log(completed(ago(15.25))), "gone_quiet")

    assert flag is not None
    assert flag.since == ago(1.25) + timedelta(minutes=1)


def test_the_nightly_pass_and_the_moment_after_it_hold_the_same_flags() -> None:
    told = log(*missed(6, 33.5), *steady(33))
    raised = {
        after: [bool(flag_of(told, "high_no_show_rate", ago(night) + after)) for night in range(8)]
        for after in (timedelta(0), timedelta(seconds=1))
    }

    assert len({tuple(nights) for nights in raised.values()}) == 1
    assert True in raised[timedelta(0)]
    assert False in raised[timedelta(0)]


def test_who_would_return_after_all_is_no_poor_first_session() -> None:
    said = [
        feedback(1, ago(2), would_recommend=False, feedback_id="f-1"),
        feedback(5, ago(1), would_recommend=True, feedback_id="f-2"),
    ]

    assert flag_of(log(first(ago(3), feedback=said)), "poor_first_session") is None


def test_who_stops_logging_in_looks_less_engaged() -> None:
    prepared = [event(EventType.SESSION_PREP, ago(day), 30) for day in range(1, 28)]
    before = logins(1, 60, 40)

    gone = card(log(*prepared, *before)).windows["30d"]["engagement_score"]
    never = card(log(*prepared)).windows["30d"]["engagement_score"]

    assert (gone, never) == (0.5, 1.0)


def test_a_flag_says_when_it_clears() -> None:
    flag = flag_of(log(no_show(ago(1))), "no_show_risk")

    assert flag is not None
    assert flag.clears_when == "Clears when 14 days have passed without a no-show."


def test_one_rating_is_told_as_one() -> None:
    (alone,) = [f for f in card(log(*held(1, rating=2))).flags if f.code == "low_rating"]
    (several,) = [f for f in card(log(*held(2, rating=2))).flags if f.code == "low_rating"]

    assert alone.explanation == "The only rating is 2.00 stars, threshold 3.5."
    assert several.explanation == "The last 2 ratings average 2.00 stars, threshold 3.5."
