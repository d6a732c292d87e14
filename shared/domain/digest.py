"""What somebody is told at the start of a day, and what became of a week or a month."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from shared.domain.benefit import benefit_per_hour
from shared.domain.churn_score import RiskLevel
from shared.domain.effect import Share, precision
from shared.domain.intervention import Intervention, Outcome, Owner, Status
from shared.domain.override import Override
from shared.domain.overview import Overview
from shared.domain.report import Task, task, tutor_path
from shared.domain.tutor import Tutor, TutorStatus
from shared.domain.tutor_row import TutorRow

MOST_LINES = 10
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class TaskLine:
    """A task, the name of the tutor it is about, and who has it: None for nobody yet."""

    task: Task
    name: str | None
    assignee: str | None = None


@dataclass(frozen=True, slots=True)
class LevelLine:
    """A tutor whose risk level is another one than at the last digest."""

    tutor_id: str
    name: str | None
    before: RiskLevel
    now: RiskLevel
    churn_score: float
    path: str
    override: Override | None = None


@dataclass(frozen=True, slots=True)
class Listing[Line]:
    """The first lines of a list, and how many there are in all."""

    lines: tuple[Line, ...] = ()
    total: int = 0

    @property
    def more(self) -> int:
        return self.total - len(self.lines)

    def __bool__(self) -> bool:
        return bool(self.total)


@dataclass(frozen=True, slots=True)
class Digest:
    """An owner's day: what is late, what is due until its end, what changed since the last one.

    `since` is the day of the last one. `open_tasks` counts all open tasks of theirs, also those in
    no list; `levels` are the levels that moved, by tutor id, also those in no list.
    """

    owner: Owner
    day: date
    since: date
    open_tasks: int
    overdue: Listing[TaskLine]
    due_today: Listing[TaskLine]
    opened: Listing[TaskLine]
    rose: Listing[LevelLine]
    fell: Listing[LevelLine]
    levels: Mapping[str, str]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not (self.overdue or self.due_today or self.opened or self.rose or self.fell)


def digest(
    owner: Owner,
    interventions: Iterable[Intervention],
    rows: Iterable[TutorRow],
    levels_before: Mapping[str, str],
    since: datetime,
    now: datetime,
    zone: str = "UTC",
    people: Mapping[Owner, Collection[str]] | None = None,
) -> Digest:
    """An owner's day that ends at midnight in their zone.

    `interventions` are all open ones; `levels_before` are the risk levels at `since` by tutor
    id: tutors who are not in it count as unchanged. `people` are the user names of each role: a
    task is told to the role of whoever has it. Of each list those tasks come first whose hour of
    work is worth most.
    """
    known = {row.tutor_id: row for row in rows}
    theirs = [
        one
        for one in interventions
        if one.open and not one.held_out and _is_with(one, owner, people or {})
    ]
    lines = [_task_line(one, known, now) for one in sorted(theirs, key=_urgent)]
    told_in = ZoneInfo(zone)
    day = now.astimezone(told_in).date()
    new = {one.intervention_id for one in theirs if one.opened_at > since}
    due = [ln for ln in lines if not ln.task.overdue and _due_on(ln.task, zone) <= day]
    due_ids = {line.task.intervention_id for line in due}
    there = [row for row in known.values() if not TutorStatus(row.status).gone]
    levels = [line for row in there if (line := _level_line(row, levels_before, now))]
    levels.sort(key=lambda line: (-line.now.rank, -line.churn_score))
    return Digest(
        owner=owner,
        day=day,
        since=since.astimezone(told_in).date(),
        open_tasks=len(theirs),
        overdue=_listing([line for line in lines if line.task.overdue]),
        due_today=_listing(due),
        opened=_listing(
            [
                line
                for line in lines
                if line.task.intervention_id in new - due_ids and not line.task.overdue
            ]
        ),
        rose=_listing([line for line in levels if _climbed(line)]),
        fell=_listing([line for line in levels if not _climbed(line)]),
        levels={line.tutor_id: line.now.value for line in levels},
    )


def _is_with(one: Intervention, owner: Owner, people: Mapping[Owner, Collection[str]]) -> bool:
    """Whether a task is a role's: of somebody in it, or by its kind while nobody has it.

    Who is in both roles has it in that of its kind; what somebody has who is in none falls back.
    """
    roles = [role for role, names in people.items() if one.assignee in names]
    return owner is one.owner if not roles or one.owner in roles else owner in roles


def _urgent(one: Intervention) -> tuple[float, datetime, str]:
    """Ten lines are shown: those that are worth most by the hour, then what is due first."""
    return (-(benefit_per_hour(one) or 0.0), one.clock_ends or one.finish_by, one.intervention_id)


def _due_on(told: Task, zone: str) -> date:
    return told.due_at.astimezone(ZoneInfo(zone)).date() if told.due_at else date.max


def _task_line(one: Intervention, known: Mapping[str, TutorRow], now: datetime) -> TaskLine:
    row = known.get(one.tutor_id)
    return TaskLine(task(one, now), row.name if row else None, one.assignee)


def _level_line(row: TutorRow, before: Mapping[str, str], now: datetime) -> LevelLine | None:
    level = RiskLevel(row.risk_level)
    earlier = RiskLevel(before.get(row.tutor_id, level))
    if earlier is level:
        return None
    path = tutor_path(row.tutor_id)
    override = row.seen_at(now).override
    return LevelLine(row.tutor_id, row.name, earlier, level, row.churn_score, path, override)


def _climbed(line: LevelLine) -> bool:
    return line.now.rank > line.before.rank


def _listing[Line](lines: Sequence[Line]) -> Listing[Line]:
    return Listing(tuple(lines[:MOST_LINES]), len(lines))


class Span(StrEnum):
    """How long a summary looks back."""

    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a chart; `count` is None where nobody summed up that day."""

    day: date
    count: int | None


@dataclass(frozen=True, slots=True)
class Compared:
    """A number at the end of a period and at the end of the one before; None where unknown."""

    value: float | None
    before: float | None
    n: int = 0

    @property
    def change(self) -> float | None:
        if self.value is None or self.before is None:
            return None
        return self.value - self.before


@dataclass(frozen=True, slots=True)
class TaskCounts:
    """What became of people's tasks in a period; `overdue` counts those late at its end."""

    opened: int
    completed: int
    improved: int
    cancelled: int
    overdue: int
    still_open: int
    automated: int
    """Mails to tutors that were opened in the period."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A week or a month, from `first` to `last`, both included.

    Rates are over 30 days at the end of the period, beside those at the end of the period before.
    `at_risk` are tutors at high and critical risk day by day, `levels` tutors by level.
    `departures` and `expected_departures` (what the model expected of the next 30 days at the
    period's beginning) are None where nobody knows.
    """

    span: Span
    first: date
    last: date
    tutors: int | None
    levels: dict[RiskLevel, Compared]
    at_risk: tuple[Day, ...]
    reschedule_rate: Compared
    no_show_rate: Compared
    first_session_success_rate: Compared
    tasks: TaskCounts
    precision: Share
    departures: int | None
    expected_departures: float | None

    @property
    def at_risk_now(self) -> Compared:
        """Tutors at high or critical risk."""
        high, critical = self.levels[RiskLevel.HIGH], self.levels[RiskLevel.CRITICAL]
        return Compared(_sum(high.value, critical.value), _sum(high.before, critical.before))


def summary(
    span: Span,
    first: date,
    last: date,
    days: Mapping[date, Overview],
    interventions: Iterable[Intervention],
    now: datetime,
    departures: int | None = None,
) -> Summary:
    """The summary of a period.

    `days` are the platform's summaries of its days and of the period before, as far as there are
    any; `interventions` are all that were opened or resolved in it, or are open.
    """
    told = list(interventions)
    inside = [first + A_DAY * n for n in range((last - first).days + 1)]
    ended, earlier = _newest(days, inside), _newest(days, _before(span, first))
    began = next((days[day] for day in inside if day in days), None)
    return Summary(
        span=span,
        first=first,
        last=last,
        tutors=ended.tutors if ended else None,
        levels={level: _level(level, ended, earlier) for level in RiskLevel},
        at_risk=tuple(Day(day, _at_risk(days.get(day))) for day in inside),
        reschedule_rate=_rate("reschedule_rate", ended, earlier),
        no_show_rate=_rate("no_show_rate", ended, earlier),
        first_session_success_rate=_rate("first_session_success_rate", ended, earlier),
        tasks=_tasks(told, first, last, now),
        precision=precision(one.opinion for one in told if not one.held_out),
        departures=departures,
        expected_departures=began.expected_departures_30d if began else None,
    )


def departures(tutors: Iterable[Tutor], first: date, last: date) -> int:
    """How many of some tutors left in a period, by their profiles: days are in UTC."""
    left = (tutor.status_since for tutor in tutors if tutor.gone)
    return sum(since is not None and first <= since.date() <= last for since in left)


def _before(span: Span, first: date) -> list[date]:
    """The days of the period before."""
    last = first - A_DAY
    begin = first - timedelta(days=7) if span is Span.WEEK else last.replace(day=1)
    return [begin + A_DAY * n for n in range((last - begin).days + 1)]


def _newest(days: Mapping[date, Overview], of: Sequence[date]) -> Overview | None:
    return next((days[day] for day in reversed(of) if day in days), None)


def _at_risk(overview: Overview | None) -> int | None:
    if overview is None:
        return None
    return sum(overview.at_risk.get(level, 0) for level in (RiskLevel.HIGH, RiskLevel.CRITICAL))


def _level(level: RiskLevel, ended: Overview | None, earlier: Overview | None) -> Compared:
    return Compared(
        ended.at_risk.get(level, 0) if ended else None,
        earlier.at_risk.get(level, 0) if earlier else None,
        ended.tutors if ended else 0,
    )


def _rate(name: str, ended: Overview | None, earlier: Overview | None) -> Compared:
    return Compared(
        getattr(ended, name).value if ended else None,
        getattr(earlier, name).value if earlier else None,
        getattr(ended, name).n if ended else 0,
    )


def _tasks(told: Sequence[Intervention], first: date, last: date, now: datetime) -> TaskCounts:
    def within(at: datetime | None) -> bool:
        return at is not None and first <= at.date() <= last

    real = [one for one in told if not one.held_out]
    peoples = [one for one in real if not one.kind.automated]
    resolved = Counter(one.status for one in peoples if within(one.resolved_at))
    return TaskCounts(
        opened=sum(within(one.opened_at) for one in peoples),
        completed=resolved[Status.COMPLETED],
        improved=sum(
            within(one.resolved_at) and one.outcome is Outcome.IMPROVED for one in peoples
        ),
        cancelled=resolved[Status.CANCELLED],
        overdue=sum(one.overdue(now) for one in peoples),
        still_open=sum(one.open for one in peoples),
        automated=sum(within(one.acted_at) for one in real if one.kind.automated),
    )


def _sum(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other
