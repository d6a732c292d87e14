"""Every question of the API: what is read for it, in which shape, and whose data it shows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import cast

from shared import (
    answer,
    churn_answer,
    intervention_answer,
    note_answer,
    override_answer,
    report_answer,
    settings_answer,
)
from shared.access import ACCESS, Caller, NotFoundError, Operation, Shape
from shared.aws.directory import Directory
from shared.aws.intervention_table import InterventionTable
from shared.aws.listing import TutorListing
from shared.aws.mail_table import MailTable, report_page
from shared.aws.model_registry import ModelRegistry
from shared.aws.note_table import NoteTable
from shared.aws.override_table import OverrideTable
from shared.aws.prediction_table import PredictionTable
from shared.aws.preference_table import PreferenceTable
from shared.aws.scorecard_table import ScorecardTable
from shared.aws.secret import Secret
from shared.aws.table import Table
from shared.aws.tutor_log import LogTable
from shared.aws.work_listing import work_page
from shared.cursor import seal, unseal
from shared.domain.alias import student_alias
from shared.domain.anonymity import first_told
from shared.domain.override_tracking import Career, tracking
from shared.domain.scorecard import Scorecard
from shared.domain.tutor import TutorStatus
from shared.domain.tutor_row import TutorRow
from shared.outbound import Outbound
from shared.own_answer import own_page
from shared.question import (
    HistoryQuestion,
    InterventionListQuestion,
    Question,
    ReportListQuestion,
    SessionListQuestion,
    TutorListQuestion,
    canonical,
)

TREND_DAYS = 30
ANALYSED_DAYS = 180
"""Of interventions opened so long ago or later it is told what they do."""
OVERRIDES_TRACKED_DAYS = 365
"""Of overrides set so long ago or later it is told whether managers were right."""
OVERRIDES_SHOWN = 100
"""The newest of a tutor."""
INTERVENTIONS_SHOWN = 100
"""The newest of a tutor; what is open is among them, since there is one a kind."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One permitted question; `tutor_id` is whom it is about, if anybody."""

    operation: Operation
    caller: Caller
    shape: Shape
    question: Question
    now: datetime
    tutor_id: str | None = None

    @property
    def bound_to(self) -> tuple[str, ...]:
        """What its cursors are good for: this list, these filters, these roles."""
        return (
            self.operation,
            self.tutor_id or "",
            canonical(self.question),
            ",".join(self.caller.role_names),
        )


@dataclass(frozen=True, slots=True)
class Found:
    """The answer, the tutors whose data is in it, and how many list rows were read for it."""

    body: Outbound
    shown: Sequence[str] = ()
    examined: int = 0


class Reading:
    """Answers questions from the table; who there is, from the user pool."""

    def __init__(self, table: Table, people: Directory, cursor_secret: Secret) -> None:
        self._cards = ScorecardTable(table)
        self._logs = LogTable(table)
        self._listing = TutorListing(table)
        self._predictions = PredictionTable(table)
        self._models = ModelRegistry(table)
        self._interventions = InterventionTable(table)
        self._mails = MailTable(table)
        self._preferences = PreferenceTable(table)
        self._overrides = OverrideTable(table)
        self._notes = NoteTable(table)
        self._people = people
        self._secret = cursor_secret

    def read(self, ask: Ask) -> Found:
        """The answer to a question; raises NotFoundError, or CursorError for a bad cursor."""
        return READS[ask.operation](self, ask)

    def overview(self, ask: Ask) -> Found:
        days = self._cards.platform_days(ask.now.date(), TREND_DAYS - 1)
        return Found(answer.overview(self._cards.overview(), days))

    def definitions(self, ask: Ask) -> Found:
        return Found(answer.definitions(self._cards.settings()))

    def tutors(self, ask: Ask) -> Found:
        asked = cast("TutorListQuestion", ask.question)
        page = self._listing.page(asked, self._place(ask, asked.cursor))
        body = answer.TutorList(
            items=tuple(
                answer.TutorListItem.model_validate(row.seen_at(ask.now)) for row in page.rows
            ),
            next_cursor=self._cursor(ask, page.next_place),
        )
        return Found(body, [row.tutor_id for row in page.rows], page.examined)

    def tutor(self, ask: Ask) -> Found:
        tutor_id, card, row = self._card(ask)
        tutor = self._logs.tutor(tutor_id)
        if ask.shape is Shape.FULL:
            told = self._predictions.prediction(tutor_id)
            any_model = told is not None or self._models.champion() is not None
            prediction = churn_answer.prediction(told, card.churn_score, any_model=any_model)
            known = self._interventions.of_tutor(tutor_id, INTERVENTIONS_SHOWN)
            tasks = [
                intervention_answer.intervention(one, ask.now)
                for one in known
                if one.open and not one.held_out
            ]
            known_overrides = self._overrides.of_tutor(tutor_id, OVERRIDES_SHOWN)
            overrides = override_answer.spells(known_overrides, ask.now)
            detail = answer.tutor_detail(card, row, tutor, prediction, tasks, overrides)
            return Found(detail, [tutor_id])
        sessions = self._logs.sessions_since(tutor_id, first_told(ask.now))
        return Found(own_page(card, row, tutor, sessions, ask.now), [tutor_id])

    def history(self, ask: Ask) -> Found:
        tutor_id, asked = _about(ask), cast("HistoryQuestion", ask.question)
        today = ask.now.date()
        days = self._cards.days(tutor_id, today - timedelta(days=asked.days - 1), today)
        if not days:
            self._card(ask)
        flags = self._cards.flag_history(tutor_id)
        overrides = self._overrides.of_tutor(tutor_id, OVERRIDES_SHOWN)
        return Found(answer.history(days, flags, overrides, ask.now), [tutor_id])

    def scores(self, ask: Ask) -> Found:
        tutor_id, _, row = self._card(ask)
        return Found(answer.Scores.model_validate(row), [tutor_id])

    def recommendations(self, ask: Ask) -> Found:
        tutor_id, _, _ = self._card(ask)
        known = self._interventions.of_tutor(tutor_id, INTERVENTIONS_SHOWN)
        return Found(intervention_answer.recommendations(known), [tutor_id])

    def sessions(self, ask: Ask) -> Found:
        tutor_id, asked = _about(ask), cast("SessionListQuestion", ask.question)
        after = self._place(ask, asked.cursor)
        sessions, more = self._logs.newest_sessions(tutor_id, asked.limit, after)
        if not sessions and after is None:
            self._card(ask)
        alias = partial(student_alias, self._secret.value(ask.now))
        body = answer.session_list(sessions, ask.now, self._cursor(ask, more), alias)
        return Found(body, [tutor_id])

    def notes(self, ask: Ask) -> Found:
        tutor_id, _, _ = self._card(ask)
        return Found(note_answer.note_list(self._notes.of_tutor(tutor_id)), [tutor_id])

    def interventions(self, ask: Ask) -> Found:
        asked = cast("InterventionListQuestion", ask.question)
        page = work_page(self._interventions, asked, self._place(ask, asked.cursor), ask.now)
        tutor_ids = sorted({one.tutor_id for one in page.items})
        tutors = self._logs.tutors(tutor_ids)
        body = intervention_answer.InterventionList(
            items=tuple(intervention_answer.intervention(one, ask.now) for one in page.items),
            tutor_names={tutor.tutor_id: tutor.name for tutor in tutors if tutor.name},
            next_cursor=self._cursor(ask, page.next_place),
            total=page.total,
        )
        return Found(body, tutor_ids, page.examined)

    def colleagues(self, ask: Ask) -> Found:
        members = {
            role: [person.username for person in self._people.members(role, ask.now)]
            for role in ACCESS[Operation.MOVE_INTERVENTION]
        }
        return Found(intervention_answer.colleagues(members))

    def intervention_analytics(self, ask: Ask) -> Found:
        since = ask.now - timedelta(days=ANALYSED_DAYS)
        known = [
            *self._interventions.open_ones(),
            *self._interventions.done_ones(since),
            *self._interventions.held_out_ones(since),
        ]
        return Found(intervention_answer.analytics(known, since), examined=len(known))

    def reports(self, ask: Ask) -> Found:
        asked = cast("ReportListQuestion", ask.question)
        mails, more, examined = report_page(self._mails, asked, self._place(ask, asked.cursor))
        body = report_answer.MailReportList(
            items=tuple(map(report_answer.mail_report, mails)),
            next_cursor=self._cursor(ask, more),
        )
        return Found(body, sorted({m.tutor_id for m in mails if m.tutor_id}), examined)

    def override_analytics(self, ask: Ask) -> Found:
        since = ask.now - timedelta(days=OVERRIDES_TRACKED_DAYS)
        known = list(self._overrides.since(since))
        wanted = {one.tutor_id for one in known}
        careers = {
            row.tutor_id: Career(TutorStatus(row.status), row.last_taught_at)
            for row in (self._cards.rows() if wanted else ())
            if row.tutor_id in wanted
        }
        found = tracking(known, careers, ask.now)
        return Found(override_answer.analytics(found, since), examined=len(known))

    def model(self, ask: Ask) -> Found:
        champion = self._models.champion()
        known = self._models.registered(champion.version) if champion else None
        return Found(
            churn_answer.model(
                champion,
                known.manifest if known else None,
                self._models.decisions(),
                self._models.health(),
            )
        )

    def settings(self, ask: Ask) -> Found:
        most = settings_answer.CHANGES_SHOWN
        body = settings_answer.Settings(
            interventions=settings_answer.dials(self._interventions.policies(most)),
            thresholds=settings_answer.thresholds(self._cards.settings_versions(most)),
            calendars=settings_answer.calendars(self._interventions.offices(most)),
        )
        return Found(body)

    def notifications(self, ask: Ask) -> Found:
        stored = self._preferences.preference(ask.caller.name)
        chosen = settings_answer.chosen(stored, ask.caller)
        return Found(settings_answer.notifications(chosen), [ask.caller.name])

    def _card(self, ask: Ask) -> tuple[str, Scorecard, TutorRow]:
        tutor_id = _about(ask)
        found = self._cards.card(tutor_id)
        if found is None:
            raise NotFoundError
        card, row = found
        return tutor_id, card, row.seen_at(ask.now)

    def _place(self, ask: Ask, cursor: str | None) -> str | None:
        return unseal(self._secret.value(ask.now), ask.bound_to, cursor) if cursor else None

    def _cursor(self, ask: Ask, place: str | None) -> str | None:
        return seal(self._secret.value(ask.now), ask.bound_to, place) if place else None


READS: dict[Operation, Callable[[Reading, Ask], Found]] = {
    Operation.OVERVIEW: Reading.overview,
    Operation.DEFINITIONS: Reading.definitions,
    Operation.TUTOR_LIST: Reading.tutors,
    Operation.TUTOR: Reading.tutor,
    Operation.HISTORY: Reading.history,
    Operation.SCORES: Reading.scores,
    Operation.RECOMMENDATIONS: Reading.recommendations,
    Operation.SESSIONS: Reading.sessions,
    Operation.INTERVENTION_LIST: Reading.interventions,
    Operation.COLLEAGUES: Reading.colleagues,
    Operation.INTERVENTION_ANALYTICS: Reading.intervention_analytics,
    Operation.OVERRIDE_ANALYTICS: Reading.override_analytics,
    Operation.NOTES: Reading.notes,
    Operation.MODEL: Reading.model,
    Operation.REPORTS: Reading.reports,
    Operation.SETTINGS: Reading.settings,
    Operation.NOTIFICATIONS: Reading.notifications,
}


def _about(ask: Ask) -> str:
    if ask.tutor_id is None:
        raise NotFoundError
    return ask.tutor_id
