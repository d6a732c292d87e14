"""Action queue: decide what is to be done for each tutor whose score, flags or prediction moved."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.aws.acting import Acting
from shared.aws.batch import worked_off
from shared.aws.meter import published
from shared.aws.queue import mail_queue, tutor_queue
from shared.aws.table import retried, table
from shared.domain.mail import Mail
from shared.setting import Setting


class Env(Setting):
    TABLE_NAME: str
    ACTION_QUEUE_URL: str
    MAIL_QUEUE_URL: str
    RETRY_SECONDS: int = 15


env = Env.read()
logger, metrics = Logger(), Metrics()
store = table(env.TABLE_NAME)
queue, outbox = tutor_queue(env.ACTION_QUEUE_URL), mail_queue(env.MAIL_QUEUE_URL)


def now() -> datetime:
    return datetime.now(UTC)


@published(metrics, conflicts="WriteConflict")
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Work off a batch, each tutor once; a message that fails does so alone."""
    acting = Acting.of(store)
    mails: list[Mail] = []
    answer = worked_off(
        event, lambda told, ids: mails.extend(act(acting, told["tutor_id"], ids)), queue,
        env.RETRY_SECONDS, logger, metrics, metric="ActingFailed",
    )  # fmt: skip
    outbox.ask([mail for mail in mails if mail.ready(now())])
    return answer


def act(acting: Acting, tutor_id: str, ids: tuple[str, ...]) -> tuple[Mail, ...]:
    """Do what is to be done for one tutor, now; the mails that follow from it."""
    done = retried(lambda: acting.act(tutor_id, now().replace(microsecond=0), ids))
    logger.info(
        "acted",
        tutor_id=tutor_id,
        interventions=[one.intervention_id for one in done.changed],
        mails=[mail.mail_id for mail in done.mails],
    )
    return tuple(done.mails)
