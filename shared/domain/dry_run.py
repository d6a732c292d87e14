"""What a policy would have opened over the last nights: the alarm budget, before it is spent.

The engine itself is asked, night by night, with a desk that begins empty some time before. What
nights do not record can not be asked: first-session check-ins are left out.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shared.domain.engine import Desk, Office, decided
from shared.domain.intervention import ENGINE, Intervention, Kind, Order, Outcome, Owner, moved
from shared.domain.intervention_rule import RULE
from shared.domain.policy import Policy
from shared.domain.scorecard import DailyRecord
from shared.domain.situation import Facts, Situation

RUN_UP_DAYS = 30
"""Nights that the desk is filled on before the first that counts."""


@dataclass(frozen=True, slots=True)
class Nights:
    """One tutor's daily records, oldest first, and when the tutor came, if that is known."""

    tutor_id: str
    records: Sequence[DailyRecord]
    onboarding_date: datetime | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """What one owner would have had to do: a day's mean and worst, and hours a day."""

    owner: Owner
    opened: int
    a_day: float
    most_on_a_day: int
    hours_a_day: float


@dataclass(frozen=True, slots=True)
class Budget:
    """What a policy would have opened over `days` nights, by kind and by owner; none held out."""

    days: int
    tutors: int
    by_kind: Mapping[Kind, int]
    by_owner: tuple[Load, ...]


def budget(
    tutors: Iterable[Nights], policy: Policy, office: Office, last: date, days: int = 30
) -> Budget:
    """The budget of a policy over the `days` nights up to `last`; takes each tutor once."""
    everybody = policy.changed({"holdout_share": 0.0})
    since = last - timedelta(days=days)
    found: list[Intervention] = []
    count = 0
    for nights in tutors:
        count += 1
        opened = _opened(nights, everybody, office, since - timedelta(days=RUN_UP_DAYS))
        found.extend(one for one in opened if since < one.opened_at.date() <= last)
    return Budget(
        days,
        count,
        dict(sorted(Counter(one.kind for one in found).items())),
        tuple(_load(owner, found, days) for owner in Owner),
    )


def _opened(nights: Nights, policy: Policy, office: Office, first: date) -> Iterable[Intervention]:
    """Everything opened for one tutor from a night on, people acting when it is due."""
    facts = [Facts.of_record(record) for record in nights.records]
    desk = Desk()
    opened = []
    for place, now in enumerate(facts):
        if now.at.date() <= first:
            continue
        desk = Desk(tuple(_resolved(one, now.at) for one in desk.interventions))
        joined = nights.onboarding_date
        tenure = (now.at - joined) / timedelta(days=1) if joined else None
        situation = Situation(nights.tutor_id, now, facts[:place], tenure)
        changes = decided(situation, desk, policy, office)
        opened += [one for one in changes if one.version == 1]
        desk = desk.after(changes)
    return opened


def _resolved(one: Intervention, at: datetime) -> Intervention:
    """A person's task is taken for done once it is due."""
    if one.kind.automated or not one.open or one.due_at > at:
        return one
    return moved(one, Order("complete", ENGINE, outcome=Outcome.NO_CHANGE), at)


def _load(owner: Owner, found: Sequence[Intervention], days: int) -> Load:
    own = [one for one in found if one.owner is owner]
    by_day = Counter(one.opened_at.date() for one in own)
    minutes = sum(RULE[one.kind].minutes for one in own)
    return Load(owner, len(own), len(own) / days, max(by_day.values(), default=0),
                minutes / 60 / days)  # fmt: skip
