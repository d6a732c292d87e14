"""sweep_mail: mails that are overdue are asked for again, and nothing else."""

from datetime import UTC, datetime, timedelta

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions import sweep_mail
from shared.aws.mail_table import MailTable
from shared.domain.mail import Mail, MailKind, mail_name
from tests.functions.conftest import Aws, Logged, about


def due(aws: Aws, seconds_ago: float, about: str = "kim") -> Mail:
    """A mail that should have been sent so long ago."""
    at = datetime.now(UTC) - timedelta(seconds=seconds_ago)
    mail = Mail(MailKind.OVERDUE, mail_name(at, MailKind.OVERDUE, about), at, at, person=about)
    MailTable(aws.store).put_new(mail)
    return mail


@pytest.mark.parametrize(
    ("seconds", "again"),
    [(-3_600, False), (0, False), (110, False), (121, True), (290, True)],
    ids=["later", "now", "under two minutes", "over two minutes", "under five minutes"],
)
def test_only_what_is_over_two_minutes_late_is_asked_for_again(
    aws: Aws, context: LambdaContext, seconds: float, again: bool
) -> None:
    mail = due(aws, seconds)

    assert sweep_mail.handler({}, context) == {"again": int(again)}
    assert aws.messages("mail") == ([{"mail_id": mail.mail_id}] if again else [])


def test_whoever_starts_it_by_hand_need_not_wait_for_the_tenth_minute(
    aws: Aws, context: LambdaContext
) -> None:
    due(aws, 25 * 60)

    assert sweep_mail.handler({}, context) == {"again": 0}
    assert sweep_mail.handler({"all": True}, context) == {"again": 1}


def test_what_was_sent_is_left_alone(aws: Aws, context: LambdaContext) -> None:
    mail = due(aws, 240)
    MailTable(aws.store).put(mail.done(datetime.now(UTC), "Late", "…", {"sam": "sent"}))

    assert sweep_mail.handler({}, context) == {"again": 0}


def test_every_mail_is_asked_for(aws: Aws, context: LambdaContext) -> None:
    mails = {due(aws, 240, f"person-{n}").mail_id for n in range(25)}

    assert sweep_mail.handler({}, context) == {"again": 25}
    assert {asked["mail_id"] for asked in aws.messages("mail")} == mails


def test_what_is_asked_for_again_goes_back_to_the_same_report(
    aws: Aws, context: LambdaContext, logged: Logged
) -> None:
    at = datetime.now(UTC) - timedelta(seconds=240)
    name = mail_name(at, MailKind.OVERDUE, "kim")
    mail = Mail(MailKind.OVERDUE, name, at, at, person="kim", correlation_ids=("w-1",))
    MailTable(aws.store).put_new(mail)

    sweep_mail.handler({}, context)

    assert about(logged()) == [("swept", "w-1")]
    assert aws.messages("mail") == [{"mail_id": mail.mail_id, "correlation_ids": ["w-1"]}]
