"""AWS in process (moto) for the functions: the table, the queues, the secrets, the model store.

The environment is set before any function is imported, as Lambda does. What the table looks like
is compared with the stack's own description in tests/infra.
"""

import base64
import contextlib
import io
import json
import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

os.environ |= {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "TABLE_NAME": "tutor-quality",
    "SCORING_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/scoring",
    "CHURN_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/churn",
    "ACTION_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/action",
    "MAIL_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/mail",
    "BOUNCE_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/bounce",
    "MAIL_FROM": "quality@example.com",
    "MAIL_SENDER": "Tutor Quality <quality@example.com>",
    "MAIL_CONTACT": "care@example.com",
    "MAIL_CONFIGURATION_SET": "tutor-quality",
    "MAIL_TUTORS": "true",
    "MAIL_TEMPLATES": tempfile.mkdtemp(prefix="mails"),
    "SITE_URL": "https://quality.example.com",
    "USER_POOL_ID": "us-east-1_pool",
    "MODEL_BUCKET": "models",
    "VAULT_BUCKET": "vault",
    "WEBHOOK_SECRET_ARN": "webhook",
    "CURSOR_SECRET_ARN": "cursor",
    "ENTRANCE_SECRET_ARN": "entrance",
    "READERS": "1",
    "STAGE": "test",
    "POWERTOOLS_SERVICE_NAME": "test",
    "POWERTOOLS_METRICS_NAMESPACE": "TutorQuality",
    "POWERTOOLS_LOG_LEVEL": "CRITICAL",
}

import boto3
import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from moto import mock_aws

from shared.aws.entrance import HEADER
from shared.aws.retention import rule_of
from shared.aws.table import Table, table
from shared.signature import sign
from tests.table import TABLE

CURRENT, PREVIOUS = "whsec_Y3VycmVudC1zZWNyZXQ=", "whsec_cHJldmlvdXMtc2VjcmV0"
SECRET = json.dumps({"current": CURRENT, "previous": PREVIOUS})
ENTRANCE = "what-cloudfront-adds"
BY_CLOUDFRONT = {HEADER: ENTRANCE}
"""Stands on every request to what is not a signed webhook."""
QUEUES = ("scoring", "churn", "action", "mail", "bounce")


@dataclass(frozen=True)
class Aws:
    """The account of one test; a client takes longer to make than to ask."""

    store: Table
    sqs: Any
    s3: Any
    secrets: Any

    def items(self, prefix: str = "") -> list[dict[str, Any]]:
        """All items whose partition begins so, sorted."""
        return items(self.store, prefix)

    def messages(self, queue: str = "scoring") -> list[dict[str, Any]]:
        """What a queue holds, taken from it."""
        which: dict[str, Any] = {"QueueUrl": os.environ[f"{queue.upper()}_QUEUE_URL"]}
        found: list[dict[str, Any]] = []
        while taken := self.sqs.receive_message(**which, MaxNumberOfMessages=10).get("Messages"):
            for message in taken:
                found.append(json.loads(message["Body"]))
                self.sqs.delete_message(**which, ReceiptHandle=message["ReceiptHandle"])
        return found


def items(stored: Table, prefix: str = "") -> list[dict[str, Any]]:
    """All items whose partition begins so, sorted: a scan, which no function may do."""
    found: list[Any] = stored.client.scan(TableName=stored.name)["Items"]
    mine = [item for item in found if item["pk"]["S"].startswith(prefix)]
    return sorted(mine, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))


def user_pool(people: Iterable[tuple[str, str]] = ()) -> str:
    """The id of a new user pool with these people, each in a group; some may be in several."""
    cognito = boto3.client("cognito-idp")
    pool_id = cognito.create_user_pool(PoolName="pool")["UserPool"]["Id"]
    for group in ("ops_manager", "people_ops", "admin", "tutor"):
        cognito.create_group(UserPoolId=pool_id, GroupName=group)
    for name, group in people:
        with contextlib.suppress(cognito.exceptions.UsernameExistsException):
            cognito.admin_create_user(UserPoolId=pool_id, Username=name)
        cognito.admin_add_user_to_group(UserPoolId=pool_id, Username=name, GroupName=group)
    return pool_id


@pytest.fixture(scope="session")
def account() -> Iterator[Aws]:
    """Table, queues, bucket and secrets, made once: making them costs more than emptying them."""
    with mock_aws():
        boto3.client("dynamodb").create_table(**TABLE)
        made = Aws(
            table("tutor-quality"),
            boto3.client("sqs"),
            boto3.client("s3"),
            boto3.client("secretsmanager"),
        )
        for queue in QUEUES:
            made.sqs.create_queue(QueueName=queue)
        made.s3.create_bucket(Bucket="models")
        made.s3.create_bucket(Bucket="vault")
        made.secrets.create_secret(Name="webhook", SecretString=SECRET)
        made.secrets.create_secret(Name="cursor", SecretString="cursor-secret")
        both = json.dumps({"current": ENTRANCE, "previous": None})
        made.secrets.create_secret(Name="entrance", SecretString=both)
        yield made


TODAY = datetime(2026, 11, 27, tzinfo=UTC)
"""For what is kept so long: tests play on fixed days, and what they store is not to be gone."""


@pytest.fixture
def aws(account: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """The account with nothing in it, and the secrets as they were.

    What a test leaves there is kept as long as the table of retention says.
    """
    clock = SimpleNamespace(sleep=time.sleep, time=TODAY.timestamp)
    monkeypatch.setattr("shared.aws.table.time", clock)
    client, name = account.store.client, account.store.name
    for item in account.items():
        client.delete_item(TableName=name, Key={"pk": item["pk"], "sk": item["sk"]})
    for queue in QUEUES:
        account.messages(queue)
    for bucket in ("models", "vault"):
        for stored in account.s3.list_objects_v2(Bucket=bucket).get("Contents", []):
            account.s3.delete_object(Bucket=bucket, Key=stored["Key"])
    account.secrets.put_secret_value(SecretId="webhook", SecretString=SECRET)
    yield account
    monkeypatch.undo()  # what the test broke is whole again
    for item in account.items():
        rule = rule_of(item["pk"]["S"], item["sk"]["S"])
        assert (rule.days is not None) is ("expires_at" in item), f"{rule.what}: {item}"


@pytest.fixture
def context() -> LambdaContext:
    """What Lambda hands to a handler; ours do not look at it."""
    return LambdaContext()


type Logged = Callable[[], list[dict[str, Any]]]
"""What was logged so far, each line as its fields."""


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[Logged]:
    """What the functions log, all under one name here; they are silent otherwise."""
    logger, said = logging.getLogger("test"), io.StringIO()
    for handler in logger.handlers:
        monkeypatch.setattr(handler, "stream", said)
    logger.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in said.getvalue().splitlines()]
    logger.setLevel(logging.CRITICAL)


def about(lines: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    """(what is said, what it goes back to) of each line."""
    return [(line["message"], line.get("correlation_id")) for line in lines]


def post(
    path: str,
    body: bytes,
    webhook_id: str = "w-1",
    *,
    at: datetime,
    headers: Mapping[str, str | None] | None = None,
) -> dict[str, Any]:
    """A signed call as the HTTP API hands it on; None as a header's value leaves it out."""
    seconds = int(at.timestamp())
    sent: dict[str, str | None] = {
        "content-type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": sign(CURRENT, webhook_id, seconds, body),
    }
    sent |= headers or {}
    try:
        text, encoded = body.decode(), False
    except UnicodeDecodeError:
        text, encoded = base64.b64encode(body).decode(), True
    return {
        "rawPath": path,
        "headers": {name: value for name, value in sent.items() if value is not None},
        "body": text,
        "isBase64Encoded": encoded,
        "requestContext": {"requestId": "r-1", "http": {"method": "POST", "path": path}},
    }


def sqs_record(message: Any, number: int = 1, receives: int = 1) -> dict[str, Any]:
    """One message as SQS hands it to Lambda."""
    body = message if isinstance(message, str) else json.dumps(message)
    return {
        "messageId": f"m-{number}",
        "receiptHandle": f"r-{number}",
        "body": body,
        "attributes": {"ApproximateReceiveCount": str(receives)},
    }


def sqs_event(*messages: Any, receives: int = 1) -> dict[str, Any]:
    """A batch of messages m-1, m-2, …"""
    return {
        "Records": [
            sqs_record(message, number, receives) for number, message in enumerate(messages, 1)
        ]
    }
