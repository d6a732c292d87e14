"""What a mail says, read from the table at the time it is sent."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shared.aws.directory import Directory
from shared.aws.intervention_table import InterventionTable
from shared.aws.item import adapter
from shared.aws.mail_table import MailTable
from shared.aws.prediction_table import PredictionTable
from shared.aws.scorecard_table import ScorecardTable
from shared.aws.table import Table
from shared.aws.tutor_log import LogTable
from shared.domain.digest import Span, departures, digest, summary
from shared.domain.flag import FlagStatus
from shared.domain.intervention import Intervention, Owner
from shared.domain.log import midnight
from shared.domain.mail import Mail, MailKind
from shared.domain.morning import MORNING, digest_before
from shared.domain.office import PEOPLE
from shared.domain.overview import Overview
from shared.domain.prediction import Prediction
from shared.domain.report import TutorReport, session_report, task, tutor_report
from shared.domain.scorecard import Scorecard
from shared.domain.session import Outcome, outcomes
from shared.domain.tutor import TutorStatus
from shared.domain.tutor_row import TutorRow
from shared.mail.advice import topics
from shared.mail.letter import Letter, Letters, Reader
from shared.mail.offer import TutorFacts

LONGEST_COMPARED = timedelta(days=62)
"""Two months: a period beside the one before."""
INTERVENTIONS_READ = 100
"""The newest of a tutor; what is open is among them, since there is one a kind."""


@dataclass(frozen=True, slots=True)
class Writing:
    """The letter of a mail, for each reader; `levels` are the risk levels that a digest told."""

    write: Callable[[Reader], Letter]
    levels: dict[str, str] | None = None

    def __call__(self, reader: Reader) -> Letter:
        return self.write(reader)


class NothingToSayError(Exception):
    """What a mail was to tell is no longer so."""


class TooEarlyError(Exception):
    """What a mail is to tell is not known yet."""


@dataclass(frozen=True, slots=True)
class MailWriter:
    """Reads what a mail is about and has it put into words."""

    cards: ScorecardTable
    logs: LogTable
    predictions: PredictionTable
    interventions: InterventionTable
    mails: MailTable
    people: Directory
    letters: Letters

    @classmethod
    def of(cls, table: Table, people: Directory, letters: Letters) -> "MailWriter":
        """Ready to write from that table, for those people."""
        return cls(
            ScorecardTable(table), LogTable(table), PredictionTable(table),
            InterventionTable(table), MailTable(table), people, letters,
        )  # fmt: skip

    def writing(self, mail: Mail, at: datetime) -> Writing:
        """What a mail says now; raises NothingToSayError, TooEarlyError."""
        match mail.kind:
            case MailKind.SESSION_REPORT:
                return self._session_report(mail, at)
            case MailKind.ALERT:
                tutor = self._tutor(mail, at)
                return Writing(lambda reader: self.letters.alert(tutor, reader))
            case MailKind.OVERDUE:
                return self._overdue(mail, at)
            case MailKind.ASSIGNED:
                return self._assigned(mail, at)
            case MailKind.DAILY_DIGEST:
                return self._digest(mail, at)
            case MailKind.WEEKLY_SUMMARY | MailKind.MONTHLY_SUMMARY:
                return self._summary(mail, at)
            case _:
                return self._to_tutor(mail)

    def _session_report(self, mail: Mail, at: datetime) -> Writing:
        session_id, kind = mail.about
        session = self.logs.session(session_id).value
        found = [one for one in outcomes(session) if one.kind == kind] if session else []
        if session is None or session.tutor_id is None or not found:
            raise NothingToSayError("The session was voided.")
        about: Outcome = found[-1]
        card, row = self._card(session.tutor_id)  # who teaches it by now
        moved = mail.moved if row.tutor_id == mail.tutor_id else ()
        told = session_report(
            session, about, card, row, self._prediction(row.tutor_id),
            self._of_tutor(row.tutor_id), moved, at,
        )  # fmt: skip
        return Writing(lambda reader: self.letters.session_report(told, reader))

    def _tutor(self, mail: Mail, at: datetime) -> TutorReport:
        card, row = self._card(mail.tutor_id or "")
        prediction, tasks = self._prediction(row.tutor_id), self._of_tutor(row.tutor_id)
        return tutor_report(card, row, prediction, tasks, mail.moved, at)

    def _overdue(self, mail: Mail, at: datetime) -> Writing:
        found = (self.interventions.intervention(name) for name in mail.about)
        late = [one for one in found if one and one.overdue(at)]
        if not late:
            raise NothingToSayError("All of it was seen to before the notice went out.")
        names = {one.tutor_id: self._name(one.tutor_id) for one in late}
        return Writing(lambda reader: self.letters.overdue(late, names, reader))

    def _assigned(self, mail: Mail, at: datetime) -> Writing:
        one = self.interventions.intervention(mail.about[0])
        if one is None or not one.open or one.assignee != mail.person:
            raise NothingToSayError("The task is over, or somebody else has it by now.")
        by = next(step.who for step in reversed(one.steps) if step.action == "reassign")
        told, name = task(one, at), self._name(one.tutor_id)
        return Writing(lambda reader: self.letters.assigned(told, name, by, reader))

    def _digest(self, mail: Mail, at: datetime) -> Writing:
        owner = mail.owner or Owner.OPS_MANAGER
        rows = list(self.cards.rows())
        calendar = self.interventions.office().calendar(owner)
        first = date.fromisoformat(mail.about[0])
        since = calendar.showing(first, MORNING)
        nights = self.cards.nights((row.tutor_id for row in rows), midnight(since))
        levels = {night.tutor_id: night.risk_level for night in nights}
        # What the last digest told of the hours between that midnight and it is told.
        before = self.mails.mail(digest_before(owner, calendar, first))
        levels |= (before.levels or {}) if before else {}
        people = {
            role: {person.username for person in self.people.members(role, at)} for role in PEOPLE
        }
        told = digest(
            owner, self.interventions.open_ones(), rows, levels, since, at, calendar.zone, people
        )
        if told.empty:
            raise NothingToSayError("Nothing is due and nothing moved.")
        return Writing(lambda reader: self.letters.digest(told, reader), dict(told.levels))

    def _summary(self, mail: Mail, at: datetime) -> Writing:
        weekly = mail.kind is MailKind.WEEKLY_SUMMARY
        first = date.fromisoformat(mail.about[0])
        last = first + timedelta(days=6) if weekly else _end_of_month(first)
        days = {
            date.fromisoformat(one["date"]): adapter(Overview).validate_python(one)
            for one in self.cards.platform_days(last, LONGEST_COMPARED.days)
        }
        began = datetime.combine(first, datetime.min.time(), at.tzinfo)
        known = [*self.interventions.open_ones(), *self.interventions.done_ones(began)]
        gone = (row.tutor_id for row in self.cards.rows() if TutorStatus(row.status).gone)
        left = departures(self.logs.tutors(gone), first, last)
        told = summary(Span.WEEK if weekly else Span.MONTH, first, last, days, known, at, left)
        return Writing(lambda reader: self.letters.summary(told, reader))

    def _to_tutor(self, mail: Mail) -> Writing:
        one = self.interventions.intervention(mail.about[0])
        if one is None or not one.open:
            raise NothingToSayError("The intervention is over.")
        tutor = self.logs.tutor(one.tutor_id)
        card, _ = self._card(one.tutor_id)
        found = [self.logs.session(name).value for name in one.evidence]
        firsts = [first.snapshot for first in found if first and first.snapshot]
        taught = {first.subject for first in firsts} if firsts else set(tutor.subjects[:1])
        facts = TutorFacts(
            topics=topics([f.code for f in card.flags if f.status is FlagStatus.CONFIRMED]),
            subject=taught.pop() if len(taught) == 1 else None,
            sessions_at=tuple(sorted(first.scheduled_time for first in firsts)),
        )
        return Writing(lambda reader: self.letters.to_tutor(mail.kind, tutor.name, facts, reader))

    def _card(self, tutor_id: str) -> tuple[Scorecard, TutorRow]:
        found = self.cards.card(tutor_id)
        if found is None:
            raise TooEarlyError(f"{tutor_id} was never scored.")
        return found

    def _name(self, tutor_id: str) -> str:
        return self.logs.tutor(tutor_id).name or tutor_id

    def _prediction(self, tutor_id: str) -> Prediction | None:
        found = self.predictions.prediction(tutor_id)
        return found if isinstance(found, Prediction) else None

    def _of_tutor(self, tutor_id: str) -> list[Intervention]:
        return self.interventions.of_tutor(tutor_id, INTERVENTIONS_READ)


def _end_of_month(first: date) -> date:
    """The last day of a month; 32 days on it is another one for sure."""
    return (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
