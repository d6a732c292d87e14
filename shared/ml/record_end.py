"""Until when the records reach: what happened later is not known, whatever a stray row says."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from shared.ml.labels import SILENCE_DAYS
from shared.ml.ledger import DAY, EMPTY, Ints, Ledger, instant

THIN: Final = 0.1
"""A week with less than this share of the days taught in a usual one is not covered any more."""
USUAL_DAYS: Final = 90
USUAL_GAPS: Final = 0.99
"""This share of the gaps between days with sessions is what a platform is used to."""
YEAR_DAYS: Final = 365
WEEK_DAYS: Final = 7
FEWEST_EXPECTED: Final = 3
"""Tutors a day."""


@dataclass(frozen=True, slots=True)
class RecordEnd:
    """The newest session that the records cover (microseconds), and how many lie beyond it."""

    at: int
    beyond: int


def record_end(ledgers: Mapping[str, Ledger]) -> RecordEnd | None:
    """The newest session taught, days on which hardly anybody taught cut off; None without any.

    One session dated by mistake into next year would turn everybody's present into a silence of
    a year. The last day counts whose week has at least a tenth of the days taught in the median
    week of the 90 days with sessions before it. Too early an end loses rows, but no row is wrong.
    """
    taught = np.sort(np.concatenate([np.zeros(0, np.int64), *_taught(ledgers)]))
    if not len(taught):
        return None
    last = _last_usual_day(_days_taught(ledgers))
    covered = int(np.searchsorted(taught, (last + 1) * DAY, side="left"))
    return RecordEnd(int(taught[covered - 1]), len(taught) - covered)


def usual_gap(ledgers: Mapping[str, Ledger], end: int) -> int:
    """How many days the platform is used to have from one day with sessions to the next, 1 or more.

    By the year before `end` (microseconds): a platform of a dozen rests on weekends, one of a
    thousand never.
    """
    days = np.unique(np.concatenate([EMPTY.at, *_days_taught(ledgers)]))
    gaps = np.diff(days[(days <= end // DAY) & (days > end // DAY - YEAR_DAYS)])
    return int(np.quantile(gaps, USUAL_GAPS, method="higher")) if len(gaps) else 1


def known_until(asked: datetime, end: int, usual_days: int) -> datetime | None:
    """What is known at a moment, where the records end at `end` (microseconds): until when.

    Until that moment after days as quiet as is usual (`usual_gap`). After more, the records may
    have ended earlier, and silences that nobody saw would count as departures: until their end.
    Beyond SILENCE_DAYS as well everybody would look gone: None.
    """
    last = instant(end)
    quiet = (asked.date() - last.date()).days
    if quiet > max(SILENCE_DAYS, usual_days):
        return None
    return asked if quiet <= usual_days else last


def closures(ledgers: Mapping[str, Ledger], end: int) -> list[tuple[int, int]]:
    """When hardly anybody taught for more than SILENCE_DAYS: first and last day (since 1970).

    Holidays of the whole platform, or records that are missing: silences across them are no sign.
    A day is held against the median of the USUAL_DAYS before it, days without a session among
    them. Where that is below FEWEST_EXPECTED tutors a day, quiet weeks come about by chance.
    """
    days = np.concatenate([EMPTY.at, *_days_taught(ledgers)])
    days = days[days <= end // DAY]
    if not len(days):
        return []
    first, taught = int(days.min()), np.bincount(days - days.min())
    return [
        (first + spell.begin, first + spell.after - 1)
        for spell in _joined(_spells(taught), taught)
        if spell.after - spell.begin > SILENCE_DAYS
    ]


@dataclass(frozen=True, slots=True)
class _Spell:
    """Days [begin, after) on which hardly anybody taught, where `usual` would have."""

    begin: int
    after: int
    usual: float


def _spells(taught: Ints) -> Iterator[_Spell]:
    """Runs of thin days; a long one is not what the days after it are held against."""
    before: list[int] = []
    day = 0
    while day < len(taught):
        usual = float(np.median(before[-USUAL_DAYS:])) if len(before) > SILENCE_DAYS else 0.0
        after = day
        if usual >= FEWEST_EXPECTED:
            while after < len(taught) and taught[after] < THIN * usual:
                after += 1
        if after > day:
            yield _Spell(day, after, usual)
        after = max(after, day + 1)
        if after - day <= SILENCE_DAYS:
            before.extend(taught[day:after].tolist())
        day = after


def _joined(spells: Iterable[_Spell], taught: Ints) -> list[_Spell]:
    """Neighbours less than a week apart as one, where hardly anybody taught in all of it."""
    found: list[_Spell] = []
    for spell in spells:
        if found and spell.begin - found[-1].after < WEEK_DAYS:
            whole = _Spell(found[-1].begin, spell.after, found[-1].usual)
            if taught[whole.begin : whole.after].mean() < THIN * whole.usual:
                found[-1] = whole
                continue
        found.append(spell)
    return found


def _taught(ledgers: Mapping[str, Ledger]) -> list[Ints]:
    return [ledger["taught"].at for ledger in ledgers.values()]


def _days_taught(ledgers: Mapping[str, Ledger]) -> list[Ints]:
    return [ledger["taught_day"].at // DAY for ledger in ledgers.values()]


def _last_usual_day(days_taught: list[Ints]) -> int:
    days = np.sort(np.concatenate(days_taught))
    with_sessions = np.unique(days)
    week = np.searchsorted(days, with_sessions, side="right") - np.searchsorted(
        days, with_sessions - 7, side="right"
    )
    for place in range(len(with_sessions) - 1, -1, -1):
        before = with_sessions < with_sessions[place] - 6
        usual = week[before][-USUAL_DAYS:]
        if not len(usual) or week[place] >= THIN * np.median(usual):
            return int(with_sessions[place])
    return int(with_sessions[0])
