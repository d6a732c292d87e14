"""Samples of every mail: a tutor in trouble, a calm one, an owner's day, a week and a month.

For the preview and for tests. Names are those of the synthetic world: nobody has them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial

from events.world.name import FAMILY, GIVEN
from shared.domain.churn_score import RiskLevel, risk_level
from shared.domain.digest import Digest, Span, Summary, digest, summary
from shared.domain.event import BehaviourEvent, EventType
from shared.domain.intervention import (
    Intervention,
    Kind,
    Opinion,
    Order,
    Outcome,
    Owner,
    moved,
    opened,
)
from shared.domain.intervention_rule import RULE
from shared.domain.log import Log
from shared.domain.mail import Mail, MailKind
from shared.domain.office import Office
from shared.domain.overview import Overview, Share
from shared.domain.policy import Policy
from shared.domain.prediction import Factor, Prediction, Probabilities
from shared.domain.report import SessionReport, TutorReport, session_report, task, tutor_report
from shared.domain.scorecard import Scorecard, scorecard
from shared.domain.session import (
    Outcome as SessionOutcome,
)
from shared.domain.session import (
    Party,
    ReportOrder,
    Reschedule,
    Session,
    Snapshot,
    Status,
    outcomes,
)
from shared.domain.situation import Facts, Situation
from shared.domain.tier import Tier
from shared.domain.tutor import Tutor, TutorStatus
from shared.domain.tutor_row import TutorRow, tutor_row
from shared.mail.letter import Letter, Letters, Reader, reader_of
from shared.mail.offer import TutorFacts

NOW = datetime(2026, 11, 20, 15, 5, tzinfo=UTC)
ZONE = "America/Chicago"
FIRST_REPORT = ReportOrder(versioned=True, number=1)
TO_TUTORS = (
    MailKind.COACHING_TIPS,
    MailKind.TRAINING_MODULE,
    MailKind.FIRST_SESSION_CHECK_IN,
    MailKind.RESCHEDULE_ALERT,
)


def reader_for(kind: MailKind) -> Reader:
    """Somebody who gets a mail of that kind: one of the staff, or the tutor, whose zone nobody
    knows."""
    to_tutor = kind in TO_TUTORS
    mail = Mail(kind, "sample", NOW, NOW, owner=Owner.SYSTEM if to_tutor else None)
    who, zone = ("syn-t-0042", "UTC") if to_tutor else ("someone", ZONE)
    return reader_of(mail, who, zone, lambda what: f"{CHOICE}{what.encode().hex():0<80}")


CHOICE = "https://tutors.example/api/unsubscribe/"
READER = reader_for(MailKind.SESSION_REPORT)


@dataclass(frozen=True, slots=True)
class Told:
    """A tutor as the pipeline knows them when a session has been scored."""

    session: Session
    about: SessionOutcome
    card: Scorecard
    row: TutorRow


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def name_of(number: int) -> str:
    return f"{GIVEN[number % len(GIVEN)]} {FAMILY[number % len(FAMILY)]}"


def _session(number: int, days_ago: float, status: Status, rating: float | None) -> Session:
    at = ago(days_ago).replace(minute=0, second=0)
    snapshot = Snapshot(
        tutor_id="syn-t-0042",
        student_id=f"syn-u-{number % 9:04d}",
        scheduled_time=at - timedelta(hours=1),
        status=status,
        completed_time=at if status is Status.COMPLETED else None,
        session_number=1 if number % 7 == 0 else 3,
        subject="Mathematics",
        student_rating=rating,
    )
    return Session(f"syn-s-{number:05d}", FIRST_REPORT, snapshot, tutors=("syn-t-0042",))


def _moved(session: Session, notice_hours: float) -> Session:
    assert session.snapshot is not None
    original = session.snapshot.scheduled_time
    asked = original - timedelta(hours=notice_hours)
    move = Reschedule(Party.TUTOR, original, original + timedelta(days=2), asked, FIRST_REPORT,
                      reason="family", requested_at=asked)  # fmt: skip
    moved_on = replace(session.snapshot, status=Status.RESCHEDULED, completed_time=None,
                       student_rating=None)  # fmt: skip
    return replace(session, snapshot=moved_on, reschedules=(move,))


def _history(*, calm: bool) -> Iterator[Session]:
    for number in range(60):
        days_ago = 85 - number * 1.41
        recent = days_ago < 28 and not calm
        session = _session(number, days_ago, Status.COMPLETED, 3.0 if recent else 4.7)
        if recent and number % 7 == 0 and session.snapshot:
            poor = replace(session.snapshot, student_rating=2.0)
            session = replace(session, snapshot=poor)
        elif (recent and number % 3 == 0) or (not calm and days_ago < 5):
            session = _moved(session, 20 if number % 2 else 50)
        yield session


def _logins(*, calm: bool) -> Iterator[BehaviourEvent]:
    for day in range(85):
        if calm or day > 14 or day % 5 == 0:
            yield BehaviourEvent(f"syn-e-{day}", "syn-t-0042", EventType.LOGIN, ago(day + 0.3))


@cache
def told(*, calm: bool = False, name: str | None = None) -> Told:
    """A tutor with everything wrong, or a calm one, and the newest session of theirs."""
    sessions = tuple(_history(calm=calm))
    profile = Tutor(
        "syn-t-0042", TutorStatus.ACTIVE, FIRST_REPORT, name=name or name_of(11),
        subjects=("Mathematics",), onboarding_date=ago(400),
    )  # fmt: skip
    card = scorecard(Log(profile, sessions, tuple(_logins(calm=calm))), NOW)
    last = sessions[-1]
    return Told(last, outcomes(last)[-1], card, tutor_row(card, profile, NOW, None))


def prediction(p30: float) -> Prediction:
    """A prediction with one thing that raises it."""
    factor = Factor("sessions_change_28d", "sessions down 45 % on the 4-week mean", -0.6,
                    "log ratio", 0.7, "raises")  # fmt: skip
    chances = Probabilities(p30 / 20, p30 / 4, p30, min(1.0, p30 * 2))
    return Prediction("syn-t-0042", NOW, NOW, chances, (factor,), -3.0, 0.3, -2.0, "sample")


SCORES = {Kind.H1: 62.0, Kind.H3: 81.0, Kind.H4: 68.0}
"""Churn scores at which kinds open; 57 for the others."""


def _why(kind: Kind, score: float) -> str:
    """Why a kind opens, in the words of its rule."""
    flags = frozenset({"low_rating", "activity_drop"})
    facts = Facts(NOW, score, risk_level(score), Tier.DEVELOPING, flags, 4, 3.2)
    nights = [replace(facts, at=ago(days)) for days in range(7, 0, -1)]
    why = RULE[kind].due(Situation("syn-t-0042", facts, nights, 30.0), Policy())
    assert why is not None
    return why


def intervention(kind: Kind, days_ago: float, tutor: int = 42) -> Intervention:
    """One that was opened so long ago, due when its rule says so."""
    rule, at, score = RULE[kind], ago(days_ago), SCORES.get(kind, 57.0)
    due_at = Office().due(rule.owner, at, rule.sla_days)
    return opened(
        Intervention(
            f"syn-t-{tutor:04d}", kind, rule.owner, _why(kind, score),
            at, due_at, due_at + timedelta(days=rule.lasts_days), score,
        ),
        at,
    )  # fmt: skip


def troubled_report(name: str | None = None) -> SessionReport:
    """A report with everything in it."""
    known = told(name=name)
    tasks = [intervention(Kind.H1, 4), intervention(Kind.H4, 0.2), intervention(Kind.A1, 2)]
    changed = (f"Risk rose from high to {known.row.risk_level}", "New flag: high reschedule rate")
    return session_report(known.session, known.about, known.card, known.row, prediction(0.34),
                          tasks, changed, NOW)  # fmt: skip


def calm_report() -> SessionReport:
    """A report of a session after which all is well."""
    known = told(calm=True)
    return session_report(known.session, known.about, known.card, known.row, None, [], (), NOW)


def alert_report(name: str | None = None, tasks: Sequence[Kind] = (Kind.H3,)) -> TutorReport:
    """What an alert tells, with tasks of those kinds."""
    known = told(name=name)
    critical = replace(known.card.churn_score, value=81.0, level=RiskLevel.CRITICAL)
    card = replace(known.card, churn_score=critical)
    changed = ("Risk rose from high to critical",)
    opened = [intervention(kind, 0.1) for kind in tasks]
    return tutor_report(card, known.row, prediction(0.47), opened, changed, NOW)


def overdue_tasks(count: int = 4) -> list[Intervention]:
    """Tasks whose clock has run out."""
    kinds = (Kind.H1, Kind.H4, Kind.H3)
    return [intervention(kinds[n % 3], 6 + n, tutor=50 + n) for n in range(count)]


def names(count: int = 100) -> dict[str, str]:
    """Names by tutor id."""
    return {f"syn-t-{n:04d}": name_of(n) for n in range(count)}


def _rows(count: int) -> list[TutorRow]:
    row = told().row
    levels = list(RiskLevel)
    return [
        replace(row, tutor_id=f"syn-t-{n:04d}", name=name_of(n), risk_level=levels[n % 4],
                churn_score=12.0 + 25 * (n % 4) + n % 10)
        for n in range(count)
    ]  # fmt: skip


def owners_day(*, full: bool = True) -> Digest:
    """A day with something in every list, or with nothing at all."""
    if not full:
        return digest(Owner.OPS_MANAGER, [], [], {}, NOW - timedelta(days=1), NOW, ZONE)
    tasks = [
        *(intervention(Kind.H1, 5 + n / 2, tutor=n) for n in range(2)),
        *(intervention(Kind.H1, 2.02 - n / 100, tutor=10 + n) for n in range(3)),
        *(intervention(Kind.H1, 0.3 + n / 24, tutor=20 + n) for n in range(13)),
    ]
    before = {"syn-t-0002": "medium", "syn-t-0003": "high", "syn-t-0006": "low",
              "syn-t-0008": "high", "syn-t-0009": "critical"}  # fmt: skip
    return digest(Owner.OPS_MANAGER, tasks, _rows(40), before, NOW - timedelta(days=1), NOW, ZONE)


def _overviews(first: date, count: int) -> dict[date, Overview]:
    return {
        first + timedelta(days=n): Overview(
            tutors=1404 - n // 9,
            at_risk={"low": 1180 - n, "medium": 172 + n % 5, "high": 38 + (n * 7) % 11,
                     "critical": 9 + n % 4},
            tiers={}, flags={}, sessions_30d=88_214,
            reschedule_rate=Share(0.0912 - n * 0.0002, 88_214),
            no_show_rate=Share(0.0211 + n * 0.0001, 88_214),
            first_session_success_rate=Share(0.81 + n * 0.0004, 3_120),
            as_of=None, predicted_tutors=1390, expected_departures_30d=31.4,
        )
        for n in range(count)
    }  # fmt: skip


def period(span: Span, *, known: bool = True) -> Summary:
    """A week or a month with its tasks; one of which nobody knows anything."""
    first = date(2026, 11, 9) if span is Span.WEEK else date(2026, 10, 1)
    last = date(2026, 11, 15) if span is Span.WEEK else date(2026, 10, 31)
    if not known:
        return summary(span, first, last, {}, [], NOW)
    begin = datetime(last.year, last.month, last.day, 12, tzinfo=UTC)
    days_ago = (NOW - begin) / timedelta(days=1)
    tasks = [intervention(Kind.H1, days_ago + n / 3, tutor=n) for n in range(12)]
    tasks += [intervention(Kind.A1, days_ago + n / 5, tutor=n) for n in range(30)]
    done = Order("complete", "someone", outcome=Outcome.IMPROVED)
    useful = Order("judge", "someone", opinion=Opinion.USEFUL)
    wrong = Order("judge", "someone", opinion=Opinion.NOT_USEFUL)
    tasks[:9] = [moved(one, done, begin) for one in tasks[:9]]
    tasks[:9] = [moved(one, wrong if n % 4 == 0 else useful, begin)
                 for n, one in enumerate(tasks[:9])]  # fmt: skip
    days = _overviews(first - timedelta(days=31), 63)
    return summary(span, first, last, days, tasks, NOW, departures=6)


def samples(letters: Letters) -> dict[str, tuple[Letter, Reader]]:
    """A letter of every kind and shape, and who reads it, by name."""
    facts = TutorFacts(("first sessions", "ratings"), "Mathematics", (ago(0.5), ago(0.12)))
    task_given = task(intervention(Kind.H1, 0.2), NOW)
    written: dict[str, tuple[MailKind, Callable[[Reader], Letter]]] = {
        "session_report": (
            MailKind.SESSION_REPORT, lambda to: letters.session_report(troubled_report(), to),
        ),
        "session_report_calm": (
            MailKind.SESSION_REPORT, lambda to: letters.session_report(calm_report(), to),
        ),
        "alert": (MailKind.ALERT, lambda to: letters.alert(alert_report(), to)),
        "alert_without_task": (
            MailKind.ALERT, lambda to: letters.alert(alert_report(tasks=()), to),
        ),
        "assigned": (
            MailKind.ASSIGNED,
            lambda to: letters.assigned(task_given, name_of(42), "somebody-else", to),
        ),
        "overdue": (MailKind.OVERDUE, lambda to: letters.overdue(overdue_tasks(), names(), to)),
        "daily_digest": (MailKind.DAILY_DIGEST, lambda to: letters.digest(owners_day(), to)),
        "daily_digest_empty": (
            MailKind.DAILY_DIGEST, lambda to: letters.digest(owners_day(full=False), to),
        ),
        "weekly_summary": (
            MailKind.WEEKLY_SUMMARY, lambda to: letters.summary(period(Span.WEEK), to),
        ),
        "monthly_summary": (
            MailKind.MONTHLY_SUMMARY, lambda to: letters.summary(period(Span.MONTH), to),
        ),
        "summary_unknown": (
            MailKind.WEEKLY_SUMMARY,
            lambda to: letters.summary(period(Span.WEEK, known=False), to),
        ),
    }  # fmt: skip
    for kind in TO_TUTORS:
        written[kind.value] = kind, partial(letters.to_tutor, kind, name_of(11), facts)
    readers = {name: reader_for(kind) for name, (kind, _) in written.items()}
    return {name: (write(readers[name]), readers[name]) for name, (_, write) in written.items()}


def sample_letters(letters: Letters) -> dict[str, Letter]:
    """The letters alone."""
    return {name: letter for name, (letter, _) in samples(letters).items()}
