"""Every quarter of an hour: end snoozes, mark clocks that ran out, and tell whoever is late once.

Marks come first and the notices are made of what is marked, so a run that breaks in between is
made up for by the next: nobody is told twice, and nothing is left out.
"""

from datetime import datetime
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.aws.intervention_table import InterventionTable
from shared.aws.mail_table import MailTable
from shared.aws.meter import published
from shared.aws.queue import mail_queue
from shared.aws.table import VersionConflictError, retried, table
from shared.domain.deadline import TOLD_WITHIN, notices, passed
from shared.domain.intervention import Intervention
from shared.setting import Setting


class Env(Setting):
    TABLE_NAME: str
    MAIL_QUEUE_URL: str


env = Env.read()
logger, metrics = Logger(), Metrics()
store = table(env.TABLE_NAME)
interventions, mails = InterventionTable(store), MailTable(store)
queue = mail_queue(env.MAIL_QUEUE_URL)


@published(metrics)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """How many clocks ran out by the moment this run is for, and how many notices were put."""
    metrics.add_metric("EscalationsRun", MetricUnit.Count, 1)
    at = datetime.fromisoformat(event["time"])
    known = {one.intervention_id: one for one in interventions.open_ones()}

    touched = {one.tutor_id for one in known.values() if passed(one, at) is not one}
    for tutor_id in sorted(touched):
        known |= {one.intervention_id: one for one in let_pass(tutor_id, at)}

    due = notices(known.values(), mails.notices(at - TOLD_WITHIN), at)
    new = [mail for mail in due if mails.put_new(mail)]
    refused = queue.ask(new)
    late = sum(one.open and one.late_at == at for one in known.values())
    logger.info("escalated", late=late, notices=len(new), refused=len(refused))
    return {"late": late, "notices": len(new)}


def let_pass(tutor_id: str, at: datetime) -> tuple[Intervention, ...]:
    """A tutor's interventions after what time did to them; none of one who is always changing."""

    def once() -> tuple[Intervention, ...]:
        before = interventions.desk(tutor_id, at)
        after = tuple(passed(one, at) for one in before.desk.interventions)
        changed = [
            one for was, one in zip(before.desk.interventions, after, strict=True) if one is not was
        ]
        interventions.put(tutor_id, changed, before)
        return after

    try:
        return retried(once)
    except VersionConflictError:
        metrics.add_metric("EscalatingFailed", MetricUnit.Count, 1)
        logger.error("not escalated", tutor_id=tutor_id)
        return ()
