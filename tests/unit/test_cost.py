"""The page of what a month costs: complete, and of the same counts as the benchmark's table."""

import re
from pathlib import Path

import pytest

from tests.bench import cost, units
from tests.bench.price import Usage
from tests.bench.units import Cost, Measured

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def counted() -> Measured:
    """Round numbers in the place of what the benchmark counts."""
    step = Usage(read_units=20, write_units=10, cpu_seconds=0.01, memory_gb=1, invocations=1)
    mail = Usage(write_units=10, invocations=1, mails=2)
    report = Cost(step, step, step, step, mail, kept_bytes=4_000)
    by_tutors = {280: step, 1_400: step}
    clock = dict.fromkeys(units.STARTS_A_MONTH, step)
    return Measured(
        {200: report},
        {280: report},
        by_tutors,
        by_tutors,
        by_tutors,
        clock,
        step,
        step,
        report,
        report,
        {},
    )


def test_every_cause_of_a_month_is_explained(counted: Measured) -> None:
    assert cost.CAUSES.keys() == units.month(counted, 3_000).keys()


def test_what_is_paid_adds_up_to_the_month_and_stands_beside_the_estimate_once(
    counted: Measured,
) -> None:
    month = units.month(counted, 3_000)
    paid = units.by_paid(month)
    beside = [name for one in cost.ESTIMATES for name in one.paid_for]

    assert sum(paid.values()) == pytest.approx(units.total(month))
    assert sorted(beside) == sorted(paid)


def test_a_session_more_costs_more_and_a_person_looking_does_not_depend_on_it(
    counted: Measured,
) -> None:
    few, many = units.month(counted, 3_000), units.month(counted, 30_000)

    assert sum(many["mails"].values()) == pytest.approx(10 * sum(few["mails"].values()))
    assert many["looking"] == few["looking"]
    assert many[units.STANDING] == few[units.STANDING]


def test_a_mail_is_paid_for_each_manager(counted: Measured) -> None:
    assert units.month(counted, 3_000)["mails"]["SES"] == pytest.approx(90_000 * 2 * 0.0001)


def test_the_published_page_and_the_benchmark_are_of_one_run() -> None:
    page, benchmark = ((DOCS / name).read_text() for name in ("cost.md", "benchmark.md"))

    for a_day in units.SESSIONS_A_DAY:
        (dollars,) = re.findall(rf"a month at {a_day:,} sessions a day.*?\| \$([\d,]+):", benchmark)
        assert dollars in (f"{float(one.replace(',', '')):,.0f}" for one in _together(page))


def _together(page: str) -> list[str]:
    (line,) = re.findall(r"^\| \*\*together\*\* \| ([\d.,]+) \| ([\d.,]+) \| ([\d.,]+) \|$", page,
                         flags=re.MULTILINE)  # fmt: skip
    return list(line)
