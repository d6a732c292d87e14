"""Mail queue: write a mail for each of its recipients, claim them, hand it to SES, mark them.

What nobody needs any more is dropped. What could not be handed over stays due: SQS brings it back,
and after that the sweep.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.aws.addressee import Addressees
from shared.aws.batch import worked_off
from shared.aws.delivery import Delivery, Round
from shared.aws.directory import Directory
from shared.aws.intervention_table import InterventionTable
from shared.aws.mail_table import MailTable
from shared.aws.mail_writer import MailWriter, NothingToSayError, TooEarlyError, Writing
from shared.aws.mailer import SenderRefusedError, Suppression, mailer
from shared.aws.meter import published
from shared.aws.preference_table import PreferenceTable
from shared.aws.queue import mail_queue
from shared.aws.secret import secret
from shared.aws.table import fault_name, table
from shared.aws.tutor_log import LogTable
from shared.aws.webhook_channel import WebhookChannel
from shared.domain.intervention import MAIL
from shared.domain.mail import Mail, MailState
from shared.mail.letter import COMPILED, Letters, Reader
from shared.setting import Setting


class UnsentError(Exception):
    """Some recipients are still to be sent to."""


class Env(Setting):
    TABLE_NAME: str
    MAIL_QUEUE_URL: str
    CURSOR_SECRET_ARN: str
    USER_POOL_ID: str
    MAIL_FROM: str
    MAIL_SENDER: str
    MAIL_CONTACT: str
    MAIL_CONFIGURATION_SET: str
    MAIL_TUTORS: bool
    SITE_URL: str
    MAIL_TEMPLATES: Path = COMPILED
    WEBHOOK_HOSTS: str = "hooks.slack.com"
    RETRY_SECONDS: int = 15


env = Env.read()
logger, metrics = Logger(), Metrics()
store = table(env.TABLE_NAME)
mails, interventions = MailTable(store), InterventionTable(store)
people = Directory(env.USER_POOL_ID)
addressees = Addressees(people, LogTable(store), PreferenceTable(store))
writer = MailWriter.of(store, people, Letters(env.MAIL_TEMPLATES, env.SITE_URL, env.MAIL_CONTACT))
delivery = Delivery(
    mails, Suppression(store), mailer(env.MAIL_FROM, env.MAIL_CONFIGURATION_SET),
    WebhookChannel(frozenset(env.WEBHOOK_HOSTS.split(","))), secret(env.CURSOR_SECRET_ARN),
    env.MAIL_SENDER, env.MAIL_CONTACT, env.SITE_URL, env.MAIL_TUTORS,
)  # fmt: skip
queue = mail_queue(env.MAIL_QUEUE_URL)


def now() -> datetime:
    return datetime.now(UTC)


@published(metrics)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Work off a batch; a message that fails does so alone."""
    return worked_off(
        event, lambda told, _: send(told["mail_id"]), queue, env.RETRY_SECONDS, logger, metrics,
        metric="MailFailed",
    )  # fmt: skip


def send(mail_id: str) -> None:
    """Send a mail to whoever has not got it yet; raises UnsentError while that is unsettled."""
    mail = mails.mail(mail_id)
    if mail is None or mail.state is not MailState.DUE:
        return
    at = now()
    try:
        write = writer.writing(mail, at)
    except (NothingToSayError, TooEarlyError) as reason:
        if isinstance(reason, TooEarlyError) and not mail.given_up(at):
            logger.warning("too early", mail_id=mail_id)
            mails.put(mail.later(mail.again_at(at)))
            return
        mails.put(mail.dropped(at, str(reason)))
        logger.info("dropped", mail_id=mail_id, because=str(reason))
        metrics.add_metric("MailDropped", MetricUnit.Count, 1)
        return
    found = delivery.round(mail, write, addressees.of(mail, at), at)
    metrics.add_metric("MailSent", MetricUnit.Count, found.handed_over)
    for fault in found.faults.values():
        logger.error("not sent", mail_id=mail_id, fault=fault_name(fault))
    ours = sum(isinstance(fault, SenderRefusedError) for fault in found.faults.values())
    metrics.add_metric("SenderRefused", MetricUnit.Count, ours)
    if found.faults:
        raise UnsentError(f"{len(found.faults)} deliveries of {mail_id} wait")
    finish(mail, write, found, at)
    logger.info("sent", mail_id=mail_id, handed_over=found.handed_over, reached=found.reached)


def finish(mail: Mail, write: Writing, found: Round, at: datetime) -> None:
    """Everybody has it who wants it now: move what it carried out, keep what was said.

    Who is left gets a mail of their own, or the mail waits where nobody has it.
    """
    if found.waiting and not found.reached:
        mails.put(mail.later(min(found.waiting.values())))
        return
    told = ", ".join(found.states.values())
    if mail.to_tutor:
        failed = None if found.reached else f"The tutor gets no such mail: {told}."
        interventions.carried_out(mail.about[0], MAIL, failed, at)
    rest = [mail.rest(who, way, until) for (who, way), until in found.waiting.items()]
    letter = write(Reader())
    if found.reached or not found.states:
        done = mail.done(at, letter.subject, letter.text, found.states, write.levels)
        mails.finish(done, rest)
    else:
        because = f"Nobody could be reached: {told}."
        mails.put(mail.dropped(at, because, found.states, letter.subject, letter.text))
