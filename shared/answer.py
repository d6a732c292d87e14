"""Every JSON that goes out: its model, and how it is shaped from the domain (CONTRACT 5).

Rounding happens here, at the border: rates to 4 digits, scores stay at the 2 they are made of.
What a tutor sees of themselves is in `shared.own_answer`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, Literal

from pydantic import Field, create_model

from shared.churn_answer import Prediction
from shared.domain import definition
from shared.domain.churn_score import ChurnScore, RiskLevel
from shared.domain.flag import FLAG_RULES, FlagStatus
from shared.domain.metric import METRICS, CountMetric, Metric, QuantityMetric, RateMetric
from shared.domain.override import Override as KnownOverride
from shared.domain.scorecard import DailyRecord, Scorecard
from shared.domain.session import OutcomeKind, Party, Session, Status, outcomes
from shared.domain.threshold import THRESHOLDS, Settings
from shared.domain.tier import Tier
from shared.domain.tutor import Tutor, TutorStatus
from shared.domain.tutor_row import TutorRow
from shared.intervention_answer import Intervention
from shared.outbound import Fraction, Outbound, Points, Probabilities, Quantity, Seconds
from shared.override_answer import Override, OverrideSpell, spells


class Page(Outbound):
    """A list's page; `next_cursor` is null on the last one."""

    next_cursor: str | None = None


class Rate(Outbound):
    """k of n with its evidence: 95 % interval, estimate against the platform, P(too bad)."""

    value: Fraction | None
    n: int
    low: Fraction
    high: Fraction
    shrunk: Fraction
    p_over: Fraction | None


class TutorListItem(Outbound):
    """A tutor at a glance; rates and sessions are of 30 days.

    `churn_score` and `risk_level` are the computed ones, by which lists are sorted and filtered;
    `override` is what a manager set instead, for now. `trend` are the churn scores of the last
    nights, at most 14, the oldest first.
    """

    tutor_id: str
    name: str | None
    subjects: tuple[str, ...]
    status: TutorStatus
    tier: Tier
    tier_preview: Tier
    churn_score: Points
    trend: tuple[int, ...]
    risk_level: RiskLevel
    override: Override | None
    reschedule_rate: Rate
    no_show_rate: Rate
    avg_rating: Quantity | None
    sessions: int
    flags: tuple[str, ...]
    confirmed_flags: tuple[str, ...]
    probabilities: Probabilities
    last_taught_at: datetime | None
    as_of: datetime
    updated_at: datetime


class TutorList(Page):
    """A page of tutors in the order asked for."""

    items: tuple[TutorListItem, ...]


class Profile(Outbound):
    """A tutor as the marketplace describes them."""

    tutor_id: str
    name: str | None
    email: str | None
    subjects: tuple[str, ...]
    status: TutorStatus
    status_since: datetime | None
    onboarding_date: datetime | None
    baseline_sessions_per_week: float | None
    location: str | None
    education_level: str | None


def _field(metric: Metric) -> Any:
    about = Field(title=metric.title, description=metric.definition)
    match metric:
        case CountMetric():
            return (int, about)
        case RateMetric():
            return (Rate, about)
        case QuantityMetric():
            return (Quantity | None, about)


WindowMetrics: Any = create_model(
    "WindowMetrics",
    __base__=Outbound,
    __doc__="Every metric of one window.",
    **{metric.name: _field(metric) for metric in METRICS},
)


class Windows(Outbound):
    """The metrics of the last 7, 30 and 90 days."""

    of_7d: WindowMetrics = Field(alias="7d")
    of_30d: WindowMetrics = Field(alias="30d")
    of_90d: WindowMetrics = Field(alias="90d")


class Flag(Outbound):
    """A raised flag; `evidence` names sessions."""

    code: str
    title: str
    status: FlagStatus
    since: datetime
    evidence: tuple[str, ...]
    explanation: str
    clears_when: str


class ScorePart(Outbound):
    """What one component or uplift adds; the points of all parts sum to the score.

    `value` is the component's 0 to 100, null for uplifts and the cap; `known` is false where a
    neutral value stands in for missing data.
    """

    name: str
    title: str
    points: Points
    weight: float | None
    value: float | None
    known: bool


class Insight(Outbound):
    """How fast the newest report became a score, and how fast the newest end of a session."""

    received_at: datetime
    scored_at: datetime
    ended_at: datetime | None
    seconds_from_receipt: Seconds
    seconds_from_session_end: Seconds | None


class TutorDetail(Outbound):
    """Everything about one tutor; `overrides` are all of the score so far, the newest first."""

    tutor_id: str
    name: str | None
    status: TutorStatus
    profile: Profile
    windows: Windows
    flags: tuple[Flag, ...]
    tier: Tier
    tier_preview: Tier
    churn_score: Points
    risk_level: RiskLevel
    churn_score_components: tuple[ScorePart, ...]
    override: Override | None
    overrides: tuple[OverrideSpell, ...] = ()
    prediction: Prediction
    interventions: tuple[Intervention, ...] = ()
    insight: Insight | None
    last_taught_at: datetime | None
    settings_version: int
    reference_version: str
    as_of: datetime
    updated_at: datetime


def tutor_detail(
    card: Scorecard,
    row: TutorRow,
    tutor: Tutor,
    prediction: Prediction,
    interventions: Iterable[Intervention] = (),
    overrides: Iterable[OverrideSpell] = (),
) -> TutorDetail:
    """All of a tutor, for those who look after tutors."""
    return TutorDetail(
        tutor_id=card.tutor_id,
        name=tutor.name,
        status=tutor.status,
        profile=Profile.model_validate(tutor),
        windows=Windows.model_validate(card.windows),
        flags=tuple(_flag(flag) for flag in card.flags),
        tier=card.tier,
        tier_preview=card.tier_preview,
        churn_score=card.churn_score.value,
        risk_level=card.churn_score.level,
        churn_score_components=_parts(card.churn_score),
        override=Override.model_validate(row.override) if row.override else None,
        overrides=tuple(overrides),
        prediction=prediction,
        interventions=tuple(interventions),
        insight=_insight(row),
        last_taught_at=card.last_taught_at,
        settings_version=card.settings_version,
        reference_version=card.reference_version,
        as_of=card.as_of,
        updated_at=row.updated_at,
    )


FLAG_TITLES = {rule.code: rule.title for rule in FLAG_RULES}


def _flag(flag: Any) -> Flag:
    return Flag(
        code=flag.code,
        title=FLAG_TITLES.get(flag.code, flag.code),
        status=flag.status,
        since=flag.since,
        evidence=flag.evidence,
        explanation=flag.explanation,
        clears_when=flag.clears_when,
    )


def _parts(score: ChurnScore) -> tuple[ScorePart, ...]:
    return tuple(ScorePart.model_validate(part) for part in score.parts)


def _insight(row: TutorRow) -> Insight | None:
    found = row.insight
    if found is None:
        return None
    return Insight(
        received_at=found.received_at,
        scored_at=found.scored_at,
        ended_at=found.ended_at,
        seconds_from_receipt=found.from_receipt,
        seconds_from_session_end=found.from_end,
    )


class HistoryMetrics(Outbound):
    """What the daily record keeps of a window."""

    sessions: int | None = None
    reschedule_rate: Fraction | None = None
    no_show_rate: Fraction | None = None
    avg_rating: Quantity | None = None


class HistoryWindows(Outbound):
    """The recorded metrics of the 7, 30 and 90 days before the record."""

    of_7d: HistoryMetrics = Field(alias="7d")
    of_30d: HistoryMetrics = Field(alias="30d")
    of_90d: HistoryMetrics = Field(alias="90d")


class HistoryDay(Outbound):
    """One night's record; `raised` and `cleared` against the night before.

    `probabilities` are those in force that midnight, null for nights without a model.
    """

    on: date = Field(serialization_alias="date")
    as_of: datetime
    rates: HistoryWindows
    churn_score: Points
    risk_level: RiskLevel
    tier: Tier
    flags: tuple[str, ...]
    raised: tuple[str, ...]
    cleared: tuple[str, ...]
    probabilities: Probabilities


class FlagSpell(Outbound):
    """One time a flag was up; `cleared_at` is null while it is."""

    code: str
    raised_at: datetime
    cleared_at: datetime | None = None


class History(Page):
    """The daily records, oldest first; newest first, when flags went up and down, and overrides.

    The records hold computed scores alone.
    """

    items: tuple[HistoryDay, ...]
    flag_history: tuple[FlagSpell, ...]
    override_history: tuple[OverrideSpell, ...] = ()


def history(
    days: Iterable[DailyRecord],
    flags: Iterable[Mapping[str, Any]],
    overrides: Iterable[KnownOverride],
    now: datetime,
) -> History:
    """A tutor's daily records, flags and overrides."""
    return History(
        items=tuple(_history_day(day) for day in days),
        flag_history=tuple(FlagSpell.model_validate(flag) for flag in flags),
        override_history=spells(overrides, now),
    )


def _history_day(day: DailyRecord) -> HistoryDay:
    return HistoryDay(
        on=day.as_of.date(),
        as_of=day.as_of,
        rates=HistoryWindows.model_validate(day.rates),
        churn_score=day.churn_score,
        risk_level=RiskLevel(day.risk_level),
        tier=day.tier,
        flags=day.flags,
        raised=day.raised,
        cleared=day.cleared,
        probabilities=Probabilities.model_validate(day.probabilities),
    )


class Scores(Outbound):
    """The compact form for the Rails admin; where `override` is null, the computed score holds."""

    tutor_id: str
    churn_score: Points
    risk_level: RiskLevel
    override: Override | None
    tier: Tier
    flags: tuple[str, ...]
    confirmed_flags: tuple[str, ...]
    probabilities: Probabilities
    as_of: datetime
    updated_at: datetime


class Move(Outbound):
    """One time a session was moved."""

    initiator: Party
    original_time: datetime
    new_time: datetime
    requested_at: datetime | None
    notice_hours: Quantity | None
    reason: str | None


class SessionFeedback(Outbound):
    """What a student said about a session; `ratings` are stars by category."""

    submitted_at: datetime
    overall_rating: Quantity
    ratings: dict[str, Quantity]
    would_recommend: bool | None
    improvement_areas: tuple[str, ...]
    free_text: str | None


class SessionListItem(Outbound):
    """One session as reported so far; `rating` takes a student's feedback before the report's.

    `student` is an alias, the same in all sessions; `feedback` is each student's newest.
    """

    session_id: str
    student: str
    subject: str | None
    session_type: str | None
    session_number: int | None
    status: Status
    scheduled_time: datetime
    completed_time: datetime | None
    duration_minutes: float | None
    outcomes: tuple[OutcomeKind, ...]
    reschedules: tuple[Move, ...]
    rating: Quantity | None
    late_minutes: Quantity | None
    learning_objectives_met: bool | None
    technical_issues: bool | None
    feedback: tuple[SessionFeedback, ...]


class SessionList(Page):
    """A page of a tutor's sessions, the newest first."""

    items: tuple[SessionListItem, ...]


def session_list(
    sessions: Iterable[Session], now: datetime, next_cursor: str | None, alias: Callable[[str], str]
) -> SessionList:
    """A page of sessions; one that no report described yet is not listed.

    `alias` tells what a student is called.
    """
    items = tuple(item for session in sessions if (item := _session(session, now, alias)))
    return SessionList(items=items, next_cursor=next_cursor)


def _session(
    session: Session, now: datetime, alias: Callable[[str], str]
) -> SessionListItem | None:
    said = session.snapshot
    if said is None:
        return None
    return SessionListItem(
        session_id=session.session_id,
        student=alias(said.student_id),
        subject=said.subject,
        session_type=said.session_type,
        session_number=said.session_number,
        status=said.status,
        scheduled_time=said.scheduled_time,
        completed_time=said.completed_time,
        duration_minutes=said.duration_minutes,
        outcomes=tuple(outcome.kind for outcome in outcomes(session)),
        reschedules=tuple(Move.model_validate(move) for move in session.reschedules),
        rating=session.rating(now),
        late_minutes=said.late_minutes,
        learning_objectives_met=said.learning_objectives_met,
        technical_issues=said.technical_issues,
        feedback=tuple(
            SessionFeedback(
                submitted_at=told.submitted_at,
                overall_rating=told.overall_rating,
                ratings=dict(told.ratings),
                would_recommend=told.would_recommend,
                improvement_areas=told.improvement_areas,
                free_text=told.free_text,
            )
            for told in session.newest_feedback(now)
        ),
    )


class PlatformRate(Outbound):
    """k of n sessions of all tutors."""

    value: Fraction | None = None
    n: int = 0


class Latency(Outbound):
    """Seconds from a report's receipt, and from the session's end, to its score, in 24 hours."""

    n: int = 0
    receipt_p50: Seconds | None = None
    receipt_p95: Seconds | None = None
    session_end_p50: Seconds | None = None
    session_end_p95: Seconds | None = None


class TrendDay(Outbound):
    """The platform on one day; today's is as of now."""

    on: date = Field(alias="date")
    tutors: int
    at_risk: dict[RiskLevel, int]
    sessions_30d: int
    reschedule_rate: PlatformRate
    no_show_rate: PlatformRate
    first_session_success_rate: PlatformRate
    insight_latency_seconds: Latency = Latency()
    expected_departures_30d: Points | None = None


class Overview(Outbound):
    """The marketplace now; everything is null or empty before the first minute's summary.

    `expected_departures_30d` sums up the predicted tutors' chances; null while there is no model.
    `at_risk` counts by computed scores.
    """

    tutors: int | None = None
    at_risk: dict[RiskLevel, int] = Field(default_factory=dict)
    tiers: dict[Tier, int] = Field(default_factory=dict)
    flags: dict[str, int] = Field(default_factory=dict)
    sessions_30d: int | None = None
    reschedule_rate: PlatformRate = PlatformRate()
    no_show_rate: PlatformRate = PlatformRate()
    first_session_success_rate: PlatformRate = PlatformRate()
    insight_latency_seconds: Latency = Latency()
    predicted_tutors: int = 0
    expected_departures_30d: Points | None = None
    overrides_in_force: int = 0
    trend: tuple[TrendDay, ...] = ()
    as_of: datetime | None = None


def overview(summary: Mapping[str, Any] | None, days: Sequence[Mapping[str, Any]]) -> Overview:
    """The newest summary with the days before it."""
    return Overview.model_validate({**(summary or {}), "trend": days})


class Term(Outbound):
    """One term: its name in the API and on screen, its unit if any, what it means.

    `detail` is when a metric is red, what clears a flag, the weight of a component.
    """

    name: str
    title: str
    unit: str
    meaning: str
    detail: str | None


class ThresholdDefinition(Outbound):
    """Where a metric turns red now, and the bounds within which that may be moved."""

    name: str
    value: float
    default: float
    low: float
    high: float
    above_is_bad: bool
    about: str


class Definitions(Outbound):
    """What every number, flag and tier means; tiers in the order in which they are tried.

    `about` is what is to be said of all terms of a kind, by the kind's name here.
    """

    about: dict[str, str]
    general: tuple[Term, ...]
    metrics: tuple[Term, ...]
    flags: tuple[Term, ...]
    tiers: tuple[Term, ...]
    components: tuple[Term, ...]
    forecast: tuple[Term, ...]
    thresholds: tuple[ThresholdDefinition, ...]
    settings_version: int


def definitions(settings: Settings) -> Definitions:
    """The domain's terms, with the thresholds in force."""
    terms = definition.definitions(settings)
    return Definitions.model_validate(
        {
            "about": definition.ABOUT,
            **{name: getattr(terms, name) for name in definition.ABOUT},
            "thresholds": [
                {**asdict(each), "value": settings.limit(each.name).value}
                for each in THRESHOLDS.values()
            ],
            "settings_version": settings.version,
        }
    )


class Health(Outbound):
    """The function runs."""

    status: Literal["ok"] = "ok"
