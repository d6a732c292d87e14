"""The inbox: every report exactly as received, and which are not yet applied."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from shared.aws import key
from shared.aws.item import Item, key_item, number, text
from shared.aws.retention import kept_item
from shared.aws.table import NEW, Table, VersionConflictError, cancellations


class ContentConflictError(Exception):
    """The same id, or id and version, came before with other content."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery of a report.

    `version` is None where only `timestamp` (seconds, of the first accepted attempt) orders
    reports of the same thing. `content_hash` is over what `body` tells, and no more.
    """

    webhook_id: str
    kind: str
    timestamp: int
    body: str
    content_hash: str
    entity_id: str
    version: str | None
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Receipt:
    """How a delivery was taken: seen before or not, and whether it still waits to be applied."""

    duplicate: bool
    pending: bool


class InboxTable:
    """Receiving, applying and sweeping of reports."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def receive(self, delivery: Delivery, sent_hash: str | None = None) -> Receipt:
        """Store a delivery before it is answered; safe to repeat.

        One transaction writes the delivery and which content its version has, so that no fault
        between the two can turn a later correction away. `sent_hash` is over what was sent where
        less is stored: a copy from before that is known by it. Raises ContentConflictError.
        """
        actions = [self._put_once(_inbox_item(delivery))]
        if delivery.version is not None:
            actions.append(self._put_once(_version_item(delivery)))
        try:
            self._table.client.transact_write_items(TransactItems=actions)
        except self._table.client.exceptions.TransactionCanceledException as error:
            return self._known(delivery, sent_hash, error)
        return Receipt(duplicate=False, pending=True)

    def keep_aside(self, delivery: Delivery) -> None:
        """Store a delivery of other content, for a human to look at; safe to repeat."""
        item = _inbox_item(delivery)
        for waiting in ("pending_shard", "pending_since"):
            del item[waiting]
        aside = key.conflict(delivery.webhook_id, delivery.content_hash)
        self._table.put(item | kept_item(aside, delivery.received_at))

    def delivery(self, webhook_id: str) -> tuple[Delivery, bool] | None:
        """A delivery and whether it is still pending; None if there is no such delivery."""
        item = self._table.get(key.inbox(webhook_id))
        return (_delivery(item), "pending_since" in item) if item else None

    def state(self, webhook_id: str) -> str | None:
        """pending, applied, or quarantined and why; None if there is no such delivery."""
        item = self._table.get(key.inbox(webhook_id))
        return item["state"]["S"] if item else None

    def clear_pending(self, webhook_id: str, at: datetime, quarantined: str | None = None) -> None:
        """Mark a delivery as done: applied, or quarantined with the reason."""
        self._table.client.update_item(
            TableName=self._table.name,
            Key=key_item(key.inbox(webhook_id)),
            UpdateExpression="SET #state = :state, done_at = if_not_exists(done_at, :at) "
            "REMOVE pending_shard, pending_since",
            ConditionExpression="attribute_exists(pk)",
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={
                ":state": text(f"quarantined: {quarantined}" if quarantined else "applied"),
                ":at": text(key.stamp(at)),
            },
        )

    def pending_since(self, before: datetime) -> Iterator[tuple[str, datetime]]:
        """(webhook id, received at) of what has waited since before a moment, oldest first."""
        for shard in range(key.PENDING_SHARDS):
            request: dict[str, Any] = {
                "IndexName": "pending",
                "KeyConditionExpression": "pending_shard = :shard AND pending_since < :before",
                "ExpressionAttributeValues": {
                    ":shard": text(f"PENDING#{shard}"),
                    ":before": text(key.stamp(before)),
                },
            }
            for item in self._table.pages(request):
                webhook_id = item["pk"]["S"].removeprefix("INBOX#")
                yield webhook_id, datetime.fromisoformat(item["pending_since"]["S"])

    def _put_once(self, item: Item) -> Any:
        return {
            "Put": {
                "TableName": self._table.name,
                "Item": item,
                **NEW,
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            }
        }

    def _known(self, delivery: Delivery, sent_hash: str | None, error: ClientError) -> Receipt:
        """What a refused receipt means, from the items that stood in its way."""
        codes = cancellations(error)
        standing: list[Any] = error.response["CancellationReasons"]
        same = (delivery.content_hash, sent_hash)
        if codes[0] == "ConditionalCheckFailed":
            known = standing[0]["Item"]
            if known["content_hash"]["S"] not in same:
                raise ContentConflictError
            return Receipt(duplicate=True, pending="pending_since" in known)
        if codes[1:] == ["ConditionalCheckFailed"]:
            if standing[1]["Item"]["content_hash"]["S"] not in same:
                raise ContentConflictError
            return self._receive_again(delivery, sent_hash)
        raise error

    def _receive_again(self, delivery: Delivery, sent_hash: str | None) -> Receipt:
        """The same version with the same content under another webhook id."""
        try:
            self._table.put(_inbox_item(delivery), NEW)
        except VersionConflictError:
            return self.receive(delivery, sent_hash)
        return Receipt(duplicate=True, pending=True)


def _inbox_item(delivery: Delivery) -> Item:
    item = kept_item(key.inbox(delivery.webhook_id), delivery.received_at) | {
        "kind": text(delivery.kind),
        "timestamp": number(delivery.timestamp),
        "body": text(delivery.body),
        "content_hash": text(delivery.content_hash),
        "entity_id": text(delivery.entity_id),
        "received_at": text(key.stamp(delivery.received_at)),
        "state": text("pending"),
        "pending_shard": text(key.pending(delivery.webhook_id)),
        "pending_since": text(key.stamp(delivery.received_at)),
    }
    if delivery.version is not None:
        item["version"] = text(delivery.version)
    return item


def _version_item(delivery: Delivery) -> Item:
    at = key.version(delivery.kind, delivery.entity_id, delivery.version or "")
    return kept_item(at, delivery.received_at) | {
        "content_hash": text(delivery.content_hash),
        "webhook_id": text(delivery.webhook_id),
    }


def _delivery(item: Item) -> Delivery:
    return Delivery(
        webhook_id=item["pk"]["S"].removeprefix("INBOX#"),
        kind=item["kind"]["S"],
        timestamp=int(item["timestamp"]["N"]),
        body=item["body"]["S"],
        content_hash=item["content_hash"]["S"],
        entity_id=item["entity_id"]["S"],
        version=item["version"]["S"] if "version" in item else None,
        received_at=datetime.fromisoformat(item["received_at"]["S"]).astimezone(UTC),
    )
