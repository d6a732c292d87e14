"""Handing a mail to those it is for: once if all goes well, once more for each fault at worst.

SES and webhooks know no idempotency. So each delivery is claimed with a lease before and marked
after. Where a worker dies in between it is done again once the lease is over. So it is where SES
answered nothing, after twice the time each time it happens, up to an hour; and where a webhook
answered nothing, as where it is away.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from shared.aws.addressee import Addressee
from shared.aws.mail_table import MailTable
from shared.aws.mail_writer import Writing
from shared.aws.mailer import Mailer, Suppression
from shared.aws.secret import Secret
from shared.channel import Alert, ChannelError, PermanentError, TransientError, UnansweredError
from shared.domain.mail import Mail, MailKind, wait
from shared.domain.preference import Channel
from shared.domain.report import tutor_path
from shared.mail.letter import Reader, reader_of
from shared.mail.mime import mime
from shared.unsubscribe import unsubscribe_token

LEASE = timedelta(minutes=3)
"""Longer than `send_mail` may run: a claim that is older is a dead worker's."""
MOST_NOTE = 200
"""Characters kept of what a webhook answered."""
SENT, REFUSED = "sent", "refused"
SHADOW = "in the shadow"
"""Tutors are mailed nothing yet."""
LATE = "not taken in time"


class BusyError(Exception):
    """Another worker is at it, or may have handed it over before it died."""


class LaterError(Exception):
    """A webhook is to be asked again after `until`."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"{until:%FT%TZ}")
        self.until = until


class Webhooks(Protocol):
    """Where alerts are posted."""

    def send(self, to: str, alert: Alert) -> str:
        """Post an alert to a URL; what was answered. Raises a ChannelError."""


@dataclass(slots=True)
class Round:
    """What became of one round: `states` by delivery, also of rounds before.

    `waiting` says until when who is not to be told by which way; `faults` stop the mail from
    being done; `handed_over` counts what this round sent.
    """

    states: dict[str, str]
    waiting: dict[tuple[str, Channel], datetime] = field(default_factory=dict)
    faults: dict[str, Exception] = field(default_factory=dict)
    handed_over: int = 0

    @property
    def reached(self) -> int:
        """How many deliveries were taken."""
        return sum(state == SENT for state in self.states.values())


@dataclass(frozen=True, slots=True)
class Delivery:
    """Hands mails over that come from `sender`; answers go to `contact`, links to `site_url`.

    Without `mail_tutors` staff alone is mailed: what tutors would have got is over at once, and
    does not go out when they are.
    """

    mails: MailTable
    suppression: Suppression
    ses: Mailer
    webhooks: Webhooks
    sealing: Secret
    sender: str
    contact: str
    site_url: str
    mail_tutors: bool

    def round(self, mail: Mail, write: Writing, them: Iterable[Addressee], at: datetime) -> Round:
        """Hand a mail to all who want it and have not got it; one who can not get it does so alone.

        While SES does not answer nobody else is made to wait for it.
        """
        found = Round(self.mails.recipients(mail.mail_id))
        silent = False
        for to in them:
            ways = to.preference.ways(mail)
            if mail.to_tutor and not ways:
                found.states[to.username] = "unsubscribed"
            for way in _with_another(ways, found, mail, to):
                if found.states.get(to.by(way), "claimed") != "claimed":
                    continue
                if (until := to.preference.waits_until(mail, way, at)) > at:
                    found.waiting[to.username, way] = until
                elif silent and way is Channel.MAIL:
                    found.faults[to.by(way)] = UnansweredError("SES was silent")
                else:
                    self._tried(found, mail, write, to, way, at)
                    silent |= isinstance(found.faults.get(to.by(way)), UnansweredError)
        return found

    def _tried(
        self, found: Round, mail: Mail, write: Writing, to: Addressee, way: Channel, at: datetime
    ) -> None:
        """One delivery, noted in the round."""
        name = to.by(way)
        try:
            found.states[name] = self.deliver(mail, write, to, way, at)
            found.handed_over += found.states[name] == SENT
        except BusyError as fault:  # nobody was asked, so it is not too late either
            found.faults[name] = fault
        except Exception as fault:
            if mail.given_up(at):
                found.states[name] = LATE
            elif isinstance(fault, LaterError):
                found.waiting[to.username, way] = fault.until
            else:
                found.faults[name] = fault

    def deliver(self, mail: Mail, write: Writing, to: Addressee, way: Channel, at: datetime) -> str:
        """Hand a mail over by one way; what became of it.

        Raises BusyError, LaterError, or what SES raises, where it has to be tried again.
        """
        name, note = to.by(way), ""
        state = self._unreachable(mail, to, way)
        if state is None:
            hand_over = self._prepared(mail, write, to, way, at)
            unanswered = self.mails.claim(mail.mail_id, name, at, LEASE)
            if unanswered is None:
                raise BusyError(name)
            try:
                note, state = hand_over(), SENT
            except PermanentError as refused:
                note, state = str(refused), REFUSED
            except Exception as fault:
                until = _again_at(mail, way, fault, at, unanswered)
                silent = isinstance(fault, UnansweredError)
                self.mails.release(mail.mail_id, name, until, unanswered + silent)
                if way is Channel.WEBHOOK and isinstance(fault, ChannelError):
                    raise LaterError(until) from fault
                raise
        self.mails.mark(mail.mail_id, name, state, at, note[:MOST_NOTE])
        return state

    def _unreachable(self, mail: Mail, to: Addressee, way: Channel) -> str | None:
        """Why somebody can not be reached by a way; None where they can."""
        if mail.to_tutor and not self.mail_tutors:
            return SHADOW
        if way is Channel.WEBHOOK:
            return None
        return self.suppression.because(to.address) if to.address else "no address"

    def _prepared(
        self, mail: Mail, write: Writing, to: Addressee, way: Channel, at: datetime
    ) -> Callable[[], str]:
        """All but the handing over, which answers what whoever took it called it."""
        if way is Channel.WEBHOOK:
            path = tutor_path(mail.tutor_id) if mail.tutor_id else "/interventions"
            headline = write(Reader(to.preference.zone)).subject
            told = Alert(headline, mail.moved, self.site_url + path)
            return lambda: self.webhooks.send(to.preference.webhook_url or "", told)
        raw, address = self._raw(mail, write, to, at), to.address or ""
        return lambda: self.ses.send(raw, address, mail.kind)

    def _raw(self, mail: Mail, write: Writing, to: Addressee, at: datetime) -> bytes:
        """The mail as SES takes it, with the recipient's own ways out of mails of its sort."""
        reader = reader_of(
            mail, to.username, to.preference.zone, lambda what: self._choice(to, what, at)
        )
        return mime(
            write(reader), sender=self.sender, reply_to=self.contact, recipient=to.address or "",
            at=at, message_id_source=mail.mail_id, unsubscribe_url=reader.unsubscribe_url,
        )  # fmt: skip

    def _choice(self, to: Addressee, what: str, at: datetime) -> str:
        token = unsubscribe_token(self.sealing.value(at), to.username, what)
        return f"{self.site_url}/api/unsubscribe/{token}"


def _again_at(
    mail: Mail, way: Channel, fault: Exception, at: datetime, unanswered: int
) -> datetime:
    """When somebody may try again: a mail's webhooks together, SES at once unless it was silent."""
    if way is Channel.WEBHOOK:
        return mail.again_at(at, fault.retry_after if isinstance(fault, TransientError) else None)
    return at + wait(LEASE, unanswered) if isinstance(fault, UnansweredError) else at


def _with_another(
    ways: Iterable[Channel], found: Round, mail: Mail, to: Addressee
) -> Iterator[Channel]:
    """The ways one after the other; an alert by mail in the end, where all there is is a webhook
    that is dead."""
    yield from ways
    dead = found.states.get(to.by(Channel.WEBHOOK)) in (REFUSED, LATE)
    if dead and mail.kind is MailKind.ALERT and Channel.MAIL not in to.preference.alerts:
        yield Channel.MAIL
