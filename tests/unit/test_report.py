"""The backtest's files: what they say of good, poor and small samples, and that they are safe."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from shared.domain.evaluation import HORIZONS, Evaluation, Interval
from shared.ml.calibration import expit, reliability
from shared.ml.chart import Axis, auc_chart, lift_chart, percent, reliability_chart
from shared.ml.goal import level_goals
from shared.ml.measure import agreement, lift, measures, paired_difference, ranking
from shared.ml.page import page
from shared.ml.reliance import followed
from shared.ml.report import as_json, write
from shared.ml.verdict import (
    BacktestReport,
    Comparison,
    Example,
    LabelKind,
    ScorePartWorth,
    Setting,
    WrongLabel,
    verdict,
)

type Array = NDArray[Any]

HOSTILE = "<script>alert('x')</script>"
SIGNAL = {1: -5.5, 7: -4.0, 30: -2.4, 90: -1.3}


def setting(**changed: Any) -> Setting:
    usual = Setting(
        history="course",
        made_at=datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
        train_from=datetime(2023, 1, 1, tzinfo=UTC),
        train_until=datetime(2023, 7, 1, tzinfo=UTC),
        test_from=datetime(2023, 7, 1, tzinfo=UTC),
        test_until=datetime(2023, 9, 30, tzinfo=UTC),
        train_tutors=1311,
        train_rows=20_412,
        test_tutors=400,
        test_rows=4000,
        purge_days={days: days + 14 for days in HORIZONS},
        kinds=dict.fromkeys(HORIZONS, "xgboost"),
        features=58,
        reported=23,
        missing=("reschedules", "ratings by category", "response times"),
    )
    return replace(usual, **changed)


class World:
    """Tutor-moments whose risk is known, seen more or less clearly by each model."""

    def __init__(self, days: int, tutors: int = 400, seed: int = 3) -> None:
        random = np.random.default_rng(seed + days)
        self.tutor = np.repeat(np.arange(tutors), 10)
        self.risk = np.repeat(random.normal(0, 1.2, tutors), 10)
        self.noise = np.repeat(random.normal(0, 1, (tutors, 4)), 10, axis=0)
        self.base = SIGNAL[days]
        self.label = (random.random(len(self.tutor)) < expit(self.base + self.risk)).astype(int)

    def forecast(self, error: float, which: int) -> Array:
        believed = (self.risk + error * self.noise[:, which]) * 1.44 / (1.44 + error**2)
        return expit(self.base + believed)

    def score(self) -> Array:
        return 30 + 18 * self.noise[:, 3] + 12 * self.risk


@cache
def evaluated(days: int, tutors: int = 400) -> tuple[Evaluation, World]:
    world = World(days, tutors)
    label, tutor = world.label, world.tutor
    promoted, before = world.forecast(0.7, 0), float(label.mean()) * 1.05
    score = world.score()
    found = measures(label, promoted, tutor, before)
    others = {
        "logistic": measures(label, world.forecast(0.9, 1), tutor, before),
        "recency": measures(label, world.forecast(2.5, 2), tutor, before),
        "churn_score": ranking(label, score, tutor),
    }
    evaluation = Evaluation(
        days,
        {"promoted": found, "xgboost": found, **others},
        reliability(label, promoted, tutor=tutor),
        lift(label, promoted, tutor),
        level_goals(label, promoted, found, score),
    )
    return evaluation, world


@cache
def usual_comparisons() -> tuple[Comparison, ...]:
    """How the good forecast of 30 days does against all that it should beat."""
    world = evaluated(30)[1]
    label, tutor = world.label, world.tutor
    promoted = world.forecast(0.7, 0)
    return tuple(
        Comparison(
            name,
            paired_difference(label, promoted, other, tutor) if name != "churn_score" else None,
            paired_difference(label, promoted, other, tutor, "auc"),
        )
        for name, other in (
            ("logistic", world.forecast(0.9, 1)),
            ("recency", world.forecast(2.5, 2)),
            ("churn_score", world.score()),
        )
    )


def backtest(**changed: Any) -> BacktestReport:
    evaluations = tuple(evaluated(days)[0] for days in HORIZONS)
    world = evaluated(30)[1]
    label, tutor = world.label, world.tutor
    promoted, score = world.forecast(0.7, 0), world.score()
    same = ranking(label, np.zeros(len(label)), tutor)
    usual = BacktestReport(
        setting=setting(),
        evaluations=evaluations,
        comparisons={30: usual_comparisons()},
        agreements={30: agreement(label, promoted, score, tutor)},
        labels=(
            LabelKind("resign", "status resigned or deactivated", {1: 4, 7: 31, 30: 120, 90: 300}),
            LabelKind(
                "fall silent",
                "more than 14 days without a session, not on leave",
                {1: 20, 7: 80, 30: 300, 90: 700},
            ),
            LabelKind("slow down", "under half of the usual for three weeks", {30: 210}, False),
        ),
        wrong_label=WrongLabel(
            evaluations[2].measures["logistic"],
            replace(evaluations[2].measures["promoted"], auc=0.86, auc_low=0.84, auc_high=0.88),
        ),
        drivers=(("sessions of 4 weeks against the usual", 0.41), ("days since joining", 0.2)),
        examples=(
            Example("t-17", datetime(2023, 8, 1, tzinfo=UTC), 81, 0.04, False, "a no-show weighs"),
        ),
        score_parts=(
            ScorePartWorth(
                "tenure_risk",
                "Tenure risk",
                0.1,
                0.9,
                evaluations[2].measures["churn_score"],
                evaluations[3].measures["churn_score"],
            ),
            ScorePartWorth("no_show_risk_uplift", "Uplift: no-show", None, None, same, same),
        ),
        notes=("recency is worse than xgboost.",),
        caveats=("Column cancellations is absent from this history.",),
    )
    return replace(usual, **changed)


def too_small() -> BacktestReport:
    evaluations = tuple(evaluated(days, tutors=4)[0] for days in HORIZONS)
    return BacktestReport(setting(test_tutors=4), evaluations)


class Reader(HTMLParser):
    """Checks that tags are closed, and remembers what there is."""

    VOID = ("meta", "circle", "line", "rect", "br")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(document: str) -> Reader:
    reader = Reader()
    reader.feed(document)
    assert reader.open == []
    return reader


@pytest.mark.parametrize("report", [backtest(), too_small()], ids=["full", "too small"])
def test_the_page_is_whole_and_fetches_and_runs_nothing(report: BacktestReport) -> None:
    document = page(report)

    reader = read(document)

    assert not reader.tags & {"script", "link", "img", "iframe", "object", "form"}
    assert not re.search(r"https?:|url\(|@import|\son\w+=|nan", document.split("</style>")[1])


def test_the_page_tells_each_horizon_and_every_measure() -> None:
    words = " ".join(read(page(backtest())).words)

    for expected in (
        "Leaving within 30 days", "Leaving within 1 day", "AUC", "PR-AUC", "Brier", "skill",
        "Right in the top 10%", "Caught by the top 10%", "Calibration slope", "XGBoost", "in use",
        "Logistic regression", "Recency rule", "Churn score", "Critical", "70% right, 90% caught",
        "Where churn score and model disagree", "How tutors leave", "The tempting wrong label",
        "What was trained and tested", "20,412 tutor-moments of 1,311 tutors", "reschedules",
        "What to bear in mind", "1 July 2023", "Tenure risk", "the same of everybody",
    ):  # fmt: skip
        assert expected in words


def test_texts_from_the_history_are_escaped() -> None:
    report = backtest(
        setting=setting(history=HOSTILE, missing=(HOSTILE,)),
        notes=(HOSTILE,),
        caveats=(HOSTILE,),
        drivers=((HOSTILE, 1.0),),
        labels=(LabelKind(HOSTILE, HOSTILE, {30: 1}),),
        examples=(Example(HOSTILE, datetime(2023, 8, 1, tzinfo=UTC), 1, 0.5, True, HOSTILE),),
    )

    document = page(report)

    assert "<script" not in document
    assert document.count("&lt;script&gt;") >= 9


def test_a_sample_that_is_too_small_says_so_instead_of_flattering() -> None:
    document = page(too_small())

    assert "Too few departures in the test period to tell." in document
    assert "These are too few to measure a forecast by." in document
    assert "Better than picking blindly?" not in document
    assert verdict(too_small()).tone == "unknown"


def test_nothing_measured_at_all_still_makes_a_page() -> None:
    read(page(BacktestReport(setting(), ())))

    assert verdict(BacktestReport(setting(), ())).tone == "unknown"


def test_good_forecasts_are_called_reliable() -> None:
    found = verdict(backtest())

    assert found.tone == "good"
    assert [point.tone for point in found.points[:3]] == ["good", "good", "good"]
    assert any("Better than the recency rule" in point.sentence for point in found.points)


def with_promoted(**changed: Any) -> BacktestReport:
    evaluation = evaluated(30)[0]
    promoted = replace(evaluation.measures["promoted"], **changed)
    evaluations = (replace(evaluation, measures={"promoted": promoted}),)
    return BacktestReport(setting(), evaluations, comparisons={30: usual_comparisons()})


# fmt: off
VERDICTS = [
    pytest.param({"calibration_error": 0.03}, "good", id="just calibrated"),
    pytest.param({"calibration_error": 0.0304}, "good", id="printed as just calibrated"),
    pytest.param({"calibration_error": 0.0306}, "mixed", id="just off"),
    pytest.param({"calibration_slope": 0.79}, "mixed", id="too extreme"),
    pytest.param({"calibration_slope": 1.25}, "good", id="timid but allowed"),
    pytest.param({"calibration_slope": 1.254}, "good", id="printed as allowed"),
    pytest.param({"calibration_slope": 1.256}, "mixed", id="too timid"),
    pytest.param({"calibration_slope": None}, "mixed", id="slope not known"),
    pytest.param({"brier_skill": 0.0}, "poor", id="no better than the base rate"),
    pytest.param({"brier_skill_own": 0.0}, "mixed", id="better than training's base rate only"),
    pytest.param({"auc_low": 0.5}, "poor", id="no better than a coin"),
    pytest.param({"positives": 49}, "unknown", id="too few departures"),
    pytest.param({"positive_tutors": 29}, "unknown", id="too few who left"),
    pytest.param({"auc_low": None}, "unknown", id="no interval"),
    pytest.param({"auc": None}, "unknown", id="not measured"),
]
# fmt: on


@pytest.mark.parametrize(("changed", "tone"), VERDICTS)
def test_verdict(changed: dict[str, float | None], tone: str) -> None:
    assert verdict(with_promoted(**changed)).tone == tone


def slope(value: float, low: float, high: float) -> dict[str, float]:
    return {
        "calibration_slope": value,
        "calibration_slope_low": low,
        "calibration_slope_high": high,
    }


def test_a_slope_that_may_miss_its_goal_by_chance_is_not_called_wrong() -> None:
    chance = verdict(with_promoted(**slope(1.4, 1.1, 1.7))).points[2].sentence
    wrong = verdict(with_promoted(**slope(1.4, 1.26, 1.54))).points[2].sentence

    assert chance.startswith("Its percentages are not shown to be wrong: they are off by")
    assert "slope 1.40 (1.10 to 1.70; goal: 0.8 to 1.25), on average" in chance
    assert chance.endswith("; what misses its goal may do so by chance.")
    assert wrong.startswith("Its percentages should be read with care")


def with_quarter(**changed: Any) -> BacktestReport:
    """Horizons of 7, 30 and 90 days, good but for what is changed of the last."""
    _, *others, quarter = backtest().evaluations
    promoted = replace(quarter.measures["promoted"], **changed)
    return backtest(evaluations=(*others, replace(quarter, measures={"promoted": promoted})))


def level(mean: float, high: float = 0.32) -> dict[str, float]:
    """Forecasts of that mean where 30 % left."""
    return {"base_rate": 0.3, "mean_forecast": mean, "observed_low": 0.28, "observed_high": high}


EXTREME = slope(0.64, 0.5, 0.78)
ORDER_ALONE = (
    "Within 90 days rely on the order alone, on who is likelier to leave than whom, not on the "
    "percentages. "
)
PERHAPS = (
    "Within 90 days rely on the order, on who is likelier to leave than whom; the percentages may "
    "be off. "
)

# fmt: off
QUARTERS = [
    pytest.param({}, "good", "Within 7 and 90 days the percentages are right.",
                 id="as good"),
    pytest.param(EXTREME, "mixed",
                 f"{ORDER_ALONE}Too extreme, slope 0.64 (0.50 to 0.78; goal: 0.8 to 1.25).",
                 id="too extreme"),
    pytest.param({"calibration_error": 0.071, "calibration_noise": 0.012}, "mixed",
                 f"{ORDER_ALONE}Off by 7.1 points on average (goal: 3; chance alone gives 1.2).",
                 id="off"),
    pytest.param({"brier_skill": -0.01, "reference_rate": 0.2}, "mixed",
                 f"{ORDER_ALONE}Errors no smaller than those of always forecasting 20.0%.",
                 id="no skill"),
    pytest.param({"auc": 0.52, "auc_low": 0.49, "auc_high": 0.55}, "mixed",
                 "Within 90 days do not rely on the forecasts: they are not shown to beat a coin. "
                 "AUC 0.52 (0.49 to 0.55).", id="no better than a coin"),
    pytest.param(slope(1.4, 1.1, 1.7), "mixed",
                 f"{PERHAPS}Too timid, slope 1.40 (1.10 to 1.70; goal: 0.8 to 1.25), which chance "
                 "may explain.", id="too timid by chance"),
    pytest.param(slope(0.68, 0.41, 0.95), "mixed",
                 f"{PERHAPS}Too extreme, slope 0.68 (0.41 to 0.95; goal: 0.8 to 1.25), which "
                 "chance may explain.", id="too extreme by chance"),
    pytest.param(slope(0.8, 0.5, 1.1), "good",
                 "Within 7 and 90 days the percentages are right.", id="just as allowed"),
    pytest.param({"calibration_error": 0.04, "calibration_noise": 0.05}, "mixed",
                 f"{PERHAPS}Off by 4.0 points on average (goal: 3; chance alone gives 5.0), which "
                 "chance may explain.", id="off by chance"),
    pytest.param(level(0.375), "good",
                 "Within 7 and 90 days the percentages are right.", id="just as high as allowed"),
    pytest.param(level(0.376), "mixed",
                 f"{ORDER_ALONE}Too high, on average 37.6% where 30.0% left (28.0% to 32.0%).",
                 id="too high on average"),
    pytest.param(level(0.23), "mixed",
                 f"{ORDER_ALONE}Too low, on average 23.0% where 30.0% left (28.0% to 32.0%).",
                 id="too low on average"),
    pytest.param(level(0.38, high=0.39), "mixed",
                 f"{PERHAPS}Too high, on average 38.0% where 30.0% left (28.0% to 39.0%), which "
                 "chance may explain.", id="too high by chance"),
    pytest.param({"brier_skill_own": 0.0, "base_rate": 0.3}, "mixed",
                 f"{ORDER_ALONE}Errors no smaller than those of always forecasting the test's own "
                 "30.0%.", id="no skill over what came"),
    pytest.param(EXTREME | {"positive_tutors": 29, "positives": 61}, "good",
                 "Within 90 days too few tutors left to judge by. 29 tutors, 61 departures.",
                 id="too few to tell"),
]
# fmt: on


@pytest.mark.parametrize(("changed", "tone", "sentence"), QUARTERS)
def test_the_verdict_is_honest_about_every_horizon(
    changed: dict[str, float], tone: str, sentence: str
) -> None:
    found = verdict(with_quarter(**changed))

    assert found.tone == tone
    assert sentence in [point.sentence for point in found.points if 90 in point.days]


def test_the_headline_names_the_horizons_it_does_not_hold_for() -> None:
    assert verdict(with_quarter(**EXTREME)).sentence == (
        "The forecasts of 7 and 30 days can be relied on, those of 90 days only with reservations: "
        "read the points below."
    )


def test_a_good_verdict_names_the_horizons_it_is_of_where_others_are_not_known() -> None:
    day, *others = backtest().evaluations
    enough = replace(
        day.measures["promoted"],
        positives=50,
        positive_tutors=30,
        calibration_slope=1.0,
        mean_forecast=day.measures["promoted"].base_rate,
    )
    judged = (replace(day, measures={"promoted": enough}), *others)

    everywhere, not_of_a_day = verdict(backtest(evaluations=judged)), verdict(backtest())

    assert everywhere.sentence.startswith("The forecasts can be relied on: they find")
    assert not_of_a_day.sentence.startswith(
        "The forecasts of 7, 30 and 90 days can be relied on: they find"
    )


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (0.26, "having moved the other way"),
        (0.281, "not having followed it"),
        (0.32, "having followed it in part"),
        (0.372, "having followed it"),
        (0.40, "more than the change explains"),
    ],
)
def test_forecasts_follow_a_change_of_the_base_rate_or_do_not(said: float, words: str) -> None:
    assert followed(before=0.28, now=0.37, said=said) == words


# --- beside what needs no model ---


BETTER, ALIKE, WORSE = (
    Interval(-0.02, -0.03, -0.001), Interval(-0.02, -0.03, 0.0), Interval(0.02, 0.001, 0.03)
)  # fmt: skip
RELIED_ON = "The forecasts of 7, 30 and 90 days can be relied on: they find"
LOST = "The forecasts should not be relied on for this history: "
NOT_SHOWN = "The forecasts are not shown to do better than "


def beside(gaps: Mapping[str, Interval | None], days: int = 30) -> BacktestReport:
    """The good forecasts, better than all others but for the log-losses given."""
    usual = {each.against: each for each in usual_comparisons()}
    given = {name: Comparison(name, gap, None) for name, gap in gaps.items()}
    return backtest(comparisons={30: usual_comparisons(), days: tuple((usual | given).values())})


# fmt: off
BESIDE = [
    pytest.param({"recency": BETTER, "churn_score": BETTER}, "good",
                 RELIED_ON, id="just better than both"),
    pytest.param({"recency": ALIKE}, "mixed", f"{NOT_SHOWN}the recency rule: ",
                 id="just not better than the recency rule"),
    pytest.param({"churn_score": ALIKE}, "mixed", f"{NOT_SHOWN}the churn score: ",
                 id="not better than the churn score"),
    pytest.param({"recency": None}, "mixed", f"{NOT_SHOWN}the recency rule: ",
                 id="too little to compare"),
    pytest.param({"recency": ALIKE, "churn_score": ALIKE}, "mixed",
                 f"{NOT_SHOWN}the recency rule and the churn score: ", id="better than neither"),
    pytest.param({"recency": WORSE}, "poor", f"{LOST}the recency rule did better, beyond chance.",
                 id="just worse than the recency rule"),
    pytest.param({"logistic": ALIKE}, "good", RELIED_ON,
                 id="a regression is a model too"),
    pytest.param({"logistic": WORSE}, "mixed", "The forecasts are of use, with reservations",
                 id="but should not be better"),
]
# fmt: on


@pytest.mark.parametrize(("gaps", "tone", "sentence"), BESIDE)
def test_who_relies_on_forecasts_wants_them_better_than_a_rule(
    gaps: dict[str, Interval | None], tone: str, sentence: str
) -> None:
    found = verdict(beside(gaps))

    assert found.tone == tone
    assert found.sentence.startswith(sentence)


def test_a_regression_that_does_as_well_is_named() -> None:
    named = "A logistic regression does as well, within chance."

    assert verdict(beside({"logistic": ALIKE})).sentence.endswith(named)
    assert named not in verdict(beside({"logistic": BETTER})).sentence


@pytest.mark.parametrize("name", ["xgboost", "logistic"])
def test_another_model_that_does_better_elsewhere_is_told(name: str) -> None:
    told = beside({name: WORSE}, days=7)
    chain = replace(told.setting, kinds={**told.setting.kinds, 7: "extended"})

    found = verdict(replace(told, setting=chain))

    worse = [point for point in found.points if point.sentence.startswith("Within 7 days worse")]
    assert [point.tone for point in worse] == ["poor"]
    assert found.tone == "mixed"
    assert verdict(beside({name: ALIKE}, days=7)).tone == "good"


def test_the_recency_rule_in_use_is_not_better_than_itself() -> None:
    in_use = setting(kinds=dict.fromkeys(HORIZONS, "recency"))
    compared = tuple(each for each in usual_comparisons() if each.against != "recency")

    found = verdict(backtest(setting=in_use, comparisons={30: compared}))

    assert found.sentence.startswith(f"{NOT_SHOWN}the recency rule: ")


@pytest.mark.parametrize("name", ["recency", "churn_score"])
def test_a_rule_that_does_as_well_at_another_horizon_makes_a_reservation(name: str) -> None:
    found = verdict(beside({name: ALIKE}, days=7))

    assert found.tone == "mixed"
    assert found.sentence == (
        "The forecasts of 30 and 90 days can be relied on, those of 7 days only with "
        "reservations: read the points below."
    )


# fmt: off
RECENCY = [
    pytest.param(Interval(-0.02, -0.03, -0.01), [], id="better"),
    pytest.param(Interval(-0.02, -0.03, 0.01),
                 ["Within 7 days no different from the recency rule within chance."], id="alike"),
    pytest.param(Interval(0.02, 0.01, 0.03),
                 ["Within 7 days worse than the recency rule, beyond chance."], id="worse"),
    pytest.param(None, [], id="unknown"),
]
# fmt: on


@pytest.mark.parametrize(("gap", "expected"), RECENCY)
def test_a_rule_of_one_line_that_does_as_well_elsewhere_is_told(
    gap: Interval | None, expected: list[str]
) -> None:
    report = backtest(comparisons={7: (Comparison("recency", gap, None),)})

    told = [p.sentence for p in verdict(report).points if p.days == (7,)]

    assert told == expected


def test_the_page_keeps_the_points_of_other_horizons_apart() -> None:
    words = " ".join(read(page(with_quarter(**EXTREME))).words)

    assert words.index("Within 30 days:") < words.index("At the other horizons:")
    assert words.index("At the other horizons:") < words.index("Within 90 days rely on the order")


# fmt: off
COMPARED = [
    pytest.param(Interval(-0.02, -0.03, -0.01), "Better than XGBoost, beyond chance", id="better"),
    pytest.param(Interval(0.02, 0.01, 0.03), "Worse than XGBoost, beyond chance", id="worse"),
    pytest.param(Interval(-0.02, -0.03, 0.01), "No different from XGBoost within", id="alike"),
    pytest.param(None, "Against XGBoost: too little to compare", id="unknown"),
]
# fmt: on


@pytest.mark.parametrize(("gap", "expected"), COMPARED)
def test_comparisons_in_words(gap: Interval | None, expected: str) -> None:
    report = replace(with_promoted(), comparisons={30: (Comparison("xgboost", gap, None),)})

    assert verdict(report).points[-1].sentence.startswith(expected)


def test_an_auc_above_speaks_for_the_model_in_use() -> None:
    higher = Comparison("churn_score", None, Interval(0.1, 0.05, 0.15))

    sentence = verdict(replace(with_promoted(), comparisons={30: (higher,)})).points[-1].sentence

    assert (
        sentence == "Better than the churn score, beyond chance: AUC +0.1000 (+0.0500 to +0.1500)."
    )


def test_the_machines_file_holds_the_same() -> None:
    report = backtest()

    content = json.loads(as_json(report))

    assert list(content["horizons"]) == ["1", "7", "30", "90"]
    month = content["horizons"]["30"]
    promoted = report.evaluations[2].measures["promoted"]
    assert month["measures"]["promoted"]["auc"] == promoted.auc
    assert month["comparisons"]["logistic"]["log_loss"]["high"] < 0.1
    assert {goal["level"] for goal in month["goals"]} == {"critical", "high", "medium"}
    assert month["agreement"]["both"]["rows"] > 0
    assert content["verdict"]["tone"] == "good"
    assert content["setting"]["train_until"] == "2023-07-01T00:00:00Z"
    assert content["setting"]["purge_days"]["90"] == 104
    assert content["history"] == "course"


def test_what_is_not_known_is_null_for_machines() -> None:
    month = json.loads(as_json(too_small()))["horizons"]["30"]

    assert month["measures"]["promoted"]["auc"] is None
    assert month["agreement"] is None


def test_numbers_of_numpy_are_numbers() -> None:
    counted = LabelKind("resign", "", {30: np.int64(4)})  # type: ignore[dict-item]

    assert json.loads(as_json(backtest(labels=(counted,))))["labels"][0]["rows"] == {"30": 4}


def test_both_files_are_written_into_a_new_folder(tmp_path: Path) -> None:
    write(backtest(), tmp_path / "out" / "here")

    written = sorted(path.name for path in (tmp_path / "out" / "here").iterdir())
    assert written == ["report.html", "report.json"]
    assert (tmp_path / "out/here/report.html").stat().st_size < 200_000


# fmt: off
TICKS = [
    pytest.param(0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1], id="the whole"),
    pytest.param(0, 0.043, [0, 0.01, 0.02, 0.03, 0.04], id="small shares"),
    pytest.param(0.5, 1, [0.5, 0.6, 0.7, 0.8, 0.9, 1.0], id="not from zero"),
]
# fmt: on


@pytest.mark.parametrize(("low", "high", "expected"), TICKS)
def test_ticks_are_round(low: float, high: float, expected: list[float]) -> None:
    assert Axis(low, high, 0, 100).ticks() == pytest.approx(expected)


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [
        (0.125, 1, "12.5%"),
        (0.1, 1, "10.0%"),
        (1, 0, "100%"),
        (-0.031, 1, "-3.1%"),
        (-0.0004, 1, "0.0%"),
    ],
)
def test_percent(value: float, digits: int, expected: str) -> None:
    assert percent(value, digits) == expected


def test_ticks_of_small_shares_have_the_decimals_they_need() -> None:
    drawn = reliability_chart(evaluated(1)[0].reliability, "t")

    assert re.search(r">0%</text>", drawn)
    assert not re.search(r">\d+\.0%</text>", drawn)


def test_a_wrong_label_that_flatters_nobody_is_not_said_to() -> None:
    measured = evaluated(30)[0].measures
    report = backtest(wrong_label=WrongLabel(measured["promoted"], measured["recency"]))

    assert "flatters nobody" in page(report)
    assert "counts the days" in page(backtest())


def test_charts_of_nothing_are_empty_but_whole() -> None:
    for chart in (reliability_chart((), "t"), lift_chart((), "t"), auc_chart((), "t")):
        assert chart.startswith("<svg")
        read(chart)
