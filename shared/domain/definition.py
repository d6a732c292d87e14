"""What every number means, from the tables it is computed by: for the API and the printed page."""

from dataclasses import dataclass

from shared.domain.churn_score import COMPONENTS, NEUTRAL, UPLIFTS
from shared.domain.flag import CONFIRMED_AT, FLAG_RULES
from shared.domain.metric import METRICS, CountMetric, Metric, QuantityMetric
from shared.domain.threshold import THRESHOLDS, Settings
from shared.domain.tier import PERFORMANCE, TIER_RULES

USUAL = Settings()
RATE = "rate, 0 to 1"


@dataclass(frozen=True, slots=True)
class Definition:
    """One term: how it is called in the API and on screen, its unit, what it means.

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

    metrics: tuple[Definition, ...]
    flags: tuple[Definition, ...]
    tiers: tuple[Definition, ...]
    churn_score: tuple[Definition, ...]


def definitions(settings: Settings = USUAL) -> Definitions:
    """Every term of a scorecard, with the thresholds of these settings."""
    return Definitions(
        metrics=tuple(_metric(metric, settings) for metric in METRICS),
        flags=tuple(
            Definition(
                rule.code,
                rule.title,
                "flag",
                f"Raised when {rule.raised_when}.",
                f"Clears when {rule.clears_when}.",
            )
            for rule in FLAG_RULES
        ),
        tiers=tuple(
            Definition(tier.value, tier.value, "tier", f"{rule[:1].upper()}{rule[1:]}.")
            for tier, rule in TIER_RULES
        ),
        churn_score=tuple(
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
        ),
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


def page() -> str:
    """The definitions as a Markdown page."""
    all_terms = definitions()
    parts = [
        "# What the numbers mean",
        "Generated from the tables the numbers are computed by (`make docs`); do not edit.",
        "All times are UTC. A window of *N* days ending at a moment is half-open: it leaves out "
        "its first instant and has its last. A session counts when its outcome is known: at its "
        "completion, at its scheduled time for a no-show or a cancellation, at the request for a "
        "reschedule. It counts once in a window however many outcomes it has there; future "
        "bookings and voided sessions do not count. `null` means not enough data, never zero.",
        "## Metrics",
        "Each is computed for 7, 30 and 90 days.",
        _table(all_terms.metrics, "Red"),
        "## Rates",
        "A rate is served with what it rests on: `value` (k of n, null when n is 0), `n`, the "
        "95 % interval `low` to `high` (Wilson), `shrunk` (the estimate drawn towards the "
        "marketplace's own average, as far as the sample is small), and `p_over`, the "
        "probability that the true rate is beyond its threshold.",
        "## Flags",
        f"A rate beyond its threshold always raises its flag. It is *confirmed* when `p_over` is "
        f"at least {CONFIRMED_AT:g}, else *provisional*; only confirmed flags start anything a "
        "person sees.",
        _table(all_terms.flags, "Clears"),
        "## Tiers",
        "From 30-day performance alone; assigned at the start of each month, previewed daily. "
        "Tried in this order:",
        _table(all_terms.tiers, ""),
        "The performance index that ranks tutors weighs, each between 0 and 1 and shrunk: "
        + ", ".join(f"{part.name} {part.weight:.2f}" for part in PERFORMANCE)
        + ".",
        "## Churn score",
        "From 0 to 100: the weighted components plus uplifts, capped at 100. Low to 25, medium "
        f"to 50, high to 75, critical above. A component without data counts {NEUTRAL:g} and is "
        "named as unknown.",
        _table(all_terms.churn_score, "Weight"),
    ]
    return "\n\n".join(parts) + "\n"


def _table(terms: tuple[Definition, ...], detail: str) -> str:
    rows = [f"| Name | In words | {detail} |", "|---|---|---|"]
    rows += [
        f"| `{term.name}`<br>{term.title} ({term.unit}) | {term.meaning} | {term.detail or ''} |"
        for term in terms
    ]
    return "\n".join(rows)


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 - `make docs` writes it to docs/definitions.md
