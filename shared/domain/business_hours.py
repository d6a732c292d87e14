"""When a deadline in business hours falls due: working time of a week, in a time zone.

Openings and closings are what the local clock shows; between them time passes as it really does.
Spring and autumn therefore move a deadline in UTC, and never lengthen or shorten an office day.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

HOUR: Final = timedelta(hours=1)
HORIZON: Final = timedelta(days=3_653)
"""How far ahead a deadline is looked for: ten years."""


@dataclass(frozen=True, slots=True)
class Hours:
    """The working hours of one day, local time; they end on the day they begin."""

    begin: time = time(9)
    end: time = time(17)

    def __post_init__(self) -> None:
        for name, at in (("begin", self.begin), ("end", self.end)):
            if at.tzinfo is not None:
                raise ValueError(f"{name}: is local time, without a zone of its own")
        if self.end <= self.begin:
            raise ValueError(f"end: {self.end:%H:%M} is not after begin, {self.begin:%H:%M}")

    @property
    def nominal(self) -> timedelta:
        """From begin to end on a day on which clocks do not change."""
        return datetime.combine(date.min, self.end, UTC) - datetime.combine(
            date.min, self.begin, UTC
        )


OFFICE_WEEK: Final = (*(Hours(),) * 5, None, None)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Somebody's working time: a week, the zone its clock shows, and the days off.

    `zone` is an IANA name, `week` the seven days from Monday on (None: no work), `holidays` dates
    in that zone. The moment of closing still belongs to the day: what is due when eight hours of
    it have passed is due at 17:00, not at the next opening.
    """

    zone: str
    week: tuple[Hours | None, ...] = OFFICE_WEEK
    holidays: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.zone)
        except (KeyError, ValueError, OSError) as error:  # unknown, malformed, a folder of zones
            raise ValueError(f"zone: {self.zone!r} is no IANA time zone") from error
        if len(self.week) != 7:
            raise ValueError(f"week: {len(self.week)} days instead of 7")
        if not any(self.week):
            raise ValueError("week: no working time at all")
        # A datetime is a date to Python, but equals none: the day off would be ignored.
        if any(isinstance(day, datetime) for day in self.holidays):
            raise ValueError("holidays: are dates, not moments")

    @property
    def workday_hours(self) -> float:
        """Mean hours of the days of the week that are worked: 8 in an office week."""
        worked = [hours.nominal for hours in self.week if hours]
        return sum(worked, timedelta()) / len(worked) / HOUR

    def after(self, begin: datetime, hours: float) -> datetime:
        """The instant (UTC) at which so many business hours have passed since `begin`.

        Outside working time the clock starts at the next opening, also where `hours` is 0.
        ValueError for hours that do not fit into the ten years after `begin`.
        """
        start = _utc(begin, "begin")
        if not 0 <= hours <= HORIZON / HOUR:
            raise ValueError(f"hours: {hours} is not from 0 to {HORIZON / HOUR:.0f}")
        left = timedelta(hours=hours)
        for opens, closes in self._spans(start, start + HORIZON):
            if left <= closes - opens:
                return opens + left
            left -= closes - opens
        raise ValueError(f"hours: {hours} of work do not fit into the ten years after begin")

    def between(self, begin: datetime, end: datetime) -> float:
        """Business hours from `begin` to `end`; 0 where `end` is not later."""
        spans = self._spans(_utc(begin, "begin"), _utc(end, "end"))
        return sum((closes - opens for opens, closes in spans), timedelta()) / HOUR

    def working_days(self, begin: datetime, days: float) -> datetime:
        """The instant (UTC) at which so many working days have passed since `begin`.

        The product requirements give SLAs in hours but mean days on which people work: "48 hours"
        is two working days, 16 business hours of an office week, and a report of Friday noon is
        due on Tuesday noon. A day counts as `workday_hours`, also where one is longer than another.
        """
        return self.after(begin, days * self.workday_hours)

    def works_on(self, day: date) -> bool:
        """Whether there is any working time on a day, in this calendar's zone."""
        return self.week[day.weekday()] is not None and day not in self.holidays

    def showing(self, day: date, wall: time) -> datetime:
        """The first instant (UTC) of a day at which the local clock shows that time or more."""
        return _first_showing(datetime.combine(day, wall, ZoneInfo(self.zone)))

    def _spans(self, begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The working time from `begin` to `end`: openings and closings in UTC, in order.

        A span may have no length, where `begin` is a closing or `end` an opening.
        """
        zone = ZoneInfo(self.zone)
        first = begin.astimezone(zone).date()
        # Three more than whole days: the first, the last, and one the date line may take away.
        for n in range((end - begin).days + 3):
            day = first + timedelta(days=n)
            hours = self.week[day.weekday()]
            if hours is None or day in self.holidays:
                continue
            opens, closes = self.showing(day, hours.begin), self.showing(day, hours.end)
            span = max(opens, begin), min(closes, end)
            # Clocks set forward may have skipped all of the day's hours.
            if opens < closes and span[0] <= span[1]:
                yield span


def _first_showing(wall: datetime) -> datetime:
    """The first instant (UTC) at which the clocks of its zone show `wall` or more.

    Where they show it twice that is the first time; where they skip it, the moment they are set
    forward. Never earlier for a later `wall`, so that spans can not overlap.
    """
    first = wall.replace(fold=0)
    late = first.astimezone(UTC)
    # Two datetimes with one tzinfo are compared by what their clocks show.
    if late.astimezone(wall.tzinfo) == first:
        return late
    early = wall.replace(fold=1).astimezone(UTC)
    seconds = bisect_left(
        range(int((late - early).total_seconds())),
        first,
        key=lambda s: (early + timedelta(seconds=s)).astimezone(wall.tzinfo),
    )
    return early + timedelta(seconds=seconds)


def _utc(moment: datetime, name: str) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError(f"{name}: {moment} has no time zone")
    return moment.astimezone(UTC)
