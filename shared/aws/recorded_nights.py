"""The nights on record of all tutors at work: what a dry run asks."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from itertools import batched

from shared.aws.scorecard_table import ScorecardTable
from shared.domain.dry_run import Nights
from shared.domain.tutor import TutorStatus
from shared.domain.tutor_row import TutorRow

AT_ONCE = 64
"""Tutors whose nights are held in memory: half a year of one is a few hundred kilobytes."""


def nights_of_all(cards: ScorecardTable, last: date, count: int, threads: int) -> Iterator[Nights]:
    """The last so many nights of each tutor at work today, read by several threads at once."""
    rows = (row for row in cards.rows() if TutorStatus(row.status).at_work)
    first = last - timedelta(days=count - 1)

    def nights(row: TutorRow) -> Nights:
        return Nights(row.tutor_id, cards.days(row.tutor_id, first, last), row.onboarding_date)

    with ThreadPoolExecutor(threads) as readers:
        for some in batched(rows, AT_ONCE, strict=False):
            yield from readers.map(nights, some)
