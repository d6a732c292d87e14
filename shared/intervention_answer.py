"""What is answered about interventions: the work queue, a tutor's tasks, recommendations."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from shared.access import Role
from shared.domain.benefit import benefit_per_hour
from shared.domain.effect import Difference as MeasuredDifference
from shared.domain.effect import case_of, effect, precision
from shared.domain.intervention import (
    Action,
    Kind,
    Opinion,
    Outcome,
    Owner,
    Status,
)
from shared.domain.intervention import Intervention as Known
from shared.domain.intervention_rule import RULE
from shared.outbound import Fraction, Outbound, Points, Quantity


class Step(Outbound):
    """One move: who made it, when, and why."""

    at: datetime
    who: str
    action: Action
    status: Status
    said: str


class Intervention(Outbound):
    """One task of the work queue.

    `version` goes into `If-Match` when it is moved. `benefit_per_hour` is how many departures an
    hour of the owner's time is expected to prevent; null for what nobody has to do by hand.
    """

    intervention_id: str
    tutor_id: str
    kind: Kind
    title: str
    what: str
    status: Status
    owner: Owner
    assignee: str | None
    why: str
    evidence: tuple[str, ...]
    mentor_id: str | None
    opened_at: datetime
    due_at: datetime | None
    finish_by: datetime
    overdue: bool
    snoozed_until: datetime | None
    escalated_at: datetime | None
    acted_at: datetime | None
    resolved_at: datetime | None
    outcome: Outcome | None
    opinion: Opinion | None
    score_before: Points
    score_after: Points | None
    benefit_per_hour: Quantity | None
    version: int
    steps: tuple[Step, ...]


class InterventionList(Outbound):
    """A page of the work queue; `total` counts all that pass the filters.

    `tutor_names` are those of its tutors that have one, by id.
    """

    items: tuple[Intervention, ...] = ()
    tutor_names: Mapping[str, str] = {}
    next_cursor: str | None = None
    total: int = 0


class Colleague(Outbound):
    """Somebody who works on interventions; `name` is what `assignee` takes."""

    name: str
    roles: tuple[Role, ...]


class ColleagueList(Outbound):
    """By name, who may sign in and work on interventions."""

    items: tuple[Colleague, ...] = ()


class Share(Outbound):
    """A share of n with its 95 % interval."""

    value: Fraction | None
    n: int
    low: Fraction
    high: Fraction


class Difference(Outbound):
    """Treated minus held out, above 0 where treating is better, with its 95 % interval."""

    value: Quantity
    low: Quantity
    high: Quantity


class Arm(Outbound):
    """Tutors treated, or held out; `waiting` have no follow-up yet.

    `improved` is the share whose churn score fell by 5 points or more; of recognition (H5), that of
    those who stayed. Of people's kinds, those are treated for whom somebody acted.
    """

    improved: Share
    mean_fall: Quantity | None
    waiting: int


class KindEffect(Outbound):
    """What one kind does, in numbers and in a sentence.

    `useful` is how often people called it so, of those who said anything.
    """

    kind: Kind
    title: str
    opened: int
    accepted: int
    completed: int
    hours_to_action: Quantity | None
    treated: Arm
    held_out: Arm
    improved_more: Difference | None
    fell_more: Difference | None
    useful: Share
    verdict: str


class InterventionAnalytics(Outbound):
    """What interventions do, kind by kind, measured against doing nothing where that is known."""

    since: datetime
    items: tuple[KindEffect, ...] = ()


class Recommendation(Outbound):
    """What to do, why, who, until when."""

    intervention_id: str
    what: str
    why: str
    owner: Owner
    due_at: datetime | None


class RecommendationList(Outbound):
    """What should be done for a tutor, the most urgent first."""

    items: tuple[Recommendation, ...] = ()
    next_cursor: str | None = None


def intervention(one: Known, now: datetime) -> Intervention:
    """A task as it is shown."""
    rule = RULE[one.kind]
    return Intervention(
        intervention_id=one.intervention_id,
        tutor_id=one.tutor_id,
        kind=one.kind,
        title=rule.title,
        what=rule.does,
        status=one.status,
        owner=one.owner,
        assignee=one.assignee,
        why=one.why,
        evidence=one.evidence,
        mentor_id=one.mentor_id,
        opened_at=one.opened_at,
        due_at=one.clock_ends,
        finish_by=one.finish_by,
        overdue=one.overdue(now),
        snoozed_until=one.snoozed_until,
        escalated_at=one.escalated_at,
        acted_at=one.acted_at,
        resolved_at=one.resolved_at,
        outcome=one.outcome,
        opinion=one.opinion,
        score_before=one.score_before,
        score_after=one.score_after,
        benefit_per_hour=benefit_per_hour(one),
        version=one.version,
        steps=tuple(Step.model_validate(step) for step in one.steps),
    )


def colleagues(members: Mapping[Role, Iterable[str]]) -> ColleagueList:
    """Everybody once, with all the roles they have."""
    roles: dict[str, list[Role]] = {}
    for role, names in members.items():
        for name in names:
            roles.setdefault(name, []).append(role)
    return ColleagueList(
        items=tuple(Colleague(name=name, roles=tuple(had)) for name, had in sorted(roles.items()))
    )


def recommendations(known: Iterable[Known]) -> RecommendationList:
    """What is open for a tutor, by when it is due; not what was held out."""
    shown = sorted(
        (one for one in known if one.open and not one.held_out),
        key=lambda one: one.clock_ends or one.finish_by,
    )
    return RecommendationList(
        items=tuple(
            Recommendation(
                intervention_id=one.intervention_id,
                what=f"{RULE[one.kind].title}: {RULE[one.kind].does}",
                why=one.why + (" The mail could not reach the tutor." if one.undelivered else ""),
                owner=one.owner,
                due_at=one.clock_ends,
            )
            for one in shown
        )
    )


def analytics(known: Sequence[Known], since: datetime) -> InterventionAnalytics:
    """What each kind did, from all that were opened since then."""
    return InterventionAnalytics(
        since=since,
        items=tuple(
            _kind_effect(
                kind, [one for one in known if one.kind is kind and one.opened_at >= since]
            )
            for kind in Kind
        ),
    )


def _kind_effect(kind: Kind, known: Sequence[Known]) -> KindEffect:
    found = effect(case_of(one) for one in known)
    return KindEffect(
        kind=kind,
        title=RULE[kind].title,
        opened=found.accepted.n,
        accepted=found.accepted.k,
        completed=found.completed.k,
        hours_to_action=found.hours_to_action,
        treated=Arm.model_validate(found.treated),
        held_out=Arm.model_validate(found.held_out),
        improved_more=_difference(found.improved_more),
        fell_more=_difference(found.fell_more),
        useful=Share.model_validate(precision(one.opinion for one in known if not one.held_out)),
        verdict=found.verdict,
    )


def _difference(found: MeasuredDifference | None) -> Difference | None:
    return Difference.model_validate(found) if found else None
