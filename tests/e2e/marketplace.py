"""The marketplace as the tests play it: signed deliveries through the front door, like Rails."""

import json
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import urllib3

from infra_cdk.local.deployed import Deployed
from infra_cdk.local.sign_in import access_token
from shared.signature import sign

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook to post."""

    path: str
    webhook_id: str
    body: Body


class Marketplace:
    """Posts to and reads from one running stack."""

    def __init__(self, deployed: Deployed) -> None:
        self.deployed = deployed
        self._http = urllib3.PoolManager(maxsize=16, retries=False)

    def post(
        self, path: str, webhook_id: str, body: Body | bytes, secret: str | None = None
    ) -> tuple[int, Any]:
        """Deliver once, signed with that secret or the one the stack began with; the status and
        the answer."""
        signing = secret or self.deployed.webhook_secret
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        seconds = int(time.time())
        headers = {
            "content-type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(seconds),
            "webhook-signature": sign(signing, webhook_id, seconds, raw),
        }
        answer = self._http.request("POST", self._url(path), body=raw, headers=headers)
        return answer.status, json.loads(answer.data or b"null")

    def deliver(self, deliveries: Iterable[Delivery], *, workers: int = 8) -> None:
        """Deliver all, several at a time, each until it is accepted, as an outbox would."""
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(self._until_accepted, deliveries))

    def get(self, path: str, *, role: str = "ops_manager", user: str | None = None) -> Any:
        """Read as somebody with a role; raises AssertionError unless it is answered 200."""
        answer = self.ask(path, role=role, user=user)
        assert answer.status == 200, (path, answer.status, answer.data)
        return answer.json()

    def ask(
        self, path: str, *, role: str = "ops_manager", user: str | None = None
    ) -> urllib3.BaseHTTPResponse:
        """What somebody with a role is answered."""
        token = access_token(self.deployed, role, user=user)
        headers = {"authorization": f"Bearer {token}"}
        return self._http.request("GET", self._url(path), headers=headers)

    def eventually[T](self, look: Callable[[], T | None], seconds: float = 120) -> T:
        """What `look` finds, as soon as it finds something."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = look()
            if found:
                return found
            time.sleep(0.25)
        raise AssertionError(f"nothing after {seconds:g} s")

    def pending(self) -> int:
        """How many reports are accepted and not yet applied."""
        client, total = self.deployed.client("dynamodb"), 0
        for shard in range(4):
            answer = client.query(
                TableName=self.deployed.table,
                IndexName="pending",
                KeyConditionExpression="pending_shard = :shard",
                ExpressionAttributeValues={":shard": {"S": f"PENDING#{shard}"}},
                Select="COUNT",
            )
            total += answer["Count"]
        return total

    def drain(self, seconds: float = 120) -> None:
        """Wait until nothing is pending."""
        self.eventually(lambda: self.pending() == 0, seconds)

    def dead_letters(self) -> int:
        """How many messages were given up."""
        answer = self.deployed.client("sqs").get_queue_attributes(
            QueueUrl=self.deployed.dead_letter_urls["scoring"],
            AttributeNames=["ApproximateNumberOfMessages"],
        )
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])

    def invoke(self, function: str) -> None:
        """Start a function as its clock would."""
        answer = self.deployed.client("lambda").invoke(
            FunctionName=self.deployed.function_name(function), Payload=b"{}"
        )
        assert "FunctionError" not in answer, answer["Payload"].read()

    def _until_accepted(self, delivery: Delivery) -> None:
        for _ in range(60):
            try:
                status, answer = self.post(delivery.path, delivery.webhook_id, delivery.body)
            except urllib3.exceptions.HTTPError:
                status, answer = 503, None
            if status == 202:
                return
            assert status in (429, 503), (status, answer)
            time.sleep(0.5)
        raise AssertionError(f"{delivery.webhook_id} was never accepted")

    def _url(self, path: str) -> str:
        return f"{self.deployed.front_door}{path}"


def completed(session_id: str, tutor_id: str, hours_ago: float, **fields: Any) -> Body:
    """A report of a session completed so many hours ago."""
    at = datetime.now(UTC) - timedelta(hours=hours_ago)
    return {
        "session_id": session_id,
        "version": 1,
        "tutor_id": tutor_id,
        "student_id": "u-1",
        "scheduled_time": (at - timedelta(hours=1)).isoformat(),
        "completed_time": at.isoformat(),
        "status": "completed",
        **fields,
    }


def moved(session_id: str, tutor_id: str, hours_ago: float, **fields: Any) -> Body:
    """A report of a session its tutor moved so many hours ago."""
    at = datetime.now(UTC) - timedelta(hours=hours_ago)
    info = {
        "initiator": "tutor",
        "original_time": (at + timedelta(hours=30)).isoformat(),
        "new_time": (at + timedelta(hours=80)).isoformat(),
        "requested_at": at.isoformat(),
    }
    body = completed(session_id, tutor_id, hours_ago, **fields)
    del body["completed_time"]
    return {**body, "status": "rescheduled", "reschedule_info": info}
