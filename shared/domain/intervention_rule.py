"""When which intervention is due: the table of rules, for product people to read and to change.

The words are the product requirements' (component 4); what they leave open is settled in
DECISIONS.md. A rule asks a Situation and nothing else, so the same table answers what is due now
and what would have been due last month.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shared.domain.churn_score import RiskLevel
from shared.domain.flag import flag_named
from shared.domain.intervention import Kind, Owner
from shared.domain.policy import Policy
from shared.domain.situation import Facts, Situation
from shared.domain.tier import Tier

LOW, MEDIUM, HIGH, CRITICAL = RiskLevel

AT_RISK = frozenset({HIGH, CRITICAL})
ABOVE_LOW = frozenset({MEDIUM, HIGH, CRITICAL})

MARGIN = 5.0
"""Points that a score has to fall below its limit before its cause counts as cleared."""

PERFORMANCE_FLAGS: Mapping[str, str] = {
    "low_first_session_success": "first sessions",
    "poor_first_session": "first sessions",
    "low_rating": "ratings",
    "objectives_missed": "learning objectives",
    "disengaged": "engagement",
}
"""Flags on performance, and what coaching tips on them are about; the first one counts."""

LESS_ACTIVE = ("activity_drop", "engagement_decline", "gone_quiet")
"""Flags on activity."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: what is done, when, by whom, until when.

    `levels` are the risk levels at which it is offered (the requirements' table 4.2). `due` says
    why it is due, None if it is not; `stands` whether its cause still does, with some slack, so
    that it does not flap. `sla_days` are working days in which the owner has to act, `lasts_days`
    calendar days from then on; `cool_down_days` pass after it was opened (automated) or done
    (by people) before it may open again. `escalates_to` opens if the cause stands at the end.
    Of `advice` a tutor gets one piece at a time, the urgent aside: what `waits` opens only where
    there was none for the dial `advice_gap_days`, so that no night brings three mails.
    `follow_up_days` after it was opened the score is measured again: late enough for it to be
    over, and the same for all of a kind, since who is measured later has had more time to recover.
    """

    kind: Kind
    title: str
    trigger: str
    does: str
    owner: Owner
    levels: frozenset[RiskLevel]
    due: Callable[[Situation, Policy], str | None]
    stands: Callable[[Situation, Policy], bool]
    lasts_days: int
    cool_down_days: int
    sla_days: float = 0.0
    template: str | None = None
    minutes: float = 0.0
    """A person's time that it takes: benefit is told by the hour."""
    effect: float = 0.0
    """Share of departures it is assumed to prevent, until enough is measured."""
    escalates_to: Kind | None = None
    advice: bool = False
    waits: bool = False
    follow_up_days: int = 14


def _performance(situation: Situation, policy: Policy) -> str | None:
    low = [topic for code, topic in PERFORMANCE_FLAGS.items() if code in situation.now.confirmed]
    return f"Below what is expected: {', '.join(dict.fromkeys(low))}." if low else None


def _skill_gap(situation: Situation, policy: Policy) -> str | None:
    stars = situation.now.skill_rating
    if stars is None or stars >= policy["skill_rating"]:
        return None
    return f"Students rate subject knowledge {stars:.1f} of 5 over 30 days."


def _first_session(situation: Situation, policy: Policy) -> str | None:
    count = len(situation.first_sessions)
    if not count:
        return None
    return "A first session with a new student." if count == 1 else f"{count} first sessions."


def _moves(situation: Situation, policy: Policy) -> str | None:
    count = situation.now.reschedules_7d
    if count < policy["reschedules_in_7d"]:
        return None
    return f"{count} sessions moved by the tutor in 7 days."


def _score_lasts(dial: str) -> Callable[[Situation, Policy], str | None]:
    """A churn score above a dial, now and for so many nights."""

    def due(situation: Situation, policy: Policy) -> str | None:
        limit, days = policy[dial], int(policy["sustained_days"])
        if not situation.lasted(days, lambda facts: facts.churn_score > limit):
            return None
        return f"{situation.now.said_score}, above {limit:g} for {days} days."

    return due


def _score_stands(dial: str) -> Callable[[Situation, Policy], bool]:
    return lambda situation, policy: situation.now.churn_score > policy[dial] - MARGIN


def _new_and_developing(situation: Situation, policy: Policy) -> str | None:
    days = situation.tenure_days
    if days is None or days >= policy["new_tutor_days"]:
        return None
    if situation.now.tier is not Tier.DEVELOPING:
        return None
    return f"Developing, {days:.0f} days after onboarding."


def _less_active(situation: Situation, policy: Policy) -> str | None:
    signs = [flag_named(code) for code in LESS_ACTIVE if code in situation.now.confirmed]
    if situation.now.churn_score <= policy["retention_score"] or not signs:
        return None
    return f"{situation.now.said_score} and {', '.join(signs)}."


def _exemplary(facts: Facts) -> bool:
    return facts.tier is Tier.EXEMPLARY


def _long_exemplary(situation: Situation, policy: Policy) -> str | None:
    days = int(policy["exemplary_days"])
    return f"Exemplary for {days} days." if situation.lasted(days, _exemplary) else None


def _while_due(
    due: Callable[[Situation, Policy], str | None],
) -> Callable[[Situation, Policy], bool]:
    return lambda situation, policy: due(situation, policy) is not None


RULES: tuple[Rule, ...] = (
    Rule(
        Kind.A4, "Reschedule alert",
        "3 or more sessions moved by the tutor in 7 days",
        "A mail that offers help with scheduling; after 14 days of it a manager looks.",
        Owner.SYSTEM, AT_RISK,
        _moves, _while_due(_moves),
        lasts_days=14, cool_down_days=28, template="reschedule_alert", advice=True,
        escalates_to=Kind.H1,
    ),
    Rule(
        Kind.A2, "Training module",
        "students rate subject knowledge under 3.5 of 5 (three ratings or more in 30 days)",
        "A mail with ideas that suggests a training; whether one is completed is seen in a week.",
        Owner.SYSTEM, ABOVE_LOW,
        _skill_gap, _while_due(_skill_gap),
        lasts_days=7, cool_down_days=28, template="training_module", advice=True, waits=True,
    ),
    Rule(
        Kind.A1, "Coaching tips",
        "a performance flag is confirmed",
        "A mail with tips on what went badly.",
        Owner.SYSTEM, ABOVE_LOW,
        _performance, _while_due(_performance),
        lasts_days=7, cool_down_days=7, template="coaching_tips", advice=True, waits=True,
    ),
    Rule(
        Kind.A3, "First-session check-in",
        "a first session with a new student has ended",
        "Two hours later a mail that asks how it went, about all since the last one.",
        Owner.SYSTEM, frozenset(RiskLevel),
        _first_session, lambda situation, policy: True,
        lasts_days=2, cool_down_days=1, template="first_session_check_in",
    ),
    Rule(
        Kind.H1, "Coaching session",
        "the churn score is above 50 for 7 days",
        "A coaching call of 30 minutes.",
        Owner.OPS_MANAGER, AT_RISK,
        _score_lasts("coaching_score"), _score_stands("coaching_score"),
        sla_days=2, lasts_days=14, cool_down_days=30, minutes=45, effect=0.15, follow_up_days=28,
    ),
    Rule(
        Kind.H2, "Peer mentoring",
        "tier Developing within 60 days of onboarding",
        "Four weeks with an exemplary tutor of the same subject.",
        Owner.PEOPLE_OPS, frozenset({MEDIUM}),
        _new_and_developing, _while_due(_new_and_developing),
        sla_days=5, lasts_days=28, cool_down_days=180, minutes=60, effect=0.15, follow_up_days=42,
    ),
    Rule(
        Kind.H3, "Improvement plan",
        "the churn score is above 75 for 7 days",
        "A plan with goals and weekly check-ins, 30 to 60 days.",
        Owner.PEOPLE_OPS, frozenset({CRITICAL}),
        _score_lasts("plan_score"), _score_stands("plan_score"),
        sla_days=1, lasts_days=60, cool_down_days=90, minutes=240, effect=0.20, follow_up_days=70,
    ),
    Rule(
        Kind.H4, "Retention interview",
        "the churn score is above 60 and activity has fallen",
        "A conversation about what is wrong and what would help.",
        Owner.PEOPLE_OPS, AT_RISK,
        _less_active, _score_stands("retention_score"),
        sla_days=1, lasts_days=14, cool_down_days=60, minutes=60, effect=0.20, follow_up_days=28,
    ),
    Rule(
        Kind.H5, "Recognition",
        "60 days in the tier Exemplary",
        "A bonus, a word in public, or a better rate.",
        Owner.PEOPLE_OPS, frozenset({LOW}),
        _long_exemplary, lambda situation, policy: _exemplary(situation.now),
        sla_days=10, lasts_days=30, cool_down_days=180, minutes=30, effect=0.05, follow_up_days=56,
    ),
)  # fmt: skip
"""As they are looked at: of several pieces of advice the most specific comes first, and what is
about to be escalated waits for none."""

RULE = {rule.kind: rule for rule in RULES}
