"""What an hour of somebody's time is expected to bring: the order in which to work."""

from typing import Final

from shared.domain.intervention import Intervention
from shared.domain.intervention_rule import RULE

CHANCE_AT_CAP: Final = 0.5
"""Chance to leave within 30 days that a churn score of 100 stands for while there is no model."""


def benefit_per_hour(one: Intervention) -> float | None:
    """Departures prevented by an hour of work: chance to leave within 30 days, times the share of
    them that the kind is assumed to prevent, over the hours it takes. None for automated kinds.
    """
    rule = RULE[one.kind]
    if not rule.minutes:
        return None
    chance = one.risk_before
    if chance is None:
        chance = CHANCE_AT_CAP * one.score_before / 100
    return chance * rule.effect / (rule.minutes / 60)
