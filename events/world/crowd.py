"""What the laws expect of tutors nobody looks at: shares of the hidden states, day after day.

Arrays of states have the axes rows, levels, reliability, skill: what else is hidden (how often
somebody is online) has no bearing on what comes. The counts that sting are carried as their
expectation in each state; that, among equals, those who are stung leave first is left out.
"""

from dataclasses import dataclass

import numpy as np

from events.world import state
from events.world.state import Floats, Ints, Trait

LEVELS = 5
_LEVEL = np.arange(LEVELS)[:, None, None]
_RELIABILITY, _SKILL = np.arange(3)[:, None], np.arange(3)
NEWCOMER: Floats = (
    state.FIRST_LEVEL_SHARE[:, None, None] * state.RELIABILITY_SHARE[:, None] * state.SKILL_SHARE
)
"""Shares of the states of somebody who has just been hired."""


@dataclass(frozen=True)
class Public:
    """What everybody knows of each row's tutor on a day; tenure in days, Monday is 0."""

    group: Ints
    baseline: Floats
    tenure: Ints
    weekday: Ints

    def later(self, days: int) -> "Public":
        """The same tutors some days on; before their first day they count as new."""
        tenure = np.maximum(self.tenure + days, 0)
        return Public(self.group, self.baseline, tenure, (self.weekday + days) % 7)

    def take(self, rows: slice) -> "Public":
        """Some of the rows."""
        return Public(self.group[rows], self.baseline[rows], self.tenure[rows], self.weekday[rows])

    def every_state(self) -> tuple[Trait, Ints, Ints]:
        """Traits of every kind, tenure and weekday, to be asked the laws with `_LEVEL`."""
        rows = (-1, 1, 1, 1)
        group, baseline = self.group.reshape(rows), self.baseline.reshape(rows)
        trait = Trait(group, _RELIABILITY, _SKILL, _SKILL, baseline)
        return trait, self.tenure.reshape(rows), self.weekday.reshape(rows)


@dataclass(frozen=True)
class Crowd:
    """Shares of the states, and `shares` times the expected recent failed firsts and no-shows."""

    shares: Floats
    failed_first: Floats
    missed: Floats


@dataclass(frozen=True)
class Day:
    """A day's chances in each state: no session held, leaving, and leaving with a word."""

    idle: Floats
    leaves: Floats
    tells: Floats


def drifted(shares: Floats, worse: Floats) -> Floats:
    """Shares after a night: axis 0 are rows, axis 1 levels; `worse` is rows by levels."""
    axes = (1,) * (shares.ndim - 2)
    down = worse.reshape(*worse.shape, *axes) * shares
    up = state.RECOVER.reshape(LEVELS, *axes) * shares
    after: Floats = shares - down - up
    after[:, 1:] += down[:, :-1]
    after[:, :-1] += up[:, 1:]
    return after


def worsening(public: Public) -> Floats:
    """Chances of a level up, rows by levels."""
    return state.worsening(np.arange(LEVELS), public.group[:, None], public.tenure[:, None])


def passed(crowd: Crowd, public: Public) -> tuple[Crowd, Day]:
    """The crowd at the end of a day, of those who are still there, and the day's chances."""
    worse = worsening(public)
    shares = drifted(crowd.shares, worse)
    trait, tenure, weekday = public.every_state()
    rate = state.session_rate(_LEVEL, trait, tenure, weekday)
    no_show = state.no_show_share(_LEVEL, trait, weekday)
    kept = (1.0 - state.CANCELLED - state.STUDENT_NO_SHOW)[:, None, None]
    held = rate * (1.0 - no_show) * kept
    fails = (
        state.RATED * state.first_share(tenure) * state.first_failure_share(_LEVEL, trait, tenure)
    )
    fades = state.STING_FADES
    failed_first = drifted(crowd.failed_first, worse) * fades + shares * held * fails
    missed = drifted(crowd.missed, worse) * fades + shares * rate * no_show
    there = np.maximum(shares, 1e-300)
    drift, first, absent = state.hazards(
        _LEVEL, trait.group, tenure, failed_first / there, missed / there
    )
    leaves, tells = drift + first + absent, (drift + first) * state.RESIGNS + absent
    stays = 1.0 - leaves
    after = Crowd(shares * stays, failed_first * stays, missed * stays)
    return after, Day(np.exp(-held), leaves, tells)


def survivors(public: Public, days: Ints) -> Crowd:
    """Those of each row's newcomers who are still there; row i is hired `days[i]` days ago.

    `public` is known today, which has not passed yet.
    """
    rows = len(days)
    nothing = np.zeros((rows, *NEWCOMER.shape))
    crowd = Crowd(nothing, nothing, nothing)
    for ago in range(int(days.max(initial=0)), 0, -1):
        hired = (days == ago).reshape(-1, 1, 1, 1)
        shares = np.where(hired, NEWCOMER, crowd.shares)
        crowd, _ = passed(Crowd(shares, crowd.failed_first, crowd.missed), public.later(-ago))
    shares = np.where((days == 0).reshape(-1, 1, 1, 1), NEWCOMER, crowd.shares)
    total = shares.sum(axis=(1, 2, 3), keepdims=True)
    return Crowd(shares / total, crowd.failed_first / total, crowd.missed / total)
