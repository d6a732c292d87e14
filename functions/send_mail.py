"""Mail queue: write a mail for each of its recipients, claim them, hand it to SES, mark them.

What nobody needs any more is dropped. What could not be handed over stays due: SQS brings it back,
and after that the sweep.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.aws.batch import failures
from shared.aws.directory import directory
from shared.aws.intervention_table import InterventionTable
from shared.aws.mail_table import MailTable
from shared.aws.mail_writer import MailWriter, NothingToSayError, Writing
from shared.aws.mailer import RefusedError, Suppression, mailer
from shared.aws.preference_table import PreferenceTable
from shared.aws.queue import mail_queue
from shared.aws.secret import secret
from shared.aws.table import VersionConflictError, fault_name, table
from shared.aws.tutor_log import LogTable
from shared.aws.webhook_channel import WebhookChannel
from shared.channel import Alert, PermanentError
from shared.domain.intervention import Order, Owner, moved
from shared.domain.mail import Mail, MailKind, MailState
from shared.domain.preference import Channel, Preference, usual
from shared.domain.report import tutor_path
from shared.mail.letter import COMPILED, Letters, Reader
from shared.mail.mime import mime
from shared.setting import Setting
from shared.unsubscribe import unsubscribe_token

GIVE_UP = timedelta(days=1)
"""What could not be handed over for so long is news no more."""
MOST_NOTE = 200
"""Characters kept of what a webhook answered."""
LEASE = timedelta(minutes=3)
"""Longer than this function may run: a claim that is older is a dead worker's."""
ATTEMPTS = 20
SENDER = "mail"
"""Who moved an intervention that was carried out by a mail."""


class UnsentError(Exception):
    """Some recipients are still to be sent to."""


class Env(Setting):
    TABLE_NAME: str
    MAIL_QUEUE_URL: str
    CURSOR_SECRET_ARN: str
    USER_POOL_ID: str
    MAIL_FROM: str
    MAIL_CONFIGURATION_SET: str
    SITE_URL: str
    MAIL_TEMPLATES: Path = COMPILED
    WEBHOOK_HOSTS: str = "hooks.slack.com"
    RETRY_SECONDS: int = 15


env = Env.read()
logger, metrics = Logger(), Metrics()
store = table(env.TABLE_NAME)
mails, preferences, suppression = MailTable(store), PreferenceTable(store), Suppression(store)
interventions, logs = InterventionTable(store), LogTable(store)
people, ses = directory(env.USER_POOL_ID), mailer(env.MAIL_FROM, env.MAIL_CONFIGURATION_SET)
writer = MailWriter.of(store, Letters(env.MAIL_TEMPLATES, env.SITE_URL))
webhooks = WebhookChannel(frozenset(env.WEBHOOK_HOSTS.split(",")))
sealing = secret(env.CURSOR_SECRET_ARN)
queue = mail_queue(env.MAIL_QUEUE_URL)


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody a mail may go to, and what they want."""

    username: str
    address: str | None
    preference: Preference

    def by(self, way: Channel) -> str:
        """What their delivery by a way is kept under."""
        return self.username if way is Channel.MAIL else f"{self.username}#{way}"


def now() -> datetime:
    return datetime.now(UTC)


@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Work off a batch; a message that fails does so alone."""
    metrics.add_metric("Received", MetricUnit.Count, len(event["Records"]))
    failed: dict[str, Exception] = {}
    for record in event["Records"]:
        try:
            send(json.loads(record["body"])["mail_id"])
        except Exception as fault:
            failed[record["messageId"]] = fault
    return failures(
        event["Records"], failed, queue, env.RETRY_SECONDS, logger, metrics, metric="MailFailed"
    )


def send(mail_id: str) -> None:
    """Send a mail to whoever has not got it yet; raises UnsentError while somebody waits."""
    mail = mails.mail(mail_id)
    if mail is None or mail.state is not MailState.DUE:
        return
    at = now()
    try:
        write = writer.writing(mail, at)
    except NothingToSayError as nothing:
        mails.put(mail.dropped(at, str(nothing)))
        metrics.add_metric("MailDropped", MetricUnit.Count, 1)
        return
    known = mails.recipients(mail_id)
    quiet, unsent = [], []
    for recipient in recipients(mail, at):
        ways = recipient.preference.ways(mail)
        if mail.to_tutor and not ways:
            known[recipient.username] = "unsubscribed"
        if ways and mail.kind is MailKind.ALERT and recipient.preference.quiet_at(at):
            quiet.append(recipient.preference.quiet_until(at))
            continue
        for way in ways:
            name = recipient.by(way)
            if known.get(name, "claimed") != "claimed":
                continue
            try:
                known[name] = deliver(mail, write, recipient, way, at)
            except Exception as fault:
                logger.error("not sent", mail_id=mail_id, way=way, fault=fault_name(fault))
                unsent.append(name)
    if unsent and at < mail.due_at + GIVE_UP:
        raise UnsentError(f"{len(unsent)} deliveries of {mail_id} wait")
    if quiet:
        mails.put(mail.later(min(quiet)))
        return
    finish(mail, write, known | dict.fromkeys(unsent, "not taken for a day"), at)


def recipients(mail: Mail, at: datetime) -> Iterator[Recipient]:
    """Everybody a mail may go to: the tutor, one person, or all of a role.

    What is for somebody who is not there any more is for their colleagues.
    """
    if mail.to_tutor and mail.tutor_id:
        tutor = logs.tutor(mail.tutor_id)
        yield recipient(tutor.tutor_id, tutor.email, Owner.SYSTEM)
    elif mail.person and (found := people.person(mail.person)):
        yield recipient(found.username, found.address, Owner.OPS_MANAGER)
    else:
        groups = (mail.owner,) if mail.owner else (Owner.OPS_MANAGER, Owner.PEOPLE_OPS)
        met: set[str] = set()
        for group in groups:
            for person in people.members(group, at):
                if person.username not in met:
                    met.add(person.username)
                    yield recipient(person.username, person.address, group)


def recipient(username: str, address: str | None, owner: Owner) -> Recipient:
    chosen = preferences.preference(username)
    return Recipient(username, address, chosen.of(owner) if chosen else usual(username, owner))


def deliver(mail: Mail, write: Writing, to: Recipient, way: Channel, at: datetime) -> str:
    """Hand a mail over for one recipient, by one way; what became of it.

    Raises UnsentError while another worker may be at it. What SES may have taken is marked as
    claimed before, so that a crash sends it once more and never less than once.
    """
    name, state, note = to.by(way), unreachable(to, way), ""
    if state is None:
        if not mails.claim(mail.mail_id, name, at, LEASE):
            raise UnsentError(name)
        try:
            note, state = hand_over(mail, write, to, way, at), "sent"
            metrics.add_metric("MailSent", MetricUnit.Count, 1)
        except (RefusedError, PermanentError) as refused:
            state, note = "refused", str(refused)
        except Exception:
            mails.release(mail.mail_id, name, at)
            raise
    mails.mark(mail.mail_id, name, state, at, note)
    return state


def unreachable(to: Recipient, way: Channel) -> str | None:
    """Why somebody can not be reached by a way; None where they can."""
    if way is Channel.WEBHOOK:
        return None
    return suppression.because(to.address) if to.address else "no address"


def hand_over(mail: Mail, write: Writing, to: Recipient, way: Channel, at: datetime) -> str:
    """What whoever took it called it."""
    if way is Channel.MAIL:
        return ses.send(raw(mail, write, to, at), to.address or "", mail.kind)
    path = tutor_path(mail.tutor_id) if mail.tutor_id else "/interventions"
    told = Alert(write(Reader(to.preference.zone)).subject, mail.moved, env.SITE_URL + path)
    return webhooks.send(to.preference.webhook_url or "", told)[:MOST_NOTE]


def raw(mail: Mail, write: Writing, to: Recipient, at: datetime) -> bytes:
    """The mail as SES takes it, with the recipient's own way out of mails of its sort."""
    url, what = None, sort(mail)
    if what:
        token = unsubscribe_token(sealing.value(at), to.username, what)
        url = f"{env.SITE_URL}/api/unsubscribe/{token}"
    letter = write(Reader(to.preference.zone, unsubscribe_url=url))
    return mime(letter, sender=env.MAIL_FROM, recipient=to.address or "", at=at,
                message_id_source=mail.mail_id, unsubscribe_url=url)  # fmt: skip


def sort(mail: Mail) -> str | None:
    """What a recipient does without by unsubscribing; None for what belongs to their work."""
    if mail.to_tutor:
        return f"tutor:{mail.kind}"
    match mail.kind:
        case MailKind.SESSION_REPORT:
            return "reports"
        case MailKind.DAILY_DIGEST | MailKind.WEEKLY_SUMMARY | MailKind.MONTHLY_SUMMARY:
            return "digests"
        case _:
            return None


def finish(mail: Mail, write: Writing, states: dict[str, str], at: datetime) -> None:
    """Everybody has it who wants it: move the intervention it carried out, keep what was said."""
    sent = sum(state == "sent" for state in states.values())
    if mail.to_tutor:
        carried_out(mail, sent > 0, ", ".join(states.values()), at)
    if sent or not states:
        letter = write(Reader())
        mails.put(mail.done(at, letter.subject, letter.text, sent))
    else:
        mails.put(mail.dropped(at, f"Nobody could be reached: {', '.join(states.values())}."))
    metrics.add_metric("MailDone", MetricUnit.Count, 1)


def carried_out(mail: Mail, reached: bool, states: str, at: datetime) -> None:
    """Note that a tutor got the mail of an intervention, or why it could not be carried out."""
    for _ in range(ATTEMPTS):
        one = interventions.intervention(mail.about[0])
        if one is None or not one.open or one.acted_at:
            return
        desk = interventions.desk(one.tutor_id, at)
        said = f"The tutor gets no such mail: {states}."
        order = Order("start", SENDER) if reached else Order("cancel", SENDER, reason=said)
        try:
            interventions.put(one.tutor_id, [moved(one, order, at)], desk)
        except VersionConflictError:
            continue
        return
    raise VersionConflictError
