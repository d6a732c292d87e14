"""What administrators are told about a tutor after a session or when a risk rises.

Nothing in it names a student or repeats what anybody wrote: a mail is read on trains and is
forwarded. Words on flags are the flags' own.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from shared.domain.churn_score import RiskLevel
from shared.domain.first_look import first_looks
from shared.domain.flag import FLAG_RULES, Flag, FlagStatus, flag_named
from shared.domain.intervention import Intervention, Kind, Owner
from shared.domain.intervention_rule import AT_RISK, RULE, RULES
from shared.domain.override import Override
from shared.domain.prediction import Prediction
from shared.domain.rate import Counted, Rate
from shared.domain.scorecard import Measured, Scorecard, counted, mean
from shared.domain.session import Outcome, OutcomeKind, Party, Session
from shared.domain.tutor_row import TutorRow

MOST_INSIGHTS = 5
NOTHING = "Nothing unusual"


class Urgency(StrEnum):
    """Why a report is worth opening, the strongest reason first."""

    CHANGED = "changed"
    FLAGGED = "flagged"
    AT_RISK = "at_risk"
    USUAL = "usual"


@dataclass(frozen=True, slots=True)
class Move:
    """One move of a session; `notice_hours` is None when nobody said when it was asked for."""

    by: Party
    original_time: datetime
    new_time: datetime
    notice_hours: float | None


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """The session a report is about: what became of it and when that was known."""

    session_id: str
    scheduled_time: datetime
    became: OutcomeKind
    became_at: datetime
    subject: str | None = None
    first: bool = False
    moved: Move | None = None


@dataclass(frozen=True, slots=True)
class RaisedFlag:
    """A flag as it is told: what it is called, and whether the evidence is strong."""

    code: str
    title: str
    confirmed: bool
    explanation: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Rescheduling:
    """The tutor's own moves of 30 days: `moved` of `sessions`; `flag` is None while it is not up.

    `value` is 0-1, None without sessions.
    """

    value: float | None
    moved: int
    sessions: int
    flag: FlagStatus | None


@dataclass(frozen=True, slots=True)
class Task:
    """An open intervention as it is told; `due_at` is when the clock that runs now runs out."""

    intervention_id: str
    tutor_id: str
    kind: Kind
    title: str
    does: str
    why: str
    owner: Owner
    due_at: datetime | None
    overdue: bool

    @property
    def path(self) -> str:
        """The page of the tutor it is about."""
        return tutor_path(self.tutor_id)


@dataclass(frozen=True, slots=True)
class TutorReport:
    """How a tutor stands, the most important first: `headline` says why it is worth reading.

    `moved` are the words on what changed. `insights` are sentences, ranked, at most five.
    `tasks` are what people have to do, `running` what runs by itself, `undelivered` what was to
    and could not; `next_step` says what to look at where nobody has a task. `override` is what a
    manager says instead of the churn score, while that is in force, and `risk_level` then is the
    manager's. `path` is the tutor's page.
    """

    tutor_id: str
    name: str | None
    headline: str
    urgency: Urgency
    moved: tuple[str, ...]
    risk_level: RiskLevel
    churn_score: float
    override: Override | None
    leaves_within_30d: float | None
    tier: str
    sessions_30d: int
    rescheduling: Rescheduling
    flags: tuple[RaisedFlag, ...]
    insights: tuple[str, ...]
    tasks: tuple[Task, ...]
    running: tuple[Task, ...]
    undelivered: tuple[Task, ...]
    next_step: str
    path: str
    as_of: datetime


@dataclass(frozen=True, slots=True)
class SessionReport:
    """What a session did to how its tutor stands."""

    session: SessionFacts
    tutor: TutorReport


def session_report(
    session: Session,
    about: Outcome,
    card: Scorecard,
    row: TutorRow,
    prediction: Prediction | None,
    interventions: Iterable[Intervention],
    moved: Sequence[str],
    now: datetime,
) -> SessionReport:
    """The report of what became of a session; ValueError for a session nobody reported yet."""
    snapshot = session.snapshot
    if snapshot is None:
        raise ValueError(f"{session.session_id} has no report yet")
    return SessionReport(
        session=SessionFacts(
            session_id=session.session_id,
            scheduled_time=snapshot.scheduled_time,
            became=about.kind,
            became_at=about.at,
            subject=snapshot.subject,
            first=session.is_first,
            moved=_move(session, about),
        ),
        tutor=tutor_report(card, row, prediction, interventions, moved, now),
    )


def tutor_report(
    card: Scorecard,
    row: TutorRow,
    prediction: Prediction | None,
    interventions: Iterable[Intervention],
    moved: Sequence[str],
    now: datetime,
) -> TutorReport:
    """How a tutor stands; of the interventions only those open and carried out are told."""
    raised = tuple(_raised(flag) for flag in card.flags)
    override = row.seen_at(now).override
    level = override.risk_level if override else RiskLevel(card.churn_score.level)
    urgency, headline = _headline(moved, raised, level)
    open_ones = sorted(
        (one for one in interventions if one.open and not one.held_out),
        key=lambda one: (one.clock_ends or one.finish_by, one.kind),
    )
    automated = [one for one in open_ones if one.kind.automated]
    month = card.windows["30d"]
    chances = prediction.probabilities if prediction else row.probabilities
    return TutorReport(
        tutor_id=row.tutor_id,
        name=row.name,
        headline=headline,
        urgency=urgency,
        moved=tuple(moved),
        risk_level=level,
        churn_score=card.churn_score.value,
        override=override,
        leaves_within_30d=chances.within_30d,
        tier=card.tier,
        sessions_30d=counted(month, "sessions"),
        rescheduling=_rescheduling(month, card.flags),
        flags=raised,
        insights=_insights(card, prediction),
        tasks=tuple(task(one, now) for one in open_ones if not one.kind.automated),
        running=tuple(task(one, now) for one in automated if not one.undelivered),
        undelivered=tuple(task(one, now) for one in automated if one.undelivered),
        next_step=_next_step(level, [flag.code for flag in raised if flag.confirmed]),
        path=tutor_path(row.tutor_id),
        as_of=card.as_of,
    )


def task(one: Intervention, now: datetime) -> Task:
    """An intervention as mails tell it."""
    rule = RULE[one.kind]
    return Task(
        intervention_id=one.intervention_id,
        tutor_id=one.tutor_id,
        kind=one.kind,
        title=rule.title,
        does=rule.does,
        why=one.why,
        owner=one.owner,
        due_at=one.clock_ends,
        overdue=one.overdue(now),
    )


def tutor_path(tutor_id: str) -> str:
    """Where a tutor's page is on the site."""
    return f"/tutors/{tutor_id}"


_TITLES = {rule.code: rule.title for rule in FLAG_RULES}


def _raised(flag: Flag) -> RaisedFlag:
    confirmed = flag.status is FlagStatus.CONFIRMED
    return RaisedFlag(flag.code, _TITLES[flag.code], confirmed, flag.explanation, flag.since)


def _headline(
    moved: Sequence[str], raised: Sequence[RaisedFlag], level: RiskLevel
) -> tuple[Urgency, str]:
    """What changed comes first, then confirmed flags, then the risk, then flags by chance."""
    confirmed = [flag.title for flag in raised if flag.confirmed]
    if moved:
        return Urgency.CHANGED, moved[0].rstrip(".")
    if confirmed:
        return Urgency.FLAGGED, _listed(confirmed)
    if level in AT_RISK:
        return Urgency.AT_RISK, f"{level.capitalize()} risk"
    if raised:
        return Urgency.USUAL, f"To watch: {_listed([flag_named(flag.code) for flag in raised])}"
    return Urgency.USUAL, NOTHING


def _listed(titles: Sequence[str]) -> str:
    """High reschedule rate, low rating and 2 more: all but the first in small letters."""
    shown = [titles[0], *(title[:1].lower() + title[1:] for title in titles[1:])]
    if len(shown) > 3:
        return f"{', '.join(shown[:2])} and {len(shown) - 2} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def _move(session: Session, about: Outcome) -> Move | None:
    """The move that a report is about; the last one, of a session that went on after moves."""
    moves = sorted(session.reschedules, key=lambda move: move.happened_at)
    told = [m for m in moves if m.happened_at == about.at and about.kind.startswith(m.initiator)]
    found = told or [m for m in moves if m.happened_at <= about.at]
    if not found:
        return None
    last = found[-1]
    return Move(last.initiator, last.original_time, last.new_time, last.notice_hours)


def _rescheduling(month: Mapping[str, Measured], flags: Iterable[Flag]) -> Rescheduling:
    rate = month["reschedule_rate"]
    up = next((flag.status for flag in flags if flag.code == "high_reschedule_rate"), None)
    return Rescheduling(
        value=rate.value if isinstance(rate, Rate) else None,
        moved=counted(month, "tutor_reschedules"),
        sessions=counted(month, "sessions"),
        flag=up,
    )


def _next_step(level: RiskLevel, confirmed: Sequence[str]) -> str:
    """What to look at now, and what opens by itself if things go on like this."""
    at_risk = level in AT_RISK
    said = list(first_looks(confirmed, at_risk=at_risk)) or ["Nothing to do."]
    if at_risk:
        tasks = [rule for rule in RULES if level in rule.levels and not rule.kind.automated]
        rule = min(tasks, key=lambda rule: len(rule.levels))  # the one that is for this level most
        said.append(f"{rule.title} opens when {rule.trigger}.")
    return " ".join(said)


@dataclass(frozen=True, slots=True)
class Insight:
    """One row: a sentence on a scorecard, or None; not told while one of `flags` says it."""

    flags: frozenset[str]
    say: Callable[[Scorecard], str | None]


def _moved_lately(card: Scorecard) -> str | None:
    moves, sessions = (counted(card.windows["7d"], n) for n in ("tutor_reschedules", "sessions"))
    said = f"The tutor moved {moves} of {sessions} sessions in the last 7 days."
    return said if moves > 1 else None


def _no_shows(card: Scorecard) -> str | None:
    missed, sessions = (counted(card.windows["30d"], n) for n in ("tutor_no_shows", "sessions"))
    said = f"The tutor did not turn up to {missed} of {sessions} sessions in 30 days."
    return said if missed else None


def _first_sessions(card: Scorecard) -> str | None:
    rated = card.counts.get("first_session_success_rate", Counted(0, 0))
    poor = rated.n - rated.k
    were = "was" if poor == 1 else "were"
    return f"{poor} of {rated.n} first sessions {were} rated under 4 stars." if poor else None


def _short_notice(card: Scorecard) -> str | None:
    late = counted(card.windows["30d"], "late_notice_reschedules")
    if not late:
        return None
    sessions = "1 session was" if late == 1 else f"{late} sessions were"
    return f"{sessions} moved at less than 24 hours' notice in 30 days."


def _ratings_fell(card: Scorecard) -> str | None:
    month, quarter = (mean(card.windows[days], "avg_rating") for days in ("30d", "90d"))
    if month is None or quarter is None or quarter - month < 0.3:
        return None
    return f"Ratings fell to {month:.1f} stars in 30 days, from {quarter:.1f} over 90."


def _late_starts(card: Scorecard) -> str | None:
    rate = card.windows["30d"].get("late_start_rate")
    if not isinstance(rate, Rate) or not rate.value or rate.value < 0.2:
        return None
    return f"{round(rate.value * rate.n)} of {rate.n} sessions began more than 5 minutes late."


def _steady(card: Scorecard) -> str | None:
    sessions = counted(card.windows["30d"], "completed")
    rating = mean(card.windows["30d"], "avg_rating")
    if sessions < 5 or rating is None or rating < 4.5:
        return None
    return f"{sessions} sessions held in 30 days, rated {rating:.1f} stars on average."


INSIGHTS: tuple[Insight, ...] = (
    Insight(frozenset({"reschedule_pattern"}), _moved_lately),
    Insight(frozenset({"high_no_show_rate", "no_show_risk"}), _no_shows),
    Insight(frozenset({"low_first_session_success"}), _first_sessions),
    Insight(frozenset(), _short_notice),
    Insight(frozenset({"low_rating"}), _ratings_fell),
    Insight(frozenset(), _late_starts),
    Insight(frozenset(_TITLES), _steady),
)
"""What is worth a sentence beside the flags, the most telling first."""


def _insights(card: Scorecard, prediction: Prediction | None) -> tuple[str, ...]:
    """The flags' own words, confirmed ones first; then what else stands out, then the model."""
    up = {flag.code for flag in card.flags}
    by_strength = sorted(card.flags, key=lambda flag: flag.status is not FlagStatus.CONFIRMED)
    said = [flag.explanation for flag in by_strength]
    said += [words for row in INSIGHTS if not row.flags & up and (words := row.say(card))]
    factors = [f.words for f in prediction.factors if f.direction == "raises"] if prediction else []
    if factors and RiskLevel(card.churn_score.level) is not RiskLevel.LOW:
        said.append(f"What raises the chance of leaving most: {factors[0]}.")
    return tuple(said[:MOST_INSIGHTS])
