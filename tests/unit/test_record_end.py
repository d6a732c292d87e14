"""Times at which a whole platform stood still."""

from collections.abc import Iterable
from datetime import date, timedelta

import pytest

from shared.ml.ledger import DAY, Ledger, instant, microseconds
from shared.ml.record_end import closures, known_until, usual_gap
from tests.builders import AS_OF, ago, completed, log

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
