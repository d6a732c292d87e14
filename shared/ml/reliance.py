"""What can be relied on at a horizon: the percentages, the order of tutors alone, or nothing."""

from typing import Literal

from shared.domain.evaluation import Measures
from shared.ml.calibration import SLOPES, slope_allowed
from shared.ml.gate import enough

CALIBRATION_GOAL = 0.03
LEVEL = 1.25
"""How many times too high or too low forecasts may be on average and count as right."""

NEARLY = 0.1
"""Shares of a change that are told as none or all of it."""

type Calibration = Literal["right", "off by chance", "off", "unknown"]
type Reliance = Literal["percentages", "perhaps", "order", "nothing", "unknown"]
"""The order says who is likelier to leave than whom; perhaps the percentages as well."""


def reliance(found: Measures) -> Reliance:
    """What can be relied on; unknown where too few left to judge by."""
    if found.auc_low is None or not enough(found.positives, found.positive_tutors):
        return "unknown"
    if found.auc_low <= 0.5:
        return "nothing"
    if _no_skill(found):
        return "order"
    return _RELIED.get(calibration(found), "order")


_RELIED: dict[Calibration, Reliance] = {"right": "percentages", "off by chance": "perhaps"}


def calibration(found: Measures) -> Calibration:
    """Whether calibration error, slope and level, as they are printed, reach their goals.

    By chance they miss them if the error is no larger than a perfect forecast would have here, the
    slope's interval reaches into what is allowed, and that of the share that left holds the mean
    forecast.
    """
    error, slope = found.calibration_error, found.calibration_slope
    if error is None or slope is None:
        return "unknown"
    if _reached(error) and slope_allowed(slope) and level_allowed(found):
        return "right"
    error_off = not _reached(error) and error > (found.calibration_noise or 0)
    off = error_off or _slope_off(found) or _level_off(found)
    return "off" if off else "off by chance"


def _reached(error: float) -> bool:
    return round(100 * error, 1) <= 100 * CALIBRATION_GOAL


def _slope_off(found: Measures) -> bool:
    """Whether the slope lies outside what is allowed, beyond chance."""
    low, high = found.calibration_slope_low, found.calibration_slope_high
    if found.calibration_slope is None or slope_allowed(found.calibration_slope):
        return False
    return low is None or high is None or low > SLOPES[1] or high < SLOPES[0]


def level_allowed(found: Measures) -> bool:
    """Whether the mean forecast is near enough to the share that left; so where it is not known."""
    mean, share = found.mean_forecast, found.base_rate
    return mean is None or (share > 0 and 1 / LEVEL <= mean / share <= LEVEL)


def _level_off(found: Measures) -> bool:
    """Whether the mean forecast is not near enough, beyond chance."""
    mean, low, high = found.mean_forecast, found.observed_low, found.observed_high
    if mean is None or level_allowed(found):
        return False
    return low is None or high is None or not low <= mean <= high


# --- in words ---


def why(found: Measures) -> str:
    """What the answer rests on, where it is not simply yes."""
    match reliance(found):
        case "unknown":
            return f"{found.positive_tutors:,} tutors, {found.positives:,} departures"
        case "nothing":
            return f"AUC {found.auc:.2f} ({found.auc_low:.2f} to {found.auc_high:.2f})"
        case "percentages":
            return ""
        case "perhaps":
            return f"{_missed(found)}, which chance may explain"
        case "order":
            return "; ".join(each for each in (_missed(found), _no_skill(found)) if each)


def _missed(found: Measures) -> str:
    """The goals of calibration that are not reached, be it by chance."""
    error, slope = found.calibration_error, found.calibration_slope
    reasons = []
    if error is not None and not _reached(error):
        reasons.append(error_said(found))
    if slope is not None and not slope_allowed(slope):
        reasons.append(f"too {'extreme' if slope < 1 else 'timid'}, {slope_said(found)}")
    if not level_allowed(found):
        high = (found.mean_forecast or 0) > found.base_rate
        reasons.append(f"too {'high' if high else 'low'}, {level_said(found)}")
    return "; ".join(reasons)


def _no_skill(found: Measures) -> str:
    if found.brier_skill is None:
        return "whether it beats the base rate can not be told"
    if found.brier_skill <= 0:
        return f"errors no smaller than those of always forecasting {found.reference_rate:.1%}"
    if found.brier_skill_own is not None and found.brier_skill_own <= 0:
        return (
            "errors no smaller than those of always forecasting the test's own "
            f"{found.base_rate:.1%}"
        )
    return ""


def error_said(found: Measures) -> str:
    """The calibration error beside its goal and what chance alone would give."""
    return (
        f"off by {100 * (found.calibration_error or 0):.1f} points on average "
        f"(goal: {100 * CALIBRATION_GOAL:.0f}; chance alone gives "
        f"{100 * (found.calibration_noise or 0):.1f})"
    )


def slope_said(found: Measures) -> str:
    """The slope with its interval beside its goal."""
    low, high = found.calibration_slope_low, found.calibration_slope_high
    known = f"{low:.2f} to {high:.2f}; " if low is not None and high is not None else ""
    return f"slope {found.calibration_slope:.2f} ({known}goal: {SLOPES[0]} to {SLOPES[1]})"


def level_said(found: Measures) -> str:
    """The mean forecast beside the share that left, with its interval."""
    low, high = found.observed_low, found.observed_high
    known = f" ({low:.1%} to {high:.1%})" if low is not None and high is not None else ""
    return f"on average {found.mean_forecast or 0:.1%} where {found.base_rate:.1%} left{known}"


def followed(before: float, now: float, said: float) -> str:
    """How far forecasts went along with a change of the base rate."""
    share = (said - before) / (now - before)
    if share < -NEARLY:
        return "having moved the other way"
    if share < NEARLY:
        return "not having followed it"
    if share < 1 - NEARLY:
        return "having followed it in part"
    return "having followed it" if share <= 1 + NEARLY else "more than the change explains"
