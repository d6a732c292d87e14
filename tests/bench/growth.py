"""What grows and what does not, from demo to full to x10: counted work, so that it is exact."""

from collections.abc import Iterator

from tests.bench import price, read, units
from tests.bench.result import Result, Row, Verdict

FLAT = 1.1
NOTES = (
    "Demo, full and x10 are 280, 1,400 and 14,000 tutors; `x` is the largest against the smallest."
    " Reads are counted up to 5,000.",
)


def run(quick: bool) -> Result:
    """The ratios of what `units` and `read` counted."""
    found = units.measure(quick)
    counts = read.counted(read.SIZES[:2] if quick else read.SIZES)
    rows = [
        _row("units a report", {n: units.units(c) for n, c in found.by_tutors.items()}),
        *(
            _row(
                f"items for: {question.name}",
                {n: c[question.name].items for n, c in counts.items()},
            )
            for question in read.QUESTIONS
            if not question.filtered
        ),
        _row("summary, RRU a minute and tutor", _each(found.summary)),
        _row("roll_windows, RRU a night and tutor", _each(found.night)),
        *_sweep(found),
        _row("dollars a million sessions, clock included", _dollars(found)),
    ]
    return Result("Growth", tuple(rows), NOTES)


def _each(by_tutors: dict[int, price.Usage]) -> dict[int, float]:
    return {tutors: usage.read_units / tutors for tutors, usage in by_tutors.items()}


def _sweep(found: units.Measured) -> Iterator[Row]:
    yield _row("sweep, RRU a minute", {n: usage.read_units for n, usage in found.sweep.items()})


def _dollars(found: units.Measured) -> dict[int, float]:
    """What a month costs, by a million of its sessions."""
    return {
        a_day: 1e6 * units.running(units.month(found, a_day)) / (a_day * price.DAYS_A_MONTH)
        for a_day in units.SESSIONS_A_DAY
    }


def _row(name: str, by_size: dict[int, float]) -> Row:
    first, *_, last = by_size.values()
    ratio = last / first if first else 1.0
    shown = ", ".join(f"{value:.4g}" for value in by_size.values())
    sizes = "/".join(f"{size:,}" for size in by_size)
    verdict = Verdict.MET if ratio < FLAT else Verdict.MISSED
    return Row(f"{name} at {sizes}", f"{shown} (× {ratio:.2f})", f"< × {FLAT}", verdict)
