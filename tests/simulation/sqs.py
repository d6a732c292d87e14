"""A small SQS in memory: standard queues, which may hand a message over twice and in any order."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

MOST_RECEIVES: Final = 5
"""After so many a message is put among the dead letters."""


@dataclass(slots=True)
class Message:
    """One message; `receipt` is what the last receiver may remove it by."""

    message_id: str
    body: str
    visible_at: float
    receives: int = 0
    receipt: str = ""


@dataclass(slots=True)
class Queue:
    """Messages, times in seconds; `visibility` is how long a received one is hidden."""

    visibility: float
    messages: list[Message] = field(default_factory=list)
    dead: list[Message] = field(default_factory=list)

    def visible(self, now: float) -> list[Message]:
        """What may be received, after burying what was received too often."""
        for one in [one for one in self.messages if one.receives >= MOST_RECEIVES]:
            if one.visible_at <= now:
                self.messages.remove(one)
                self.dead.append(one)
        return [one for one in self.messages if one.visible_at <= now]

    def delete(self, receipts: Iterable[str]) -> None:
        """Remove messages; not those that somebody else has received since."""
        gone = frozenset(receipts)
        self.messages = [one for one in self.messages if one.receipt not in gone]


class Sqs:
    """Calls by their names, as they stand in a request; `told` of what is put into which queue."""

    def __init__(self, queues: Mapping[str, Queue]) -> None:
        self.queues = queues
        self.told: Callable[[str, str], None] = lambda queue, body: None
        self._numbers = count(1)

    def call(self, name: str, asked: Mapping[str, Any], now: float) -> dict[str, Any]:
        """One call."""
        place = asked["QueueUrl"].rsplit("/", 1)[1]
        queue = self.queues[place]
        if name == "SendMessage":
            return self._send(place, asked, now)
        if name == "SendMessageBatch":
            taken = [{"Id": one["Id"], **self._send(place, one, now)} for one in asked["Entries"]]
            return {"Successful": taken, "Failed": []}
        if name == "ChangeMessageVisibility":
            for one in queue.messages:
                if one.receipt == asked["ReceiptHandle"]:
                    one.visible_at = now + asked["VisibilityTimeout"]
            return {}
        raise NotImplementedError(name)

    def receive(self, queue: Queue, some: list[Message], now: float) -> dict[str, Any]:
        """A batch as the event source hands it to a function."""
        for one in some:
            one.receives += 1
            one.receipt = f"r-{next(self._numbers)}"
            one.visible_at = now + queue.visibility
        return {
            "Records": [
                {
                    "messageId": one.message_id,
                    "receiptHandle": one.receipt,
                    "body": one.body,
                    "attributes": {"ApproximateReceiveCount": str(one.receives)},
                }
                for one in some
            ]
        }

    def _send(self, place: str, asked: Mapping[str, Any], now: float) -> dict[str, Any]:
        message_id = f"m-{next(self._numbers)}"
        at = now + asked.get("DelaySeconds", 0)
        self.told(place, asked["MessageBody"])
        self.queues[place].messages.append(Message(message_id, asked["MessageBody"], at))
        return {"MessageId": message_id}
