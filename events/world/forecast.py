"""From a belief to the chance of a departure within 1, 7, 30 and 90 days, by the world's laws.

A departure within w days of t is either a goodbye (resigned, deactivated) within them by somebody
who taught in the 14 days before it, or a completed session within them that neither another nor
such a goodbye follows for more than 14 days. Who never teaches after t and says nothing does not
depart after t.

The program runs forward over the days: shares of the states by when the last session was. At the
end of each horizon it branches and asks how many of those who taught within it stay away from
then on. A leave begins the count of idle days anew when it ends, and clock times are left out,
but for this: a session 14 days after the last one is more than 14 days later half of the time.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from events.world import state
from events.world.belief import Belief
from events.world.crowd import Crowd, Day, Public, drifted, passed, worsening
from events.world.state import Floats, Ints
from shared.domain.evaluation import HORIZONS

SILENT_DAYS = 14
_SLOTS = SILENT_DAYS + 1
_ROWS_AT_ONCE = 300


def forecast(
    belief: Belief, public: Public, idle_days: Ints, horizons: Sequence[int] = HORIZONS
) -> Floats:
    """Chances of a departure: rows by `horizons`, in days; the furthest decides how long it takes.

    `public` is of the day the belief is about; `idle_days` counts from the day of the last
    completed session to it (1 is yesterday).
    """
    parts = [
        _forecast(_part(belief, rows), public.take(rows), idle_days[rows], horizons)
        for start in range(0, len(idle_days), _ROWS_AT_ONCE)
        for rows in [slice(start, start + _ROWS_AT_ONCE)]
    ]
    return np.concatenate([np.zeros((0, len(horizons))), *parts])


def _part(belief: Belief, rows: slice) -> Crowd:
    shares = belief.shares[rows]
    failed_first = belief.failed_first[rows, None, None, None] * shares
    return Crowd(shares, failed_first, belief.missed[rows, None, None, None] * shares)


@dataclass
class _Paths:
    """Shares of the states by the slot of the last session, and what has become of the others.

    `working` has a last axis of slots: a session on day d of the forecast goes to slot d modulo
    15; `before` and `before_away` are those who have not taught since t, `away` those who have
    and are on leave; `departed` is one number a row.
    """

    working: Floats
    before: Floats
    away: Floats
    before_away: Floats
    departed: Floats


def _forecast(crowd: Crowd, public: Public, idle_days: Ints, horizons: Sequence[int]) -> Floats:
    nothing = np.zeros_like(crowd.shares)
    slots = np.zeros((*crowd.shares.shape, _SLOTS))
    paths = _Paths(slots, crowd.shares, nothing, nothing, np.zeros(len(slots)))
    answers = []
    for ahead in range(max(horizons)):
        today = public.later(ahead)
        crowd, day = passed(crowd, today)
        paths = _lived(paths, day, worsening(today), ahead, idle_days)
        if ahead + 1 in horizons:
            answers.append(paths.departed + _never_again(paths.working, crowd, public, ahead + 1))
    return np.stack(answers, axis=1)


def _lived(paths: _Paths, day: Day, worse: Floats, ahead: int, idle_days: Ints) -> _Paths:
    working, before = drifted(paths.working, worse), drifted(paths.before, worse)
    away, before_away = drifted(paths.away, worse), drifted(paths.before_away, worse)
    begins, ends = state.LEAVE_BEGINS, state.LEAVE_ENDS
    back, before_back = away * ends, before_away * ends
    away = away * (1.0 - ends) + working.sum(axis=-1) * begins
    before_away = before_away * (1.0 - ends) + before * begins
    working *= 1.0 - begins
    before = before * (1.0 - begins) + before_back
    working[..., (ahead - 1) % _SLOTS] += back

    working, taught, departed = _taught(working, day.idle, ahead)
    taught += before * (1.0 - day.idle)
    before = before * day.idle
    working[..., ahead % _SLOTS] = taught
    departed += _total(working.sum(axis=-1) * day.leaves)
    known_to_teach = idle_days + ahead + 1 <= SILENT_DAYS
    departed += _total(before * day.tells) * known_to_teach
    stays = 1.0 - day.leaves
    working *= stays[..., None]
    return _Paths(working, before * stays, away, before_away, paths.departed + departed)


def _taught(working: Floats, idle: Floats, ahead: int) -> tuple[Floats, Floats, Floats]:
    """Who goes on without a session, who has one today, and who has been away too long by now."""
    last_call = working[..., (ahead + 1) % _SLOTS]
    late = last_call * (1.0 - idle) / 2.0
    departed = _total(last_call * idle + late)
    taught = (working.sum(axis=-1) * (1.0 - idle)) - late
    working = working * idle[..., None]
    working[..., (ahead + 1) % _SLOTS] = 0.0
    return working, taught, departed


def _never_again(working: Floats, crowd: Crowd, public: Public, ahead: int) -> Floats:
    """Of those who have taught, how many do not, and say nothing, after a horizon's end."""
    departed = np.zeros(len(working))
    for later in range(ahead, ahead + SILENT_DAYS):
        today = public.later(later)
        crowd, day = passed(crowd, today)
        working = drifted(working, worsening(today)) * (1.0 - state.LEAVE_BEGINS)
        working, _, gone = _taught(working, day.idle, later)
        departed += gone + _total(working.sum(axis=-1) * (day.leaves - day.tells))
        working = working * (1.0 - day.leaves)[..., None]
    return departed


def _total(shares: Floats) -> Floats:
    total: Floats = shares.sum(axis=(1, 2, 3))
    return total
