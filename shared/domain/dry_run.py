"""What dials or thresholds would have brought over the last nights: the alarm budget, unspent.

The engine itself is asked, night by night, with a desk that begins empty some time before. What
nights do not record can not be asked: first-session check-ins are left out.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from shared.domain.engine import Desk, decided
from shared.domain.flag import FLAG_RULES
from shared.domain.intervention import ENGINE, Intervention, Kind, Order, Outcome, Owner, moved
from shared.domain.intervention_rule import RULE
from shared.domain.office import Office
from shared.domain.policy import Policy
from shared.domain.scorecard import DailyRecord
from shared.domain.situation import Facts, Situation

DAYS = 30
"""Nights that count, unless said otherwise."""
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
    """What one owner would have had to do: a day's mean and worst, and hours a day.

    Where a sample of tutors stands for all there is no worst day: chance evens a large crowd's
    days out, and a few tutors' not. `a_day_error` is the standard error of the mean, then.
    """

    owner: Owner
    opened: int
    a_day: float
    most_on_a_day: int | None
    hours_a_day: float
    deviation: float
    """Standard deviation of `a_day` between tutors."""
    a_day_error: float | None = None

    def of_all(self, asked: int, tutors: int) -> "Load":
        """What a load of so many tutors asked comes to for all.

        The error is that of a total from a sample without replacement (Cochran, Sampling
        Techniques, 3rd ed., eq. 2.21).
        """
        times = tutors / asked
        error = tutors * self.deviation * math.sqrt((1 - asked / tutors) / asked)
        return Load(
            self.owner, round(self.opened * times), self.a_day * times, None,
            self.hours_a_day * times, self.deviation, error,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class FlagLoad:
    """How often a flag would have gone up, and how many tutors would have it on the last night."""

    raised: int
    up: int


@dataclass(frozen=True, slots=True)
class Budget:
    """What would have been opened over `days` nights, by kind and by owner; none held out.

    Of the nights asked for only those count on which anything was recorded. `by_flag` has the
    flags by code that any tutor had.
    """

    days: int
    tutors: int
    by_kind: Mapping[Kind, int]
    by_owner: tuple[Load, ...]
    by_flag: Mapping[str, FlagLoad]

    def a_day(self, count: int) -> float:
        """A day's mean."""
        return count / self.days if self.days else 0.0

    def of_all(self, tutors: int) -> "Budget":
        """What it comes to for so many tutors, where a sample of them was asked."""
        if not 0 < self.tutors < tutors:
            return self
        times = tutors / self.tutors
        return Budget(
            self.days,
            self.tutors,
            {kind: round(count * times) for kind, count in self.by_kind.items()},
            tuple(load.of_all(self.tutors, tutors) for load in self.by_owner),
            {
                code: FlagLoad(round(load.raised * times), round(load.up * times))
                for code, load in self.by_flag.items()
            },
        )


def nights_asked(policies: Sequence[Policy], days: int = DAYS) -> int:
    """How many nights have to be known: those that count, and what the rules look back on."""
    longest = max(max(each["exemplary_days"], each["sustained_days"]) for each in policies)
    return days + RUN_UP_DAYS + int(longest) + 1


@dataclass(slots=True)
class _Found:
    """What one side has come to so far."""

    opened: list[Intervention] = field(default_factory=list)
    raised: Counter[str] = field(default_factory=Counter)
    up: Counter[str] = field(default_factory=Counter)


def budget(
    tutors: Iterable[Nights], policy: Policy, office: Office, last: date, days: int = DAYS
) -> Budget:
    """The budget of a policy over the `days` nights up to `last`; takes each tutor once."""
    return budgets(((nights,) for nights in tutors), [policy], office, last, days)[0]


def budgets(
    tutors: Iterable[Sequence[Nights]],
    policies: Sequence[Policy],
    office: Office,
    last: date,
    days: int = DAYS,
) -> list[Budget]:
    """The budget of each side: its policy, asked of each tutor's nights as that side has them.

    Takes each tutor once; sides may share the same nights.
    """
    since = last - timedelta(days=days)
    first = since - timedelta(days=RUN_UP_DAYS)
    asked = [policy.changed({"holdout_share": 0.0}) for policy in policies]
    found = [_Found() for _ in policies]
    recorded: set[date] = set()
    count = 0
    for sides in tutors:
        count += 1
        situations: dict[int, list[Situation]] = {}
        for nights, policy, own in zip(sides, asked, found, strict=True):
            if id(nights) not in situations:
                situations[id(nights)] = list(_situations(nights, first, last))
            known = situations[id(nights)]
            opened = _opened(known, policy, office)
            own.opened.extend(one for one in opened if one.opened_at.date() > since)
            recorded.update(each.now.at.date() for each in known)
            for record in nights.records:
                if since < record.as_of.date() <= last:
                    own.raised.update(record.raised)
            own.up.update(nights.records[-1].flags if nights.records else ())
    nights_known = sum(night > since for night in recorded)
    return [_budget(own, count, nights_known) for own in found]


def _situations(nights: Nights, first: date, last: date) -> Iterable[Situation]:
    """The tutor on each night after `first` up to `last`, with the nights before it."""
    facts = [Facts.of_record(record) for record in nights.records]
    joined = nights.onboarding_date
    for place, now in enumerate(facts):
        if not first < now.at.date() <= last:
            continue
        tenure = (now.at - joined) / timedelta(days=1) if joined else None
        yield Situation(nights.tutor_id, now, facts[:place], tenure)


def _opened(
    situations: Iterable[Situation], policy: Policy, office: Office
) -> Iterable[Intervention]:
    """Everything opened for one tutor, night by night, people acting when it is due."""
    desk = Desk()
    opened: list[Intervention] = []
    for situation in situations:
        desk = desk.after([_done(one, situation.now.at) for one in desk.interventions
                           if _is_due(one, situation.now.at)])  # fmt: skip
        changes = decided(situation, desk, policy, office)
        opened += [one for one in changes if one.version == 1]
        desk = desk.after(changes)
    return opened


def _is_due(one: Intervention, at: datetime) -> bool:
    return not one.kind.automated and one.open and one.due_at <= at


def _done(one: Intervention, at: datetime) -> Intervention:
    """A person's task is taken for done once it is due."""
    return moved(one, Order("complete", ENGINE, outcome=Outcome.NO_CHANGE), at)


def _budget(found: _Found, tutors: int, days: int) -> Budget:
    by_kind = dict(sorted(Counter(one.kind for one in found.opened).items()))
    by_owner = tuple(_load(owner, found.opened, tutors, days) for owner in Owner)
    had = found.raised | found.up
    by_flag = {
        rule.code: FlagLoad(found.raised[rule.code], found.up[rule.code])
        for rule in FLAG_RULES
        if rule.code in had
    }
    return Budget(days, tutors, by_kind, by_owner, by_flag)


def _load(owner: Owner, found: Sequence[Intervention], tutors: int, days: int) -> Load:
    own = [one for one in found if one.owner is owner]
    nights = max(days, 1)
    by_day = Counter(one.opened_at.date() for one in own)
    by_tutor = Counter(one.tutor_id for one in own).values()
    squares = sum(count**2 for count in by_tutor) - len(own) ** 2 / max(tutors, 1)
    return Load(
        owner, len(own), len(own) / nights, max(by_day.values(), default=0),
        sum(RULE[one.kind].minutes for one in own) / 60 / nights,
        math.sqrt(squares / max(tutors - 1, 1)) / nights,
    )  # fmt: skip
