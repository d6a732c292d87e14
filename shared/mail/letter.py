"""Letters: what is told, put into the words and looks of a mail."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined, Undefined
from markupsafe import Markup

from shared.domain.churn_score import RiskLevel, told_score
from shared.domain.digest import Digest, Span, Summary
from shared.domain.intervention import Intervention
from shared.domain.intervention_rule import RULE
from shared.domain.mail import Mail, MailKind, sort
from shared.domain.preference import Reports
from shared.domain.report import SessionReport, Task, TutorReport, tutor_path
from shared.domain.session import OutcomeKind
from shared.mail import phrase, sentence
from shared.mail.offer import TutorFacts, offer

TEMPLATES = Path(__file__).with_name("template")
"""The text parts, and what the HTML parts share."""
COMPILED = Path(__file__).with_name("compiled")
"""Where the deployed asset has the compiled HTML parts."""
MOST_SUBJECT = 77
MOST_VALUE = 2_000
MOST_TASKS = 20

BECAME: Mapping[OutcomeKind, str] = {
    OutcomeKind.COMPLETED: "Took place",
    OutcomeKind.TUTOR_RESCHEDULE: "Moved by the tutor",
    OutcomeKind.STUDENT_RESCHEDULE: "Moved by the student",
    OutcomeKind.TUTOR_NO_SHOW: "The tutor did not turn up",
    OutcomeKind.STUDENT_NO_SHOW: "The student did not turn up",
    OutcomeKind.CANCELLED: "Cancelled",
}
CAPTIONS: Mapping[MailKind, str] = {
    MailKind.SESSION_REPORT: "Session report",
    MailKind.ALERT: "Alert",
    MailKind.OVERDUE: "Missed deadlines",
    MailKind.ASSIGNED: "A task for you",
    MailKind.DAILY_DIGEST: "Daily digest",
    MailKind.WEEKLY_SUMMARY: "Weekly summary",
    MailKind.MONTHLY_SUMMARY: "Monthly summary",
}
"""What stands on top of the mails to administrators."""
WHY: Mapping[MailKind, str] = {
    MailKind.SESSION_REPORT: "You choose which sessions you are told of.",
    MailKind.ASSIGNED: "You get this because somebody gave you a task.",
    MailKind.OVERDUE: "Notices of missed deadlines go to everybody whose task it is.",
}
"""What stands at the end of them, where it is special."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What somebody gets to read: the same in HTML and in plain text."""

    subject: str
    html: str
    text: str


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads it: times are told in their zone.

    `username` is what tasks of theirs bear. `changes_url` is where they choose to be told only of
    sessions that changed something.
    """

    zone: str = "UTC"
    unsubscribe_url: str | None = None
    username: str | None = None
    changes_url: str | None = None


def reader_of(mail: Mail, username: str, zone: str, choice: Callable[[str], str]) -> Reader:
    """Who reads a mail, with the links by which they get fewer: `choice` makes one of a sort."""
    what, reports = sort(mail), mail.kind is MailKind.SESSION_REPORT
    return Reader(
        zone,
        unsubscribe_url=choice(what) if what else None,
        username=username,
        changes_url=choice(f"reports:{Reports.CHANGES}") if reports else None,
    )


class Letters:
    """Writes letters; `folder` holds the compiled HTML parts, `site_url` is where links lead.

    `contact` is the address that tutors may write to. Raises jinja2.TemplateError where a
    template is missing or asks for what it is not given.
    """

    def __init__(self, folder: Path, site_url: str, contact: str) -> None:
        self._site_url, self._contact = site_url.rstrip("/"), contact
        self._templates = Environment(
            loader=ChoiceLoader([FileSystemLoader(folder), FileSystemLoader(TEMPLATES)]),
            autoescape=lambda name: name is not None and ".html" in name,
            undefined=StrictUndefined,
            finalize=_shown,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
        )
        self._templates.filters |= {
            "moment": phrase.moment,
            "clock": phrase.clock,
            "day": phrase.day,
            "short_day": phrase.short_day,
            "per_cent": phrase.per_cent,
            "points": phrase.points,
            "difference": phrase.difference,
            "number": phrase.number,
            "score": told_score,
            "counted": phrase.counted,
            "notice": phrase.notice,
            "words": phrase.words,
            "link": self._link,
        }
        self._templates.globals |= {
            "who": phrase.who,
            "became": BECAME,
            "due": sentence.due,
            "evidence": sentence.evidence,
            "manager_says": sentence.manager_says,
            "flag_in_words": sentence.flag_in_words,
            "moved_in_words": sentence.moved_in_words,
            "level_change": sentence.level_change,
            "rate_change": sentence.rate_change,
            "holder": sentence.holder,
        }

    def session_report(self, report: SessionReport, reader: Reader) -> Letter:
        """What a session did to how its tutor stands."""
        tutor = report.tutor
        headline = phrase.lower(phrase.plain(tutor.headline, 60))
        said = f"{_name(tutor)}{', ' if ': ' in headline else ': '}{headline}"
        return self._letter(MailKind.SESSION_REPORT, said, reader, report=report, tutor=tutor)

    def alert(self, tutor: TutorReport, reader: Reader) -> Letter:
        """A tutor's risk has risen."""
        said = f"{tutor.risk_level.capitalize()} risk: {_name(tutor)}"
        return self._letter(MailKind.ALERT, said, reader, tutor=tutor)

    def overdue(
        self, tasks: Sequence[Intervention], names: Mapping[str, str], reader: Reader
    ) -> Letter:
        """Tasks whose clock has run out, those longest overdue first."""
        late = sorted(tasks, key=lambda one: one.clock_ends or one.finish_by)
        title = phrase.counted(len(late), "task is overdue", "tasks are overdue")
        said = title
        if len(late) == 1:
            of = phrase.who(names.get(late[0].tutor_id), late[0].tutor_id)
            said = f"Overdue: {RULE[late[0].kind].title.lower()}, {phrase.plain(of, 40)}"
        return self._letter(
            MailKind.OVERDUE, said, reader, title=title, lead=sentence.time_ran_out(late),
            tasks=late[:MOST_TASKS], rules=RULE,
            names=names, more=max(0, len(late) - MOST_TASKS), tutor_path=tutor_path,
        )  # fmt: skip

    def assigned(self, task: Task, name: str, by: str, reader: Reader) -> Letter:
        """A task that somebody gave to the reader."""
        of = phrase.plain(phrase.who(name, task.tutor_id), 40)
        said = f"For you: {task.title.lower()}, {of}"
        return self._letter(MailKind.ASSIGNED, said, reader, task=task, tutor=of, by=by)

    def digest(self, digest: Digest, reader: Reader) -> Letter:
        """An owner's day."""
        return self._letter(
            MailKind.DAILY_DIGEST, sentence.digest_subject(digest), reader, digest=digest,
            overview=sentence.day_in_words(digest),
            task_lists=(
                ("Overdue", digest.overdue),
                ("Due today", digest.due_today),
                (sentence.new_since(digest), digest.opened),
            ),
            tutor_lists=(("Risk rose", digest.rose), ("Risk fell", digest.fell)),
        )  # fmt: skip

    def summary(self, summary: Summary, reader: Reader) -> Letter:
        """A week or a month."""
        kind = MailKind.WEEKLY_SUMMARY if summary.span is Span.WEEK else MailKind.MONTHLY_SUMMARY
        period, at_risk = sentence.period(summary), summary.at_risk_now.value
        told = "in numbers" if at_risk is None else f"{at_risk:,.0f} tutors at risk"
        return self._letter(
            kind, f"{period}: {told}", reader, template="summary", summary=summary,
            period=period, overview=sentence.period_in_words(summary),
            levels=tuple(reversed(RiskLevel)), chart=sentence.chart(summary.at_risk),
            rates=(
                ("Moved by the tutor", summary.reschedule_rate, "session"),
                ("Missed by the tutor", summary.no_show_rate, "session"),
                (
                    "First sessions that went well",
                    summary.first_session_success_rate,
                    "rated first session",
                ),
            ),
            facts=sentence.task_facts(summary),
        )  # fmt: skip

    def to_tutor(
        self,
        kind: MailKind,
        tutor_name: str | None,
        facts: TutorFacts,
        reader: Reader | None = None,
    ) -> Letter:
        """A mail to a tutor; ValueError for a kind that tutors do not get."""
        reader = reader or Reader()
        said = offer(kind, facts, reader.zone)
        return self._letter(
            kind, said.subject, reader, template="tutor", offer=said, contact=self._contact,
            greeting=phrase.plain(tutor_name or "", phrase.MOST_NAME),
        )  # fmt: skip

    def _letter(
        self, kind: MailKind, subject: str, reader: Reader, template: str = "", **told: Any
    ) -> Letter:
        name, subject = template or kind.value, phrase.plain(subject, MOST_SUBJECT)
        told |= {
            "caption": CAPTIONS.get(kind, ""),
            "why": WHY.get(kind, "You get this because you look after tutors."),
            "fewer": "Daily digest only" if kind is MailKind.SESSION_REPORT else "Unsubscribe",
            "subject": subject,
            "zone": reader.zone,
            "unsubscribe_url": reader.unsubscribe_url,
            "changes_url": reader.changes_url,
            "username": reader.username,
            "site_url": self._site_url,
        }
        html, text = (
            self._templates.get_template(f"{name}.{part}").render(told)
            for part in ("html", "txt.jinja")
        )
        return Letter(subject, html, text)

    def _link(self, path: str) -> str:
        return self._site_url + quote(path, safe="/?=&#:~")


def _name(tutor: TutorReport) -> str:
    return phrase.plain(phrase.who(tutor.name, tutor.tutor_id), 40)


def _shown(value: Any) -> Any:
    """Every value on one line, without what can not be seen; a missing one raises when written."""
    if isinstance(value, (Markup, Undefined)):
        return value
    return phrase.plain(str(value), MOST_VALUE)
