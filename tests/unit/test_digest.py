"""An owner's day, and what became of a week or a month."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from shared.domain.churn_score import RiskLevel
from shared.domain.digest import (
    MOST_LINES,
    Digest,
    Span,
    Summary,
    departures,
    digest,
    summary,
)
from shared.domain.intervention import (
    Intervention,
    Kind,
    Opinion,
    Order,
    Outcome,
    Owner,
    moved,
    opened,
)
from shared.domain.intervention_rule import RULE
from shared.domain.overview import Overview, Share
from shared.domain.tutor import TutorStatus
from shared.domain.tutor_row import TutorRow, tutor_row
from tests.builders import AS_OF, ago, card, log, steady, tutor

NOON = AS_OF + timedelta(hours=12)
YESTERDAY = NOON - timedelta(days=1)
ROW = tutor_row(card(log(*steady(30))), tutor(name="Tutor Seven"), AS_OF, None)


def task(kind: Kind = Kind.H1, *, of: str = "t-7", due_in: float = 48, opened_days: float = 3) -> (
    Intervention
):  # fmt: skip
    """A task of a tutor that is due in so many hours from noon."""
    due_at, at = NOON + timedelta(hours=due_in), NOON - timedelta(days=opened_days)
    one = Intervention(of, kind, RULE[kind].owner, "It is so.", at, due_at,
                       due_at + timedelta(days=14), 60.0)  # fmt: skip
    return opened(one, at)


def row(tutor_id: str, level: str, score: float = 60.0) -> TutorRow:
    return replace(ROW, tutor_id=tutor_id, risk_level=level, churn_score=score)


def day(*tasks: Intervention, zone: str = "UTC", **fields: dict[str, str]) -> Digest:
    return digest(Owner.OPS_MANAGER, tasks, [ROW], fields.get("before", {}), YESTERDAY, NOON, zone)


def ids(listing: object) -> list[str]:
    return [line.task.tutor_id for line in listing.lines]  # type: ignore[attr-defined]


def test_a_task_is_in_one_list_only_overdue_before_due_before_new() -> None:
    told = day(
        task(of="t-late", due_in=-1, opened_days=0.5),
        task(of="t-today", due_in=11, opened_days=0.5),
        task(of="t-new", due_in=40, opened_days=0.5),
        task(of="t-later", due_in=40),
    )

    lists = [ids(told.overdue), ids(told.due_today), ids(told.opened)]
    assert lists == [["t-late"], ["t-today"], ["t-new"]]
    assert told.open_tasks == 4


def test_what_has_been_overdue_longest_comes_first() -> None:
    told = day(task(of="t-1", due_in=-2), task(of="t-2", due_in=-50))

    assert ids(told.overdue) == ["t-2", "t-1"]


@pytest.mark.parametrize(
    ("zone", "due"),
    [
        ("UTC", False),
        ("America/Los_Angeles", True),
        ("Europe/Berlin", False),
        ("Pacific/Auckland", True),
    ],
)
def test_a_day_ends_at_midnight_where_the_reader_is(zone: str, due: bool) -> None:
    told = day(task(due_in=15), zone=zone)

    assert bool(told.due_today) is due


def test_a_day_has_the_date_of_the_readers_zone() -> None:
    assert day(zone="Pacific/Auckland").day == date(2026, 11, 21)


def test_other_owners_tasks_and_those_held_out_or_over_are_not_told() -> None:
    over = moved(task(), Order("cancel", "lee", reason="no"), NOON)

    told = day(task(Kind.H4, due_in=-1), replace(task(due_in=-1), held_out=True), over)

    assert told.empty
    assert told.open_tasks == 0


PEOPLE = {Owner.OPS_MANAGER: {"ana", "both"}, Owner.PEOPLE_OPS: {"kim", "both"}}


@pytest.mark.parametrize(
    ("assignee", "owner"),
    [
        (None, Owner.OPS_MANAGER),
        ("ana", Owner.OPS_MANAGER),
        ("kim", Owner.PEOPLE_OPS),
        ("both", Owner.OPS_MANAGER),
        ("gone", Owner.OPS_MANAGER),
    ],
)
def test_a_task_is_told_to_the_role_of_whoever_has_it(assignee: str | None, owner: Owner) -> None:
    coaching = replace(task(due_in=-1), assignee=assignee)

    told = {
        role: digest(role, [coaching], [ROW], {}, YESTERDAY, NOON, people=PEOPLE).overdue
        for role in PEOPLE
    }

    assert [role for role, listing in told.items() if listing] == [owner]
    assert told[owner].lines[0].assignee == assignee


def test_of_a_long_list_those_come_first_that_are_worth_most() -> None:
    """By departures prevented for each hour of work."""
    tasks = [replace(task(of=f"t-{n}", due_in=-1), risk_before=n / 20) for n in range(1, 13)]

    told = day(*tasks)

    assert ids(told.overdue)[:2] == ["t-12", "t-11"]
    assert "t-1" not in ids(told.overdue)


def test_a_digest_says_since_when_and_which_levels_it_told() -> None:
    friday = NOON - timedelta(days=3)

    told = digest(
        Owner.OPS_MANAGER, [], [row("t-1", "high"), row("t-2", "low")],
        {"t-1": "low", "t-2": "low"}, friday, NOON,
    )  # fmt: skip

    assert (told.day - told.since).days == 3
    assert told.levels == {"t-1": "high"}


def test_a_list_has_ten_lines_and_says_how_many_more() -> None:
    told = day(*(task(of=f"t-{n}", due_in=-n - 1) for n in range(23)))

    assert len(told.overdue.lines) == MOST_LINES
    assert (told.overdue.total, told.overdue.more) == (23, 13)


def test_a_task_bears_its_tutors_name_where_it_is_known() -> None:
    told = day(task(due_in=-1), task(of="t-8", due_in=-1))

    assert [line.name for line in told.overdue.lines] == ["Tutor Seven", None]


def test_tutors_whose_level_rose_or_fell_come_by_how_bad_it_is() -> None:
    rows = [
        row("t-1", "high", 55), row("t-2", "critical", 80), row("t-3", "high", 70),
        row("t-4", "low", 10), row("t-5", "medium", 40), row("t-6", "high"),
    ]  # fmt: skip
    before = {"t-1": "low", "t-2": "high", "t-3": "medium", "t-4": "high", "t-5": "medium"}

    told = digest(Owner.PEOPLE_OPS, [], rows, before, YESTERDAY, NOON)

    assert [line.tutor_id for line in told.rose.lines] == ["t-2", "t-3", "t-1"]
    assert [(line.tutor_id, line.before) for line in told.fell.lines] == [("t-4", RiskLevel.HIGH)]


def test_who_left_is_nobody_whose_risk_fell() -> None:
    gone = replace(row("t-1", "low", 10), status=TutorStatus.RESIGNED)

    told = digest(Owner.PEOPLE_OPS, [], [gone], {"t-1": "critical"}, YESTERDAY, NOON)

    assert told.fell.lines == ()


def test_a_day_without_anything_is_empty() -> None:
    assert day().empty


MONDAY = date(2026, 11, 9)


def overview(high: int = 30, rate: float | None = 0.1) -> Overview:
    return Overview(
        tutors=1400,
        at_risk={"low": 1200, "medium": 160, "high": high, "critical": 10},
        tiers={},
        flags={},
        sessions_30d=90_000,
        reschedule_rate=Share(rate, 90_000),
        no_show_rate=Share(0.02, 90_000),
        first_session_success_rate=Share(0.8, 3_000),
        expected_departures_30d=31.0,
    )


def week(days: dict[date, Overview], *tasks: Intervention) -> Summary:
    return summary(Span.WEEK, MONDAY, MONDAY + timedelta(days=6), days, tasks, NOON, departures=3)


def test_a_week_ends_beside_the_end_of_the_week_before() -> None:
    days = {
        MONDAY - timedelta(days=8): overview(high=99),
        MONDAY - timedelta(days=1): overview(high=20, rate=0.08),
        MONDAY: overview(high=25),
        MONDAY + timedelta(days=6): overview(high=32, rate=0.12),
        MONDAY + timedelta(days=7): overview(high=77),
    }

    told = week(days)

    assert (told.at_risk_now.value, told.at_risk_now.before) == (42, 30)
    assert told.reschedule_rate.change == pytest.approx(0.04)


def test_a_chart_has_every_day_and_gaps_where_nobody_summed_up() -> None:
    told = week({MONDAY: overview(high=25), MONDAY + timedelta(days=2): overview(high=27)})

    assert [each.count for each in told.at_risk] == [35, None, 37, None, None, None, None]


def test_nothing_known_is_none_and_not_zero() -> None:
    told = week({})

    assert told.tutors is None
    assert told.at_risk_now.value is None
    assert told.reschedule_rate.change is None
    assert told.expected_departures is None


def test_a_month_is_compared_with_the_whole_month_before() -> None:
    days = {date(2026, 2, 1): overview(high=20), date(2026, 3, 31): overview(high=40)}

    told = summary(Span.MONTH, date(2026, 3, 1), date(2026, 3, 31), days, [], NOON)

    assert told.levels[RiskLevel.HIGH].before == 20
    assert told.levels[RiskLevel.HIGH].value == 40


def test_tasks_are_counted_by_what_became_of_them_in_the_period() -> None:
    inside = datetime(2026, 11, 12, 9, tzinfo=UTC)
    within = (NOON - inside) / timedelta(days=1)
    helped = moved(task(opened_days=30), Order("complete", "lee", outcome=Outcome.IMPROVED), inside)
    dropped = moved(task(opened_days=within), Order("cancel", "lee", reason="no"), inside)

    told = week(
        {},
        helped,
        dropped,
        task(opened_days=within, due_in=-30),
        moved(task(Kind.A1, opened_days=within), Order("start", "mail"), inside),
        task(Kind.A1, opened_days=within),
        replace(task(Kind.A1, opened_days=within), held_out=True),
        task(opened_days=0.1),
    ).tasks

    assert (told.opened, told.completed, told.improved, told.cancelled) == (2, 1, 1, 1)
    assert (told.overdue, told.still_open, told.automated) == (1, 2, 1)


def test_precision_is_what_people_said_of_the_rules() -> None:
    useful = moved(task(), Order("judge", "lee", opinion=Opinion.USEFUL), NOON)
    wrong = moved(task(), Order("judge", "lee", opinion=Opinion.INCORRECTLY_FLAGGED), NOON)

    told = week({MONDAY: overview()}, useful, useful, wrong, task())

    assert told.precision.value == pytest.approx(2 / 3)
    assert told.precision.n == 3
    assert (told.departures, told.expected_departures) == (3, 31.0)


def test_those_who_left_may_be_unknown() -> None:
    told = summary(Span.WEEK, MONDAY, MONDAY + timedelta(days=6), {}, [], ago(0))

    assert told.departures is None


def test_who_left_is_counted_by_the_day_that_their_profile_says() -> None:
    left = [
        tutor(TutorStatus.RESIGNED, status_since=AS_OF.replace(day=day)) for day in (8, 9, 15, 16)
    ]
    others = [tutor(TutorStatus.RESIGNED), tutor(status_since=AS_OF.replace(day=10))]

    assert departures([*left, *others], MONDAY, MONDAY + timedelta(days=6)) == 2
