"""What the churn model sees: one table of features, one function from a tutor's log to numbers.

The same function builds the matrix for training, for backtests and for one tutor now. A feature
at *t* looks at (t − 182 days, t] and at nothing later, so deleting what comes after *t* leaves it
as it is to the last bit. What a platform does not report is NaN, never zero.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from math import exp, isnan
from typing import Final

import numpy as np
import numpy.typing as npt

from shared.ml.ledger import DAY, MILLIONTHS, NEVER, Ints, Ledger

type Floats = npt.NDArray[np.float64]
type Matrix = npt.NDArray[np.float32]
"""Rows are moments, columns the features of a `Space`, in its order."""

FEATURE_DAYS: Final = 182
"""How far back any feature looks."""
MOST_SUBJECTS: Final = 24
LEAST_TUTORS: Final = 10
MOST: Final = 1e9
"""Beyond any sensible value: a typing error in a profile must not stop the training of all."""
LEAST_WEEKS: Final = 3 / 7
"""A tutor seen for less than so many weeks has no rate yet."""
PRIOR_PER_WEEK: Final = 0.5
"""Added to both sides of a comparison, so that nothing against little is no catastrophe."""
HOLIDAY_SEASON: Final = (1215, 105)
"""15 December to 5 January, as month and day."""


@dataclass
class Moments:
    """A ledger seen from several moments (microseconds, any order); each method answers an array.

    `days` and `until` bound a window (t − days, t − until].
    """

    ledger: Ledger
    at: Ints

    def __post_init__(self) -> None:
        self._place: dict[tuple[str, int], Ints] = {}
        self._weeks: dict[tuple[int, int], Floats] = {}
        seen = self.ledger.seen
        first = np.searchsorted(seen, self.at - FEATURE_DAYS * DAY, side="right")
        padded = np.append(seen, NEVER)
        self.since = np.minimum(padded[first], self.at)

    def place(self, channel: str, days: int) -> Ints:
        """How many entries of a channel there are up to so many days before each moment."""
        found = self._place.get((channel, days))
        if found is None:
            found = np.searchsorted(self.ledger[channel].at, self.at - days * DAY, side="right")
            self._place[channel, days] = found
        return found

    def count(self, channel: str, days: int, until: int = 0) -> Floats:
        """How often it happened."""
        sums = self.ledger[channel].count
        return (sums[self.place(channel, until)] - sums[self.place(channel, days)]).astype(float)

    def amount(self, channel: str, days: int, until: int = 0) -> Floats:
        """The sum of its amounts."""
        sums = self.ledger[channel].amount
        return (sums[self.place(channel, until)] - sums[self.place(channel, days)]) / MILLIONTHS

    def mean(self, channel: str, days: int, until: int = 0) -> Floats:
        """The mean amount; NaN where it never happened."""
        return ratio(self.amount(channel, days, until), self.count(channel, days, until))

    def share(self, channel: str, of: str, days: int, until: int = 0) -> Floats:
        """How often it happened for each time that `of` did; NaN where that never did."""
        return ratio(self.count(channel, days, until), self.count(of, days, until))

    def weeks(self, days: int, until: int = 0) -> Floats:
        """Weeks of the window in which the tutor was there: seen already and not on leave."""
        found = self._weeks.get((days, until))
        if found is None:
            end = self.at - until * DAY
            begin = np.minimum(np.maximum(self.at - days * DAY, self.since), end)
            away = self.ledger.leave_before(end) - self.ledger.leave_before(begin)
            found = self._weeks[days, until] = (end - begin - away) / (7 * DAY)
        return found

    def per_week(self, channel: str, days: int, until: int = 0) -> Floats:
        """How often it happened a week."""
        weeks = self.weeks(days, until)
        return ratio(self.count(channel, days, until), np.where(weeks < LEAST_WEEKS, 0.0, weeks))

    def change(self, channel: str, recent: int, baseline: int) -> Floats:
        """Log ratio of the last `recent` days' weekly rate to the tutor's own before that."""
        now, before = self.per_week(channel, recent), self.per_week(channel, baseline, recent)
        return log_ratio(now, before, PRIOR_PER_WEEK)

    def shift(self, channel: str, recent: int, baseline: int) -> Floats:
        """Mean of the last `recent` days less the tutor's own mean before that."""
        return self.mean(channel, recent) - self.mean(channel, baseline, recent)

    def days_since(self, channel: str) -> Floats:
        """Days since it last happened, leave not counted; NaN if not in the last half year."""
        last = self.place(channel, 0)
        there = last > self.place(channel, FEATURE_DAYS)
        at = np.append(self.ledger[channel].at, NEVER)[np.where(there, last - 1, -1)]
        at = np.where(there, at, self.at)
        away = self.ledger.leave_before(self.at) - self.ledger.leave_before(at)
        return np.where(there, (self.at - at - away) / DAY, np.nan)

    def gaps(self, days: int, least_days: float = 0.0) -> tuple[Floats, Floats]:
        """Number and sum (days) of the gaps of at least so many days between days taught.

        Both ends of a gap lie in the window.
        """
        at = self.ledger["taught_day"].at
        gap = np.diff(at, prepend=at[:1])
        counted = gap >= least_days * DAY
        number = np.concatenate([[0], np.cumsum(counted)])
        total = np.concatenate([[0], np.cumsum(gap * counted)])
        end = self.place("taught_day", 0)
        begin = np.minimum(self.place("taught_day", days) + 1, end)
        return (number[end] - number[begin]).astype(float), (total[end] - total[begin]) / DAY


def ratio(part: Floats, whole: Floats) -> Floats:
    """NaN where there is nothing to divide by."""
    found: Floats = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return found


def log_ratio(now: Floats, before: Floats | float, prior: float) -> Floats:
    """ln of (now + prior) / (before + prior)."""
    return np.asarray(np.log((now + prior) / (before + prior)))


@dataclass(frozen=True, slots=True)
class Feature:
    """One column: `say` puts its value into a manager's words, `shown` into the unit named.

    Features of one `family` are twins in the eyes of a reader: an explanation names one of them.
    NaN throughout where the platform reports none of `channels`.
    """

    name: str
    category: str
    family: str
    unit: str
    window: str
    source: str
    channels: tuple[str, ...]
    measure: Callable[[Moments], Floats]
    say: Callable[[float], str]
    shown: Callable[[float], float] = float


# --- words ---


def _told(text: str) -> Callable[[float], str]:
    return lambda value: text.format(value)


def _counted(one: str, many: str) -> Callable[[float], str]:
    return lambda value: f"1 {one}" if round(value) == 1 else f"{value:.0f} {many}"


def _per_cent(text: str) -> Callable[[float], str]:
    return lambda value: text.format(100 * value)


def relative(value: float) -> float:
    """A log ratio as a change in per cent."""
    return 100 * (exp(value) - 1)


def _changed(what: str, against: str) -> Callable[[float], str]:
    def say(value: float) -> str:
        change = round(relative(value))
        if abs(change) < 5:
            return f"{what} about as in {against}"
        return f"{what} {'up' if change > 0 else 'down'} {abs(change)} % on {against}"

    return say


def _shifted(what: str, unit: str, against: str, scale: float = 1.0) -> Callable[[float], str]:
    def say(value: float) -> str:
        size = f"{abs(value * scale):.1f}".removesuffix(".0")
        if size == "0":
            return f"{what} as in {against}"
        return f"{what} {'up' if value > 0 else 'down'} {size} {unit} on {against}"

    return say


# --- groups of rows that differ by their window ---

type Rows = list[Feature]


def _rates(
    channel: str, days: Sequence[int], category: str, family: str, what: str, source: str
) -> Rows:
    return [
        Feature(
            name=f"{family}_per_week_{span}d",
            category=category,
            family=family,
            unit=f"{what} a week",
            window=f"{span} d",
            source=source,
            channels=(channel,),
            measure=partial(Moments.per_week, channel=channel, days=span),
            say=_told(f"{{:.1f}} {what} a week over {_span(span)}"),
        )
        for span in days
    ]


def _changes(
    channel: str,
    spans: Sequence[tuple[int, int]],
    category: str,
    family: str,
    what: str,
    source: str,
) -> Rows:
    return [
        Feature(
            name=f"{family}_change_{recent}d",
            category=category,
            family=family,
            unit="% change",
            window=f"{recent} d against the {baseline - recent} d before",
            source=source,
            channels=(channel,),
            measure=partial(Moments.change, channel=channel, recent=recent, baseline=baseline),
            say=_changed(what, _mean_of(recent, baseline)),
            shown=relative,
        )
        for recent, baseline in spans
    ]


def _means(
    channel: str,
    days: Sequence[int],
    category: str,
    family: str,
    unit: str,
    say: str,
    source: str,
    scale: float = 1.0,
) -> Rows:
    return [
        Feature(
            name=f"{family}_{span}d",
            category=category,
            family=family,
            unit=unit,
            window=f"{span} d",
            source=source,
            channels=(channel,),
            measure=partial(Moments.mean, channel=channel, days=span),
            say=_scaled(f"{say} over {_span(span)}", scale),
            shown=partial(_times, scale),
        )
        for span in days
    ]


def _scaled(text: str, scale: float) -> Callable[[float], str]:
    return lambda value: text.format(value * scale)


def _times(scale: float, value: float) -> float:
    return value * scale


def _shifts(
    channel: str,
    spans: Sequence[tuple[int, int]],
    category: str,
    family: str,
    what: str,
    unit: str,
    source: str,
    scale: float = 1.0,
) -> Rows:
    return [
        Feature(
            name=f"{family}_shift_{recent}d",
            category=category,
            family=family,
            unit=unit,
            window=f"{recent} d against the {baseline - recent} d before",
            source=source,
            channels=(channel,),
            measure=partial(Moments.shift, channel=channel, recent=recent, baseline=baseline),
            say=_shifted(what, unit, _mean_of(recent, baseline), scale),
            shown=partial(_times, scale),
        )
        for recent, baseline in spans
    ]


def _shares(
    channel: str, days: Sequence[int], category: str, family: str, what: str, source: str
) -> Rows:
    return [
        Feature(
            name=f"{family}_share_{span}d",
            category=category,
            family=family,
            unit="% of session outcomes",
            window=f"{span} d",
            source=source,
            channels=(channel,),
            measure=partial(Moments.share, channel=channel, of="outcome", days=span),
            say=_per_cent(f"{{:.0f}} % of sessions {what} over {_span(span)}"),
            shown=partial(_times, 100.0),
        )
        for span in days
    ]


def _counts(
    channel: str, days: Sequence[int], category: str, family: str, what: str, source: str
) -> Rows:
    """`what` names one of them: "session missed"; its first word takes the plural."""
    noun, _, rest = what.partition(" ")
    return [
        Feature(
            name=f"{family}_count_{span}d",
            category=category,
            family=family,
            unit="times",
            window=f"{span} d",
            source=source,
            channels=(channel,),
            measure=partial(Moments.count, channel=channel, days=span),
            say=_counted(f"{what} within {_span(span)}", f"{noun}s {rest} within {_span(span)}"),
        )
        for span in days
    ]


def _since(channel: str, category: str, family: str, what: str, source: str) -> Feature:
    return Feature(
        name=f"days_since_{channel}",
        category=category,
        family=family,
        unit="days",
        window=f"{FEATURE_DAYS} d",
        source=source,
        channels=(channel,),
        measure=partial(Moments.days_since, channel=channel),
        say=_told(f"{{:.0f}} days since {what}"),
    )


def _span(days: int) -> str:
    return f"{days // 7} weeks" if days % 7 == 0 and days > 7 else f"{days} days"


def _mean_of(recent: int, baseline: int) -> str:
    if baseline == FEATURE_DAYS:
        return "the tutor's own half-year mean"
    return f"the {(baseline - recent) // 7}-week mean"


# --- measures that are not of a group ---


def _silence_against_habit(moments: Moments) -> Floats:
    number, total = moments.gaps(FEATURE_DAYS)
    usual = ratio(total + 7.0, number + 1.0)
    return moments.days_since("taught") / usual


def _usual_gap(moments: Moments) -> Floats:
    number, total = moments.gaps(90)
    return ratio(total, number)


def _long_gaps(least_days: float, moments: Moments) -> Floats:
    return moments.gaps(FEATURE_DAYS, least_days)[0]


def _against_agreed(moments: Moments) -> Floats:
    agreed = moments.ledger.agreed_per_week
    if not agreed:
        return np.full(len(moments.at), np.nan)
    return log_ratio(moments.per_week("taught", 28), agreed, PRIOR_PER_WEEK)


def _tenure(moments: Moments) -> Floats:
    joined = moments.ledger.onboarded
    if joined is None:
        return np.full(len(moments.at), np.nan)
    return np.maximum(moments.at - joined, 0) / DAY


def _is_new(moments: Moments) -> Floats:
    tenure = _tenure(moments)
    return np.where(np.isnan(tenure), np.nan, tenure < 30.0)


def _seen(moments: Moments) -> Floats:
    if moments.ledger.onboarded is not None:
        return np.full(len(moments.at), np.nan)
    return np.asarray((moments.at - moments.since) / DAY)


def _subjects(moments: Moments) -> Floats:
    count = len(moments.ledger.subjects)
    return np.full(len(moments.at), float(count) if count else np.nan)


def _hours_offered(moments: Moments) -> Floats:
    return moments.mean("availability", 8)


def _offered_change(moments: Moments) -> Floats:
    return log_ratio(_hours_offered(moments), moments.mean("availability", 36, 8), 1.0)


def _offered_for_agreed(moments: Moments) -> Floats:
    agreed = moments.ledger.agreed_per_week
    return _hours_offered(moments) / agreed if agreed else np.full(len(moments.at), np.nan)


def _response(days: int, moments: Moments) -> Floats:
    return np.asarray(np.expm1(moments.mean("response", days)))


def _response_change(moments: Moments) -> Floats:
    return moments.shift("response", 28, FEATURE_DAYS)


def _training(moments: Moments) -> Floats:
    return np.minimum(moments.share("training_completed", "training_assigned", 90), 1.0)


def _prepared(days: int, moments: Moments) -> Floats:
    return np.minimum(moments.share("session_prep", "taught_day", days), 3.0)


def _logins_a_session(moments: Moments) -> Floats:
    return ratio(moments.count("login", 28), moments.count("taught", 28))


def _weekday(moments: Moments) -> Floats:
    return ((moments.at // DAY + 3) % 7).astype(float)


def _month(moments: Moments) -> Floats:
    months = moments.at.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    return (months % 12 + 1).astype(float)


def _holiday_season(moments: Moments) -> Floats:
    day = moments.at.astype("datetime64[us]").astype("datetime64[D]")
    in_month = (day - day.astype("datetime64[M]")).astype(np.int64) + 1
    number = _month(moments) * 100 + in_month
    begin, end = HOLIDAY_SEASON
    return np.asarray((number >= begin) | (number <= end), float)


_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
           "October", "November", "December")  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_OWN = (28, FEATURE_DAYS)

FEATURES: Final[tuple[Feature, ...]] = (
    # Tenure
    Feature("tenure_days", "tenure", "tenure", "days", "whole tenure", "profile",
            (), _tenure, _told("{:.0f} days since onboarding")),
    Feature("is_new", "tenure", "tenure", "0 or 1", "first 30 d", "profile",
            (), _is_new, lambda new: "in the first month" if new else "past the first month"),
    Feature("seen_days", "tenure", "tenure", "days", f"{FEATURE_DAYS} d",
            "any report, where the profile does not say when they came",
            (), _seen, _told("{:.0f} days of records within half a year")),
    # Activity
    *_rates("taught", (7, 14, 28, 90), "activity", "sessions", "sessions", "sessions"),
    *_changes("taught", ((7, 35), (14, 42), _OWN), "activity", "sessions", "sessions", "sessions"),
    Feature("sessions_against_agreed", "activity", "sessions", "% change", "28 d", "profile",
            ("taught",), _against_agreed,
            _changed("sessions", "the agreed number a week"), relative),
    *_rates("taught_day", (7, 28, 90), "activity", "days_taught", "days taught", "sessions"),
    *_changes("taught_day", (_OWN,), "activity", "days_taught", "days taught", "sessions"),
    _since("taught", "activity", "silence", "the last session", "sessions"),
    Feature("silence_against_habit", "activity", "silence", "times the usual gap",
            f"{FEATURE_DAYS} d", "sessions", ("taught",), _silence_against_habit,
            _told("silent for {:.1f} times the usual gap")),
    Feature("usual_gap_90d", "activity", "gaps", "days", "90 d", "sessions", ("taught",),
            _usual_gap, _told("{:.1f} days between days taught")),
    Feature("week_gaps_182d", "activity", "gaps", "times", f"{FEATURE_DAYS} d", "sessions",
            ("taught",), partial(_long_gaps, 7.0),
            _counted("gap of a week within half a year", "gaps of a week within half a year")),
    Feature("fortnight_gaps_182d", "activity", "gaps", "times", f"{FEATURE_DAYS} d", "sessions",
            ("taught",), partial(_long_gaps, 14.0),
            _counted("silence of two weeks within half a year",
                     "silences of two weeks within half a year")),
    # Performance
    *_means("rating", (7, 30, 90), "performance", "rating", "stars", "rated {:.1f}",
            "sessions, feedback"),
    *_shifts("rating", ((30, FEATURE_DAYS),), "performance", "rating", "rating", "stars",
             "sessions, feedback"),
    *_means("first_rating", (30, 90), "performance", "first_session_rating", "stars",
            "first sessions rated {:.1f}", "sessions, feedback"),
    *_counts("first_failed", (14, 30), "performance", "failed_first_session",
             "session rated below 3 as the first", "sessions, feedback"),
    _since("first_failed", "performance", "failed_first_session", "a failed first session",
           "sessions, feedback"),
    *_means("recommended", (90,), "performance", "recommended", "% of forms",
            "{:.0f} % of students would come again", "feedback", 100.0),
    *(row for name in ("subject_knowledge", "communication", "patience", "engagement",
                       "helpfulness")
      for row in _means(f"stars_{name}", (90,), "performance", f"stars_{name}", "stars",
                        f"{name.replace('_', ' ')} rated {{:.1f}}", "feedback")),
    *_means("objectives_met", (30, 90), "performance", "objectives_met", "% of sessions",
            "objectives met in {:.0f} % of sessions", "sessions", 100.0),
    *_shifts("objectives_met", (_OWN,), "performance", "objectives_met", "objectives met",
             "points", "sessions", 100.0),
    # Engagement
    *_rates("login", (7, 28, 90), "engagement", "logins", "logins", "events"),
    *_changes("login", ((14, 42), _OWN), "engagement", "logins", "logins", "events"),
    _since("login", "engagement", "logins", "the last login", "events"),
    *_rates("login_day", (28,), "engagement", "login_days", "days with a login", "events"),
    Feature("logins_a_session_28d", "engagement", "logins", "logins", "28 d", "events, sessions",
            ("login",), _logins_a_session, _told("{:.1f} logins a session over 4 weeks")),
    *_means("session_engagement", (14, 30, 90), "engagement", "session_engagement", "% engaged",
            "{:.0f} % engagement in sessions", "sessions", 100.0),
    *_shifts("session_engagement", ((14, 42), _OWN), "engagement", "session_engagement",
             "engagement in sessions", "points", "sessions", 100.0),
    *_means("session_prep", (28,), "engagement", "preparation_minutes", "minutes",
            "{:.0f} minutes of preparation", "events"),
    *_shifts("session_prep", (_OWN,), "engagement", "preparation_minutes", "preparation",
             "minutes", "events"),
    *(Feature(f"preparations_a_day_taught_{days}d", "engagement", "preparation", "times",
              f"{days} d", "events, sessions", ("session_prep",), partial(_prepared, days),
              _told(f"prepared {{:.1f}} times a day taught over {_span(days)}"))
      for days in (28, 90)),
    *(Feature(f"response_minutes_{days}d", "engagement", "response_time", "minutes", f"{days} d",
              "events", ("response",), partial(_response, days),
              _told(f"answers within {{:.0f}} minutes over {_span(days)}"))
      for days in (14, 28, 90)),
    Feature("response_minutes_change_28d", "engagement", "response_time", "% change",
            f"28 d against the {FEATURE_DAYS - 28} d before", "events", ("response",),
            _response_change, _changed("response time", "the tutor's own half-year mean"),
            relative),
    # Behaviour
    *_shares("tutor_reschedule", (7, 30, 90), "behaviour", "reschedules", "moved by the tutor",
             "sessions"),
    *_counts("tutor_reschedule", (7,), "behaviour", "reschedules", "session moved", "sessions"),
    *_changes("tutor_reschedule", (_OWN,), "behaviour", "reschedules", "moved sessions",
              "sessions"),
    *_means("move_notice", (30, 90), "behaviour", "late_notice", "% of moves",
            "{:.0f} % of moves at less than a day's notice", "sessions", 100.0),
    *_shares("tutor_no_show", (90,), "behaviour", "no_shows", "missed by the tutor", "sessions"),
    *_counts("tutor_no_show", (14, 30), "behaviour", "no_shows", "session missed", "sessions"),
    _since("tutor_no_show", "behaviour", "no_shows", "a missed session", "sessions"),
    *_shares("cancelled", (30, 90), "behaviour", "cancellations", "cancelled", "sessions"),
    *_shares("student_reschedule", (30,), "behaviour", "student_reschedules",
             "moved by the student", "sessions"),
    *_shares("student_no_show", (30,), "behaviour", "student_no_shows", "missed by the student",
             "sessions"),
    *_means("late_start", (14, 30, 90), "behaviour", "late_starts", "% of sessions",
            "{:.0f} % of sessions begun late", "sessions", 100.0),
    *_means("late_minutes", (30,), "behaviour", "late_minutes", "minutes",
            "{:.1f} minutes late on average", "sessions"),
    *_shifts("late_minutes", (_OWN,), "behaviour", "late_minutes", "lateness", "minutes",
             "sessions"),
    *_means("technical_issue", (30,), "behaviour", "technical_issues", "% of sessions",
            "technical trouble in {:.0f} % of sessions", "sessions", 100.0),
    # Schedule
    Feature("hours_offered", "schedule", "hours_offered", "hours", "8 d", "events",
            ("availability",), _hours_offered, _told("{:.0f} hours offered this week")),
    Feature("hours_offered_change", "schedule", "hours_offered", "% change",
            "8 d against the 4 weeks before", "events", ("availability",), _offered_change,
            _changed("hours offered", "the 4-week mean"), relative),
    Feature("hours_offered_for_agreed", "schedule", "hours_offered", "hours a session", "8 d",
            "events, profile", ("availability",), _offered_for_agreed,
            _told("{:.1f} hours offered for each agreed session")),
    *_means("weekend", (28, 90), "schedule", "weekends", "% of sessions",
            "{:.0f} % of sessions at weekends", "sessions", 100.0),
    *_means("morning", (28, 90), "schedule", "mornings", "% of sessions",
            "{:.0f} % of sessions before noon", "sessions", 100.0),
    # Development
    Feature("training_done_90d", "development", "training", "% of modules", "90 d", "events",
            ("training_assigned",), _training,
            _per_cent("{:.0f} % of assigned training done over 90 days"),
            partial(_times, 100.0)),
    _since("training_completed", "development", "training", "the last training module", "events"),
    Feature("subjects_taught", "development", "subjects", "subjects", "now", "profile", (),
            _subjects, lambda count: f"teaches {count:.0f} subject{'' if count == 1 else 's'}"),
    # Temporal
    Feature("weekday", "temporal", "weekday", "0 = Monday", "the moment", "calendar", (),
            _weekday, lambda day: f"seen on a {_DAYS[int(day)]}"),
    Feature("month", "temporal", "month", "1 to 12", "the moment", "calendar", (), _month,
            lambda month: f"seen in {_MONTHS[int(month) - 1]}"),
    Feature("holiday_season", "temporal", "month", "0 or 1", "the moment", "calendar", (),
            _holiday_season,
            lambda yes: "in the holiday season" if yes else "outside the holiday season"),
)  # fmt: skip
"""The order is that of the columns."""


@dataclass(frozen=True)
class Space:
    """What a model was trained to see: what its platform reports, and its subjects.

    `reported` holds channels of the ledger and names of its PROFILE.
    """

    reported: frozenset[str]
    subjects: tuple[str, ...] = ()

    @staticmethod
    def of(ledgers: Iterable[Ledger], blind_to: Collection[str] = ()) -> "Space":
        """All that these tutors show, but for what the model is to be blind to.

        Subjects are those that LEAST_TUTORS teach, at most the MOST_SUBJECTS commonest.
        """
        reported: set[str] = set()
        teaching: Counter[str] = Counter()
        for ledger in ledgers:
            reported |= ledger.channels | ledger.profile
            teaching.update(set(ledger.subjects))
        told = frozenset(reported.difference(blind_to))
        common = [name for name, tutors in teaching.items() if tutors >= LEAST_TUTORS]
        common.sort(key=lambda name: (-teaching[name], name))
        return Space(told, tuple(sorted(common[:MOST_SUBJECTS])) if "subjects" in told else ())

    @cached_property
    def features(self) -> tuple[Feature, ...]:
        """The columns: the table's rows, then one for each subject."""
        return (*FEATURES, *(_teaches(subject) for subject in self.subjects))


def _teaches(subject: str) -> Feature:
    return Feature(
        name=f"teaches:{subject}",
        category="development",
        family="subject",
        unit="0 or 1",
        window="now",
        source="profile",
        channels=(),
        measure=lambda moments: np.full(
            len(moments.at),
            float(subject in moments.ledger.subjects) if moments.ledger.subjects else np.nan,
        ),
        say=lambda yes: f"teaches {subject}" if yes else f"does not teach {subject}",
    )


def features(ledger: Ledger, at: Ints, space: Space) -> Matrix:
    """The features of one tutor at some moments (microseconds): rows moments, columns features."""
    moments = Moments(ledger.knowing(space.reported), at)
    columns = space.features
    matrix = np.full((len(at), len(columns)), np.nan)
    for place, feature in enumerate(columns):
        if all(channel in space.reported for channel in feature.channels):
            matrix[:, place] = feature.measure(moments)
    return np.asarray(np.clip(matrix, -MOST, MOST), np.float32)


def said(feature: Feature, value: float) -> str:
    """A value in a manager's words."""
    if isnan(value):
        return f"no data on {feature.family.replace('_', ' ')}"
    return feature.say(value)
