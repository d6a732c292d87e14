"""The real table, queue and secret on an emulator without functions, and the functions in-process.

Nothing else runs beside the code that is measured, so every call counted is its own.
"""

import contextlib
import importlib
import io
import json
import os
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3

from infra_cdk.local.deployment import STACK, synthesize
from infra_cdk.local.emulator import ACCOUNT, REGION, Emulator, free_port
from infra_cdk.local.folder import Folder
from infra_cdk.local.stack import LOCAL_WEBHOOK_SECRET
from infra_cdk.package.code import mail_folder
from infra_cdk.stage import LOCAL
from shared.aws.model_registry import ModelRegistry
from shared.aws.model_store import ModelStore
from shared.aws.table import Table
from shared.domain.churn_model import Decision
from tests.bench.meter import Meter, item_bytes
from tests.churn_models import packed

TABLE = "bench"
MANAGERS = 2
"""Who are in the user pool, and get a report of every session as long as they want that."""
MODELS = "models"
ENTRANCE = "bench"


@dataclass(slots=True)
class Ran:
    """What one invocation used beside DynamoDB's units."""

    answer: Any
    cpu_seconds: float
    seconds: float
    log_bytes: int


class Store:
    """Addresses of the emulator's resources, and the functions bound to them."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._template = json.loads((synthesize() / f"{STACK}.template.json").read_text())[
            "Resources"
        ]
        self.dynamodb = self.client("dynamodb")
        self.dynamodb.create_table(TableName=TABLE, **self._table())
        self.queue_url = self.client("sqs").create_queue(QueueName="scoring")["QueueUrl"]
        self.churn_queue_url = self.client("sqs").create_queue(QueueName="churn")["QueueUrl"]
        self.action_queue_url = self.client("sqs").create_queue(QueueName="action")["QueueUrl"]
        self.mail_queue_url = self.client("sqs").create_queue(QueueName="mail")["QueueUrl"]
        ses = self.client("ses")
        ses.create_configuration_set(ConfigurationSet={"Name": "bench"})
        ses.verify_domain_identity(Domain=LOCAL.mail_from.rpartition("@")[2])
        self.client("s3").create_bucket(Bucket=MODELS)
        secrets = self.client("secretsmanager")
        webhook = {"current": LOCAL_WEBHOOK_SECRET, "previous": None}
        self._addresses = {
            "TABLE_NAME": TABLE,
            "SCORING_QUEUE_URL": self.queue_url,
            "CHURN_QUEUE_URL": self.churn_queue_url,
            "ACTION_QUEUE_URL": self.action_queue_url,
            "MAIL_QUEUE_URL": self.mail_queue_url,
            "MAIL_TEMPLATES": str(mail_folder()),
            "MAIL_CONFIGURATION_SET": "bench",
            "MODEL_BUCKET": MODELS,
            "USER_POOL_ID": _managers(self.client("cognito-idp")),
            "WEBHOOK_SECRET_ARN": _secret(secrets, "webhook", json.dumps(webhook)),
            "CURSOR_SECRET_ARN": _secret(secrets, "cursor", "bench" * 10),
            "ENTRANCE_SECRET_ARN": _secret(secrets, "entrance", json.dumps({"current": ENTRANCE})),
        }
        self.meter = Meter(self.dynamodb)
        boto3.setup_default_session()
        self.meter.attach(boto3.DEFAULT_SESSION)
        self._functions: dict[str, ModuleType] = {}

    def client(self, service: str) -> Any:
        """A boto3 client that nothing counts."""
        return boto3.Session().client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="local",
        )

    def function(self, name: str) -> ModuleType:
        """A file of `functions/`, imported with the settings the stack gives it."""
        if name not in self._functions:
            os.environ.update(self._environment(name))
            with contextlib.redirect_stdout(_OUTPUT):
                self._functions[name] = importlib.import_module(f"functions.{name}")
        return self._functions[name]

    def run(self, name: str, event: dict[str, Any]) -> Ran:
        """One invocation."""
        handler = self.function(name).handler
        before = len(_OUTPUT.getvalue())
        began, cpu_began = time.perf_counter(), time.process_time()
        with contextlib.redirect_stdout(_OUTPUT), warnings.catch_warnings(action="ignore"):
            answer = handler(event, None)
        cpu, took = time.process_time() - cpu_began, time.perf_counter() - began
        return Ran(answer, cpu, took, len(_OUTPUT.getvalue()) - before)

    def clear(self) -> None:
        """An empty table again; the functions stay bound to it."""
        self.dynamodb.delete_table(TableName=TABLE)
        self.dynamodb.create_table(TableName=TABLE, **self._table())

    def put_in_force(self) -> None:
        """A small churn model; what it costs to use hardly depends on its size."""
        registry = ModelRegistry(Table(self.dynamodb, TABLE))
        ModelStore(self.client("s3"), MODELS, registry).put_model(packed())
        now = datetime.now(UTC)
        registry.promote(Decision(now, "v1", None, promoted=True, reasons=()), None)

    def messages(self, queue_url: str = "") -> list[dict[str, Any]]:
        """The records that a queue's event source would hand over, all that wait."""
        sqs = self.client("sqs")
        records: list[dict[str, Any]] = []
        while True:
            found = sqs.receive_message(
                QueueUrl=queue_url or self.queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=0
            ).get("Messages", [])
            if not found:
                return records
            for message in found:
                handle = message["ReceiptHandle"]
                sqs.delete_message(QueueUrl=queue_url or self.queue_url, ReceiptHandle=handle)
                records.append(
                    {
                        "messageId": message["MessageId"],
                        "receiptHandle": message["ReceiptHandle"],
                        "body": message["Body"],
                        "attributes": {"ApproximateReceiveCount": "1"},
                    }
                )

    def held_bytes(self) -> int:
        """The size of everything in the table, without its indexes; uncounted."""
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=TABLE)
        return sum(item_bytes(item) for page in pages for item in page["Items"])

    def load(self, items: list[dict[str, Any]]) -> None:
        """Write many items, uncounted."""
        load(self.dynamodb, TABLE, items)

    def _table(self) -> dict[str, Any]:
        found = [r for r in self._template.values() if r["Type"] == "AWS::DynamoDB::Table"]
        properties = found[0]["Properties"]
        names = (
            "AttributeDefinitions",
            "BillingMode",
            "GlobalSecondaryIndexes",
            "KeySchema",
            "LocalSecondaryIndexes",
        )
        return {name: properties[name] for name in names}

    def _environment(self, function: str) -> dict[str, str]:
        """The function's settings of the template, its addresses replaced by ours."""
        handler = f"functions.{function}.handler"
        found = [
            r["Properties"]["Environment"]["Variables"]
            for r in self._template.values()
            if r["Type"] == "AWS::Lambda::Function" and r["Properties"]["Handler"] == handler
        ]
        stated = {name: value for name, value in found[0].items() if isinstance(value, str)}
        return stated | self._addresses


_OUTPUT = io.StringIO()


@contextlib.contextmanager
def bare_store() -> Iterator[Store]:
    """An emulator of its own with our table in it, gone afterwards."""
    path = Path(tempfile.mkdtemp(prefix="tutor-quality-bench-"))
    folder = Folder(path)
    lock = folder.lock()
    emulator = Emulator(folder, port=free_port(), keep_state=False, lock=lock)
    try:
        emulator.start()
        os.environ.update(
            AWS_ENDPOINT_URL=emulator.endpoint,
            AWS_DEFAULT_REGION=REGION,
            AWS_ACCESS_KEY_ID=ACCOUNT,
            AWS_SECRET_ACCESS_KEY="local",
        )
        yield Store(emulator.endpoint)
    finally:
        emulator.stop()
        os.close(lock)
        shutil.rmtree(path, ignore_errors=True)
        os.environ.pop("AWS_ENDPOINT_URL", None)
        for name in [name for name in sys.modules if name.startswith("functions.")]:
            del sys.modules[name]
        boto3.DEFAULT_SESSION = None


def load(dynamodb: Any, table: str, items: list[dict[str, Any]]) -> None:
    """Write many items, 25 a call."""
    for start in range(0, len(items), 25):
        puts = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
        while puts:
            left = dynamodb.batch_write_item(RequestItems={table: puts})
            puts = left["UnprocessedItems"].get(table, [])


def _managers(cognito: Any) -> str:
    """A user pool with as many operations managers as are counted with."""
    pool: str = cognito.create_user_pool(PoolName="bench")["UserPool"]["Id"]
    for group in ("ops_manager", "people_ops", "admin"):
        cognito.create_group(UserPoolId=pool, GroupName=group)
    for number in range(MANAGERS):
        address = {"Name": "email", "Value": f"manager-{number}@example.com"}
        named = {"UserPoolId": pool, "Username": f"manager-{number}"}
        cognito.admin_create_user(**named, UserAttributes=[address], MessageAction="SUPPRESS")
        cognito.admin_add_user_to_group(**named, GroupName="ops_manager")
    return pool


def _secret(client: Any, name: str, value: str) -> str:
    arn: str = client.create_secret(Name=name, SecretString=value)["ARN"]
    return arn
