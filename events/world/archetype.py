"""The five kinds of tutor of the specification (PRD 1.1), read off the hidden state on a day."""

from enum import IntEnum

import numpy as np

from events.world.state import Ints, Trait

NEW_UNTIL_DAYS = 30
_ROCK, _STRONG = 0, 2


class Archetype(IntEnum):
    """A name for a state; nothing is drawn from it."""

    HIGH_PERFORMER = 0
    AT_RISK = 1
    NEW = 2
    STEADY = 3
    CHURNER = 4


def archetype(level: Ints, trait: Trait, tenure_days: Ints) -> Ints:
    """The archetype of some tutors on a day; `trait` has one entry for each of them.

    New comes before all else; then the level decides, and among the engaged a gift for the job.
    """
    gifted = (trait.reliability == _ROCK) | (trait.skill == _STRONG)
    return np.select(
        [tenure_days < NEW_UNTIL_DAYS, level >= 3, level >= 1, gifted],
        [Archetype.NEW, Archetype.CHURNER, Archetype.AT_RISK, Archetype.HIGH_PERFORMER],
        Archetype.STEADY,
    ).astype(np.int64)
