"""What a part of the benchmark found: a titled table of figures, each with its goal and verdict."""

import re
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

COLUMNS = ("", "figure", "goal", "verdict")


class Verdict(StrEnum):
    """How a figure stands to its goal; empty where it has none."""

    MET = "met"
    MISSED = "MISSED"
    NONE = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure in words, and what was hoped for."""

    name: str
    figure: str
    goal: str = ""
    verdict: Verdict = Verdict.NONE


@dataclass(frozen=True, slots=True)
class Result:
    """One part's table; `notes` say how it was measured and what it rests on."""

    title: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    @property
    def missed(self) -> int:
        return sum(row.verdict is Verdict.MISSED for row in self.rows)


def under(name: str, value: float, goal: float, unit: str, *, shown: str | None = None) -> Row:
    """A figure that has to be below its goal."""
    verdict = Verdict.MET if value < goal else Verdict.MISSED
    return Row(name, shown or f"{value:,.3g} {unit}", f"< {goal:g} {unit}", verdict)


def at_least(name: str, value: float, goal: float) -> Row:
    """A score that has to be so high."""
    verdict = Verdict.MET if value >= goal else Verdict.MISSED
    return Row(name, f"{value:,.0f}", f"≥ {goal:g}", verdict)


def exactly(name: str, value: int, goal: int) -> Row:
    """A count that has to be this one."""
    verdict = Verdict.MET if value == goal else Verdict.MISSED
    return Row(name, f"{value:,}", f"{goal:,}", verdict)


def text(result: Result) -> str:
    """The table for a terminal."""
    cells = [COLUMNS, *(_cells(row) for row in result.rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(COLUMNS))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]
    notes = [f"  {note}" for note in result.notes]
    return "\n".join([f"\n{result.title}", "-" * len(result.title), *lines, *notes])


INTRODUCTION = (
    "# Benchmark\n\n"
    "Printed by `make bench`, kept by `make bench PART='--write docs/benchmark.md'` (of some parts "
    "alone: `PART='--write docs/benchmark.md churn mail'`); `tests/bench/` says how each figure is "
    "measured. Where the load is above 2 other work ran on the same cores: then compare counts and "
    "processor times rather than seconds.\n"
)


def markdown(result: Result, about: str) -> str:
    """The section for the documentation; `about` says what it was measured on."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "|---" * len(COLUMNS) + "|"]
    lines += ["| " + " | ".join(_cells(row)) + " |" for row in result.rows]
    notes = (f"{note}\n" for note in (*result.notes, about))
    return "\n".join([f"## {result.title}", "", *notes, *lines, ""])


def kept(document: str, section: str) -> str:
    """A document with a section in the place of the one of its title, or at the end."""
    title = section.partition("\n")[0]
    _, *sections = re.split(r"^(?=## )", document, flags=re.MULTILINE)
    sections = [f"{each.rstrip()}\n" for each in sections]
    titles = [each.partition("\n")[0] for each in sections]
    if title in titles:
        sections[titles.index(title)] = section
    else:
        sections.append(section)
    return "\n".join((INTRODUCTION, *sections))


def best(once: Callable[[], object], times: int) -> float:
    """Processor seconds of the fastest of several runs: what it takes when nobody disturbs it."""
    return min(_timed(once) for _ in range(times))


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def _timed(once: Callable[[], object]) -> float:
    began = time.process_time()
    once()
    return time.process_time() - began


def _cells(row: Row) -> tuple[str, str, str, str]:
    return (row.name, row.figure, row.goal, row.verdict.value)
