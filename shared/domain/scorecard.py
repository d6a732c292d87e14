"""A tutor's scorecard: a pure function of the tutor's log and a moment in time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared.domain.churn_score import ChurnScore, churn_score
from shared.domain.flag import Flag, Moment, flags
from shared.domain.log import WINDOWS, Log, Timeline, View
from shared.domain.marketplace import Reference
from shared.domain.metric import METRICS, RateMetric
from shared.domain.prediction import Probabilities
from shared.domain.rate import Counted, Rate, rate
from shared.domain.threshold import Settings
from shared.domain.tier import NEW_UNDER_SESSIONS, Tier, performance, tier_in_force, tier_now

Measured = int | float | Rate | None

FORMULAS = 3
"""Raised with every change of a formula, so that old cards are not taken for miscomputed ones."""


@dataclass(frozen=True, slots=True)
class Scorecard:
    """Everything computed about a tutor at `as_of`.

    `windows` maps "7d", "30d", "90d" to the metrics by name. `counts` are the 30-day counts the
    marketplace's priors are fitted to, `performance` the index tiers are cut from, None for
    tutors too new to rank. `formulas`, `settings_version` and `reference_version` say what it was
    measured by and against, so that it can be recomputed.
    """

    tutor_id: str
    as_of: datetime
    windows: dict[str, dict[str, Measured]]
    flags: tuple[Flag, ...]
    tier: Tier
    tier_preview: Tier
    churn_score: ChurnScore
    counts: dict[str, Counted]
    performance: float | None
    last_taught_at: datetime | None
    settings_version: int
    reference_version: str
    month_reference_version: str
    formulas: int = FORMULAS


def scorecard(
    log: Log,
    as_of: datetime,
    settings: Settings | None = None,
    reference: Reference | None = None,
    month_reference: Reference | None = None,
) -> Scorecard:
    """The scorecard of a log at a moment; what happened or became known later is not looked at."""
    return scorecards(log, [as_of], settings, reference, month_reference)[0]


def scorecards(
    log: Log,
    moments: Sequence[datetime],
    settings: Settings | None = None,
    reference: Reference | None = None,
    month_reference: Reference | None = None,
) -> list[Scorecard]:
    """The scorecards of one log at several moments, preparing the log once."""
    seen = Moment(
        Timeline(log),
        moments[0],
        settings or Settings(),
        reference or Reference(),
        month_reference=month_reference,
    )
    return [_scorecard(replace(seen, as_of=at)) for at in moments]


def _scorecard(moment: Moment) -> Scorecard:
    raised, preview = flags(moment), tier_now(moment)
    month = moment.view(30)
    return Scorecard(
        tutor_id=moment.timeline.log.tutor.tutor_id,
        as_of=moment.as_of,
        windows=_windows(moment),
        flags=raised,
        tier=tier_in_force(moment, preview),
        tier_preview=preview,
        churn_score=churn_score(moment, {flag.code for flag in raised}),
        counts={m.name: m.measure(month) for m in METRICS if isinstance(m, RateMetric)},
        performance=(
            performance(month, moment.reference)
            if len(month.sessions) >= NEW_UNDER_SESSIONS
            else None
        ),
        last_taught_at=moment.timeline.last_taught_at(moment.as_of),
        settings_version=moment.settings.version,
        reference_version=moment.reference.version,
        month_reference_version=(moment.month_reference or moment.reference).version,
    )


def _windows(moment: Moment) -> dict[str, dict[str, Measured]]:
    return {name: measured(moment.view(days), moment) for name, days in WINDOWS.items()}


def counted(window: Mapping[str, Measured], name: str) -> int:
    """A count of a window, 0 where it is none."""
    value = window.get(name)
    return value if isinstance(value, int) else 0


def mean(window: Mapping[str, Measured], name: str) -> float | None:
    """A plain number of a window; None where it is not known, or is a rate."""
    value = window.get(name)
    return float(value) if isinstance(value, (int, float)) else None


def measured(view: View, moment: Moment) -> dict[str, Measured]:
    """All metrics of one window by name."""
    values: dict[str, Measured] = {}
    for metric in METRICS:
        if isinstance(metric, RateMetric):
            limit = moment.settings.limit(metric.threshold) if metric.threshold else None
            prior = moment.reference.prior(metric.name)
            values[metric.name] = rate(metric.measure(view), prior, limit)
        else:
            values[metric.name] = metric.measure(view)
    return values


@dataclass(frozen=True, slots=True)
class DailyRecord:
    """What a nightly pass keeps of a scorecard; `raised` and `cleared` against the night before.

    `probabilities` are those that were in force that midnight, `confirmed` the flags whose
    evidence was strong.
    """

    tutor_id: str
    as_of: datetime
    rates: dict[str, dict[str, float | None]]
    churn_score: float
    risk_level: str
    tier: Tier
    flags: tuple[str, ...]
    raised: tuple[str, ...]
    cleared: tuple[str, ...]
    probabilities: Probabilities = field(default_factory=Probabilities)
    confirmed: tuple[str, ...] = ()


RECORDED = (
    "sessions",
    "tutor_reschedules",
    "reschedule_rate",
    "no_show_rate",
    "avg_rating",
    "subject_knowledge_rating",
)


def daily_record(
    card: Scorecard, before: Sequence[str], probabilities: Probabilities | None = None
) -> DailyRecord:
    """The day's record of a scorecard, given the flags of the night before."""
    now = tuple(flag.code for flag in card.flags)
    return DailyRecord(
        card.tutor_id,
        card.as_of,
        {
            window: {name: _plain(values[name]) for name in RECORDED}
            for window, values in card.windows.items()
        },
        card.churn_score.value,
        card.churn_score.level,
        card.tier,
        now,
        raised=tuple(code for code in now if code not in before),
        cleared=tuple(code for code in before if code not in now),
        probabilities=probabilities or Probabilities(),
        confirmed=tuple(flag.code for flag in card.flags if flag.status == "confirmed"),
    )


def nightly_moments(first: datetime, last: datetime) -> list[datetime]:
    """The midnights from `first` to `last`, both included."""
    days = (last - first) // timedelta(days=1)
    return [first + timedelta(days=day) for day in range(days + 1)]


def _plain(value: Measured) -> float | None:
    return value.value if isinstance(value, Rate) else value
