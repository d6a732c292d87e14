"""A quarter of the demo world, as people live through it: is what they are told and asked bearable?

Nights are recorded as the nightly pass would, the engine is asked after each of them and after each
session, deadlines pass every quarter of an hour, digests come by the hour. People start in time,
late or never, put things off and decline; now and then a run breaks before it has told anybody.
What is decided is decided by the domain; here it is only played, and what must hold is counted.
"""

import heapq
import random
import statistics
import tempfile
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count, pairwise, takewhile
from pathlib import Path

from events.world.history import simulate, write_history
from events.world.world import WORLDS, World
from shared.domain.business_hours import Calendar
from shared.domain.deadline import TOLD_WITHIN, notices, passed
from shared.domain.engine import SETTLES, decided, desk_of
from shared.domain.intervention import (
    ENGINE,
    Action,
    Intervention,
    Kind,
    Order,
    Outcome,
    Owner,
    Status,
    moved,
)
from shared.domain.intervention_rule import RULE
from shared.domain.log import Log
from shared.domain.mail import Mail, MailKind, alert, tutor_mail
from shared.domain.marketplace import Reference, fitted_to
from shared.domain.morning import due_digests
from shared.domain.movement import Seen, alerting, movement, seen
from shared.domain.night import Nights, kept_nights, standing
from shared.domain.office import Office
from shared.domain.policy import Policy
from shared.domain.preference import Preference, Reports, usual
from shared.domain.session import OutcomeKind, outcomes
from shared.domain.situation import ASKED_ABOUT_WITHIN, Facts, FirstSession, Situation
from shared.domain.threshold import Settings
from shared.history import read_past
from tests.bench.result import Result, Row, exactly, percentile

END = datetime(2026, 11, 21, tzinfo=UTC)
SEED = 7
DAY, QUARTER_HOUR = timedelta(days=1), timedelta(minutes=15)
RUN_UP_DAYS = 30
"""Before the days that are counted: a desk that begins empty fills at once."""
BREAKS = 0.03
"""Share of the runs that mark what is late, and break before they tell anybody."""
OFFICE = Office(
    {
        Owner.OPS_MANAGER: Calendar(
            "America/Chicago", holidays=frozenset({date(2026, 9, 7), date(2026, 11, 11)})
        ),
        Owner.PEOPLE_OPS: Calendar("Europe/Berlin"),
    }
)
STAFF: Mapping[Owner, tuple[str, ...]] = {
    Owner.OPS_MANAGER: ("operations 1", "operations 2"),
    Owner.PEOPLE_OPS: ("people 1", "people 2"),
}
PREFERENCES: tuple[tuple[Owner, Preference], ...] = tuple(
    (owner, usual(name, owner)) for owner, names in STAFF.items() for name in names
)


@dataclass(frozen=True, slots=True)
class Course:
    """One tutor's quarter as far as it is given: nights, and when sessions had an outcome."""

    tutor_id: str
    nights: Sequence[Facts]
    outcomes: Sequence[tuple[datetime, str]]
    moves: Sequence[tuple[datetime, str]]
    first: Sequence[FirstSession]
    joined: datetime | None
    stopped_at: datetime | None
    """Since when the tutor is not at work any more, as far as the profile says."""
    gone: bool


@dataclass
class Quarter:
    """What happened; `since` is when counting begins."""

    since: datetime
    until: datetime
    sessions: int = 0
    interventions: dict[str, Intervention] = field(default_factory=dict)
    mails: list[Mail] = field(default_factory=list)
    reports: list[tuple[datetime, bool]] = field(default_factory=list)
    """When a session report was due, and whether anything moved with it."""
    first_sessions: list[str] = field(default_factory=list)
    """Those that ended long enough ago for tutors still at work, by id."""
    broken: list[str] = field(default_factory=list)
    """Promises that were not kept, in words."""

    @property
    def days(self) -> int:
        return (self.until - self.since) // DAY

    def notices(self) -> list[Mail]:
        return [mail for mail in self.mails if mail.kind is MailKind.OVERDUE]

    def people(self) -> list[Intervention]:
        """What people had to do, also before counting began."""
        return [one for one in self.interventions.values() if not one.kind.automated]

    def breaches(self) -> Counter[str]:
        """How often the clock of an intervention ran out, and somebody had to be told.

        Nobody had where they acted between its end and the next look at the clocks, or before a
        snooze was over: that is written down with their own move, at the same moment.
        """
        return Counter(
            one.intervention_id
            for one in self.people()
            for step, then in pairwise([*one.steps, None])
            if step and step.action == "breach" and not (then and then.at == step.at)
        )

    def told(self) -> Counter[str]:
        """In how many notices an intervention is."""
        return Counter(name for mail in self.notices() for name in mail.about)


def courses(world: World, days: int, *, workers: int = 1, end: datetime = END) -> list[Course]:
    """The tutors of a world over the `days` nights up to its end."""
    with tempfile.TemporaryDirectory() as folder:
        write_history(simulate(world, SEED, end), Path(folder))
        logs = read_past(Path(folder)).logs()
    begin = end - days * DAY
    reference = fitted_to("quarter", [standing(log, begin, Reference()) for log in logs.values()])
    asked = [Nights(log, end, days, Settings(), reference) for log in logs.values()]
    if workers == 1:
        kept = list(map(kept_nights, asked))
    else:
        with ProcessPoolExecutor(workers) as pool:
            kept = list(pool.map(kept_nights, asked, chunksize=4))
    return [
        _course(log, [Facts.of_record(record) for record in nights.records], begin)
        for log, nights in zip(logs.values(), kept, strict=True)
        if nights.records
    ]


def _course(log: Log, nights: Sequence[Facts], begin: datetime) -> Course:
    told = sorted(
        (outcome.at, session.session_id, outcome.kind, session.is_first)
        for session in log.sessions
        for outcome in outcomes(session)
    )
    status = log.tutor.status
    return Course(
        log.tutor.tutor_id,
        nights,
        [(at, name) for at, name, _, _ in told if begin < at <= END],
        [(at, name) for at, name, kind, _ in told if kind is OutcomeKind.TUTOR_RESCHEDULE],
        [
            FirstSession(name, at)
            for at, name, kind, is_first in told
            if is_first and kind is OutcomeKind.COMPLETED
        ],
        log.tutor.onboarding_date,
        None if status.at_work else log.tutor.status_since,
        status.gone,
    )


def lived(world: World, days: int, run_up: int = RUN_UP_DAYS, *, workers: int = 1) -> Quarter:
    """The quarter of a world: `days` that are counted, after the run-up."""
    found = courses(world, days + run_up, workers=workers)
    return _Play(found, END - (days + run_up) * DAY, END, run_up).played()


class _Play:
    """The state while the days go by."""

    def __init__(
        self, found: Iterable[Course], begin: datetime, end: datetime, run_up: int
    ) -> None:
        self._courses = {course.tutor_id: course for course in found}
        self._begin, self._end = begin, end
        self._chance = random.Random(SEED)
        self._policy = Policy()
        self._numbers = count()
        self._desks: dict[str, dict[str, Intervention]] = defaultdict(dict)
        self._seen: dict[str, Seen] = {}
        self._open: dict[str, Intervention] = {}
        self._todo: list[tuple[datetime, int, Action, str]] = []
        self._reported: dict[str, int] = {}
        """Where the last report about a tutor is."""
        self._written: list[Mail] = []
        """Notices so far, oldest first."""
        self._digests: set[str] = set()
        self.quarter = Quarter(begin + run_up * DAY, end)
        self.quarter.first_sessions = [
            session.session_id
            for course in self._courses.values()
            for session in course.first
            if self.quarter.since < session.ended_at < end - ASKED_ABOUT_WITHIN
            and course.nights[0].at < session.ended_at
            and course.stopped_at is None
        ]

    def played(self) -> Quarter:
        """Everything in its order, a quarter of an hour at a time."""
        looks = heapq.merge(*(_looks(course) for course in self._courses.values()))
        look = next(looks, None)
        at = self._begin
        while at < self._end:
            at += QUARTER_HOUR
            while True:
                if self._todo and self._todo[0][0] <= at and (
                    look is None or self._todo[0][0] <= look[0]
                ):  # fmt: skip
                    self._person(*heapq.heappop(self._todo))
                elif look is not None and look[0] <= at:
                    self._look(*look)
                    look = next(looks, None)
                else:
                    break
            self._deadlines(at)
            if at.minute == 0:
                self._mornings(at)
        return self.quarter

    def _look(self, at: datetime, tutor_id: str, session: str) -> None:
        """What `act_on_change` does after a night, or after a session."""
        course = self._courses[tutor_id]
        place = bisect_right(course.nights, at, key=lambda facts: facts.at)
        if not place:
            return
        week = {name for _, name in _between(course.moves, at - 7 * DAY, at)}
        now = replace(course.nights[place - 1], at=at, reschedules_7d=len(week))
        stopped = course.stopped_at is not None and course.stopped_at <= at
        first = bisect_right(course.first, at - ASKED_ABOUT_WITHIN, key=lambda each: each.ended_at)
        last = bisect_right(course.first, at, key=lambda each: each.ended_at)
        situation = Situation(
            tutor_id,
            now,
            course.nights[max(0, place - 61) : place],
            (at - course.joined) / DAY if course.joined else None,
            at_work=not stopped,
            gone=stopped and course.gone,
            first_sessions=tuple(course.first[first:last]),
        )
        self._mailed(tutor_id, at)
        desk = desk_of(list(self._desks[tutor_id].values()))
        changed = decided(situation, desk, self._policy, OFFICE)
        before = self._seen.get(tutor_id)
        told = movement(before, now, changed)
        looked = seen(before, now)
        if alerting(before, now):
            self.quarter.mails.append(alert(tutor_id, at, now.level, told))
            looked = replace(looked, alerted=now.level, alerted_at=at)
        self._seen[tutor_id] = looked
        if session:
            self._reported[tutor_id] = len(self.quarter.reports)
            self.quarter.reports.append((at, bool(told)))
            self.quarter.sessions += at > self.quarter.since
        elif told:
            self._owe_to_the_day_before(tutor_id, at)
        for one in changed:
            if one.version == 1:
                self._opened(one)
            self._put(one)
            self.quarter.mails += [mail] if (mail := tutor_mail(one)) else []

    def _mailed(self, tutor_id: str, at: datetime) -> None:
        """What `send_mail` carried out meanwhile."""
        for one in list(self._desks[tutor_id].values()):
            due = one.kind.automated and one.open and not one.acted_at and one.due_at <= at
            if due and not one.held_out:
                self._put(moved(one, Order("start", "mail"), one.due_at))

    def _owe_to_the_day_before(self, tutor_id: str, at: datetime) -> None:
        """What a night finds moved, the day's last session would have found, if there was one."""
        place = self._reported.get(tutor_id)
        if place is not None and self.quarter.reports[place][0] > at - DAY:
            self.quarter.reports[place] = (self.quarter.reports[place][0], True)

    def _opened(self, one: Intervention) -> None:
        """Hold a new one against what was promised, and have somebody make up their mind."""
        mine = [other for other in self._desks[one.tutor_id].values() if other.kind is one.kind]
        if any(other.open for other in mine):
            self.quarter.broken.append(f"two open: {one.intervention_id}")
        for other in mine:
            rest = RULE[one.kind].cool_down_days * DAY
            by_itself = any(s.action == "cancel" and s.who == ENGINE for s in other.steps)
            if by_itself and other.acted_at is None and not one.kind.automated:
                rest = SETTLES
            began = other.opened_at if one.kind.automated else other.resolved_at
            rested = began is not None and one.opened_at >= began + rest
            if not rested and one.escalated_from is None:
                self.quarter.broken.append(f"too soon: {one.intervention_id}")
        if one.kind.automated:
            return
        calendar, chance = OFFICE.calendar(one.owner), self._chance
        hours = calendar.between(one.opened_at, one.due_at)
        sort = chance.choices(
            ["in time", "late", "put off", "declined", "never"], [62, 18, 10, 6, 4]
        )[0]
        if sort == "never":
            return
        share = chance.uniform(1.05, 3.0) if sort == "late" else chance.uniform(0.02, 0.98)
        actions: dict[str, Action] = {"put off": "snooze", "declined": "cancel"}
        self._plan(calendar.after(one.opened_at, hours * share), actions.get(sort, "start"), one)

    def _plan(self, at: datetime, action: Action, one: Intervention) -> None:
        heapq.heappush(self._todo, (at, next(self._numbers), action, one.intervention_id))

    def _person(self, at: datetime, _: int, action: Action, name: str) -> None:
        """Somebody moves it, if it is still there."""
        one = self.quarter.interventions[name]
        if not one.open:
            return
        chance = self._chance
        who = one.assignee or chance.choice(STAFF[one.owner])
        outcome = chance.choice(list(Outcome)[:3]) if action == "complete" else None
        until = at + chance.uniform(0.5, 13) * DAY if action == "snooze" else None
        after = moved(one, Order(action, who, reason="as it is", outcome=outcome, until=until), at)
        self._put(after)
        calendar = OFFICE.calendar(one.owner)
        if until:
            self._plan(calendar.after(until, chance.uniform(0, 20)), "start", one)
        elif action == "start":
            share = chance.uniform(0.1, 0.95) if chance.random() < 0.85 else 1.2
            self._plan(
                calendar.after(at + max(DAY, (one.finish_by - at)) * share, 0), "complete", one
            )

    def _put(self, one: Intervention) -> None:
        name = one.intervention_id
        self._desks[one.tutor_id][name] = self.quarter.interventions[name] = one
        if one.open and not one.kind.automated:
            self._open[name] = one
        else:
            self._open.pop(name, None)

    def _deadlines(self, at: datetime) -> None:
        """What `escalate_interventions` does, which now and then breaks half-way."""
        for one in list(self._open.values()):
            after = passed(one, at)
            if after is not one:
                self._put(after)
        if self._chance.random() < BREAKS:
            return
        late = [one for one in self._open.values() if one.late_at]
        newest_first = reversed(self._written)
        recent = takewhile(lambda mail: mail.made_at >= at - TOLD_WITHIN, newest_first)
        new = notices(late, recent, at)
        self._written += new
        self.quarter.mails += new

    def _mornings(self, at: datetime) -> None:
        """What `send_digest` does."""
        for mail in due_digests(OFFICE, at):
            if mail.mail_id not in self._digests:
                self._digests.add(mail.mail_id)
                self.quarter.mails.append(mail)


def _looks(course: Course) -> Iterator[tuple[datetime, str, str]]:
    """When the engine looks at a tutor: some minutes after midnight, and after each session."""
    spread = timedelta(seconds=sum(course.tutor_id.encode()) % 600)
    nights = ((facts.at + spread, course.tutor_id, "") for facts in course.nights)
    taught = ((at, course.tutor_id, name) for at, name in course.outcomes)
    return heapq.merge(nights, taught)


def _between(
    told: Sequence[tuple[datetime, str]], after: datetime, until: datetime
) -> Sequence[tuple[datetime, str]]:
    first = bisect_right(told, after, key=lambda each: each[0])
    return told[first : bisect_right(told, until, key=lambda each: each[0])]


def loose_ends(quarter: Quarter) -> list[str]:
    """What somebody has to do and nobody did in time, and nobody was told of."""
    told = quarter.told()
    return [
        one.intervention_id
        for one in quarter.people()
        if one.overdue(quarter.until - QUARTER_HOUR * 4)
        and (one.late_at is None or not told[one.intervention_id])
    ]


def mails_a_day(quarter: Quarter) -> dict[tuple[Owner, str], list[int]]:
    """By role and kind how many mails one of them got on each day that counts."""
    found: dict[tuple[str, str], Counter[date]] = defaultdict(Counter)
    roles = {preference.username: owner for owner, preference in PREFERENCES}
    choices = {"every session": Reports.EVERY_SESSION, "only changes": Reports.CHANGES}
    for at, with_change in quarter.reports:
        if at <= quarter.since:
            continue
        for _, person in PREFERENCES:
            if person.wants(MailKind.SESSION_REPORT, moved=with_change):
                found[person.username, "session_report"][at.date()] += 1
        for words, choice in choices.items():
            chosen = Preference("anybody", choice)
            if chosen.wants(MailKind.SESSION_REPORT, moved=with_change):
                found["anybody", f"session_report, {words}"][at.date()] += 1
    for mail in quarter.mails:
        if mail.made_at <= quarter.since or mail.to_tutor:
            continue
        for owner, person in PREFERENCES:
            if _goes_to(mail, owner, person):
                found[person.username, mail.kind][mail.made_at.date()] += 1
    days = [(quarter.since + n * DAY).date() for n in range(quarter.days)]
    by_role: dict[tuple[Owner, str], list[int]] = defaultdict(list)
    for (name, kind), per_day in found.items():
        owner = roles.get(name, Owner.OPS_MANAGER)
        by_role[owner, kind] += [per_day[day] for day in days]
    return dict(sorted(by_role.items()))


def _goes_to(mail: Mail, owner: Owner, person: Preference) -> bool:
    if mail.person is not None:
        return mail.person == person.username
    return mail.owner in (None, owner) and bool(person.ways(mail))


def opened_a_day(quarter: Quarter) -> dict[Owner, list[int]]:
    """By owner how many interventions were opened on each day that counts, held out ones not."""
    found: dict[Owner, Counter[date]] = defaultdict(Counter)
    for one in quarter.interventions.values():
        if one.opened_at > quarter.since and not one.held_out:
            found[one.owner][one.opened_at.date()] += 1
    days = [(quarter.since + n * DAY).date() for n in range(quarter.days)]
    return {owner: [found[owner][day] for day in days] for owner in Owner}


def mails_a_week_to_a_tutor(quarter: Quarter) -> list[int]:
    """How many mails each tutor got in each week in which they got any."""
    weeks = Counter(
        (mail.tutor_id, mail.due_at.isocalendar()[:2])
        for mail in quarter.mails
        if mail.to_tutor and mail.made_at > quarter.since
    )
    return list(weeks.values())


def weeks_between_tips(quarter: Quarter) -> list[timedelta]:
    """The times between one tutor's coaching tips and the next."""
    by_tutor: dict[str, list[datetime]] = defaultdict(list)
    for one in quarter.interventions.values():
        if one.kind is Kind.A1:
            by_tutor[one.tutor_id].append(one.opened_at)
    return [
        later - sooner for times in by_tutor.values() for sooner, later in pairwise(sorted(times))
    ]


def run(quick: bool) -> Result:
    """The figures of a quarter of the demo world."""
    world = World("demo", 60) if quick else WORLDS["demo"]
    quarter = lived(world, 90, workers=2)
    people, late = quarter.people(), quarter.breaches()
    twice = sum(late[name] != quarter.told()[name] for name in late | quarter.told())
    rows = [
        Row("sessions with an outcome a day", f"{quarter.sessions / quarter.days:,.0f}"),
        *_by_day("opened a day", {str(o): n for o, n in opened_a_day(quarter).items()}, world),
        Row("opened by kind in 90 days", _kinds(quarter)),
        *_by_day(
            "mails a day to one of",
            {f"{o}: {kind}": n for (o, kind), n in mails_a_day(quarter).items()},
            world,
        ),
        Row("mails a week to a tutor who gets any", _shown(mails_a_week_to_a_tutor(quarter))),
        Row("deadlines missed, of what people had to do", f"{len(late):,} of {len(people):,}"),
        Row("notices of them", f"{len(quarter.notices()):,}"),
        exactly("missed deadlines not in exactly one notice", twice, 0),
        exactly("two open of a kind, or one too soon", len(quarter.broken), 0),
        exactly("tips within a week", sum(t < 7 * DAY for t in weeks_between_tips(quarter)), 0),
        exactly("late, and nobody told", len(loose_ends(quarter)), 0),
        Row("still open at the end", _ends(quarter)),
    ]
    notes = (
        f"{world.tutors} tutors over {quarter.days} days after {RUN_UP_DAYS} of run-up; two people"
        " each in operations and people operations, as usual settings tell them. Mean, 95th"
        " percentile and largest day, and the mean at 1,400 tutors.",
    )
    return Result("A simulated quarter", tuple(rows), notes)


def _by_day(title: str, found: Mapping[str, Sequence[int]], world: World) -> Iterator[Row]:
    for name, numbers in found.items():
        more = statistics.mean(numbers) * 1_400 / world.tutors if numbers else 0
        grows = "summary" not in name and "digest" not in name
        told = f"; at 1,400 tutors {more:,.1f}" if grows else ""
        yield Row(f"{title} {name}", _shown(numbers) + told)


def _shown(numbers: Sequence[int]) -> str:
    if not numbers:
        return "none"
    mean = statistics.mean(numbers)
    return f"{mean:,.2f}, {percentile(numbers, 0.95):,}, {max(numbers):,}"


def _kinds(quarter: Quarter) -> str:
    found = Counter(
        one.kind
        for one in quarter.interventions.values()
        if one.opened_at > quarter.since and not one.held_out
    )
    return ", ".join(f"{kind} {number:,}" for kind, number in sorted(found.items()))


def _ends(quarter: Quarter) -> str:
    left = [one for one in quarter.people() if one.open]
    asleep = sum(one.status is Status.SNOOZED for one in left)
    late = sum(one.late_at is not None for one in left)
    return f"{len(left)}: {late} late, {asleep} put off, {len(left) - late - asleep} in time"
