"""A quarter of a small town: what was promised about tasks, deadlines and mails holds throughout.

`make bench PART=quarter` plays the same with the demo world, and prints how much people are told.
"""

from collections import Counter
from datetime import timedelta

import pytest

from events.world.world import World
from shared.domain.intervention import Kind, Owner
from shared.domain.mail import MailKind
from tests.bench.quarter import (
    Quarter,
    lived,
    loose_ends,
    mails_a_day,
    mails_a_week_to_a_tutor,
    weeks_between_tips,
)

TUTORS, DAYS, RUN_UP = 32, 75, 15
A_WEEK = timedelta(days=7)


@pytest.fixture(scope="module")
def quarter() -> Quarter:
    return lived(World("hamlet", TUTORS, days=150), DAYS, RUN_UP)


def test_something_happened(quarter: Quarter) -> None:
    """A quiet town would prove nothing."""
    kinds = {one.kind for one in quarter.interventions.values()}
    assert {Kind.A1, Kind.A3, Kind.A4, Kind.H1, Kind.H2, Kind.H4} <= kinds
    actions = {step.action for one in quarter.people() for step in one.steps}
    assert {"start", "complete", "cancel", "snooze", "wake", "breach"} <= actions
    assert len(quarter.breaches()) > 10


def test_nobody_has_two_open_of_a_kind_or_one_too_soon(quarter: Quarter) -> None:
    assert quarter.broken == []


def test_every_first_session_is_asked_about_once(quarter: Quarter) -> None:
    check_ins = [one for one in quarter.interventions.values() if one.kind is Kind.A3]
    asked = Counter(name for one in check_ins for name in one.evidence)

    assert len(quarter.first_sessions) > 50
    assert [name for name in quarter.first_sessions if asked[name] != 1] == []


def test_tips_come_at_most_weekly(quarter: Quarter) -> None:
    assert min(weeks_between_tips(quarter)) >= A_WEEK


def test_every_missed_deadline_is_in_exactly_one_notice(quarter: Quarter) -> None:
    assert quarter.told() == quarter.breaches()


def test_each_notice_is_for_one_reader_at_one_time(quarter: Quarter) -> None:
    sent = [mail.mail_id for mail in quarter.notices()]

    assert len(sent) == len(set(sent))
    assert all((mail.owner is None) != (mail.person is None) for mail in quarter.notices())


def test_nothing_is_late_that_nobody_knows_of(quarter: Quarter) -> None:
    assert loose_ends(quarter) == []


def test_what_people_have_to_do_is_done_asleep_in_time_or_late(quarter: Quarter) -> None:
    for one in quarter.people():
        if one.open and not one.asleep(quarter.until):
            assert one.late_at or not one.overdue(quarter.until), one.intervention_id


def test_a_digest_comes_at_most_once_a_day(quarter: Quarter) -> None:
    for (_, kind), by_day in mails_a_day(quarter).items():
        if kind in (MailKind.DAILY_DIGEST, MailKind.WEEKLY_SUMMARY, MailKind.MONTHLY_SUMMARY):
            assert max(by_day) == 1


def test_notices_and_alerts_bury_nobody(quarter: Quarter) -> None:
    found = mails_a_day(quarter)
    for owner in (Owner.OPS_MANAGER, Owner.PEOPLE_OPS):
        for kind in (MailKind.OVERDUE, MailKind.ALERT):
            assert max(found.get((owner, kind), [0])) <= 10


def test_a_tutor_is_not_written_to_all_the_time(quarter: Quarter) -> None:
    weeks = sorted(mails_a_week_to_a_tutor(quarter))

    assert weeks[len(weeks) // 2] <= 3
    assert max(weeks) <= 10
