"""The one table and how it is spoken to: time-outs, whole queries, and what went wrong."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from shared.aws.item import Item, key_item, number, text
from shared.aws.key import Key
from shared.aws.retention import gone

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

QUICK = Config(
    connect_timeout=1, read_timeout=3, retries={"total_max_attempts": 3, "mode": "standard"}
)
"""Shorter than the gateway's patience, so that a caller gets our answer and not a time-out."""

AwsError = (BotoCoreError, ClientError)


class VersionConflictError(Exception):
    """Someone else wrote the item since it was read: read again and decide again."""


class ThrottledError(Exception):
    """DynamoDB kept answering only a part of what was asked."""


ATTEMPTS = 20
"""More than workers ever write one tutor at once: who loses a race each time still gets a turn."""


@dataclass(slots=True)
class Races:
    """Lost by this process: how often work began again because somebody else wrote meanwhile."""

    _lost: int = 0

    def lose(self) -> None:
        self._lost += 1

    def lost(self) -> int:
        """Those since it was asked last."""
        lost, self._lost = self._lost, 0
        return lost


races: Final = Races()


def retried[T](work: Callable[[], T]) -> T:
    """What the work answers; it begins again, reading and all, when somebody else wrote meanwhile.

    Raises VersionConflictError where that happened ATTEMPTS times in a row.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return work()
        except VersionConflictError:
            races.lose()
    return work()


MOST_AT_ONCE = 100
"""Items of one BatchGetItem."""
PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Seconds between asking again for what was not processed."""

Condition = dict[str, Any]
"""What must hold for a write, as DynamoDB's request takes it."""

NEW: Condition = {"ConditionExpression": "attribute_not_exists(pk)"}


def unchanged(version: int) -> Condition:
    """The item still has the version it was read with; 0: there still is none."""
    if version == 0:
        return NEW
    return {
        "ConditionExpression": "version = :version",
        "ExpressionAttributeValues": {":version": number(version)},
    }


@dataclass(frozen=True, slots=True)
class Table:
    """The table's name and a client for it."""

    client: "DynamoDBClient"
    name: str

    def get(self, key: Key, *, gone_too: bool = False) -> Item | None:
        """One item, strongly read; with `gone_too` also one that is only not yet removed."""
        found: Any = self.client.get_item(
            TableName=self.name, Key=key_item(key), ConsistentRead=True
        )
        item: Item | None = found.get("Item")
        return item if item and (gone_too or not gone(item, time.time())) else None

    def get_many(self, keys: Iterable[Key]) -> Iterator[Item]:
        """Those of many items that there are, in any order; what was written just now may lack."""
        for some in batched(keys, MOST_AT_ONCE, strict=False):
            asked: Any = {self.name: {"Keys": [key_item(one) for one in some]}}
            for pause in (0.0, *PAUSES):
                time.sleep(pause)
                found: Any = self.client.batch_get_item(RequestItems=asked)
                yield from _kept(found["Responses"].get(self.name, []))
                asked = found.get("UnprocessedKeys")
                if not asked:
                    break
            else:
                raise ThrottledError

    def put(self, item: Item, condition: Condition | None = None) -> None:
        """Write one item; raises VersionConflictError when the condition does not hold."""
        try:
            self.client.put_item(TableName=self.name, Item=item, **(condition or {}))
        except (
            self.client.exceptions.ConditionalCheckFailedException,
            self.client.exceptions.TransactionConflictException,
        ) as error:
            raise VersionConflictError from error

    def delete(self, key: Key) -> None:
        """Remove one item, if it is there."""
        self.client.delete_item(TableName=self.name, Key=key_item(key))

    def query(
        self,
        pk: str,
        between: tuple[str, str],
        *,
        limit: int | None = None,
        newest: bool = False,
        strongly: bool = True,
    ) -> Iterator[Item]:
        """Items of one partition with sort keys in the closed range, strongly read, all pages.

        Not strongly costs half and may miss what was written in the last second.
        """
        request: dict[str, Any] = {
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :low AND :high",
            "ExpressionAttributeValues": {
                ":pk": text(pk),
                ":low": text(between[0]),
                ":high": text(between[1]),
            },
            "ConsistentRead": strongly,
            "ScanIndexForward": not newest,
        }
        return self.pages(request, limit)

    def pages(self, request: dict[str, Any], limit: int | None = None) -> Iterator[Item]:
        """All items of a query, page by page, or the first `limit` of them."""
        request = {"TableName": self.name, **request}
        left = limit
        while True:
            if left is not None:
                request["Limit"] = left
            page = self.client.query(**request)
            items: Sequence[Any] = page["Items"]
            yield from _kept(items)
            if left is not None:
                left -= len(items)
            last = page.get("LastEvaluatedKey")
            if not last or left == 0:
                return
            request["ExclusiveStartKey"] = last

    def transact(self, actions: Sequence[dict[str, Any]]) -> None:
        """All actions or none; raises VersionConflictError when a condition does not hold."""
        named = [
            {verb: {"TableName": self.name, **what} for verb, what in action.items()}
            for action in actions
        ]
        try:
            self.client.transact_write_items(TransactItems=named)  # type: ignore[arg-type]
        except self.client.exceptions.TransactionCanceledException as error:
            if set(cancellations(error)) & {"ConditionalCheckFailed", "TransactionConflict"}:
                raise VersionConflictError from error
            raise


def _kept(items: Iterable[Item]) -> Iterator[Item]:
    """Those that are still kept: DynamoDB may take days to remove the others."""
    now = time.time()
    return (item for item in items if not gone(item, now))


def fault_name(fault: Exception) -> str:
    """What a fault is called in logs: AWS's code where there is one, never its message."""
    if isinstance(fault, ClientError):
        return fault.response["Error"]["Code"]
    return type(fault).__name__


def cancellations(error: ClientError) -> list[str]:
    """The reason codes of a cancelled transaction, one an action."""
    response: dict[str, Any] = dict(error.response)
    return [reason.get("Code", "None") for reason in response.get("CancellationReasons", [])]


def table(name: str) -> Table:
    """The table of that name in the function's own account and region."""
    return Table(boto3.client("dynamodb", config=QUICK), name)
