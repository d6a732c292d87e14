"""A mail that is due: what it is about and whom it goes to; its words come from templates.

Each is written down in one transaction with what causes it, and sent afterwards, so that none is
lost where a worker dies in between.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.intervention import Intervention, Owner
from shared.domain.intervention_rule import RULE
from shared.domain.session import Session, outcomes

REPORT_AT_LATEST = timedelta(minutes=15)
"""After its receipt a session is reported even if its tutor could not be scored yet."""
OLD_NEWS = timedelta(days=2)
"""What happened so long before it was received is history, and nobody is mailed about it."""
GIVE_UP, GIVE_UP_TUTOR = timedelta(days=1), timedelta(days=7)
"""What nobody took for so long is news no more; what a tutor is offered stays good for longer."""
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
"""Between two tries for somebody who could not be reached; twice as long each time."""


def wait(first: timedelta, tries: int) -> timedelta:
    """How long to wait after so many tries: twice as long each time, up to LONGEST_WAIT."""
    longer: timedelta = first * 2 ** min(tries, 10)
    return min(LONGEST_WAIT, longer)


class MailKind(StrEnum):
    """What a mail says; tutors get those named in `intervention_rule.RULES`."""

    SESSION_REPORT = "session_report"
    ALERT = "alert"
    OVERDUE = "overdue"
    ASSIGNED = "assigned"
    DAILY_DIGEST = "daily_digest"
    WEEKLY_SUMMARY = "weekly_summary"
    MONTHLY_SUMMARY = "monthly_summary"
    COACHING_TIPS = "coaching_tips"
    TRAINING_MODULE = "training_module"
    FIRST_SESSION_CHECK_IN = "first_session_check_in"
    RESCHEDULE_ALERT = "reschedule_alert"


class MailState(StrEnum):
    """Where a mail stands: done once every recipient got it or does not want it."""

    DUE = "due"
    DONE = "done"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, for one person, for everybody of a role, or for the tutor it is about.

    `about` are the ids of what it tells of: a session, interventions, the first day of a period.
    `moved` says in words what changed with it: nothing, for most sessions. `due_at` is when it is
    sent at the latest; `settled` is false while the tutor is not yet scored with its session.
    `way` is the one way that is left to try for one person, who alone has not got it.
    """

    kind: MailKind
    name: str
    made_at: datetime
    due_at: datetime
    tutor_id: str | None = None
    owner: Owner | None = None
    person: str | None = None
    about: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    level: str | None = None
    """Of an alert: the tutor's risk level."""
    settled: bool = True
    noted_at: datetime | None = None
    """Of a session report: when the session was put down; a scorecard of before is without it."""
    way: str | None = None
    waits: int = 0
    """How often it was put off."""
    levels: dict[str, str] | None = None
    """Of a daily digest: the risk levels that moved, as it told them, by tutor id."""
    state: MailState = MailState.DUE
    done_at: datetime | None = None
    subject: str | None = None
    """As it was sent, or would have been to somebody who can be reached."""
    text: str | None = None
    """Its words, without what is one recipient's own."""
    recipients: dict[str, str] | None = None
    """What became of it by user name, or name#webhook: sent, bounced, unsubscribed, …"""
    because: str | None = None
    """Why it was dropped."""
    correlation_ids: tuple[str, ...] = ()
    """Of the reports or requests it goes back to, by which logs tell of it."""
    version: int = 1

    @property
    def mail_id(self) -> str:
        """20261120T170200-session_report-s-81~t-7: its name, and the tutor's id if it has one."""
        return f"{self.name}~{self.tutor_id or ''}"

    @property
    def to_tutor(self) -> bool:
        """Whether the tutor it is about gets it."""
        return self.owner is Owner.SYSTEM

    def ready(self, at: datetime) -> bool:
        """Whether it can go out now: all but what is to be sent at a later hour."""
        return self.kind is MailKind.SESSION_REPORT or self.due_at <= at

    def scored(self, as_of: datetime) -> bool:
        """Whether a scorecard of that moment knows of the session it tells of."""
        return self.noted_at is None or self.noted_at <= as_of

    def settles(self, moved: tuple[str, ...]) -> "Mail":
        """The report of a session that its tutor is scored with."""
        return replace(self, settled=True, moved=moved, version=self.version + 1)

    def given_up(self, at: datetime) -> bool:
        """Whether it is too late to try again."""
        return at >= self.made_at + (GIVE_UP_TUTOR if self.to_tutor else GIVE_UP)

    def again_at(self, at: datetime, asked: int | None = None) -> datetime:
        """When to try again after a failure, at least the seconds later that were asked for."""
        return at + max(wait(FIRST_WAIT, self.waits), timedelta(seconds=asked or 0))

    def later(self, due_at: datetime) -> "Mail":
        """The mail, to be looked at again then: nobody is to be disturbed, or takes it, now."""
        return replace(self, due_at=due_at, waits=self.waits + 1, version=self.version + 1)

    def rest(self, person: str, way: str, due_at: datetime) -> "Mail":
        """What is left of the mail once the others have it: a mail for one person, by one way."""
        return Mail(
            self.kind, f"{self.name}-{way}-{person}", self.made_at, due_at, self.tutor_id,
            person=person, about=self.about, moved=self.moved, level=self.level, way=way,
            correlation_ids=self.correlation_ids,
        )  # fmt: skip

    def done(
        self,
        at: datetime,
        subject: str,
        text: str,
        recipients: dict[str, str],
        levels: dict[str, str] | None = None,
    ) -> "Mail":
        """The mail after everybody got it who can."""
        return replace(
            self, state=MailState.DONE, done_at=at, subject=subject, text=text,
            recipients=recipients, levels=levels, version=self.version + 1,
        )  # fmt: skip

    def dropped(
        self,
        at: datetime,
        because: str,
        recipients: dict[str, str] | None = None,
        subject: str | None = None,
        text: str | None = None,
    ) -> "Mail":
        """The mail where nobody could be reached, or there is nothing to say any more."""
        return replace(
            self, state=MailState.DROPPED, done_at=at, because=because, recipients=recipients,
            subject=subject, text=text, version=self.version + 1,
        )  # fmt: skip


def sort(mail: Mail) -> str | None:
    """What a recipient does without by unsubscribing; None for what belongs to their work."""
    if mail.to_tutor:
        return f"tutor:{mail.kind}"
    match mail.kind:
        case MailKind.SESSION_REPORT:
            return "reports:digest_only"
        case MailKind.DAILY_DIGEST | MailKind.WEEKLY_SUMMARY | MailKind.MONTHLY_SUMMARY:
            return "digests"
        case _:
            return None


def mail_name(at: datetime, kind: MailKind, about: str) -> str:
    """20261120T170200-session_report-s-81: the same cause always gives the same name."""
    return f"{at:%Y%m%dT%H%M%S}-{kind}-{about}"


def session_reports(
    before: Session | None,
    after: Session,
    received_at: datetime,
    version: int,
    noted_at: datetime | None = None,
    correlation_ids: tuple[str, ...] = (),
) -> tuple[Mail, ...]:
    """The reports that are due because a session got outcomes it had not had.

    `version` is that of the session's row: with it in the name each change is reported once. A
    correction of the same outcome is no new one. `noted_at` is when the row is put.
    """
    if after.tutor_id is None:
        return ()
    known = Counter(outcome.kind for outcome in outcomes(before)) if before else Counter()
    found = []
    for outcome in outcomes(after):
        known[outcome.kind] -= 1
        if known[outcome.kind] >= 0 or outcome.at < received_at - OLD_NEWS:
            continue
        about = f"{after.session_id}-{outcome.kind}-{version}"
        found.append(
            Mail(
                kind=MailKind.SESSION_REPORT,
                name=mail_name(received_at, MailKind.SESSION_REPORT, about),
                made_at=received_at,
                due_at=received_at + REPORT_AT_LATEST,
                tutor_id=after.tutor_id,
                about=(after.session_id, outcome.kind),
                settled=False,
                noted_at=noted_at,
                correlation_ids=correlation_ids,
            )
        )
    return tuple(found)


def tutor_mail(one: Intervention) -> Mail | None:
    """The mail that carries out a newly opened automated intervention; None for all others."""
    template = RULE[one.kind].template
    if template is None or one.held_out or one.version > 1:
        return None
    kind = MailKind(template)
    return Mail(
        kind=kind,
        name=mail_name(one.opened_at, kind, one.kind),
        made_at=one.opened_at,
        due_at=one.due_at,
        tutor_id=one.tutor_id,
        owner=Owner.SYSTEM,
        about=(one.intervention_id,),
    )


def alert(tutor_id: str, at: datetime, level: str, moved: tuple[str, ...]) -> Mail:
    """The alert that a tutor's risk rose, for whoever wants to hear of that level."""
    return Mail(
        kind=MailKind.ALERT,
        name=mail_name(at, MailKind.ALERT, level),
        made_at=at,
        due_at=at,
        tutor_id=tutor_id,
        moved=moved,
        level=level,
    )


def assignment(one: Intervention, by: str, at: datetime) -> Mail | None:
    """The mail that tells somebody what task they were given; None where they took it."""
    if one.assignee is None or one.assignee == by:
        return None
    return Mail(
        kind=MailKind.ASSIGNED,
        name=mail_name(at, MailKind.ASSIGNED, f"{one.kind}-{one.version}"),
        made_at=at,
        due_at=at,
        tutor_id=one.tutor_id,
        person=one.assignee,
        about=(one.intervention_id,),
    )
