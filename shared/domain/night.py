"""Nights gone by, recorded as if the nightly pass had been there: for histories."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from shared.domain.log import Log, Timeline, midnight
from shared.domain.marketplace import Reference
from shared.domain.metric import METRICS, RateMetric
from shared.domain.rate import Counted
from shared.domain.scorecard import DailyRecord, daily_record, nightly_moments, scorecards
from shared.domain.session import logged_at
from shared.domain.threshold import Settings
from shared.domain.tier import NEW_UNDER_SESSIONS, performance
from shared.domain.tutor import TutorStatus
from shared.domain.tutor_row import TutorRow, tutor_row

ROWS = 31
"""How many of the last nights are summed up over all tutors: what the home page shows."""


@dataclass(frozen=True, slots=True)
class Nights:
    """The last `count` nights of one log, up to the midnight `last`."""

    log: Log
    last: datetime
    count: int
    settings: Settings
    reference: Reference


@dataclass(frozen=True, slots=True)
class Kept:
    """What the nights leave: daily records, and the tutor's rows of the last ROWS of them."""

    records: tuple[DailyRecord, ...] = ()
    rows: tuple[TutorRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Episode:
    """A time that a flag was up."""

    code: str
    raised_at: datetime
    cleared_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """What the marketplace's reference is fitted to: one tutor's 30-day counts and index."""

    counts: dict[str, Counted]
    performance: float | None


def standing(log: Log, as_of: datetime, reference: Reference) -> Standing:
    """The part of a scorecard that a reference needs, without the rest of it."""
    month = Timeline(log).view(30, as_of)
    return Standing(
        {m.name: m.measure(month) for m in METRICS if isinstance(m, RateMetric)},
        performance(month, reference) if len(month.sessions) >= NEW_UNDER_SESSIONS else None,
    )


def kept_nights(nights: Nights) -> Kept:
    """The daily records, oldest first; none for nights before anything was reported."""
    began = _began(nights.log)
    if began is None or began > nights.last:
        return Kept()
    first = max(nights.last - timedelta(days=nights.count - 1), midnight(began))
    if first < began:
        first += timedelta(days=1)
    moments = nightly_moments(first - timedelta(days=1), nights.last)
    scored = [
        (card, log.tutor)
        for log, part in _as_it_was(nights.log, moments)
        if part
        for card in scorecards(log, part, nights.settings, nights.reference)
    ]
    records = [
        daily_record(card, [flag.code for flag in before.flags])
        for (before, _), (card, _) in pairwise(scored)
    ]
    rows = [tutor_row(card, tutor, card.as_of, None) for card, tutor in scored[1:][-ROWS:]]
    return Kept(tuple(records), tuple(rows))


def episodes(records: Sequence[DailyRecord]) -> list[Episode]:
    """The times that flags went up and down again within the records."""
    raised_at: dict[str, datetime] = {}
    found = []
    for record in records:
        for code in record.cleared:
            if code in raised_at:
                found.append(Episode(code, raised_at.pop(code), record.as_of))
        raised_at |= dict.fromkeys(record.raised, record.as_of)
    return found


def _began(log: Log) -> datetime | None:
    told = [at for session in log.sessions if (at := logged_at(session)) is not None]
    return min((*told, *(event.occurred_at for event in log.events)), default=None)


def _as_it_was(log: Log, moments: Sequence[datetime]) -> list[tuple[Log, list[datetime]]]:
    """The log with the profile as it was: until a status began, the tutor was at work."""
    since = log.tutor.status_since
    if since is None or log.tutor.at_work:
        return [(log, list(moments))]
    active = replace(log.tutor, status=TutorStatus.ACTIVE, status_since=None)
    before = replace(log, tutor=active)
    return [
        (before, [at for at in moments if at < since]),
        (log, [at for at in moments if at >= since]),
    ]
