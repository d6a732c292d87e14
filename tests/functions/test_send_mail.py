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
from botocore.exceptions import EndpointConnectionError
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from functions import send_mail
from infra_cdk.package.mail import compiled_mails, write_mails
from shared.aws.intervention_table import InterventionTable, StoredDesk
from shared.aws.mail_table import MailTable
from shared.aws.mailer import Suppression
from shared.aws.preference_table import PreferenceTable
from shared.aws.scorecard_table import ScorecardTable
from shared.aws.tutor_log import LogTable, Versioned
from shared.channel import Alert, PermanentError, TransientError
from shared.domain.churn_score import RiskLevel
from shared.domain.engine import Desk
from shared.domain.intervention import Intervention, Kind, Owner, Status, opened
from shared.domain.mail import Mail, MailKind, MailState, alert, mail_name, tutor_mail
from shared.domain.preference import Channel, Preference, QuietHours, Reports
from shared.domain.session import OutcomeKind
from shared.domain.tutor_row import tutor_row
from tests.builders import card, completed, log, tutor
from tests.functions.conftest import Aws, sqs_event

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


@pytest.fixture
def post(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Post:
    """A user pool with its groups, a domain that SES knows, and the time."""
    write_mails(Path(os.environ["MAIL_TEMPLATES"]), compiled_mails())
    cognito = boto3.client("cognito-idp")
    pool_id = cognito.create_user_pool(PoolName="pool")["UserPool"]["Id"]
    for group in ("ops_manager", "people_ops"):
        cognito.create_group(UserPoolId=pool_id, GroupName=group)
    ses_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].reset()
    ses = boto3.client("ses")
    ses.verify_domain_identity(Domain="example.com")
    ses.create_configuration_set(ConfigurationSet={"Name": "tutor-quality"})
    monkeypatch.setattr(send_mail.people, "pool_id", pool_id)
    monkeypatch.setattr(send_mail.people, "_groups", {})
    monkeypatch.setattr(send_mail, "now", lambda: NOW)
    return Post(pool_id)


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
    """An A4 and the mail that carries it out."""
    plain = Intervention(
        "t-7", Kind.A4, Owner.SYSTEM, "3 moved", NOW, NOW, NOW + timedelta(days=14), 60
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
    assert (done.state, done.sent) == (MailState.DONE, 2)
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
    assert sent["from"] == "quality@example.com"


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
    logs.put_session(completed(NOW, session_id="s-1", tutor_id="t-8"), logs.session("s-1"))

    assert send(context, mail)

    assert post.sent() == []
    assert state(aws, mail).because == "The session was voided or moved to another tutor."


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

    monkeypatch.setattr(send_mail, "now", lambda: later.due_at)
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
    monkeypatch.setattr(send_mail, "webhooks", there)
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


def test_a_webhook_that_fails_holds_no_mail_up_and_is_tried_again(
    aws: Aws, post: Post, slack: Slack, context: LambdaContext
) -> None:
    post.joins("ana")
    mail = alerted(aws, alerts=(Channel.MAIL, Channel.WEBHOOK))
    slack.faults.append(TransientError("answered 503"))

    assert not send(context, mail)
    assert (len(post.sent()), slack.told) == (1, [])

    assert send(context, mail)
    assert (len(post.sent()), len(slack.told)) == (1, 1)


def test_a_webhook_that_refuses_is_not_tried_again(
    aws: Aws, post: Post, slack: Slack, context: LambdaContext
) -> None:
    post.joins("ana")
    mail = alerted(aws)
    slack.faults.append(PermanentError("answered 404"))

    assert send(context, mail)

    assert state(aws, mail).because == "Nobody could be reached: refused."


def test_what_nobody_takes_for_a_day_is_given_up(
    aws: Aws,
    post: Post,
    slack: Slack,
    context: LambdaContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    post.joins("ana")
    mail = alerted(aws)
    slack.faults += [TransientError("answered 503"), TransientError("answered 503")]
    assert not send(context, mail)

    monkeypatch.setattr(send_mail, "now", lambda: NOW + timedelta(days=1))
    assert send(context, mail)

    assert state(aws, mail).because == "Nobody could be reached: not taken for a day."


def test_a_notice_for_somebody_who_left_goes_to_their_colleagues(
    aws: Aws, post: Post, context: LambdaContext
) -> None:
    post.joins("ben")
    scored(aws)
    late = Intervention(
        "t-7", Kind.H1, Owner.OPS_MANAGER, "because", NOW - timedelta(days=3),
        NOW - timedelta(days=1), NOW, 60, assignee="ana",
    )  # fmt: skip
    InterventionTable(aws.store).put("t-7", [late], StoredDesk(Desk()))
    about = (late.intervention_id,)
    mail = Mail(
        MailKind.OVERDUE, "overdue", NOW, NOW, owner=Owner.OPS_MANAGER, person="ana", about=about
    )
    MailTable(aws.store).put_new(mail)

    assert send(context, mail)

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
    assert (after.status, after.acted_at) == (Status.IN_PROGRESS, NOW)
    assert state(aws, mail).state is MailState.DONE


@pytest.mark.parametrize("how", ["no address", "bounced", "unsubscribed"])
def test_what_can_not_reach_a_tutor_is_cancelled_and_says_why(
    aws: Aws, post: Post, context: LambdaContext, how: str
) -> None:
    scored(aws, email=None if how == "no address" else "ada@example.org")
    if how == "bounced":
        Suppression(aws.store).add("ADA@example.org", "bounced", NOW)
    if how == "unsubscribed":
        prefers(aws, "t-7", unsubscribed=("reschedule_alert",))
    one, mail = reschedule_alert(aws)

    assert send(context, mail)

    after = InterventionTable(aws.store).intervention(one.intervention_id)
    assert post.sent() == []
    assert after is not None
    assert after.status is Status.CANCELLED
    assert how in after.steps[-1].said


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
    from botocore.client import BaseClient

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
        monkeypatch.setattr(send_mail, "now", lambda: NOW)
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

        monkeypatch.setattr(send_mail, "now", lambda: NOW + timedelta(minutes=4))
        assert send(context, mail), f"broken at {name}, call {call}"

        assert sorted(set(post.to())) == wanted, f"broken at {name}, call {call}"
        assert len(post.to()) <= len(wanted) + 1, f"broken at {name}, call {call}"
        assert state(aws, mail).state is MailState.DONE


def test_what_another_worker_is_at_is_left_to_them_until_they_are_surely_dead(
    aws: Aws, post: Post, context: LambdaContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    post.joins("ana")
    scored(aws)
    mail = session_report(aws)
    MailTable(aws.store).claim(mail.mail_id, "ana", NOW, send_mail.LEASE)

    assert not send(context, mail)
    assert post.sent() == []

    monkeypatch.setattr(send_mail, "now", lambda: NOW + timedelta(minutes=4))
    assert send(context, mail)
    assert len(post.sent()) == 1
