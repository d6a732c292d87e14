"""Action queue: decide what is to be done for each tutor whose score, flags or prediction moved.

The engine decides on what is stored; this reads that, and writes what was decided on condition
that the tutor's interventions are still those it was decided on.
"""

import json
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.aws.batch import failures
from shared.aws.intervention_table import InterventionTable
from shared.aws.mail_table import MailTable, new_mail, next_mail
from shared.aws.queue import mail_queue, tutor_queue
from shared.aws.scorecard_table import ScorecardTable
from shared.aws.table import retried, table
from shared.aws.tutor_log import LogTable
from shared.domain.engine import Desk, decided
from shared.domain.intervention import Intervention, Kind
from shared.domain.mail import Mail, alert, tutor_mail
from shared.domain.mentoring import mentor
from shared.domain.movement import alerting, movement, seen
from shared.domain.office import Office
from shared.domain.policy import Policy
from shared.domain.scorecard import Scorecard
from shared.domain.situation import (
    ASKED_ABOUT_WITHIN,
    Facts,
    Situation,
    first_sessions,
    overridden,
)
from shared.domain.tutor import TutorStatus
from shared.domain.tutor_row import TutorRow
from shared.setting import Setting

LOOKED_BACK = timedelta(days=1)
MOST_REPORTS = 50
"""What a transaction can settle; more of one tutor at once go out when they are due."""


class Env(Setting):
    TABLE_NAME: str
    ACTION_QUEUE_URL: str
    MAIL_QUEUE_URL: str
    RETRY_SECONDS: int = 15


env = Env.read()
logger, metrics = Logger(), Metrics()
store = table(env.TABLE_NAME)
cards, logs = ScorecardTable(store), LogTable(store)
interventions, mails = InterventionTable(store), MailTable(store)
queue, outbox = tutor_queue(env.ACTION_QUEUE_URL), mail_queue(env.MAIL_QUEUE_URL)


def now() -> datetime:
    return datetime.now(UTC)


@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Work off a batch, each tutor once; a message that fails does so alone."""
    metrics.add_metric("Received", MetricUnit.Count, len(event["Records"]))
    waiting: dict[str, list[str]] = defaultdict(list)
    failed: dict[str, Exception] = {}
    for record in event["Records"]:
        try:
            waiting[json.loads(record["body"])["tutor_id"]].append(record["messageId"])
        except Exception as fault:
            failed[record["messageId"]] = fault
    policy, office = interventions.policy(), interventions.office()
    outgoing: list[str] = []
    for tutor_id, messages in waiting.items():
        try:
            outgoing += retried(partial(act, tutor_id, policy, office))
        except Exception as fault:
            failed |= dict.fromkeys(messages, fault)
    refused = outbox.ask(outgoing)
    metrics.add_metric("MailsHinted", MetricUnit.Count, len(outgoing) - len(refused))
    return failures(
        event["Records"], failed, queue, env.RETRY_SECONDS, logger, metrics, metric="ActingFailed"
    )


def act(tutor_id: str, policy: Policy, office: Office) -> list[str]:
    """Decide for one tutor and write it, answering the mails that can go out now.

    Raises VersionConflictError when somebody else wrote meanwhile.
    """
    found = cards.card(tutor_id)
    if found is None:
        return []
    at = now().replace(microsecond=0)
    before = interventions.desk(tutor_id, at)
    situation = situation_of(*found, policy, before.desk, at)
    changed = [
        with_mentor(one, found[1]) for one in decided(situation, before.desk, policy, office)
    ]
    looked = seen(before.seen, situation.now)
    told = movement(before.seen, situation.now, changed)
    new = [mail for one in changed if (mail := tutor_mail(one))]
    if alerting(before.seen, situation.now):
        new.append(alert(tutor_id, at, situation.now.level, told))
        looked = replace(looked, alerted=situation.now.level, alerted_at=at)
    settled = reports(tutor_id, at, told)
    mailing = [*map(new_mail, new), *map(next_mail, settled)]
    interventions.put(tutor_id, changed, before, looked, mailing)
    for one in changed:
        name = "HeldOut" if one.held_out else one.steps[-1].action.capitalize()
        metrics.add_metric(f"Intervention{name}", MetricUnit.Count, 1)
    return [mail.mail_id for mail in (*settled, *new) if mail.ready(at)]


def reports(tutor_id: str, at: datetime, moved: tuple[str, ...]) -> list[Mail]:
    """The session reports that waited for the tutor to be scored; the newest says what moved."""
    waiting = mails.waiting(tutor_id, at - LOOKED_BACK)[-MOST_REPORTS:]
    return [mail.settles(moved if mail is waiting[-1] else ()) for mail in waiting]


def situation_of(
    card: Scorecard, row: TutorRow, policy: Policy, desk: Desk, at: datetime
) -> Situation:
    """All that the rules look at: of the nights as many as the longest dial asks for."""
    longest = max(policy["exemplary_days"], policy["sustained_days"])
    first = at - timedelta(days=longest + 1)
    nights = cards.days(row.tutor_id, first.date(), at.date())
    recent = logs.sessions_since(row.tutor_id, at - ASKED_ABOUT_WITHIN)
    suggested = [one.opened_at for one in desk.interventions if one.open and one.kind is Kind.A2]
    trainings = logs.trainings_since(row.tutor_id, suggested[0]) if suggested else ()
    joined, status = row.onboarding_date, TutorStatus(row.status)
    return Situation(
        tutor_id=row.tutor_id,
        now=overridden(replace(Facts.of_card(card, row.probabilities), at=at), row.override),
        nights=[Facts.of_record(night) for night in nights],
        tenure_days=(at - joined) / timedelta(days=1) if joined else None,
        at_work=status.at_work,
        gone=status.gone,
        first_sessions=first_sessions(recent, at),
        trainings=trainings,
    )


def with_mentor(one: Intervention, row: TutorRow) -> Intervention:
    """A newly opened mentoring with whom to propose; all tutors are looked through for it."""
    if one.kind is not Kind.H2 or one.version > 1:
        return one
    mentees = Counter(other.mentor_id for other in interventions.open_ones() if other.mentor_id)
    return replace(one, mentor_id=mentor(row.subjects, row.tutor_id, cards.rows(), mentees))
