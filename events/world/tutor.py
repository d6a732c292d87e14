"""The lives of tutors: the hidden state day by day, who leaves and why, and who takes the seat.

The marketplace has a fixed number of seats. One loop over the days moves every seat at once and
draws the few daily counts that feed back into the state (sessions held, sessions missed, failed
first sessions, sessions moved); all else is drawn afterwards from what is recorded here.
"""

from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np

from events.world import state
from events.world.state import Bools, Floats, Ints, Trait
from events.world.subject import GROUPS
from events.world.world import Stream, World, generator

BURN_IN_DAYS = 60
BOOKED_AHEAD_DAYS = 14


class Exit(IntEnum):
    """How a tutor left; `SILENT` tutors tell nobody."""

    NONE = 0
    RESIGNED = 1
    SILENT = 2
    DEACTIVATED = 3


class Cause(IntEnum):
    """Why a tutor left: the three competing hazards, or chance in a world without signal."""

    NONE = 0
    DRIFT = 1
    FIRST_SESSION = 2
    NO_SHOW = 3
    CHANCE = 4


@dataclass(frozen=True)
class Move:
    """Sessions that were moved: asked on `asked` (day), from day `original` to day `new`."""

    seat: Ints
    tutor: Ints
    level: Ints
    asked: Ints
    original: Ints
    new: Ints


@dataclass(frozen=True)
class Life:
    """The truth about a world. Matrices are seats by days; day 0 is the first day of history.

    `tutor` is -1 where a seat is empty; `working` is false in the days after an exit in which
    sessions already booked still fall due (`abandoned`: nobody comes; else: cancelled).
    """

    days: int
    trait: Trait
    onboarded: Ints
    exited: Ints
    exit: Ints
    cause: Ints
    leave_since: Ints
    tutor: Ints
    working: Bools
    abandoned: Bools
    level: Ints
    leave: Bools
    fresh: Ints
    no_show: Ints
    failed_first: Ints
    debut: Bools
    move: Move

    @property
    def tutors(self) -> int:
        """How many tutors were ever there."""
        return len(self.onboarded)

    @property
    def tenure(self) -> Ints:
        """Days since onboarding, seats by days; 0 where a seat is empty."""
        days = np.arange(self.tutor.shape[1])[None, :]
        return np.where(self.tutor >= 0, days - self.onboarded[self.tutor], 0)


def draw_traits(rng: np.random.Generator, tutors: int, *, busy: bool = False) -> Trait:
    """What tutors are like; weekly sessions have mean 15 and lie within 5 and 30 (PRD 1.1).

    Where all are `busy` they lie within 10 and 30, so that nobody has two idle weeks by chance.
    """
    return Trait(
        group=rng.choice(len(GROUPS), tutors, p=[group.share for group in GROUPS]),
        reliability=rng.choice(3, tutors, p=state.RELIABILITY_SHARE),
        skill=rng.choice(3, tutors, p=state.SKILL_SHARE),
        habit=rng.choice(3, tutors, p=state.HABIT_SHARE),
        baseline=np.round(
            10.0 + 20.0 * rng.beta(2.0, 6.0, tutors)
            if busy
            else 5.0 + 25.0 * rng.beta(2.0, 3.0, tutors),
            1,
        ),
    )


def live(world: World, seed: int, first_weekday: int, days: int | None = None) -> Life:
    """Draw every tutor's life; `first_weekday` is that of day 0 (Monday is 0).

    With more `days` than the world has it goes on from there: what was drawn for fewer stays.
    """
    return _Marketplace(world, seed, first_weekday, days or world.days).run()


def _everybody(world: World, seed: int, days: int) -> Trait:
    """More tutors than will ever come in so many days: those of the world, then block by block."""
    count = world.tutors * (3 + (BURN_IN_DAYS + world.days) // 45)
    drawn = [draw_traits(generator(seed, Stream.TRAIT), count, busy=not world.signal)]
    for block in range(max(0, days - world.days) // 90):
        rng = generator(seed, Stream.TRAIT, block)
        drawn.append(draw_traits(rng, world.tutors, busy=not world.signal))
    return Trait(
        **{
            field.name: np.concatenate([getattr(part, field.name) for part in drawn])
            for field in fields(Trait)
        }
    )


class _Marketplace:
    """The seats while time passes over them."""

    def __init__(self, world: World, seed: int, first_weekday: int, days: int) -> None:
        seats, self.days = world.tutors, BURN_IN_DAYS + days
        self.rng = generator(seed, Stream.LIFE)
        self.first_weekday = first_weekday - BURN_IN_DAYS
        self.signal = world.signal
        self.trait = _everybody(world, seed, days)
        capacity = len(self.trait.group)
        self.onboarded = np.full(capacity, self.days, dtype=np.int64)
        self.exited = np.full(capacity, self.days, dtype=np.int64)
        self.exit = np.zeros(capacity, dtype=np.int64)
        self.cause = np.zeros(capacity, dtype=np.int64)
        self.leave_since = np.full(capacity, -1, dtype=np.int64)
        self.onboarded[:seats] = -np.minimum(self.rng.exponential(250.0, seats), 1200).astype(int)
        self.tutors = seats

        self.tutor = np.arange(seats)
        self.working = np.ones(seats, dtype=bool)
        self.abandons = np.zeros(seats, dtype=bool)
        self.empty_days = np.zeros(seats, dtype=np.int64)
        self.level = self.rng.choice(5, seats, p=state.FIRST_LEVEL_SHARE)
        self.leave = np.zeros(seats, dtype=bool)
        self.met = np.ones(seats, dtype=bool)
        self.failed_first = np.zeros(seats)
        self.missed = np.zeros(seats)

        self.arriving = np.zeros((seats, self.days + 32), dtype=np.int64)
        self.moves: list[tuple[Ints, Ints, Ints, Ints, Ints, Ints]] = []
        shape = (seats, self.days)
        self.counts = {
            name: np.zeros(shape, dtype=np.int64)
            for name in ("tutor", "level", "fresh", "no_show", "failed_first")
        }
        self.marks = {
            name: np.zeros(shape, dtype=bool) for name in ("working", "abandoned", "leave", "debut")
        }

    def run(self) -> Life:
        for day in range(self.days):
            self._day(day)
        who = np.arange(self.tutors)
        moves = [np.concatenate(column) for column in zip(*self.moves, strict=True)]
        return Life(
            days=self.days - BURN_IN_DAYS,
            trait=self.trait.of(who),
            onboarded=self.onboarded[who] - BURN_IN_DAYS,
            exited=self.exited[who] - BURN_IN_DAYS,
            exit=self.exit[who],
            cause=self.cause[who],
            leave_since=self.leave_since[who] - BURN_IN_DAYS,
            tutor=self.counts["tutor"][:, BURN_IN_DAYS:],
            working=self.marks["working"][:, BURN_IN_DAYS:],
            abandoned=self.marks["abandoned"][:, BURN_IN_DAYS:],
            level=self.counts["level"][:, BURN_IN_DAYS:],
            leave=self.marks["leave"][:, BURN_IN_DAYS:],
            fresh=self.counts["fresh"][:, BURN_IN_DAYS:],
            no_show=self.counts["no_show"][:, BURN_IN_DAYS:],
            failed_first=self.counts["failed_first"][:, BURN_IN_DAYS:],
            debut=self.marks["debut"][:, BURN_IN_DAYS:],
            move=Move(*moves[:3], *(column - BURN_IN_DAYS for column in moves[3:])),
        )

    def _day(self, day: int) -> None:
        weekday = (self.first_weekday + day) % 7
        self._seat_newcomers(day)
        self._change_state(day)
        trait, tenure = self.trait.of(self.tutor), day - self.onboarded[self.tutor]
        rate = state.session_rate(self.level, trait, tenure, weekday)
        moved = state.reschedule_share(self.level, trait)
        at_work = self.working & ~self.leave
        tail = ~self.working & (self.tutor >= 0) & (day - self.exited[self.tutor] < state.TAIL_DAYS)
        self.arriving[~at_work, day] = 0

        fresh = self.rng.poisson(
            np.where(at_work, rate * (1 - moved), np.where(tail & ~self.leave, 0.5 * rate, 0.0))
        )
        last_day = self._draw_last_days(at_work)
        fresh = np.maximum(fresh, last_day)
        sessions = fresh + self.arriving[:, day]
        no_show = self.rng.binomial(
            sessions, np.where(at_work, state.no_show_share(self.level, trait, weekday), 0.0)
        )
        no_show = np.where(last_day, np.minimum(no_show, sessions - 1), no_show)
        first = np.where(self.met, state.first_share(tenure), 1.0)
        fails = state.first_failure_share(self.level, trait, tenure)
        held = 1.0 - state.CANCELLED[self.level] - state.STUDENT_NO_SHOW
        failed_first = self.rng.binomial(
            sessions - no_show, np.where(at_work, held * first * state.RATED * fails, 0.0)
        )
        self._move_sessions(day, np.where(at_work, rate * moved, 0.0))

        counts, marks = self.counts, self.marks
        counts["tutor"][:, day] = np.where(self.working | tail, self.tutor, -1)
        counts["level"][:, day] = self.level
        counts["fresh"][:, day] = fresh
        counts["no_show"][:, day] = np.where(tail & self.abandons, sessions, no_show)
        counts["failed_first"][:, day] = failed_first
        marks["working"][:, day] = self.working
        marks["abandoned"][:, day] = tail & self.abandons
        marks["leave"][:, day] = self.leave & self.working
        marks["debut"][:, day] = ~self.met
        self.met |= sessions > 0
        self.failed_first = self.failed_first * state.STING_FADES + failed_first
        self.missed = self.missed * state.STING_FADES + no_show
        self._leave_for_good(day, tenure, last_day)

    def _draw_last_days(self, at_work: Bools) -> Bools:
        """Whose last day it is, where that is left to chance."""
        if self.signal:
            return np.zeros(len(at_work), dtype=bool)
        return at_work & (self.rng.random(len(at_work)) < state.CHANCE_LEAVES)

    def _seat_newcomers(self, day: int) -> None:
        self.empty_days[~self.working] -= 1
        seat = np.flatnonzero(~self.working & (self.empty_days <= 0))
        tutor = np.arange(self.tutors, self.tutors + len(seat))
        self.tutors += len(seat)
        self.onboarded[tutor] = day
        self.tutor[seat] = tutor
        self.working[seat] = True
        self.leave[seat] = self.met[seat] = False
        self.failed_first[seat] = self.missed[seat] = 0.0
        self.level[seat] = self.rng.choice(5, len(seat), p=state.FIRST_LEVEL_SHARE)

    def _change_state(self, day: int) -> None:
        tenure = day - self.onboarded[self.tutor]
        chance = self.rng.random(len(self.tutor))
        worse = chance < state.worsening(self.level, self.trait.group[self.tutor], tenure)
        better = chance > 1.0 - state.RECOVER[self.level]
        self.level = self.level + worse - better
        chance = self.rng.random(len(self.tutor))
        begins = self.working & ~self.leave & (chance < state.LEAVE_BEGINS)
        ends = self.leave & (chance < state.LEAVE_ENDS)
        self.leave = (self.leave | begins) & ~ends
        self.leave_since[self.tutor[begins]] = day
        self.leave_since[self.tutor[ends & self.working]] = -1

    def _move_sessions(self, day: int, rate: Floats) -> None:
        asked = self.rng.poisson(rate)
        seat = np.repeat(np.arange(len(asked)), asked)
        level = self.level[seat]
        short = self.rng.random(len(seat)) < state.SHORT_NOTICE[level]
        ahead = np.minimum(self.rng.geometric(0.4, len(seat)), 6)
        original = day + np.where(short, 0, ahead)
        new = original + np.minimum(self.rng.geometric(0.35, len(seat)), 9)
        np.add.at(self.arriving, (seat, new), 1)
        asked_on = np.full(len(seat), day)
        self.moves.append((seat, self.tutor[seat], level, asked_on, original, new))

    def _leave_for_good(self, day: int, tenure: Ints, last_day: Bools) -> None:
        group = self.trait.group[self.tutor]
        parts = np.stack(
            state.hazards(self.level, group, tenure, self.failed_first, self.missed)
        ).cumsum(axis=0)
        chance = self.rng.random(len(self.tutor))
        seat = np.flatnonzero(self.working & ~self.leave & (chance < parts[-1]))
        cause = 1 + (chance[seat] >= parts[:, seat]).sum(axis=0)
        resigns = self.rng.random(len(seat)) < state.RESIGNS
        how = np.where(resigns, Exit.RESIGNED, Exit.SILENT)
        how = np.where(cause == Cause.NO_SHOW, Exit.DEACTIVATED, how)
        if not self.signal:
            self._start_afresh(seat)
            seat = np.flatnonzero(last_day)
            cause, how = np.full(len(seat), Cause.CHANCE), np.full(len(seat), Exit.RESIGNED)
        abandons = self.rng.random(len(seat)) < state.ABANDONS
        tutor = self.tutor[seat]
        self.exited[tutor], self.exit[tutor], self.cause[tutor] = day + 1, how, cause
        self.abandons[seat] = abandons & (how == Exit.SILENT)
        self.working[seat] = False
        self.arriving[seat, day + 1 :] = 0
        self.empty_days[seat] = state.TAIL_DAYS + 1 + self.rng.geometric(0.5, len(seat)) - 1

    def _start_afresh(self, seat: Ints) -> None:
        self.level[seat] = self.rng.choice(5, len(seat), p=state.FIRST_LEVEL_SHARE)
        self.failed_first[seat] = self.missed[seat] = 0.0
