"""The laws of the world: how a tutor's hidden state moves and what the visible follows from it.

Levels run from 0 (engaged) to 4 (all but gone). Every law is a function of the state, of the
calendar and of facts anybody can see (tenure, subject group, agreed weekly sessions), so a filter
that knows this file knows all there is to know about a tutor from outside.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from events.world.subject import GROUPS

type Floats = npt.NDArray[np.float64]
type Ints = npt.NDArray[np.int64]
type Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Trait:
    """What stays with a tutor for good; every array has one entry a tutor.

    `group`, `subjects` and `baseline` are public, the three types are hidden.
    """

    group: Ints
    reliability: Ints
    skill: Ints
    habit: Ints
    baseline: Floats

    def of(self, tutor: Ints) -> "Trait":
        """The traits of some tutors, in the order asked for."""
        return Trait(
            self.group[tutor],
            self.reliability[tutor],
            self.skill[tutor],
            self.habit[tutor],
            self.baseline[tutor],
        )


def _by(*values: float) -> Floats:
    return np.array(values)


# --- the state itself: shares of the types, daily chances of moving ---

RELIABILITY_SHARE = _by(0.25, 0.60, 0.15)  # rock, ordinary, shaky
SKILL_SHARE = _by(0.20, 0.50, 0.30)  # weak, ordinary, strong
HABIT_SHARE = _by(0.30, 0.45, 0.25)  # seldom, daily, often online

WORSEN = _by(0.0075, 0.0240, 0.0400, 0.0550, 0.0)
RECOVER = _by(0.0, 0.0240, 0.0220, 0.0180, 0.0120)
NEW_WORSEN = 0.6  # a newcomer worsens up to 1.6 times as fast
LEAVE_BEGINS = 0.0012
LEAVE_ENDS = 1 / 12
FIRST_LEVEL_SHARE = _by(0.62, 0.23, 0.10, 0.04, 0.01)

# --- leaving: three competing causes, scaled by subject group (PRD: 24 % and 16 % of leavers) ---

DRIFT = _by(0.0001, 0.0004, 0.0030, 0.0150, 0.0500)
NEW_DRIFT = 1.0
AFTER_FAILED_FIRST = 0.0440  # a day, while the sting lasts
AFTER_NO_SHOW = 0.0046
STING = _by(0.3, 0.6, 1.2, 1.8, 2.4)  # who is engaged gets over it
STING_FADES = 0.85  # a day
GROUP_HAZARD = _by(0.68, 1.0, 1.22)
GROUP_WORSEN = _by(0.84, 1.00, 1.12)
RESIGNS = 0.15  # the others just stop coming; 1-2 % a month resign (PRD 1.4)
ABANDONS = 0.35  # of those who just stop, leave sessions booked that nobody gives
TAIL_DAYS = 3
CHANCE_LEAVES = 0.12 / 30  # a day, of everybody, in a world without signal

# --- the calendar, in UTC ---

WEEKDAY = _by(1.12, 1.15, 1.15, 1.10, 0.88, 0.87, 0.73)  # Monday first, mean 1
HOUR = _by(*[0] * 7, 2, 4, 5, 5, 4, 4, 5, 7, 10, 12, 13, 12, 9, 5, 3, 0, 0)
MORNING_ENDS_HOUR = 11
MORNING_NO_SHOW = 2.2
MONDAY_NO_SHOW = 1.9
QUARTER_SHARE: Floats = np.repeat(HOUR / HOUR.sum() / 4, 4)
_MORNING = np.where(np.arange(96) < MORNING_ENDS_HOUR * 4, MORNING_NO_SHOW, 1.0)
QUARTER_SHARE_NO_SHOW: Floats = QUARTER_SHARE * _MORNING / (QUARTER_SHARE * _MORNING).sum()

# --- what is visible, by level ---

ACTIVITY = _by(1.09, 1.02, 0.86, 0.64, 0.40)
NO_SHOW = _by(0.006, 0.010, 0.026, 0.060, 0.110)
NO_SHOW_TYPE = _by(0.35, 1.0, 2.6)
RESCHEDULE = _by(0.052, 0.070, 0.115, 0.180, 0.270)
RESCHEDULE_TYPE = _by(0.45, 1.0, 2.1)
SHORT_NOTICE = _by(0.15, 0.20, 0.30, 0.42, 0.55)
TUTOR_RESCHEDULES = 0.982
CANCELLED = _by(0.020, 0.024, 0.032, 0.045, 0.060)
STUDENT_NO_SHOW = 0.012
LATE = _by(0.16, 0.20, 0.30, 0.42, 0.55)
LATE_TYPE = _by(0.6, 1.0, 1.6)
LATE_MINUTES = _by(3.0, 3.5, 5.0, 7.0, 9.0)
RATING = _by(4.62, 4.54, 4.32, 4.02, 3.70)
RATING_TYPE = _by(-0.42, 0.0, 0.22)
NEW_RATING = -0.45
RATED = 0.60
MISMATCH = _by(0.020, 0.028, 0.050, 0.075, 0.100)
OBJECTIVES = _by(0.93, 0.91, 0.86, 0.78, 0.68)
OBJECTIVES_TYPE = _by(-0.08, 0.0, 0.03)
ENGAGEMENT = _by(0.88, 0.83, 0.74, 0.62, 0.50)
TECHNICAL_ISSUE = 0.03
LOGIN_TYPE = _by(1.2, 2.2, 4.0)
LOGIN = _by(1.0, 0.90, 0.68, 0.45, 0.24)
PREPARED = _by(0.42, 0.38, 0.29, 0.20, 0.11)
PREP_MINUTES = _by(18.0, 16.5, 13.0, 9.5, 7.0)
MESSAGES = 0.16  # answered threads for each session
RESPONSE_MINUTES = _by(22.0, 28.0, 48.0, 95.0, 190.0)
HOURS_OFFERED = _by(1.65, 1.58, 1.36, 1.02, 0.68)  # for each agreed weekly session
TRAINING_ASSIGNED = 0.045  # a day
TRAINING_DONE = _by(0.88, 0.80, 0.60, 0.35, 0.15)


def newness(tenure_days: Ints) -> Floats:
    """1 on the first day, fading within the first two months."""
    return np.exp(-tenure_days / 25.0)


def first_share(tenure_days: Ints) -> Floats:
    """Chance that a session is the first one with its student: newcomers meet everybody anew."""
    return 0.07 + 0.25 * np.exp(-tenure_days / 21.0)


def worsening(level: Ints, group: Ints, tenure_days: Ints) -> Floats:
    """Daily chance of a level up."""
    return WORSEN[level] * GROUP_WORSEN[group] * (1.0 + NEW_WORSEN * newness(tenure_days))


def session_rate(level: Ints, trait: Trait, tenure_days: Ints, weekday: int | Ints) -> Floats:
    """Expected sessions of a tutor on a day, moved ones included."""
    ramp = 1.0 - 0.5 * np.exp(-tenure_days / 7.0)
    rate: Floats = trait.baseline / 7.0 * WEEKDAY[weekday] * ACTIVITY[level] * ramp
    return rate


def reschedule_share(level: Ints, trait: Trait) -> Floats:
    """Share of a tutor's sessions that get moved."""
    factor = _by(*(group.reschedule_factor for group in GROUPS))
    share = RESCHEDULE[level] * RESCHEDULE_TYPE[trait.reliability] * factor[trait.group]
    return np.minimum(share, 0.6)


def no_show_share(level: Ints, trait: Trait, weekday: int | Ints) -> Floats:
    """Chance that the tutor does not turn up, averaged over the hours of the day."""
    monday = np.where(np.equal(weekday, 0), MONDAY_NO_SHOW, 1.0)
    return np.minimum(NO_SHOW[level] * NO_SHOW_TYPE[trait.reliability] * monday, 0.5)


def rating_mean(level: Ints, trait: Trait, tenure_days: Ints, first: Bools) -> Floats:
    """Centre of the logistic law of a rating before it is rounded to 1-5."""
    shift = _by(*(group.first_rating_shift for group in GROUPS))
    ordinary = RATING[level] + RATING_TYPE[trait.skill] + NEW_RATING * newness(tenure_days)
    return ordinary + np.where(first, shift[trait.group], 0.0)


def rating_spread(trait: Trait) -> Floats:
    """Scale of the logistic law of a rating."""
    return _by(*(group.rating_spread for group in GROUPS))[trait.group]


FAILURE = 2.5
"""Below this a rating rounds to less than 3, the PRD's failed session."""


def failure_share(mean: Floats, spread: Floats) -> Floats:
    """Chance that an ordinary session's rating is below 3."""
    return 1.0 / (1.0 + np.exp((mean - FAILURE) / spread))


def first_failure_share(level: Ints, trait: Trait, tenure_days: Ints) -> Floats:
    """Chance that a first session would be rated below 3: no match, or just a bad hour."""
    factor = _by(*(group.mismatch_factor for group in GROUPS))
    mismatch = MISMATCH[level] * factor[trait.group] * (1.0 + newness(tenure_days))
    mean = rating_mean(level, trait, tenure_days, np.ones_like(level, dtype=bool))
    share: Floats = mismatch + (1.0 - mismatch) * failure_share(mean, rating_spread(trait))
    return share


def hazards(
    level: Ints, group: Ints, tenure_days: Ints, failed_first: Floats, no_show: Floats
) -> tuple[Floats, Floats, Floats]:
    """Daily chances of leaving from drifting away, after failed first sessions, after no-shows.

    `failed_first` and `no_show` count recent ones, each fading by `STING_FADES` a day.
    """
    scale = GROUP_HAZARD[group]
    drift = DRIFT[level] * (1.0 + NEW_DRIFT * newness(tenure_days))
    sting = scale * STING[level]
    return scale * drift, sting * AFTER_FAILED_FIRST * failed_first, sting * AFTER_NO_SHOW * no_show
