"""What tutors see of themselves: models of their own, built from scratch (CONTRACT 5).

Nothing is filtered out of what staff see, so nothing can be forgotten in it; and nothing in it lets
a student be recognised.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from pydantic import Field

from shared.domain.erasure import fingerprint, is_nobody
from shared.domain.feedback import Feedback
from shared.domain.log import WINDOWS, Log, midnight
from shared.domain.scorecard import Measured, Scorecard, windows_of
from shared.domain.session import Session, outcomes
from shared.domain.tier import Tier
from shared.domain.tutor import Tutor
from shared.domain.tutor_row import TutorRow
from shared.outbound import Fraction, Outbound, Quantity

FEEDBACK_DAYS = 90
OWN_DAYS = 31 + FEEDBACK_DAYS + 31
"""Of sessions that the page is made from: the month, and what counted when it began."""
ANONYMOUS_FROM = 5
"""Fewer students than this could be told apart by their stars."""


class OwnRate(Outbound):
    """k of n as the tutor sees it, with its 95 % interval."""

    value: Fraction | None
    n: int
    low: Fraction
    high: Fraction


class OwnMetrics(Outbound):
    """What a tutor did in one window."""

    sessions: int
    completed: int
    tutor_reschedules: int
    student_reschedules: int
    tutor_no_shows: int
    student_no_shows: int
    cancelled: int
    late_notice_reschedules: int
    reschedule_rate: OwnRate
    no_show_rate: OwnRate
    first_session_success_rate: OwnRate | None
    learning_objectives_met_rate: OwnRate
    late_start_rate: OwnRate
    training_completion_rate: OwnRate
    technical_issue_rate: OwnRate
    avg_rating: Quantity | None
    engagement: Quantity | None
    avg_late_minutes: Quantity | None
    response_minutes_p50: Quantity | None
    response_minutes_p95: Quantity | None
    availability_hours: Quantity | None
    availability_change: Quantity | None


class OwnWindows(Outbound):
    """The tutor's own 7, 30 and 90 days."""

    of_7d: OwnMetrics = Field(alias="7d")
    of_30d: OwnMetrics = Field(alias="30d")
    of_90d: OwnMetrics = Field(alias="90d")


class OwnFeedback(Outbound):
    """What students said in 90 days, nobody recognisable.

    A category is null until 5 students rated it.
    """

    subject_knowledge: float | None = None
    communication: float | None = None
    patience: float | None = None
    engagement: float | None = None
    helpfulness: float | None = None


class OwnWords(Outbound):
    """What students wrote from one month to another, in no order; 5 of them at least."""

    first_month: str
    last_month: str
    texts: tuple[str, ...]


class OwnPage(Outbound):
    """A tutor's page about themselves.

    What students gave and wrote (`avg_rating`, `first_session_success_rate`, `feedback`, `words`)
    is as of `students_until`, the beginning of the month; all else as of now.
    """

    tutor_id: str
    name: str | None
    subjects: tuple[str, ...]
    tier: Tier
    tier_preview: Tier
    windows: OwnWindows
    feedback: OwnFeedback
    words: tuple[OwnWords, ...]
    students_until: datetime
    as_of: datetime
    updated_at: datetime


def own_page(
    card: Scorecard, row: TutorRow, tutor: Tutor, sessions: Iterable[Session], now: datetime
) -> OwnPage:
    """What a tutor may know of themselves; `sessions` are those of the last OWN_DAYS.

    Stars are shown as soon as 5 students gave some: of fewer, each could be recognised. So could
    they where a window shows all stars of another but for those of fewer than 5, or where a mean
    moves after each session: students are told of as of the month's beginning.
    """
    told, until = tuple(sessions), midnight(now).replace(day=1)
    then = windows_of(Log(tutor, told), until)
    rated, rated_first = _rated(told, until), _rated(filter(_is_first, told), until)
    means, first = _anonymous_windows(rated, until), _anonymous_windows(rated_first, until)
    return OwnPage.model_validate(
        {
            "tutor_id": tutor.tutor_id,
            "name": tutor.name,
            "subjects": tutor.subjects,
            "tier": card.tier,
            "tier_preview": card.tier_preview,
            "windows": {
                name: _own_metrics(values)
                | {
                    "avg_rating": then[name]["avg_rating"] if name in means else None,
                    FIRST_SESSIONS: then[name][FIRST_SESSIONS] if name in first else None,
                }
                for name, values in card.windows.items()
            },
            "feedback": _category_means(tutor.tutor_id, told, until),
            "words": _words(tutor.tutor_id, told, until),
            "students_until": until,
            "as_of": card.as_of,
            "updated_at": row.updated_at,
        }
    )


OWN_NAMES = {"engagement": "engagement_score"}
"""Where the tutor's page calls a metric otherwise: there is no score of any kind on it."""


FIRST_SESSIONS = "first_session_success_rate"


def _own_metrics(values: Mapping[str, Measured]) -> dict[str, Measured]:
    return {name: values[OWN_NAMES.get(name, name)] for name in OwnMetrics.model_fields}


def _is_first(session: Session) -> bool:
    return session.is_first


def _rated(sessions: Iterable[Session], now: datetime) -> list[tuple[datetime, str]]:
    """When students who gave stars were taught; those who were erased are not counted on."""
    return [
        (outcomes(session)[-1].at, session.snapshot.student_id)
        for session in sessions
        if session.snapshot
        and not is_nobody(session.snapshot.student_id)
        and session.rating(now) is not None
        and outcomes(session)
    ]


def _anonymous_windows(rated: Sequence[tuple[datetime, str]], now: datetime) -> set[str]:
    """The windows whose stars nobody can be recognised by, the longest first.

    5 students are in each, and 5 or none in what it leaves out of the next longer one shown: else
    the difference of the two would tell of those few.
    """
    shown, longer = set[str](), None
    for name, days in sorted(WINDOWS.items(), key=lambda window: -window[1]):
        start = now - timedelta(days=days)
        inside = {student for at, student in rated if start < at <= now}
        left_out = {student for at, student in rated if longer and longer < at <= start}
        if len(inside) >= ANONYMOUS_FROM and not 0 < len(left_out) < ANONYMOUS_FROM:
            shown.add(name)
            longer = start
    return shown


def _category_means(
    tutor_id: str, sessions: Iterable[Session], now: datetime
) -> dict[str, float | None]:
    """Mean of each student's newest stars by category, where enough students gave any."""
    said = sorted(
        (
            feedback
            for session in sessions
            for feedback in session.feedback
            if feedback.tutor_id == tutor_id
            and not is_nobody(feedback.student_id)
            and now - timedelta(days=FEEDBACK_DAYS) < feedback.known_at <= now
        ),
        key=lambda feedback: (feedback.submitted_at, feedback.feedback_id),
    )
    newest: dict[str, dict[str, float]] = {}
    for feedback in said:
        for category, stars in feedback.ratings:
            newest.setdefault(category, {})[feedback.student_id] = stars
    return {
        category: round(sum(by_student.values()) / len(by_student), 1)
        for category, by_student in newest.items()
        if len(by_student) >= ANONYMOUS_FROM
    }


def _words(tutor_id: str, sessions: Iterable[Session], until: datetime) -> list[OwnWords]:
    """What was written in the three months before `until`, the newest first.

    Months in which fewer than 5 students wrote are put together with the ones before; what is left
    over at last goes with the group after it, and is not shown where there is none.
    """
    written = defaultdict[str, list[Feedback]](list)
    for session in sessions:
        for said in session.feedback:
            told = said.tutor_id == tutor_id and not is_nobody(said.student_id)
            if told and said.free_text and said.known_at < until:
                written[f"{said.known_at:%Y-%m}"].append(said)
    groups: list[list[str]] = []
    going_on: list[str] = []
    for month in (f"{_months_before(until, n):%Y-%m}" for n in (1, 2, 3)):
        going_on.append(month)
        students = {said.student_id for one in going_on for said in written[one]}
        if len(students) >= ANONYMOUS_FROM:
            groups.append(going_on)
            going_on = []
    if groups and any(written[one] for one in going_on):
        groups[-1] += going_on
    return [_shuffled(group, [said for one in group for said in written[one]]) for group in groups]


def _shuffled(months: Sequence[str], written: Iterable[Feedback]) -> OwnWords:
    """In the order of digests, which tells nothing, and is the same each time."""
    anyhow = sorted(written, key=lambda said: fingerprint(said.feedback_id))
    texts = tuple(said.free_text for said in anyhow if said.free_text)
    return OwnWords(first_month=months[-1], last_month=months[0], texts=texts)


def _months_before(first: datetime, count: int) -> datetime:
    """The first of the month so many months earlier."""
    months = first.year * 12 + first.month - 1 - count
    return first.replace(year=months // 12, month=months % 12 + 1)
