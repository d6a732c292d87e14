"""The world going on after its history: what Rails would post in any slot of time.

Everything is a function of the world, its seed, where its history ended, and the slot: a repeated
slot gives the same webhooks, and slots that adjoin leave nothing out. The lives of the tutors go
on as they were drawn (who leaves, who comes, which sessions are missed or fail); what else is told
of a tutor's day comes from a random stream of that day alone. A session is booked on its own day:
bookings further ahead, missing for those who are about to leave, would tell who they are.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np

from events.world import state
from events.world.behaviour import MODULES
from events.world.column import SECONDS_A_DAY
from events.world.delivery import Body, Delivery, delivery, seconds, text
from events.world.first_day import Booking, bookings, event, rest_of_first_day, student_id
from events.world.history import History
from events.world.profile import DEACTIVATED_AFTER_DAYS, Person, draw_profiles, tutor_id
from events.world.session import (
    DURATION_SHARE,
    DURATIONS,
    GROUP_SESSIONS,
    QUARTER,
    STUDENT_REASONS,
    TUTOR_REASON_SHARE,
    TUTOR_REASONS,
    Status,
    subject_count,
    tutor_subject,
)
from events.world.session_report import Fate, Stand, Told, outcome
from events.world.state import Floats, Ints, Trait
from events.world.subject import SUBJECTS
from events.world.tutor import BOOKED_AHEAD_DAYS, Exit, Life, live
from events.world.world import SYNTHETIC_PREFIX, Stream, generator

DUPLICATED = 0.03
LAST_WORD_DAYS = 2
"""Reports on a day's sessions, stars and corrections included, are all in after so many days."""
TRAINING_DAYS = 30
PUT_OFF_DAYS = 14
"""So long a booking of the history that finds no room is put off from day to day."""
_AROUND_THE_CLOCK: Floats = np.full(96, 1 / 96)
_AT_NIGHT: Floats = np.where(state.QUARTER_SHARE == 0.0, 1 / 96, 0.0)


@dataclass(frozen=True)
class Feed:
    """What happens in a world after its history; `day` counts from the history's first.

    `around_the_clock` spreads sessions evenly over the hours, so that whoever looks, at any hour,
    sees something move.
    """

    history: History
    around_the_clock: bool = False

    def deliveries(self, after: datetime, until: datetime) -> list[Delivery]:
        """All that is due in (after, until], in the order it is due."""
        if after.tzinfo is None or until.tzinfo is None:
            raise ValueError("a slot needs offsets")
        start, end = max(after.timestamp(), float(self.history.until)), until.timestamp()
        first, last = (int(at // SECONDS_A_DAY) - self.history.first_day for at in (start, end))
        told = list(_Told(self, first, last).everything()) if start < end else []
        due = [each for each in told if start < each[0] <= end]
        return [delivery(*each) for each in sorted(due, key=_order)]


def _order(told: Told) -> tuple[float, str, int]:
    due, _, body = told
    return due, str(next(iter(body.values()))), body.get("version", 0)


@dataclass(frozen=True)
class _Agenda:
    """Booked sessions that take place on a day (by tutor), are put off on it, or called off."""

    held: Booking
    later: dict[int, list[Body]]
    off: dict[int, list[Body]]


_ZERO = np.zeros(1, np.int64)
_NOBODY = Stand(0, 0, Trait(_ZERO, _ZERO, _ZERO, _ZERO, np.zeros(1)))


class _Told:
    """All that is told of the days that bear on a slot: from `first` to `last`."""

    def __init__(self, feed: Feed, first: int, last: int) -> None:
        self.history, self.seed = feed.history, feed.history.seed
        self.began = self.history.life.days
        self.first, self.last = first, last
        self.hours = _AROUND_THE_CLOCK if feed.around_the_clock else state.QUARTER_SHARE
        world, first_day = self.history.world, self.history.first_day
        days = max(last + 1, self.began)
        self.life: Life = live(world, self.seed, (first_day + 3) % 7, days)
        self.person = Person(self.seed)

    def everything(self) -> Iterator[Told]:
        """In no order, each with when it is due."""
        if self.first < self.began + LAST_WORD_DAYS:
            yield from self._twice(rest_of_first_day(self.history), self._rng(self.began - 1))
            if self.hours is _AROUND_THE_CLOCK:
                yield from self._first_night()
        for day in range(max(self.first - LAST_WORD_DAYS, self.began), self.last + 1):
            yield from self._day(day)

    def _rng(self, day: int, *parts: int) -> np.random.Generator:
        return generator(self.seed, Stream.LIVE, day, *parts)

    def _midnight(self, day: int) -> float:
        return float((self.history.first_day + day) * SECONDS_A_DAY)

    def _day(self, day: int) -> Iterator[Told]:
        yield from self._profiles(day)
        moves = self._moves_of(day)
        for seat in np.flatnonzero(self.life.tutor[:, day] >= 0).tolist():
            rng = self._rng(day, seat)
            tutor = int(self.life.tutor[seat, day])
            yield from self._twice(self._sessions(seat, tutor, day, moves, rng), rng)
            yield from self._asked(tutor, day)
        for body in self._agenda.off[day]:
            yield from outcome(body, _NOBODY, Fate.CANCELLED, self._rng(day))
        for body in self._agenda.later[day]:
            yield self._midnight(day) + 600, "sessions", body
        yield from self._behaviour(day)

    @cached_property
    def _agenda(self) -> "_Agenda":
        """What becomes of the bookings that the history left behind."""
        agenda = _Agenda(defaultdict(list), defaultdict(list), defaultdict(list))
        end = self.began + BOOKED_AHEAD_DAYS + PUT_OFF_DAYS
        if self.first - LAST_WORD_DAYS > end:
            return agenda
        waiting: dict[int, list[Body]] = defaultdict(list)
        booked = bookings(self.history)
        for day in range(self.began, min(self.last, end) + 1):
            for (tutor, on), bodies in booked.items():
                if on == day:
                    waiting[tutor].extend(bodies)
            moves = self._moves_of(day)
            room = {
                int(tutor): self._room(seat, day, moves[int(tutor)])
                for seat, tutor in enumerate(self.life.tutor[:, day])
                if tutor >= 0
            }
            for tutor, bodies in waiting.items():
                held = room.get(tutor, 0)
                agenda.held[tutor, day] = bodies[:held]
                rest = bodies[held:]
                if tutor in room and day < end:
                    waiting[tutor] = [self._put_off(body, day) for body in rest]
                    agenda.later[day] += waiting[tutor]
                else:
                    waiting[tutor] = []
                    agenda.off[day] += rest
        return agenda

    def _room(self, seat: int, day: int, moves: list[int]) -> int:
        """How many of the booked sessions fit a day; all, where the tutor has just left."""
        if not self.life.working[seat, day]:
            return 1_000
        if self.life.leave[seat, day]:
            return 0
        old = sum(int(self.life.move.asked[move] < self.began) for move in moves)
        return int(self.life.fresh[seat, day]) + old

    def _put_off(self, body: Body, day: int) -> Body:
        time = seconds(body["scheduled_time"]) % SECONDS_A_DAY
        next_day = text(self._midnight(day + 1) + time)
        return {**body, "version": body["version"] + 1, "scheduled_time": next_day}

    def _twice(self, told: Iterator[Told], rng: np.random.Generator) -> Iterator[Told]:
        """Some of it comes a second time, as Rails repeats what was not answered in time."""
        for due, kind, body in list(told):
            yield due, kind, body
            if rng.random() < DUPLICATED:
                yield due + 5 + float(rng.exponential(30)), kind, body

    # --- sessions ---

    def _sessions(
        self,
        seat: int,
        tutor: int,
        day: int,
        moves: dict[int, list[int]],
        rng: np.random.Generator,
    ) -> Iterator[Told]:
        """The sessions of a tutor's day: moved to it, booked for it, or new."""
        life, stand = self.life, self._stand(seat, tutor, day)
        known = self._agenda.held.get((tutor, day), [])
        at_work = bool(life.working[seat, day]) and not life.leave[seat, day]
        count = int(life.fresh[seat, day])
        if at_work:
            own = [move for move in moves[tutor] if life.move.asked[move] >= self.began]
            known = [self._move(move)[1] for move in own] + known
            count += len(moves[tutor])
        bodies = list(known)
        fates = self._fates(seat, day, max(count, len(bodies)))
        for place, fate in enumerate(fates[len(bodies) :]):
            due, body = self._booked(stand, seat, tutor, day, place, fate, rng)
            yield due, "sessions", body
            bodies.append(body)
        # The last are new: what a life has settled befalls them, for they can be first sessions.
        for body, fate in zip(bodies, fates, strict=True):
            yield from outcome(body, stand, fate, rng)

    def _first_night(self) -> Iterator[Told]:
        """Sessions at hours when the history holds none, which come on top of its last day's."""
        day, life = self.began - 1, self.life
        gone_by = (self.history.until - self._midnight(day)) / QUARTER
        share = np.where(np.arange(96) > gone_by, _AT_NIGHT, 0.0)
        for seat in np.flatnonzero(life.working[:, day] & ~life.leave[:, day]).tolist():
            tutor, rng = int(life.tutor[seat, day]), self._rng(day, seat)
            stand = self._stand(seat, tutor, day)
            for place in range(int(rng.poisson(stand.sessions_a_day() * share.sum()))):
                begins = self._midnight(day) + QUARTER * float(
                    rng.choice(96, p=share / share.sum())
                )
                name = f"{self.history.first_day + day}-{tutor:08d}-{place:02d}"
                body = self._body(name, stand, tutor, day, first=False, rng=rng)
                body["scheduled_time"] = text(begins)
                yield begins, "sessions", body
                yield from outcome(body, stand, Fate.OPEN, rng)

    def _fates(self, seat: int, day: int, count: int) -> list[Fate]:
        """What the tutor's life has settled about the sessions of a day."""
        life = self.life
        if not life.working[seat, day]:
            return [Fate.MISSED if life.abandoned[seat, day] else Fate.CANCELLED] * count
        settled = [Fate.MISSED] * int(life.no_show[seat, day])
        settled += [Fate.FAILED_FIRST] * int(life.failed_first[seat, day])
        return [Fate.OPEN] * (count - len(settled)) + settled

    def _stand(self, seat: int, tutor: int, day: int) -> Stand:
        tenure = int(day - self.life.onboarded[tutor])
        trait = self.life.trait.of(np.array([tutor]))
        return Stand(int(self.life.level[seat, day]), tenure, trait)

    def _booked(
        self,
        stand: Stand,
        seat: int,
        tutor: int,
        day: int,
        place: int,
        fate: Fate,
        rng: np.random.Generator,
    ) -> tuple[float, Body]:
        """A new session and when it is booked: on its own day."""
        begins = self._midnight(day) + self._quarter(rng, missed=fate is Fate.MISSED)
        share = float(state.first_share(np.array([stand.tenure]))[0])
        first = rng.random() < share or fate is Fate.FAILED_FIRST
        first = first or bool(self.life.debut[seat, day])
        name = f"{self.history.first_day + day}-{tutor:08d}-{place:02d}"
        body = self._body(name, stand, tutor, day, first=first, rng=rng)
        booked = self._midnight(day) + float(rng.random()) * (begins - self._midnight(day))
        return booked, {**body, "scheduled_time": text(begins)}

    def _quarter(self, rng: np.random.Generator, *, missed: bool = False) -> float:
        even = self.hours is _AROUND_THE_CLOCK
        share = state.QUARTER_SHARE_NO_SHOW if missed and not even else self.hours
        return float(rng.choice(len(share), p=share)) * QUARTER

    def _body(
        self,
        name: str,
        stand: Stand,
        tutor: int,
        day: int,
        *,
        first: bool,
        rng: np.random.Generator,
    ) -> Body:
        who = np.array([tutor])
        place = np.array([int(rng.random() * subject_count(who)[0])])
        circle = max(2, int(stand.trait.baseline[0] / 2))
        student = int(rng.integers(circle))
        number = 2 + (tutor * 31 + student * 17) % 9 + stand.tenure // 7
        return {
            "session_id": f"{SYNTHETIC_PREFIX}s-{name}",
            "version": 1,
            "tutor_id": tutor_id(tutor),
            "student_id": f"{SYNTHETIC_PREFIX}u-{name}" if first else student_id(tutor, student),
            "scheduled_time": text(self._midnight(day)),
            "status": Status.scheduled.name,
            "session_number": 1 if first else number,
            "duration_minutes": int(rng.choice(DURATIONS, p=DURATION_SHARE)),
            "subject": SUBJECTS[int(tutor_subject(stand.trait.group, who, place)[0])],
            "session_type": "group" if rng.random() < GROUP_SESSIONS else "1-on-1",
        }

    # --- moves ---

    def _moves_of(self, day: int) -> dict[int, list[int]]:
        """Moves that bring a tutor a session on this day."""
        found: dict[int, list[int]] = defaultdict(list)
        for move in np.flatnonzero(self.life.move.new == day).tolist():
            found[int(self.life.move.tutor[move])].append(move)
        return found

    def _asked(self, tutor: int, day: int) -> Iterator[Told]:
        """Sessions that are booked and moved away on this day."""
        asked = (self.life.move.asked == day) & (self.life.move.tutor == tutor)
        for move in np.flatnonzero(asked).tolist():
            booked, body = self._move(move)
            info = body["reschedule_info"]
            first = {**body, "version": 1, "scheduled_time": info["original_time"]}
            del first["reschedule_info"]
            yield booked[0], "sessions", first
            moved = {**body, "status": Status.rescheduled.name}
            yield booked[1], "sessions", {**moved, "scheduled_time": info["original_time"]}

    def _move(self, move: int) -> tuple[tuple[float, float], Body]:
        """When a session that will be moved is booked and is moved; and what it is then."""
        of, rng = self.life.move, self._rng(int(self.life.move.asked[move]), 1_000_000 + move)
        tutor, asked_day = int(of.tutor[move]), int(of.asked[move])
        tenure = int(asked_day - self.life.onboarded[tutor])
        stand = Stand(int(of.level[move]), tenure, self.life.trait.of(np.array([tutor])))
        original = self._midnight(int(of.original[move])) + max(self._quarter(rng), 4 * QUARTER)
        asked = self._midnight(asked_day) + float(rng.integers(7 * 3600, 23 * 3600))
        if of.original[move] == asked_day:
            early = float(rng.integers(600, 6 * 3600))
            asked = max(original - early, self._midnight(asked_day) + 600)
        new = self._midnight(int(of.new[move])) + self._quarter(rng)
        booked = self._midnight(asked_day)
        booked += float(rng.random()) * (asked - booked)
        by_tutor = rng.random() < state.TUTOR_RESCHEDULES
        reason = rng.choice(TUTOR_REASONS, p=TUTOR_REASON_SHARE)
        first = bool(rng.random() < state.first_share(np.array([tenure]))[0])
        body = self._body(f"m{move:08d}", stand, tutor, asked_day, first=first, rng=rng)
        info = {
            "initiator": "tutor" if by_tutor else "student",
            "reason": str(reason if by_tutor else rng.choice(STUDENT_REASONS)),
            "original_time": text(original),
            "new_time": text(new),
            "requested_at": text(asked),
        }
        body |= {"version": 2, "scheduled_time": text(new), "reschedule_info": info}
        return (booked, asked), body

    # --- behaviour ---

    def _behaviour(self, day: int) -> Iterator[Told]:
        """What those at work do besides teaching, and leaves that begin and end."""
        rng, life = self._rng(day), self.life
        seats = np.flatnonzero(life.working[:, day])
        tutor, level, leave = life.tutor[seats, day], life.level[seats, day], life.leave[seats, day]
        trait, weekday = life.trait.of(tutor), (self.history.first_day + day + 3) % 7
        held = (life.fresh[seats, day] - life.no_show[seats, day]).clip(0)
        on = np.where(leave, 0.05, 1.0) * state.WEEKDAY[weekday]
        logins = rng.poisson(state.LOGIN_TYPE[trait.habit] * state.LOGIN[level] * on)
        prepared = rng.binomial(held, state.PREPARED[level])
        threads = rng.poisson(held * state.MESSAGES)
        prep = state.PREP_MINUTES[level] * rng.gamma(4.0, 0.25, len(seats))
        response = state.RESPONSE_MINUTES[level] * np.exp(rng.normal(0.0, 0.8, len(seats)))
        hours = trait.baseline * state.HOURS_OFFERED[level]
        hours = np.round(hours * np.exp(rng.normal(0.0, 0.08, len(seats))) * 2).clip(1, 336) / 2
        names = _names(f"{self.history.first_day + day}")

        def happen(kind: str, counts: Ints, hour: int, last: int, **data: Floats) -> Iterator[Told]:
            for row in np.flatnonzero(counts).tolist():
                values = {name: float(value[row]) for name, value in data.items()}
                for _ in range(int(counts[row])):
                    at = self._midnight(day) + float(rng.integers(hour * 3600, last * 3600))
                    yield at, "events", event(next(names), int(tutor[row]), kind, at, values)

        yield from happen("login", logins, 8, 23)
        minutes = np.round(prep).clip(1)
        yield from happen("session_prep", prepared, 6, 9, prep_minutes=minutes)
        minutes = np.round(response).clip(1, 1_440)
        yield from happen("message_response", threads, 9, 23, response_minutes=minutes)
        offers = ((weekday == 0) & ~leave).astype(np.int64)
        yield from happen("availability", offers, 5, 8, hours_offered=hours)
        yield from self._training(day, names)
        before = life.leave[seats, day - 1] & (life.tutor[seats, day - 1] == tutor)
        yield from happen("leave_started", (leave & ~before).astype(np.int64), 0, 1)
        yield from happen("leave_ended", (before & ~leave).astype(np.int64), 0, 1)

    def _training(self, day: int, names: Iterator[str]) -> Iterator[Told]:
        """Courses assigned today, and those of the last weeks that are finished today."""
        for ago in range(min(TRAINING_DAYS, day - self.began) + 1):
            assigned = day - ago
            rng, seats = self._rng(assigned, 2_000_000), self.life.tutor.shape[0]
            chance = rng.random((3, seats))  # of being assigned, of finishing, the hour
            lag = rng.geometric(0.15, seats)
            module = rng.integers(0, len(MODULES), size=(seats,))
            life = self.life
            there = life.working[:, assigned] & ~life.leave[:, assigned]
            got = there & (chance[0] < state.TRAINING_ASSIGNED)
            if ago:
                got &= (chance[1] < state.TRAINING_DONE[life.level[:, assigned]]) & (lag == ago)
                got &= life.working[:, day] & (life.tutor[:, day] == life.tutor[:, assigned])
            kind, begins = ("training_completed", 9) if ago else ("training_assigned", 8)
            for seat in np.flatnonzero(got).tolist():
                at = self._midnight(day) + (begins + float(chance[2, seat])) * 3600
                about = {"module": MODULES[int(module[seat])]}
                who = int(life.tutor[seat, assigned])
                yield at, "events", event(next(names), who, kind, at, about)

    # --- profiles ---

    def _profiles(self, day: int) -> Iterator[Told]:
        """Newcomers and changes of status at once; everybody else once a day, unchanged.

        The latter, as a nightly job of Rails would, fills a stage that knows nobody yet.
        """
        life = self.life
        at = self._midnight(day)
        gone = (life.exited == day) & np.isin(life.exit, (Exit.RESIGNED, Exit.DEACTIVATED))
        noticed = (life.exited + DEACTIVATED_AFTER_DAYS == day) & (life.exit == Exit.SILENT)
        for number in np.flatnonzero(gone | noticed).tolist():
            word = "resigned" if life.exit[number] == Exit.RESIGNED else "deactivated"
            yield at + 60 + number % 600, "tutors", self._profile(number, word, day)
        for seat in np.flatnonzero(life.working[:, day]).tolist():
            number = int(life.tutor[seat, day])
            turn = self._last_turn(seat, number, day)
            due = at + 60 + (number % 600 if turn == day else number * 977 % (SECONDS_A_DAY - 3600))
            if turn is None:
                yield due, "tutors", _written(self._profiles_before[number])
            else:
                word = "on_leave" if life.leave[seat, day] else "active"
                yield due, "tutors", self._profile(number, word, turn)

    @cached_property
    def _profiles_before(self) -> list["Body"]:
        profiles = draw_profiles(self.history.life, self.seed, self.history.midnight)
        return [vars(profile) for profile in profiles]

    def _last_turn(self, seat: int, number: int, day: int) -> int | None:
        """The day since when a tutor's status is what it is, if that is after the history."""
        joined = int(self.life.onboarded[number])
        since = max(joined, self.began)
        leave = self.life.leave[seat, since - 1 : day + 1].astype(np.int64)
        if since == joined:
            leave[0] = 0
        turns = np.flatnonzero(np.diff(leave))
        if len(turns):
            return since + int(turns[-1])
        return joined if joined >= self.began else None

    def _profile(self, number: int, status: str, since: int) -> Body:
        """Versions follow the days, which are more than a history's versions."""
        midnight = self.history.midnight
        profile = self.person.profile(
            self.life,
            number,
            midnight,
            version=since + 2,
            status=status,
            since=_instant(self._midnight(since)),
        )
        return _written(vars(profile))


def _instant(second: float) -> datetime:
    return datetime.fromisoformat(text(second))


def _written(profile: Body) -> Body:
    """A profile as JSON has it."""
    return {
        name: text(value.timestamp())
        if isinstance(value, datetime)
        else list(value)
        if isinstance(value, tuple)
        else value
        for name, value in profile.items()
    }


def _names(prefix: str) -> Iterator[str]:
    number = 0
    while True:
        yield f"{prefix}-{number:05d}"
        number += 1
