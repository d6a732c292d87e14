"""What to open, close, escalate or let be for one tutor: a pure function of what is known.

It answers interventions as they are to be written, new ones and changed ones. Running it again on
what it answered changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.churn_score import CAP
from shared.domain.effect import IMPROVED_BY, held_out
from shared.domain.intervention import (
    ENGINE,
    Intervention,
    Kind,
    Order,
    Outcome,
    moved,
    opened,
)
from shared.domain.intervention_rule import RULE, RULES, Rule
from shared.domain.office import Office
from shared.domain.policy import Policy
from shared.domain.situation import FirstSession, Situation

CHECK_IN_AFTER = timedelta(hours=2)
"""A first session is asked about so long after its end."""
SETTLES = timedelta(hours=4)
"""What ended by itself before anybody did anything stays closed so long, so that it does not flap:
the tutor heard nothing that would need a rest."""
FOLLOWED_UP_WITHIN = timedelta(days=7)
"""A score that could not be taken within so long of its day is not taken: it would tell of another
time than all the others."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The interventions of one tutor that matter now: those open, and the last of each kind."""

    interventions: tuple[Intervention, ...] = ()

    @property
    def kept(self) -> tuple[Intervention, ...]:
        """Those that matter however old they are: open ones, and the newest of each kind."""
        newest = _newest(self.interventions)
        return tuple(one for one in self.interventions if one.open or one.intervention_id in newest)

    def open(self, kind: Kind) -> Intervention | None:
        """The open one of a kind: there is at most one."""
        return next((one for one in self.interventions if one.kind is kind and one.open), None)

    def resting(self, rule: Rule, at: datetime) -> bool:
        """Whether the kind is cooling down."""
        return any(
            at < rested_until(one, rule) for one in self.interventions if one.kind is rule.kind
        )

    def advised_since(self, at: datetime) -> bool:
        """Whether advice was given, or held out, so that both are spaced alike.

        What could not be delivered was none.
        """
        return any(
            RULE[one.kind].advice and one.opened_at > at and not one.undelivered
            for one in self.interventions
        )

    def after(self, changes: Sequence[Intervention]) -> "Desk":
        """The desk with some of them changed or added."""
        if not changes:
            return self
        newest = {one.intervention_id: one for one in (*self.interventions, *changes)}
        return Desk(tuple(newest.values()))


def rested_until(one: Intervention, rule: Rule) -> datetime:
    """Until when a kind may not open again: tutors hear from us now and then, not daily."""
    rest = timedelta(days=rule.cool_down_days)
    if one.kind.automated:
        return one.opened_at + rest
    return (one.resolved_at or one.opened_at) + (SETTLES if _nobody_acted(one) else rest)


def _nobody_acted(one: Intervention) -> bool:
    """Whether it ended by itself, and nobody had begun; what a person declines was looked at."""
    return one.acted_at is None and any(
        step.action == "cancel" and step.who == ENGINE for step in one.steps
    )


def decided(
    situation: Situation, desk: Desk, policy: Policy, office: Office
) -> tuple[Intervention, ...]:
    """The interventions to write; nothing where nothing is to be done."""
    at = situation.now.at
    if situation.first_sessions:
        situation = replace(situation, first_sessions=_not_asked_about(situation, desk))
    changed: list[Intervention] = []
    for one in desk.interventions:
        after = _carried_on(one, situation, policy) if one.open else one
        after = _followed_up(after, situation)
        if after.version != one.version:
            changed.append(after)
    desk = desk.after(changed)
    escalated = {RULE[one.kind].escalates_to: one for one in changed if one.escalated_at == at}
    for rule in RULES:
        milder = escalated.get(rule.kind)
        why = _why(rule, situation, policy, milder)
        if why is None or desk.open(rule.kind) or (desk.resting(rule, at) and milder is None):
            continue  # what a milder one did not help is looked at, however lately somebody did
        if rule.waits and desk.advised_since(at - timedelta(days=policy["advice_gap_days"])):
            continue
        new = _new(rule, why, situation, policy, office)
        if milder:
            new = replace(new, escalated_from=milder.kind)
        changed.append(new)
        desk = desk.after([new])
    return tuple(changed)


def _not_asked_about(situation: Situation, desk: Desk) -> tuple[FirstSession, ...]:
    asked = {name for one in desk.interventions for name in one.evidence}
    return tuple(s for s in situation.first_sessions if s.session_id not in asked)


def _why(
    rule: Rule, situation: Situation, policy: Policy, escalated: Intervention | None
) -> str | None:
    """Why a rule is due: by itself, or because something milder did not help, or never came."""
    if not situation.at_work:
        return None
    if escalated is not None and (escalated.held_out or escalated.acted_at is None):
        return f"Since {escalated.opened_at:%-d %B}: {escalated.why}"
    if escalated is not None:
        title = RULE[escalated.kind].title
        return f"{title} of {escalated.opened_at:%-d %B} did not help: {escalated.why}"
    if situation.now.level not in rule.levels:
        return None
    return rule.due(situation, policy)


def _new(
    rule: Rule, why: str, situation: Situation, policy: Policy, office: Office
) -> Intervention:
    at = situation.now.at
    share = policy["holdout_share"] if rule.kind.automated else None
    due_at = office.due(rule.owner, at, rule.sla_days)
    if rule.kind is Kind.A3:
        ended_at = max(session.ended_at for session in situation.first_sessions)
        due_at = max(at, ended_at + CHECK_IN_AFTER)  # late news of a session is asked about at once
    return opened(
        Intervention(
            tutor_id=situation.tutor_id,
            kind=rule.kind,
            owner=rule.owner,
            why=why,
            opened_at=at,
            due_at=due_at,
            finish_by=_over_by(rule, office, due_at),
            score_before=situation.now.measured_score,
            risk_before=situation.now.leaves_within_30d,
            held_out=share is not None and held_out(situation.tutor_id, rule.kind, share),
            holdout_share=share,
            evidence=tuple(session.session_id for session in situation.first_sessions)
            if rule.kind is Kind.A3
            else (),
        ),
        at,
    )


def _over_by(rule: Rule, office: Office, begun_at: datetime) -> datetime:
    """By when it should be over that begins then; at a time when its owner works."""
    return office.due(rule.owner, begun_at + timedelta(days=rule.lasts_days), 0)


def over_by(one: Intervention, office: Office, begun_at: datetime) -> datetime:
    """By when one should be over that a person begins then: late ones get their time as well.

    What runs by itself is over when it would have been: somebody waits to look at it.
    """
    if one.kind.automated:
        return one.finish_by
    return _over_by(RULE[one.kind], office, begun_at)


def _carried_on(one: Intervention, situation: Situation, policy: Policy) -> Intervention:
    """What becomes of an open one by itself."""
    at, rule = situation.now.at, RULE[one.kind]
    if situation.gone:
        order = Order("cancel", ENGINE, reason="The tutor has left.", outcome=Outcome.CHURNED)
        return moved(one, order, at)
    stands = rule.stands(situation, policy) or (
        one.escalated_from is not None and RULE[one.escalated_from].stands(situation, policy)
    )
    if one.kind.automated:
        end = _end(one, situation)
        if end is None:
            return one
        if stands and rule.escalates_to and situation.at_work:
            one = moved(one, Order("escalate", ENGINE), at)
        return moved(one, end, at)
    if not stands and one.acted_at is None:
        return moved(one, Order("cancel", ENGINE, reason=_cleared(rule, situation, policy)), at)
    if one.snoozed_until and one.snoozed_until <= at:
        return moved(one, Order("wake", ENGINE), at)
    return one


def _end(one: Intervention, situation: Situation) -> Order | None:
    """How one that runs by itself ends, if it does now.

    A suggested training is judged by whether any was completed in its time; a check-in is over as
    soon as its mail went out, so that the next first session is asked about as well.
    """
    at = situation.now.at
    trained = one.kind is Kind.A2 and any(
        one.opened_at < done <= one.finish_by for done in situation.trainings
    )
    if trained:
        done = "A training was completed."
        return Order("complete", ENGINE, reason=done, outcome=Outcome.IMPROVED)
    if at < one.finish_by and not (one.kind is Kind.A3 and one.acted_at):
        return None
    if one.undelivered:
        return Order("cancel", ENGINE, reason="The tutor never got it.")
    if one.kind is Kind.A2:
        none = "No training was completed in time."
        return Order("complete", ENGINE, reason=none, outcome=Outcome.NO_CHANGE)
    return Order("complete", ENGINE, outcome=outcome(one, situation.now.measured_score))


def _cleared(rule: Rule, situation: Situation, policy: Policy) -> str:
    """Why nothing is left to be done; an override may be taken back, so it is named."""
    if rule.stands(replace(situation, now=situation.now.computed), policy):
        return f"A manager's override. {situation.now.said_score}."
    return "The cause has cleared."


def _followed_up(one: Intervention, situation: Situation) -> Intervention:
    """With the score it is measured by: of its day, carried out or held out alike.

    A tutor who has left by then has the worst one, whatever was written as outcome.
    """
    at, day = situation.now.at, one.opened_at + timedelta(days=RULE[one.kind].follow_up_days)
    if one.score_after is not None or at >= day + FOLLOWED_UP_WITHIN:
        return one
    if situation.gone:
        left = Order("measure", ENGINE, outcome=Outcome.CHURNED, score=CAP)
        return moved(one, left, at)
    if at < day:
        return one
    return moved(one, Order("measure", ENGINE, score=situation.now.measured_score), at)


def outcome(one: Intervention, score: float) -> Outcome:
    """What the churn score says of it: better or worse by IMPROVED_BY points, or neither."""
    change = score - one.score_before
    if change <= -IMPROVED_BY:
        return Outcome.IMPROVED
    return Outcome.DECLINED if change >= IMPROVED_BY else Outcome.NO_CHANGE


def desk_of(found: Sequence[Intervention]) -> Desk:
    """The desk of a tutor's interventions: open, to be followed up, or the newest of their kind."""
    newest = _newest(found)
    return Desk(
        tuple(
            one
            for one in found
            if one.open or one.score_after is None or one.intervention_id in newest
        )
    )


def _newest(found: Sequence[Intervention]) -> set[str]:
    """The newest of each kind, and the newest that was worked on: it rests longer."""
    ordered = sorted(found, key=lambda each: each.opened_at)
    worked_on = (one for one in ordered if not _nobody_acted(one))
    last = ({one.kind: one for one in some} for some in (ordered, worked_on))
    return {one.intervention_id for by_kind in last for one in by_kind.values()}
