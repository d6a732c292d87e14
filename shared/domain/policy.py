"""What an administrator may move about interventions: limits, days and shares, within bounds.

No score can be moved below the risk level from which its intervention is offered at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Dial:
    """One number that can be moved: its default, its bounds, and what it does.

    `whole` ones count nights, days or sessions; a `share` is of 1, and shown as per cent.
    """

    name: str
    title: str
    default: float
    low: float
    high: float
    about: str
    whole: bool = False
    share: bool = False


DIALS = {
    dial.name: dial
    for dial in (
        Dial("coaching_score", "Score for coaching", 50, 50, 90,
             "churn score above which a coaching session is due"),
        Dial("plan_score", "Score for a plan", 75, 75, 95,
             "churn score above which an improvement plan is due"),
        Dial("retention_score", "Score for an interview", 60, 50, 95,
             "churn score above which, with less activity, a retention interview is due"),
        Dial("sustained_days", "Nights in a row", 7, 3, 30,
             "that make a high score last", whole=True),
        Dial("reschedules_in_7d", "Reschedules in 7 days", 3, 2, 10,
             "sessions moved that bring the tutor a message", whole=True),
        Dial("skill_rating", "Subject knowledge", 3.5, 2.0, 4.5,
             "mean stars under which training is suggested"),
        Dial("new_tutor_days", "Days as a new tutor", 60, 14, 180,
             "since onboarding, in which a mentor is proposed", whole=True),
        Dial("exemplary_days", "Nights as an exemplary tutor", 60, 14, 180,
             "in a row that are recognised", whole=True),
        Dial("advice_gap_days", "Days between advice", 2, 1, 7,
             "to one tutor, before tips or a training are sent", whole=True),
        Dial("holdout_share", "Held out", 0.10, 0.0, 0.5,
             "share of automated interventions held out at random, so that effect can be measured",
             share=True),
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
