"""sweep_inbox: what waited over two minutes is hinted at again, and nothing else."""

from datetime import UTC, datetime, timedelta

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions import sweep_inbox
from shared.aws.inbox import Delivery, InboxTable
from tests.functions.conftest import Aws, Logged, about


def waits(aws: Aws, webhook_id: str, seconds: float) -> None:
    """A delivery that has waited so long."""
    at = datetime.now(UTC) - timedelta(seconds=seconds)
    InboxTable(aws.store).receive(
        Delivery(webhook_id, "events", int(at.timestamp()), "{}", "hash", webhook_id, "-", at)
    )


@pytest.mark.parametrize(
    ("seconds", "again"),
    [(0, False), (110, False), (121, True), (290, True)],
    ids=["just now", "under two minutes", "over two minutes", "under five minutes"],
)
def test_only_what_waited_over_two_minutes_is_hinted_again(
    aws: Aws, context: LambdaContext, seconds: float, again: bool
) -> None:
    waits(aws, "w-1", seconds)

    assert sweep_inbox.handler({}, context) == {"again": int(again)}
    assert aws.messages() == ([{"webhook_id": "w-1"}] if again else [])


def test_whoever_starts_it_by_hand_need_not_wait_for_the_tenth_minute(
    aws: Aws, context: LambdaContext
) -> None:
    waits(aws, "w-1", 25 * 60)

    assert sweep_inbox.handler({}, context) == {"again": 0}
    assert sweep_inbox.handler({"all": True}, context) == {"again": 1}


def test_what_is_applied_is_left_alone(aws: Aws, context: LambdaContext) -> None:
    waits(aws, "w-1", 240)
    InboxTable(aws.store).clear_pending("w-1", datetime.now(UTC))

    assert sweep_inbox.handler({}, context) == {"again": 0}


def test_every_partition_of_the_waiting_is_swept(aws: Aws, context: LambdaContext) -> None:
    for number in range(25):
        waits(aws, f"w-{number}", 240)

    assert sweep_inbox.handler({}, context) == {"again": 25}
    assert {each["webhook_id"] for each in aws.messages()} == {f"w-{n}" for n in range(25)}


def test_which_reports_were_hinted_again_is_logged(
    aws: Aws, context: LambdaContext, logged: Logged
) -> None:
    waits(aws, "w-1", 240)

    sweep_inbox.handler({}, context)

    assert about(logged()) == [("swept", "w-1")]
