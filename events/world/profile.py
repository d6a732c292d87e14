"""Tutor profiles: who somebody is, told by the tutor's number; the rest from the tutor's life."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from events.world.name import FAMILY, GIVEN, PLACES
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
    person = Person(seed)
    profiles = []
    for number in range(life.tutors):
        status, since = _status(life, number)
        joined = int(life.onboarded[number])
        profiles.append(
            person.profile(
                life,
                number,
                midnight,
                version=1 + (since != joined),
                status=status,
                since=midnight + timedelta(days=since),
            )
        )
    return profiles


class Person:
    """Who is behind each number: the same for ever, however many are still to come."""

    def __init__(self, seed: int) -> None:
        rng = generator(seed, Stream.PROFILE)
        self._name = rng.permutation(len(GIVEN) * len(FAMILY))
        self._place = rng.integers(0, len(PLACES), 9_973)
        self._education = rng.choice(len(EDUCATION), 9_973, p=EDUCATION_SHARE)

    def profile(
        self,
        life: Life,
        number: int,
        midnight: datetime,
        *,
        version: int,
        status: str,
        since: datetime,
    ) -> Profile:
        """One tutor's profile in some status; `midnight` begins day 0 of `life`."""
        name = int(self._name[number % len(self._name)])
        given, family = GIVEN[name % len(GIVEN)], FAMILY[name // len(GIVEN)]
        row = number % len(self._place)
        return Profile(
            tutor_id=tutor_id(number),
            version=version,
            name=f"{given} {family}",
            # SES's simulator: addresses nobody has would bounce, and count against the account.
            email=f"success+{given}.{family}.{number}@simulator.amazonses.com".lower(),
            subjects=_subjects(life, number),
            onboarding_date=midnight + timedelta(days=int(life.onboarded[number])),
            status=status,
            status_since=since,
            baseline_sessions_per_week=float(life.trait.baseline[number]),
            location=PLACES[int(self._place[row])],
            education_level=EDUCATION[int(self._education[row])],
        )


def _subjects(life: Life, number: int) -> tuple[str, ...]:
    who = np.array([number])
    group = life.trait.group[who]
    count = int(subject_count(who)[0])
    return tuple(
        SUBJECTS[int(tutor_subject(group, who, np.array([place]))[0])] for place in range(count)
    )


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
