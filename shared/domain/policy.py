"""What an administrator may move about interventions: limits, days and shares, within bounds.

No score can be moved below the risk level from which its intervention is offered at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Dial:
    """One number that can be moved: its default, its bounds, and what it does.

    `whole` ones count nights, days or sessions.
    """

    name: str
    default: float
    low: float
    high: float
    about: str
    whole: bool = False


DIALS = {
    dial.name: dial
    for dial in (
        Dial("coaching_score", 50, 50, 90, "churn score above which a coaching session is due"),
        Dial("plan_score", 75, 75, 95, "churn score above which an improvement plan is due"),
        Dial("retention_score", 60, 50, 95, "churn score above which, with less activity, a "
             "retention interview is due"),
        Dial("sustained_days", 7, 3, 30, "nights in a row that make a high score last",
             whole=True),
        Dial("reschedules_in_7d", 3, 2, 10, "sessions moved in 7 days that bring the tutor a "
             "message", whole=True),
        Dial("skill_rating", 3.5, 2.0, 4.5, "mean stars for subject knowledge under which "
             "training is suggested"),
        Dial("new_tutor_days", 60, 14, 180, "days since onboarding up to which a mentor is "
             "proposed", whole=True),
        Dial("exemplary_days", 60, 14, 180, "nights in a row in the highest tier that are "
             "recognised", whole=True),
        Dial("advice_gap_days", 2, 0, 7, "days without advice to a tutor before tips or a training "
             "are sent", whole=True),
        Dial("holdout_share", 0.10, 0.0, 0.5, "share of automated interventions held out at "
             "random, so that effect can be measured"),
    )
}  # fmt: skip


class PolicyError(ValueError):
    """A dial that does not exist, or a value that it can not have."""

    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(f"{name} {sentence}")
        self.name = name
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Policy:
    """The dials in force; `version` grows with every change of them, by whom and when is kept."""

    version: int = 0
    values: tuple[tuple[str, float], ...] = ()
    changed_by: str | None = None
    changed_at: datetime | None = None

    def __getitem__(self, name: str) -> float:
        """What a dial stands at."""
        return dict(self.values).get(name, DIALS[name].default)

    def in_force(self) -> dict[str, float]:
        """What every dial stands at."""
        return {name: self[name] for name in DIALS}

    def changed(
        self, values: Mapping[str, float], by: str | None = None, at: datetime | None = None
    ) -> "Policy":
        """The next version, with some dials moved; raises PolicyError for the first wrong one."""
        for name, value in values.items():
            dial = DIALS.get(name)
            if dial is None:
                raise PolicyError(name, "is no setting of interventions")
            if not dial.low <= value <= dial.high:
                raise PolicyError(name, f"must be from {dial.low:g} to {dial.high:g}")
            if dial.whole and value != int(value):
                raise PolicyError(name, "must be a whole number")
        merged = dict(self.values) | dict(values)
        return Policy(self.version + 1, tuple(sorted(merged.items())), by, at)
