"""A manager's word against a tutor's churn score: another score, why, and until when.

The computed score stays as it is and stands beside it. Whether managers were right is told by
override_tracking, when it is known who left.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.churn_score import RiskLevel, risk_level

MOST_TIME = timedelta(days=90)
"""How far ahead an override may end: what is known of a tutor does not stay true for longer."""
LEAST_REASON = 3
"""Characters: a dash is no reason."""
SCORE_DIGITS = 2
"""As scores are shown, so that a level is never another than that of the number beside it."""

REPLACED = "Replaced by another override."


class Direction(StrEnum):
    """To which side of the computed score's level the manager went."""

    LOWERED = "lowered"
    RAISED = "raised"


class OverrideError(ValueError):
    """A change that can not be made; `field` names what is in its way."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(f"{field}: {sentence}")
        self.field = field
        self.sentence = sentence


class StaleError(Exception):
    """Another override is in force than the one that was seen: `version`, 0 for none."""

    def __init__(self, version: int) -> None:
        super().__init__(f"version {version} is in force")
        self.version = version


@dataclass(frozen=True, slots=True)
class Claim:
    """What a manager says: the score (0-100) that is right, why, and until when."""

    score: float
    reason: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A manager takes an override back, for a reason or for none."""

    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody wants; `seen` is the version of the override they saw in force, 0 for none."""

    said: Claim | Withdrawal
    who: str
    seen: int


@dataclass(frozen=True, slots=True)
class Computed:
    """What is known of the tutor without managers: score, 30-day chance to leave, whether gone."""

    tutor_id: str
    score: float
    risk: float | None
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Override:
    """A churn score set by a manager, in force from `set_at` to `until` unless ended before.

    `score_then` and `risk_then` are the computed score and the chance to leave within 30 days
    when it was set, None where there was none. `ended_by` is None for one that ran out. `version`
    counts the overrides of a tutor: there is at most one in force.
    """

    tutor_id: str
    version: int
    score: float
    reason: str
    set_by: str
    set_at: datetime
    until: datetime
    score_then: float
    risk_then: float | None = None
    ended_at: datetime | None = None
    ended_by: str | None = None
    ended_because: str | None = None

    @property
    def risk_level(self) -> RiskLevel:
        """The level of the score that was set."""
        return risk_level(self.score)

    @property
    def over_at(self) -> datetime:
        """When it ended, or will end by itself."""
        return min(self.until, self.ended_at or self.until)

    @property
    def direction(self) -> Direction | None:
        """None where the level stayed what it was: then nobody was told anything else."""
        change = self.risk_level.rank - risk_level(self.score_then).rank
        if change == 0:
            return None
        return Direction.RAISED if change > 0 else Direction.LOWERED

    def in_force(self, at: datetime) -> bool:
        """Whether it still holds; `at` is never long before it was set.

        Its beginning is not compared: a look follows within moments, by another clock, and whole
        seconds would put it before what it comes from.
        """
        return at < self.over_at

    def answers(self, wanted: Change, at: datetime) -> bool:
        """Whether just that was said by them before: then saying it again changes nothing."""
        match wanted.said:
            case Claim() as claim:
                said = Claim(self.score, self.reason, self.until)
                return self.in_force(at) and self.set_by == wanted.who and said == _rounded(claim)
            case Withdrawal():
                return self.version == wanted.seen and self.ended_by == wanted.who


def changes(
    wanted: Change, at: datetime, newest: Override | None, computed: Computed
) -> tuple[Override, ...]:
    """The overrides to be written, the newest last; none where that was said before.

    `newest` is the tutor's last one, in force or not. Raises StaleError for somebody who saw
    another one in force, and OverrideError for what can not be done.
    """
    if newest and newest.answers(wanted, at):
        return ()
    in_force = newest if newest and newest.in_force(at) else None
    version = in_force.version if in_force else 0
    if wanted.seen != version:
        raise StaleError(version)
    match wanted.said:
        case Claim() as claim:
            new = _started(claim, wanted.who, at, newest, computed)
            return (_ended(in_force, wanted.who, at, REPLACED), new) if in_force else (new,)
        case Withdrawal(reason):
            if in_force is None:
                raise OverrideError("override", "There is none in force.")
            return (_ended(in_force, wanted.who, at, reason),)


def _started(
    claim: Claim, who: str, at: datetime, newest: Override | None, computed: Computed
) -> Override:
    if computed.gone:
        raise OverrideError("tutor", "The tutor has left.")
    if not at < claim.until <= at + MOST_TIME:
        raise OverrideError("until", f"must lie within the next {MOST_TIME.days} days")
    claim = _rounded(claim)
    return Override(
        tutor_id=computed.tutor_id,
        version=newest.version + 1 if newest else 1,
        score=claim.score,
        reason=claim.reason,
        set_by=who,
        set_at=at,
        until=claim.until,
        score_then=computed.score,
        risk_then=computed.risk,
    )


def _ended(one: Override, who: str, at: datetime, because: str | None) -> Override:
    return replace(one, ended_at=at, ended_by=who, ended_because=because)


def _rounded(claim: Claim) -> Claim:
    return replace(claim, score=round(claim.score, SCORE_DIGITS))
