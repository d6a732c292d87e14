"""Until when the records reach, and times at which a whole platform stood still."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

import pytest

from shared.ml.ledger import DAY, Ledger, instant, microseconds
from shared.ml.record_end import (
    closures,
    known_at,
    known_until,
    left_out,
    record_end,
    usual_gap,
)
from tests.builders import AS_OF, ago, completed, event, log

NOW = microseconds(AS_OF)


def teaching(days: Iterable[int], tutors: int = 5) -> dict[str, Ledger]:
    """Tutors who all teach on the same days, counted back."""
    told = Ledger.of(log(*(completed(ago(day), session_id=f"s-{day}") for day in days)))
    return {f"t-{days}-{number}": told for number in range(tutors)}


def platform(*away: int, tutors: int = 5) -> dict[str, Ledger]:
    """Teaching daily for 200 days, but for the days given."""
    return teaching([day for day in range(200) if day not in away], tutors)


def closed(ledgers: dict[str, Ledger]) -> list[tuple[date, date]]:
    found = closures(ledgers, NOW)
    return [(instant(first * DAY).date(), instant(last * DAY).date()) for first, last in found]


def day(back: int) -> date:
    return (AS_OF - timedelta(days=back)).date()


# --- until when they reach ---


def reach(ledgers: dict[str, Ledger], now: datetime = AS_OF) -> tuple[int, int, int] | None:
    """Days before AS_OF on which the records end, and how many sessions lie beyond and ahead."""
    found = record_end(ledgers, now)
    return ((NOW - found.at) // DAY, found.beyond, found.ahead) if found else None


def test_sessions_that_have_not_happened_yet_do_not_move_the_end() -> None:
    week_of_2036 = teaching(range(-3400, -3405, -1), tutors=1)

    assert reach(platform() | week_of_2036) == (0, 0, 5)


def test_a_session_of_the_next_hours_is_a_clock_that_differs() -> None:
    assert reach(platform() | teaching([-1], tutors=5)) == (-1, 0, 0)
    assert reach(platform() | teaching([-2], tutors=5)) == (0, 0, 5)


def test_a_few_sessions_long_after_the_last_do_not_move_the_end() -> None:
    long_ago = teaching(range(900, 500, -1))

    assert reach(long_ago | teaching(range(5, 0, -1), tutors=1)) == (501, 5, 0)


def test_strays_over_several_years_do_not_make_up_for_each_other() -> None:
    long_ago = teaching(range(2000, 1800, -1))
    strays = teaching([1500, 1499, 1000, 999, 500, 3], tutors=1)

    assert reach(long_ago | strays) == (1801, 6, 0)


@pytest.mark.parametrize(("days_back", "ends"), [(27, 100), (28, 0)])
def test_a_platform_that_opens_again_counts_after_four_usual_weeks(
    days_back: int, ends: int
) -> None:
    found = reach(teaching(range(300, 99, -1)) | teaching(range(days_back - 1, -1, -1)))

    assert found is not None
    assert found[0] == ends


def test_a_closed_summer_of_two_months_cuts_nothing_off() -> None:
    assert reach(teaching([*range(300, 59, -1), 0])) == (0, 0, 0)


def test_who_has_only_taught_in_the_future_has_no_records() -> None:
    assert record_end(teaching([-400]), AS_OF) is None


def test_what_is_left_out_is_told() -> None:
    ledgers = platform() | teaching([-400], tutors=2)
    end = record_end(ledgers, AS_OF)
    logs = {"t-7": log(event("login", ago(-30)), event("login", ago(3)))}

    assert end is not None
    assert list(left_out(logs, end, AS_OF)) == [
        "2 sessions and 1 event dated later than this run (20 November 2026) were left out."
    ]


def test_of_records_without_strays_nothing_is_told() -> None:
    end = record_end(platform(), AS_OF)

    assert end is not None
    assert list(left_out({}, end, AS_OF)) == []


# --- closures ---


@pytest.mark.parametrize(("length", "stood_still"), [(14, False), (15, True), (80, True)])
def test_a_closure_is_longer_than_a_silence_that_counts(length: int, stood_still: bool) -> None:
    away = range(40, 40 + length)

    found = closed(platform(*away))

    assert found == ([(day(39 + length), day(40))] if stood_still else [])


@pytest.mark.parametrize(("tutors", "stood_still"), [(2, False), (3, True)])
def test_where_few_teach_quiet_weeks_are_no_closure(tutors: int, stood_still: bool) -> None:
    found = closed(platform(*range(40, 60), tutors=tutors))

    assert bool(found) is stood_still


def test_quiet_weeks_of_years_ago_are_not_held_against_what_a_platform_grew_to() -> None:
    early = teaching(range(600, 200, -20), tutors=2)

    assert closed(early | platform(tutors=40)) == []


def test_a_platform_that_shrinks_slowly_is_not_closed() -> None:
    leaving = [teaching(range(400, number * 10, -1), tutors=1) for number in range(40)]

    assert closed({name: told for each in leaving for name, told in each.items()}) == []


@pytest.mark.parametrize(("shrunk_for", "stood_still"), [(60, True), (61, False)])
def test_a_platform_that_goes_on_small_has_lost_its_tutors_and_is_not_closed(
    shrunk_for: int, stood_still: bool
) -> None:
    """Of forty a day three go on; in two months at the latest they are what the platform is."""
    stayed = teaching(range(200), tutors=3)
    gone = teaching(range(shrunk_for, 200), tutors=37)

    assert (closed(stayed | gone) != []) == stood_still


def test_a_platform_that_rests_on_weekends_is_not_closed() -> None:
    assert closed(platform(*(day for day in range(200) if day % 7 in (0, 1)))) == []


def test_one_day_in_the_middle_does_not_make_two_closures() -> None:
    away = [day for day in range(40, 61) if day != 50]

    assert closed(platform(*away)) == [(day(60), day(40))]


def test_two_closures_with_a_month_between_are_two() -> None:
    away = (*range(40, 60), *range(90, 110))

    assert closed(platform(*away)) == [(day(109), day(90)), (day(59), day(40))]


def test_nobody_taught_at_all() -> None:
    assert closures({}, NOW) == []


def test_a_closure_that_lasts_is_one() -> None:
    ledgers = platform(*range(20))

    assert closed(ledgers) == [(day(19), day(1))]
    assert closures(ledgers, NOW - 6 * DAY) == []


def test_what_was_known_of_a_closure_while_it_lasted() -> None:
    """After a fortnight that it is one, and never how long it was to last."""
    ledgers = platform(*range(40, 70))

    early, late, after = (known_at(ledgers, NOW - back * DAY) for back in (56, 50, 0))

    assert [spans(each) for each in (early, late, after)] == [[], [(69, 50)], [(69, 39)]]


def spans(ledgers: dict[str, Ledger]) -> list[tuple[int, int]]:
    """Days before AS_OF at whose beginning a standstill began and ended; all tutors share it."""
    (found,) = {tuple(map(tuple, ledger.still)) for ledger in ledgers.values()}
    return [
        (int(NOW - begin) // DAY, int(NOW - end) // DAY) for begin, end in zip(*found, strict=True)
    ]


# --- how long it is used to be quiet ---


def test_who_teaches_daily_is_used_to_a_day() -> None:
    assert usual_gap(platform(), NOW) == 1


def test_who_rests_on_weekends_is_used_to_three_days() -> None:
    weekends = [day for day in range(200) if day % 7 in (0, 1)]

    assert usual_gap(platform(*weekends), NOW) == 3


def test_one_long_holiday_is_not_what_is_usual() -> None:
    assert usual_gap(platform(*range(40, 60)), NOW) == 1


def test_gaps_of_more_than_a_year_ago_are_forgotten() -> None:
    assert usual_gap(teaching(range(900, 400, -10)) | platform(), NOW) == 1


def test_of_nobody_nothing_is_known() -> None:
    assert usual_gap({}, NOW) == 1


# --- how long after their end it may be asked what the records know ---


@pytest.mark.parametrize(
    ("quiet", "usual", "known"),
    [
        pytest.param(-3, 1, "asked", id="before the end"),
        pytest.param(1, 1, "asked", id="the next day"),
        pytest.param(3, 3, "asked", id="over a weekend where that is usual"),
        pytest.param(3, 1, "the end", id="over a weekend where nobody rests"),
        pytest.param(14, 1, "the end", id="a fortnight"),
        pytest.param(15, 1, None, id="longer than a silence that counts"),
        pytest.param(20, 20, "asked", id="longer, but usual"),
        pytest.param(21, 20, None, id="longer than is usual"),
    ],
)
def test_what_is_known_after_a_quiet_time(quiet: int, usual: int, known: str | None) -> None:
    asked = AS_OF + timedelta(days=quiet)

    found = known_until(asked, NOW, usual)

    assert found == {"asked": asked, "the end": AS_OF, None: None}[known]
