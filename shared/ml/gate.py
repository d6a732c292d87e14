"""Whether a newly trained model replaces the one in force: rules, and a sentence from each.

A challenger is promoted only if every rule of `RULES` passes on outcomes that closed after it was
trained; the first model of all only has to beat the base rate (`FIRST_RULES`). All comparisons
are paired, row by row, and resample whole tutors.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from shared.domain.churn_model import Decision, ModelKind
from shared.domain.evaluation import HEADLINE, Evaluation, Interval, Measures
from shared.ml.bootstrap import Array
from shared.ml.calibration import SLOPES, reliability, slope_allowed
from shared.ml.measure import lift, log_losses, measures, paired_difference

DEPARTURES_TO_JUDGE = 50
LEAVERS_TO_JUDGE = 30

FEWEST_IN_GROUP = 10
"""Departures, of as many tutors, from which on a subgroup is compared on its own."""

MUCH_WORSE = 0.05
"""A subgroup is much worse if its log-loss grew by this share, and beyond its own chance."""

SIMPLER: tuple[ModelKind, ...] = ("recency", "logistic")
DEFAULT: ModelKind = "xgboost"


@dataclass(frozen=True, slots=True)
class Closed:
    """Outcomes of one horizon that closed after training: rows are tutor-moments, all (rows,).

    `challenger` and `champion` are probabilities; `champion` is None while no model is in force.
    `base_rate` is the share that left in the challenger's training data. `groups` name each row's
    subgroup by kind, e.g. "subject" and "tenure".
    """

    label: Array
    tutor: Array
    challenger: Array
    champion: Array | None
    base_rate: float
    groups: Mapping[str, Array] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """What the rules look at: closed outcomes by horizon, and the challenger's measures."""

    closed: Mapping[int, Closed]
    challenger: Mapping[int, Measures]
    seed: int

    @property
    def headline(self) -> Closed:
        return self.closed[HEADLINE]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule found, as a person reads it."""

    passed: bool
    sentence: str


type Rule = Callable[[Case], Finding]


def decide(
    closed: Mapping[int, Closed],
    challenger: str,
    champion: str | None,
    decided_at: datetime,
    seed: int = 0,
) -> Decision:
    """The gate: every rule is asked and answers in a sentence, also after one has failed.

    `closed` by horizon in days; the headline horizon must be there. `challenger` and `champion`
    are versions.
    """
    measured = {days: _measured(rows.challenger, rows, seed) for days, rows in closed.items()}
    case = Case(closed, measured, seed)
    findings = [rule(case) for rule in (FIRST_RULES if champion is None else RULES)]
    promoted = all(finding.passed for finding in findings)
    return Decision(
        decided_at=decided_at,
        challenger=challenger,
        champion=champion,
        promoted=promoted,
        reasons=(
            _outcome(promoted, challenger, champion),
            *(finding.sentence for finding in findings),
        ),
        evaluations=tuple(_evaluation(days, case) for days in sorted(closed)),
    )


def _measured(probability: Array, rows: Closed, seed: int) -> Measures:
    return measures(rows.label, probability, rows.tutor, rows.base_rate, seed)


def _outcome(promoted: bool, challenger: str, champion: str | None) -> str:
    if promoted:
        return f"{challenger} is now in force" + (f" instead of {champion}." if champion else ".")
    return f"{champion} stays in force." if champion else "There is still no model in force."


def _evaluation(days: int, case: Case) -> Evaluation:
    rows = case.closed[days]
    found = {"challenger": case.challenger[days]}
    if rows.champion is not None:
        found["champion"] = _measured(rows.champion, rows, case.seed)
    bins = reliability(rows.label, rows.challenger, tutor=rows.tutor)
    return Evaluation(days, found, bins, lift(rows.label, rows.challenger, rows.tutor))


def enough_outcomes(case: Case) -> Finding:
    """At least 50 departures of at least 30 tutors."""
    found = case.challenger[HEADLINE]
    passed = enough(found.positives, found.positive_tutors)
    return Finding(
        passed,
        f"{'Enough' if passed else 'Too little'} to judge by: {found.rows:,} outcomes have closed, "
        f"{found.positives:,} of them departures, of {found.positive_tutors:,} tutors "
        f"(needed: {DEPARTURES_TO_JUDGE} of {LEAVERS_TO_JUDGE}).",
    )


def enough(departures: int, leavers: int) -> bool:
    """Whether there were departures enough, of tutors enough, to judge by."""
    return departures >= DEPARTURES_TO_JUDGE and leavers >= LEAVERS_TO_JUDGE


def better_than_champion(case: Case) -> Finding:
    """Log-loss lower than the champion's, with 0 outside the interval of the difference."""
    rows = case.headline
    if rows.champion is None:
        raise ValueError("no forecasts of the champion to compare with")
    return _better(case, rows.champion, "the model in force")


def better_than_base_rate(case: Case) -> Finding:
    """Log-loss lower than always forecasting the training data's base rate."""
    rows = case.headline
    constant = np.full(len(rows.label), rows.base_rate)
    return _better(case, constant, f"always saying {rows.base_rate:.1%}")


def _better(case: Case, other: Array, name: str) -> Finding:
    rows = case.headline
    gap = paired_difference(rows.label, rows.challenger, other, rows.tutor, seed=case.seed)
    if gap is None:
        return Finding(False, f"Whether it predicts better than {name} can not be told.")
    passed = gap.below_zero
    return Finding(
        passed,
        f"{'Predicts better' if passed else 'Not shown to predict better'} than {name}: its "
        f"{HEADLINE}-day log-loss {_against(rows, rows.challenger, other)}, {_difference(gap)}.",
    )


def _against(rows: Closed, one: Array, other: Array) -> str:
    mine, theirs = (float(log_losses(rows.label, forecast).mean()) for forecast in (one, other))
    return f"is {mine:.4f} against {theirs:.4f}"


def _difference(gap: Interval) -> str:
    return f"a difference of {gap.mean:+.4f} (95% between {gap.low:+.4f} and {gap.high:+.4f})"


def calibrated(case: Case) -> Finding:
    """Calibration slope between 0.8 and 1.25."""
    found = case.challenger[HEADLINE]
    slope = found.calibration_slope
    if slope is None:
        return Finding(False, "Whether its probabilities are calibrated can not be told.")
    passed = slope_allowed(slope)
    return Finding(
        passed,
        f"Its probabilities are {'' if passed else 'not '}calibrated: slope {slope:.2f} "
        f"(95% between {found.calibration_slope_low:.2f} and {found.calibration_slope_high:.2f}), "
        f"{SLOPES[0]} to {SLOPES[1]} is allowed.",
    )


def no_subgroup_much_worse(case: Case) -> Finding:
    """No subject or tenure with a log-loss 5 % up, beyond chance for as many comparisons."""
    parts = list(_subgroups(case.headline))
    worse = [said for name, rows in parts if (said := _much_worse(name, rows, case, len(parts)))]
    if worse:
        return Finding(False, "Much worse for some: " + "; ".join(worse) + ".")
    return Finding(True, f"No subgroup is much worse ({len(parts)} had enough to compare).")


def _subgroups(rows: Closed) -> Iterator[tuple[str, Closed]]:
    """The subgroups with enough departures, of enough tutors, to be looked at alone."""
    for kind, names in rows.groups.items():
        for name in np.unique(names):
            part = _among(rows, names == name)
            left = part.label == 1
            if min(left.sum(), len(np.unique(part.tutor[left]))) >= FEWEST_IN_GROUP:
                yield f"{kind} {name}", part


def _among(rows: Closed, chosen: Array) -> Closed:
    champion = None if rows.champion is None else rows.champion[chosen]
    return Closed(
        rows.label[chosen], rows.tutor[chosen], rows.challenger[chosen], champion, rows.base_rate
    )


def _much_worse(name: str, rows: Closed, case: Case, comparisons: int) -> str | None:
    """A subgroup's complaint: of k comparisons each is asked for 1 - 0.05 / k (Bonferroni)."""
    gap = _worse(rows, case, comparisons)
    if gap is None or rows.champion is None:
        return None
    growth = gap.mean / float(log_losses(rows.label, rows.champion).mean())
    if growth <= MUCH_WORSE:
        return None
    return (
        f"{name}, where log-loss {_against(rows, rows.challenger, rows.champion)} ({growth:+.0%})"
    )


def _worse(rows: Closed, case: Case, comparisons: int) -> Interval | None:
    """The challenger's log-loss less the champion's, if it is above 0 beyond chance."""
    if rows.champion is None:
        return None
    level = 1 - 0.05 / comparisons
    gap = paired_difference(
        rows.label, rows.challenger, rows.champion, rows.tutor, seed=case.seed, level=level
    )
    return gap if gap is not None and gap.above_zero else None


def no_horizon_worse(case: Case) -> Finding:
    """No other horizon with a log-loss up beyond chance, where there is enough to judge by."""
    judged = [
        days
        for days, found in sorted(case.challenger.items())
        if days != HEADLINE and enough(found.positives, found.positive_tutors)
    ]
    worse = [days for days in judged if _worse(case.closed[days], case, len(judged))]
    if worse:
        return Finding(False, f"Worse at {_days(worse)}, beyond chance.")
    return Finding(
        True, f"Not worse at {_days(judged)}." if judged else "No other horizon to judge."
    )


def _days(horizons: list[int]) -> str:
    return " and ".join(f"{days} day{'s' if days > 1 else ''}" for days in horizons)


RULES: tuple[Rule, ...] = (
    enough_outcomes,
    better_than_champion,
    calibrated,
    no_subgroup_much_worse,
    no_horizon_worse,
)
FIRST_RULES: tuple[Rule, ...] = (enough_outcomes, better_than_base_rate, calibrated)


@dataclass(frozen=True, slots=True)
class Choice:
    """The sort of model to put forward, and why."""

    kind: ModelKind
    reasons: tuple[str, ...]


def best(
    label: Array, tutor: Array, probabilities: Mapping[ModelKind, Array], seed: int = 0
) -> Choice:
    """XGBoost, unless a simpler model has a lower log-loss beyond chance; then that one.

    A lower log-loss by chance is common on a slice of few tutors, and the regression that won so
    did worse on what came.
    """
    reasons, kind = [], DEFAULT
    for simpler in (one for one in SIMPLER if one in probabilities):
        gap = paired_difference(
            label, probabilities[simpler], probabilities[DEFAULT], tutor, seed=seed
        )
        found = _difference(gap) if gap else "too few tutors for an interval"
        reasons.append(f"{simpler} against {DEFAULT}: {found} in log-loss.")
        if gap and gap.below_zero:
            kind = simpler
    return Choice(kind, tuple(reasons))
