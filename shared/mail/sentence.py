"""The sentences that the HTML and the text of a mail share, so that both say the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.domain.churn_score import RiskLevel
from shared.domain.digest import Compared, Day, Digest, Span, Summary
from shared.domain.flag import FlagStatus
from shared.domain.intervention import Intervention
from shared.domain.override import Override
from shared.domain.report import Move, RaisedFlag, Rescheduling
from shared.mail import phrase

FEWEST_OPINIONS = 5
"""Fewer say nothing about a rule."""


def evidence(seen: Rescheduling) -> str:
    """What a reschedule rate rests on, and whether it is too high."""
    if not seen.sessions:
        return "No sessions in 30 days"
    rests_on = f"{seen.moved} of {phrase.counted(seen.sessions, 'session')}"
    match seen.flag:
        case FlagStatus.CONFIRMED:
            return f"{rests_on}; above the limit, and hardly by chance"
        case FlagStatus.PROVISIONAL:
            return f"{rests_on}; flagged, but it may be chance"
        case _:
            return f"{rests_on}; not flagged"


def manager_says(override: Override | None, zone: str) -> str | None:
    """What stands beside a churn score that a manager overrides; None where nobody does."""
    if override is None:
        return None
    until = phrase.moment(override.until, zone)
    return f"A manager says {phrase.number(override.score)}, until {until}"


def flag_in_words(flag: RaisedFlag) -> str:
    """A flag's title; one whose evidence is weak says so in words, not by its colour alone."""
    return flag.title if flag.confirmed else f"Maybe: {phrase.lower(flag.title)}"


def moved_in_words(move: Move, zone: str) -> str:
    """Who moved a session, from when to when, and how long before."""
    at, to = phrase.moment(move.original_time, zone), phrase.moment(move.new_time, zone)
    said = f"By the {move.by}, from {at} to {to}"
    notice = phrase.notice(move.notice_hours)
    return f"{said}; {notice}" if notice else said


def day_in_words(digest: Digest) -> str:
    """What matters today, in a sentence or two."""
    counts = (
        (digest.overdue.total, "overdue"),
        (digest.due_today.total, "due today"),
        (digest.opened.total, "new"),
    )
    told = [f"{n} {what}" for n, what in counts if n]
    tasks = f"Your tasks: {phrase.listed(told)}." if told else _no_tasks(digest.open_tasks)
    tutors = []
    if digest.rose:
        tutors.append(f"{phrase.counted(digest.rose.total, 'tutor')} at higher risk")
    if digest.fell:
        tutors.append(f"{phrase.counted(digest.fell.total, 'tutor')} at lower risk")
    return f"{tasks} {phrase.listed(tutors)} than at the last digest." if tutors else tasks


def _no_tasks(still_open: int) -> str:
    if not still_open:
        return "Nothing needs you today."
    are = phrase.counted(still_open, "task is", "tasks are")
    return f"Nothing is due today; {are} open for later."


def digest_subject(digest: Digest) -> str:
    """Today: 2 overdue, 3 due, 4 new."""
    counts = (
        (digest.overdue.total, "overdue"),
        (digest.due_today.total, "due"),
        (digest.opened.total, "new"),
    )
    told = [f"{n} {what}" for n, what in counts if n]
    return f"Today: {', '.join(told)}" if told else "Today: nothing is due"


def new_since(digest: Digest) -> str:
    """New since yesterday, or since the day of the last digest where that was longer ago."""
    days = (digest.day - digest.since).days
    return f"New since {'yesterday' if days == 1 else f'{digest.since:%A}'}"


def holder(assignee: str | None, username: str | None) -> str:
    """Who has a task, to the reader of that user name."""
    if assignee is None:
        return "Nobody has it yet."
    return "You have it." if assignee == username else f"{phrase.plain(assignee, 60)} has it."


def time_ran_out(late: Sequence[Intervention]) -> str:
    """What to do about tasks whose clock has run out: to begin, or to end what was begun."""
    begun = sum(one.acted_at is not None for one in late)
    if not begun:
        return "The time to act has run out. Start it, hand it over, or say why it can wait."
    if begun == len(late):
        return "It was begun, and should be over by now. Complete it, or hand it over."
    return "Start or complete each, hand it over, or say why it can wait."


def first_sessions_title(sessions_at: Sequence[datetime]) -> str:
    """What a tutor is asked about one or more first sessions."""
    return f"How did your first session{'s' if len(sessions_at) > 1 else ''} go?"


def first_sessions(sessions_at: Sequence[datetime], subject: str, zone: str) -> str:
    """Whom a tutor met, and when."""
    met = "new students" if len(sessions_at) > 1 else "a new student"
    when = phrase.listed(phrase.moment(at, zone) for at in sessions_at) if sessions_at else ""
    return f"You met {met}{f' on {when}' if when else ''}{f' for {subject}' if subject else ''}."


def period(summary: Summary) -> str:
    """Week of 16 November 2026, or November 2026."""
    first = summary.first
    if summary.span is Span.MONTH:
        return f"{first:%B %Y}"
    return f"Week of {first.day} {first:%B %Y}"


def period_in_words(summary: Summary) -> str:
    """How many tutors are at risk, against the period before, and who left."""
    at_risk = summary.at_risk_now
    if at_risk.value is None:
        return "Nobody summed up these days, so there is nothing to tell of the tutors."
    said = f"{phrase.counted(int(at_risk.value), 'tutor')} at high or critical risk"
    if at_risk.change is not None:
        said += f", {phrase.difference(at_risk.change)}{than_before(summary, at_risk)}"
    if summary.departures is None:
        return f"{said}."
    return f"{said}. {phrase.counted(summary.departures, 'tutor')} left."


def than_before(summary: Summary, compared: Compared) -> str:
    """What a change is a change of; nothing where nothing changed, or nobody knows."""
    if not compared.change:
        return ""
    return f" than the {summary.span} before"


def rate_change(summary: Summary, compared: Compared, of: str) -> str:
    """Change of a rate, and how many of what it rests on."""
    rests_on = phrase.counted(compared.n, of)
    if compared.change is None:
        return rests_on
    change = phrase.points(compared.change)
    against = "" if change == "unchanged" else f" against the {summary.span} before"
    return f"{change}{against}; {rests_on}"


def level_change(summary: Summary, level: RiskLevel) -> str:
    """Change of how many tutors a level has."""
    compared = summary.levels[level]
    if compared.change is None:
        return ""
    return f"{phrase.difference(compared.change)}{than_before(summary, compared)}"


def chart_in_words(days: Sequence[Day]) -> str:
    """What a chart of tutors at risk shows, for who does not see it."""
    known = [each for each in days if each.count is not None]
    if not known:
        return "No day was summed up."
    counts = [each.count or 0 for each in known]
    begin, end = known[0], known[-1]
    return (
        f"From {counts[0]:,} on {phrase.short_day(begin.day)} to {counts[-1]:,} on "
        f"{phrase.short_day(end.day)}; between {min(counts):,} and {max(counts):,}."
    )


@dataclass(frozen=True, slots=True)
class Chart:
    """Columns by day, 0-100 of the highest (None for days nobody knows), and their scale."""

    columns: tuple[float | None, ...]
    highest: str
    first: str
    last: str
    words: str


def chart(days: Sequence[Day]) -> Chart:
    """A chart of tutors at risk."""
    highest = max((each.count or 0 for each in days), default=0) or 1
    return Chart(
        tuple(None if each.count is None else 100 * each.count / highest for each in days),
        f"{highest:,}",
        phrase.short_day(days[0].day) if days else "",
        phrase.short_day(days[-1].day) if days else "",
        chart_in_words(days),
    )


def task_facts(summary: Summary) -> list[tuple[str, str]]:
    """What became of tasks, whether the rules were right, and who left."""
    tasks, useful = summary.tasks, summary.precision
    completed = f"{tasks.completed:,}"
    if tasks.completed:
        completed += f"; {tasks.improved:,} with a tutor who improved"
    facts = [
        ("Opened", f"{tasks.opened:,}"),
        ("Completed", completed),
        ("Overdue now", f"{tasks.overdue:,} of {tasks.still_open:,} open"),
        ("Mails to tutors", f"{tasks.automated:,}"),
    ]
    if useful.n < FEWEST_OPINIONS or useful.value is None:
        facts.append(("Found useful", f"{phrase.counted(useful.n, 'opinion')}, too few to tell"))
    else:
        facts.append(("Found useful", f"{phrase.per_cent(useful.value)} of {useful.n:,} judged"))
    if summary.departures is not None:
        facts.append(("Tutors who left", f"{summary.departures:,}"))
    if summary.expected_departures is not None:
        since = phrase.short_day(summary.first)
        expected = f"about {summary.expected_departures:.0f} within 30 days of {since}"
        facts.append(("Expected to leave", expected))
    return facts


def due(at: datetime | None, zone: str, *, late: bool) -> str:
    """When a task is due, or since when it is overdue."""
    if at is None:
        return ""
    return f"{'overdue since' if late else 'due'} {phrase.moment(at, zone)}"
