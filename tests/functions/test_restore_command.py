"""Holding a restored table against the stage's own, and bringing it back, a page at a time."""

import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import boto3
import pytest

from infra_cdk.place import Place
from infra_cdk.restore import Standing, compare, differences, items, put_back
from shared.aws import key
from shared.aws.item import Item, key_item, text
from shared.aws.retention import kept_item
from shared.aws.table import Table
from tests.functions.conftest import Aws
from tests.table import TABLE

NAME: Final = "tutor-quality-local-restored-20261120T120000"
AT: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def place(aws: Aws) -> Place:
    return Place("local", boto3.client, {"TableName": aws.store.name})


@pytest.fixture
def restored(aws: Aws) -> Iterator[Table]:
    """A table beside the stage's, as recovery makes it."""
    aws.store.client.create_table(**TABLE | {"TableName": NAME})
    yield Table(aws.store.client, NAME)
    aws.store.client.delete_table(TableName=NAME)


def report(number: int, received_at: datetime = AT, said: str = "") -> Item:
    """A report that was applied, as the inbox keeps it."""
    return kept_item(key.inbox(f"w-{number}"), received_at) | {
        "received_at": text(key.stamp(received_at)), "state": text("applied"), "body": text(said),
    }  # fmt: skip


def session(number: int, said: str = "") -> Item:
    return kept_item(key.session(f"s-{number}"), AT) | {"data": text(said)}


def history(name: str) -> Item:
    return key_item(key.history(name)) | {"state": text("done")}


def test_the_tables_are_compared_by_kind_of_item(aws: Aws, place: Place, restored: Table) -> None:
    for item in (session(1), session(2), session(3, "now"), report(1), history("since-then")):
        aws.store.put(item)
    for item in (session(1), session(3, "then"), session(4), report(1), report(2)):
        restored.put(item)

    assert list(compare(place, NAME)) == [
        "HISTORY: 0 equal, 0 differ, 0 only restored, 1 only in the table",
        "INBOX: 1 equal, 0 differ, 1 only restored, 0 only in the table",
        "SESSION: 1 equal, 1 differ, 1 only restored, 1 only in the table",
        "Items that differ: they changed since, or are what you look for.",
    ]


def test_two_tables_that_hold_the_same_are_equal_whatever_stands_first_in_an_item(
    aws: Aws, place: Place, restored: Table
) -> None:
    aws.store.put(session(1, "{}"))
    restored.put(dict(reversed(session(1, "{}").items())))

    assert list(compare(place, NAME)) == [
        "SESSION: 1 equal, 0 differ, 0 only restored, 0 only in the table",
        "Every item is equal.",
    ]


def test_what_is_put_back_is_what_was_there_and_what_was_told_stays(
    aws: Aws, place: Place, restored: Table
) -> None:
    later = report(3, AT + timedelta(hours=1))
    for item in (session(2), session(3, "now"), report(1, said="now"), later, history("later")):
        aws.store.put(item)
    for item in (session(3, "then"), session(4), report(1, said="then"), report(2)):
        restored.put(item)

    lines = list(put_back(place, NAME, AT + timedelta(minutes=30)))

    assert lines[:2] == [
        "3 items put back, 2 removed that were not there then.",
        "1 reports since then are pending again.",
    ]
    waiting = {
        "state": text("pending"), "pending_shard": text(key.pending("w-3")),
        "pending_since": later["received_at"],
    }  # fmt: skip
    expected = (
        session(3, "then"), session(4), report(1, said="now"), report(2), later | waiting,
    )  # fmt: skip
    assert items(aws.store) == {(one["pk"]["S"], one["sk"]["S"]): one for one in expected}


def test_more_is_put_back_than_is_written_at_once(aws: Aws, place: Place, restored: Table) -> None:
    for number in range(450):
        restored.put(session(number))
        aws.store.put(history(f"later-{number}"))

    first, *_ = put_back(place, NAME, AT)

    assert first == "450 items put back, 450 removed that were not there then."
    assert items(aws.store) == items(restored)


class Pages:
    """A client whose table has many pages, each made when it is asked for, and none kept."""

    def __init__(self, said: str) -> None:
        self._said = said

    def get_paginator(self, name: str) -> "Pages":
        assert name == "scan"
        return self

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        for page in range(100):
            yield {"Items": [session(100 * page + one, self._said * 500) for one in range(100)]}


def test_neither_table_is_held_whole() -> None:
    now: Any = Pages("now")
    then: Any = Pages("old")

    tracemalloc.start()
    try:
        found = differences(Table(now, "now"), Table(then, "then"))
        seen = {standing for standing, _, _ in found}
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert seen == {Standing.OTHER}
    assert most / 10_000 < 700, "bytes for each item, of some 1,500 and more"
