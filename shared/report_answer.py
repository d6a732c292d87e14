"""What is answered about mails: who was told what, when, and what was not sent and why."""

from datetime import datetime
from itertools import starmap

from shared.domain.mail import Mail, MailKind, MailState
from shared.domain.preference import Channel
from shared.outbound import Outbound


class Recipient(Outbound):
    """Somebody a mail was for, by their user name, and what became of it.

    `became` is `sent`, which is that SES took it, or why not: `unsubscribed`, or that the address
    `bounced` or `complained` before, `refused`, … Colleagues who chose not to get it are left out.
    """

    name: str
    way: Channel
    became: str


class MailReport(Outbound):
    """One mail as it went out; `text` without what was one recipient's own.

    `because` says why a dropped one was not sent; it has the words it would have had where nobody
    could be reached. `about` are ids of what it tells of: a session, interventions, the first day
    of a period.
    """

    mail_id: str
    kind: MailKind
    state: MailState
    tutor_id: str | None
    about: tuple[str, ...]
    moved: tuple[str, ...]
    made_at: datetime
    done_at: datetime | None
    recipients: tuple[Recipient, ...]
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
        recipients=tuple(starmap(_recipient, sorted((mail.recipients or {}).items()))),
        because=mail.because,
        subject=mail.subject,
        text=mail.text,
    )


def _recipient(delivery: str, became: str) -> Recipient:
    name = delivery.removesuffix(f"#{Channel.WEBHOOK}")
    way = Channel.MAIL if name == delivery else Channel.WEBHOOK
    return Recipient(name=name, way=way, became=became)
