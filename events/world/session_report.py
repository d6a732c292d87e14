"""The reports on one session, from its booking to a student's stars, drawn from a state."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

import numpy as np

from events.world import state
from events.world.delivery import Body, Kind, seconds, text
from events.world.feedback import AREAS, CATEGORIES, CATEGORY_SHIFT, COMMENTED, COMMENTS
from events.world.session import Status, rounded
from events.world.state import Bools, Trait
from events.world.world import SYNTHETIC_PREFIX

CORRECTED = 0.02
FORM_FIRST, FORM_LATER = 0.75, 0.45
NOTICED_AFTER_SECONDS = 900

type Told = tuple[float, Kind, Body]


class Fate(Enum):
    """What a tutor's life has already settled about a session."""

    OPEN = auto()
    MISSED = auto()
    FAILED_FIRST = auto()
    CANCELLED = auto()


@dataclass(frozen=True)
class Stand:
    """The state of one tutor on one day; `trait` holds that tutor alone."""

    level: int
    tenure: int
    trait: Trait

    def sessions_a_day(self) -> float:
        """Expected sessions on a day, over the week."""
        rate = [
            state.session_rate(self._level, self.trait, self._tenure, day)[0] for day in range(7)
        ]
        return float(np.mean(rate))

    def fails(self) -> float:
        """Chance that a first session would be rated below 3."""
        return float(state.first_failure_share(self._level, self.trait, self._tenure)[0])

    def rating(self, first: bool) -> tuple[float, float]:
        """Centre and scale of what students like."""
        mean = state.rating_mean(self._level, self.trait, self._tenure, np.array([first]))
        return float(mean[0]), float(state.rating_spread(self.trait)[0])

    @property
    def _level(self) -> state.Ints:
        return np.array([self.level])

    @property
    def _tenure(self) -> state.Ints:
        return np.array([self.tenure])


def outcome(body: Body, stand: Stand, fate: Fate, rng: np.random.Generator) -> Iterator[Told]:
    """What is reported of a booked session from its time on: when, what kind, which body."""
    begins = seconds(body["scheduled_time"])
    level = stand.level
    chance = rng.random() if fate is Fate.OPEN else 1.0
    over = {**body, "version": body["version"] + 1}
    if fate is Fate.MISSED:
        missed = {**over, "status": Status.no_show.name, "no_show_party": "tutor"}
        yield begins + NOTICED_AFTER_SECONDS, "sessions", missed
    elif fate is Fate.CANCELLED or chance < state.CANCELLED[level]:
        yield begins + NOTICED_AFTER_SECONDS, "sessions", {**over, "status": Status.cancelled.name}
    elif chance < state.CANCELLED[level] + state.STUDENT_NO_SHOW:
        missed = {**over, "status": Status.no_show.name, "no_show_party": "student"}
        yield begins + NOTICED_AFTER_SECONDS, "sessions", missed
    else:
        ends, held = _held(over, stand, begins, rng)
        yield ends, "sessions", held
        yield from _afterwards(held, ends, stand, fate, rng)


def _held(body: Body, stand: Stand, begins: float, rng: np.random.Generator) -> tuple[float, Body]:
    level, trait = stand.level, stand.trait
    late_share = min(state.LATE[level] * state.LATE_TYPE[trait.reliability[0]], 0.9)
    late = 1 + int(rng.exponential(state.LATE_MINUTES[level])) if rng.random() < late_share else 0
    late = min(late, 40)
    ends = begins + (late + body["duration_minutes"] + int(rng.integers(-3, 3))) * 60
    met = state.OBJECTIVES[level] + state.OBJECTIVES_TYPE[trait.skill[0]]
    engagement = float(np.clip(rng.normal(state.ENGAGEMENT[level], 0.10), 0.02, 1.0))
    return ends, {
        **body,
        "status": Status.completed.name,
        "completed_time": text(ends),
        "actual_start": text(begins + late * 60),
        "late_start_minutes": late,
        "engagement_score": round(engagement, 2),
        "learning_objectives_met": bool(rng.random() < min(max(met, 0.0), 0.98)),
        "technical_issues": bool(rng.random() < state.TECHNICAL_ISSUE),
    }


def _afterwards(
    body: Body, ends: float, stand: Stand, fate: Fate, rng: np.random.Generator
) -> Iterator[Told]:
    """Stars, with or without a form, and now and then a correction; whichever comes first."""
    changes: list[tuple[float, Body]] = []
    form: Body | None = None
    stars, on_form = _stars(body["session_number"] == 1, stand, fate, rng)
    if stars:
        rated = ends + 120 + min(float(rng.exponential(3 * 3600)), 86_400.0)
        changes.append((rated, {"student_rating": stars}))
        form = _form(body, stars, rated, rng) if on_form else None
        if form:
            yield rated, "feedback", form
    if rng.random() < CORRECTED:
        late = body["late_start_minutes"] + int(rng.integers(1, 8))
        start = text(seconds(body["scheduled_time"]) + late * 60)
        changes.append((ends + 7200, {"late_start_minutes": late, "actual_start": start}))
    for due, change in sorted(changes, key=lambda each: each[0]):
        body = {**body, **change, "version": body["version"] + 1}
        yield due, "sessions", body


def _stars(first: bool, stand: Stand, fate: Fate, rng: np.random.Generator) -> tuple[float, bool]:
    """Stars or 0, and whether they came on a form; by the laws of `session.draw_sessions`."""
    fails = stand.fails()
    share = state.RATED * (1 - fails) / (1 - state.RATED * fails) if first else state.RATED
    if fate is not Fate.FAILED_FIRST and rng.random() >= share:
        return 0.0, False
    mean, spread = stand.rating(first)
    below = 1.0 / (1.0 + np.exp((mean - state.FAILURE) / spread))
    chance = rng.random() * 0.999998 + 1e-6
    if fate is Fate.FAILED_FIRST:
        chance *= below
    elif first:
        chance = below + chance * (1.0 - below)
    liked = mean + spread * np.log(chance / (1.0 - chance))
    on_form: Bools = np.array([rng.random() < (FORM_FIRST if first else FORM_LATER)])
    return float(rounded(np.array([liked]), on_form)[0]) / 100, bool(on_form[0])


def _form(session: Body, stars: float, at: float, rng: np.random.Generator) -> Body:
    mood = np.round(stars + rng.normal(CATEGORY_SHIFT, 0.55)).clip(1, 5)
    body = {
        "feedback_id": f"{SYNTHETIC_PREFIX}f-{session['session_id'].rsplit('s-', 1)[1]}",
        "session_id": session["session_id"],
        "student_id": session["student_id"],
        "tutor_id": session["tutor_id"],
        "overall_rating": int(stars),
        "ratings": dict(zip(CATEGORIES, map(int, mood), strict=True)),
        "submitted_at": text(at),
    }
    if session["session_number"] == 1:
        recommends = (0.0, 0.03, 0.10, 0.45, 0.90, 0.99)[int(stars)]
        body["would_recommend"] = bool(rng.random() < recommends)
    if rng.random() < (0.85 if stars <= 3 else 0.12):
        body["improvement_areas"] = [str(rng.choice(AREAS))]
    if rng.random() < COMMENTED:
        body["free_text"] = str(rng.choice(COMMENTS[0 if stars <= 2 else min(int(stars) - 2, 2)]))
    return body
