"""The backtest as one page: no scripts, no fonts and nothing else from outside.

Every text from a history passes `html.escape`; the page is built by functions that return HTML.
"""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

from shared.domain.evaluation import (
    HEADLINE,
    Agreement,
    Evaluation,
    LevelGoal,
    Measures,
    Quadrant,
    Reach,
    within,
)
from shared.ml.chart import auc_chart, lift_chart, percent, reliability_chart
from shared.ml.markup import (
    NOTHING,
    between,
    bullets,
    day,
    number,
    of_hundred,
    points,
    section,
    share,
    table,
)
from shared.ml.verdict import (
    NAMES,
    BacktestReport,
    Example,
    LabelKind,
    Point,
    ScorePartWorth,
    Verdict,
    WrongLabel,
    verdict,
)

STYLE = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")

DRIVERS_SHOWN = 12

MATERIAL_GAP = 0.005
"""From this difference on, both readings of Brier skill are shown."""


def page(report: BacktestReport) -> str:
    """The whole document."""
    title = f"Churn forecast, tested on {report.setting.history}"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>"
        + _head(title, report)
        + _verdict(verdict(report))
        + _at_a_glance(report)
        + "".join(_horizon(each, report) for each in _headline_first(report.evaluations))
        + _labels(report.labels, report)
        + _wrong_label(report.wrong_label)
        + _examples(report.examples)
        + _score_parts(report.score_parts)
        + _drivers(report.drivers)
        + _setting(report)
        + _list("What to bear in mind", report.caveats)
        + _glossary()
        + "</main></body></html>\n"
    )


def _headline_first(evaluations: Sequence[Evaluation]) -> list[Evaluation]:
    return sorted(evaluations, key=lambda each: (each.horizon_days != HEADLINE, each.horizon_days))


def _head(title: str, report: BacktestReport) -> str:
    setting = report.setting
    return (
        f"<header><h1>{escape(title)}</h1>"
        "<p>What was predicted: that a tutor who is at work <em>leaves</em> within 1, 7, 30 or 90 "
        "days, by resigning or by beginning a silence of more than 14 days that is no leave. The "
        f"model learned from what was known until <b>{day(setting.train_until)}</b> and was then "
        f"asked about <b>{day(setting.test_from)}</b> to <b>{day(setting.test_until)}</b>, days "
        "it had never seen.</p></header>"
    )


def _verdict(found: Verdict) -> str:
    own = [each for each in found.points if HEADLINE in each.days]
    others = [each for each in found.points if HEADLINE not in each.days]
    return (
        f'<section class="verdict {found.tone}"><h2>{escape(found.sentence)}</h2>'
        + _points(f"Within {HEADLINE} days:", own)
        + _points("At the other horizons:", others)
        + "</section>"
    )


def _points(title: str, found: Sequence[Point]) -> str:
    items = "".join(
        f'<li class="{each.tone}"><span class="mark" aria-hidden="true"></span>'
        f'<span class="said">{_MARKS[each.tone]}: </span>{escape(each.sentence)}</li>'
        for each in found
    )
    return f"<p>{title}</p><ul>{items}</ul>" if items else ""


_MARKS = {"good": "Good", "mixed": "With care", "poor": "Poor", "unknown": "Unknown"}


def _at_a_glance(report: BacktestReport) -> str:
    rows = [
        (within(each.horizon_days), found)
        for each in report.evaluations
        if (found := each.measures.get("promoted"))
    ]
    return section(
        "At a glance",
        table(
            ("Leaves within", *(name for name, _ in _COLUMNS)),
            [(escape(name), *_cells(found)) for name, found in rows],
        ),
    )


def _horizon(evaluation: Evaluation, report: BacktestReport) -> str:
    days = evaluation.horizon_days
    found = evaluation.measures.get("promoted")
    if found is None:
        return ""
    kind = report.setting.kinds.get(days)
    agreement = report.agreements.get(days)
    return section(
        f"Leaving within {within(days)}",
        _in_plain_words(found, days)
        + _tiles(found)
        + _models(evaluation, kind)
        + _charts(evaluation, kind)
        + _goals(evaluation.goals)
        + (_agreement(agreement) if agreement else ""),
    )


def _in_plain_words(found: Measures, days: int) -> str:
    base = (
        f"Of 100 tutors at work, about {of_hundred(found.base_rate)} leave within "
        f"{within(days)} ({found.positives:,} of {found.rows:,} tutor-moments, of "
        f"{found.tutors:,} tutors)."
    )
    if found.precision_at_10 is None or found.recall_at_10 is None:
        return f"<p>{base} These are too few to measure a forecast by.</p>"
    times = found.precision_at_10 / found.base_rate
    return (
        f"<p>{base} Of the tenth that the model puts at highest risk, "
        f"{of_hundred(found.precision_at_10)} in 100 leave, {times:.1f} times as many; watching "
        f"that tenth catches {percent(found.recall_at_10)} of the moments before somebody left.</p>"
    )


def _tiles(found: Measures) -> str:
    tiles = [
        ("Leave", percent(found.base_rate, 1), f"{found.positive_tutors:,} tutors left"),
        ("AUC", number(found.auc), between(found.auc_low, found.auc_high)),
        ("PR-AUC", number(found.pr_auc), f"a coin: {found.base_rate:.2f}"),
        ("Brier", number(found.brier, 4), _skill(found)),
        ("Right in the top 10%", share(found.precision_at_10), "precision"),
        ("Caught by the top 10%", share(found.recall_at_10), "recall"),
        ("Off by, on average", points(found.calibration_error), _noise(found)),
        (
            "Calibration slope",
            number(found.calibration_slope),
            between(found.calibration_slope_low, found.calibration_slope_high),
        ),
    ]
    return '<dl class="tiles">' + "".join(_tile(*tile) for tile in tiles) + "</dl>"


def _tile(name: str, value: str, more: str) -> str:
    return f"<div><dt>{name}</dt><dd>{value}<small>{more}</small></dd></div>"


def _skill(found: Measures) -> str:
    if found.brier_skill is None:
        return ""
    own = _material(found)
    more = "" if own is None else f", {percent(own, 1)} over the test's own rate"
    return f"skill {percent(found.brier_skill, 1)}{more}"


def _material(found: Measures) -> float | None:
    """The skill over the test's own base rate, where it differs from the one told."""
    own, told = found.brier_skill_own, found.brier_skill
    return own if own is not None and told is not None and told - own >= MATERIAL_GAP else None


def _noise(found: Measures) -> str:
    known = found.calibration_noise
    return "" if known is None else f"chance alone: {points(known)}"


def _models(evaluation: Evaluation, kind: str | None) -> str:
    rows = [
        (escape(name) + (' <span class="chip">in use</span>' if used else ""), *_cells(found))
        for name, used, found in _named(evaluation.measures, kind)
    ]
    told = table(("Model", *(name for name, _ in _COLUMNS)), rows)
    return f"<h3>Against simpler models and the churn score</h3>{told}"


def _named(
    measures: Mapping[str, Measures], kind: str | None
) -> Iterable[tuple[str, bool, Measures]]:
    """Name, whether in use, measures; the model in use is told once, under its own name."""
    promoted = measures.get("promoted")
    told = kind in measures and measures[kind] == promoted if kind else False
    for key in NAMES:
        found = measures.get(key)
        if found is None or (key == "promoted" and told):
            continue
        used = key == "promoted" or (told and key == kind)
        yield NAMES[key], used, found


def _auc_cell(found: Measures) -> str:
    if found.auc is None:
        return NOTHING
    return f"{found.auc:.3f} <small>{between(found.auc_low, found.auc_high)}</small>"


def _skill_cell(found: Measures) -> str:
    own = _material(found)
    more = "" if own is None else f" <small>{percent(own, 1)} over own rate</small>"
    return share(found.brier_skill, 1) + more


_COLUMNS = (
    ("AUC", _auc_cell),
    ("PR-AUC", lambda found: number(found.pr_auc, 3)),
    ("Brier skill", _skill_cell),
    ("Log-loss", lambda found: number(found.log_loss, 4)),
    ("Right in top 10%", lambda found: share(found.precision_at_10)),
    ("Caught by top 10%", lambda found: share(found.recall_at_10)),
    ("ECE", lambda found: number(found.calibration_error, 3)),
    ("Slope", lambda found: number(found.calibration_slope)),
)


def _cells(found: Measures) -> list[str]:
    return [tell(found) for _, tell in _COLUMNS]


def _charts(evaluation: Evaluation, kind: str | None) -> str:
    named = _named(evaluation.measures, kind)
    known = [(name, found) for name, _, found in named if found.auc is not None]
    figures = []
    days = within(evaluation.horizon_days)
    if evaluation.reliability and known:
        figures.append(
            _figure(
                reliability_chart(evaluation.reliability, f"Reliability within {days}"),
                "Are the percentages right?",
                "Each dot is a tenth of all forecasts; on the dashed line they are right. The bars "
                "are 95% intervals.",
            )
        )
    if evaluation.lift:
        figures.append(
            _figure(
                lift_chart(evaluation.lift, f"Lift within {days}"),
                "Better than picking blindly?",
                "How many times as often those at highest risk leave; 1 is picking blindly.",
            )
        )
    if len(known) > 1:
        figures.append(
            _figure(
                auc_chart(known, f"AUC of each model within {days}"),
                "Who ranks best?",
                "The chance that someone who leaves is ranked above someone who stays, with 95% "
                "intervals over tutors.",
            )
        )
    return f'<div class="charts">{"".join(figures)}</div>' if figures else ""


def _figure(chart: str, title: str, words: str) -> str:
    return f"<figure><h3>{title}</h3>{chart}<figcaption>{words}</figcaption></figure>"


def _goals(goals: Sequence[LevelGoal]) -> str:
    if not goals:
        return ""
    rows = [
        (
            f"<b>{escape(goal.level.capitalize())}</b> <small>score over "
            f"{goal.score_above:g}</small>",
            f"{percent(goal.precision_goal)} right, {percent(goal.recall_goal)} caught",
            _score_alerts(goal),
            _model_alerts(goal),
            f'<span class="chip {goal.reach}">{_REACH[goal.reach]}</span> {escape(goal.verdict)}',
        )
        for goal in goals
    ]
    head = ("Alert", "Goal", "Churn score", "Model, at its best threshold", "Attainable?")
    return (
        "<h3>Alert goals of the product requirements</h3>"
        "<p>An alert is a level or a higher one: as separate bands the three goals would have to "
        "catch 230% of all departures.</p>" + table(head, rows, "wordy")
    )


_REACH: dict[Reach, str] = {
    "reached": "Yes",
    "missed": "Not reached",
    "out_of_reach": "No",
    "unknown": "Unknown",
}


def _score_alerts(goal: LevelGoal) -> str:
    if goal.rows is None:
        return NOTHING
    if not goal.rows:
        return "no alerts"
    return (
        f"{share(goal.score_precision)} right, {share(goal.score_recall)} caught "
        f"<small>{goal.rows:,} alerts</small>"
    )


def _model_alerts(goal: LevelGoal) -> str:
    if goal.recall_at_precision is None or goal.precision_at_recall is None:
        return NOTHING
    return (
        f"{percent(goal.recall_at_precision)} caught at {percent(goal.precision_goal)} right; "
        f"{percent(goal.precision_at_recall)} right at {percent(goal.recall_goal)} caught"
    )


def _agreement(found: Agreement) -> str:
    gap = found.auc_difference
    better = "The two rank about as well, within chance."
    if gap and gap.above_zero:
        better = "The model ranks better, beyond chance."
    elif gap and gap.below_zero:
        better = "The score ranks better, beyond chance."
    elif gap is None:
        better = "Which of the two ranks better can not be told."
    said = f" (AUC {gap.mean:+.3f}, {gap.low:+.3f} to {gap.high:+.3f})" if gap else ""
    alike = found.rank_correlation
    order = "" if alike is None else f" Their orders agree at a rank correlation of {alike:.2f}."
    rows = [
        ("Both", *_quadrant(found.both)),
        ("Only the model", *_quadrant(found.only_model)),
        ("Only the churn score", *_quadrant(found.only_score)),
        ("Neither", *_quadrant(found.neither)),
    ]
    return (
        "<h3>Where churn score and model disagree</h3>"
        f"<p>{better[:-1]}{said}.{order}</p>"
        + table(("Puts it in its top tenth", "Tutor-moments", "Left", "Share that left"), rows)
    )


def _quadrant(found: Quadrant) -> tuple[str, str, str]:
    return f"{found.rows:,}", f"{found.departures:,}", share(found.rate, 1)


def _labels(labels: Sequence[LabelKind], report: BacktestReport) -> str:
    if not labels:
        return ""
    horizons = [each.horizon_days for each in report.evaluations]
    rows = [
        (
            f"<b>{escape(each.name)}</b>"
            + ("" if each.predicted else ' <span class="chip">not predicted</span>')
            + f"<br><small>{escape(each.meaning)}</small>",
            *(f"{each.rows[days]:,}" if days in each.rows else NOTHING for days in horizons),
        )
        for each in labels
    ]
    head = ("Tutor-moments that", *(f"in {within(days)}" for days in horizons))
    return section("How tutors leave", table(head, rows, "first-wide"))


def _wrong_label(found: WrongLabel | None) -> str:
    if found is None or found.honest.auc is None or found.tempting.auc is None:
        return ""
    rows = [
        ("Honest: dated by the last session, tutors at work only", *_compared(found.honest)),
        ("Tempting: dated by the 15th silent day, everybody", *_compared(found.tempting)),
    ]
    inflates = found.tempting.auc > found.honest.auc
    said = (
        f"Dating a silence by its 15th day, over everybody, gives an AUC of "
        f"{found.tempting.auc:.2f} where dating it honestly gives {found.honest.auc:.2f}, at "
        f"{found.horizon_days} days. "
        + (
            "Nothing is known any better: such a model counts the days a tutor has already been "
            "silent, and warns when the tutor is gone. "
            if inflates
            else "In this history it flatters nobody. "
        )
        + "It is told for comparison only, and not used."
    )
    return section(
        "The tempting wrong label",
        f"<p>{said}</p>"
        + table(("Label", "Tutor-moments", "Leave", "AUC", "PR-AUC"), rows, "first-wide"),
    )


def _compared(found: Measures) -> tuple[str, ...]:
    return (
        f"{found.rows:,}",
        percent(found.base_rate, 1),
        _auc_cell(found),
        number(found.pr_auc, 3),
    )


def _examples(examples: Sequence[Example]) -> str:
    if not examples:
        return ""
    rows = [
        (
            f"<b>{escape(each.tutor_id)}</b> <small>{day(each.as_of)}</small>",
            f"{each.churn_score:.0f}",
            percent(each.probability, 1),
            "left" if each.left else "stayed",
            escape(each.words),
        )
        for each in examples
    ]
    head = ("Tutor", "Churn score", "Probability", "Came", "Why they differ")
    return section(
        "Tutors on whom score and model differ most",
        "<p>Chosen by how differently the two rank them, not by what came of it.</p>"
        + table(head, rows, "wordy"),
    )


def _score_parts(parts: Sequence[ScorePartWorth]) -> str:
    if not parts:
        return ""
    rows = [
        (
            escape(each.title),
            NOTHING if each.weight is None else f"{each.weight:.2f}",
            share(each.known),
            _part_auc(each.training),
            _part_auc(each.test),
        )
        for each in parts
    ]
    head = ("Part", "Weight", "With data", "AUC in training", "AUC in the test")
    return section(
        "What each part of the churn score is worth",
        f"<p>How well the part alone ranks who leaves within {HEADLINE} days. Above 0.5 it points "
        "the right way, below it the wrong way; where the interval holds 0.5 nothing is shown. "
        "A part that says the same of everybody ranks nobody.</p>"
        + table(head, rows, "first-wide"),
    )


def _part_auc(found: Measures) -> str:
    if found.auc is not None and found.auc == found.auc_low == found.auc_high:
        return '<span class="none">the same of everybody</span>'
    return _auc_cell(found)


def _drivers(drivers: Sequence[tuple[str, float]]) -> str:
    if not drivers:
        return ""
    most = max(push for _, push in drivers) or 1.0
    rows = "".join(
        f'<li><span>{escape(words)}</span><meter max="{most:.4f}" value="{push:.4f}">{push:.2f}'
        "</meter></li>"
        for words, push in drivers[:DRIVERS_SHOWN]
    )
    return section(
        "What moves the forecasts most",
        f'<p>Mean push on the log-odds of leaving, either way.</p><ul class="drivers">{rows}</ul>',
    )


def _setting(report: BacktestReport) -> str:
    setting = report.setting
    purged = ", ".join(f"{within(h)}: {days} days" for h, days in setting.purge_days.items())
    kinds = ", ".join(f"{within(h)}: {NAMES.get(kind, kind)}" for h, kind in setting.kinds.items())
    facts = [
        ("Trained on", f"{day(setting.train_from)} to {day(setting.train_until)}"),
        ("", f"{setting.train_rows:,} tutor-moments of {setting.train_tutors:,} tutors"),
        ("Purged before the end", f"{purged} (horizon + 14, so that outcomes were known)"),
        ("Tested on", f"{day(setting.test_from)} to {day(setting.test_until)}"),
        ("", f"{setting.test_rows:,} tutor-moments of {setting.test_tutors:,} tutors"),
        ("Model in use", kinds),
        ("Features", f"{setting.reported} of {setting.features} known to this history"),
        ("Not reported by it", ", ".join(setting.missing) or "nothing"),
        ("Made", f"{setting.made_at:%-d %B %Y %H:%M} UTC"),
    ]
    listed = "".join(f"<dt>{name}</dt><dd>{escape(words)}</dd>" for name, words in facts)
    return section(
        "What was trained and tested",
        f'<dl class="facts">{listed}</dl>' + _notes(report.notes),
    )


def _notes(notes: Sequence[str]) -> str:
    if not notes:
        return ""
    return f"<details><summary>How the model was chosen</summary>{bullets(notes)}</details>"


def _list(title: str, sentences: Sequence[str]) -> str:
    return section(title, bullets(sentences)) if sentences else ""


def _glossary() -> str:
    listed = "".join(f"<dt>{name}</dt><dd>{meaning}</dd>" for name, meaning in _GLOSSARY)
    return section("What the words mean", f'<dl class="glossary">{listed}</dl>')


_GLOSSARY = (
    ("Tutor-moment", "One tutor at work at one midnight (UTC). A tutor has many, so all intervals "
     "are over tutors."),
    ("AUC", "The chance that one who leaves is ranked above one who stays. A coin has 0.5."),
    ("PR-AUC", "Average precision: how clean the alerts are as more departures are caught. A coin "
     "has the base rate."),
    ("Brier, skill", "Mean squared error of the probabilities, and by how much it is smaller than "
     "when always forecasting the share "
     "that left in training. Where departures have become rarer or commoner since, the skill over "
     "the test's own rate is told too: nobody knew that one beforehand."),
    ("Right in the top 10% (precision), caught (recall)", "Of the tenth at highest risk, how many "
     "leave; and how many of all departures are among them."),
    ("Off by (ECE)", "Expected calibration error: by how much predicted and actual shares differ, "
     "over ten bins of equally many forecasts."),
    ("Slope", "1 is right; under 1 the percentages are too extreme, over 1 too timid."),
    ("Log-loss", "How surprised the forecast is by what came; smaller is better."),
    ("Chain of several", "A longer horizon builds on the shorter ones; where their stages are of "
     "different sorts, what is in use is none of them alone."),
    ("Recency rule", "One line: the longer since the last session, the likelier to leave."),
    ("Best possible", "Told of synthetic worlds alone: the forecast of one who knows the laws that "
     "the world was drawn from. No honest model does better, but for chance."),
)  # fmt: skip
