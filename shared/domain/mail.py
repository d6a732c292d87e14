"""A mail that is due: what it is about and whom it goes to; its words come from templates.

Each is written down in one transaction with what causes it, and sent afterwards, so that none is
lost where a worker dies in between.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from shared.domain.intervention import Owner


class MailKind(StrEnum):
    """What a mail says; tutors get those named in `intervention_rule.RULES`."""

    SESSION_REPORT = "session_report"
    ALERT = "alert"
    OVERDUE = "overdue"
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
    state: MailState = MailState.DUE
    done_at: datetime | None = None
    subject: str | None = None
    """As it was sent."""
    sent: int = 0
    """How many got it."""
    because: str | None = None
    """Why it was dropped."""
    version: int = 1

    @property
    def mail_id(self) -> str:
        """20261120T170200-session_report-s-81~t-7: its name, and the tutor's id if it has one."""
        return f"{self.name}~{self.tutor_id or ''}"

    @property
    def to_tutor(self) -> bool:
        """Whether the tutor it is about gets it."""
        return self.owner is Owner.SYSTEM

    def done(self, at: datetime, subject: str, sent: int) -> "Mail":
        """The mail after everybody got it."""
        return replace(self, state=MailState.DONE, done_at=at, subject=subject, sent=sent,
                       version=self.version + 1)  # fmt: skip

    def dropped(self, at: datetime, because: str) -> "Mail":
        """The mail where there is nothing to send any more."""
        return replace(self, state=MailState.DROPPED, done_at=at, because=because,
                       version=self.version + 1)  # fmt: skip


def mail_name(at: datetime, kind: MailKind, about: str) -> str:
    """20261120T170200-session_report-s-81: the same cause always gives the same name."""
    return f"{at:%Y%m%dT%H%M%S}-{kind}-{about}"
