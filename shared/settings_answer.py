"""What is answered about settings: dials, thresholds, calendars, their history, and a dry run."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Annotated

from pydantic import PlainSerializer, WithJsonSchema

from shared.access import Caller, Role
from shared.domain import business_hours, dry_run, policy, threshold
from shared.domain.churn_score import RiskLevel
from shared.domain.flag import FLAG_RULES
from shared.domain.intervention import Kind, Owner
from shared.domain.intervention_rule import RULE
from shared.domain.metric import METRICS, CountMetric
from shared.domain.office import Office
from shared.domain.policy import DIALS, Policy
from shared.domain.preference import AlertKind, Channel, Preference, Reports, usual
from shared.domain.revision import Versioned, changes
from shared.domain.threshold import THRESHOLDS
from shared.domain.webhook_address import masked_webhook
from shared.outbound import Outbound, Quantity

CHANGES_SHOWN = 50
"""The newest changes of each part."""

ClockTime = Annotated[
    time,
    PlainSerializer(lambda at: f"{at:%H:%M}", return_type=str),
    WithJsonSchema({"type": "string"}),
]


class Dial(Outbound):
    """A number that can be moved within its bounds.

    `whole` ones have no fraction; a `share` is of 1, and shown as per cent.
    """

    name: str
    title: str
    value: float
    default: float
    low: float
    high: float
    whole: bool
    share: bool
    about: str


class DialMoved(Outbound):
    """One number, as it was and as it became."""

    name: str
    before: float
    after: float


class DialChange(Outbound):
    """What somebody changed at once; `version` is what it made."""

    version: int
    by: str | None
    at: datetime | None
    moved: tuple[DialMoved, ...]


class Dials(Outbound):
    """Numbers that are put in force together, and who changed what, the newest first."""

    version: int
    items: tuple[Dial, ...]
    history: tuple[DialChange, ...]


class Hours(Outbound):
    """From when until when, by the local clock."""

    begin: ClockTime
    end: ClockTime


class Calendar(Outbound):
    """When somebody works: seven days from Monday on, null where nobody does."""

    zone: str
    week: tuple[Hours | None, ...]
    holidays: tuple[date, ...]


class OwnedCalendar(Outbound):
    """An owner's calendar."""

    owner: Owner
    calendar: Calendar


class CalendarMoved(Outbound):
    """An owner's calendar, as it was and as it became."""

    owner: Owner
    before: Calendar
    after: Calendar


class CalendarChange(Outbound):
    """What somebody changed; `version` is what it made."""

    version: int
    by: str | None
    at: datetime | None
    moved: tuple[CalendarMoved, ...]


class Calendars(Outbound):
    """When the owners of interventions work, and who changed that, the newest first."""

    version: int
    items: tuple[OwnedCalendar, ...]
    history: tuple[CalendarChange, ...]


class Settings(Outbound):
    """Everything that can be set, in three parts, each with a version of its own."""

    interventions: Dials
    thresholds: Dials
    calendars: Calendars


class Notifications(Outbound):
    """What somebody is told, how, and when not; `webhook_url` without its secret."""

    reports: Reports
    digests: bool
    alerts: tuple[Channel, ...]
    alert_kinds: tuple[AlertKind, ...]
    alert_level: RiskLevel
    zone: str
    quiet_hours: Hours | None
    webhook_url: str | None
    version: int


class KindLoad(Outbound):
    """How often a kind would have been opened."""

    kind: Kind
    title: str
    owner: Owner
    opened: int
    a_day: Quantity


class OwnerLoad(Outbound):
    """What an owner would have had to do: a day's mean and worst, and hours a day.

    From a sample of tutors there is no worst day, and the mean has a standard error.
    """

    owner: Owner
    opened: int
    a_day: Quantity
    a_day_error: Quantity | None
    most_on_a_day: int | None
    hours_a_day: Quantity


class FlagLoad(Outbound):
    """How often a flag would have gone up, and how many tutors would have it now."""

    code: str
    title: str
    raised: int
    a_day: Quantity
    up: int


class Budget(Outbound):
    """What would have been opened, by kind and by owner, and the flags behind it."""

    by_kind: tuple[KindLoad, ...]
    by_owner: tuple[OwnerLoad, ...]
    by_flag: tuple[FlagLoad, ...]


class DryRun(Outbound):
    """What dials or thresholds would have brought over the nights up to `last`, beside now.

    For `tutors`, those at work today, over the `nights` that were recorded, with nobody held out.
    Where `asked` is less, there was no time for more of them, and a fair sample stands for all.
    First-session check-ins (A3) are left out: nights do not record first sessions.
    """

    last: date
    nights: int
    tutors: int
    asked: int
    in_force: Budget
    proposed: Budget


def dials(versions: Sequence[Policy]) -> Dials:
    """The dials of interventions, from their versions, the newest first."""
    items = tuple(
        _dial(each, each.title, versions[0][each.name], whole=each.whole) for each in DIALS.values()
    )
    return _dials(items, versions)


def thresholds(versions: Sequence[threshold.Settings]) -> Dials:
    """The thresholds of flags, from their versions, the newest first."""
    newest = versions[0].in_force()
    items = tuple(
        _dial(each, _TITLES[each.name], newest[each.name], whole=False)
        for each in THRESHOLDS.values()
    )
    return _dials(items, versions)


_TITLES = {
    metric.threshold: metric.title
    for metric in METRICS
    if not isinstance(metric, CountMetric) and metric.threshold
}
"""Of thresholds: the titles of the metrics that they are of."""


def _dial(
    each: policy.Dial | threshold.Threshold, title: str, value: float, *, whole: bool
) -> Dial:
    return Dial(
        name=each.name,
        title=title,
        value=value,
        default=each.default,
        low=each.low,
        high=each.high,
        whole=whole,
        share=each.share,
        about=each.about,
    )


def _dials(items: tuple[Dial, ...], versions: Sequence[Versioned[float]]) -> Dials:
    history = tuple(DialChange.model_validate(change) for change in changes(versions))
    return Dials(version=versions[0].version, items=items, history=history)


def calendars(versions: Sequence[Office]) -> Calendars:
    """The owners' calendars, from their versions, the newest first."""
    return Calendars(
        version=versions[0].version,
        items=tuple(
            OwnedCalendar(owner=Owner(owner), calendar=_calendar(one))
            for owner, one in versions[0].in_force().items()
        ),
        history=tuple(
            CalendarChange(
                version=change.version,
                by=change.by,
                at=change.at,
                moved=tuple(
                    CalendarMoved(
                        owner=Owner(one.name),
                        before=_calendar(one.before),
                        after=_calendar(one.after),
                    )
                    for one in change.moved
                ),
            )
            for change in changes(versions)
        ),
    )


def _calendar(one: business_hours.Calendar) -> Calendar:
    week = tuple(Hours.model_validate(hours) if hours else None for hours in one.week)
    return Calendar(zone=one.zone, week=week, holidays=tuple(sorted(one.holidays)))


NOTIFIED = (Role.OPS_MANAGER, Role.PEOPLE_OPS, Role.ADMIN)
"""Roles that may be told something; who has several gets what is usual for the first."""


def chosen(stored: Preference | None, who: Caller) -> Preference:
    """What somebody set, with what they never chose as is usual for their role."""
    group = next(role for role in NOTIFIED if role in who.roles)
    return stored.of(group) if stored else usual(who.name, group)


def notifications(one: Preference) -> Notifications:
    """Somebody's own settings, as they are shown."""
    return Notifications(
        reports=one.reports or Reports.DIGEST_ONLY,
        digests=one.digests,
        alerts=one.alerts,
        alert_kinds=one.alert_kinds,
        alert_level=one.alert_level,
        zone=one.zone,
        quiet_hours=Hours.model_validate(one.quiet) if one.quiet else None,
        webhook_url=masked_webhook(one.webhook_url) if one.webhook_url else None,
        version=one.version,
    )


def compared(in_force: dry_run.Budget, proposed: dry_run.Budget, last: date, tutors: int) -> DryRun:
    """Two budgets of the same nights, told as if all of so many tutors had been asked."""
    return DryRun(
        last=last,
        nights=in_force.days,
        tutors=tutors,
        asked=in_force.tutors,
        in_force=_budget(in_force.of_all(tutors)),
        proposed=_budget(proposed.of_all(tutors)),
    )


def _budget(found: dry_run.Budget) -> Budget:
    return Budget(
        by_kind=tuple(
            KindLoad(
                kind=kind,
                title=RULE[kind].title,
                owner=RULE[kind].owner,
                opened=count,
                a_day=found.a_day(count),
            )
            for kind, count in found.by_kind.items()
        ),
        by_owner=tuple(OwnerLoad.model_validate(load) for load in found.by_owner),
        by_flag=tuple(
            FlagLoad(
                code=rule.code,
                title=rule.title,
                raised=load.raised,
                a_day=found.a_day(load.raised),
                up=load.up,
            )
            for rule in FLAG_RULES
            if (load := found.by_flag.get(rule.code))
        ),
    )
