"""What is seen of every tutor's day, and how likely each hidden state would have shown it.

The values are those of the files a history is written to, rounded as they are there. A day's
outcomes, ratings and finished training count on the day they belong to, although a student may
rate hours later and a course is finished days later: a little more than an outsider knows by
midnight, so that what is computed from it bounds what an outsider could know.

Without information about the state, and left out: clock times, students, durations, subjects,
who asked for a move and why, how many messages came in, what training was assigned, technical
trouble, leave, and everything on a feedback form beyond its stars.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammainc, ndtr  # type: ignore[import-untyped]

from events.world import state
from events.world.behaviour import Behaviour
from events.world.column import SECONDS_A_DAY
from events.world.history import History
from events.world.session import Session, Status
from events.world.state import Bools, Floats, Ints, Trait
from events.world.tutor import Exit

LEVELS, TYPES = 5, 3
LEVEL, TYPE = np.arange(LEVELS)[:, None], np.arange(TYPES)[None, :]
LEAST = 1e-300


@dataclass(frozen=True)
class Seen:
    """The days of all tutors; every array of days begins with the axes tutors, days.

    `by_*` are log-likelihoods of what was seen, by level and one hidden type, for a tutor who is
    there. `proof` holds where only somebody still there did what was seen, `absence` where
    somebody still there would have been seen. `fresh` counts sessions that were never moved,
    `cancelled` and `missed` those of them that came to nothing so; `failed_first` and `no_show`
    are the counts that sting. `goodbye` is the day from which a tutor is known to have left.
    """

    trait: Trait
    onboarded: Ints
    goodbye: Ints
    weekday: Ints
    by_reliability: Floats
    by_skill: Floats
    by_habit: Floats
    proof: Bools
    absence: Bools
    leave: Bools
    fresh: Ints
    cancelled: Ints
    missed: Ints
    failed_first: Ints
    no_show: Ints


def see(history: History, sessions: Session, behaviour: Behaviour) -> Seen:
    """Collect what became visible on each day of a history; `sessions` and `behaviour` are its."""
    days = _Days(history, sessions, behaviour)
    fresh = days.over & ~sessions.moved

    def shaped[Entry: np.generic](values: npt.NDArray[Entry]) -> npt.NDArray[Entry]:
        return values.reshape(-1, history.life.days, *values.shape[1:])

    return Seen(
        trait=history.life.trait,
        onboarded=history.life.onboarded,
        goodbye=np.where(
            np.isin(history.life.exit, (Exit.RESIGNED, Exit.DEACTIVATED)),
            history.life.exited,
            history.life.days,
        ),
        weekday=days.weekday[: history.life.days],
        by_reliability=shaped(_by_reliability(days)),
        by_skill=shaped(_by_skill(days)),
        by_habit=shaped(_by_habit(days)),
        proof=shaped(_proof(days)),
        absence=shaped(_absence(days)),
        leave=shaped(days.leave),
        fresh=shaped(days.count(fresh)),
        cancelled=shaped(days.count(fresh & (sessions.status == Status.cancelled))),
        missed=shaped(days.count(fresh & days.tutor_missed)),
        failed_first=shaped(
            days.count(days.held & days.first & (sessions.rating > 0) & (sessions.rating < 300))
        ),
        no_show=shaped(days.count(days.tutor_missed)),
    )


class _Days:
    """A history's rows, each with its cell: tutor times days plus day, or -1 outside of them."""

    def __init__(self, history: History, sessions: Session, behaviour: Behaviour) -> None:
        life = history.life
        self.sessions, self.behaviour = sessions, behaviour
        self.first_day, self.days, self.cells = (
            history.first_day,
            life.days,
            life.tutors * life.days,
        )
        self.tutor, day = np.divmod(np.arange(self.cells), life.days)
        self.trait = life.trait.of(self.tutor)
        self.tenure = day - life.onboarded[self.tutor]
        self.weekday = (self.first_day + day + 3) % 7

        self.cell = self._cell(sessions.tutor, sessions.scheduled)
        status = sessions.status
        came = (status != Status.scheduled) & (status != Status.rescheduled)
        self.over = came & (self.cell >= 0)
        self.held = self.over & (status == Status.completed)
        self.tutor_missed = self.over & (status == Status.no_show) & ~sessions.no_show_student
        self.first = sessions.number == 1
        self.event_cell = self._cell(behaviour.tutor, behaviour.second)
        self.leave = self._leave(life.tutors)

    def _cell(self, tutor: Ints, second: Ints) -> Ints:
        day = second // SECONDS_A_DAY - self.first_day
        return np.where((day >= 0) & (day < self.days), tutor * self.days + day, -1)

    def _leave(self, tutors: int) -> Bools:
        turns = np.zeros(self.cells, dtype=np.int64)
        turns[self.event_cell[self.behaviour_rows("leave_started")]] = 1
        turns[self.event_cell[self.behaviour_rows("leave_ended")]] = -1
        leave: Bools = turns.reshape(tutors, -1).cumsum(axis=1).ravel() > 0
        return leave

    def behaviour_rows(self, kind: str) -> Ints:
        """Places of one type's rows among the behaviour."""
        return np.flatnonzero(self.behaviour.is_of(kind) & (self.event_cell >= 0))

    def count(self, rows: Bools) -> Ints:
        """How many of some sessions each cell has."""
        return np.bincount(self.cell[rows], minlength=self.cells)

    def events(self, kind: str) -> Ints:
        """How often something happened in each cell."""
        rows = self.behaviour_rows(kind)
        counted = np.bincount(self.event_cell[rows], self.behaviour.count[rows], self.cells)
        return counted.astype(np.int64)

    def asked(self, rows: Bools) -> Ints:
        """How many of some moves were asked for in each cell."""
        cell = self._cell(self.sessions.tutor[rows], self.sessions.asked[rows])
        return np.bincount(cell[cell >= 0], minlength=self.cells)

    def stood_up(self) -> Ints:
        """How many sessions were moved into each cell and never came up there."""
        rows = self.sessions.status == Status.rescheduled
        cell = self._cell(self.sessions.tutor[rows], self.sessions.new[rows])
        return np.bincount(cell[cell >= 0], minlength=self.cells)

    def total(self, cell: Ints, value: Floats) -> Floats:
        """Sums of rows within each cell; `value` has one entry a row and any further axes."""
        flat = value.reshape(len(cell), -1)
        sums = [np.bincount(cell, column, self.cells) for column in flat.T]
        return np.stack(sums, axis=1).reshape(self.cells, *value.shape[1:])


# --- who is there ---


def _proof(days: _Days) -> Bools:
    landed = days.over & days.sessions.moved
    by_student = days.over & days.sessions.no_show_student
    there: Bools = days.leave | (
        days.count(days.held | landed | by_student) + days.asked(days.sessions.moved) > 0
    )
    for kind in ("login", "session_prep", "message_response", "availability", "leave_ended"):
        there |= days.events(kind) > 0
    for kind in ("training_assigned", "training_completed"):
        there |= days.events(kind) > 0
    return there


def _absence(days: _Days) -> Bools:
    """Hours are offered every Monday, and a session that was moved comes up on its new day."""
    silent = (days.weekday == 0) & (days.events("availability") == 0)
    missing: Bools = ~days.leave & (silent | (days.stood_up() > 0))
    return missing


# --- likelihoods: levels by reliability ---


def _by_reliability(days: _Days) -> Floats:
    told = _how_many(days) + _no_shows(days) + _lateness(days)
    told += _of_level(days)[:, :, None]
    return told


def _how_many(days: _Days) -> Floats:
    """Fresh sessions and moves asked for are Poisson; what no state changes is left out."""
    expected = state.session_rate(np.zeros_like(days.tutor), days.trait, days.tenure, days.weekday)
    expected *= ~days.leave / state.ACTIVITY[0]
    group = np.arange(3)[:, None, None]
    moved = state.reschedule_share(LEVEL, _grid(group))[days.trait.group]
    fresh, asked = days.count(days.over & ~days.sessions.moved), days.asked(days.sessions.moved)
    activity = np.log(state.ACTIVITY[LEVEL])
    told = _times(fresh, np.log(1.0 - moved)) + _times(asked, np.log(moved))
    told += _times(fresh + asked, np.broadcast_to(activity, (1, LEVELS, TYPES)))
    told -= expected[:, None, None] * state.ACTIVITY[LEVEL]
    return told


def _no_shows(days: _Days) -> Floats:
    share = np.stack([state.no_show_share(LEVEL, _grid(0), weekday) for weekday in range(7)])
    share = share[days.weekday]
    missed, over = days.count(days.tutor_missed), days.count(days.over)
    return _times(missed, np.log(share)) + _times(over - missed, np.log(1.0 - share))


def _lateness(days: _Days) -> Floats:
    is_late = np.minimum(state.LATE[LEVEL] * state.LATE_TYPE[TYPE], 0.9)
    minute = np.arange(41)[:, None]
    share = np.exp(-(minute - 1) / state.LATE_MINUTES) - np.exp(-minute / state.LATE_MINUTES)
    share[40] = np.exp(-39 / state.LATE_MINUTES)
    table = np.log(is_late) + np.log(np.maximum(share, LEAST))[:, :, None]
    table[0] = np.log(1.0 - is_late)
    return days.total(days.cell[days.held], table[days.sessions.late[days.held]])


def _of_level(days: _Days) -> Floats:
    """What rests on the level alone: cells by levels."""
    cancelled = days.over & (days.sessions.status == Status.cancelled)
    held = np.log(1.0 - state.CANCELLED - state.STUDENT_NO_SHOW)
    told = _times(days.count(cancelled), np.log(state.CANCELLED)[None])
    told += _times(days.count(days.held), held[None])
    told += _notice(days) + _engagement(days) + _preparation(days) + _messages(days)
    told += _hours(days) + _training(days)
    return told


def _notice(days: _Days) -> Floats:
    """Moves asked for on the very day are short ones; others are asked a day ahead or more."""
    moved = days.sessions.moved
    same = days.sessions.asked // SECONDS_A_DAY == days.sessions.original // SECONDS_A_DAY
    return _yes_or_no(days.asked(moved & same), days.asked(moved & ~same), state.SHORT_NOTICE)


def _engagement(days: _Days) -> Floats:
    edge = (np.arange(3, 101)[:, None] - 0.5) / 100
    below = np.concatenate(
        [np.zeros((3, LEVELS)), ndtr((edge - state.ENGAGEMENT) / 0.10), np.ones((1, LEVELS))]
    )
    table = np.log(np.maximum(np.diff(below, axis=0), LEAST))
    return days.total(days.cell[days.held], table[days.sessions.engagement[days.held]])


def _preparation(days: _Days) -> Floats:
    rows = days.behaviour_rows("session_prep")
    cell, minutes = days.event_cell[rows], days.behaviour.amount[rows, None]
    above = gammainc(4.0, (minutes + 0.5) / state.PREP_MINUTES * 4.0)
    under = gammainc(4.0, np.where(minutes > 1, minutes - 0.5, 0.0) / state.PREP_MINUTES * 4.0)
    told = days.total(cell, np.log(np.maximum(above - under, LEAST)))
    prepared = days.events("session_prep")
    return told + _yes_or_no(prepared, days.count(days.held) - prepared, state.PREPARED)


def _messages(days: _Days) -> Floats:
    rows = days.behaviour_rows("message_response")
    minutes = days.behaviour.amount[rows, None]
    share = _lognormal_share(minutes, state.RESPONSE_MINUTES, 0.8)
    return days.total(days.event_cell[rows], np.log(share))


def _hours(days: _Days) -> Floats:
    """Offered hours are kept as halves; `amount` counts those."""
    rows = days.behaviour_rows("availability")
    cell = days.event_cell[rows]
    centre = 2.0 * days.trait.baseline[cell, None] * state.HOURS_OFFERED
    return days.total(
        cell, np.log(_lognormal_share(days.behaviour.amount[rows, None], centre, 0.08))
    )


def _lognormal_share(value: Ints, centre: Floats, spread: float) -> Floats:
    """Chance that `centre` times a lognormal factor rounds to `value`, at least 1."""
    above = ndtr(np.log((value + 0.5) / centre) / spread)
    under = np.where(value > 1, ndtr(np.log((value - 0.5) / centre) / spread), 0.0)
    share: Floats = np.maximum(above - under, LEAST)
    return share


def _training(days: _Days) -> Floats:
    rows = days.behaviour_rows("training_assigned")
    cell, learns = days.event_cell[rows], days.behaviour.learns[rows]
    done = np.bincount(cell[learns], minlength=days.cells)
    left = np.bincount(cell[~learns], minlength=days.cells)
    return _yes_or_no(done, left, state.TRAINING_DONE)


def _yes_or_no(yes: Ints, no: Ints, share: Floats) -> Floats:
    return _times(yes, np.log(share)[None]) + _times(no, np.log(1.0 - share)[None])


def _times(count: Ints, told: Floats) -> Floats:
    """Each cell's log-likelihood, `told`, as often as counted; `told` may be one for all cells."""
    often: Floats = count.astype(np.float64).reshape(-1, *(1,) * (told.ndim - 1))
    return often * told


# --- likelihoods: levels by skill, levels by habit ---


def _by_skill(days: _Days) -> Floats:
    """Ratings and objectives met."""
    met = (state.OBJECTIVES[LEVEL] + state.OBJECTIVES_TYPE[TYPE]).clip(0.0, 0.98)
    yes = days.count(days.held & days.sessions.objectives)
    no = days.count(days.held & ~days.sessions.objectives)
    told = _times(yes, np.log(met)[None]) + _times(no, np.log(1.0 - met)[None])
    rated = np.flatnonzero(days.held & (days.sessions.rating > 0))
    told += days.total(days.cell[rated], np.log(_rating_share(days, rated)))
    return told


def _rating_share(days: _Days, rows: Ints) -> Floats:
    """Chance of each rating given that there is one: rows by levels by skills."""
    sessions, cell = days.sessions.take(rows), days.cell[rows]
    group, tenure = (of[cell][:, None, None] for of in (days.trait.group, days.tenure))
    grid, first = _grid(group), (sessions.number == 1)[:, None, None]
    mean, spread = state.rating_mean(LEVEL, grid, tenure, first), state.rating_spread(grid)
    low, high = _liked(sessions.rating, sessions.feedback)

    def below(edge: Floats) -> Floats:
        share: Floats = 1.0 / (1.0 + np.exp((mean - edge[:, None, None]) / spread))
        return share

    share = below(high) - below(low)
    fails, plainly = (
        state.first_failure_share(LEVEL, grid, tenure),
        state.failure_share(mean, spread),
    )
    failed = (sessions.rating < 300)[:, None, None]
    given_first = np.where(failed, fails / plainly, (1.0 - fails) / (1.0 - plainly))
    answer: Floats = np.maximum(np.where(first, share * given_first, share), LEAST)
    return answer


def _liked(rating: Ints, on_form: Bools) -> tuple[Floats, Floats]:
    """The range of the unrounded liking behind each rating; see `session.rounded`."""
    stars = rating / 100.0
    half_width = np.where(on_form, 0.5, 0.25)
    low, high = stars - half_width, stars + half_width
    low = np.where(stars == 3.0, state.FAILURE, low)
    high = np.where((stars == 2.5) & ~on_form, state.FAILURE, high)
    return np.where(stars <= 1.0, -np.inf, low), np.where(stars >= 5.0, np.inf, high)


def _by_habit(days: _Days) -> Floats:
    """Logins, of which there are few on leave."""
    share = state.LOGIN[LEVEL] * state.LOGIN_TYPE[TYPE]
    there = state.WEEKDAY[days.weekday] * np.where(days.leave, 0.05, 1.0)
    told = _times(days.events("login"), np.log(share)[None])
    told -= there[:, None, None] * share
    return told


def _grid(group: Ints | int) -> Trait:
    """Tutors of every type at once, along the last axis."""
    return Trait(np.asarray(group), TYPE, TYPE, TYPE, np.ones(1))
