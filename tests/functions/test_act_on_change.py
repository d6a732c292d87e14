"""act_on_change: what is decided for a tutor is written once, whoever else is at it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions import act_on_change
from shared.aws import acting
from shared.aws.intervention_table import InterventionTable
from shared.aws.mail_table import MailTable
from shared.aws.scorecard_table import ScorecardTable, StoredCard
from shared.aws.scoring import Scoring
from shared.aws.table import VersionConflictError
from shared.aws.tutor_log import LogTable, Versioned
from shared.domain.churn_score import risk_level
from shared.domain.engine import decided
from shared.domain.event import EventType
from shared.domain.intervention import Kind, Order, Outcome, Status
from shared.domain.intervention import moved as after
from shared.domain.mail import Mail, MailKind, session_reports
from shared.domain.office import Office
from shared.domain.policy import Policy
from shared.domain.scorecard import daily_record
from shared.domain.session import Session
from shared.domain.situation import Facts, Situation
from shared.domain.tier import Tier
from shared.domain.tutor_row import tutor_row
from tests.builders import AS_OF, card, completed, event, first, log, move, tutor
from tests.functions.conftest import Aws, Logged, about, sqs_event, sqs_record

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
EVERYBODY = Policy().changed({"holdout_share": 0.0})


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch, aws: Aws) -> None:
    """Noon, and nobody is held out."""
    monkeypatch.setattr(act_on_change, "now", lambda: NOW)
    InterventionTable(aws.store).put_policy(EVERYBODY)


def scored(
    aws: Aws,
    tutor_id: str = "t-7",
    score: float = 10.0,
    nights: int = 0,
    joined: float = 400,
    as_of: datetime = NOW,
    **told: object,
) -> None:
    """A tutor with that churn score, now and for so many nights."""
    plain = card(log())
    here = replace(
        plain,
        tutor_id=tutor_id,
        as_of=as_of,
        churn_score=replace(plain.churn_score, value=score, level=risk_level(score)),
        **told,  # type: ignore[arg-type]
    )
    cards = ScorecardTable(aws.store)
    who = tutor(subjects=("French",), onboarding_date=NOW - timedelta(days=joined))
    row = tutor_row(here, who, AS_OF, None)
    cards.put_scorecard(here, row, cards.stored(tutor_id))
    midnight = NOW.replace(hour=0)
    for back in range(nights):
        cards.put_day(daily_record(replace(here, as_of=midnight - timedelta(days=back)), ()))


def taught(aws: Aws, *sessions: Session) -> None:
    logs = LogTable(aws.store)
    for session in sessions:
        logs.put_session(session, Versioned(None, 0))


def kinds(aws: Aws, tutor_id: str = "t-7") -> list[str]:
    found = InterventionTable(aws.store).of_tutor(tutor_id)
    return sorted(one.kind for one in found)


def act(context: LambdaContext, *tutor_ids: str) -> list[str]:
    """The messages that failed."""
    event = sqs_event(*({"tutor_id": tutor_id} for tutor_id in tutor_ids))
    answer = act_on_change.handler(event, context)
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def test_a_score_that_has_been_high_for_a_week_opens_coaching(
    aws: Aws, context: LambdaContext
) -> None:
    scored(aws, score=60, nights=7)

    assert act(context, "t-7") == []

    (coaching,) = InterventionTable(aws.store).open_ones()
    assert (coaching.kind, coaching.status, coaching.tutor_id) == ("H1", "pending", "t-7")
    assert coaching.why == "Churn score 60, above 50 for 7 days."


def test_a_message_that_comes_twice_changes_nothing_the_second_time(
    aws: Aws, context: LambdaContext
) -> None:
    scored(aws, score=60, nights=7)
    act(context, "t-7")
    before = aws.items("TUTOR#")

    act(context, "t-7", "t-7")

    assert aws.items("TUTOR#") == before


def test_a_first_session_is_asked_about(aws: Aws, context: LambdaContext) -> None:
    scored(aws)
    ended = NOW - timedelta(minutes=10)
    taught(aws, first(ended, tutor_id="t-7", session_id="s-new"))

    act(context, "t-7")

    (one,) = InterventionTable(aws.store).open_ones()
    assert (one.kind, one.evidence, one.due_at) == ("A3", ("s-new",), ended + timedelta(hours=2))


def test_first_sessions_that_ended_while_a_check_in_was_open_are_asked_about_by_the_next(
    aws: Aws, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored(aws)
    ended = NOW - timedelta(minutes=10)
    taught(aws, first(ended, tutor_id="t-7", session_id="s-1"))
    act(context, "t-7")
    table = InterventionTable(aws.store)
    (asked,) = table.open_ones()
    table.carried_out(asked.intervention_id, "mail", None, NOW + timedelta(hours=2))
    more = [
        first(ended + timedelta(hours=hours), tutor_id="t-7", session_id=f"s-{hours}")
        for hours in (3, 9)
    ]
    taught(aws, *more)

    monkeypatch.setattr(act_on_change, "now", lambda: NOW + timedelta(days=1, hours=12))
    act(context, "t-7")

    (next_one,) = table.open_ones()
    assert (next_one.kind, next_one.evidence) == ("A3", ("s-3", "s-9"))


def test_a_training_that_was_completed_ends_the_suggestion_of_one(
    aws: Aws, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = InterventionTable(aws.store)
    given = Situation("t-7", Facts(NOW, 30, risk_level(30), Tier.STRONG, skill_rating=3.0))
    (suggested,) = decided(given, table.desk("t-7", NOW).desk, EVERYBODY, Office())
    assert suggested.kind is Kind.A2
    table.put("t-7", [suggested], table.desk("t-7", NOW))
    scored(aws, score=30)
    done = event(EventType.TRAINING_COMPLETED, NOW + timedelta(days=1))
    LogTable(aws.store).put_event(done)

    monkeypatch.setattr(act_on_change, "now", lambda: NOW + timedelta(days=2))
    act(context, "t-7")

    after = table.intervention(suggested.intervention_id)
    assert after is not None
    assert (after.status, after.outcome) == (Status.COMPLETED, Outcome.IMPROVED)


def test_a_later_session_is_not(aws: Aws, context: LambdaContext) -> None:
    scored(aws)
    taught(aws, completed(NOW - timedelta(minutes=10), tutor_id="t-7", session_id="s-old"))

    act(context, "t-7")

    assert kinds(aws) == []


def test_a_tutor_nobody_scored_is_let_be(aws: Aws, context: LambdaContext) -> None:
    assert act(context, "t-unknown") == []


def test_a_message_that_is_none_fails_alone(aws: Aws, context: LambdaContext) -> None:
    scored(aws, score=60, nights=7)
    event = {"Records": [sqs_record("nonsense", 1), sqs_record({"tutor_id": "t-7"}, 2)]}

    answer = act_on_change.handler(event, context)

    assert len(answer["batchItemFailures"]) == 1
    assert kinds(aws) == ["H1"]


def test_what_was_decided_on_an_old_state_is_decided_again(
    aws: Aws, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody completes the coaching while the engine is about to cancel it."""
    scored(aws, score=60, nights=7)
    act(context, "t-7")
    table = InterventionTable(aws.store)

    def meanwhile(*told: object) -> object:
        monkeypatch.setattr(acting, "decided", decided)
        desk = table.desk("t-7", NOW)
        (coaching,) = desk.desk.interventions
        order = Order("complete", "sam", outcome=Outcome.IMPROVED)
        table.put("t-7", [after(coaching, order, NOW)], desk)
        return decided(*told)  # type: ignore[arg-type]

    scored(aws, score=10)
    monkeypatch.setattr(acting, "decided", meanwhile)

    assert act(context, "t-7") == []

    (kept,) = table.of_tutor("t-7")
    assert (kept.status, kept.outcome) == (Status.COMPLETED, Outcome.IMPROVED)


def test_two_that_read_the_same_desk_do_not_both_open(aws: Aws, context: LambdaContext) -> None:
    scored(aws, score=60, nights=7)
    table = InterventionTable(aws.store)
    read = table.desk("t-7", NOW)
    act(context, "t-7")
    (opened,) = table.open_ones()

    again = replace(opened, opened_at=NOW + timedelta(seconds=1))

    with pytest.raises(VersionConflictError):
        table.put("t-7", [again], read)

    assert kinds(aws) == ["H1"]


def test_a_mentor_is_proposed_who_has_room(aws: Aws, context: LambdaContext) -> None:
    scored(aws, "t-able", score=5, tier=Tier.EXEMPLARY)
    scored(aws, "t-7", score=40, joined=20, tier=Tier.DEVELOPING)

    act(context, "t-7")

    (mentoring,) = InterventionTable(aws.store).open_ones()
    assert (mentoring.kind, mentoring.mentor_id) == (Kind.H2, "t-able")


def test_what_is_held_out_is_kept_but_in_no_queue(aws: Aws, context: LambdaContext) -> None:
    table = InterventionTable(aws.store)
    table.put_policy(EVERYBODY.changed({"holdout_share": 0.5}))
    tutors = [f"t-{number}" for number in range(12)]
    for tutor_id in tutors:
        scored(aws, tutor_id)
        taught(aws, first(NOW, tutor_id=tutor_id, session_id=f"s-{tutor_id}"))

    act(context, *tutors)

    held = [one for tutor_id in tutors for one in table.of_tutor(tutor_id) if one.held_out]
    assert 0 < len(held) < len(tutors)
    assert {one.tutor_id for one in table.open_ones()} == set(tutors) - {h.tutor_id for h in held}


def test_the_queue_is_in_the_order_in_which_clocks_run_out(
    aws: Aws, context: LambdaContext
) -> None:
    scored(aws, "t-1", score=60, nights=7)
    scored(aws, "t-2")
    taught(aws, first(NOW, tutor_id="t-2", session_id="s-1"))

    act(context, "t-1", "t-2")

    assert [one.kind for one in InterventionTable(aws.store).open_ones()] == ["A3", "H1"]


def test_a_real_week_of_moves_brings_the_message(aws: Aws, context: LambdaContext) -> None:
    """From reports to the alert: scored as usual, the score's level is high enough."""
    sessions = [
        completed(NOW - timedelta(days=day), 4.0, tutor_id="t-7", session_id=f"s-{day}",
                  moves=[move(NOW - timedelta(days=day, hours=30), original_time=NOW)])
        for day in range(1, 6)
    ]  # fmt: skip
    taught(aws, *sessions)
    Scoring.of(aws.store).score("t-7", lambda: NOW)
    found = ScorecardTable(aws.store).card("t-7")
    assert found
    scored(aws, score=60, windows=found[0].windows)

    act(context, "t-7")

    assert "A4" in kinds(aws)


def test_cards_that_are_gone_by_are_no_trouble(aws: Aws, context: LambdaContext) -> None:
    """A card without a night beside it: nothing has lasted."""
    scored(aws, score=80)
    assert ScorecardTable(aws.store).stored("t-7") != StoredCard()

    act(context, "t-7")

    assert kinds(aws) == []


def due(aws: Aws) -> list[Mail]:
    return list(MailTable(aws.store).due(NOW + timedelta(days=1)))


def test_a_new_automated_intervention_puts_the_mail_that_carries_it_out(
    aws: Aws, context: LambdaContext
) -> None:
    scored(aws)
    taught(aws, first(NOW - timedelta(minutes=10), tutor_id="t-7", session_id="s-new"))

    act(context, "t-7")

    (mail,) = due(aws)
    (check_in,) = InterventionTable(aws.store).open_ones()
    assert (mail.kind, mail.about) == (
        MailKind.FIRST_SESSION_CHECK_IN,
        (check_in.intervention_id,),
    )
    assert mail.due_at == check_in.due_at
    assert aws.messages("mail") == []  # not before it is due


def session_report(aws: Aws, session_id: str) -> Mail:
    (mail,) = session_reports(None, completed(NOW, tutor_id="t-7", session_id=session_id), NOW, 1)
    MailTable(aws.store).put_new(mail)
    return mail


def test_a_session_report_that_waited_for_the_score_goes_out_and_says_what_moved(
    aws: Aws, context: LambdaContext
) -> None:
    scored(aws, score=10)
    act(context, "t-7")
    scored(aws, score=60)
    mail = session_report(aws, "s-1")

    act(context, "t-7")

    assert aws.messages("mail")[0] == {"mail_id": mail.mail_id}
    told = MailTable(aws.store).mail(mail.mail_id)
    assert told is not None
    assert told.settled
    assert told.moved == ("Risk rose from low to high",)


def test_a_session_report_waits_for_a_score_that_knows_its_session(
    aws: Aws, context: LambdaContext
) -> None:
    """What acts now may be a prediction, or the score of the session before."""
    scored(aws, score=10)
    (mail,) = session_reports(
        None, completed(NOW, tutor_id="t-7"), NOW, 1, noted_at=NOW + timedelta(seconds=1)
    )
    MailTable(aws.store).put_new(mail)

    act(context, "t-7")
    told = MailTable(aws.store).mail(mail.mail_id)
    assert told is not None
    assert not told.settled

    scored(aws, score=60, as_of=NOW + timedelta(seconds=2))
    act(context, "t-7")
    told = MailTable(aws.store).mail(mail.mail_id)
    assert told is not None
    assert told.moved == ("Risk rose from low to high",)


def test_of_two_sessions_at_once_the_newer_one_says_what_moved(
    aws: Aws, context: LambdaContext
) -> None:
    scored(aws, score=10)
    act(context, "t-7")
    scored(aws, score=60)
    older, newer = session_report(aws, "s-1"), session_report(aws, "s-2")

    act(context, "t-7")

    told = [MailTable(aws.store).mail(mail.mail_id) for mail in (older, newer)]
    assert [mail.moved if mail else None for mail in told] == [(), ("Risk rose from low to high",)]


def test_a_rise_to_high_alerts_once(aws: Aws, context: LambdaContext) -> None:
    for score in (10, 60, 10, 60):
        scored(aws, score=score)
        act(context, "t-7")

    (alert,) = due(aws)
    assert (alert.kind, alert.level) == (MailKind.ALERT, "high")
    assert aws.messages("mail") == [{"mail_id": alert.mail_id}]


def test_an_alert_that_did_not_help_ends_and_is_followed_up_in_one_write(
    aws: Aws, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three moves at one moment: escalated, completed, measured; and coaching opens."""
    windows = dict(card(log()).windows)
    windows["7d"] = windows["7d"] | {"tutor_reschedules": 3}
    scored(aws, score=60, windows=windows)
    act(context, "t-7")

    monkeypatch.setattr(act_on_change, "now", lambda: NOW + timedelta(days=14))

    assert act(context, "t-7") == []
    assert kinds(aws) == ["A4", "H1"]


def test_who_leaves_with_a_message_open_ends_it_in_one_write(
    aws: Aws, context: LambdaContext
) -> None:
    """Cancelled, and followed up as having left."""
    scored(aws)
    taught(aws, first(NOW - timedelta(minutes=10), tutor_id="t-7", session_id="s-new"))
    act(context, "t-7")
    cards = ScorecardTable(aws.store)
    here, row = cards.card("t-7") or pytest.fail("not scored")
    cards.put_scorecard(here, replace(row, status="resigned"), cards.stored("t-7"))

    assert act(context, "t-7") == []

    (left,) = InterventionTable(aws.store).of_tutor("t-7")
    assert (left.status, left.outcome, left.version) == (Status.CANCELLED, Outcome.CHURNED, 3)


def test_what_is_done_and_mailed_goes_back_to_the_reports(
    aws: Aws, context: LambdaContext, logged: Logged
) -> None:
    """Messages for one tutor that differ in that alone are worked off once, for all of it."""
    scored(aws, score=10)
    act(context, "t-7")
    scored(aws, score=60)
    (report,) = session_reports(
        None, completed(NOW, tutor_id="t-7"), NOW, 1, correlation_ids=("w-1",)
    )
    MailTable(aws.store).put_new(report)

    event = sqs_event(
        {"tutor_id": "t-7", "correlation_ids": ["w-1"]},
        {"tutor_id": "t-7", "correlation_ids": ["w-2"]},
    )
    act_on_change.handler(event, context)

    acted = logged()[1:]
    assert about(acted) == [("acted", "w-1 w-2")]
    mails = aws.messages("mail")
    assert acted[0]["mails"] == [mail["mail_id"] for mail in mails]
    assert {mail["mail_id"]: mail["correlation_ids"] for mail in mails} == {
        report.mail_id: ["w-1"],
        acted[0]["mails"][1]: ["w-1", "w-2"],
    }


def test_a_failure_says_what_it_goes_back_to(
    aws: Aws, context: LambdaContext, logged: Logged
) -> None:
    act_on_change.handler(sqs_event({"tutor": "t-7", "correlation_ids": ["w-1"]}), context)

    assert about(logged()) == [("failed", "w-1"), ("no back-off", "w-1")]
