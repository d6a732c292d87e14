"""What every number means, from the tables it is computed by: for the API and the printed page."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shared.domain.churn_score import CAP, CAPPED, COMPONENTS, NEUTRAL, RISK_BOUNDS, UPLIFTS
from shared.domain.flag import CONFIRMED_AT, FLAG_RULES
from shared.domain.metric import METRICS, CountMetric, Metric, QuantityMetric
from shared.domain.threshold import THRESHOLDS, Settings
from shared.domain.tier import PERFORMANCE, TIER_RULES

USUAL = Settings()
RATE = "rate, 0 to 1"


@dataclass(frozen=True, slots=True)
class Definition:
    """One term: how it is called in the API and on screen, its unit if any, what it means.

    `detail` is the threshold of a metric, what clears a flag, the weight of a component.
    """

    name: str
    title: str
    unit: str
    meaning: str
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Definitions:
    """All terms, by what they are."""

    general: tuple[Definition, ...]
    metrics: tuple[Definition, ...]
    flags: tuple[Definition, ...]
    tiers: tuple[Definition, ...]
    components: tuple[Definition, ...]
    forecast: tuple[Definition, ...]


LEVELS: Final = ", ".join(
    f"{level} {f'to {most:g}' if most < CAP else 'above'}" for level, most in RISK_BOUNDS.items()
)
ABOUT: Final[Mapping[str, str]] = {
    "general": "All times are counted in UTC, and shown in your own zone.",
    "metrics": "Each is computed for 7, 30 and 90 days.",
    "flags": "A rate beyond its threshold always raises its flag. Only confirmed flags start "
    "anything a person sees.",
    "tiers": "From 30-day performance alone; assigned at the start of each month, previewed "
    "daily. Tried in this order. The performance index that ranks tutors weighs, each between 0 "
    "and 1 and shrunk: "
    + ", ".join(f"{part.name} {part.weight:.2f}" for part in PERFORMANCE)
    + ".",
    "components": "From 0 to 100: the weighted parts plus uplifts, capped at "
    f"{CAP:g}: {LEVELS}. A part without data counts {NEUTRAL:g} and is named as unknown.",
    "forecast": "What a model learnt from the marketplace's own past, apart from the score.",
}
"""What is to be said of all terms of a kind."""
GENERAL: Final = (
    Definition(
        "window", "Window", "days",
        "7, 30 or 90 days up to a moment; the first instant is not in it, the last one is. A "
        "session counts when its outcome is known: at its completion, at its scheduled time for a "
        "no-show or a cancellation, at the request for a reschedule. It counts once, however many "
        "outcomes it has; future bookings and voided sessions do not count.",
    ),
    Definition(
        "null", "No figure", "", "Not enough data to say, never zero; shown as a dash.",
    ),
    Definition(
        "rate", "Rate", RATE,
        "So many of so many (n), shown with what it rests on: the range that holds the true rate "
        "with 95 % (Wilson), and an estimate drawn towards the marketplace's own average, as far "
        "as the sample is small (shrunk).",
        "How sure it is that the true rate is beyond its threshold (p_over) decides about flags.",
    ),
    Definition(
        "confirmed", "Confirmed", "",
        f"A flag of whose rate it is at least {100 * CONFIRMED_AT:g} % sure that it is beyond the "
        "threshold, or one that needs no rate.",
    ),
    Definition(
        "provisional", "Provisional", "",
        "A flag raised on so few sessions that it may be chance. It is shown, and nothing is "
        "begun because of it.",
    ),
    Definition(
        "insight_latency_seconds", "Insight latency", "seconds",
        "From the end of a session, or the receipt of the report that tells it, to the score that "
        "knows of it. 95 % are quicker than the figure shown; an hour is promised.",
    ),
)  # fmt: skip
FORECAST: Final = (
    Definition(
        "probabilities", "Chance to leave", "per cent",
        "The churn model's chance that a tutor leaves within 1, 7, 30 or 90 days: resigns, is "
        "deactivated, or gives no session for more than 14 days without being on leave.",
        "It says something else than the churn score, which adds up what is seen now.",
    ),
    Definition(
        "expected_departures_30d", "Expected departures", "tutors",
        "The sum of the 30-day chances of all tutors at work.",
    ),
    Definition(
        "benefit_per_hour", "Departures prevented", "in 100 hours",
        "The chance to leave that a piece of work is believed to take away, for the time it takes: "
        "what the list of interventions may be sorted by.",
    ),
    Definition(
        "auc", "AUC", "0.5 to 1",
        "How often the model gives the higher chance to the one who left, of two tutors of whom "
        "one left. 0.5 is chance, 1 perfect.",
    ),
    Definition(
        "brier_skill", "Skill", "per cent",
        "How much nearer the chances are to what came (Brier score) than saying the usual share "
        "of leavers of everybody.",
    ),
    Definition(
        "calibration_error", "Off by", "per cent",
        "How far chances are on average from the share that left, among tutors who were given "
        "about the same.",
    ),
    Definition(
        "precision_at_10", "Top 10 %", "per cent",
        "How many left, of the tenth with the highest chance.",
    ),
    Definition(
        "psi", "Drift", "index",
        "How far what the model is fed has moved from what it learnt from (population stability "
        "index). It counts as drifted beyond what chance alone reaches with so many tutors.",
    ),
)  # fmt: skip


def definitions(settings: Settings = USUAL) -> Definitions:
    """Every term of a scorecard, with the thresholds of these settings."""
    return Definitions(
        general=GENERAL,
        metrics=tuple(_metric(metric, settings) for metric in METRICS),
        flags=tuple(
            Definition(
                rule.code,
                rule.title,
                "",
                f"Raised when {rule.raised_when}.",
                f"Clears when {rule.clears_when}.",
            )
            for rule in FLAG_RULES
        ),
        tiers=tuple(
            Definition(tier.value, tier.value, "", f"{rule[:1].upper()}{rule[1:]}.")
            for tier, rule in TIER_RULES
        ),
        components=tuple(
            Definition(c.name, c.title, "0 to 100", c.definition, f"Weight {c.weight:.2f}.")
            for c in COMPONENTS
        )
        + tuple(
            Definition(
                up.name,
                up.title,
                "points",
                f"Added while the flag {up.flag} is up.",
                f"{up.points:g} points.",
            )
            for up in UPLIFTS
        )
        + (Definition(*CAPPED, "points", f"Takes off what the parts make beyond {CAP:g}."),),
        forecast=FORECAST,
    )


def _metric(metric: Metric, settings: Settings) -> Definition:
    if isinstance(metric, CountMetric):
        return Definition(metric.name, metric.title, "sessions", metric.definition)
    unit = metric.unit if isinstance(metric, QuantityMetric) else RATE
    threshold = THRESHOLDS.get(metric.threshold or "")
    if threshold is None:
        return Definition(metric.name, metric.title, unit, metric.definition)
    side = "above" if threshold.above_is_bad else "below"

    def shown(value: float) -> str:
        return f"{100 * value:g} %" if unit == RATE else f"{value:g}"

    now = settings.limit(threshold.name).value
    usually = "" if now == threshold.default else f"usually {shown(threshold.default)}, "
    detail = (
        f"Red {side} {shown(now)} ({usually}{shown(threshold.low)} to {shown(threshold.high)} "
        "may be set)."
    )
    return Definition(metric.name, metric.title, unit, metric.definition, detail)


TITLES: Final[Mapping[str, tuple[str, str]]] = {
    "general": ("In general", ""),
    "metrics": ("Metrics", "Red"),
    "flags": ("Flags", "Clears"),
    "tiers": ("Tiers", ""),
    "components": ("Churn score", "Weight"),
    "forecast": ("Churn model", ""),
}
"""Of a kind of terms, and of what is a detail of them."""


def page() -> str:
    """The definitions as a Markdown page."""
    found = definitions()
    parts = [
        "# What the numbers mean",
        "Generated from the tables the numbers are computed by (`make docs`); do not edit.",
    ]
    for name, (title, detail) in TITLES.items():
        parts += [f"## {title}", ABOUT[name], _table(getattr(found, name), detail)]
    return "\n\n".join(parts) + "\n"


def _table(terms: tuple[Definition, ...], detail: str) -> str:
    rows = [f"| Name | In words | {detail} |", "|---|---|---|"]
    rows += [f"| {_called(term)} | {term.meaning} | {term.detail or ''} |" for term in terms]
    return "\n".join(rows)


def _called(term: Definition) -> str:
    title = f"{term.title} ({term.unit})" if term.unit else term.title
    return f"`{term.name}`<br>{title}" if term.name != term.title else title


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 - `make docs` writes it to docs/definitions.md
