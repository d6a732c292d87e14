"""CSV columns as lookups: text is made once for each distinct value and gathered by index.

A history of 630,000 sessions is 15 million cells; formatting them one by one takes a minute,
gathering fixed-width bytes and dropping the padding takes seconds.
"""

import gzip
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from events.world.state import Bools, Ints

type Table = npt.NDArray[np.bytes_]

SECONDS_A_DAY = 86_400
CHUNK_ROWS = 65_536


@dataclass(frozen=True)
class Column:
    """A named column; the text of row i is `table[codes[i]]` of every piece, joined."""

    name: str
    pieces: tuple[tuple[Table, npt.NDArray[np.integer]], ...]

    def __len__(self) -> int:
        return len(self.pieces[0][1])


def quoted(text: str) -> str:
    """One CSV field, quoted where RFC 4180 asks for it."""
    return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in ',"\n') else text


def _table(texts: Iterable[str]) -> Table:
    return np.array([quoted(text).encode() for text in texts], dtype=np.bytes_)


_FOUR_DIGITS = _table(f"{number:04d}" for number in range(10_000))
_TIME = _table(
    ["", *(f"T{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}Z" for s in range(SECONDS_A_DAY))]
)


def choice(name: str, texts: Sequence[str], code: Ints, where: Bools | None = None) -> Column:
    """One of a few texts, or nothing where `where` is false."""
    filled = code + 1 if where is None else np.where(where, code + 1, 0)
    return Column(name, ((_table(["", *texts]), filled),))


def whole(name: str, number: Ints, where: Bools | None = None) -> Column:
    """A whole number from 0 up."""
    most = int(number.max(initial=0))
    return choice(name, [str(value) for value in range(most + 1)], np.maximum(number, 0), where)


def hundredths(name: str, number: Ints, where: Bools | None = None) -> Column:
    """A decimal given in hundredths, written as short as it goes (85 is 0.85, 450 is 4.5)."""
    most = int(number.max(initial=0))
    texts = [f"{value / 100:g}" for value in range(most + 1)]
    return choice(name, texts, np.maximum(number, 0), where)


def truth(name: str, value: Bools, where: Bools | None = None) -> Column:
    """`true`, `false` or nothing."""
    return choice(name, ["false", "true"], value.astype(np.int64), where)


def identifier(name: str, prefix: str, number: Ints) -> Column:
    """The prefix and eight digits."""
    head = (_table([prefix]), np.zeros(len(number), dtype=np.int8))
    return Column(name, (head, (_FOUR_DIGITS, number // 10_000), (_FOUR_DIGITS, number % 10_000)))


def pair(name: str, prefix: str, first: Ints, second: Ints) -> Column:
    """The prefix, eight digits, a dash and four digits: the second within the first."""
    head = identifier(name, prefix, first).pieces
    dash = (_table(["-"]), np.zeros(len(first), dtype=np.int8))
    return Column(name, (*head, dash, (_FOUR_DIGITS, second)))


def instant(name: str, second: Ints, where: Bools | None = None) -> Column:
    """Seconds since 1970 as RFC 3339 in UTC."""
    given = np.ones(len(second), dtype=bool) if where is None else where
    day, time = second // SECONDS_A_DAY, second % SECONDS_A_DAY
    known = day[given]
    first, last = (int(known.min()), int(known.max())) if len(known) else (0, 0)
    dates = np.arange(first, last + 1).astype("datetime64[D]").astype(str)
    return Column(
        name,
        (
            (_table(["", *dates]), np.where(given, day - first + 1, 0)),
            (_TIME, np.where(given, time + 1, 0)),
        ),
    )


def twins(path: Path, *, compress: bool) -> tuple[Path, Path]:
    """The file to write and its stale twin, plain or gzipped, that must not stay beside it."""
    zipped = path.with_name(path.name + ".gz")
    return (zipped, path) if compress else (path, zipped)


def write_csv(path: Path, columns: Sequence[Column], *, compress: bool) -> int:
    """Write a CSV file, gzipped as `<path>.gz` on request; answers the number of rows."""
    rows = len(columns[0])
    path, other = twins(path, compress=compress)
    other.unlink(missing_ok=True)
    header = (",".join(column.name for column in columns) + "\n").encode()
    if not compress:
        with path.open("wb") as file:
            _write(file, header, columns, rows)
        return rows
    with (
        path.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", compresslevel=4, fileobj=raw, mtime=0) as file,
    ):
        _write(file, header, columns, rows)
    return rows


def _write(
    file: BinaryIO | gzip.GzipFile, header: bytes, columns: Sequence[Column], rows: int
) -> None:
    file.write(header)
    for start in range(0, rows, CHUNK_ROWS):
        file.write(_chunk(columns, slice(start, min(start + CHUNK_ROWS, rows))))


def _chunk(columns: Sequence[Column], rows: slice) -> bytes:
    count = rows.stop - rows.start
    blocks: list[npt.NDArray[np.uint8]] = []
    for position, column in enumerate(columns):
        for table, codes in column.pieces:
            blocks.append(table[codes[rows]].view(np.uint8).reshape(count, table.itemsize))
        sign = b"\n" if position == len(columns) - 1 else b","
        blocks.append(np.full((count, 1), sign[0], dtype=np.uint8))
    cells = np.concatenate(blocks, axis=1)
    text: bytes = cells[cells != 0].tobytes()
    return text
