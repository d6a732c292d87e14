"""Action queue: decide what is to be done for each tutor whose score, flags or prediction moved.

The engine decides on what is stored; this reads that, and writes what was decided on condition
that the tutor's interventions are still those it was decided on.
"""

import json
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.aws.batch import failures
from shared.aws.intervention_table import InterventionTable
from shared.aws.queue import tutor_queue
from shared.aws.scorecard_table import ScorecardTable
from shared.aws.table import VersionConflictError, table
from shared.aws.tutor_log import LogTable
from shared.domain.engine import Office, decided
from shared.domain.intervention import Intervention, Kind
from shared.domain.mentoring import mentor
from shared.domain.policy import Policy
from shared.domain.scorecard import Scorecard
from shared.domain.situation import Facts, Situation, first_sessions
from shared.domain.tutor import TutorStatus
from shared.domain.tutor_row import TutorRow
from shared.setting import Setting

ATTEMPTS = 20


class Env(Setting):
    TABLE_NAME: str
    ACTION_QUEUE_URL: str
    RETRY_SECONDS: int = 15


env = Env.read()
logger, metrics = Logger(), Metrics()
store = table(env.TABLE_NAME)
cards, logs, interventions = ScorecardTable(store), LogTable(store), InterventionTable(store)
queue = tutor_queue(env.ACTION_QUEUE_URL)


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
    for tutor_id, messages in waiting.items():
        try:
            act(tutor_id, policy, office)
        except Exception as fault:
            failed |= dict.fromkeys(messages, fault)
    return failures(
        event["Records"], failed, queue, env.RETRY_SECONDS, logger, metrics, metric="ActingFailed"
    )


def act(tutor_id: str, policy: Policy, office: Office) -> None:
    """Decide for one tutor and write it; starts again when somebody else wrote meanwhile."""
    for attempt in range(ATTEMPTS):
        found = cards.card(tutor_id)
        if found is None:
            return
        at = now().replace(microsecond=0)
        before = interventions.desk(tutor_id, at)
        situation = situation_of(*found, policy, at)
        changed = [
            with_mentor(one, found[1]) for one in decided(situation, before.desk, policy, office)
        ]
        try:
            interventions.put(tutor_id, changed, before)
        except VersionConflictError:
            if attempt == ATTEMPTS - 1:
                raise
            continue
        for one in changed:
            name = "HeldOut" if one.held_out else one.steps[-1].action.capitalize()
            metrics.add_metric(f"Intervention{name}", MetricUnit.Count, 1)
        return


def situation_of(card: Scorecard, row: TutorRow, policy: Policy, at: datetime) -> Situation:
    """All that the rules look at: of the nights as many as the longest dial asks for."""
    longest = max(policy["exemplary_days"], policy["sustained_days"])
    first = at - timedelta(days=longest + 1)
    nights = cards.days(row.tutor_id, first.date(), at.date())
    recent = logs.sessions_since(row.tutor_id, at - timedelta(days=1))
    joined, status = row.onboarding_date, TutorStatus(row.status)
    return Situation(
        tutor_id=row.tutor_id,
        now=replace(Facts.of_card(card, row.probabilities), at=at),
        nights=[Facts.of_record(night) for night in nights],
        tenure_days=(at - joined) / timedelta(days=1) if joined else None,
        at_work=status.at_work,
        gone=status.gone,
        first_sessions=first_sessions(recent, at),
    )


def with_mentor(one: Intervention, row: TutorRow) -> Intervention:
    """A newly opened mentoring with whom to propose; all tutors are looked through for it."""
    if one.kind is not Kind.H2 or one.version > 1:
        return one
    mentees = Counter(other.mentor_id for other in interventions.open_ones() if other.mentor_id)
    return replace(one, mentor_id=mentor(row.subjects, row.tutor_id, cards.rows(), mentees))
