"""The table as the request that makes it, for stand-ins of DynamoDB; tests/infra checks it."""

from typing import Any

LISTS = ("churn_score", "reschedule_rate", "sessions", "name", "updated_at", "p30")


def index(name: str, pk: str, sk: str, *also: str) -> dict[str, Any]:
    """One secondary index with a sort key and the attributes it carries along."""
    return {
        "IndexName": name,
        "KeySchema": [
            {"AttributeName": pk, "KeyType": "HASH"},
            {"AttributeName": sk, "KeyType": "RANGE"},
        ],
        "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(also)},
    }


TABLE: dict[str, Any] = {
    "TableName": "tutor-quality",
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ],
    "AttributeDefinitions": [
        {"AttributeName": name, "AttributeType": "S"}
        for name in (
            "pk", "sk", "rated_at", "pending_shard", "pending_since", "work", "work_at", "listing",
            *(f"sort_{name}" for name in LISTS),
        )
    ],
    "LocalSecondaryIndexes": [index("rated", "pk", "rated_at", "rating", "expires_at")],
    "GlobalSecondaryIndexes": [
        index("pending", "pending_shard", "pending_since", "kind"),
        index("work", "work", "work_at", "data", "expires_at"),
        *(index(f"by_{name}", "listing", f"sort_{name}", "row") for name in LISTS),
    ],
}  # fmt: skip
