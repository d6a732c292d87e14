"""All tutors at a glance: the numbers on top of the home page (CONTRACT 5)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.domain.churn_score import RiskLevel
from shared.domain.metric import quantile
from shared.domain.rate import Counted
from shared.domain.tutor import TutorStatus
from shared.domain.tutor_row import TutorRow

LATENCY_WITHIN = timedelta(hours=24)
GONE = (TutorStatus.RESIGNED, TutorStatus.DEACTIVATED)


@dataclass(frozen=True, slots=True)
class Share:
    """A rate over all tutors together: k of n sessions, None where n = 0."""

    value: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds from a report's receipt, and from the session's end, to its score.

    Over each tutor's newest report of the last 24 hours.
    """

    n: int = 0
    receipt_p50: float | None = None
    receipt_p95: float | None = None
    session_end_p50: float | None = None
    session_end_p95: float | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """The marketplace now: those who left are not counted.

    `expected_departures_30d` is the sum of the chances of the `predicted_tutors`. `at_risk` counts
    by the computed score, also for the tutors whose score is overridden.
    """

    tutors: int
    at_risk: dict[str, int]
    tiers: dict[str, int]
    flags: dict[str, int]
    sessions_30d: int
    reschedule_rate: Share
    no_show_rate: Share
    first_session_success_rate: Share
    insight_latency_seconds: Latency = field(default_factory=Latency)
    as_of: datetime | None = None
    predicted_tutors: int = 0
    expected_departures_30d: float | None = None
    overrides_in_force: int = 0


def overview(rows: Iterable[TutorRow], as_of: datetime) -> Overview:
    """The overview of the rows of all tutors."""
    here = [row for row in rows if row.status not in GONE]
    chances = [p for row in here if (p := row.probabilities.within_30d) is not None]
    levels = Counter(row.risk_level for row in here)
    return Overview(
        tutors=len(here),
        at_risk={level.value: levels[level] for level in RiskLevel},
        tiers=dict(sorted(Counter(row.tier for row in here).items())),
        flags=dict(sorted(Counter(code for row in here for code in row.flags).items())),
        sessions_30d=sum(row.sessions for row in here),
        reschedule_rate=_share(here, "reschedule_rate"),
        no_show_rate=_share(here, "no_show_rate"),
        first_session_success_rate=_share(here, "first_session_success_rate"),
        insight_latency_seconds=_latency(here, as_of),
        as_of=as_of,
        predicted_tutors=len(chances),
        expected_departures_30d=sum(chances) if chances else None,
        overrides_in_force=sum(row.seen_at(as_of).override is not None for row in here),
    )


def _share(rows: Sequence[TutorRow], name: str) -> Share:
    counts = [row.counts.get(name, Counted(0, 0)) for row in rows]
    total = Counted(sum(c.k for c in counts), sum(c.n for c in counts))
    return Share(total.value, total.n)


def _latency(rows: Sequence[TutorRow], as_of: datetime) -> Latency:
    since = as_of - LATENCY_WITHIN
    known = [row.insight for row in rows if row.insight]
    receipt = [each.from_receipt for each in known if each.scored_at > since]
    ended = [
        late
        for each in known
        if (late := each.from_end) is not None and each.known_at and each.known_at > since
    ]
    return Latency(
        len(receipt),
        quantile(receipt, 0.50),
        quantile(receipt, 0.95),
        quantile(ended, 0.50),
        quantile(ended, 0.95),
    )
