"""Tutor profiles: names and addresses from Faker, the rest from the tutor's life."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from faker import Faker

from events.world.session import subject_count, tutor_subject
from events.world.subject import SUBJECTS
from events.world.tutor import Exit, Life
from events.world.world import SYNTHETIC_PREFIX, Stream, generator

DEACTIVATED_AFTER_DAYS = 30
"""Days after which the platform notices that a tutor who told nobody is gone."""

EDUCATION = ("High school", "Bachelor", "Master", "Doctorate")
EDUCATION_SHARE = (0.08, 0.52, 0.32, 0.08)


@dataclass(frozen=True)
class Profile:
    """One tutor as the platform describes them (CONTRACT 1)."""

    tutor_id: str
    version: int
    name: str
    email: str
    subjects: tuple[str, ...]
    onboarding_date: datetime
    status: str
    status_since: datetime
    baseline_sessions_per_week: float
    location: str
    education_level: str


def tutor_id(number: int) -> str:
    """`syn-t-00000042`."""
    return f"{SYNTHETIC_PREFIX}t-{number:08d}"


def draw_profiles(life: Life, seed: int, midnight: datetime) -> list[Profile]:
    """Everybody's profile at the end of the last day; `midnight` begins day 0."""
    fake = Faker("en_US", use_weighting=False)
    fake.seed_instance(seed)
    first = [fake.first_name() for _ in range(400)]
    last = [fake.last_name() for _ in range(800)]
    places = [f"{fake.city()}, {fake.state_abbr()}" for _ in range(200)]
    rng = generator(seed, Stream.PROFILE)
    count = life.tutors
    names = rng.integers(0, len(first), count), rng.integers(0, len(last), count)
    place = rng.integers(0, len(places), count)
    education = rng.choice(len(EDUCATION), count, p=EDUCATION_SHARE)
    everyone = np.arange(count)
    subject_counts = subject_count(everyone)
    profiles = []
    for number in range(count):
        given, family = first[names[0][number]], last[names[1][number]]
        status, since = _status(life, number)
        joined = int(life.onboarded[number])
        taught = [
            SUBJECTS[
                int(
                    tutor_subject(
                        life.trait.group[number : number + 1],
                        everyone[number : number + 1],
                        np.array([place_]),
                    )[0]
                )
            ]
            for place_ in range(int(subject_counts[number]))
        ]
        profiles.append(
            Profile(
                tutor_id=tutor_id(number),
                version=1 + (since != joined),
                name=f"{given} {family}",
                email=f"{given}.{family}.{number}@tutors.example".lower(),
                subjects=tuple(taught),
                onboarding_date=midnight + timedelta(days=joined),
                status=status,
                status_since=midnight + timedelta(days=since),
                baseline_sessions_per_week=float(life.trait.baseline[number]),
                location=places[place[number]],
                education_level=EDUCATION[education[number]],
            )
        )
    return profiles


def _status(life: Life, number: int) -> tuple[str, int]:
    """The status word and the day since which it holds."""
    gone = int(life.exited[number])
    how = life.exit[number]
    if how == Exit.RESIGNED:
        return "resigned", gone
    if how == Exit.DEACTIVATED:
        return "deactivated", gone
    if how == Exit.SILENT and gone + DEACTIVATED_AFTER_DAYS <= life.days:
        return "deactivated", gone + DEACTIVATED_AFTER_DAYS
    if how == Exit.NONE and life.leave_since[number] >= 0:
        return "on_leave", int(life.leave_since[number])
    return "active", int(life.onboarded[number])


def utc_midnight(day: int) -> datetime:
    """The instant day `day` since 1970 begins."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)
