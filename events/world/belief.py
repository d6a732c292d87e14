"""The exact Bayes filter: what can be known of a tutor's hidden state from all that was seen.

Hidden are the level (5), reliability (3), skill (3) and habit (3) of somebody who is there, and
whether a tutor has left without a word: then some sessions still fall due for a few days (all
cancelled, or nobody comes), and after that nothing is seen any more.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np

from events.world import state
from events.world.crowd import LEVELS, NEWCOMER, Public, drifted, survivors, worsening
from events.world.seen import Seen
from events.world.state import Floats, Ints
from events.world.tutor import BURN_IN_DAYS


@dataclass(frozen=True)
class Belief:
    """What is believed of some tutors at the midnight that begins day `day`, before it passes.

    `shares` (rows, levels, reliability, skill) sum to the chance that the tutor is still there.
    `failed_first` and `missed` are the recent ones, faded, as the hazard counts them.
    """

    day: int
    tutor: Ints
    shares: Floats
    failed_first: Floats
    missed: Floats


def believe(seen: Seen, days: Collection[int]) -> Iterator[Belief]:
    """Beliefs about everybody not known to have left, at the beginning of each of `days`."""
    watch = _Watch(seen)
    for day in range(max(days, default=-1) + 1):
        if day in days:
            yield watch.belief(day)
        if day < len(seen.weekday):
            watch.see(day)


class _Watch:
    """The filter while time passes.

    `there` has the axes tutors, levels, reliability, skill, habit; `going` those of tutors who
    left without a word: tutors, levels, whether they abandon their sessions, days since. `lost`
    are those of whom nothing more can come. The three sum to 1.
    """

    def __init__(self, seen: Seen) -> None:
        self.seen = seen
        tutors = len(seen.onboarded)
        self.there = np.zeros((tutors, *NEWCOMER.shape, len(state.HABIT_SHARE)))
        self.going = np.zeros((tutors, LEVELS, 2, state.TAIL_DAYS))
        self.lost = np.zeros(tutors)
        self.failed_first, self.missed = np.zeros(tutors), np.zeros(tutors)
        old, absent = seen.onboarded < 0, seen.absence[:, 0]
        self.going[old & absent] = 1.0 / self.going[0].size  # gone before the first day
        here = np.flatnonzero(old & ~absent)
        before = survivors(self._public(here, 0), np.minimum(-seen.onboarded[here], BURN_IN_DAYS))
        self.there[here] = before.shares[..., None] * state.HABIT_SHARE
        self.failed_first[here] = before.failed_first.sum(axis=(1, 2, 3))
        self.missed[here] = before.missed.sum(axis=(1, 2, 3))

    def belief(self, day: int) -> Belief:
        seen = self.seen
        tutor = np.flatnonzero((seen.onboarded < day) & (seen.goodbye > day))
        return Belief(
            day,
            tutor,
            self.there[tutor].sum(axis=-1),
            self.failed_first[tutor],
            self.missed[tutor],
        )

    def see(self, day: int) -> None:
        """Let a night pass, weigh what the day shows, then let those leave who might."""
        seen = self.seen
        self.there[seen.onboarded == day] = NEWCOMER[..., None] * state.HABIT_SHARE
        rows = np.flatnonzero((seen.onboarded <= day) & (seen.goodbye > day))
        public = self._public(rows, day)
        worse = worsening(public)
        there, going = drifted(self.there[rows], worse), drifted(self.going[rows], worse)
        offset, likely = self._likelihood_there(rows, day)
        there *= likely
        unseen = np.where(seen.proof[rows, day], 0.0, np.exp(-offset))
        going *= self._likelihood_going(rows, day, public) * unseen[:, None, None, None]
        lost = self.lost[rows] * unseen * (seen.fresh[rows, day] == 0)

        self.failed_first *= state.STING_FADES
        self.missed *= state.STING_FADES
        self.failed_first[rows] += seen.failed_first[rows, day]
        self.missed[rows] += seen.no_show[rows, day]
        lost += going[..., -1].sum(axis=(1, 2))
        going[..., 1:] = going[..., :-1]
        going[..., 0] = self._leave(there, rows, day, public)

        total = there.sum(axis=(1, 2, 3, 4)) + going.sum(axis=(1, 2, 3)) + lost
        self.there[rows] = there / total[:, None, None, None, None]
        self.going[rows] = going / total[:, None, None, None]
        self.lost[rows] = lost / total

    def _public(self, rows: Ints, day: int) -> Public:
        seen = self.seen
        weekday = np.full(len(rows), (seen.weekday[0] + day) % 7)
        tenure = day - seen.onboarded[rows]
        return Public(seen.trait.group[rows], seen.trait.baseline[rows], tenure, weekday)

    def _likelihood_there(self, rows: Ints, day: int) -> tuple[Floats, Floats]:
        """The likelihood of the day for those who are there, and its logarithmic offset."""
        seen = self.seen
        told = seen.by_reliability[rows, day][:, :, :, None, None]
        told = told + seen.by_skill[rows, day][:, :, None, :, None]
        told = told + seen.by_habit[rows, day][:, :, None, None, :]
        offset = told.max(axis=(1, 2, 3, 4))
        likely = np.exp(told - offset[:, None, None, None, None])
        likely[seen.absence[rows, day]] = 0.0
        return offset, likely

    def _likelihood_going(self, rows: Ints, day: int, public: Public) -> Floats:
        """Half of the sessions still fall due, and all of them end the same way."""
        seen = self.seen
        fresh = seen.fresh[rows, day]
        ramp = 1.0 - 0.5 * np.exp(-public.tenure / 7.0)
        expected = 0.5 * public.baseline / 7.0 * state.WEEKDAY[public.weekday] * ramp
        rate = expected[:, None] * state.ACTIVITY
        many = (0.5 * state.ACTIVITY) ** fresh[:, None] * np.exp(-rate)
        alike = np.stack(
            [fresh == seen.cancelled[rows, day], fresh == seen.missed[rows, day]], axis=1
        )
        likely: Floats = many[:, :, None, None] * alike[:, None, :, None]
        return likely

    def _leave(self, there: Floats, rows: Ints, day: int, public: Public) -> Floats:
        """Take out of `there` who leaves tonight; answers those who do it without a word."""
        drift, first, absent = state.hazards(
            np.arange(LEVELS),
            public.group[:, None],
            public.tenure[:, None],
            self.failed_first[rows, None],
            self.missed[rows, None],
        )
        working = ~self.seen.leave[rows, day, None]
        silently = there.sum(axis=(2, 3, 4)) * working * (drift + first) * (1.0 - state.RESIGNS)
        there *= (1.0 - working * (drift + first + absent))[:, :, None, None, None]
        abandoning = np.array([1.0 - state.ABANDONS, state.ABANDONS])
        going: Floats = silently[:, :, None] * abandoning
        return going
