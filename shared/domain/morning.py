"""Which digests and summaries are due: in the morning of a day on which their readers work."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from shared.domain.business_hours import Calendar
from shared.domain.intervention import Owner
from shared.domain.mail import Mail, MailKind, mail_name
from shared.domain.office import PEOPLE, Office

MORNING = time(7)
"""What the readers' clocks show when digests are due."""
DAY = timedelta(days=1)
LONGEST_REST_DAYS = 31
"""A daily digest tells of no more days."""


def due_digests(office: Office, at: datetime) -> list[Mail]:
    """What this day has brought up to a moment, whether or not it was sent already.

    `about` is the first day of the period a mail tells of, in the readers' zone: the working day
    before for a daily digest, which therefore tells of a weekend, too; the Monday of last week;
    the first of last month. The period ends before the day in the mail's name.
    """
    return [
        _mail(kind, owner, today, first, begins)
        for owner in PEOPLE
        for calendar in [office.calendar(owner)]
        for today in [at.astimezone(ZoneInfo(calendar.zone)).date()]
        for begins in [calendar.showing(today, MORNING)]
        if calendar.works_on(today) and begins <= at
        for kind, first in _periods(calendar, today)
    ]


def digest_before(owner: Owner, calendar: Calendar, first: date) -> str:
    """The id of the daily digest of a morning, the first day that the next one tells of."""
    begins = calendar.showing(first, MORNING)
    return _mail(MailKind.DAILY_DIGEST, owner, first, first, begins).mail_id


def _periods(calendar: Calendar, today: date) -> Iterator[tuple[MailKind, date]]:
    """What a working day brings, and the first day that each tells of."""
    yield MailKind.DAILY_DIGEST, _worked_before(calendar, today)
    monday = today - today.weekday() * DAY
    if _first_worked(calendar, monday, today):
        yield MailKind.WEEKLY_SUMMARY, monday - 7 * DAY
    first = today.replace(day=1)
    if _first_worked(calendar, first, today):
        yield MailKind.MONTHLY_SUMMARY, (first - DAY).replace(day=1)


def _first_worked(calendar: Calendar, first: date, today: date) -> bool:
    """Whether nobody worked from the first day of a period until today."""
    days = (first + n * DAY for n in range((today - first).days))
    return not any(calendar.works_on(day) for day in days)


def _worked_before(calendar: Calendar, today: date) -> date:
    days = (today - n * DAY for n in range(1, LONGEST_REST_DAYS))
    rest = list(takewhile(lambda day: not calendar.works_on(day), days))
    return today - (len(rest) + 1) * DAY


def _mail(kind: MailKind, owner: Owner, today: date, first: date, begins: datetime) -> Mail:
    return Mail(
        kind,
        mail_name(begins, kind, f"{owner}-{today.isoformat()}"),
        made_at=begins,
        due_at=begins,
        owner=owner,
        about=(first.isoformat(),),
    )
