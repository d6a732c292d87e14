"""The nights on record of all tutors at work: what a dry run asks."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from itertools import batched

from shared.aws.key import shard
from shared.aws.scorecard_table import ScorecardTable
from shared.domain.dry_run import Nights
from shared.domain.tutor import TutorStatus
from shared.domain.tutor_row import TutorRow

AT_ONCE = 16
"""Tutors whose nights are held in memory: half a year of one is a few hundred kilobytes."""


def tutors_at_work(cards: ScorecardTable) -> list[TutorRow]:
    """Everybody at work today, shuffled, always alike: the first of them are a fair sample."""
    rows = (row for row in cards.rows() if TutorStatus(row.status).at_work)
    return sorted(rows, key=lambda row: shard(row.tutor_id, 2**32))


def recorded_nights(
    cards: ScorecardTable, rows: Iterable[TutorRow], last: date, count: int, threads: int
) -> Iterator[Nights]:
    """The last so many nights of each tutor, in that order, read by several threads at once."""
    first = last - timedelta(days=count - 1)

    def nights(row: TutorRow) -> Nights:
        return Nights(row.tutor_id, cards.days(row.tutor_id, first, last), row.onboarding_date)

    with ThreadPoolExecutor(threads) as readers:
        for some in batched(rows, AT_ONCE, strict=False):
            yield from readers.map(nights, some)
