"""The table that simulated histories run on answers as the emulator of the whole service does."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra_cdk.local.stack import LocalStack
from tests.simulation.dynamo import Dynamo, RefusedError
from tests.table import TABLE

pytestmark = pytest.mark.e2e

NAME = "double"
CALLS = 400
METHODS = {
    "GetItem": "get_item",
    "PutItem": "put_item",
    "UpdateItem": "update_item",
    "DeleteItem": "delete_item",
    "BatchGetItem": "batch_get_item",
    "TransactWriteItems": "transact_write_items",
    "Query": "query",
}
NEW = {"ConditionExpression": "attribute_not_exists(pk)"}


@pytest.fixture(scope="module")
def client(stack: LocalStack) -> Iterator[Any]:
    found = stack.deployed.client("dynamodb")
    found.create_table(**TABLE | {"TableName": NAME})
    yield found
    found.delete_table(TableName=NAME)


@pytest.mark.parametrize("seed", range(4))
def test_the_double_answers_as_the_emulator_does(client: Any, seed: int) -> None:
    rng, double, continued = random.Random(seed), Dynamo(TABLE), 0
    for call in range(CALLS):
        name, asked = some_call(rng, f"{seed}")
        real, mine = asked_of(client, name, asked), asked_of_double(double, name, asked)

        assert mine == real, (call, name, asked)
        while name == "Query" and real["more"]:
            asked["ExclusiveStartKey"] = real["more"]
            real, mine = asked_of(client, name, asked), asked_of_double(double, name, asked)
            continued += 1

            assert mine == real, (call, name, asked)
    assert continued > CALLS // 20


def test_a_transaction_repeated_under_its_token_is_done_once(client: Any) -> None:
    item = {"pk": {"S": "P#token"}, "sk": {"S": "S"}, "version": {"N": "1"}}
    put = {"Put": {"TableName": NAME, "Item": item, **NEW}}
    once = {"TransactItems": [put], "ClientRequestToken": "a-token"}
    double = Dynamo(TABLE)

    for _ in range(2):
        real = asked_of(client, "TransactWriteItems", once)
        assert real == asked_of_double(double, "TransactWriteItems", once) == {"more": None}
    other = once | {"ClientRequestToken": "another"}
    real = asked_of(client, "TransactWriteItems", other)
    refused = ("TransactionCanceledException", [("ConditionalCheckFailed", None)])
    assert real == asked_of_double(double, "TransactWriteItems", other) == refused


def some_call(rng: random.Random, world: str) -> tuple[str, dict[str, Any]]:
    """One call of a kind that the functions make, on a few keys, so that they meet."""
    kind = rng.choice((*METHODS, "Query", "Query", "PutItem", "TransactWriteItems"))
    key = some_key(rng, world)
    match kind:
        case "GetItem":
            return kind, {"TableName": NAME, "Key": key, "ConsistentRead": True}
        case "PutItem":
            return kind, {"TableName": NAME, "Item": some_item(rng, key), **some_condition(rng)}
        case "DeleteItem":
            return kind, {"TableName": NAME, "Key": key}
        case "BatchGetItem":
            keys = {(one["pk"]["S"], one["sk"]["S"]): one for one in (key, some_key(rng, world))}
            return kind, {"RequestItems": {NAME: {"Keys": list(keys.values())}}}
        case "UpdateItem":
            return kind, {"TableName": NAME, "Key": key, **some_update(rng)}
        case "TransactWriteItems":
            return kind, {"TransactItems": some_actions(rng, world)}
        case _:
            return "Query", {"TableName": NAME, **some_query(rng, world)}


def some_key(rng: random.Random, world: str) -> dict[str, Any]:
    return {"pk": {"S": f"P{world}#{rng.randint(0, 2)}"}, "sk": {"S": f"S#{rng.randint(0, 5)}"}}


def some_item(rng: random.Random, key: dict[str, Any]) -> dict[str, Any]:
    item = key | {
        "version": {"N": str(rng.randint(1, 3))},
        "row": {"M": {"text": {"S": f"row {rng.randint(0, 9)}"}, "other": {"N": "1"}}},
    }
    if rng.random() < 0.5:
        item |= {"work": {"S": f"W{key['pk']['S']}"}, "work_at": {"S": f"2026-{rng.randint(1, 9)}"}}
    if rng.random() < 0.3:
        item |= {"rated_at": {"S": f"2026-{rng.randint(1, 9)}"}, "rating": {"N": "4.5"}}
    if rng.random() < 0.3:
        item["tags"] = {"SS": sorted(rng.sample(("a", "b", "c"), 2))}
    return item


def some_condition(rng: random.Random) -> dict[str, Any]:
    version = {"ExpressionAttributeValues": {":version": {"N": str(rng.randint(1, 3))}}}
    return rng.choice(
        (
            {},
            NEW,
            {"ConditionExpression": "version = :version", **version},
            {"ConditionExpression": "attribute_not_exists(pk) OR version <= :version", **version},
            {
                "ConditionExpression": "#work = :work AND version <= :version",
                "ExpressionAttributeNames": {"#work": "work"},
                "ExpressionAttributeValues": {
                    **version["ExpressionAttributeValues"], ":work": {"S": "WP0#1"},
                },
            },
        )
    )  # fmt: skip


def some_update(rng: random.Random) -> dict[str, Any]:
    values = {":at": {"S": "2026-11-20"}, ":row": {"S": "another"}, ":next": {"N": "2"}}
    return rng.choice(
        (
            {
                "UpdateExpression": "SET #row.#text = :row, version = :next REMOVE #work, work_at",
                "ConditionExpression": "attribute_exists(pk)",
                "ExpressionAttributeNames": {"#row": "row", "#text": "text", "#work": "work"},
                "ExpressionAttributeValues": {k: values[k] for k in (":row", ":next")},
            },
            {
                "UpdateExpression": "SET done_at = if_not_exists(done_at, :at)",
                "ConditionExpression": "attribute_exists(pk)",
                "ExpressionAttributeValues": {":at": values[":at"]},
            },
        )
    )


def some_actions(rng: random.Random, world: str) -> list[dict[str, Any]]:
    keys = {}
    for _ in range(rng.randint(1, 3)):
        key = some_key(rng, world)
        keys[key["pk"]["S"], key["sk"]["S"]] = key
    return [some_action(rng, key) for key in keys.values()]


def some_action(rng: random.Random, key: dict[str, Any]) -> dict[str, Any]:
    """One part of a transaction."""
    verb = rng.choice(("Put", "Put", "Update", "ConditionCheck", "Delete"))
    what: dict[str, Any] = {"Key": key}
    match verb:
        case "Put":
            what = {"Item": some_item(rng, key), **some_condition(rng)}
        case "Update":
            what |= some_update(rng)
        case "ConditionCheck":
            what |= some_condition(rng) or NEW
    told = rng.choice(("ALL_OLD", "NONE"))
    return {verb: {"TableName": NAME, **what, "ReturnValuesOnConditionCheckFailure": told}}


def some_query(rng: random.Random, world: str) -> dict[str, Any]:
    pk = f"P{world}#{rng.randint(0, 2)}"
    asked: dict[str, Any] = rng.choice(
        (
            {
                "KeyConditionExpression": "pk = :pk AND sk BETWEEN :low AND :high",
                "ExpressionAttributeValues": {
                    ":pk": {"S": pk}, ":low": {"S": "S#1"}, ":high": {"S": "S#4"},
                },
                "ConsistentRead": True,
            },
            {
                "KeyConditionExpression": "pk = :pk AND begins_with(sk, :start)",
                "ExpressionAttributeValues": {":pk": {"S": pk}, ":start": {"S": "S#"}},
                "FilterExpression": "version = :two OR contains(tags, :tag)",
            },
            {
                "IndexName": "work",
                "KeyConditionExpression": "#work = :work AND work_at >= :since",
                "ExpressionAttributeNames": {"#work": "work"},
                "ExpressionAttributeValues": {":work": {"S": f"W{pk}"}, ":since": {"S": "2026-3"}},
            },
            {
                "IndexName": "rated",
                "KeyConditionExpression": "pk = :pk AND rated_at < :before",
                "ExpressionAttributeValues": {":pk": {"S": pk}, ":before": {"S": "2026-8"}},
                "ScanIndexForward": False,
            },
        )
    )  # fmt: skip
    if "FilterExpression" in asked:
        asked["ExpressionAttributeValues"] |= {":two": {"N": "2"}, ":tag": {"S": "a"}}
    if rng.random() < 0.5:
        asked["Limit"] = rng.randint(1, 3)
    return asked


def asked_of(client: Any, name: str, asked: dict[str, Any]) -> Any:
    try:
        return plain(getattr(client, METHODS[name])(**asked))
    except ClientError as error:
        reasons: Any = error.response.get("CancellationReasons", [])
        return error.response["Error"]["Code"], [plain_reason(one) for one in reasons]


def asked_of_double(double: Dynamo, name: str, asked: dict[str, Any]) -> Any:
    try:
        return plain(double.call(name, asked))
    except RefusedError as refused:
        return refused.code, [
            plain_reason(one) for one in refused.told.get("CancellationReasons", [])
        ]


def plain(answer: dict[str, Any]) -> dict[str, Any]:
    """What a caller looks at: items in order, where the next page begins, how many there are."""
    said: dict[str, Any] = {
        name: answer[name] for name in ("Item", "Items", "Count") if name in answer
    }
    if "Responses" in answer:
        found = answer["Responses"].get(NAME, [])
        said["Responses"] = sorted(found, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))
    said["more"] = answer.get("LastEvaluatedKey")
    return said


def plain_reason(reason: dict[str, Any]) -> tuple[str, Any]:
    return reason["Code"], reason.get("Item")
