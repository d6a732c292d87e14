"""The world going on after its history: what Rails would post, delivery by delivery.

Sessions come at a constant rate day and night, so that somebody who starts the product at any
hour sees it move; sessions booked in the history are held when they fall due.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np

from events.world import state
from events.world.behaviour import MODULES
from events.world.column import SECONDS_A_DAY
from events.world.feedback import AREAS, CATEGORIES, CATEGORY_SHIFT, COMMENTS
from events.world.history import History
from events.world.profile import tutor_id
from events.world.session import (
    DURATION_SHARE,
    DURATIONS,
    GROUP_SESSIONS,
    QUARTER,
    STUDENT_REASONS,
    TUTOR_REASON_SHARE,
    TUTOR_REASONS,
    Session,
    Status,
    subject_count,
    tutor_subject,
)
from events.world.state import Floats, Ints, Trait
from events.world.subject import SUBJECTS
from events.world.tutor import Exit, Life
from events.world.world import SYNTHETIC_PREFIX

HELD_NOW = 0.5  # the other half of the new sessions is booked for the days ahead
BEHAVIOUR_PER_SESSION = 0.8
DUPLICATED = 0.03
CORRECTED = 0.02
WITH_FEEDBACK = 0.5  # of the rated

type Kind = Literal["sessions", "events", "feedback"]
type Body = dict[str, Any]


@dataclass(frozen=True)
class Delivery:
    """One webhook: `POST /api/<kind>` when it is `due`. A repeated delivery is equal in all else.

    Sign it with `webhook_id`: a duplicate carries the same one, as a retry by Rails would.
    """

    due: datetime
    kind: Kind
    webhook_id: str
    body: Body


def live_deliveries(
    history: History, now: datetime, rng: np.random.Generator, *, pace: float = 1.0
) -> Iterator[Delivery]:
    """Yield what happens from `now` on, for ever, in the order it is due.

    `pace` multiplies the rate at which new things happen; the clock stays the real one.
    """
    if now.tzinfo is None:
        raise ValueError("now needs an offset")
    return _Feed(history, now, rng, pace).deliveries()


class _Feed:
    """Tutors who are at work, their students, and the deliveries still to come."""

    def __init__(
        self, history: History, now: datetime, rng: np.random.Generator, pace: float
    ) -> None:
        self.rng, self.now = rng, now.timestamp()
        self.run = f"{int(self.now):x}"
        self.per_second = pace * history.world.sessions_per_day / SECONDS_A_DAY
        self.made = 0
        self.coming: list[tuple[float, int, Delivery]] = []
        self.tutor, self.level = _at_work(history.life)
        self.trait: Trait = history.life.trait.of(self.tutor)
        self.joined: Ints = history.first_day + history.life.onboarded[self.tutor]
        self.day = int(self.now // SECONDS_A_DAY)
        self.busy = self._busy()
        sessions = history.sessions()
        place = {int(tutor): row for row, tutor in enumerate(self.tutor)}
        self.students = _students(sessions, place)
        self._hold_booked(sessions, place)

    def deliveries(self) -> Iterator[Delivery]:
        while True:
            gap = self.rng.exponential(1.0 / (self.per_second * (1.0 + BEHAVIOUR_PER_SESSION)))
            arrival = self.now + gap
            while self.coming and self.coming[0][0] <= arrival:
                yield heapq.heappop(self.coming)[2]
            self.now = arrival
            self._turn_day()
            who = int(self.rng.choice(len(self.tutor), p=self.busy))
            if self.rng.random() < BEHAVIOUR_PER_SESSION / (1.0 + BEHAVIOUR_PER_SESSION):
                self._behave(who)
            elif self.rng.random() < HELD_NOW:
                self._hold_now(who)
            else:
                self._book(who)

    # --- the state ---

    def _busy(self) -> Floats:
        weekday = (self.day + 3) % 7
        rate = state.session_rate(self.level, self.trait, self._tenure(), weekday)
        share: Floats = rate / rate.sum()
        return share

    def _tenure(self) -> Ints:
        return np.maximum(self.day - self.joined, 0)

    def _turn_day(self) -> None:
        while self.day < self.now // SECONDS_A_DAY:
            self.day += 1
            chance = self.rng.random(len(self.level))
            worse = chance < state.worsening(self.level, self.trait.group, self._tenure())
            better = chance > 1.0 - state.RECOVER[self.level]
            self.level = self.level + worse - better
            self.busy = self._busy()

    # --- what happens ---

    def _behave(self, who: int) -> None:
        level, rng = self.level[who], self.rng
        match rng.choice(4, p=[0.6, 0.2, 0.15, 0.05]):
            case 0:
                if rng.random() > state.LOGIN[level]:
                    return
                kind, about = "login", {}
            case 1:
                minutes = state.RESPONSE_MINUTES[level] * np.exp(rng.normal(0.0, 0.8))
                kind, about = "message_response", {"response_minutes": max(1, round(minutes))}
            case 2:
                minutes = state.PREP_MINUTES[level] * rng.gamma(4.0, 0.25)
                kind, about = "session_prep", {"prep_minutes": max(1, round(minutes))}
            case _:
                kind, about = "training_completed", {"module": str(rng.choice(MODULES))}
        body = {
            "event_id": f"{SYNTHETIC_PREFIX}e-{self._serial()}",
            "tutor_id": tutor_id(int(self.tutor[who])),
            "type": kind,
            "occurred_at": _text(self.now),
            "data": about,
        }
        self._send(self.now, "events", body)

    def _hold_now(self, who: int) -> None:
        """A session that has just come to its end, or one that is being moved right now."""
        rng = self.rng
        if rng.random() < self._reschedule_share(who):
            notice = rng.exponential(20 * 3600)
            original = _quarter(self.now + 1800 + notice)
            self._go_on(self._new_session(who, original), who, moved_at=self.now)
            return
        minutes = int(rng.choice(DURATIONS, p=DURATION_SHARE))
        body = self._new_session(who, _quarter(self.now - minutes * 60), minutes)
        self._go_on(body, who, ends=self.now)

    def _book(self, who: int) -> None:
        day = self.day + 1 + int(self.rng.geometric(0.2))
        quarter = self.rng.choice(len(state.QUARTER_SHARE), p=state.QUARTER_SHARE)
        body = self._new_session(who, day * SECONDS_A_DAY + float(quarter) * QUARTER)
        self._send(self.now, "sessions", body)
        self._go_on(body, who, moved_at=self._maybe_moved_at(body, who))

    def _hold_booked(self, sessions: Session, place: dict[int, int]) -> None:
        ahead = sessions.status == Status.scheduled
        for row in np.flatnonzero(ahead & (sessions.scheduled > self.now)):
            tutor = int(sessions.tutor[row])
            if tutor in place:
                body = _booked_body(sessions, int(row))
                who = place[tutor]
                self._go_on(body, who, moved_at=self._maybe_moved_at(body, who))

    def _maybe_moved_at(self, body: Body, who: int) -> float | None:
        if "reschedule_info" in body or self.rng.random() > self._reschedule_share(who):
            return None
        due = _seconds(body["scheduled_time"])
        return self.now + float(self.rng.random()) * (due - self.now)

    def _reschedule_share(self, who: int) -> float:
        return float(state.reschedule_share(self.level, self.trait)[who])

    # --- one session's reports ---

    def _new_session(self, who: int, scheduled: float, minutes: int | None = None) -> Body:
        rng = self.rng
        tutor = self.tutor[who : who + 1]
        place = np.array([int(rng.random() * subject_count(tutor)[0])])
        subject = int(tutor_subject(self.trait.group[who : who + 1], tutor, place)[0])
        student, number = self._student(who)
        return {
            "session_id": f"{SYNTHETIC_PREFIX}s-{self._serial()}",
            "version": 1,
            "tutor_id": tutor_id(int(tutor[0])),
            "student_id": student,
            "scheduled_time": _text(scheduled),
            "status": Status.scheduled.name,
            "session_number": number,
            "duration_minutes": minutes or int(rng.choice(DURATIONS, p=DURATION_SHARE)),
            "subject": SUBJECTS[subject],
            "session_type": "group" if rng.random() < GROUP_SESSIONS else "1-on-1",
        }

    def _student(self, who: int) -> tuple[str, int]:
        circle = self.students[who]
        first = not circle or self.rng.random() < state.first_share(self._tenure())[who]
        if first:
            student = f"{SYNTHETIC_PREFIX}u-{self._serial()}"
            if len(circle) >= max(2, int(self.trait.baseline[who] / 2)):
                circle.pop(next(iter(circle)))
            circle[student] = 0
        else:
            student = list(circle)[int(self.rng.integers(len(circle)))]
        circle[student] += 1
        return student, circle[student]

    def _go_on(
        self, body: Body, who: int, *, moved_at: float | None = None, ends: float | None = None
    ) -> None:
        """Schedule the reports that follow `body`: moved, over, rated, corrected."""
        if moved_at is not None:
            body = self._moved(body, moved_at)
            self._send(moved_at, "sessions", body)
        body, over = self._over(body, who, ends)
        self._send(over, "sessions", body)
        if body["status"] != Status.completed.name:
            return
        if self.rng.random() < state.RATED:
            body = self._rated(body, who, over)
        if self.rng.random() < CORRECTED:
            late = body["late_start_minutes"] + int(self.rng.integers(1, 8))
            body = {**body, "version": body["version"] + 1, "late_start_minutes": late}
            start = _text(_seconds(body["scheduled_time"]) + late * 60)
            self._send(over + 7200, "sessions", {**body, "actual_start": start})

    def _moved(self, body: Body, asked: float) -> Body:
        rng = self.rng
        original = _seconds(body["scheduled_time"])
        new = _text(original + SECONDS_A_DAY * int(rng.geometric(0.35)))
        by_tutor = rng.random() < state.TUTOR_RESCHEDULES
        reason = rng.choice(TUTOR_REASONS, p=TUTOR_REASON_SHARE)
        info = {
            "initiator": "tutor" if by_tutor else "student",
            "reason": str(reason if by_tutor else rng.choice(STUDENT_REASONS)),
            "original_time": body["scheduled_time"],
            "new_time": new,
            "requested_at": _text(asked),
        }
        return {
            **body,
            "version": body["version"] + 1,
            "status": Status.rescheduled.name,
            "reschedule_info": info,
        }

    def _over(self, body: Body, who: int, ends: float | None) -> tuple[Body, float]:
        """The report of the outcome, and when it is sent."""
        rng, level = self.rng, self.level[who]
        info = body.get("reschedule_info")
        begins = _seconds(info["new_time"] if info else body["scheduled_time"])
        body = {**body, "version": body["version"] + 1, "scheduled_time": _text(begins)}
        weekday = int(begins // SECONDS_A_DAY + 3) % 7
        missed = float(state.no_show_share(self.level, self.trait, weekday)[who])
        chance = rng.random()
        noticed = ends or begins + 900
        if chance < missed + state.STUDENT_NO_SHOW:
            party = "tutor" if chance < missed else "student"
            return {**body, "status": Status.no_show.name, "no_show_party": party}, noticed
        if chance < missed + state.STUDENT_NO_SHOW + state.CANCELLED[level]:
            return {**body, "status": Status.cancelled.name}, noticed
        is_late = rng.random() < state.LATE[level] * state.LATE_TYPE[self.trait.reliability[who]]
        late = 1 + int(rng.exponential(state.LATE_MINUTES[level])) if is_late else 0
        over = ends or begins + late * 60 + body["duration_minutes"] * 60
        met = state.OBJECTIVES[level] + state.OBJECTIVES_TYPE[self.trait.skill[who]]
        engagement = float(np.clip(rng.normal(state.ENGAGEMENT[level], 0.1), 0.02, 1.0))
        outcome = {
            "status": Status.completed.name,
            "completed_time": _text(over),
            "actual_start": _text(begins + late * 60),
            "late_start_minutes": late,
            "engagement_score": round(engagement, 2),
            "learning_objectives_met": bool(rng.random() < met),
            "technical_issues": bool(rng.random() < state.TECHNICAL_ISSUE),
        }
        return {**body, **outcome}, over

    def _rated(self, body: Body, who: int, over: float) -> Body:
        rng = self.rng
        first = body["session_number"] == 1
        everywhere = np.full(len(self.level), first)
        mean = state.rating_mean(self.level, self.trait, self._tenure(), everywhere)[who]
        liked = rng.logistic(mean, state.rating_spread(self.trait)[who])
        fails = state.first_failure_share(self.level, self.trait, self._tenure())[who]
        stars = int(np.clip(np.floor(liked + 0.5), 1, 5))
        if first and rng.random() < fails:
            stars = min(stars, 2)
        body = {**body, "version": body["version"] + 1, "student_rating": stars}
        rated = over + 60 + float(rng.exponential(600))
        self._send(rated, "sessions", body)
        if rng.random() < WITH_FEEDBACK:
            self._send(rated, "feedback", self._feedback(body, stars, rated, first=first))
        return body

    def _feedback(self, session: Body, stars: int, rated: float, *, first: bool) -> Body:
        rng = self.rng
        mood = np.round(stars + rng.normal(CATEGORY_SHIFT, 0.55)).clip(1, 5)
        body = {
            "feedback_id": f"{SYNTHETIC_PREFIX}f-{self._serial()}",
            "session_id": session["session_id"],
            "student_id": session["student_id"],
            "tutor_id": session["tutor_id"],
            "overall_rating": stars,
            "ratings": dict(zip(CATEGORIES, map(int, mood), strict=True)),
            "submitted_at": _text(rated),
        }
        if first:
            body["would_recommend"] = bool(stars >= 4 or rng.random() < 0.3 * (stars - 1))
        if stars <= 3:
            body["improvement_areas"] = [str(rng.choice(AREAS))]
        if rng.random() < 0.5:
            tone = 0 if stars <= 2 else min(stars - 2, 2)
            body["free_text"] = str(rng.choice(COMMENTS[tone]))
        return body

    # --- sending ---

    def _serial(self) -> str:
        self.made += 1
        return f"live-{self.run}-{self.made:06d}"

    def _send(self, due: float, kind: Kind, body: Body) -> None:
        delivery = Delivery(_instant(due), kind, f"msg-{self._serial()}", body)
        heapq.heappush(self.coming, (due, self.made, delivery))
        if self.rng.random() < DUPLICATED:
            again = due + 5 + float(self.rng.exponential(30))
            self.made += 1
            repeated = Delivery(_instant(again), kind, delivery.webhook_id, body)
            heapq.heappush(self.coming, (again, self.made, repeated))


def _at_work(life: Life) -> tuple[Ints, Ints]:
    """Tutors at work at the end of the history, and their levels."""
    last = life.days - 1
    here = np.flatnonzero(life.working[:, last] & ~life.leave[:, last])
    tutor = life.tutor[here, last]
    stays = life.exit[tutor] == Exit.NONE
    return tutor[stays], life.level[here[stays], last]


def _students(sessions: Session, place: dict[int, int]) -> list[dict[str, int]]:
    """Each tutor's students of the last month with the number of their last session."""
    students: list[dict[str, int]] = [{} for _ in place]
    recent = np.flatnonzero(sessions.scheduled > sessions.scheduled.max() - 45 * SECONDS_A_DAY)
    for row in recent:
        tutor = int(sessions.tutor[row])
        if tutor in place:
            known = students[place[tutor]]
            student = _student_id(tutor, int(sessions.student[row]))
            known[student] = max(known.get(student, 0), int(sessions.number[row]))
    return students


def _student_id(tutor: int, student: int) -> str:
    return f"{SYNTHETIC_PREFIX}u-{tutor:08d}-{student:04d}"


def _booked_body(sessions: Session, row: int) -> Body:
    """What was last reported of a session that is still to come."""
    tutor = int(sessions.tutor[row])
    body: Body = {
        "session_id": f"{SYNTHETIC_PREFIX}s-{row:08d}",
        "version": 1 + int(sessions.moved[row]),
        "tutor_id": tutor_id(tutor),
        "student_id": _student_id(tutor, int(sessions.student[row])),
        "scheduled_time": _text(float(sessions.scheduled[row])),
        "status": Status.scheduled.name,
        "session_number": int(sessions.number[row]),
        "duration_minutes": int(sessions.minutes[row]),
        "subject": SUBJECTS[int(sessions.subject[row])],
        "session_type": "group" if sessions.group[row] else "1-on-1",
    }
    if sessions.moved[row]:
        reasons = (*TUTOR_REASONS, *STUDENT_REASONS)
        body["reschedule_info"] = {
            "initiator": "student" if sessions.by_student[row] else "tutor",
            "reason": reasons[int(sessions.reason[row])],
            "original_time": _text(float(sessions.original[row])),
            "new_time": _text(float(sessions.new[row])),
            "requested_at": _text(float(sessions.asked[row])),
        }
    return body


def _quarter(second: float) -> float:
    return second // QUARTER * QUARTER


def _instant(second: float) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def _text(second: float) -> str:
    return _instant(second).strftime("%Y-%m-%dT%H:%M:%SZ")


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
