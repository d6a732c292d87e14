"""Which mails are due, and about what."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.domain.intervention import Intervention, Kind, Owner
from shared.domain.mail import (
    Mail,
    MailKind,
    alert,
    assignment,
    session_reports,
    sort,
    tutor_mail,
)
from shared.domain.session import OutcomeKind, Session, Status
from tests.builders import AS_OF, ago, completed, move, session


def about(before: Session | None, after: Session) -> list[tuple[str, ...]]:
    return [mail.about for mail in session_reports(before, after, AS_OF, 3)]


def opened(kind: Kind, *, held_out: bool = False) -> Intervention:
    return Intervention(
        "t-7", kind, Owner.SYSTEM, "because", AS_OF, AS_OF, AS_OF, 60, held_out=held_out
    )


def test_a_session_that_took_place_is_reported() -> None:
    (mail,) = session_reports(None, completed(ago(0.1), session_id="s-1"), AS_OF, 1)

    assert (mail.kind, mail.tutor_id, mail.settled) == (MailKind.SESSION_REPORT, "t-7", False)
    assert mail.due_at == AS_OF + timedelta(minutes=15)
    assert mail.mail_id == "20261120T000000-session_report-s-1-completed-1~t-7"


def test_a_correction_of_what_was_reported_is_not() -> None:
    assert about(completed(ago(0.1)), completed(ago(0.2), 4)) == []


def test_each_move_of_a_session_is_reported_once() -> None:
    one, other = move(ago(0.5)), move(ago(0.2))
    once = session(ago(-1), Status.RESCHEDULED, session_id="s-1", moves=[one])
    twice = session(ago(-2), Status.RESCHEDULED, session_id="s-1", moves=[one, other])

    assert about(None, once) == [("s-1", OutcomeKind.TUTOR_RESCHEDULE)]
    assert about(once, twice) == [("s-1", OutcomeKind.TUTOR_RESCHEDULE)]
    assert about(twice, twice) == []


def test_what_happened_long_ago_is_history_and_not_mailed() -> None:
    assert about(None, completed(ago(1.9))) != []
    assert about(None, completed(ago(2.1))) == []


def test_a_session_known_by_its_feedback_alone_has_nobody_to_be_reported_of() -> None:
    assert about(None, Session("s-1")) == []


def test_an_automated_intervention_is_carried_out_by_a_mail() -> None:
    mail = tutor_mail(opened(Kind.A4))

    assert mail is not None
    assert (mail.kind, mail.owner, mail.to_tutor) == (MailKind.RESCHEDULE_ALERT, Owner.SYSTEM, True)


def test_one_held_out_or_done_by_people_is_not() -> None:
    assert tutor_mail(opened(Kind.A4, held_out=True)) is None
    assert tutor_mail(opened(Kind.H1)) is None


HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
WARNING = alert("t-7", AS_OF, "critical", ("Risk rose",))


def test_the_wait_between_two_tries_doubles_up_to_an_hour() -> None:
    waits = [replace(WARNING, waits=n).again_at(AS_OF) - AS_OF for n in range(9)]

    assert waits[:3] == [MINUTE, 2 * MINUTE, 4 * MINUTE]
    assert waits[-1] == HOUR


def test_whoever_asks_for_more_time_is_given_it() -> None:
    assert WARNING.again_at(AS_OF, 600) == AS_OF + 10 * MINUTE
    assert WARNING.again_at(AS_OF, 1) == AS_OF + MINUTE


def test_news_is_given_up_after_a_day_and_what_a_tutor_is_offered_after_a_week() -> None:
    offered = tutor_mail(opened(Kind.A4))
    assert offered is not None

    assert WARNING.given_up(AS_OF + 24 * HOUR)
    assert not offered.given_up(AS_OF + 24 * HOUR)
    assert offered.given_up(AS_OF + 7 * 24 * HOUR)


def test_what_is_left_for_one_person_is_a_mail_of_its_own() -> None:
    rest = WARNING.rest("ana", "webhook", AS_OF + HOUR)

    assert rest.mail_id == "20261120T000000-alert-critical-webhook-ana~t-7"
    assert (rest.person, rest.way, rest.level, rest.moved) == (
        "ana", "webhook", "critical", ("Risk rose",),
    )  # fmt: skip
    assert rest.given_up(AS_OF + 24 * HOUR)


def test_who_is_given_a_task_by_somebody_else_is_told() -> None:
    given = replace(opened(Kind.H1), assignee="ana", version=3)

    mail = assignment(given, "sam", AS_OF)

    assert mail is not None
    assert (mail.kind, mail.person, mail.about) == (
        MailKind.ASSIGNED, "ana", (given.intervention_id,),
    )  # fmt: skip
    assert assignment(given, "ana", AS_OF) is None


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        (MailKind.SESSION_REPORT, "reports:digest_only"),
        (MailKind.WEEKLY_SUMMARY, "digests"),
        (MailKind.ALERT, None),
        (MailKind.OVERDUE, None),
        (MailKind.ASSIGNED, None),
    ],
)
def test_what_belongs_to_the_work_has_no_link_to_do_without(
    kind: MailKind, what: str | None
) -> None:
    assert sort(Mail(kind, "name", AS_OF, AS_OF)) == what
