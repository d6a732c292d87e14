"""Business hours add up, run forward, and pass only at work, in every zone and season."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.business_hours import HOUR, Calendar, Hours

ZONES = (
    "UTC",
    "America/Chicago",
    "Europe/Berlin",
    "America/Sao_Paulo",  # clocks were set at midnight
    "America/St_Johns",  # and here a minute past it, back into the day before
    "Australia/Lord_Howe",  # by half an hour
    "Asia/Kathmandu",
    "Pacific/Apia",  # skipped 30 December 2011, a Friday
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
)
FIRST, LAST = date(2011, 1, 1), date(2027, 1, 1)
SECOND, QUARTER = timedelta(seconds=1), timedelta(minutes=15)
# Half of all moments lie around a day on which clocks are set, or the date line moves.
CHANGES = (
    datetime(2011, 12, 30, tzinfo=UTC),
    datetime(2011, 11, 6, tzinfo=UTC),
    datetime(2018, 11, 4, tzinfo=UTC),
    datetime(2026, 3, 8, tzinfo=UTC),
    datetime(2026, 3, 29, tzinfo=UTC),
    datetime(2026, 4, 5, tzinfo=UTC),
    datetime(2026, 10, 25, tzinfo=UTC),
    datetime(2026, 11, 1, tzinfo=UTC),
)


@st.composite
def hours_of_a_day(draw: st.DrawFn, first: int = 0, last: int = 95) -> Hours:
    """From one quarter of an hour of the day to a later one."""
    begin = draw(st.integers(first, last - 1))
    end = draw(st.integers(begin + 1, last))
    return Hours(time(begin // 4, begin % 4 * 15), time(end // 4, end % 4 * 15))


def calendars(day: st.SearchStrategy[Hours]) -> st.SearchStrategy[Calendar]:
    week = st.tuples(*[st.none() | day] * 7)
    near_a_change = st.builds(
        lambda change, days: change.date() + timedelta(days=days),
        st.sampled_from(CHANGES),
        st.integers(-3, 7),
    )
    days_off = st.frozensets(near_a_change | st.dates(FIRST, LAST), max_size=20)
    return st.builds(Calendar, st.sampled_from(ZONES), week.filter(any), days_off)


NEAR_A_CHANGE = st.builds(
    lambda change, seconds: change + seconds * SECOND,
    st.sampled_from(CHANGES),
    st.integers(-3 * 86_400, 2 * 86_400),
)
SOME_TIME = st.integers(0, 16 * 365 * 86_400).map(
    lambda seconds: datetime(2011, 1, 1, tzinfo=UTC) + seconds * SECOND
)
MOMENTS = NEAR_A_CHANGE | SOME_TIME
ANY_CALENDAR = calendars(hours_of_a_day())
# Between 05:00 and 23:00 none of these clocks is set: what they show is enough to tell.
DAYTIME_CALENDAR = calendars(hours_of_a_day(5 * 4, 23 * 4))
DURATIONS = st.integers(0, 40 * 3_600).map(lambda seconds: seconds * SECOND / HOUR)


@given(calendar=ANY_CALENDAR, begin=MOMENTS, hours=DURATIONS)
def test_as_much_has_passed_as_was_waited_for(
    calendar: Calendar, begin: datetime, hours: float
) -> None:
    assert abs(calendar.between(begin, calendar.after(begin, hours)) - hours) * 3_600 < 1e-6


@given(calendar=ANY_CALENDAR, begin=MOMENTS, one=DURATIONS, other=DURATIONS)
def test_waiting_twice_is_waiting_for_the_sum(
    calendar: Calendar, begin: datetime, one: float, other: float
) -> None:
    assert calendar.after(calendar.after(begin, one), other) == calendar.after(begin, one + other)


@given(
    calendar=ANY_CALENDAR,
    begin=MOMENTS,
    one=st.integers(0, 30 * 86_400),
    other=st.integers(0, 30 * 86_400),
)
def test_what_passes_is_the_sum_of_its_parts(
    calendar: Calendar, begin: datetime, one: int, other: int
) -> None:
    middle, end = begin + one * SECOND, begin + (one + other) * SECOND

    parts = calendar.between(begin, middle) + calendar.between(middle, end)

    assert abs(parts - calendar.between(begin, end)) * 3_600 < 1e-6


@given(
    calendar=ANY_CALENDAR,
    begin=MOMENTS,
    later=st.integers(0, 5 * 86_400),
    hours=DURATIONS,
    more=DURATIONS,
)
def test_who_begins_later_or_waits_longer_is_never_sooner(
    calendar: Calendar, begin: datetime, later: int, hours: float, more: float
) -> None:
    due = calendar.after(begin, hours)

    assert due <= calendar.after(begin + later * SECOND, hours)
    assert due <= calendar.after(begin, hours + more)
    assert due >= begin


@given(calendar=DAYTIME_CALENDAR, begin=MOMENTS, hours=DURATIONS)
def test_a_deadline_is_at_work(calendar: Calendar, begin: datetime, hours: float) -> None:
    due = calendar.after(begin, hours).astimezone(ZoneInfo(calendar.zone))

    at_work = calendar.week[due.weekday()]
    assert due.date() not in calendar.holidays
    assert at_work is not None
    assert at_work.begin <= due.time() <= at_work.end


@given(
    calendar=DAYTIME_CALENDAR,
    begin=MOMENTS,
    quarters=st.integers(0, 12 * 96),
)
def test_as_much_passes_as_a_look_at_the_clock_each_quarter_counts(
    calendar: Calendar, begin: datetime, quarters: int
) -> None:
    start = begin.replace(minute=0, second=0)
    looks = [start + n * QUARTER for n in range(quarters)]

    counted = sum(_working(calendar, look) for look in looks) * QUARTER / HOUR

    assert calendar.between(start, start + quarters * QUARTER) == counted


def _working(calendar: Calendar, moment: datetime) -> bool:
    shown = moment.astimezone(ZoneInfo(calendar.zone))
    hours = calendar.week[shown.weekday()]
    return (
        hours is not None
        and shown.date() not in calendar.holidays
        and hours.begin <= shown.time() < hours.end
    )
