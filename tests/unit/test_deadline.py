"""What time alone does to interventions, and who is told that a clock ran out."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.deadline import TOLD_WITHIN, notices, passed
from shared.domain.intervention import (
    Intervention,
    Kind,
    Order,
    Outcome,
    Owner,
    Status,
    moved,
    opened,
)
from shared.domain.mail import MailKind

MONDAY = datetime(2026, 11, 16, 9, tzinfo=UTC)
DUE = MONDAY + timedelta(days=2)
QUARTER = timedelta(minutes=15)


def task(tutor_id: str = "t-7", kind: Kind = Kind.H1, owner: Owner = Owner.OPS_MANAGER,
         assignee: str | None = None) -> Intervention:  # fmt: skip
    """Opened on Monday, due on Wednesday, to be over a fortnight later."""
    return opened(
        Intervention(tutor_id, kind, owner, "because", MONDAY, DUE, DUE + timedelta(days=14), 60.0,
                     assignee=assignee),
        MONDAY,
    )  # fmt: skip


def started(one: Intervention, at: datetime) -> Intervention:
    return moved(one, Order("start", "kim"), at)


def snoozed(one: Intervention, until: datetime, at: datetime = MONDAY) -> Intervention:
    return moved(one, Order("snooze", "kim", reason="on holiday", until=until), at)


def late(tutor_id: str = "t-7", **told: object) -> Intervention:
    """Of whom nobody was told yet that the clock ran out."""
    return passed(task(tutor_id, **told), DUE + QUARTER)  # type: ignore[arg-type]


def test_a_clock_runs_out_the_moment_after_it_is_due() -> None:
    assert passed(task(), DUE) == task()
    ended = passed(task(), DUE + timedelta(seconds=1))
    assert ended.late_at == DUE + timedelta(seconds=1)
    assert ended.steps[-1].action == "breach"


def test_it_runs_out_once() -> None:
    once = late()

    assert passed(once, DUE + timedelta(days=3)) is once


def test_what_is_over_is_not_late() -> None:
    over = moved(task(), Order("complete", "kim", outcome=Outcome.IMPROVED), MONDAY)

    assert passed(over, DUE + timedelta(days=30)) is over


def test_what_was_begun_late_can_be_late_a_second_time() -> None:
    begun = started(late(), DUE + timedelta(hours=1))
    assert passed(begun, begun.finish_by) is begun

    again = passed(begun, begun.finish_by + QUARTER)

    assert [step.action for step in again.steps] == ["open", "breach", "start", "breach"]
    assert again.late_at == begun.finish_by + QUARTER


def test_what_sleeps_is_not_late_until_it_wakes() -> None:
    until = DUE + timedelta(days=1)
    asleep = snoozed(task(), until)
    assert passed(asleep, until - timedelta(seconds=1)) is asleep

    awake = passed(asleep, until)

    assert (awake.status, awake.late_at) == (Status.PENDING, until)
    assert [step.action for step in awake.steps[-2:]] == ["wake", "breach"]


def test_what_wakes_in_time_is_not_late() -> None:
    until = MONDAY + timedelta(days=1)

    awake = passed(snoozed(task(), until), until)

    assert (awake.status, awake.late_at) == (Status.PENDING, None)


def test_what_was_late_before_it_slept_is_not_late_a_second_time() -> None:
    asleep = snoozed(late(), DUE + timedelta(days=3), at=DUE + timedelta(hours=1))

    awake = passed(asleep, DUE + timedelta(days=3))

    assert awake.late_at == DUE + QUARTER
    assert [step.action for step in awake.steps].count("breach") == 1


def test_nobody_is_late_with_what_is_sent_by_itself() -> None:
    tips = replace(task(kind=Kind.A1), owner=Owner.SYSTEM)

    assert passed(tips, DUE + timedelta(days=30)) is tips


def test_each_reader_gets_one_list() -> None:
    found = [
        late("t-1"),
        late("t-2"),
        late("t-3", kind=Kind.H4, owner=Owner.PEOPLE_OPS),
        late("t-4", assignee="kim"),
        late("t-5", kind=Kind.H4, owner=Owner.PEOPLE_OPS, assignee="kim"),
        task("t-6"),
    ]

    mails = notices(found, [], DUE + QUARTER)

    assert {(mail.owner, mail.person): len(mail.about) for mail in mails} == {
        (Owner.OPS_MANAGER, None): 2,
        (Owner.PEOPLE_OPS, None): 1,
        (None, "kim"): 2,
    }
    assert {mail.kind for mail in mails} == {MailKind.OVERDUE}


def test_somebody_may_be_called_as_a_role_is() -> None:
    found = [late("t-1"), late("t-2", assignee="ops_manager")]

    assert len({mail.mail_id for mail in notices(found, [], DUE + QUARTER)}) == 2


def test_a_notice_that_was_written_is_not_written_again() -> None:
    found = [late("t-1"), late("t-2")]
    written = notices(found, [], DUE + QUARTER)

    assert notices(found, written, DUE + QUARTER) == []
    assert notices(found, written, DUE + 2 * QUARTER) == []


def test_what_a_broken_run_left_out_is_in_the_next_notice() -> None:
    written = notices([late("t-1")], [], DUE + QUARTER)

    (left,) = notices([late("t-1"), late("t-2")], written, DUE + 2 * QUARTER)

    assert left.about == (late("t-2").intervention_id,)


def test_whoever_is_given_what_is_late_is_not_told_a_second_time() -> None:
    written = notices([late()], [], DUE + QUARTER)
    given = moved(late(), Order("reassign", "sam", assignee="kim"), DUE + QUARTER)

    assert notices([given], written, DUE + 2 * QUARTER) == []


def test_the_second_clock_has_a_notice_of_its_own() -> None:
    written = notices([late()], [], DUE + QUARTER)
    begun = started(late(), DUE + timedelta(hours=1))
    short = replace(begun, finish_by=DUE + timedelta(hours=2))
    again = passed(short, DUE + timedelta(hours=3))

    (second,) = notices([again], written, DUE + timedelta(hours=3))

    assert (second.person, second.about) == ("kim", (again.intervention_id,))


@pytest.mark.parametrize(("after", "told"), [(TOLD_WITHIN, 1), (TOLD_WITHIN + QUARTER, 0)])
def test_what_is_long_past_is_left_to_the_digests(after: timedelta, told: int) -> None:
    assert len(notices([late()], [], DUE + QUARTER + after)) == told
