"""Where a number turns red: the thresholds an administrator may move, within bounds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.domain.rate import Limit


@dataclass(frozen=True, slots=True)
class Threshold:
    """One threshold: its default, the bounds it may be moved in, and which side is red.

    A `share` is of 1, and shown as per cent.
    """

    name: str
    default: float
    low: float
    high: float
    above_is_bad: bool
    about: str
    share: bool = True


THRESHOLDS = {
    threshold.name: threshold
    for threshold in (
        Threshold(
            "reschedule_rate", 0.15, 0.02, 0.50, True,
            "share of sessions the tutor moved, 30 days",
        ),
        Threshold(
            "no_show_rate", 0.05, 0.01, 0.30, True,
            "share of sessions the tutor did not turn up to, 30 days",
        ),
        Threshold(
            "rating_last_30", 3.5, 1.0, 5.0, False,
            "mean stars of the last 30 rated sessions", share=False,
        ),
        Threshold(
            "first_session_success_rate", 0.70, 0.30, 0.95, False,
            "rated first sessions with 4 stars or more, 30 days",
        ),
        Threshold(
            "engagement_score", 0.60, 0.20, 0.95, False,
            "of logins, preparation and response time, 30 days",
        ),
        Threshold(
            "learning_objectives_met_rate", 0.80, 0.30, 0.98, False,
            "sessions that met their objectives, 30 days",
        ),
    )
}  # fmt: skip


class ThresholdError(ValueError):
    """A threshold that does not exist or a value outside its bounds."""

    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(f"{name} {sentence}")
        self.name = name
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Settings:
    """The thresholds in force; `version` grows with every change, kept with who and when."""

    version: int = 0
    values: tuple[tuple[str, float], ...] = ()
    changed_by: str | None = None
    changed_at: datetime | None = None

    def limit(self, name: str) -> Limit:
        """The limit in force for a metric."""
        threshold = THRESHOLDS[name]
        return Limit(dict(self.values).get(name, threshold.default), threshold.above_is_bad)

    def in_force(self) -> dict[str, float]:
        """Every threshold's value."""
        return {name: self.limit(name).value for name in THRESHOLDS}


def changed(
    settings: Settings,
    values: Mapping[str, float],
    by: str | None = None,
    at: datetime | None = None,
) -> Settings:
    """The settings after moving some thresholds; raises ThresholdError naming the wrong one."""
    for name, value in values.items():
        threshold = THRESHOLDS.get(name)
        if threshold is None:
            raise ThresholdError(name, "is no threshold")
        if not threshold.low <= value <= threshold.high:
            raise ThresholdError(name, f"must be from {threshold.low:g} to {threshold.high:g}")
    merged = {**dict(settings.values), **values}
    return Settings(settings.version + 1, tuple(sorted(merged.items())), by, at)
