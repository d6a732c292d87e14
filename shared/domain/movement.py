"""What changed about a tutor since somebody last looked, and whether it is worth an alert."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.domain.churn_score import RiskLevel
from shared.domain.flag import flag_named
from shared.domain.intervention import Intervention
from shared.domain.intervention_rule import RULE
from shared.domain.situation import Facts
from shared.domain.tier import Tier

ALERT_FROM = RiskLevel.HIGH
"""The lowest level worth an alert; people choose from which level on they want to hear."""
ALERT_RESTS = timedelta(days=7)
"""A score that hovers at a limit is told of once a week."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was last told of a tutor. `alerted` is the level of the last alert, if any.

    `set_by_manager` is whether the level was a manager's and not the computed score's.
    """

    level: RiskLevel
    tier: Tier
    confirmed: tuple[str, ...] = ()
    alerted: RiskLevel | None = None
    alerted_at: datetime | None = None
    set_by_manager: bool = False


def seen(before: Seen | None, now: Facts) -> Seen:
    """What is known after a look: as `now` says, with what was alerted so far."""
    told = Seen(
        now.level, now.tier, tuple(sorted(now.confirmed)), set_by_manager=now.set_by_manager
    )
    if before is None:
        return told
    return replace(told, alerted=before.alerted, alerted_at=before.alerted_at)


def movement(
    before: Seen | None, now: Facts, changed: Iterable[Intervention] = ()
) -> tuple[str, ...]:
    """What moved, in words, the gravest first; nothing at the first look at a tutor."""
    if before is None:
        return ()
    words = []
    if now.level is not before.level:
        verb = "rose" if now.level.rank > before.level.rank else "fell"
        words.append(f"Risk {verb} from {before.level} to {now.level}{_whose(before, now)}")
    words += (
        f"New flag: {flag_named(code)}"
        for code in sorted(now.confirmed.difference(before.confirmed))
    )
    words += (
        f"{RULE[one.kind].title} opened"
        for one in changed
        if one.version == 1 and not one.held_out and not one.kind.automated
    )
    words += (
        f"No longer: {flag_named(code)}" for code in before.confirmed if code not in now.confirmed
    )
    if now.tier is not before.tier:
        words.append(f"Tier changed from {before.tier} to {now.tier}")
    return tuple(words)


def _whose(before: Seen, now: Facts) -> str:
    """What a manager has to do with a change of level: nothing, for most."""
    if now.set_by_manager:
        return ", set by a manager"
    return ", since a manager's override has ended" if before.set_by_manager else ""


def alerting(before: Seen | None, now: Facts) -> bool:
    """Whether the risk rose to a level that people want to hear of at once.

    Not at the first look: a history that is loaded alerts nobody. Not of a level they heard of
    in the last ALERT_RESTS.
    """
    if before is None or now.level.rank <= before.level.rank:
        return False
    if now.level.rank < ALERT_FROM.rank:
        return False
    if before.alerted is None or before.alerted_at is None:
        return True
    graver = now.level.rank > before.alerted.rank
    return graver or now.at - before.alerted_at >= ALERT_RESTS
