"""Tutor-moments to learn from or to test on: features, and what came after."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np

from shared.ml.features import Floats, Matrix, Space, features
from shared.ml.labels import Bools, Labels, at_work, certain_until, labels
from shared.ml.ledger import DAY, NEVER, NO_SPANS, Ints, Ledger

WARM_UP_DAYS: Final = 14
"""Moments nearer to the beginning of a history know too little of anybody."""


@dataclass(frozen=True, slots=True)
class Sample(Labels):
    """Rows of tutors at work, ordered by tutor, then time; `tutor` numbers those in `names`."""

    matrix: Matrix
    tutor: Ints
    names: tuple[str, ...]
    space: Space

    def __len__(self) -> int:
        return len(self.at)

    def take(self, rows: Bools | Ints) -> "Sample":
        """Some of the rows."""
        arrays = {
            field.name: getattr(self, field.name)[rows]
            for field in fields(self)
            if field.name in ("matrix", "at", "tutor", "ahead", "kind")
        }
        return replace(self, **arrays)

    def at_risk(self, after: int, within: int) -> Bools:
        """Rows for the stage (after, within]: still there at its begin, its end certain."""
        return (self.ahead > after * DAY) & self.closed(within)

    def label(self, days: int) -> Floats:
        """1 for those who left, 0 for the others."""
        return self.leaves_within(days).astype(float)


def sample(ledgers: Mapping[str, Ledger], moments: Ints, space: Space, end: int) -> Sample:
    """Every tutor at work at each of the moments (microseconds, ascending)."""
    still = next((ledger.still for ledger in ledgers.values()), NO_SPANS)
    names = tuple(sorted(ledgers))
    parts = []
    for number, name in enumerate(names):
        ledger = ledgers[name]
        here = moments[at_work(ledger, moments)]
        if len(here):
            found = labels(ledger, here, end)
            parts.append((features(ledger, here, space), here, np.full(len(here), number),
                          found.ahead, found.kind))  # fmt: skip
    width = len(space.features)
    nothing = np.zeros(0, np.int64)
    empty = (np.zeros((0, width), np.float32), nothing, nothing, nothing, nothing)
    matrix, at, tutor, ahead, kind = (
        np.concatenate(column) for column in zip(empty, *parts, strict=True)
    )
    certain = certain_until(still, end)
    return Sample(at, ahead, kind, end, certain, matrix, tutor, names, space)


def midnights(first: int, last: int, stride: int = 1) -> Ints:
    """The midnights in [first, last], every so many days, the last one among them."""
    begin, end = -(-first // DAY), last // DAY
    days = np.arange(end, begin - 1, -stride, dtype=np.int64)[::-1]
    return days * DAY


def first_seen(ledgers: Mapping[str, Ledger]) -> int:
    """When the first thing happened; NEVER if nothing did."""
    began = (int(ledger.seen[0]) for ledger in ledgers.values() if len(ledger.seen))
    return min(began, default=NEVER)


def days_at_work(ledgers: Mapping[str, Ledger], moments: Ints) -> int:
    """How many rows a sample of these moments would have."""
    return sum(int(at_work(ledger, moments).sum()) for ledger in ledgers.values())
