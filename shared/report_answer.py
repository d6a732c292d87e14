"""What is answered about mails: who was told what, when, and what was not sent and why."""

from datetime import datetime

from shared.domain.mail import Mail, MailKind, MailState
from shared.outbound import Outbound


class MailReport(Outbound):
    """One mail as it went out; `text` without what was one recipient's own.

    `recipients` counts who got it. `because` says why a dropped one was not sent. `about` are ids
    of what it tells of: a session, interventions, the first day of a period.
    """

    mail_id: str
    kind: MailKind
    state: MailState
    tutor_id: str | None
    about: tuple[str, ...]
    moved: tuple[str, ...]
    made_at: datetime
    done_at: datetime | None
    recipients: int
    because: str | None
    subject: str | None
    text: str | None


class MailReportList(Outbound):
    """A page of the history, the newest first."""

    items: tuple[MailReport, ...] = ()
    next_cursor: str | None = None


def mail_report(mail: Mail) -> MailReport:
    """A mail as it is answered."""
    return MailReport(
        mail_id=mail.mail_id,
        kind=mail.kind,
        state=mail.state,
        tutor_id=mail.tutor_id,
        about=mail.about,
        moved=mail.moved,
        made_at=mail.made_at,
        done_at=mail.done_at,
        recipients=mail.sent,
        because=mail.because,
        subject=mail.subject,
        text=mail.text,
    )
