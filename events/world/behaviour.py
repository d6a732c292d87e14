"""Behaviour events: logins, preparation, messages, offered hours, training and leave.

Rows are aggregated (`count`) so that a history stays about as long as its sessions.
"""

import json
from dataclasses import dataclass, fields

import numpy as np

from events.world import state
from events.world.column import SECONDS_A_DAY, Column, choice, identifier, instant, whole
from events.world.session import Session, Status
from events.world.state import Bools, Ints
from events.world.tutor import Life
from events.world.world import SYNTHETIC_PREFIX, Stream, generator

TYPES = (
    "login",
    "session_prep",
    "message_response",
    "availability",
    "training_assigned",
    "training_completed",
    "leave_started",
    "leave_ended",
)
MODULES = (
    "first-session-excellence",
    "explaining-clearly",
    "keeping-attention",
    "planning-a-week",
    "difficult-conversations",
    "measuring-progress",
)
MOST_MINUTES = 1_440
DATA = (
    "",
    *(json.dumps({"prep_minutes": minutes}) for minutes in range(MOST_MINUTES + 1)),
    *(json.dumps({"response_minutes": minutes}) for minutes in range(MOST_MINUTES + 1)),
    *(json.dumps({"hours_offered": hours / 2}) for hours in range(MOST_MINUTES + 1)),
    *(json.dumps({"module": module}) for module in MODULES),
)
_PREP, _RESPONSE, _HOURS, _MODULE = (1 + n * (MOST_MINUTES + 1) for n in range(4))


@dataclass(frozen=True)
class Behaviour:
    """What tutors do besides teaching: one entry a row of `events.csv`, in no order.

    `kind` is a place in `TYPES`, `second` counts since 1970, `data` is a place in `DATA`.
    `learns` holds where training was assigned that the tutor is going to finish if still there.
    """

    kind: Ints
    tutor: Ints
    second: Ints
    count: Ints
    data: Ints
    learns: Bools

    def take(self, rows: Ints | Bools) -> "Behaviour":
        """Some of the rows."""
        return Behaviour(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    def is_of(self, kind: str) -> Bools:
        """Whether each row is of one type."""
        mask: Bools = self.kind == TYPES.index(kind)
        return mask

    @property
    def amount(self) -> Ints:
        """Whole minutes of a preparation or an answer; twice the hours of an offer."""
        return (self.data - 1) % (MOST_MINUTES + 1)


def behaviour_columns(behaviour: Behaviour, until: int) -> list[Column]:
    """The columns of `events.csv`: what is known at `until`, by time."""
    rows = np.flatnonzero(behaviour.second <= until)
    known = behaviour.take(rows[np.argsort(behaviour.second[rows], kind="stable")])
    return [
        identifier("event_id", f"{SYNTHETIC_PREFIX}e-", np.arange(len(rows))),
        identifier("tutor_id", f"{SYNTHETIC_PREFIX}t-", known.tutor),
        choice("type", TYPES, known.kind),
        instant("occurred_at", known.second),
        choice("data", DATA, known.data),
        whole("count", known.count),
    ]


def draw_behaviour(life: Life, sessions: Session, seed: int, first_day: int) -> Behaviour:
    """Everything tutors do besides teaching, drawn from the state; day 0 is `first_day`."""
    rng = generator(seed, Stream.BEHAVIOUR)
    days = life.days
    cells = np.flatnonzero(life.working.ravel())
    tutor = life.tutor.ravel()[cells].astype(np.int64)
    level, leave = life.level.ravel()[cells], life.leave.ravel()[cells]
    trait = life.trait.of(tutor)
    midnight = (first_day + cells % days) * SECONDS_A_DAY
    weekday = (first_day + cells % days + 3) % 7
    held = _held_a_cell(life, sessions, first_day)[cells]

    def part(
        kind: str, rows: Bools, from_hour: int, to_hour: int, count: Ints, data: Ints
    ) -> Behaviour:
        row = np.flatnonzero(rows)
        second = midnight[row] + rng.integers(from_hour * 3600, to_hour * 3600, len(row))
        learns = done[row] if kind == "training_assigned" else np.zeros(len(row), dtype=bool)
        of_kind = np.full(len(row), TYPES.index(kind))
        return Behaviour(of_kind, tutor[row], second, count[row], data[row], learns)

    one, none = np.ones(len(cells), dtype=np.int64), np.zeros(len(cells), dtype=np.int64)
    logins = rng.poisson(
        state.LOGIN_TYPE[trait.habit]
        * state.LOGIN[level]
        * state.WEEKDAY[weekday]
        * np.where(leave, 0.05, 1.0)
    )
    prepared = rng.binomial(held, state.PREPARED[level])
    prep = state.PREP_MINUTES[level] * rng.gamma(4.0, 0.25, len(cells))
    threads = rng.poisson(held * state.MESSAGES)
    response = state.RESPONSE_MINUTES[level] * np.exp(rng.normal(0.0, 0.8, len(cells)))
    hours = trait.baseline * state.HOURS_OFFERED[level] * np.exp(rng.normal(0.0, 0.08, len(cells)))
    assigned = (rng.random(len(cells)) < state.TRAINING_ASSIGNED) & ~leave
    module = rng.integers(0, len(MODULES), len(cells))
    done = assigned & (rng.random(len(cells)) < state.TRAINING_DONE[level])
    done_on, done_module = _done_training(life, cells[done], module[done], rng)
    done_at = np.isin(cells, done_on)
    learnt = np.zeros(life.tutor.size, dtype=np.int64)
    learnt[done_on] = done_module

    def minutes(value: state.Floats) -> Ints:
        return np.round(value).astype(np.int64).clip(1, MOST_MINUTES)

    starts, ends = _leave_turns(life)
    parts = [
        part("login", logins > 0, 8, 23, logins, none),
        part("session_prep", prepared > 0, 6, 9, prepared, _PREP + minutes(prep)),
        part("message_response", threads > 0, 9, 23, threads, _RESPONSE + minutes(response)),
        part("availability", (weekday == 0) & ~leave, 5, 8, one, _HOURS + minutes(hours * 2)),
        part("training_assigned", assigned, 8, 9, one, _MODULE + module),
        part("training_completed", done_at, 9, 22, one, _MODULE + learnt[cells]),
        part("leave_started", starts.ravel()[cells], 0, 1, one, none),
        part("leave_ended", ends.ravel()[cells], 0, 1, one, none),
    ]
    return Behaviour(
        **{
            field.name: np.concatenate([getattr(part, field.name) for part in parts])
            for field in fields(Behaviour)
        }
    )


def _held_a_cell(life: Life, sessions: Session, first_day: int) -> Ints:
    """Completed sessions of every seat and day."""
    seat_of = np.zeros(life.tutors, dtype=np.int64)
    seats, days = np.nonzero(life.tutor >= 0)
    seat_of[life.tutor[seats, days]] = seats
    day = sessions.scheduled // SECONDS_A_DAY - first_day
    rows = (sessions.status == Status.completed) & (day >= 0) & (day < life.days)
    cell = seat_of[sessions.tutor[rows]] * life.days + day[rows]
    return np.bincount(cell, minlength=life.tutor.size)


def _done_training(
    life: Life, cell: Ints, module: Ints, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Cells on which assigned modules get completed, by tutors who are still there."""
    seat, day = np.divmod(cell, life.days)
    later = day + rng.geometric(0.15, len(cell))
    inside = later < life.days
    seat, day, later, module = seat[inside], day[inside], later[inside], module[inside]
    there = (life.tutor[seat, later] == life.tutor[seat, day]) & life.working[seat, later]
    return seat[there] * life.days + later[there], module[there]


def _leave_turns(life: Life) -> tuple[Bools, Bools]:
    """Days on which a leave begins and days on which a tutor is back."""
    before = np.zeros_like(life.leave)
    before[:, 1:] = life.leave[:, :-1]
    return life.leave & ~before, ~life.leave & before & life.working
