"""What the churn model says about one tutor at one moment, and what pushes it there."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal


@dataclass(frozen=True, slots=True)
class Probabilities:
    """Chance of leaving within so many days; None while there is no model."""

    within_1d: float | None = None
    within_7d: float | None = None
    within_30d: float | None = None
    within_90d: float | None = None


SHOWN_DIGITS = 4


def shown(exact: Probabilities) -> Probabilities:
    """The probabilities as lists show and sort them; rounding keeps them in their order."""

    def rounded(value: float | None) -> float | None:
        return None if value is None else round(value, SHOWN_DIGITS)

    return Probabilities(
        rounded(exact.within_1d),
        rounded(exact.within_7d),
        rounded(exact.within_30d),
        rounded(exact.within_90d),
    )


@dataclass(frozen=True, slots=True)
class Factor:
    """One thing that pushes the prediction.

    `contribution` is in log-odds of leaving: above 0 it raises the risk. `value` is the feature's
    own, in `unit`; None where it is unknown. `words` say it as a manager would.
    """

    feature: str
    words: str
    value: float | None
    unit: str
    contribution: float
    direction: Literal["raises", "lowers"]


@dataclass(frozen=True, slots=True)
class Prediction:
    """Probabilities of one tutor, with the factors that push them most.

    `base` + the contributions of `factors` + `others` = `margin`, all in log-odds of leaving
    within 30 days: `margin` is that of `within_30d`, `base` what the model says where nothing
    pushes. `data_as_of` is the newest thing in the log that was looked at.
    """

    tutor_id: str
    as_of: datetime
    data_as_of: datetime | None
    probabilities: Probabilities
    factors: tuple[Factor, ...]
    base: float
    others: float
    margin: float
    model_version: str


class Absence(StrEnum):
    """Why a tutor is not at work, and so is not predicted."""

    GONE = "gone"
    ON_LEAVE = "on_leave"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Unscored:
    """A tutor whom the model has nothing to say about, and why."""

    tutor_id: str
    as_of: datetime
    data_as_of: datetime | None
    because: Absence
    model_version: str
