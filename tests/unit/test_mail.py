"""Which mails are due, and about what."""

from datetime import timedelta

from shared.domain.intervention import Intervention, Kind, Owner
from shared.domain.mail import MailKind, session_reports, tutor_mail
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
