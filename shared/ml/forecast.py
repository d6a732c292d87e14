"""What a model and the simpler ones beside it say of the same tutor-moments."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

import numpy as np

from shared.domain.churn_model import ModelKind
from shared.domain.evaluation import HEADLINE, HORIZONS
from shared.ml.features import Feature, Floats
from shared.ml.model import ChurnModel
from shared.ml.sample import Sample

type Forecasts = Mapping[str, Floats]
""""promoted", "xgboost", "logistic", "recency": (rows, horizons) probabilities."""

KINDS: Final[tuple[ModelKind, ...]] = ("xgboost", "logistic", "recency")
MOST_EXPLAINED: Final = 5_000


def forecasts(model: ChurnModel, rows: Sample) -> Forecasts:
    """Chances to leave by sort of model; a sort that could not be learned says the base rate."""
    found = {"promoted": model.probabilities(rows.matrix)}
    for kind in KINDS:
        if any(kind in stage.hazards for stage in model.stages):
            found[kind] = model.probabilities(rows.matrix, kind)
        else:
            found[kind] = np.tile(_base_rates(model), (len(rows), 1))
    return found


def _base_rates(model: ChurnModel) -> Floats:
    rates = [model.manifest.base_rates.get(days, 0.0) for days in HORIZONS]
    return np.maximum.accumulate(rates)


def drivers(model: ChurnModel, rows: Sample) -> tuple[tuple[str, float], ...]:
    """Families of features by their mean push (log-odds, either way) at the headline horizon."""
    step = max(1, -(-len(rows) // MOST_EXPLAINED))
    pushes = model.explained(rows.matrix[::step], HEADLINE)
    families: dict[str, list[int]] = defaultdict(list)
    for place, column in enumerate(model.columns):
        families[_told(model.space.features[column])].append(place)
    mean = {
        words: float(np.abs(pushes[:, places].sum(axis=1)).mean())
        for words, places in families.items()
    }
    return tuple(sorted(mean.items(), key=lambda each: (-each[1], each[0])))


def _told(feature: Feature) -> str:
    return FAMILIES.get(feature.family, feature.family.replace("_", " ").capitalize())


FAMILIES: Final = {
    "sessions": "Sessions taught, against the tutor's own habit",
    "days_taught": "Days taught, against the tutor's own habit",
    "silence": "Silence since the last session, against the usual gap",
    "gaps": "Gaps between days taught",
    "tenure": "Tenure: how long the tutor has been here",
    "logins": "Logins, against the tutor's own habit",
    "login_days": "Days with a login",
    "rating": "Ratings and their change",
    "first_session_rating": "Ratings of first sessions",
    "failed_first_session": "Failed first sessions",
    "recommended": "Students who would come again",
    "objectives_met": "Learning objectives met",
    "session_engagement": "Engagement in sessions",
    "response_time": "Time to answer messages",
    "reschedules": "Sessions moved by the tutor",
    "late_notice": "Moves at short notice",
    "no_shows": "Sessions missed by the tutor",
    "student_reschedules": "Sessions moved by students",
    "student_no_shows": "Sessions missed by students",
    "hours_offered": "Hours offered",
    "weekends": "Share of sessions at weekends",
    "mornings": "Share of sessions in the morning",
    "training": "Training done",
    "subject": "Subjects taught",
    "subjects": "Number of subjects",
    "weekday": "Day of the week",
    "month": "Month and season",
}
"""Families of features in words, where their names alone do not tell."""

REPORTS: Final = (
    ("reschedules", "tutor_reschedule"),
    ("no-shows", "tutor_no_show"),
    ("cancellations", "cancelled"),
    ("ratings", "rating"),
    ("ratings of first sessions", "first_rating"),
    ("ratings by category", "stars_communication"),
    ("recommendations", "recommended"),
    ("learning objectives", "objectives_met"),
    ("engagement in sessions", "session_engagement"),
    ("lateness", "late_minutes"),
    ("technical trouble", "technical_issue"),
    ("logins", "login"),
    ("preparation", "session_prep"),
    ("response times", "response"),
    ("hours offered", "availability"),
    ("training", "training_assigned"),
    ("onboarding dates", "onboarded"),
    ("subjects", "subjects"),
)
"""What a history may report, and the channel or field of the profile that shows that it does."""


def missing(rows: Sample) -> tuple[str, ...]:
    """What the history does not report, in words."""
    return tuple(words for words, channel in REPORTS if channel not in rows.space.reported)
