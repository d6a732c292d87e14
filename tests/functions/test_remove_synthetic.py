"""One command takes everything synthetic out of a stage, and nothing else."""

import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from events.world.feed import Feed
from events.world.history import simulate
from events.world.world import World
from functions import report_webhook, score_tutor
from infra_cdk.synthetic import is_synthetic, remove_synthetic, stop_feed
from shared.aws import key
from shared.aws.item import Item, key_item
from tests.functions.conftest import Aws, post, sqs_event

BREAKS_OFF = datetime(2026, 11, 1, tzinfo=UTC)
REAL = {
    "session_id": "s-1",
    "version": 1,
    "tutor_id": "t-1",
    "student_id": "u-1",
    "scheduled_time": "2026-11-01T10:00:00Z",
    "completed_time": "2026-11-01T11:00:00Z",
    "status": "completed",
}


def no_pause(_: float) -> None:
    return


def reported(kind: str, body: object, webhook_id: str, context: LambdaContext) -> None:
    """A report, taken and applied."""
    data = json.dumps(body).encode()
    call = post(f"/api/{kind}", data, webhook_id, at=datetime.now(UTC))
    assert report_webhook.handler(call, context)["statusCode"] == 202
    message = {"webhook_id": webhook_id}
    assert score_tutor.handler(sqs_event(message), context) == {"batchItemFailures": []}


@pytest.fixture
def blended(aws: Aws, context: LambdaContext) -> Aws:
    """A stage with one real tutor and a few hours of a synthetic world."""
    reported("sessions", REAL, "w-real", context)
    feed = Feed(simulate(World("hamlet", tutors=4, days=30), 1, BREAKS_OFF))
    told = feed.deliveries(BREAKS_OFF, BREAKS_OFF + timedelta(hours=20))
    assert {each.kind for each in told} >= {"sessions", "events", "tutors"}
    for each in told:
        reported(each.kind, each.body, each.webhook_id, context)
    return aws


def test_all_that_is_synthetic_goes_and_all_that_is_real_stays(blended: Aws) -> None:
    before = blended.items()

    removed = remove_synthetic(blended.store, no_pause)

    left = blended.items()
    assert removed == len(before) - len(left) > 50
    assert "syn-" not in json.dumps(left)
    assert left == [item for item in before if "syn-" not in json.dumps(item)]
    assert blended.items("TUTOR#t-1")


def test_a_stage_without_anything_synthetic_is_left_as_it_is(
    aws: Aws, context: LambdaContext
) -> None:
    reported("sessions", REAL, "w-real", context)
    before = aws.items()

    assert remove_synthetic(aws.store, no_pause) == 0
    assert aws.items() == before


def test_a_removed_world_may_come_back(blended: Aws, context: LambdaContext) -> None:
    remove_synthetic(blended.store, no_pause)
    feed = Feed(simulate(World("hamlet", tutors=4, days=30), 1, BREAKS_OFF))

    for each in feed.deliveries(BREAKS_OFF, BREAKS_OFF + timedelta(hours=12)):
        reported(each.kind, each.body, each.webhook_id, context)

    assert blended.items("TUTOR#syn-")


def test_a_stage_that_is_still_fed_is_not_said_to_be_clean(aws: Aws) -> None:
    def feed(_: float) -> None:
        aws.store.put(key_item(key.profile("syn-t-1")))

    feed(0)
    with pytest.raises(TimeoutError, match="still feeds"):
        remove_synthetic(aws.store, feed)


def test_the_feed_of_the_stage_is_stopped_and_no_other_clock(aws: Aws) -> None:
    scheduler = boto3.client("scheduler")
    for name in ("dev-feed_synthetic", "dev-sweep_inbox", "other-feed_synthetic"):
        scheduler.create_schedule(
            Name=name,
            ScheduleExpression="cron(0/15 * * * ? *)",
            ScheduleExpressionTimezone="UTC",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={
                "Arn": f"arn:aws:lambda:us-east-1:123456789012:function:tutor-quality-{name}:live",
                "RoleArn": "arn:aws:iam::123456789012:role/clock",
                "Input": "{}",
            },
        )

    stop_feed(scheduler, "dev")

    states = {
        each["Name"]: scheduler.get_schedule(Name=each["Name"])
        for each in scheduler.list_schedules()["Schedules"]
    }
    assert {name for name, each in states.items() if each["State"] == "DISABLED"} == {
        "dev-feed_synthetic"
    }
    assert states["dev-feed_synthetic"]["ScheduleExpression"] == "cron(0/15 * * * ? *)"
    assert states["dev-feed_synthetic"]["Target"]["Input"] == "{}"


@pytest.mark.parametrize(
    ("pk", "entity", "gone"),
    [
        ("TUTOR#syn-t-1", None, True),
        ("TUTOR#t-syn-1", None, False),
        ("MAIL#20261120T120000-alert-high~syn-t-1", None, True),
        ("MAIL#20261120T120000-alert-high~t-1", None, False),
        ("PERSON#syn-t-1", None, True),
        ("PERSON#ana", None, False),
        ("SESSION#syn-s-1", None, True),
        ("SESSION#s-1", None, False),
        ("VERSION#sessions#syn-s-1", None, True),
        ("VERSION#sessions#s-1", None, False),
        ("INBOX#msg-syn-s-1-v1", "syn-s-1", True),
        ("INBOX#msg-syn-s-1-v1", "s-1", False),
        ("HISTORY#9f86d081", None, True),
        ("PLATFORM", None, False),
        ("MODEL", None, False),
        ("SETTINGS", None, False),
        ("AUDIT#2026-11-20#3", None, False),
    ],
)
def test_what_counts_as_synthetic(pk: str, entity: str | None, gone: bool) -> None:
    item: Item = {"pk": {"S": pk}, "sk": {"S": "any"}}
    if entity:
        item["entity_id"] = {"S": entity}

    assert is_synthetic(item) is gone
