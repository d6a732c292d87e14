"""What tutors see of themselves: models of their own, built from scratch (CONTRACT 5).

Nothing is filtered out of what staff see, so nothing can be forgotten in it; and nothing that moves
with each student's stars is in it, the preview of the tier least of all.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from statistics import fmean
from typing import Any

from pydantic import Field

from shared.domain.anonymity import (
    Group,
    Said,
    enough,
    groups,
    newest,
    part_of,
    said_of,
    told_until,
)
from shared.domain.erasure import fingerprint
from shared.domain.metric import SUCCESS_RATING
from shared.domain.rate import Counted, wilson
from shared.domain.scorecard import Measured, Scorecard
from shared.domain.session import Session
from shared.domain.tier import Tier
from shared.domain.tutor import Tutor
from shared.domain.tutor_row import TutorRow
from shared.outbound import Fraction, Outbound, Quantity, Stars


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
    learning_objectives_met_rate: OwnRate
    late_start_rate: OwnRate
    training_completion_rate: OwnRate
    technical_issue_rate: OwnRate
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


class OwnStars(Outbound):
    """The stars of sessions from one month to another: means of each student's newest.

    5 `students` gave some at least. A category is null until 5 rated it, and first sessions are
    until 5 had one, of whom and of the others 5 or none said something else last.
    """

    first_month: str
    last_month: str
    students: int
    overall_rating: Stars
    subject_knowledge: Stars | None = None
    communication: Stars | None = None
    patience: Stars | None = None
    engagement: Stars | None = None
    helpfulness: Stars | None = None
    first_session_success_rate: OwnRate | None


class OwnWords(Outbound):
    """What students wrote of sessions from one month to another, in no order; 5 at least."""

    first_month: str
    last_month: str
    texts: tuple[str, ...]


class OwnPage(Outbound):
    """A tutor's page about themselves.

    What students gave and wrote is of sessions before `students_until`, in groups of whole months
    that are told the same each time; all else is as of now.
    """

    tutor_id: str
    name: str | None
    subjects: tuple[str, ...]
    tier: Tier
    windows: OwnWindows
    stars: tuple[OwnStars, ...]
    words: tuple[OwnWords, ...]
    students_until: datetime
    as_of: datetime
    updated_at: datetime


def own_page(
    card: Scorecard, row: TutorRow, tutor: Tutor, sessions: Iterable[Session], now: datetime
) -> OwnPage:
    """What a tutor may know of themselves; `sessions` are those since `first_told(now)`."""
    said = said_of(tutor.tutor_id, sessions)
    return OwnPage.model_validate(
        {
            "tutor_id": tutor.tutor_id,
            "name": tutor.name,
            "subjects": tutor.subjects,
            "tier": card.tier,
            "windows": {name: _own_metrics(values) for name, values in card.windows.items()},
            "stars": [_stars(group) for group in groups(said, now)],
            "words": [_words(group) for group in groups(filter(_has_words, said), now)],
            "students_until": told_until(now),
            "as_of": card.as_of,
            "updated_at": row.updated_at,
        }
    )


OWN_NAMES = {"engagement": "engagement_score"}
"""Where the tutor's page calls a metric otherwise: there is no score of any kind on it."""


def _own_metrics(values: Mapping[str, Measured]) -> dict[str, Measured]:
    return {name: values[OWN_NAMES.get(name, name)] for name in OwnMetrics.model_fields}


def _stars(group: Group) -> dict[str, Any]:
    by_category = defaultdict[str, list[Said]](list)
    for one in group.said:
        for category, stars in one.categories:
            by_category[category].append(replace(one, stars=stars))
    first = part_of(group.said, lambda one: one.of_first_session)
    return {
        **_months(group),
        "students": len(newest(group.said)),
        "overall_rating": _mean(group.said),
        **{category: _mean(said) for category, said in by_category.items() if enough(said)},
        "first_session_success_rate": _success(first) if first else None,
    }


def _mean(said: Iterable[Said]) -> float:
    return fmean(one.stars for one in newest(said))


def _success(first: Iterable[Said]) -> dict[str, float | None]:
    """Of students' first sessions, as the metric of that name counts them."""
    stars = [one.stars for one in newest(first)]
    counted = Counted(sum(given >= SUCCESS_RATING for given in stars), len(stars))
    low, high = wilson(counted.k, counted.n)
    return {"value": counted.value, "n": counted.n, "low": low, "high": high}


def _has_words(one: Said) -> bool:
    return bool(one.words)


def _words(group: Group) -> dict[str, Any]:
    """In the order of digests, which tells nothing, and is the same each time."""
    texts = [one.words for one in group.said if one.words]
    return _months(group) | {"texts": sorted(texts, key=fingerprint)}


def _months(group: Group) -> dict[str, str]:
    return {
        "first_month": f"{group.first_month:%Y-%m}", "last_month": f"{group.last_month:%Y-%m}",
    }  # fmt: skip
