"""send_digest: each morning's mails are put once, also where an hour or a queue was missed."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import EndpointConnectionError

from functions import send_digest
from shared.aws.intervention_table import InterventionTable
from shared.aws.mail_table import MailTable
from shared.aws.queue import mail_queue
from shared.domain.business_hours import Calendar
from shared.domain.intervention import Owner
from shared.domain.office import Office
from tests.functions.conftest import Aws

LATER = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def offices(aws: Aws) -> None:
    """Operations work in Chicago, people operations in Berlin, where Tuesday is a holiday."""
    berlin = Calendar("Europe/Berlin", holidays=frozenset({date(2026, 11, 24)}))
    calendars = {Owner.OPS_MANAGER: Calendar("America/Chicago"), Owner.PEOPLE_OPS: berlin}
    InterventionTable(aws.store).put_office(Office(calendars, version=1))


def run(text: str) -> int:
    answer: dict[str, int] = send_digest.handler({"time": text}, LambdaContext())
    return answer["new"]


def names(aws: Aws) -> list[str]:
    return [mail.name for mail in MailTable(aws.store).due(LATER)]


def test_a_digest_is_put_when_it_is_seven_where_its_readers_are(aws: Aws) -> None:
    assert run("2026-11-24T12:00:00Z") == 0
    assert run("2026-11-24T13:00:00Z") == 1

    assert names(aws) == ["20261124T130000-daily_digest-ops_manager-2026-11-24"]
    (asked,) = aws.messages("mail")
    assert asked == {"mail_id": "20261124T130000-daily_digest-ops_manager-2026-11-24~"}


def test_an_hour_later_it_is_not_put_again(aws: Aws) -> None:
    run("2026-11-24T13:00:00Z")
    before = aws.items()

    assert run("2026-11-24T13:00:00Z") == 0
    assert run("2026-11-24T14:00:00Z") == 0
    assert aws.items() == before


def test_a_missed_hour_is_made_up_for_on_the_same_day(aws: Aws) -> None:
    run("2026-11-24T22:00:00Z")

    assert names(aws) == ["20261124T130000-daily_digest-ops_manager-2026-11-24"]


def test_after_a_holiday_the_week_is_summed_up_once(aws: Aws) -> None:
    assert run("2026-11-23T07:00:00Z") == 2  # Berlin's Monday: a digest and last week's summary
    assert run("2026-11-24T07:00:00Z") == 0
    assert run("2026-11-25T07:00:00Z") == 1


def test_what_was_sent_is_not_put_again(aws: Aws) -> None:
    run("2026-11-24T13:00:00Z")
    mails = MailTable(aws.store)
    (mail,) = mails.due(LATER)
    at = datetime(2026, 11, 24, 13, 1, tzinfo=UTC)
    mails.put(mail.done(at, "Your day", "…", {"sam": "sent"}))

    assert run("2026-11-24T14:00:00Z") == 0


def test_a_queue_that_is_away_loses_nothing(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://sqs")

    away = mail_queue(send_digest.env.MAIL_QUEUE_URL)
    away.client.meta.events.register("before-call", refuse)
    monkeypatch.setattr(send_digest, "queue", away)

    assert run("2026-11-24T13:00:00Z") == 1
    assert len(names(aws)) == 1
