"""Why a tutor needs attention: the flags, as a table of rules with their evidence.

A rule is a pure question about one moment of a tutor's timeline. Because past moments can be
asked too, hysteresis and `since` follow from the log alone: recomputing a scorecard from the
same log gives the same flags, in whatever order the reports arrived.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.engagement import count, engagement
from shared.domain.event import EventType
from shared.domain.log import LOG_DAYS, Timeline, View, midnight, midnights_until
from shared.domain.marketplace import ENGAGEMENT_PRIOR, RATING_PRIOR, Reference
from shared.domain.metric import (
    FAILURE_RATING,
    SUCCESS_RATING,
    first_session_success,
    mean,
    objectives_met,
    share_of_sessions,
)
from shared.domain.rate import Counted, Limit, decline_beyond, mean_beyond, rate
from shared.domain.session import OutcomeKind, Session
from shared.domain.threshold import Settings

CONFIRMED_AT = 0.8
HOLD_DAYS = 3
SINCE_DAYS = 30
EVIDENCE_SHOWN = 20

RESCHEDULES_IN_7D = 3
LATE_FIRST_SESSION_MINUTES = 10
LOGIN_DROP = 0.30
MISSED_SESSIONS = 2
QUIET_DAYS = 14
ACTIVITY_SHARE = 0.5
ACTIVITY_WEEKS = 3
BASELINE_WEEKS = 4


class FlagStatus(StrEnum):
    """Whether the evidence is strong enough to act on a person (CONTRACT 3)."""

    CONFIRMED = "confirmed"
    PROVISIONAL = "provisional"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found: in words, how sure it is, and which sessions show it.

    `judge` answers how probable it is that the threshold is truly passed; a finding without it
    is a plain fact. It and `shown` are asked only where it matters: `since` looks at thirty
    nights, and of nearly all of them wants to know no more than that the rule found something.
    """

    explanation: str
    judge: Callable[[], float | None] | None = None
    shown: Callable[[], Sequence[Session]] = tuple

    @property
    def status(self) -> FlagStatus:
        p_over = self.judge() if self.judge else None
        sure = p_over is None or p_over >= CONFIRMED_AT
        return FlagStatus.CONFIRMED if sure else FlagStatus.PROVISIONAL

    @property
    def evidence(self) -> tuple[str, ...]:
        """The newest of the sessions that show it, by id."""
        return tuple(session.session_id for session in self.shown()[-EVIDENCE_SHOWN:])


@dataclass(frozen=True, slots=True)
class Flag:
    """A raised flag as it is served."""

    code: str
    status: FlagStatus
    since: datetime
    evidence: tuple[str, ...]
    explanation: str
    clears_when: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A tutor's timeline seen at one instant, with the thresholds and priors in force.

    `seen_from` is the moment of the scorecard while earlier nights are asked; nothing from
    LOG_DAYS before it is looked at, so that a whole log and the part that is read give the same.
    """

    timeline: Timeline
    as_of: datetime
    settings: Settings
    reference: Reference
    seen_from: datetime | None = None
    month_reference: Reference | None = None
    """What the month's tier was assigned by; the present reference where that is not known."""

    def view(self, days: int, ending: datetime | None = None) -> View:
        horizon = (self.seen_from or self.as_of) - timedelta(days=LOG_DAYS)
        return self.timeline.view(days, ending or self.as_of, horizon)

    def at(self, as_of: datetime) -> "Moment":
        return replace(self, as_of=as_of, seen_from=self.seen_from or self.as_of)


@dataclass(frozen=True, slots=True)
class FlagRule:
    """One row of the table.

    `threshold` names what it is measured by, if that can be moved. Such a flag, once confirmed,
    stays until HOLD_DAYS nightly passes in a row found it gone, so that a rate hovering at its
    threshold does not flap.
    """

    code: str
    title: str
    raised_when: str
    clears_when: str
    find: Callable[[Moment], Finding | None]
    threshold: str | None = None

    @property
    def holds(self) -> bool:
        """Whether it outlasts the nights on which it is found gone, for a while."""
        return self.threshold is not None


def per_cent(value: float) -> str:
    return f"{100 * value:.0f} %"


def over_its_threshold(
    name: str,
    measure: Callable[[View], Counted],
    evidence: Callable[[View], Sequence[Session]],
    words: str,
) -> Callable[[Moment], Finding | None]:
    """A rule on a 30-day rate: raised whenever the raw rate is beyond its threshold."""

    def find(moment: Moment) -> Finding | None:
        view = moment.view(30)
        counted, limit = measure(view), moment.settings.limit(name)
        if counted.value is None or not limit.beyond(counted.value):
            return None
        said = words.format(k=counted.k, missed=counted.n - counted.k, n=counted.n)
        return Finding(
            f"{said} in 30 days: {per_cent(counted.value)}, threshold {per_cent(limit.value)}.",
            lambda: rate(counted, moment.reference.prior(name), limit).p_over,
            lambda: evidence(view),
        )

    return find


def unsuccessful_first_sessions(view: View) -> list[Session]:
    rated = ((s, s.rating(view.as_of)) for s in view.known_first)
    return [s for s, value in rated if value is not None and value < SUCCESS_RATING]


def missed_objectives(view: View) -> list[Session]:
    return [s for s in view.known if s.snapshot and s.snapshot.learning_objectives_met is False]


def low_rating(moment: Moment) -> Finding | None:
    ratings = moment.timeline.last_ratings(30, moment.as_of)
    average, limit = mean(ratings), moment.settings.limit("rating_last_30")
    if average is None or not limit.beyond(average):
        return None
    said = f"The last {len(ratings)} ratings average" if len(ratings) > 1 else "The only rating is"
    return Finding(
        f"{said} {average:.2f} stars, threshold {limit.value:g}.",
        lambda: mean_beyond(average, len(ratings), RATING_PRIOR, limit),
        lambda: rated_beyond(limit, moment.view(90)),
    )


def rated_beyond(limit: Limit, view: View) -> list[Session]:
    rated = ((s, s.rating(view.as_of)) for s in view.known)
    return [s for s, value in rated if value is not None and limit.beyond(value)]


def disengaged(moment: Moment) -> Finding | None:
    measured, limit = engagement(moment.view(30)), moment.settings.limit("engagement_score")
    score = measured.score
    if score is None or not limit.beyond(score):
        return None
    return Finding(
        f"Engagement is {per_cent(score)} over 30 days, threshold {per_cent(limit.value)}.",
        lambda: mean_beyond(score, measured.observations, ENGAGEMENT_PRIOR, limit),
    )


def reschedule_pattern(moment: Moment) -> Finding | None:
    moved = moment.view(7).of(OutcomeKind.TUTOR_RESCHEDULE)
    if len(moved) <= RESCHEDULES_IN_7D:
        return None
    said = f"{len(moved)} sessions moved by the tutor in 7 days."
    return Finding(said, shown=lambda: moved)


def poor_first_session(moment: Moment) -> Finding | None:
    view = moment.view(30)
    poor = [(s, why) for s in view.known_first if (why := went_wrong(s, view.as_of))]
    if not poor:
        return None
    latest, why = poor[-1]
    number = f"{len(poor)} first sessions" if len(poor) > 1 else "A first session"
    said = f"{number} in 30 days went wrong; the latest ({latest.session_id}) {why}."
    return Finding(said, shown=lambda: [session for session, _ in poor])


def went_wrong(session: Session, as_of: datetime) -> str | None:
    """What went wrong in a first session, in words; lateness with technical trouble is nobody's."""
    value = session.rating(as_of)
    if value is not None and value < FAILURE_RATING:
        return f"was rated {value:g} of 5"
    if session.would_not_return(as_of):
        return "left a student who would not work with the tutor again"
    snapshot = session.snapshot
    late = snapshot.late_minutes if snapshot else None
    if snapshot and late is not None and late > LATE_FIRST_SESSION_MINUTES:
        return None if snapshot.technical_issues else f"began {late:.0f} minutes late"
    return None


def no_show_risk(moment: Moment) -> Finding | None:
    recent = moment.view(14).of(OutcomeKind.TUTOR_NO_SHOW)
    if recent:
        times = "once" if len(recent) == 1 else f"{len(recent)} times"
        said = f"The tutor did not turn up {times} in 14 days."
        return Finding(said, shown=lambda: recent)
    missed = moment.view(30).of(OutcomeKind.TUTOR_NO_SHOW)
    fall = login_fall(moment)
    if len(missed) <= MISSED_SESSIONS or fall is None or fall[0] <= LOGIN_DROP:
        return None
    said = f"{len(missed)} sessions missed in 30 days, and logins down {per_cent(fall[0])}."
    return Finding(said, shown=lambda: missed)


def login_fall(moment: Moment) -> tuple[float, int, int] | None:
    """(fall, before, after) of logins, the last 14 days against the 14 before them."""
    joined = moment.timeline.log.tutor.onboarding_date
    if joined is not None and moment.as_of - joined < timedelta(days=28):
        return None
    before = count(moment.view(14, moment.as_of - timedelta(days=14)).events(EventType.LOGIN))
    after = count(moment.view(14).events(EventType.LOGIN))
    return ((before - after) / before, before, after) if before else None


def engagement_decline(moment: Moment) -> Finding | None:
    fall = login_fall(moment)
    if fall is None or fall[0] < LOGIN_DROP or not moment.timeline.log.tutor.at_work:
        return None
    share, before, after = fall
    return Finding(
        f"Logins down {per_cent(share)} in two weeks: {before} before, {after} now.",
        lambda: decline_beyond(before, after, LOGIN_DROP),
    )


def activity_drop(moment: Moment) -> Finding | None:
    baseline = baseline_per_week(moment)
    if not baseline or not moment.timeline.log.tutor.at_work:
        return None
    weeks = [
        len(moment.view(7, moment.as_of - timedelta(weeks=back)).of(OutcomeKind.COMPLETED))
        for back in range(ACTIVITY_WEEKS)
    ]
    if any(taught >= ACTIVITY_SHARE * baseline for taught in weeks):
        return None
    shown = ", ".join(str(taught) for taught in reversed(weeks))
    return Finding(
        f"Three weeks under half of the usual {baseline:.1f} sessions a week: {shown}.",
        lambda: decline_beyond(baseline * ACTIVITY_WEEKS, sum(weeks), 1 - ACTIVITY_SHARE),
    )


def baseline_per_week(moment: Moment) -> float | None:
    """Usual sessions a week: the profile's, else the tutor's own before the last three weeks."""
    tutor = moment.timeline.log.tutor
    recent = moment.as_of - timedelta(weeks=ACTIVITY_WEEKS)
    if tutor.onboarding_date is not None and tutor.onboarding_date > recent:
        return None
    if tutor.baseline_sessions_per_week is not None:
        return tutor.baseline_sessions_per_week
    days = 90 - 7 * ACTIVITY_WEEKS
    taught = moment.view(days, recent).of(OutcomeKind.COMPLETED)
    times = [s.snapshot.completed_time for s in taught if s.snapshot]
    first = min((at for at in times if at is not None), default=None)
    if first is None or recent - first < timedelta(weeks=BASELINE_WEEKS):
        return None
    return len(taught) / ((recent - first) / timedelta(weeks=1))


def gone_quiet(moment: Moment) -> Finding | None:
    last, tutor = moment.timeline.last_taught_at(moment.as_of), moment.timeline.log.tutor
    if last is None or not tutor.at_work:
        return None
    since = max(last, tutor.status_since or last)  # back from leave, silence begins anew
    days = (moment.as_of - since) / timedelta(days=1)
    if days <= QUIET_DAYS:
        return None
    return Finding(f"No session for {int(days)} days; the last was on {last:%-d %B %Y}.")


def within_three_days(condition: str) -> str:
    return f"{condition}; a confirmed flag stays until {HOLD_DAYS} nightly passes in a row found so"


FLAG_RULES: tuple[FlagRule, ...] = (
    FlagRule(
        "high_reschedule_rate", "High reschedule rate",
        "the tutor moved more than 15 % of the sessions of 30 days (threshold configurable)",
        within_three_days("the 30-day reschedule rate is back at or under its threshold"),
        over_its_threshold(
            "reschedule_rate", share_of_sessions(OutcomeKind.TUTOR_RESCHEDULE),
            lambda view: view.of(OutcomeKind.TUTOR_RESCHEDULE),
            "The tutor moved {k} of {n} sessions",
        ),
        threshold="reschedule_rate",
    ),
    FlagRule(
        "reschedule_pattern", "Reschedule pattern",
        "the tutor moved more than 3 sessions in 7 days",
        "3 or fewer sessions were moved in the last 7 days",
        reschedule_pattern,
    ),
    FlagRule(
        "high_no_show_rate", "High no-show rate",
        "the tutor missed more than 5 % of the sessions of 30 days",
        within_three_days("the 30-day no-show rate is back at or under its threshold"),
        over_its_threshold(
            "no_show_rate", share_of_sessions(OutcomeKind.TUTOR_NO_SHOW),
            lambda view: view.of(OutcomeKind.TUTOR_NO_SHOW),
            "The tutor missed {k} of {n} sessions",
        ),
        threshold="no_show_rate",
    ),
    FlagRule(
        "no_show_risk", "No-show risk",
        "the tutor missed a session in 14 days, or logins fell by more than 30 % and more than "
        "2 sessions were missed in 30 days",
        "14 days have passed without a no-show",
        no_show_risk,
    ),
    FlagRule(
        "poor_first_session", "Poor first session",
        "a first session within 30 days was rated under 3, began more than 10 minutes late, or "
        "the student would not work with the tutor again",
        "30 days have passed since the last such first session",
        poor_first_session,
    ),
    FlagRule(
        "low_first_session_success", "Low first-session success",
        "fewer than 70 % of the rated first sessions of 30 days got 4 stars or more",
        within_three_days("first-session success is back at or over its threshold"),
        over_its_threshold(
            "first_session_success_rate", first_session_success, unsuccessful_first_sessions,
            "{k} of {n} rated first sessions went well",
        ),
        threshold="first_session_success_rate",
    ),
    FlagRule(
        "low_rating", "Low rating",
        "the last 30 rated sessions average under 3.5 stars",
        within_three_days("the mean of the last 30 ratings is back at or over its threshold"),
        low_rating, threshold="rating_last_30",
    ),
    FlagRule(
        "disengaged", "Disengaged", "engagement over 30 days is under 60 %",
        within_three_days("engagement is back at or over its threshold"),
        disengaged, threshold="engagement_score",
    ),
    FlagRule(
        "objectives_missed", "Objectives missed",
        "fewer than 80 % of the sessions of 30 days that report it met their objectives",
        within_three_days("objectives met are back at or over their threshold"),
        over_its_threshold(
            "learning_objectives_met_rate", objectives_met, missed_objectives,
            "{k} of {n} sessions met their objectives",
        ),
        threshold="learning_objectives_met_rate",
    ),
    FlagRule(
        "engagement_decline", "Engagement decline",
        "logins fell by 30 % or more, the last two weeks against the two before",
        "logins are back above 70 % of the two weeks before",
        engagement_decline,
    ),
    FlagRule(
        "activity_drop", "Activity drop",
        "each of the last three weeks had less than half of the tutor's usual sessions",
        "a week reaches half of the usual sessions again",
        activity_drop,
    ),
    FlagRule(
        "gone_quiet", "Gone quiet",
        "no session for more than 14 days, and the tutor is not on leave",
        "the tutor teaches again or goes on leave",
        gone_quiet,
    ),
)  # fmt: skip


def flags(moment: Moment) -> tuple[Flag, ...]:
    """The flags raised at a moment, in the table's order."""
    nights = [moment.at(night) for night in midnights_until(moment.as_of, SINCE_DAYS)]
    found = (_flag(rule, moment, nights) for rule in FLAG_RULES)
    return tuple(flag for flag in found if flag is not None)


def findings(moment: Moment, codes: Collection[str]) -> dict[str, Finding]:
    """What some flags are up for at a moment, by code; quicker than flags with dates."""
    nights = [moment.at(night) for night in midnights_until(moment.as_of, HOLD_DAYS)]
    rules = [rule for rule in FLAG_RULES if rule.code in codes]
    found = {rule.code: rule.find(moment) or _held(rule, nights) for rule in rules}
    return {code: finding for code, finding in found.items() if finding is not None}


def _flag(rule: FlagRule, moment: Moment, nights: Sequence[Moment]) -> Flag | None:
    finding = rule.find(moment) or _held(rule, nights[:HOLD_DAYS])
    if finding is None:
        return None
    return Flag(
        rule.code,
        finding.status,
        _since(rule, moment, nights),
        finding.evidence,
        finding.explanation,
        f"Clears when {rule.clears_when}.",
    )


def _held(rule: FlagRule, nights: Sequence[Moment]) -> Finding | None:
    """A finding confirmed at one of the last nightly passes keeps its flag, provisionally."""
    if not rule.holds:
        return None
    for night in nights:
        finding = rule.find(night)
        if finding is not None and finding.status is FlagStatus.CONFIRMED:
            said = f"Back within bounds; on {night.as_of:%-d %B}: {finding.explanation}"
            return Finding(said, lambda: 0.0, finding.shown)
    return None


def _since(rule: FlagRule, moment: Moment, nights: Sequence[Moment]) -> datetime:
    """When the flag went up: within the day before the first night of its run, or today.

    Nights in which a held flag was within bounds belong to the run when the one before them
    confirmed it. A run longer than SINCE_DAYS began "at least then".
    """
    first, gone = None, 0
    for night in nights:
        finding = rule.find(night)
        if finding is None:
            gone += 1
        elif gone == 0 or finding.status is FlagStatus.CONFIRMED:
            first, gone = night, 0
        else:
            break
        if gone >= (HOLD_DAYS if rule.holds else 1):
            break
    if first is nights[-1]:
        return first.as_of
    if first is None:
        return _went_up(rule, moment, midnight(moment.as_of))
    return _went_up(rule, first, first.as_of - timedelta(days=1))


def _went_up(rule: FlagRule, up: Moment, down: datetime) -> datetime:
    """The instant between `down` and `up` at which the flag went up.

    That of the report that raised it, or to the minute where only time passing did.
    """
    told = {
        at
        for entry in up.timeline.entries
        for at in (*(o.at for o in entry.outcomes), *(f.known_at for f in entry.session.feedback))
        if down < at <= up.as_of
    }
    for at in sorted(told):
        if rule.find(up.at(at)) is not None:
            return at
    low, high = 0, int((up.as_of - down) / timedelta(minutes=1))
    while high - low > 1:
        middle = (low + high) // 2
        found = rule.find(up.at(down + timedelta(minutes=middle))) is not None
        low, high = (low, middle) if found else (middle, high)
    return min(up.as_of, down + timedelta(minutes=max(high, 1)))


_NAMES = {rule.code: f"{rule.title[:1].lower()}{rule.title[1:]}" for rule in FLAG_RULES}


def flag_named(code: str) -> str:
    """A flag in the middle of a sentence: high reschedule rate, no-show risk."""
    return _NAMES.get(code, code.replace("_", " "))
