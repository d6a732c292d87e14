"""Doing what is to be done for a tutor: read, decide, write if nobody else did meanwhile."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.aws.intervention_table import InterventionTable
from shared.aws.mail_table import MailTable, new_mail, next_mail
from shared.aws.scorecard_table import ScorecardTable
from shared.aws.table import Table
from shared.aws.tutor_log import LogTable
from shared.domain.engine import Desk, decided
from shared.domain.intervention import Intervention, Kind
from shared.domain.mail import Mail, alert, tutor_mail
from shared.domain.mentoring import mentor
from shared.domain.movement import alerting, movement, seen
from shared.domain.office import Office
from shared.domain.policy import Policy
from shared.domain.scorecard import Scorecard
from shared.domain.situation import (
    ASKED_ABOUT_WITHIN,
    Facts,
    Situation,
    first_sessions,
    overridden,
)
from shared.domain.tutor import TutorStatus
from shared.domain.tutor_row import TutorRow

LOOKED_BACK = timedelta(days=1)
MOST_REPORTS = 50
"""What a transaction can settle; more of one tutor at once go out when they are due."""


@dataclass(frozen=True, slots=True)
class Acted:
    """What was changed and written for a tutor: interventions, and mails that follow from it."""

    changed: Sequence[Intervention] = ()
    mails: Sequence[Mail] = ()


@dataclass(frozen=True, slots=True)
class Acting:
    """Acts by the dials and the owners' calendars read once for a batch."""

    cards: ScorecardTable
    logs: LogTable
    interventions: InterventionTable
    mails: MailTable
    policy: Policy
    office: Office

    @classmethod
    def of(cls, table: Table) -> "Acting":
        """Ready to act by what is in force now."""
        interventions = InterventionTable(table)
        return cls(
            ScorecardTable(table),
            LogTable(table),
            interventions,
            MailTable(table),
            interventions.policy(),
            interventions.office(),
        )

    def act(self, tutor_id: str, at: datetime, ids: tuple[str, ...] = ()) -> Acted:
        """Decide for one tutor and write it, with the mails of it and the reports that waited.

        Nothing for one who was never scored. `ids` are what new mails go back to. Raises
        VersionConflictError when somebody else wrote meanwhile.
        """
        found = self.cards.card(tutor_id)
        if found is None:
            return Acted()
        before = self.interventions.desk(tutor_id, at)
        situation = self._situation(*found, before.desk, at)
        changed = [
            self._with_mentor(one, found[1])
            for one in decided(situation, before.desk, self.policy, self.office)
        ]
        looked = seen(before.seen, situation.now)
        told = movement(before.seen, situation.now, changed)
        new = [mail for one in changed if (mail := tutor_mail(one))]
        if alerting(before.seen, situation.now):
            new.append(alert(tutor_id, at, situation.now.level, told))
            looked = replace(looked, alerted=situation.now.level, alerted_at=at)
        new = [replace(mail, correlation_ids=ids) for mail in new]
        settled = self._reports(found[0], at, told)
        mailing = [*map(new_mail, new), *map(next_mail, settled)]
        self.interventions.put(tutor_id, changed, before, looked, mailing)
        return Acted(changed, (*settled, *new))

    def _reports(self, card: Scorecard, at: datetime, moved: tuple[str, ...]) -> list[Mail]:
        """The session reports that waited for this score; the newest says what moved."""
        known = self.mails.waiting(card.tutor_id, at - LOOKED_BACK)
        waiting = [mail for mail in known if mail.scored(card.as_of)][-MOST_REPORTS:]
        return [mail.settles(moved if mail is waiting[-1] else ()) for mail in waiting]

    def _situation(self, card: Scorecard, row: TutorRow, desk: Desk, at: datetime) -> Situation:
        """All that the rules look at: of the nights as many as the longest dial asks for."""
        longest = max(self.policy["exemplary_days"], self.policy["sustained_days"])
        first = at - timedelta(days=longest + 1)
        nights = self.cards.days(row.tutor_id, first.date(), at.date())
        recent = self.logs.sessions_since(row.tutor_id, at - ASKED_ABOUT_WITHIN)
        joined, status = row.onboarding_date, TutorStatus(row.status)
        return Situation(
            tutor_id=row.tutor_id,
            now=overridden(replace(Facts.of_card(card, row.probabilities), at=at), row.override),
            nights=[Facts.of_record(night) for night in nights],
            tenure_days=(at - joined) / timedelta(days=1) if joined else None,
            at_work=status.at_work,
            gone=status.gone,
            first_sessions=first_sessions(recent, at),
            trainings=self._trainings(row.tutor_id, desk),
        )

    def _trainings(self, tutor_id: str, desk: Desk) -> tuple[datetime, ...]:
        """Trainings completed since one was suggested, if one was."""
        suggested = desk.open(Kind.A2)
        return self.logs.trainings_since(tutor_id, suggested.opened_at) if suggested else ()

    def _with_mentor(self, one: Intervention, row: TutorRow) -> Intervention:
        """A newly opened mentoring with whom to propose; all tutors are looked through for it."""
        if one.kind is not Kind.H2 or one.version > 1:
            return one
        open_ones = self.interventions.open_ones()
        mentees = Counter(other.mentor_id for other in open_ones if other.mentor_id)
        proposed = mentor(row.subjects, row.tutor_id, self.cards.rows(), mentees)
        return replace(one, mentor_id=proposed)
