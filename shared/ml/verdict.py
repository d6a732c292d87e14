"""What a backtest found, and whether the forecasts can be relied on, in plain words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from shared.domain.churn_model import ModelKind
from shared.domain.evaluation import (
    HEADLINE,
    HORIZONS,
    Agreement,
    Evaluation,
    Interval,
    Measures,
    within,
)
from shared.ml.reliance import (
    Reliance,
    calibration,
    error_said,
    level_said,
    reliance,
    slope_said,
    why,
)

type Tone = Literal["good", "mixed", "poor", "unknown"]


@dataclass(frozen=True, slots=True)
class Setting:
    """What was trained on and tested on.

    `purge_days` by horizon is how long before `train_until` the last moment trained on lies, so
    that its outcome was known by then. `kinds` says which sort of model is in use by horizon.
    `missing` names in words what the history does not report.
    """

    history: str
    made_at: datetime
    train_from: datetime
    train_until: datetime
    test_from: datetime
    test_until: datetime
    train_tutors: int
    train_rows: int
    test_tutors: int
    test_rows: int
    purge_days: Mapping[int, int]
    kinds: Mapping[int, ModelKind]
    features: int
    reported: int
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """The model in use less another over the same tutor-moments: log-loss and AUC.

    A log-loss below 0 and an AUC above 0 speak for the model in use.
    """

    against: str
    log_loss: Interval | None
    auc: Interval | None


@dataclass(frozen=True, slots=True)
class LabelKind:
    """One way of leaving: how many of the tested tutor-moments it comes to, by horizon in days.

    `predicted` is False for what is counted but not part of what is predicted.
    """

    name: str
    meaning: str
    rows: Mapping[int, int]
    predicted: bool = True


@dataclass(frozen=True, slots=True)
class WrongLabel:
    """The same sort of model on the tempting wrong label, the 15th silent day over everybody."""

    honest: Measures
    tempting: Measures
    horizon_days: int = HEADLINE


@dataclass(frozen=True, slots=True)
class Example:
    """A tutor-moment that the score and the model judge differently, and what came of it."""

    tutor_id: str
    as_of: datetime
    churn_score: float
    probability: float
    left: bool
    words: str


@dataclass(frozen=True, slots=True)
class ScorePartWorth:
    """How well one part of the churn score ranks who leaves, in training and in the test.

    `known` is the share of tested tutor-moments with data for it; an uplift has neither.
    """

    name: str
    title: str
    weight: float | None
    known: float | None
    training: Measures
    test: Measures


@dataclass(frozen=True, slots=True)
class BacktestReport:
    """Everything the report tells; parts that are empty are left out of it.

    `comparisons` and `agreements` are by horizon in days. `drivers` are the features that move
    the predictions most, in words, with their mean absolute push in log-odds. `notes` tell how
    the model was chosen, `caveats` what a reader must bear in mind.
    """

    setting: Setting
    evaluations: tuple[Evaluation, ...]
    comparisons: Mapping[int, tuple[Comparison, ...]] = field(default_factory=dict)
    agreements: Mapping[int, Agreement] = field(default_factory=dict)
    labels: tuple[LabelKind, ...] = ()
    wrong_label: WrongLabel | None = None
    drivers: tuple[tuple[str, float], ...] = ()
    examples: tuple[Example, ...] = ()
    score_parts: tuple[ScorePartWorth, ...] = ()
    notes: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()

    def at(self, horizon_days: int) -> Evaluation | None:
        """The evaluation of one horizon."""
        return next((e for e in self.evaluations if e.horizon_days == horizon_days), None)


@dataclass(frozen=True, slots=True)
class Point:
    """One question a reader would ask, and its answer; `days` are the horizons it is of."""

    tone: Tone
    sentence: str
    days: tuple[int, ...] = (HEADLINE,)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The whole in one sentence, and the points it rests on.

    The headline horizon decides, and comes first. For a good verdict none that can be judged may
    be unreliable, and the model has to beat what needs none, beyond chance.
    """

    tone: Tone
    sentence: str
    points: tuple[Point, ...]


def verdict(report: BacktestReport) -> Verdict:
    """Whether the forecasts can be relied on, in plain words."""
    relied = {
        each.horizon_days: reliance(each.measures["promoted"])
        for each in report.evaluations
        if each.horizon_days != HEADLINE and "promoted" in each.measures
    }
    others = (*_elsewhere(report, relied), *_not_above_rules(report, relied))
    evaluation = report.at(HEADLINE)
    found = evaluation.measures.get("promoted") if evaluation else None
    if found is None or found.auc is None:
        return Verdict("unknown", _UNKNOWN, others)
    if reliance(found) == "unknown":
        few = Point("unknown", f"Of {within(HEADLINE)} too little is known: {why(found)}.")
        return Verdict("unknown", _UNKNOWN, (few, *others))
    own = (_ranks(found), _beats_the_base_rate(found), _calibrated(found))
    points = (*own, *_compared(report.comparisons.get(HEADLINE, ())), *others)
    tone, sentence = _objection(own, report) or _held(report, relied)
    return Verdict(tone, sentence, points)


_UNKNOWN = "Too few departures in the test period to tell."


def _objection(own: Sequence[Point], report: BacktestReport) -> tuple[Tone, str] | None:
    """What speaks against the headline horizon: it has to be right and to beat what needs no model.

    A logistic regression that does as well is no objection, for it is a model, too.
    """
    lost = [name for name in RULES if _against(report, HEADLINE, name) == "worse"]
    if lost or "poor" in {point.tone for point in own}:
        but = f": {_named(lost)} did better, beyond chance" if lost else ""
        return "poor", f"The forecasts should not be relied on for this history{but}."
    even = [name for name in RULES if _against(report, HEADLINE, name) != "better"]
    if even:
        said = f"The forecasts are not shown to do better than {_named(even)}"
        return "mixed", f"{said}: read the points below."
    right = {point.tone for point in own} == {"good"}
    if not right or any(_against(report, HEADLINE, name) == "worse" for name in MODELS):
        return "mixed", "The forecasts are of use, with reservations: read the points below."
    return None


def _held(report: BacktestReport, relied: Mapping[int, Reliance]) -> tuple[Tone, str]:
    """What a headline horizon without objection and the others come to."""
    beaten = {days for days in relied if _not_above(report, days)}
    sure = [days for days, own in relied.items() if own == "percentages" and days not in beaten]
    doubted = [days for days, own in relied.items() if own != "unknown" and days not in sure]
    relied_on = f"of {_days([HEADLINE, *sure])} can be relied on"
    if doubted:
        return "mixed", (
            f"The forecasts {relied_on}, those of {_days(doubted)} only with reservations: read "
            "the points below."
        )
    everywhere = {HEADLINE, *sure} == set(HORIZONS)
    alike = _against(report, HEADLINE, "logistic") == "alike"
    return "good", (
        f"The forecasts {'can be relied on' if everywhere else relied_on}: they find tutors who "
        "leave, and their percentages mean what they say."
        + (" A logistic regression does as well, within chance." if alike else "")
    )


def _ranks(found: Measures) -> Point:
    low, high = found.auc_low, found.auc_high
    if low is None or high is None:
        return Point("mixed", f"AUC {found.auc:.2f}, with too few tutors for an interval.")
    said = f"AUC {found.auc:.2f} ({low:.2f} to {high:.2f})"
    if low > 0.5:
        return Point("good", f"It tells those who leave from those who stay: {said}.")
    return Point("poor", f"It is not shown to rank better than a coin: {said}.")


def _beats_the_base_rate(found: Measures) -> Point:
    if found.brier_skill is None or found.reference_rate is None:
        return Point("unknown", "Whether it beats the base rate can not be told.")
    told, own = found.brier_skill, found.brier_skill_own
    constant = f"those of always forecasting {found.reference_rate:.1%}, as in training"
    if told <= 0:
        return Point("poor", f"Its errors are no smaller than {constant} ({told:+.1%}).")
    if own is not None and own <= 0:
        return Point(
            "mixed",
            f"Its errors are {told:.1%} smaller than {constant}, but no smaller than those of "
            f"always forecasting the test's own {found.base_rate:.1%} ({own:+.1%}).",
        )
    return Point("good", f"Its errors are {told:.1%} smaller than {constant}.")


def _calibrated(found: Measures) -> Point:
    state = calibration(found)
    if state == "unknown":
        return Point("unknown", "Whether its percentages are right can not be told.")
    said = f"they are {error_said(found)}, {slope_said(found)}"
    said += f", {level_said(found)}" if found.mean_forecast is not None else ""
    if state == "right":
        return Point("good", f"Its percentages are right: {said}.")
    if state == "off by chance":
        by_chance = "what misses its goal may do so by chance"
        return Point("mixed", f"Its percentages are not shown to be wrong: {said}; {by_chance}.")
    return Point("mixed", f"Its percentages should be read with care: {said}.")


# --- the other horizons ---


def _days(horizons: Sequence[int]) -> str:
    """Horizons in words: "1 day", "1 and 7 days", "1, 7 and 90 days"."""
    *others, last = map(str, sorted(horizons))
    named = f"{', '.join(others)} and {last}" if others else last
    return f"{named} {'day' if named == '1' else 'days'}"


def _elsewhere(report: BacktestReport, relied: Mapping[int, Reliance]) -> Iterator[Point]:
    """What can be relied on at the other horizons, one point for all with the same answer."""
    for answer, (tone, sentence) in _RELIED.items():
        days = tuple(days for days, own in relied.items() if own == answer)
        if days:
            yield Point(tone, f"Within {_days(days)} {sentence}.{_reasons(report, days)}", days)


_RELIED: dict[Reliance, tuple[Tone, str]] = {
    "percentages": ("good", "the percentages are right"),
    "perhaps": (
        "mixed",
        "rely on the order, on who is likelier to leave than whom; the percentages may be off",
    ),
    "order": (
        "mixed",
        "rely on the order alone, on who is likelier to leave than whom, not on the percentages",
    ),
    "nothing": ("poor", "do not rely on the forecasts: they are not shown to beat a coin"),
    "unknown": ("unknown", "too few tutors left to judge by"),
}


def _reasons(report: BacktestReport, days: Sequence[int]) -> str:
    told = {
        each.horizon_days: said
        for each in report.evaluations
        if each.horizon_days in days and (said := why(each.measures["promoted"]))
    }
    if len(days) == 1:
        return "".join(f" {said[0].upper()}{said[1:]}." for said in told.values())
    return "".join(f" {within(horizon).capitalize()}: {said}." for horizon, said in told.items())


def _not_above_rules(report: BacktestReport, relied: Mapping[int, Reliance]) -> Iterator[Point]:
    """The other horizons at which a rule without a model does as well, or anything does better."""
    judged = [days for days, answer in relied.items() if answer != "unknown"]
    for name in (*RULES, *MODELS):
        stands = {days: _against(report, days, name) for days in judged}
        alike = [days for days in judged if stands[days] == "alike" and name in RULES]
        worse = [days for days in judged if stands[days] == "worse"]
        if alike:
            said = f"Within {_days(alike)} no different from {_named([name])} within chance."
            yield Point("mixed", said, tuple(alike))
        if worse:
            said = f"Within {_days(worse)} worse than {_named([name])}, beyond chance."
            yield Point("poor", said, tuple(worse))


# --- against other models ---


RULES = ("recency", "churn_score")
"""What ranks tutors without any learning."""
MODELS = ("xgboost", "logistic")
"""What was learned beside the model in use, which may be one of them, or a chain of several."""

type Standing = Literal["better", "alike", "worse", "unknown"]


def _against(report: BacktestReport, days: int, name: str) -> Standing:
    """How the model in use stands beside another; the recency rule in use is like itself."""
    if report.setting.kinds.get(days) == name:
        return "alike"
    compared = report.comparisons.get(days, ())
    return next((_stands(each) for each in compared if each.against == name), "unknown")


def _stands(each: Comparison) -> Standing:
    """By log-loss where there is one, else by AUC; beyond chance, or alike."""
    if each.log_loss is not None:
        better, worse = each.log_loss.below_zero, each.log_loss.above_zero
    elif each.auc is not None:
        better, worse = each.auc.above_zero, each.auc.below_zero
    else:
        return "unknown"
    return "better" if better else "worse" if worse else "alike"


def _not_above(report: BacktestReport, days: int) -> bool:
    if any(_against(report, days, name) == "worse" for name in MODELS):
        return True
    return any(_against(report, days, name) in ("alike", "worse") for name in RULES)


def _compared(comparisons: tuple[Comparison, ...]) -> tuple[Point, ...]:
    return tuple(_told(each) for each in comparisons)


def _told(each: Comparison) -> Point:
    name = _named([each.against])
    gap = each.log_loss if each.log_loss is not None else each.auc
    if gap is None:
        return Point("unknown", f"Against {name}: too little to compare.")
    what = "log-loss" if each.log_loss is not None else "AUC"
    said = f"{what} {gap.mean:+.4f} ({gap.low:+.4f} to {gap.high:+.4f})"
    match _stands(each):
        case "better":
            return Point("good", f"Better than {name}, beyond chance: {said}.")
        case "worse":
            return Point("poor", f"Worse than {name}, beyond chance: {said}.")
        case _:
            return Point("mixed", f"No different from {name} within chance: {said}.")


NAMES = {
    "promoted": "Chain of several",
    "xgboost": "XGBoost",
    "logistic": "Logistic regression",
    "recency": "Recency rule",
    "churn_score": "Churn score",
    "ceiling": "Best possible",
}
"""What the models are called on the page."""


def _named(models: Sequence[str]) -> str:
    """Models in a sentence: "the recency rule and the churn score"."""
    names = (NAMES.get(model, model) for model in models)
    return " and ".join(
        name if name.startswith("XG") else f"the {name[0].lower()}{name[1:]}" for name in names
    )
