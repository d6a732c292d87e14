"""Until when the records reach: what happened later is not known, whatever a stray row says."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from shared.domain.log import Log
from shared.ml.labels import SILENCE_DAYS
from shared.ml.ledger import DAY, EMPTY, Ints, Ledger, Series, instant, microseconds

THIN: Final = 0.1
"""A week with less than this share of the days taught in a usual one is not covered any more."""
USUAL_DAYS: Final = 90
USUAL_GAPS: Final = 0.99
"""This share of the gaps between days with sessions is what a platform is used to."""
YEAR_DAYS: Final = 365
ISLAND_DAYS: Final = 60
"""After so long a time without any session at all, a few sessions are dated by mistake."""
ISLAND_WEEKS: Final = 4
"""As many usual weeks as have to follow it before those who taught earlier count as silent."""
CLOCKS_DIFFER: Final = timedelta(days=1)
"""What is dated later after the moment of a run than this has not happened."""
WEEK_DAYS: Final = 7
FEWEST_EXPECTED: Final = 3
"""Tutors a day."""


@dataclass(frozen=True, slots=True)
class RecordEnd:
    """The newest session that the records cover (microseconds).

    `beyond` is how many lie between it and the moment of the run, `ahead` how many after that.
    """

    at: int
    beyond: int
    ahead: int


def record_end(ledgers: Mapping[str, Ledger], now: datetime) -> RecordEnd | None:
    """The newest session taught, days on which hardly anybody taught cut off; None without any.

    Sessions dated by mistake into next year would turn everybody's present into a silence of a
    year. What is dated after `now`, the moment of the run, is no session; less than ISLAND_WEEKS
    after ISLAND_DAYS without any is none that the records cover. Of the rest the last day counts
    whose week has at least a tenth of the days taught in the median week of the 90 days with
    sessions before it. Too early an end loses rows, but no row is wrong.
    """
    every = np.sort(np.concatenate([EMPTY.at, *_taught(ledgers)]))
    latest = microseconds(now + CLOCKS_DIFFER)
    taught = every[every <= latest]
    if not len(taught):
        return None
    days = np.concatenate([each.at[each.at <= latest] // DAY for each in _first_of_day(ledgers)])
    last = _last_usual_day(_without_island(np.sort(days)))
    covered = int(np.searchsorted(taught, (last + 1) * DAY, side="left"))
    beyond, ahead = len(taught) - covered, len(every) - len(taught)
    return RecordEnd(int(taught[covered - 1]), beyond, ahead)


def left_out(logs: Mapping[str, Log], end: RecordEnd, now: datetime) -> Iterator[str]:
    """What of the history does not count because of its date, in sentences."""
    if end.beyond:
        yield (
            f"The records end on {instant(end.at):%-d %B %Y}; {_counted(end.beyond, 'session')} "
            "dated later, when hardly anybody taught any more, were left out."
        )
    events = sum(
        event.occurred_at > now + CLOCKS_DIFFER for log in logs.values() for event in log.events
    )
    ahead = [(end.ahead, "session"), (events, "event")]
    if told := " and ".join(_counted(count, name) for count, name in ahead if count):
        yield f"{told} dated later than this run ({now:%-d %B %Y}) were left out."


def _counted(count: int, name: str) -> str:
    return f"{count:,} {name}" + ("" if count == 1 else "s")


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
    One that lasts at `end` (microseconds) is among them. A day is held against the median of the
    USUAL_DAYS before it, days without a session among them. Where that is below FEWEST_EXPECTED
    tutors a day, quiet weeks come about by chance.
    """
    days = np.concatenate([EMPTY.at, *_days_taught(ledgers)])
    days = days[days <= end // DAY]
    if not len(days):
        return []
    first = int(days.min())
    taught = np.bincount(days - first, minlength=end // DAY - first)
    return [
        (first + spell.begin, first + spell.after - 1)
        for spell in _joined(_spells(taught), taught)
        if spell.after - spell.begin > SILENCE_DAYS
    ]


def known_at(ledgers: Mapping[str, Ledger], end: int) -> dict[str, Ledger]:
    """Every ledger as it was at `end` (microseconds), with the closures that were known then."""
    known = {name: ledger.until(end) for name, ledger in ledgers.items()}
    spells = np.array(closures(known, end), np.int64).reshape(-1, 2)
    still = (spells[:, 0] * DAY, (spells[:, 1] + 1) * DAY)
    return {name: replace(ledger, still=still) for name, ledger in known.items()}


def standstill(closed: Iterable[tuple[int, int]]) -> str:
    """When the platform stood still, and what follows from it, as a sentence."""
    spells = " and ".join(
        " to ".join(f"{instant(day * DAY):%-d %B %Y}" for day in when) for when in closed
    )
    return (
        f"Hardly anybody taught from {spells}. Such days are no part of anybody's silence, and "
        "nobody is asked about on them."
    )


@dataclass(frozen=True, slots=True)
class _Spell:
    """Days [begin, after) on which hardly anybody taught, where `usual` would have."""

    begin: int
    after: int
    usual: float


def _spells(taught: Ints) -> Iterator[_Spell]:
    """Runs of thin days; a long one is not what the days after it are held against.

    A platform on which FEWEST_EXPECTED go on to teach for longer than ISLAND_DAYS has become a
    small one: who has left it then has left.
    """
    before: list[int] = []
    day = 0
    while day < len(taught):
        usual = float(np.median(before[-USUAL_DAYS:])) if len(before) > SILENCE_DAYS else 0.0
        after = day
        if usual >= FEWEST_EXPECTED:
            while after < len(taught) and taught[after] < THIN * usual:
                after += 1
        thin = taught[day:after]
        if len(thin) > ISLAND_DAYS and np.median(thin) >= FEWEST_EXPECTED:
            before = thin.tolist()
            day = after
            continue
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


def _first_of_day(ledgers: Mapping[str, Ledger]) -> list[Series]:
    return [ledger["taught_day"] for ledger in ledgers.values()]


def _days_taught(ledgers: Mapping[str, Ledger]) -> list[Ints]:
    return [each.at // DAY for each in _first_of_day(ledgers)]


def _without_island(days: Ints) -> Ints:
    """Days taught by each tutor, ascending, without a few at their end that stand far apart."""
    every, with_sessions = len(days), np.unique(days)
    for place in np.flatnonzero(np.diff(with_sessions) > ISLAND_DAYS)[::-1]:
        before = days[days <= with_sessions[place]]
        if every - len(before) >= ISLAND_WEEKS * np.median(_weeks(before)[1][-USUAL_DAYS:]):
            break
        days = before
    return days


def _last_usual_day(days: Ints) -> int:
    with_sessions, week = _weeks(days)
    for place in range(len(with_sessions) - 1, -1, -1):
        before = with_sessions < with_sessions[place] - 6
        usual = week[before][-USUAL_DAYS:]
        if not len(usual) or week[place] >= THIN * np.median(usual):
            return int(with_sessions[place])
    return int(with_sessions[0])


def _weeks(days: Ints) -> tuple[Ints, Ints]:
    """The days with sessions, and how many days were taught in the week up to each."""
    with_sessions = np.unique(days)
    return with_sessions, np.searchsorted(days, with_sessions, side="right") - np.searchsorted(
        days, with_sessions - WEEK_DAYS, side="right"
    )
