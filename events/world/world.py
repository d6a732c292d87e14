"""The sizes a world can have, and the random streams everything in it is drawn from."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from shared.domain.population import SYNTHETIC

SYNTHETIC_PREFIX = SYNTHETIC
"""Every identifier of a synthetic tutor, student, session or event begins so."""


@dataclass(frozen=True)
class World:
    """A marketplace of a given size; `tutors` are at work on any one day.

    Without `signal` nothing visible tells who is going to leave: departures come by chance alone,
    to everybody alike, with a word and on the evening of a day of teaching; nobody falls silent.
    All else is as it was, but those who would have left start afresh instead.
    """

    name: str
    tutors: int
    days: int = 210
    signal: bool = True

    @property
    def sessions_per_day(self) -> float:
        """15 sessions a week for each tutor (PRD 1.1)."""
        return self.tutors * 15 / 7


WORLDS = {
    world.name: world for world in (World("demo", 280), World("full", 1_400), World("x10", 14_000))
}


class Stream(IntEnum):
    """One independent random stream a concern: adding draws to one leaves the others as they are.

    The numbers are part of a seed's meaning; add at the end, never renumber.
    """

    TRAIT = 0
    LIFE = 1
    SESSION = 2
    BEHAVIOUR = 3
    FEEDBACK = 4
    PROFILE = 5
    LIVE = 6


def generator(seed: int, stream: Stream, *parts: int) -> np.random.Generator:
    """The generator of one stream of one seed, or of a numbered part of the stream."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(stream, *parts)))
