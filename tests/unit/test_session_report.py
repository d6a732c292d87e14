"""What administrators are told after a session: the most important first, and no student."""

from dataclasses import asdict, replace
from datetime import timedelta

import pytest

from shared.domain.churn_score import RiskLevel
from shared.domain.first_look import LOOKS
from shared.domain.flag import FLAG_RULES
from shared.domain.intervention import Intervention, Kind, Order, moved
from shared.domain.intervention_rule import RULE
from shared.domain.override import Override
from shared.domain.report import (
    MOST_INSIGHTS,
    NOTHING,
    SessionReport,
    Urgency,
    session_report,
)
from shared.domain.session import OutcomeKind, Party, Session, outcomes
from shared.domain.tutor_row import tutor_row
from tests.builders import (
    AS_OF,
    ago,
    card,
    completed,
    first,
    log,
    move,
    no_show,
    override,
    prediction,
    session,
    steady,
    tutor,
)
from tests.builders import moved as moved_session

CALM = steady(60)
MOVING = [moved_session(ago(day, hours=2)) for day in range(1, 9)]


def told(
    *history: Session,
    interventions: tuple[Intervention, ...] = (),
    changed: tuple[str, ...] = (),
    p30: float | None = None,
    score: float | None = None,
    level: RiskLevel | None = None,
    said: Override | None = None,
) -> SessionReport:
    """The report on the last session of a history."""
    known = card(log(*history))
    if level is not None:
        churn = replace(known.churn_score, level=level, value=score or known.churn_score.value)
        known = replace(known, churn_score=churn)
    row = tutor_row(known, tutor(), AS_OF, None, override=said)
    last = history[-1]
    foreseen = None if p30 is None else prediction(p30)
    return session_report(
        last, outcomes(last)[-1], known, row, foreseen, interventions, changed, AS_OF
    )


def opened(kind: Kind, *, due_in_days: float = 2, **fields: object) -> Intervention:
    due_at = AS_OF + timedelta(days=due_in_days)
    one = Intervention("t-7", kind, RULE[kind].owner, "It is so.", ago(3), due_at,
                       due_at + timedelta(days=14), 60.0)  # fmt: skip
    return replace(one, **fields)  # type: ignore[arg-type]


def test_what_changed_is_the_headline() -> None:
    report = told(*CALM, *MOVING, changed=("Risk rose from low to high.", "New flag."))

    assert report.tutor.headline == "Risk rose from low to high"
    assert report.tutor.urgency is Urgency.CHANGED


def test_without_a_change_confirmed_flags_are_the_headline() -> None:
    report = told(*CALM[:10], *MOVING)

    assert report.tutor.headline.startswith("High reschedule rate")
    assert report.tutor.urgency is Urgency.FLAGGED


def test_without_flags_the_risk_is_the_headline() -> None:
    report = told(*CALM, level=RiskLevel.HIGH)

    assert (report.tutor.headline, report.tutor.urgency) == ("High risk", Urgency.AT_RISK)


def test_a_flag_that_may_be_chance_is_only_something_to_watch() -> None:
    report = told(*steady(4), moved_session(ago(1)))

    assert report.tutor.headline == "To watch: high reschedule rate"
    assert report.tutor.urgency is Urgency.USUAL


def test_a_calm_session_is_nothing_unusual_and_nothing_to_do() -> None:
    report = told(*CALM)

    assert report.tutor.headline == NOTHING
    assert report.tutor.next_step == "Nothing to do."


def test_more_than_three_flags_are_counted() -> None:
    poor = [first(ago(day), rating=1.0) for day in range(1, 12)]

    report = told(*steady(60, rating=2.0), *MOVING, *poor, no_show(ago(3)))

    assert len(report.tutor.flags) > 3
    assert report.tutor.headline.endswith(" more")


def test_the_reschedule_rate_comes_with_what_it_rests_on() -> None:
    report = told(*CALM[:36], *MOVING)

    seen = report.tutor.rescheduling
    assert seen.value is not None
    assert (seen.moved, seen.sessions) == (8, round(8 / seen.value))
    assert seen.flag == "confirmed"


def test_a_tutor_without_sessions_has_no_rate() -> None:
    report = told(completed(ago(60)))

    assert report.tutor.rescheduling.value is None
    assert report.tutor.rescheduling.flag is None


def test_flags_are_explained_in_their_own_words_and_not_twice() -> None:
    report = told(*CALM, *MOVING)

    explained = [flag.explanation for flag in report.tutor.flags]
    assert set(report.tutor.insights[: len(explained)]) == set(explained)
    assert not [said for said in report.tutor.insights if "in the last 7 days" in said]


def test_moves_too_few_for_a_flag_are_an_insight() -> None:
    report = told(*steady(60, per_day=2), moved_session(ago(2)), moved_session(ago(1)))

    assert "The tutor moved 2 of 16 sessions in the last 7 days." in report.tutor.insights


def test_first_sessions_that_went_badly_are_an_insight() -> None:
    report = told(*CALM, first(ago(9), rating=5), first(ago(8), rating=5), first(ago(7), rating=5),
                  first(ago(6), rating=5), first(ago(5), rating=3.5))  # fmt: skip

    assert "1 of 5 first sessions was rated under 4 stars." in report.tutor.insights


def test_there_are_at_most_five_insights() -> None:
    poor = [first(ago(day), rating=1.0, late_start_minutes=30) for day in range(1, 12)]

    report = told(*steady(60, rating=2.0), *MOVING, *poor, no_show(ago(3)), p30=0.5)

    assert len(report.tutor.insights) == MOST_INSIGHTS


def test_what_raises_the_prediction_is_told_of_tutors_at_risk_alone() -> None:
    at_risk = told(*CALM, level=RiskLevel.HIGH, p30=0.4).tutor
    calm = told(*CALM, p30=0.4).tutor

    assert any("sessions down 45 %" in said for said in at_risk.insights)
    assert not any("sessions down 45 %" in said for said in calm.insights)
    assert at_risk.leaves_within_30d == 0.4


def test_open_tasks_come_by_when_they_are_due() -> None:
    tasks = (opened(Kind.H1, due_in_days=3), opened(Kind.H4, due_in_days=-1))

    report = told(*CALM, interventions=tasks)

    assert [(task.kind, task.overdue) for task in report.tutor.tasks] == [
        (Kind.H4, True),
        (Kind.H1, False),
    ]


def test_the_risk_is_the_managers_while_one_says_otherwise() -> None:
    report = told(*CALM, said=override(92.0)).tutor

    assert (report.risk_level, report.churn_score < 25) == (RiskLevel.CRITICAL, True)
    assert report.next_step != "Nothing to do."


def test_a_task_that_somebody_began_is_due_when_it_should_be_over() -> None:
    begun = moved(opened(Kind.H1), Order("start", "lee"), ago(1))

    (task,) = told(*CALM, interventions=(begun,)).tutor.tasks

    assert task.due_at == begun.finish_by


def test_what_runs_by_itself_is_nobodys_task() -> None:
    report = told(*CALM, interventions=(opened(Kind.A1),)).tutor

    assert (report.tasks, [task.title for task in report.running]) == ((), ["Coaching tips"])


def test_a_mail_that_could_not_reach_the_tutor_is_not_told_as_sent() -> None:
    refused = Order("note", "mail", reason="The tutor gets no such mail: no address.")

    report = told(*CALM, interventions=(moved(opened(Kind.A4), refused, ago(1)),)).tutor

    assert report.running == ()
    assert [task.title for task in report.undelivered] == ["Reschedule alert"]


def test_nothing_is_told_of_what_was_held_out_or_is_over() -> None:
    over = moved(opened(Kind.H1), Order("cancel", "lee", reason="no"), ago(1))

    report = told(*CALM, interventions=(over, opened(Kind.A1, held_out=True))).tutor

    assert (report.tasks, report.running) == ((), ())


@pytest.mark.parametrize(
    ("level", "opens"),
    [
        (RiskLevel.HIGH, "Coaching session opens when the churn score is above 50 for 7 days."),
        (RiskLevel.CRITICAL, "Improvement plan opens when the churn score is above 75 for 7 days."),
    ],
)
def test_at_high_risk_without_a_task_there_is_something_to_look_at_now(
    level: RiskLevel, opens: str
) -> None:
    report = told(*CALM, level=level)

    assert report.tutor.next_step == (
        f"Look at what the churn score is made of, and ask the tutor how things are. {opens}"
    )


def test_a_confirmed_flag_says_what_to_look_at_at_any_risk() -> None:
    report = told(*CALM, first(ago(1), rating=1.0), level=RiskLevel.MEDIUM)

    assert report.tutor.next_step == LOOKS["poor_first_session"]


def test_of_many_flags_the_gravest_two_say_what_to_look_at() -> None:
    poor = [first(ago(day), rating=1.0) for day in range(1, 12)]

    report = told(*steady(60, rating=2.0), *MOVING, *poor, no_show(ago(3))).tutor

    confirmed = [flag.code for flag in report.flags if flag.confirmed]
    found = [code for code, look in LOOKS.items() if look in report.next_step]
    assert len(confirmed) > 2
    assert found == confirmed[:2]


def test_every_flag_says_what_to_look_at() -> None:
    assert list(LOOKS) == [rule.code for rule in FLAG_RULES]


def test_a_moved_session_says_who_moved_it_and_how_long_before() -> None:
    asked = move(ago(1), original_time=ago(0, hours=4))
    report = told(*CALM, session(ago(0, hours=4), "rescheduled", moves=[asked]))  # type: ignore[arg-type]

    assert report.session.became is OutcomeKind.TUTOR_RESCHEDULE
    assert report.session.moved is not None
    assert report.session.moved.by is Party.TUTOR
    assert report.session.moved.notice_hours == 20


def test_of_two_moves_at_once_the_one_it_is_about_is_told() -> None:
    by_student = move(ago(1), by=Party.STUDENT, original_time=ago(0, hours=6))
    by_tutor = move(ago(1), by=Party.TUTOR, original_time=ago(0, hours=4))
    both = session(ago(0, hours=4), "rescheduled", moves=[by_student, by_tutor])  # type: ignore[arg-type]

    known = card(log(*CALM, both))
    row = tutor_row(known, tutor(), AS_OF, None)
    for about in outcomes(both):
        report = session_report(both, about, known, row, None, (), (), AS_OF)
        assert report.session.moved is not None
        assert about.kind == f"{report.session.moved.by}_reschedule"


def test_a_session_that_nobody_reported_can_not_be_told_of() -> None:
    known = card(log(*CALM))
    row = tutor_row(known, tutor(), AS_OF, None)

    with pytest.raises(ValueError, match="s-9 has no report yet"):
        session_report(Session("s-9"), outcomes(CALM[0])[0], known, row, None, (), (), AS_OF)


def test_no_student_and_nothing_that_anybody_wrote_is_in_it() -> None:
    why = move(ago(1), reason="my grandmother is ill", original_time=ago(0, hours=4))
    history = [*CALM, *MOVING, session(ago(0, hours=4), "rescheduled", moves=[why],  # type: ignore[arg-type]
                                       student_id="u-secret")]  # fmt: skip

    said = repr(asdict(told(*history)))

    assert "u-secret" not in said
    assert "grandmother" not in said
