"""Every path that can be read, as a table: what it asks, what it takes, what it answers."""

import re
from dataclasses import dataclass

from shared.access import Operation
from shared.answer import (
    Definitions,
    History,
    Overview,
    Scores,
    SessionList,
    TutorDetail,
    TutorList,
)
from shared.churn_answer import Model
from shared.intervention_answer import (
    ColleagueList,
    InterventionAnalytics,
    InterventionList,
    RecommendationList,
)
from shared.note_answer import NoteList
from shared.outbound import Outbound
from shared.override_answer import OverrideAnalytics
from shared.own_answer import OwnPage
from shared.question import (
    HistoryQuestion,
    InterventionListQuestion,
    Question,
    ReportListQuestion,
    SessionListQuestion,
    TutorListQuestion,
)
from shared.report_answer import MailReportList
from shared.settings_answer import Notifications, Settings

HEALTH = "/api/health"
OPENAPI = "/api/openapi.json"
"""Answered to anybody."""

TUTOR_ID = "{tutor_id}"

_IDENTIFIER = re.compile(r"[A-Za-z0-9_.:-]{1,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Route:
    """One path; `own` is what a tutor is answered about themselves, where that is anything."""

    path: str
    operation: Operation
    summary: str
    answer: type[Outbound]
    question: type[Question] = Question
    own: type[Outbound] | None = None

    @property
    def about_a_tutor(self) -> bool:
        """Whether the path names a tutor."""
        return TUTOR_ID in self.path


ROUTES: tuple[Route, ...] = (
    Route(
        "/api/overview", Operation.OVERVIEW,
        "All tutors at a glance: risk, rates, trend of 30 days, latency.", Overview,
    ),
    Route(
        "/api/definitions", Operation.DEFINITIONS,
        "What every number, flag and tier means, and the thresholds in force.",
        Definitions,
    ),
    Route(
        "/api/tutors", Operation.TUTOR_LIST,
        "Tutors, filtered and sorted. A filter that few tutors pass may give a short page, even "
        "an empty one, with a cursor: go on until `next_cursor` is null.",
        TutorList, TutorListQuestion,
    ),
    Route(
        "/api/tutors/{tutor_id}", Operation.TUTOR,
        "One tutor. Tutors are answered their own page, which has another shape.",
        TutorDetail, own=OwnPage,
    ),
    Route(
        "/api/tutors/{tutor_id}/history", Operation.HISTORY,
        "The nightly records of a tutor, when flags went up and down, and the overrides.",
        History, HistoryQuestion,
    ),
    Route(
        "/api/tutors/{tutor_id}/scores", Operation.SCORES,
        "Score, level, tier, flags and probabilities, for the Rails admin.", Scores,
    ),
    Route(
        "/api/tutors/{tutor_id}/recommendations", Operation.RECOMMENDATIONS,
        "What to do for a tutor, why, who, until when.", RecommendationList,
    ),
    Route(
        "/api/tutors/{tutor_id}/sessions", Operation.SESSIONS,
        "The sessions of a tutor, the newest first.", SessionList, SessionListQuestion,
    ),
    Route(
        "/api/tutors/{tutor_id}/notes", Operation.NOTES,
        "What staff wrote down about a tutor, the newest first.", NoteList,
    ),
    Route(
        "/api/interventions", Operation.INTERVENTION_LIST, "The work queue.",
        InterventionList, InterventionListQuestion,
    ),
    Route(
        "/api/colleagues", Operation.COLLEAGUES, "Who can be given an intervention.",
        ColleagueList,
    ),
    Route(
        "/api/analytics/interventions", Operation.INTERVENTION_ANALYTICS,
        "What interventions do, kind by kind, against tutors held out at random.",
        InterventionAnalytics,
    ),
    Route(
        "/api/analytics/overrides", Operation.OVERRIDE_ANALYTICS,
        "How often managers were right who overrode a churn score in the last 365 days.",
        OverrideAnalytics,
    ),
    Route(
        "/api/reports", Operation.REPORTS,
        "Mails as they went out, and those that were not sent and why, the newest first.",
        MailReportList, ReportListQuestion,
    ),
    Route(
        "/api/model", Operation.MODEL,
        "The churn model in force: how well it does, why it is in force, how it fares.", Model,
    ),
    Route(
        "/api/settings", Operation.SETTINGS,
        "What can be set, within which bounds, by when owners work, and who changed what when. "
        "Each part has a `version` of its own, which goes into `If-Match` when it is changed.",
        Settings,
    ),
    Route(
        "/api/settings/notifications", Operation.NOTIFICATIONS,
        "What the caller wants to be told, how, and when not.", Notifications,
    ),
)  # fmt: skip

BY_PATH = {route.path: route for route in ROUTES}


def routed(path: str) -> tuple[Route, str | None] | None:
    """The route of a path and the tutor it is about, if any; None for a path that is not ours."""
    route, tutor_id = BY_PATH.get(path), None
    if route is None or route.about_a_tutor:
        parts = path.split("/")
        tutor_id = parts[3] if len(parts) > 3 else ""
        if not _IDENTIFIER.fullmatch(tutor_id):
            return None
        route = BY_PATH.get("/".join([*parts[:3], TUTOR_ID, *parts[4:]]))
    return (route, tutor_id) if route else None
