"""CSV files record by record, plain or gzipped; a record that cannot be read spoils no other."""

import csv
import gzip
import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MOST_LINES = 200
"""A quote still open after so many lines is a mistake in the first of them."""


class DamagedFileError(ValueError):
    """A file that was cut off or altered: what is missing of it can not be told."""


class TwoFilesError(ValueError):
    """A folder holds a file both plain and gzipped, and nobody says which one counts."""


@dataclass(frozen=True, slots=True)
class Record:
    """The cells of a record that begins on that line; `fault` says why there are none.

    `ended` is whether a line end follows: a file that was cut off has none after its last record.
    """

    line: int
    cells: list[str]
    fault: str | None = None
    ended: bool = True


def find(folder: Path, name: str) -> Path | None:
    """`<name>.csv` or `<name>.csv.gz` of a folder; None where there is neither.

    Raises TwoFilesError where there are both.
    """
    plain, packed = folder / f"{name}.csv", folder / f"{name}.csv.gz"
    found = [path for path in (plain, packed) if path.is_file()]
    if len(found) > 1:
        raise TwoFilesError(
            f"{folder} holds both {plain.name} and {packed.name}: only one of them can count"
        )
    return found[0] if found else None


def records(path: Path) -> Iterator[Record]:
    """All records but empty lines; line numbers count from 1.

    Bytes that are not UTF-8 become lone surrogates, which no checked text may hold. Raises
    DamagedFileError.
    """
    lines = _lines(path)
    unread: deque[Record] = deque()
    while (first := _next(lines, unread)) is not None:
        if first.cells[0].strip("\r\n"):
            yield _record(first, lines, unread)


def _record(first: Record, lines: Iterator[Record], unread: deque[Record]) -> Record:
    """The record beginning with a line, and the lines that its quoted cells go on over."""
    taken: list[Record] = []
    text = first.cells[0]
    while True:
        ended = (taken[-1] if taken else first).ended
        try:
            return Record(first.line, next(csv.reader((text,), strict=True)), ended=ended)
        except csv.Error as error:
            open_quote = "unexpected end of data" in str(error)
            more = _next(lines, unread) if open_quote and len(taken) < MOST_LINES else None
            if more is None:
                unread.extendleft(reversed(taken))
                said = "a quote is opened and never closed" if open_quote else str(error)
                return Record(first.line, [], said, first.ended)
            taken.append(more)
            text += more.cells[0]


def _next(lines: Iterator[Record], unread: deque[Record]) -> Record | None:
    return unread.popleft() if unread else next(lines, None)


def _lines(path: Path) -> Iterator[Record]:
    """The physical lines, each as a record of one cell."""
    opened = gzip.open if path.suffix == ".gz" else open
    number = 0
    with opened(path, "rt", encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        try:
            for number, line in enumerate(file, 1):
                yield Record(number, [line], ended=line.endswith(("\n", "\r")))
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            said = f"{path.name} is damaged from line {number + 1} on ({error})"
            raise DamagedFileError(said) from error
