"""What is answered about overrides of churn scores: the one in force, earlier ones, how right."""

from collections.abc import Iterable
from datetime import datetime

from shared.domain.churn_score import RiskLevel
from shared.domain.override import Override as Known
from shared.domain.override_tracking import Tracking
from shared.outbound import Fraction, Outbound, Points


class Override(Outbound):
    """The churn score a manager set, in force; the computed one stands beside it.

    `version` goes into `If-Match` when it is replaced or ended.
    """

    score: Points
    risk_level: RiskLevel
    until: datetime
    set_by: str
    set_at: datetime
    reason: str
    version: int


class OverrideSpell(Override):
    """One time a score was overridden; `score_then` is the computed one when it was set.

    `ended_at` is null while it is in force, `ended_by` null for one that ran out.
    """

    score_then: Points
    ended_at: datetime | None = None
    ended_by: str | None = None
    ended_because: str | None = None


class Share(Outbound):
    """A share of n with its 95 % interval."""

    value: Fraction | None
    n: int
    low: Fraction
    high: Fraction


class AgainstModel(Outbound):
    """Those set beside a prediction: how many were right, and how many it foresaw to be."""

    right: Share
    foreseen: Fraction


class Accuracy(Outbound):
    """How often managers were right: in numbers, beside the model's chances, in a sentence."""

    right: Share
    against_model: AgainstModel | None
    verdict: str


class OverrideMonth(Outbound):
    """The overrides set in one month: how many, judged so far, and right."""

    month: str
    count: int
    judged: int
    right: int


class OverrideAnalytics(Outbound):
    """What became of the overrides set since then, that lowered a level, raised it, and both.

    `waiting` are too young to be judged; `not_counted` never are: in force for less than a day,
    level unchanged, or set while the one counted before still spoke of the tutor.
    """

    since: datetime
    in_force: int
    ended: int
    waiting: int
    not_counted: int
    both: Accuracy
    lowered: Accuracy
    raised: Accuracy
    months: tuple[OverrideMonth, ...] = ()


def spell(one: Known, now: datetime) -> OverrideSpell:
    """One as it is shown with others of a tutor, in force or not."""
    told = OverrideSpell.model_validate(one)
    return told.model_copy(update={"ended_at": None if one.in_force(now) else one.over_at})


def spells(known: Iterable[Known], now: datetime) -> tuple[OverrideSpell, ...]:
    """The overrides of a tutor in the order given."""
    return tuple(spell(one, now) for one in known)


def analytics(found: Tracking, since: datetime) -> OverrideAnalytics:
    """What became of the overrides since then."""
    return OverrideAnalytics(
        since=since,
        in_force=found.in_force,
        ended=found.ended,
        waiting=found.waiting,
        not_counted=found.not_counted,
        both=Accuracy.model_validate(found.both),
        lowered=Accuracy.model_validate(found.lowered),
        raised=Accuracy.model_validate(found.raised),
        months=tuple(OverrideMonth.model_validate(month) for month in found.months),
    )
