"""Whether the world still looks and turns out as at training: stability index, predicted against
realised. Chance moves both, so each is told with what chance alone would do.

The population stability index compares shares p at training with q now: the sum over bins of
(p - q) ln(p / q). Without any change it is close to (1/n + 1/m) times a chi-square variable of
bins - 1 degrees of freedom (Yurdakul and Naranjo 2020), n and m being independent rows: training
has many alike rows of each tutor, so n is what they are worth.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from math import sqrt
from typing import Final

import numpy as np

from shared.domain.churn_model import FeatureDrift, FeatureProfile, Health, Realised
from shared.ml.bootstrap import Array, Floats, codes
from shared.ml.calibration import in_the_large

BINS = 10
Z_99 = 2.3263478740408408


def profile(matrix: Array, names: Sequence[str], tutor: Array) -> dict[str, FeatureProfile]:
    """How each column of (rows, features) is spread; NaN is unknown.

    Leave out features of the calendar: a single night has but one month and weekday.
    """
    return {name: _profile(column, tutor) for name, column in zip(names, matrix.T, strict=True)}


def _profile(column: Array, tutor: Array) -> FeatureProfile:
    edges = _edges(column[np.isfinite(column)])
    group, bins = _binned(column, edges), len(edges) + 2
    shares = np.bincount(group, minlength=bins) / max(1, len(column))
    return FeatureProfile(
        tuple(map(float, edges)),
        tuple(map(float, shares)),
        _independent_rows(group, shares, tutor),
    )


def _edges(known: Array) -> Floats:
    """Deciles, equal ones once; around a constant, so that leaving it either way is seen."""
    if not len(known) or known.min() == known.max():
        return np.concatenate([np.nextafter(known[:1], -np.inf), known[:1]], dtype=np.float64)
    inner = np.unique(np.quantile(known, np.arange(1, BINS) / BINS, method="inverted_cdf"))
    return np.asarray(inner[inner < known.max()], dtype=np.float64)


def _binned(column: Array, edges: Floats) -> Array:
    """Each row's bin: (-inf, e0], (e0, e1], …, above the last; one more for the unknown."""
    unknown = ~np.isfinite(column)
    return np.where(unknown, len(edges) + 1, np.searchsorted(edges, column, side="left"))


def _independent_rows(group: Array, shares: Floats, tutor: Array) -> float:
    """How many independent rows would leave the shares as unsure as whole tutors do.

    Independent rows have sum over bins of Var(share) / share = (bins - 1) / rows.
    """
    code, tutors = codes(tutor)
    bins = len(shares)
    filled = shares > 0
    if filled.sum() < 2 or tutors < 2:
        return float(tutors)
    counts = np.bincount(code * bins + group, minlength=tutors * bins).reshape(tutors, bins)
    gaps = (counts - shares * counts.sum(axis=1, keepdims=True))[:, filled]
    variance = (gaps**2).sum(axis=0) * tutors / (tutors - 1) / len(code) ** 2
    worth = (filled.sum() - 1) / (variance / shares[filled]).sum()
    return float(np.clip(worth, 1, len(code)))


def drift(
    profiles: Mapping[str, FeatureProfile], matrix: Array, names: Sequence[str]
) -> tuple[FeatureDrift, ...]:
    """The index of each feature with a profile, the largest first; one row a tutor, as of now.

    Empty without rows.
    """
    columns = zip(names, matrix.T, strict=True)
    found = [
        _drift(name, profiles[name], column)
        for name, column in columns
        if name in profiles and len(column)
    ]
    return tuple(sorted(found, key=lambda each: (-each.stability_index, each.feature)))


def _drift(name: str, before: FeatureProfile, column: Array) -> FeatureDrift:
    counts = np.bincount(
        _binned(column, np.array(before.edges)), minlength=len(before.shares)
    ).astype(np.float64)
    trained = np.array(before.shares) * before.effective_rows
    used = (counts > 0) | (trained > 0)
    p, q = _shares(trained[used]), _shares(counts[used])
    index = float(np.sum((p - q) * np.log(p / q)))
    spread = 1 / before.effective_rows + 1 / len(column)
    return FeatureDrift(name, len(column), index, spread * chi_square_99(int(used.sum()) - 1))


def _shares(counts: Floats) -> Floats:
    """Shares after adding half a row to each bin, so that an empty one is not infinitely rare."""
    return np.asarray((counts + 0.5) / (counts + 0.5).sum())


def chi_square_99(degrees: int) -> float:
    """The 99 % quantile of chi-square, by Wilson and Hilferty (1931); 0 for no freedom."""
    if degrees < 1:
        return 0.0
    ninth = 2 / (9 * degrees)
    return float(degrees * (1 - ninth + Z_99 * sqrt(ninth)) ** 3)


def realised(horizon_days: int, label: Array, probability: Array, tutor: Array) -> Realised | None:
    """Predictions whose outcomes have closed against what came; None with under five tutors.

    The interval is of the share that came among just these tutor-moments, whole tutors drawn.
    """
    found = in_the_large(label, probability, tutor)
    low, high = found["observed_low"], found["observed_high"]
    if low is None or high is None:
        return None
    predicted, observed = float(np.mean(probability)), float(np.mean(label))
    return Realised(horizon_days, len(label), predicted, observed, low, high)


NOTHING_CAME: Final = "No outcome has closed yet that it did not learn from."


def health(
    checked_at: datetime,
    model_version: str,
    drifts: tuple[FeatureDrift, ...],
    outcomes: tuple[Realised, ...],
) -> Health:
    """Both, with a sentence on each."""
    came = tuple(_came(each) for each in outcomes) or (NOTHING_CAME,)
    notes = (_moved(drifts), *came)
    return Health(checked_at, model_version, drifts, outcomes, notes)


def _moved(drifts: tuple[FeatureDrift, ...]) -> str:
    if not drifts:
        return "There is nothing to compare the features with."
    moved = [each for each in drifts if each.drifted]
    if not moved:
        return f"None of {len(drifts)} features has moved beyond chance since training."
    named = ", ".join(
        f"{each.feature} ({each.stability_index:.2f}, chance reaches {each.noise:.2f})"
        for each in moved[:5]
    )
    return f"{len(moved)} of {len(drifts)} features have moved beyond chance: {named}."


def _came(each: Realised) -> str:
    verdict = "as predicted, within chance"
    if each.predicted < each.low:
        verdict = "more than predicted, beyond chance"
    elif each.predicted > each.high:
        verdict = "fewer than predicted, beyond chance"
    days = f"{each.horizon_days} day{'s' if each.horizon_days > 1 else ''}"
    return (
        f"Within {days} {each.observed:.1%} left ({each.low:.1%} to {each.high:.1%}) where "
        f"{each.predicted:.1%} was predicted: {verdict}."
    )
