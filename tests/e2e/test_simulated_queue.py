"""The queues that simulated histories run on do as the emulator of the whole service does."""

import json
import random
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from typing import Any, Final

import pytest

from infra_cdk.local.stack import LocalStack
from tests.simulation.sqs import MOST_RECEIVES, Queue, Sqs

pytestmark = pytest.mark.e2e

STEPS: Final = 120
HIDDEN: Final = 600
"""Seconds, longer than a test on any machine: nothing comes back by itself."""


class Emulated:
    """A queue of the emulator, with its dead letters.

    What a receipt is no longer good for is refused there, and does nothing in either.
    """

    def __init__(self, client: Any, name: str, visibility: int) -> None:
        self.client = client
        hidden = {"VisibilityTimeout": str(HIDDEN)}
        self.dead = client.create_queue(QueueName=f"{name}-dead", Attributes=hidden)["QueueUrl"]
        arn = client.get_queue_attributes(QueueUrl=self.dead, AttributeNames=["QueueArn"])
        policy = json.dumps(
            {
                "deadLetterTargetArn": arn["Attributes"]["QueueArn"],
                "maxReceiveCount": MOST_RECEIVES,
            }
        )
        attributes = {"VisibilityTimeout": str(visibility), "RedrivePolicy": policy}
        self.url = client.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        self.receipts: dict[str, str] = {}

    def send(self, *bodies: str, delay: int = 0) -> None:
        entries = [
            {"Id": str(n), "MessageBody": body, "DelaySeconds": delay}
            for n, body in enumerate(bodies)
        ]
        if len(bodies) == 1:
            self.client.send_message(QueueUrl=self.url, MessageBody=bodies[0], DelaySeconds=delay)
        else:
            self.client.send_message_batch(QueueUrl=self.url, Entries=entries)

    def receive(self) -> dict[str, int]:
        """Everything in sight: how often each was received by now."""
        found: dict[str, int] = {}
        while told := self._received(self.url):
            for one in told:
                found[one["Body"]] = int(one["Attributes"]["ApproximateReceiveCount"])
                self.receipts[one["Body"]] = one["ReceiptHandle"]
        return found

    def delete(self, receipt: str) -> None:
        with suppress(self.client.exceptions.ReceiptHandleIsInvalid):
            self.client.delete_message(QueueUrl=self.url, ReceiptHandle=receipt)

    def show(self, receipt: str) -> None:
        with suppress(self.client.exceptions.ReceiptHandleIsInvalid):
            self.client.change_message_visibility(
                QueueUrl=self.url, ReceiptHandle=receipt, VisibilityTimeout=0
            )

    def buried(self) -> set[str]:
        """Everything that was given up; it is out of sight afterwards."""
        found = set[str]()
        while told := self._received(self.dead):
            found |= {one["Body"] for one in told}
        return found

    def _received(self, url: str) -> Any:
        return self.client.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"]
        ).get("Messages", [])


class Doubled:
    """The same of the double."""

    def __init__(self, visibility: int) -> None:
        self.queue = Queue(visibility)
        self.sqs = Sqs({"doubled": self.queue})
        self.receipts: dict[str, str] = {}

    def send(self, *bodies: str, delay: int = 0) -> None:
        entries = [
            {"Id": str(n), "MessageBody": body, "DelaySeconds": delay}
            for n, body in enumerate(bodies)
        ]
        if len(bodies) == 1:
            self._call("SendMessage", **entries[0])
        else:
            self._call("SendMessageBatch", Entries=entries)

    def receive(self) -> dict[str, int]:
        found: dict[str, int] = {}
        now = time.monotonic()
        while some := self.queue.visible(now)[:10]:
            for one in self.sqs.receive(self.queue, some, now)["Records"]:
                found[one["body"]] = int(one["attributes"]["ApproximateReceiveCount"])
                self.receipts[one["body"]] = one["receiptHandle"]
        return found

    def delete(self, receipt: str) -> None:
        self.queue.delete([receipt])

    def show(self, receipt: str) -> None:
        self._call("ChangeMessageVisibility", ReceiptHandle=receipt, VisibilityTimeout=0)

    def buried(self) -> set[str]:
        found = {one.body for one in self.queue.dead}
        self.queue.dead.clear()
        return found

    def _call(self, name: str, **asked: Any) -> None:
        self.sqs.call(name, {"QueueUrl": "queues/doubled", **asked}, time.monotonic())


@pytest.fixture
def client(stack: LocalStack) -> Any:
    return stack.deployed.client("sqs")


names = (f"doubled-{number}" for number in count())


def both(client: Any, visibility: int) -> Iterator[Emulated | Doubled]:
    yield Emulated(client, next(names), visibility)
    yield Doubled(visibility)


@pytest.mark.parametrize("seed", range(3))
def test_what_is_received_removed_shown_again_and_buried_is_the_same(
    client: Any, seed: int
) -> None:
    rng, numbers = random.Random(seed), count()
    real, double = both(client, HIDDEN)
    ever_received, ever_buried = set[str](), set[str]()

    for step in range(STEPS):
        some = sorted(double.receipts)
        match rng.choice(("send", "receive", "receive", "delete", "show", "show", "show")):
            case "send":
                bodies = [f"{seed}-{next(numbers)}" for _ in range(rng.choice((1, 1, 3)))]
                for one in (real, double):
                    one.send(*bodies)
            case "receive":
                found = real.receive()
                assert double.receive() == found, step
                ever_received |= found.keys()
            case "delete" if some and rng.random() < 0.4:
                body = rng.choice(some)
                for one in (real, double):
                    one.delete(one.receipts.pop(body))
            case "show" if some:
                body = rng.choice(some)
                for one in (real, double):
                    one.show(one.receipts[body])
        gone = real.buried()
        assert double.buried() == gone, step
        ever_buried |= gone
        for body in gone:
            for one in (real, double):
                one.receipts.pop(body, None)

    assert len(ever_received) > 10
    assert ever_buried


def test_a_receipt_is_good_until_the_message_is_received_again(client: Any) -> None:
    for one in both(client, HIDDEN):
        one.send("a")
        one.receive()
        first = one.receipts["a"]
        one.show(first)
        assert one.receive() == {"a": 2}

        one.delete(first)
        one.show(one.receipts["a"])

        assert one.receive() == {"a": 3}, type(one)


def test_what_is_delayed_or_hidden_comes_in_its_time(client: Any) -> None:
    """No sooner, that is; how much later is the machine's doing."""
    for one in both(client, 5):
        began = time.monotonic()
        one.send("now")
        one.send("later", delay=3)
        assert one.receive() == {"now": 1}
        seen = dict[str, float]()
        while seen.keys() != {"now", "later"} and time.monotonic() - began < 60:
            for body in one.receive():
                seen.setdefault(body, time.monotonic() - began)
            time.sleep(0.1)

        assert seen["later"] > 2.9, type(one)
        assert seen["now"] > 4.9, type(one)
