"""What may be done to an intervention, by whom, and what is kept of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.intervention import (
    ENGINE,
    MOST_TEXT,
    MOVES,
    OPEN,
    Action,
    Intervention,
    Kind,
    MoveError,
    Opinion,
    Order,
    Outcome,
    Owner,
    Status,
    moved,
    opened,
)

MONDAY = datetime(2026, 11, 16, 9, tzinfo=UTC)


def coaching(status: Status = Status.PENDING) -> Intervention:
    """An H1 that was opened on Monday at nine."""
    return opened(
        Intervention(
            tutor_id="t-7",
            kind=Kind.H1,
            owner=Owner.OPS_MANAGER,
            why="Churn score 62, above 50 for 7 days.",
            opened_at=MONDAY,
            due_at=MONDAY + timedelta(days=2),
            finish_by=MONDAY + timedelta(days=16),
            score_before=62.0,
            status=status,
        ),
        MONDAY,
    )


def order(action: Action, **told: object) -> Order:
    """A complete order by Sam."""
    needed: dict[str, object] = {
        "reason": "because",
        "outcome": Outcome.IMPROVED,
        "until": MONDAY + timedelta(days=3),
        "assignee": "kim",
        "opinion": Opinion.USEFUL,
    }
    fields = {name: needed[name] for name in MOVES[action].needs} | told
    return Order(action, "sam", **fields)  # type: ignore[arg-type]


# fmt: off
LEADS = [
    ("start", "pending", "in_progress"), ("start", "snoozed", "in_progress"),
    ("start", "in_progress", None), ("start", "completed", None), ("start", "cancelled", None),
    ("complete", "pending", "completed"), ("complete", "in_progress", "completed"),
    ("complete", "snoozed", "completed"), ("complete", "completed", None),
    ("complete", "cancelled", None),
    ("cancel", "pending", "cancelled"), ("cancel", "in_progress", "cancelled"),
    ("cancel", "snoozed", "cancelled"), ("cancel", "completed", None),
    ("snooze", "pending", "snoozed"), ("snooze", "in_progress", "snoozed"),
    ("snooze", "completed", None),
    ("wake", "snoozed", "pending"), ("wake", "pending", None),
    ("reassign", "pending", "pending"), ("reassign", "completed", None),
    ("note", "pending", "pending"), ("note", "completed", "completed"),
    ("judge", "cancelled", "cancelled"), ("judge", "in_progress", "in_progress"),
]
# fmt: on


@pytest.mark.parametrize(("action", "before", "after"), LEADS)
def test_a_move_leads_where_the_table_says(action: Action, before: str, after: str | None) -> None:
    given = coaching(Status(before))

    if after is None:
        with pytest.raises(MoveError, match=f"action: can not {action} what is {before}"):
            moved(given, order(action), MONDAY)
    else:
        found = moved(given, order(action), MONDAY)
        assert (found.status, found.version) == (after, given.version + 1)


@pytest.mark.parametrize(
    ("action", "field"), [(name, field) for name, rule in MOVES.items() for field in rule.needs]
)
def test_what_a_move_needs_is_asked_for_by_name(action: Action, field: str) -> None:
    with pytest.raises(MoveError, match=f"{field}: is required"):
        moved(coaching(), order(action, **{field: None}), MONDAY)


def test_every_move_leaves_who_when_and_why() -> None:
    later = MONDAY + timedelta(hours=3)

    found = moved(coaching(), order("cancel", reason="She is back from a sick child."), later)

    last = found.steps[-1]
    assert (last.who, last.at, last.said) == ("sam", later, "She is back from a sick child.")
    assert [step.action for step in found.steps] == ["open", "cancel"]


@pytest.mark.parametrize(("days", "fits"), [(-1, False), (0, False), (14, True), (14.1, False)])
def test_a_snooze_ends_within_two_weeks(days: float, fits: bool) -> None:
    asked = order("snooze", until=MONDAY + timedelta(days=days))

    if fits:
        assert moved(coaching(), asked, MONDAY).snoozed_until == asked.until
    else:
        with pytest.raises(MoveError, match="until: must lie within the next 14 days"):
            moved(coaching(), asked, MONDAY)


def test_a_history_has_an_end_and_completing_always_fits() -> None:
    """An item of the table holds 400 kB; smileys take four bytes each."""
    one, novel = coaching(), Order("note", "sam", reason="\U0001f600" * MOST_TEXT)
    for _ in range(30):
        one = moved(one, novel, MONDAY)

    with pytest.raises(MoveError, match="reason: has no room left"):
        moved(one, novel, MONDAY)
    assert not moved(one, Order("complete", "sam", outcome=Outcome.IMPROVED), MONDAY).open


def test_a_novel_is_no_reason() -> None:
    with pytest.raises(MoveError, match="reason: must have at most 2,000 characters"):
        moved(coaching(), order("note", reason="x" * (MOST_TEXT + 1)), MONDAY)


@pytest.mark.parametrize(
    ("action", "field", "value"),
    [
        ("cancel", "outcome", Outcome.IMPROVED),
        ("start", "outcome", Outcome.IMPROVED),
        ("complete", "until", MONDAY + timedelta(days=1)),
        ("note", "assignee", "kim"),
        ("start", "opinion", Opinion.USEFUL),
    ],
)
def test_nobody_says_with_a_move_what_does_not_go_with_it(
    action: Action, field: str, value: object
) -> None:
    with pytest.raises(MoveError, match=f"{field}: does not go with {action}"):
        moved(coaching(), order(action, **{field: value}), MONDAY)


def test_who_completes_what_nobody_began_has_acted_and_has_it() -> None:
    done = moved(coaching(), order("complete"), MONDAY + timedelta(hours=3))

    assert (done.acted_at, done.assignee) == (MONDAY + timedelta(hours=3), "sam")


def test_what_the_rules_complete_nobody_has_acted_on() -> None:
    over = moved(coaching(), Order("complete", "engine", outcome=Outcome.NO_CHANGE), MONDAY)

    assert (over.acted_at, over.assignee) == (None, None)


@pytest.mark.parametrize("action", ["start", "complete", "cancel", "wake"])
def test_whoever_moves_what_slept_past_its_deadline_has_missed_it(action: Action) -> None:
    asleep = moved(coaching(), order("snooze", until=MONDAY + timedelta(days=14)), MONDAY)

    found = moved(asleep, order(action), MONDAY + timedelta(days=13))

    assert [step.action for step in found.steps] == ["open", "snooze", "breach", action]
    assert found.version == len(found.steps)


def test_whoever_is_quicker_than_the_look_at_the_clocks_has_missed_the_deadline_too() -> None:
    given = coaching()

    late = moved(given, order("start"), given.due_at + timedelta(minutes=1))

    assert [step.action for step in late.steps] == ["open", "breach", "start"]
    assert moved(given, order("start"), given.due_at).steps[-2].action == "open"


def test_a_missed_deadline_is_written_down_once() -> None:
    given = coaching()
    late = moved(given, Order("breach", "engine"), given.due_at + timedelta(hours=1))

    begun = moved(late, order("start"), given.due_at + timedelta(hours=2))

    assert [step.action for step in begun.steps] == ["open", "breach", "start"]


@pytest.mark.parametrize(("days", "fits"), [(28, True), (28.1, False)])
def test_nothing_is_put_off_for_ever(days: float, fits: bool) -> None:
    once = moved(coaching(), order("snooze", until=MONDAY + timedelta(days=14)), MONDAY)
    again = order("snooze", until=MONDAY + timedelta(days=days))

    if fits:
        assert moved(once, again, MONDAY + timedelta(days=14.5)).snoozed_until == again.until
    else:
        with pytest.raises(MoveError, match="until: must lie within 28 days of when it was first"):
            moved(once, again, MONDAY + timedelta(days=14.5))


def test_what_was_begun_is_in_progress_again_after_a_snooze() -> None:
    begun = moved(coaching(), order("start"), MONDAY)
    asleep = moved(begun, order("snooze"), MONDAY)

    assert moved(asleep, order("wake"), MONDAY).status is Status.IN_PROGRESS


def test_the_first_clock_runs_until_somebody_acts_the_second_until_it_is_over() -> None:
    given = coaching()
    begun = moved(given, order("start"), MONDAY + timedelta(days=1))
    over = moved(begun, order("complete"), MONDAY + timedelta(days=5))

    assert not given.overdue(given.due_at)
    assert given.overdue(given.due_at + timedelta(seconds=1))
    assert not begun.overdue(given.due_at + timedelta(days=1))
    assert begun.overdue(given.finish_by + timedelta(seconds=1))
    assert not over.overdue(given.finish_by + timedelta(days=99))


def test_for_what_runs_by_itself_nobody_is_late() -> None:
    assert not replace(coaching(), owner=Owner.SYSTEM).overdue(
        coaching().finish_by + timedelta(days=1)
    )


def test_a_clock_that_runs_out_during_a_snooze_counts_when_it_is_over() -> None:
    asleep = moved(coaching(), order("snooze"), MONDAY)
    until = asleep.snoozed_until
    assert until

    assert asleep.due_at < until
    assert not asleep.overdue(until - timedelta(seconds=1))
    assert asleep.overdue(until)


def test_a_snooze_does_not_stop_the_clock() -> None:
    short = moved(coaching(), order("snooze", until=MONDAY + timedelta(days=1)), MONDAY)
    awake = moved(short, order("wake"), MONDAY + timedelta(days=1))

    assert awake.overdue(coaching().due_at + timedelta(seconds=1))


def test_a_deadline_missed_once_is_not_missed_again_by_a_snooze() -> None:
    begun = moved(coaching(), order("start"), MONDAY)
    late = begun.finish_by + timedelta(hours=1)
    told = moved(begun, Order("breach", ENGINE), late)
    asleep = moved(told, order("snooze", until=late + timedelta(days=1)), late)

    awake = moved(asleep, order("start"), late + timedelta(hours=2))

    assert awake.late_at == late
    assert not awake.missed(late + timedelta(days=2))


def test_who_starts_an_unassigned_one_has_it() -> None:
    assert moved(coaching(), order("start"), MONDAY).assignee == "sam"


def test_who_has_it_keeps_it_when_somebody_else_starts() -> None:
    given = moved(coaching(), order("reassign", assignee="kim"), MONDAY)

    assert moved(given, order("start"), MONDAY).assignee == "kim"


def test_its_id_tells_what_when_and_whose() -> None:
    assert coaching().intervention_id == "H1-20261116T090000-t-7"


def test_open_is_whatever_is_not_resolved() -> None:
    assert {status for status in Status if coaching(status).open} == OPEN
