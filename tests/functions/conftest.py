"""The functions on moto: the same table as the stack builds, one thread, an empty account a test."""

import os
from collections.abc import Iterator
from typing import Any

from moto import mock_aws

TABLE = "tutor-quality"
WEBHOOK_SECRET = "webhook-secret"
CURSOR_SECRET = "cursor-secret"
SIGNING_SECRET = "whsec_dGVzdHMtc2lnbi13aXRoLXRoaXMtc2VjcmV0"

# Functions read their environment when they are imported.
os.environ |= {
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "POWERTOOLS_SERVICE_NAME": "tests",
    "POWERTOOLS_METRICS_NAMESPACE": "TutorQuality",
    "STAGE": "test",
    "TABLE_NAME": TABLE,
    "SCORING_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/scoring",
    "WEBHOOK_SECRET_ARN": WEBHOOK_SECRET,
    "CURSOR_SECRET_ARN": CURSOR_SECRET,
    "RETRY_SECONDS": "1",
    "SWEEP_AFTER_SECONDS": "120",
}

import boto3  # noqa: E402: after moto, whose hooks clients take at their making
import pytest  # noqa: E402

from shared.aws.table import Table, table  # noqa: E402

LISTS = ("churn_score", "reschedule_rate", "sessions", "name", "updated_at", "p30")


def _text(*names: str) -> list[Any]:
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


def _key(partition: str, sort: str) -> list[Any]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]


def _index(name: str, partition: str, sort: str, *shown: str) -> Any:
    return {
        "IndexName": name,
        "KeySchema": _key(partition, sort),
        "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(shown)},
    }


@pytest.fixture
def account() -> Iterator[Table]:
    """An account with the empty table, the queue and both secrets."""
    with mock_aws():
        boto3.client("dynamodb").create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=_key("pk", "sk"),
            AttributeDefinitions=_text(
                "pk", "sk", "rated_at", "pending_shard", "pending_since", "listing",
                *(f"sort_{name}" for name in LISTS),
            ),
            LocalSecondaryIndexes=[_index("rated", "pk", "rated_at", "rating")],
            GlobalSecondaryIndexes=[
                _index("pending", "pending_shard", "pending_since", "kind"),
                *(_index(f"by_{name}", "listing", f"sort_{name}", "row") for name in LISTS),
            ],
        )  # fmt: skip
        boto3.client("sqs").create_queue(QueueName="scoring")
        secrets = boto3.client("secretsmanager")
        secrets.create_secret(
            Name=WEBHOOK_SECRET,
            SecretString=f'{{"current": "{SIGNING_SECRET}", "previous": null}}',
        )
        secrets.create_secret(Name=CURSOR_SECRET, SecretString="a cursor secret of the tests")
        yield table(TABLE)
