"""Working again while somebody else writes, and while DynamoDB answers in parts."""

import boto3
import pytest
from botocore.stub import Stubber

from shared.aws import table
from shared.aws.key import Key
from shared.aws.table import ATTEMPTS, Table, ThrottledError, VersionConflictError, retried


def conflicts(times: int, told: list[int]) -> str:
    """Answers once somebody else wrote so many times."""
    told.append(1)
    if len(told) <= times:
        raise VersionConflictError
    return "written"


@pytest.mark.parametrize("times", [0, 1, ATTEMPTS - 1])
def test_work_begins_again_while_somebody_else_writes(times: int) -> None:
    told: list[int] = []

    assert retried(lambda: conflicts(times, told)) == "written"
    assert len(told) == times + 1


def test_work_that_always_loses_is_given_up() -> None:
    told: list[int] = []

    with pytest.raises(VersionConflictError):
        retried(lambda: conflicts(ATTEMPTS, told))

    assert len(told) == ATTEMPTS


def test_what_else_goes_wrong_is_not_tried_again() -> None:
    told: list[int] = []

    def broken() -> None:
        told.append(1)
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        retried(broken)

    assert len(told) == 1


def answering(*parts: int) -> Table:
    """A table that answers a batch of three items so many at a time."""
    client = boto3.client("dynamodb", region_name="us-east-1")
    stub = Stubber(client)
    waiting = [{"pk": {"S": "t-7"}, "sk": {"S": str(n)}} for n in range(3)]
    for part in parts:
        asked = {"RequestItems": {"table": {"Keys": list(waiting)}}}
        found, waiting = waiting[:part], waiting[part:]
        left = {"table": {"Keys": list(waiting)}} if waiting else {}
        stub.add_response(
            "batch_get_item", {"Responses": {"table": found}, "UnprocessedKeys": left}, asked
        )
    stub.activate()
    return Table(client, "table")


KEYS = [Key("t-7", str(n)) for n in range(3)]


def test_what_was_not_processed_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "PAUSES", (0.0, 0.0))

    assert [item["sk"]["S"] for item in answering(2, 0, 1).get_many(KEYS)] == ["0", "1", "2"]


def test_what_is_never_processed_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "PAUSES", (0.0, 0.0))

    with pytest.raises(ThrottledError):
        list(answering(2, 0, 0).get_many(KEYS))
