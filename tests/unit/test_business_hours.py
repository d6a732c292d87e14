"""Deadlines in business hours: evenings, weekends, holidays, and the days clocks are set."""

from datetime import UTC, date, datetime, time, timedelta
from math import inf, nan
from zoneinfo import ZoneInfo

import pytest

from shared.domain.business_hours import Calendar, Hours

CHICAGO = Calendar("America/Chicago")
WEEKEND_NIGHTS = (*(None,) * 5, Hours(time(1), time(4)), Hours(time(1), time(4)))


def local(told: str, zone: str = "America/Chicago") -> datetime:
    """A moment as the wall clock shows it, the first time it does."""
    return datetime.fromisoformat(told).replace(tzinfo=ZoneInfo(zone))


def utc(told: str) -> datetime:
    return datetime.fromisoformat(told).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("begin", "hours", "due"),
    [
        pytest.param("2026-06-03 10:00", 2, "2026-06-03 12:00", id="within a day"),
        pytest.param("2026-06-03 10:00", 7, "2026-06-03 17:00", id="up to the closing"),
        pytest.param("2026-06-03 10:00", 7.25, "2026-06-04 09:15", id="beyond the closing"),
        pytest.param("2026-06-03 05:00", 1, "2026-06-03 10:00", id="from before the opening"),
        pytest.param("2026-06-03 22:00", 1, "2026-06-04 10:00", id="from the evening"),
        pytest.param("2026-06-05 16:00", 2, "2026-06-08 10:00", id="over the weekend"),
        pytest.param("2026-06-06 12:00", 1, "2026-06-08 10:00", id="from the weekend"),
        pytest.param("2026-06-03 09:00", 400, "2026-08-11 17:00", id="ten weeks"),
        pytest.param("2026-06-03 10:00", 0, "2026-06-03 10:00", id="nothing, at work"),
        pytest.param("2026-06-03 09:00", 0, "2026-06-03 09:00", id="nothing, at the opening"),
        pytest.param("2026-06-05 17:00", 0, "2026-06-05 17:00", id="nothing, at the closing"),
        pytest.param("2026-06-05 17:01", 0, "2026-06-08 09:00", id="nothing, after work"),
    ],
)
def test_business_hours_pass_only_at_work(begin: str, hours: float, due: str) -> None:
    assert CHICAGO.after(local(begin), hours) == local(due)
    assert CHICAGO.between(local(begin), local(due)) == hours


def test_a_holiday_is_skipped() -> None:
    """Thanksgiving and the day after; nobody works again before Monday."""
    calendar = Calendar(
        "America/Chicago", holidays=frozenset({date(2026, 11, 26), date(2026, 11, 27)})
    )

    assert calendar.after(local("2026-11-25 16:00"), 2) == local("2026-11-30 10:00")
    assert calendar.between(local("2026-11-26 00:00"), local("2026-11-29 00:00")) == 0


def test_a_holiday_is_a_day_of_the_calendars_zone() -> None:
    """When Auckland's New Year's Day ends it has only begun in London."""
    auckland = Calendar("Pacific/Auckland", holidays=frozenset({date(2026, 1, 1)}))

    assert auckland.after(utc("2025-12-31 12:00"), 0) == local("2026-01-02 09:00", auckland.zone)
    assert auckland.after(utc("2026-01-01 21:00"), 0) == utc("2026-01-01 21:00")


@pytest.mark.parametrize(
    ("begin", "due"),
    [
        pytest.param("2026-03-06T22:00:00", "2026-03-09T15:00:00", id="spring, Chicago"),
        pytest.param("2026-10-30T21:00:00", "2026-11-02T16:00:00", id="autumn, Chicago"),
    ],
)
def test_local_hours_stay_when_clocks_are_set(begin: str, due: str) -> None:
    """From Friday 16:00 to Monday 10:00 by the clock, before and after."""
    assert CHICAGO.after(utc(begin), 2) == utc(due)
    assert CHICAGO.between(utc(begin), utc(due)) == 2


@pytest.mark.parametrize(
    ("night", "hours"),
    [("2026-03-08", 2), ("2026-11-01", 4), ("2026-11-08", 3)],
    ids=["spring", "autumn", "any other"],
)
def test_at_work_while_clocks_are_set_time_passes_as_it_does(night: str, hours: float) -> None:
    """Sunday 01:00 to 04:00; the clock jumps over an hour in spring, shows one twice in autumn."""
    calendar = Calendar("America/Chicago", WEEKEND_NIGHTS)
    opens, closes = local(f"{night} 01:00"), local(f"{night} 04:00")

    assert calendar.between(local(f"{night} 00:00"), local(f"{night} 09:00")) == hours
    assert calendar.after(opens, hours) == closes
    assert calendar.after(opens, 1) == opens.astimezone(UTC) + timedelta(hours=1)


@pytest.mark.parametrize(
    ("begin", "end", "hours"),
    [
        pytest.param("02:30", "04:00", 1, id="opening skipped"),
        pytest.param("01:00", "02:30", 1, id="closing skipped"),
        pytest.param("02:10", "02:50", 0, id="both skipped"),
    ],
)
def test_hours_the_clock_skips_are_not_worked(begin: str, end: str, hours: float) -> None:
    sunday = Hours(time.fromisoformat(begin), time.fromisoformat(end))
    calendar = Calendar("America/Chicago", (*(None,) * 6, sunday))
    midnight, noon = local("2026-03-08 00:00"), local("2026-03-08 12:00")

    assert calendar.between(midnight, noon) == hours
    assert (calendar.after(midnight, 0) < noon) == (hours > 0)


def test_the_day_samoa_skipped_was_not_worked() -> None:
    """Thursday 29 December 2011 was followed by Saturday; on Monday work went on."""
    samoa = Calendar("Pacific/Apia")
    thursday = local("2011-12-29 16:00", samoa.zone)

    assert samoa.after(thursday, 2) == local("2012-01-02 10:00", samoa.zone)
    assert samoa.between(thursday, local("2012-01-02 10:00", samoa.zone)) == 2
    assert samoa.after(local("2011-12-29 18:00", samoa.zone), 0) == local(
        "2012-01-02 09:00", samoa.zone
    )


def test_an_instant_is_one_whatever_zone_it_is_told_in() -> None:
    chicago, berlin = local("2026-06-05 16:00"), local("2026-06-05 23:00", "Europe/Berlin")

    assert CHICAGO.after(chicago, 2) == CHICAGO.after(berlin, 2)
    assert CHICAGO.after(berlin, 2).tzinfo is UTC


def test_nothing_passes_backwards() -> None:
    assert CHICAGO.between(local("2026-06-03 12:00"), local("2026-06-03 10:00")) == 0
    assert CHICAGO.between(local("2026-06-03 12:00"), local("2026-06-03 12:00")) == 0


def test_48_hours_of_the_requirements_are_two_working_days() -> None:
    friday_noon = local("2026-06-05 12:00")

    assert CHICAGO.working_days(friday_noon, 48 / 24) == local("2026-06-09 12:00")
    assert CHICAGO.working_days(friday_noon, 2) == CHICAGO.after(friday_noon, 16)


def test_a_working_day_is_the_mean_of_those_worked() -> None:
    part_time = Calendar("Europe/Berlin", (Hours(), Hours(time(8, 30), time(12, 30)), *(None,) * 5))

    assert part_time.workday_hours == 6
    assert part_time.working_days(local("2026-06-01 09:00", part_time.zone), 2) == local(
        "2026-06-02 12:30", part_time.zone
    )


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "America", "../etc/passwd", "zone.tab"])
def test_a_zone_is_one_of_iana(zone: str) -> None:
    with pytest.raises(ValueError, match=r"^zone: "):
        Calendar(zone)


@pytest.mark.parametrize("end", [time(9), time(8), time(0)])
def test_hours_end_after_they_begin(end: time) -> None:
    with pytest.raises(ValueError, match=r"^end: .* is not after begin, 09:00"):
        Hours(time(9), end)


def test_hours_have_no_zone_of_their_own() -> None:
    with pytest.raises(ValueError, match=r"^begin: "):
        Hours(time(9, tzinfo=UTC), time(17, tzinfo=UTC))


@pytest.mark.parametrize("days", [0, 5, 8])
def test_a_week_has_seven_days(days: int) -> None:
    with pytest.raises(ValueError, match=rf"^week: {days} days"):
        Calendar("UTC", (Hours(),) * days)


def test_somebody_must_work_some_day() -> None:
    with pytest.raises(ValueError, match=r"^week: no working time"):
        Calendar("UTC", (None,) * 7)


def test_a_moment_is_no_holiday() -> None:
    with pytest.raises(ValueError, match=r"^holidays: "):
        Calendar("UTC", holidays=frozenset({utc("2026-12-25 00:00")}))


@pytest.mark.parametrize("hours", [-1, -1e-9, nan, inf, 1e9])
def test_hours_that_nobody_can_wait_are_refused(hours: float) -> None:
    with pytest.raises(ValueError, match=r"^hours: "):
        CHICAGO.after(local("2026-06-03 10:00"), hours)


def test_ten_years_of_holidays_end_the_search() -> None:
    begin = date(2026, 1, 1)
    closed = Calendar("UTC", holidays=frozenset(begin + timedelta(days=n) for n in range(3_700)))

    with pytest.raises(ValueError, match=r"^hours: .* ten years"):
        closed.after(utc("2026-01-01 00:00"), 1)


def test_a_moment_without_a_zone_is_refused() -> None:
    naive = local("2026-06-03 10:00").replace(tzinfo=None)

    with pytest.raises(ValueError, match=r"^begin: "):
        CHICAGO.after(naive, 1)
    with pytest.raises(ValueError, match=r"^end: "):
        CHICAGO.between(local("2026-06-03 10:00"), naive)
