"""send_mail: everybody who wants a mail gets it once, whoever dies meanwhile; nobody else does."""

import email
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.client import BaseClient
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from functions import send_mail, unsubscribe
from infra_cdk.package.mail import compiled_mails, write_mails
from shared.aws.delivery import LEASE
from shared.aws.intervention_table import InterventionTable, StoredDesk
from shared.aws.mail_table import MailTable
from shared.aws.mailer import Suppression
from shared.aws.preference_table import PreferenceTable
from shared.aws.scorecard_table import ScorecardTable
from shared.aws.tutor_log import LogTable, Versioned
from shared.channel import Alert, PermanentError, TransientError, UnansweredError
from shared.domain.churn_score import RiskLevel
from shared.domain.engine import Desk
from shared.domain.intervention import Intervention, Kind, Order, Owner, Status, moved, opened
from shared.domain.mail import (
    Mail,
    MailKind,
    MailState,
    alert,
    assignment,
    mail_name,
    tutor_mail,
)
from shared.domain.preference import Channel, Preference, QuietHours, Reports
from shared.domain.scorecard import daily_record
from shared.domain.session import OutcomeKind
from shared.domain.session import Status as SessionStatus
from shared.domain.tutor import TutorStatus
from shared.domain.tutor_row import tutor_row
from tests.builders import card, completed, log, session, tutor
from tests.functions.conftest import BY_CLOUDFRONT, Aws, Logged, about, sqs_event, user_pool

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass
class Post:
    """What SES was handed, and who is in the user pool."""

    pool_id: str

    def sent(self) -> list[EmailMessage]:
        backend: Any = ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"]
        return [
            email.message_from_string(one.raw_data, policy=default) for one in backend.sent_messages
        ]

    def to(self) -> list[str]:
        return sorted(mail["to"] for mail in self.sent())

    def joins(self, name: str, group: str = "ops_manager", address: str | None = "") -> None:
        cognito = boto3.client("cognito-idp")
        told = [{"Name": "email", "Value": address or f"{name}@example.com"}]
        cognito.admin_create_user(
            UserPoolId=self.pool_id, Username=name,
            UserAttributes=[] if address is None else told,  # type: ignore[arg-type]
        )  # fmt: skip
        cognito.admin_add_user_to_group(UserPoolId=self.pool_id, Username=name, GroupName=group)


def it_is(moment: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send_mail, "now", lambda: moment)


@pytest.fixture
def post(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Post:
    """A user pool with its groups, a domain that SES knows, and the time."""
    write_mails(Path(os.environ["MAIL_TEMPLATES"]), compiled_mails())
    pool_id = user_pool()
    ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].reset()
    ses = boto3.client("ses")
    ses.verify_domain_identity(Domain="example.com")
    ses.create_configuration_set(ConfigurationSet={"Name": "tutor-quality"})
    monkeypatch.setattr(send_mail.people, "pool_id", pool_id)
    monkeypatch.setattr(send_mail.people, "_groups", {})
    it_is(NOW, monkeypatch)
    return Post(pool_id)


def in_the_shadow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage that mails tutors nothing."""
    monkeypatch.setattr(send_mail, "delivery", replace(send_mail.delivery, mail_tutors=False))


def scored(aws: Aws, **profile: Any) -> None:
    """Tutor t-7, scored a minute ago."""
    cards, logs = ScorecardTable(aws.store), LogTable(aws.store)
    who = tutor(**({"name": "Ada Park", "email": "ada@example.org"} | profile))
    logs.put_tutor(who)
    plain = replace(card(log()), as_of=NOW - timedelta(minutes=1))
    cards.put_scorecard(plain, tutor_row(plain, who, NOW, None), cards.stored("t-7"))


def session_report(aws: Aws, moved: tuple[str, ...] = ()) -> Mail:
    """The report of a session that has just taken place."""
    logs = LogTable(aws.store)
    logs.put_session(completed(NOW - timedelta(minutes=5), session_id="s-1"), Versioned(None, 0))
    mail = Mail(
        kind=MailKind.SESSION_REPORT,
        name=mail_name(NOW, MailKind.SESSION_REPORT, "s-1"),
        made_at=NOW,
        due_at=NOW,
        tutor_id="t-7",
        about=("s-1", OutcomeKind.COMPLETED),
        moved=moved,
    )
    MailTable(aws.store).put_new(mail)
    return mail


def reschedule_alert(aws: Aws) -> tuple[Intervention, Mail]:
    return to_tutor(aws, Kind.A4)


def to_tutor(aws: Aws, kind: Kind) -> tuple[Intervention, Mail]:
    """One that runs by itself, and the mail that carries it out."""
    plain = Intervention(
        "t-7", kind, Owner.SYSTEM, "3 moved", NOW, NOW, NOW + timedelta(days=14), 60
    )
    one = opened(plain, NOW)
    InterventionTable(aws.store).put("t-7", [one], StoredDesk(Desk()))
    mail = tutor_mail(one)
    assert mail is not None
    MailTable(aws.store).put_new(mail)
    return one, mail


def send(context: LambdaContext, mail: Mail) -> bool:
    """Whether the message was worked off."""
    answer = send_mail.handler(sqs_event({"mail_id": mail.mail_id}), context)
    return bool(answer == {"batchItemFailures": []})


def state(aws: Aws, mail: Mail) -> Mail:
    found = MailTable(aws.store).mail(mail.mail_id)
    assert found is not None
    return found


def prefers(aws: Aws, name: str, **told: Any) -> None:
    PreferenceTable(aws.store).put(Preference(name, version=1, **told))


def test_a_session_is_reported_to_operations_and_the_report_is_kept(
    aws: Aws, post: Post, context: LambdaContext
) -> None:
    post.joins("ana")
    post.joins("ben")
    post.joins("cleo", "people_ops")
    scored(aws)
    mail = session_report(aws)

    assert send(context, mail)

    assert post.to() == ["ana@example.com", "ben@example.com"]
    done = state(aws, mail)
    assert done.state is MailState.DONE
    assert done.recipients == {"ana": "sent", "ben": "sent"}
    assert "Ada Park" in (done.subject or "")
    assert "unsubscribe" not in (done.text or "")


def test_a_mail_has_text_and_html_and_a_way_out(
    aws: Aws, post: Post, context: LambdaContext
) -> None:
    post.joins("ana")
    scored(aws)

    send(context, session_report(aws))

    (sent,) = post.sent()
    assert [part.get_content_type() for part in sent.iter_parts()] == ["text/plain", "text/html"]
    assert sent["list-unsubscribe"].startswith("<https://quality.example.com/api/unsubscribe/")
    assert sent["from"] == "Tutor Quality <quality@example.com>"
    assert sent["reply-to"] == "care@example.com"


def test_a_repeated_message_sends_nothing_more(
    aws: Aws, post: Post, context: LambdaContext
) -> None:
    post.joins("ana")
    scored(aws)
    mail = session_report(aws)

    for _ in range(3):
        assert send(context, mail)

    assert len(post.sent()) == 1


@pytest.mark.parametrize(
    ("reports", "moved", "told"),
    [
        (Reports.EVERY_SESSION, (), True),
        (Reports.CHANGES, (), False),
        (Reports.CHANGES, ("Risk rose from low to high",), True),
        (Reports.DIGEST_ONLY, ("Risk rose from low to high",), False),
    ],
)
def test_people_choose_which_sessions_they_are_told_of(
    aws: Aws,
    post: Post,
    context: LambdaContext,
    reports: Reports,
    moved: tuple[str, ...],
    told: bool,
) -> None:
    post.joins("ana")
    prefers(aws, "ana", reports=reports)
    scored(aws)
    mail = session_report(aws, moved)

    send(context, mail)

    assert bool(post.sent()) is told
    assert state(aws, mail).state is MailState.DONE


def test_a_session_that_was_voided_meanwhile_is_not_reported(
    aws: Aws, post: Post, context: LambdaContext
) -> None:
    post.joins("ana")
    scored(aws)
    mail = session_report(aws)
    logs = LogTable(aws.store)
    logs.put_session(session(NOW, SessionStatus.VOIDED, session_id="s-1"), logs.session("s-1"))

    assert send(context, mail)

    assert post.sent() == []
    assert state(aws, mail).because == "The session was voided."


def test_a_session_that_moved_to_another_tutor_is_reported_as_theirs_once_they_are_scored(
    aws: Aws, post: Post, context: LambdaContext
) -> None:
    post.joins("ana")
    scored(aws)
    mail = session_report(aws, ("Risk rose from low to high",))  # of the tutor before
    logs, cards = LogTable(aws.store), ScorecardTable(aws.store)
    logs.put_session(completed(NOW, session_id="s-1", tutor_id="t-8"), logs.session("s-1"))

    assert send(context, mail)

    assert post.sent() == []
    assert state(aws, mail).state is MailState.DUE

    grace = replace(tutor(name="Grace Hopper"), tutor_id="t-8")
    plain = replace(card(log()), tutor_id="t-8", as_of=NOW)
    cards.put_scorecard(plain, tutor_row(plain, grace, NOW, None), cards.stored("t-8"))
    assert send(context, mail)

    (sent,) = post.sent()
    assert "Grace Hopper" in sent["subject"]
    assert "Risk rose" not in sent.as_string()
    assert state(aws, mail).state is MailState.DONE


def test_an_alert_goes_to_whoever_wants_to_hear_of_that_level(
    aws: Aws, post: Post, context: LambdaContext
) -> None:
    post.joins("ana")
    post.joins("ben", "people_ops")
    prefers(aws, "ben", alert_level=RiskLevel.HIGH)
    scored(aws)
    mail = alert("t-7", NOW, "high", ("Risk rose from low to high",))
    MailTable(aws.store).put_new(mail)

    send(context, mail)

    assert post.to() == ["ben@example.com"]


def test_an_alert_waits_for_the_end_of_quiet_hours(
    aws: Aws, post: Post, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.joins("ana")
    prefers(
        aws, "ana", zone="Europe/Berlin", quiet=QuietHours(time(12), time(14, 30))
    )  # fmt: skip
    scored(aws)
    mail = alert("t-7", NOW, "critical", ("Risk rose from low to critical",))
    MailTable(aws.store).put_new(mail)

    assert send(context, mail)

    assert post.sent() == []
    later = state(aws, mail)
    assert (later.state, later.due_at) == (MailState.DUE, NOW.replace(hour=13, minute=30))

    it_is(later.due_at, monkeypatch)
    assert send(context, mail)
    assert len(post.sent()) == 1


HOOK = "https://hooks.slack.com/services/T0/B0/secret"


class Slack:
    """Whoever stands behind the webhook, and what they were told."""

    def __init__(self) -> None:
        self.told: list[Alert] = []
        self.faults: list[Exception] = []

    def send(self, to: str, alert: Alert) -> str:
        assert to == HOOK
        if self.faults:
            raise self.faults.pop()
        self.told.append(alert)
        return "ok"


@pytest.fixture
def slack(monkeypatch: pytest.MonkeyPatch) -> Slack:
    """Stands where the connection would leave the house."""
    there = Slack()
    monkeypatch.setattr(send_mail, "delivery", replace(send_mail.delivery, webhooks=there))
    return there


def alerted(aws: Aws, **chosen: Any) -> Mail:
    """An alert for Ana, who wants it by webhook."""
    prefers(aws, "ana", **({"alerts": (Channel.WEBHOOK,), "webhook_url": HOOK} | chosen))
    scored(aws)
    mail = alert("t-7", NOW, "critical", ("Risk rose from low to critical",))
    MailTable(aws.store).put_new(mail)
    return mail


def test_an_alert_takes_the_ways_that_were_chosen(
    aws: Aws, post: Post, slack: Slack, context: LambdaContext
) -> None:
    post.joins("ana")
    mail = alerted(aws)

    for _ in range(2):
        assert send(context, mail)

    (told,) = slack.told
    assert (told.lines, post.sent()) == (mail.moved, [])
    assert "Ada Park" in told.headline
    assert told.link == "https://quality.example.com/tutors/t-7"
    assert state(aws, mail).state is MailState.DONE


def left(aws: Aws) -> Mail:
    """What is left of a mail that others have."""
    (found,) = MailTable(aws.store).due(NOW + timedelta(days=9))
    return found


def test_a_webhook_that_fails_holds_no_mail_up_and_is_tried_again(
    aws: Aws,
    post: Post,
    slack: Slack,
    context: LambdaContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    post.joins("ana")
    mail = alerted(aws, alerts=(Channel.MAIL, Channel.WEBHOOK))
    slack.faults.append(TransientError("answered 503"))

    assert send(context, mail)
    assert (len(post.sent()), slack.told) == (1, [])
    assert state(aws, mail).state is MailState.DONE

    rest = left(aws)
    it_is(rest.due_at, monkeypatch)
    assert send(context, rest)
    assert (len(post.sent()), len(slack.told)) == (1, 1)
    assert state(aws, rest).state is MailState.DONE


def test_a_webhook_that_asks_for_time_is_given_it(
    aws: Aws, post: Post, slack: Slack, context: LambdaContext
) -> None:
    post.joins("ana")
    mail = alerted(aws)
    slack.faults.append(TransientError("answered 429", 600))

    assert send(context, mail)

    assert state(aws, mail).due_at == NOW + timedelta(minutes=10)


def test_a_webhook_that_is_away_is_asked_ever_less_often(
    aws: Aws,
    post: Post,
    slack: Slack,
    context: LambdaContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    post.joins("ana")
    mail = alerted(aws)
    slack.faults += [TransientError("answered 503")] * 99

    at, tries = NOW, 0
    while state(aws, mail).state is MailState.DUE:
        at, tries = max(at, state(aws, mail).due_at), tries + 1
        it_is(at, monkeypatch)
        assert send(context, mail)

    assert tries < 35
    assert len(post.sent()) == 1


def test_a_webhook_that_never_answers_is_asked_ever_less_often_and_mailed_in_the_end(
    aws: Aws,
    post: Post,
    slack: Slack,
    context: LambdaContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    post.joins("ana")
    mail = alerted(aws)
    slack.faults += [UnansweredError("TimeoutError")] * 99

    at, waits = NOW, []
    while state(aws, mail).state is MailState.DUE:
        at = max(at, state(aws, mail).due_at)
        waits.append((at - NOW) // timedelta(minutes=1))
        it_is(at, monkeypatch)
        assert send(context, mail)

    assert waits == [0, 1, 3, 7, 15, 31, 63, *range(123, 24 * 60 + 60, 60)]
    assert post.to() == ["ana@example.com"]


def test_a_webhook_that_says_nothing_and_one_that_is_away_wait_together(
    aws: Aws,
    post: Post,
    slack: Slack,
    context: LambdaContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    post.joins("ana")
    post.joins("ben")
    prefers(aws, "ben", alerts=(Channel.WEBHOOK,), webhook_url=HOOK)
    mail = alerted(aws)
    slack.faults += [UnansweredError("TimeoutError"), TransientError("answered 503")] * 9

    for _ in range(4):
        at = state(aws, mail).due_at
        it_is(at, monkeypatch)
        assert send(context, mail)

    assert len(slack.faults) == 18 - 2 * 4


def test_a_missed_deadline_is_told_by_mail_at_once_and_by_webhook_after_quiet_hours(
    aws: Aws,
    post: Post,
    slack: Slack,
    context: LambdaContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    post.joins("ana")
    prefers(
        aws, "ana", alerts=(Channel.WEBHOOK,), webhook_url=HOOK,
        quiet=QuietHours(time(11), time(13)),
    )  # fmt: skip
    scored(aws)
    mail = overdue_notice(aws, person=None)

    assert send(context, mail)
    assert (len(post.sent()), slack.told) == (1, [])

    rest = left(aws)
    assert (rest.person, rest.way, rest.due_at) == ("ana", "webhook", NOW.replace(hour=13))
    it_is(rest.due_at, monkeypatch)
    assert send(context, rest)
    assert (len(post.sent()), len(slack.told)) == (1, 1)


def test_where_the_webhook_is_dead_an_alert_comes_by_mail(
    aws: Aws, post: Post, slack: Slack, context: LambdaContext
) -> None:
    post.joins("ana")
    mail = alerted(aws)
    slack.faults.append(PermanentError("answered 404"))

    assert send(context, mail)

    assert len(post.sent()) == 1
    assert state(aws, mail).state is MailState.DONE


def overdue_notice(aws: Aws, person: str | None) -> Mail:
    """The notice of a coaching session that nobody held in time."""
    late = Intervention(
        "t-7", Kind.H1, Owner.OPS_MANAGER, "because", NOW - timedelta(days=3),
        NOW - timedelta(days=1), NOW, 60, assignee=person,
    )  # fmt: skip
    InterventionTable(aws.store).put("t-7", [late], StoredDesk(Desk()))
    mail = Mail(
        MailKind.OVERDUE, "overdue", NOW, NOW, owner=Owner.OPS_MANAGER, person=person,
        about=(late.intervention_id,),
    )  # fmt: skip
    MailTable(aws.store).put_new(mail)
    return mail


def test_a_notice_for_somebody_who_left_goes_to_their_colleagues(
    aws: Aws, post: Post, context: LambdaContext
) -> None:
    post.joins("ben")
    scored(aws)
    mail = overdue_notice(aws, person="ana")

    assert send(context, mail)

    assert post.to() == ["ben@example.com"]


def test_a_notice_for_somebody_who_looks_after_tutors_no_more_goes_to_their_colleagues(
    aws: Aws, post: Post, context: LambdaContext
) -> None:
    post.joins("ben")
    post.joins("eve", "tutor")
    scored(aws)

    assert send(context, overdue_notice(aws, person="eve"))

    assert post.to() == ["ben@example.com"]


def test_a_tutor_gets_the_mail_and_the_intervention_counts_as_carried_out(
    aws: Aws, post: Post, context: LambdaContext
) -> None:
    scored(aws)
    one, mail = reschedule_alert(aws)

    assert send(context, mail)

    after = InterventionTable(aws.store).intervention(one.intervention_id)
    assert post.to() == ["ada@example.org"]
    assert after is not None
    assert (after.status, after.acted_at, after.assignee) == (Status.IN_PROGRESS, NOW, None)
    assert state(aws, mail).state is MailState.DONE


@pytest.mark.parametrize("how", ["no address", "bounced", "unsubscribed", "in the shadow"])
@pytest.mark.parametrize(
    ("kind", "status"), [(Kind.A1, Status.CANCELLED), (Kind.A4, Status.PENDING)]
)
def test_what_can_not_reach_a_tutor_says_why_and_ends_unless_a_manager_is_to_look(
    aws: Aws,
    post: Post,
    context: LambdaContext,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
    kind: Kind,
    status: Status,
) -> None:
    scored(aws, email=None if how == "no address" else "ada@example.org")
    if how == "bounced":
        Suppression(aws.store).add("ADA@example.org", "bounced", NOW)
    if how == "unsubscribed":
        prefers(aws, "t-7", unsubscribed=("reschedule_alert", "coaching_tips"))
    if how == "in the shadow":
        in_the_shadow(monkeypatch)
    one, mail = to_tutor(aws, kind)

    assert send(context, mail)

    after = InterventionTable(aws.store).intervention(one.intervention_id)
    assert post.sent() == []
    assert after is not None
    assert (after.status, after.acted_at) == (status, None)
    assert how in after.steps[-1].said
    assert state(aws, mail).recipients == {"t-7": how}
    assert "Ada" in (state(aws, mail).text or ""), "managers read what would have been said"


def test_in_the_shadow_staff_is_mailed_as_ever(
    aws: Aws, post: Post, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_the_shadow(monkeypatch)
    post.joins("ana")
    scored(aws)

    assert send(context, session_report(aws))

    assert post.to() == ["ana@example.com"]


def test_what_tutors_would_have_got_in_the_shadow_does_not_go_out_afterwards(
    aws: Aws, post: Post, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored(aws)
    _, mail = reschedule_alert(aws)
    with monkeypatch.context() as shadow:
        in_the_shadow(shadow)
        assert send(context, mail)

    assert send(context, mail)

    assert post.sent() == []
    assert state(aws, mail).state is MailState.DROPPED


def test_an_intervention_that_is_over_is_not_mailed_about(
    aws: Aws, post: Post, context: LambdaContext
) -> None:
    scored(aws)
    one, mail = reschedule_alert(aws)
    table = InterventionTable(aws.store)
    over = replace(one, status=Status.CANCELLED, version=2)
    table.put("t-7", [over], table.desk("t-7", NOW))

    assert send(context, mail)

    assert post.sent() == []
    assert state(aws, mail).because == "The intervention is over."


def test_whoever_left_the_pool_gets_nothing(aws: Aws, post: Post, context: LambdaContext) -> None:
    post.joins("ana")
    boto3.client("cognito-idp").admin_disable_user(UserPoolId=post.pool_id, Username="ana")
    scored(aws)

    assert send(context, session_report(aws))

    assert post.sent() == []


class Crash(BaseException):
    """The worker is gone."""


@contextmanager
def broken_at(call: int, how: str) -> Iterator[list[str]]:
    """Break at the n-th AWS call: before it, or after it was carried out."""
    calls: list[str] = []
    whole: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

    def counted(self: Any, name: str, told: Any) -> Any:
        calls.append(name)
        if len(calls) - 1 == call and how == "crash before":
            raise Crash
        if len(calls) - 1 == call and how == "fault":
            raise EndpointConnectionError(endpoint_url="https://example.com")
        answer = whole(self, name, told)
        if len(calls) - 1 == call and how == "crash after":
            raise Crash
        return answer

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(BaseClient, "_make_api_call", counted)
        yield calls


@pytest.mark.parametrize("how", ["crash before", "crash after", "fault"])
@pytest.mark.parametrize("journey", ["a session report", "a tutor mail"])
def test_wherever_the_worker_dies_everybody_gets_it_once_or_twice_and_never_not(
    aws: Aws,
    post: Post,
    context: LambdaContext,
    monkeypatch: pytest.MonkeyPatch,
    journey: str,
    how: str,
) -> None:
    post.joins("ana")
    post.joins("ben")
    wanted = ["ada@example.org"] if journey == "a tutor mail" else [
        "ana@example.com", "ben@example.com",
    ]  # fmt: skip

    def due() -> Mail:
        for item in aws.items():
            place = {"pk": item["pk"], "sk": item["sk"]}
            aws.store.client.delete_item(TableName=aws.store.name, Key=place)
        ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sent_messages.clear()
        it_is(NOW, monkeypatch)
        scored(aws)
        return reschedule_alert(aws)[1] if journey == "a tutor mail" else session_report(aws)

    mail = due()
    with broken_at(-1, how) as calls:
        send(context, mail)
    assert post.to() == wanted
    for call, name in enumerate(calls):
        mail = due()
        with broken_at(call, how), suppress(Crash, EndpointConnectionError):
            send(context, mail)

        it_is(NOW + timedelta(minutes=4), monkeypatch)
        assert send(context, mail), f"broken at {name}, call {call}"

        assert sorted(set(post.to())) == wanted, f"broken at {name}, call {call}"
        assert len(post.to()) <= len(wanted) + 1, f"broken at {name}, call {call}"
        assert state(aws, mail).state is MailState.DONE


def test_a_mail_is_not_lost_however_many_workers_die_over_it(
    aws: Aws, post: Post, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.joins("ana")
    scored(aws)
    mail = session_report(aws)

    for minute in (0, 4, 8, 12):
        it_is(NOW + timedelta(minutes=minute), monkeypatch)
        with ses_that(Crash()), suppress(Crash):
            send(context, mail)
    it_is(NOW + timedelta(minutes=16), monkeypatch)
    send(context, mail)

    assert len(post.sent()) == 1
    assert state(aws, mail).state is MailState.DONE


def test_what_another_worker_is_at_is_left_to_them_until_they_are_surely_dead(
    aws: Aws, post: Post, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.joins("ana")
    scored(aws)
    mail = session_report(aws)
    MailTable(aws.store).claim(mail.mail_id, "ana", NOW, LEASE)

    assert not send(context, mail)
    assert post.sent() == []

    it_is(NOW + timedelta(minutes=4), monkeypatch)
    assert send(context, mail)
    assert len(post.sent()) == 1


def refused_by_ses(code: str, said: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": said}}, "SendRawEmail")


@contextmanager
def ses_that(fails: BaseException, *, after_taking_it: bool = False) -> Iterator[None]:
    """SES answers so to every mail, having taken it or not."""
    whole: Any = BaseClient._make_api_call  # type: ignore[attr-defined]

    def call(self: Any, name: str, told: Any) -> Any:
        if name != "SendRawEmail":
            return whole(self, name, told)
        if after_taking_it:
            whole(self, name, told)
        raise fails

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(BaseClient, "_make_api_call", call)
        yield


def test_while_ses_refuses_our_domain_mail_waits_and_goes_out_once_it_does_not(
    aws: Aws,
    post: Post,
    context: LambdaContext,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As in the sandbox: SES calls it MessageRejected, whoever it is for."""
    scored(aws)
    one, mail = reschedule_alert(aws)
    ses = boto3.client("ses")
    ses.delete_identity(Identity="example.com")

    assert not send(context, mail)

    assert '"SenderRefused":[1.0]' in capsys.readouterr().out
    kept = InterventionTable(aws.store).intervention(one.intervention_id)
    assert kept is not None
    assert kept.status is Status.PENDING
    ses.verify_domain_identity(Domain="example.com")
    assert send(context, mail)
    assert post.to() == ["ada@example.org"]


@pytest.mark.parametrize(
    "code",
    ["AccountSendingPausedException", "MailFromDomainNotVerifiedException", "AccessDenied",
     "ConfigurationSetDoesNotExistException", "Throttling"],
)  # fmt: skip
def test_what_is_not_about_the_recipient_loses_no_mail(
    aws: Aws, post: Post, context: LambdaContext, code: str
) -> None:
    scored(aws)
    _, mail = reschedule_alert(aws)

    with ses_that(refused_by_ses(code, "not now")):
        assert not send(context, mail)

    assert send(context, mail)
    assert len(post.sent()) == 1


def test_an_address_that_is_none_is_not_tried_again(
    aws: Aws, post: Post, context: LambdaContext
) -> None:
    scored(aws, email="ada@@example.org")
    one, mail = reschedule_alert(aws)

    with ses_that(refused_by_ses("InvalidParameterValue", "Domain contains illegal character")):
        assert send(context, mail)

    after = InterventionTable(aws.store).intervention(one.intervention_id)
    assert after is not None
    assert after.status is Status.PENDING
    assert after.steps[-1].said == "The tutor gets no such mail: refused."


@pytest.mark.parametrize(
    "fault",
    [ReadTimeoutError(endpoint_url="https://ses"), refused_by_ses("503", "Service Unavailable")],
    ids=["a time-out", "an answer of something on the way"],
)
def test_a_silent_ses_is_asked_ever_less_often_for_it_may_have_taken_the_mail(
    aws: Aws,
    post: Post,
    context: LambdaContext,
    monkeypatch: pytest.MonkeyPatch,
    fault: Exception,
) -> None:
    post.joins("ana")
    scored(aws)
    mail = session_report(aws)

    with ses_that(fault, after_taking_it=True):
        for minute in range(0, 60, 3):
            it_is(NOW + timedelta(minutes=minute), monkeypatch)
            assert not send(context, mail)

    assert len(post.sent()) == len([0, 3, 9, 21, 45])
    assert state(aws, mail).state is MailState.DUE


def test_a_mail_that_a_silent_ses_never_took_is_not_given_up_before_it_is_tried_once_more(
    aws: Aws, post: Post, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.joins("ana")
    scored(aws)
    mail = session_report(aws)

    with ses_that(ReadTimeoutError(endpoint_url="https://ses")):
        for minute in (0, 3, 9, 21, 45, 93, *range(153, 24 * 60, 60)):
            it_is(NOW + timedelta(minutes=minute), monkeypatch)
            assert not send(context, mail)

    it_is(NOW + timedelta(days=1), monkeypatch)
    assert not send(context, mail)
    it_is(NOW + timedelta(days=1, hours=1), monkeypatch)
    assert send(context, mail)
    assert post.to() == ["ana@example.com"]


def test_what_ses_certainly_did_not_take_is_not_counted(
    aws: Aws, post: Post, context: LambdaContext
) -> None:
    post.joins("ana")
    scored(aws)
    mail = session_report(aws)

    with ses_that(EndpointConnectionError(endpoint_url="https://ses")):
        for _ in range(9):
            assert not send(context, mail)

    assert send(context, mail)
    assert len(post.sent()) == 1


def test_while_ses_is_silent_nobody_waits_for_it_again_in_the_same_round(
    aws: Aws, post: Post, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ana", "ben", "cleo"):
        post.joins(name)
    scored(aws)
    mail = session_report(aws)

    with ses_that(ReadTimeoutError(endpoint_url="https://ses"), after_taking_it=True):
        assert not send(context, mail)

    assert post.to() == ["ana@example.com"]
    it_is(NOW + LEASE, monkeypatch)
    assert send(context, mail)
    assert set(post.to()) == {"ana@example.com", "ben@example.com", "cleo@example.com"}


def link(text: str, before: str) -> str:
    """The link that a mail shows behind some words."""
    (line,) = [line for line in text.splitlines() if line.startswith(f"{before}: ")]
    return line.removeprefix(f"{before}: ")


@pytest.mark.parametrize(
    ("words", "chosen"),
    [
        ("Only those that changed something", Reports.CHANGES),
        ("Daily digest only", Reports.DIGEST_ONLY),
    ],
)
def test_a_report_says_how_to_get_fewer_and_the_links_do_it(
    aws: Aws, post: Post, context: LambdaContext, words: str, chosen: Reports
) -> None:
    post.joins("ana")
    scored(aws)
    send(context, session_report(aws))
    (sent,) = post.sent()
    plain = sent.get_body(("plain",))
    assert plain is not None

    where = link(plain.get_content(), words).removeprefix("https://quality.example.com")
    answer = unsubscribe.handler(
        {
            "rawPath": where,
            "headers": BY_CLOUDFRONT | {"content-type": "application/x-www-form-urlencoded"},
            "body": "List-Unsubscribe=One-Click",
            "requestContext": {"requestId": "r-1", "http": {"method": "POST", "path": where}},
        },
        context,
    )

    found = PreferenceTable(aws.store).preference("ana")
    assert found is not None
    assert (answer["statusCode"], found.reports) == (200, chosen)


def test_an_admin_gets_the_summaries_they_chose_and_nothing_about_a_tutor(
    aws: Aws, post: Post, context: LambdaContext
) -> None:
    """Also who looked after tutors once, and kept the settings of then."""
    post.joins("ada", "admin")
    post.joins("bob", "admin")
    prefers(aws, "ada", reports=Reports.EVERY_SESSION, alert_level=RiskLevel.HIGH)
    scored(aws)
    warning = alert("t-7", NOW, "critical", ("Risk rose from low to critical",))
    summary = Mail(
        MailKind.WEEKLY_SUMMARY, "week", NOW, NOW, owner=Owner.OPS_MANAGER, about=("2026-11-09",)
    )
    for mail in (warning, summary):
        MailTable(aws.store).put_new(mail)

    for mail in (session_report(aws), warning, summary):
        assert send(context, mail)

    assert [mail["subject"][:5] for mail in post.sent()] == ["Week "]
    assert post.to() == ["ada@example.com"]


def test_equal_messages_of_a_batch_are_worked_off_once(
    aws: Aws, post: Post, context: LambdaContext
) -> None:
    post.joins("ana")
    scored(aws)
    message = {"mail_id": session_report(aws).mail_id}

    answer = send_mail.handler(sqs_event(message, "nonsense", message), context)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m-2"}]}
    assert len(post.sent()) == 1


def given(aws: Aws, assignee: str) -> tuple[Intervention, Mail]:
    """A coaching session that Sam gives to somebody, and the mail that says so."""
    table = InterventionTable(aws.store)
    due = NOW + timedelta(days=1)
    task = Intervention(
        "t-7", Kind.H1, Owner.OPS_MANAGER, "Churn score 68, above 50 for 7 days.",
        NOW - timedelta(days=1), due, due + timedelta(days=14), 60,
    )  # fmt: skip
    table.put("t-7", [task], StoredDesk(Desk()))
    after = moved(task, Order("reassign", "sam", assignee=assignee), NOW)
    mail = assignment(after, "sam", NOW)
    assert mail is not None
    table.put("t-7", [after], table.desk("t-7", NOW))
    MailTable(aws.store).put_new(mail)
    return after, mail


def test_who_is_given_a_task_is_told(aws: Aws, post: Post, context: LambdaContext) -> None:
    post.joins("ana", "people_ops")
    post.joins("ben")
    scored(aws)
    _, mail = given(aws, "ana")

    assert send(context, mail)

    (sent,) = post.sent()
    assert (sent["to"], sent["subject"]) == (
        "ana@example.com", "For you: coaching session, Ada Park",
    )  # fmt: skip
    plain = sent.get_body(("plain",))
    assert plain is not None
    assert "sam gave you this task" in plain.get_content()


def test_who_has_a_task_no_more_is_not_told(aws: Aws, post: Post, context: LambdaContext) -> None:
    post.joins("ana")
    scored(aws)
    task, mail = given(aws, "ana")
    table = InterventionTable(aws.store)
    passed_on = moved(task, Order("reassign", "sam", assignee="ben"), NOW)
    table.put("t-7", [passed_on], table.desk("t-7", NOW))

    assert send(context, mail)

    assert post.sent() == []
    assert state(aws, mail).because == "The task is over, or somebody else has it by now."


def digest_of(aws: Aws, owner: Owner, day: str, first: str, at: datetime) -> Mail:
    mail = Mail(
        MailKind.DAILY_DIGEST,
        mail_name(at, MailKind.DAILY_DIGEST, f"{owner}-{day}"),
        at,
        at,
        owner=owner,
        about=(first,),
    )
    MailTable(aws.store).put_new(mail)
    return mail


def test_a_task_given_across_roles_is_in_the_digest_of_who_has_it(
    aws: Aws, post: Post, context: LambdaContext
) -> None:
    post.joins("ana")
    post.joins("kim", "people_ops")
    scored(aws)
    given(aws, "kim")

    for owner in (Owner.OPS_MANAGER, Owner.PEOPLE_OPS):
        assert send(context, digest_of(aws, owner, "2026-11-20", "2026-11-19", NOW))

    (sent,) = post.sent()
    plain = sent.get_body(("plain",))
    assert plain is not None
    assert sent["to"] == "kim@example.com"
    assert "You have it." in plain.get_content()


def test_a_change_that_a_digest_told_is_not_in_the_next_one(
    aws: Aws, post: Post, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Levels are recorded at midnight, and digests tell of what changed until seven as well."""
    post.joins("ana")
    scored(aws)
    cards = ScorecardTable(aws.store)
    found = cards.card("t-7")
    assert found is not None
    for night in (19, 20):
        at = NOW.replace(day=night, hour=0)
        record = daily_record(replace(found[0], as_of=at), (), None)
        cards.put_day(replace(record, risk_level="critical"))
    monday = NOW.replace(hour=7)

    first = digest_of(aws, Owner.OPS_MANAGER, "2026-11-20", "2026-11-19", monday)
    assert send(context, first)
    assert state(aws, first).levels == {"t-7": "low"}

    later = NOW.replace(day=23, hour=7)
    it_is(later, monkeypatch)
    second = digest_of(aws, Owner.OPS_MANAGER, "2026-11-23", "2026-11-20", later)
    assert send(context, second)

    assert len(post.sent()) == 1
    assert state(aws, second).because == "Nothing is due and nothing moved."


def test_a_week_tells_who_left(aws: Aws, post: Post, context: LambdaContext) -> None:
    post.joins("ana")
    scored(aws, status=TutorStatus.RESIGNED, status_since=NOW.replace(day=12))
    mail = Mail(
        MailKind.WEEKLY_SUMMARY, "week", NOW, NOW, owner=Owner.OPS_MANAGER, about=("2026-11-09",)
    )
    MailTable(aws.store).put_new(mail)

    assert send(context, mail)

    assert "Tutors who left: 1" in (state(aws, mail).text or "")


def test_a_mail_goes_back_to_its_report(
    aws: Aws, post: Post, context: LambdaContext, logged: Logged
) -> None:
    scored(aws)
    post.joins("olga")
    hint = {"mail_id": session_report(aws).mail_id}

    send_mail.handler(sqs_event(hint | {"correlation_ids": ["w-1"]}), context)

    assert about(logged()) == [("sent", "w-1")]
    assert logged()[0]["mail_id"] == hint["mail_id"]
    assert len(post.sent()) == 1
