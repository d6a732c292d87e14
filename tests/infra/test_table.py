"""The one table: its keys, its indexes, and what protects it."""

import pytest

from tests.infra.template import Template

TABLE = "AWS::DynamoDB::Table"
LIST_INDEXES = {
    "by_churn_score": "sort_churn_score",
    "by_reschedule_rate": "sort_reschedule_rate",
    "by_sessions": "sort_sessions",
    "by_name": "sort_name",
    "by_updated_at": "sort_updated_at",
    "by_p30": "sort_p30",
}


def test_the_table_has_a_partition_and_a_sort_key(template: Template) -> None:
    assert template.only(TABLE)["KeySchema"] == [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ]


def test_the_table_can_be_restored_to_any_second(template: Template) -> None:
    recovery = template.only(TABLE)["PointInTimeRecoverySpecification"]

    assert recovery["PointInTimeRecoveryEnabled"] is True


def test_the_table_is_paid_by_request(template: Template) -> None:
    assert template.only(TABLE)["BillingMode"] == "PAY_PER_REQUEST"


def test_items_may_expire(template: Template) -> None:
    assert template.only(TABLE)["TimeToLiveSpecification"] == {
        "AttributeName": "expires_at",
        "Enabled": True,
    }


@pytest.mark.parametrize(("index", "sort"), LIST_INDEXES.items())
def test_each_sort_of_the_tutor_list_is_an_index(template: Template, index: str, sort: str) -> None:
    found = {i["IndexName"]: i for i in template.only(TABLE)["GlobalSecondaryIndexes"]}[index]

    assert [key["AttributeName"] for key in found["KeySchema"]] == ["listing", sort]
    assert found["Projection"] == {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["row"]}


def test_what_is_pending_is_found_by_age(template: Template) -> None:
    found = {i["IndexName"]: i for i in template.only(TABLE)["GlobalSecondaryIndexes"]}["pending"]

    assert [key["AttributeName"] for key in found["KeySchema"]] == [
        "pending_shard",
        "pending_since",
    ]
    assert found["Projection"]["NonKeyAttributes"] == ["kind"]


def test_the_last_rated_sessions_are_read_strongly(template: Template) -> None:
    (local,) = template.only(TABLE)["LocalSecondaryIndexes"]

    assert local["IndexName"] == "rated"
    assert [key["AttributeName"] for key in local["KeySchema"]] == ["pk", "rated_at"]
    assert local["Projection"]["NonKeyAttributes"] == ["rating", "expires_at"]


def test_what_is_worked_off_carries_its_end_along(template: Template) -> None:
    found = {i["IndexName"]: i for i in template.only(TABLE)["GlobalSecondaryIndexes"]}["work"]

    assert found["Projection"]["NonKeyAttributes"] == ["data", "expires_at"]


def test_the_table_is_encrypted_with_our_key_except_locally(template: Template, stage: str) -> None:
    encryption = template.only(TABLE).get("SSESpecification", {})
    keys = template.of_type("AWS::KMS::Key")

    if stage == "local":
        assert not keys
    else:
        key, _ = encryption["KMSMasterKeyId"]["Fn::GetAtt"]
        assert encryption["SSEType"] == "KMS"
        assert keys[key]["Properties"]["EnableKeyRotation"] is True


def test_data_and_people_outlive_the_stack_in_prod(prod: Template) -> None:
    kept = ("AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::Cognito::UserPool")
    for kind in (*kept, "AWS::SecretsManager::Secret"):
        for resource in prod.of_type(kind).values():
            assert resource["DeletionPolicy"] == "Retain"
    assert prod.only(TABLE)["DeletionProtectionEnabled"] is True
    assert prod.only("AWS::Cognito::UserPool")["DeletionProtection"] == "ACTIVE"
