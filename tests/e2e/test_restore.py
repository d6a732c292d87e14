"""The drill: a table that was damaged, or emptied, is brought back and ends equal."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from infra_cdk.local.stack import throwaway_stack
from infra_cdk.place import Place, StageError, of_local
from infra_cdk.restore import ALLOWED, SENT_AGAIN, Items, items, kind_of, unlike
from shared.aws import key
from shared.aws.item import key_item
from tests.e2e.marketplace import Delivery, Marketplace, completed, moved
from tests.e2e.runbook import typed_on

pytestmark = pytest.mark.e2e

EXAMPLE: Final = "2026-11-20T12:00:00Z"
"""The point in time that the runbook shows."""
TUTORS: Final = ("t-res-1", "t-res-2", "t-res-3")


@pytest.fixture(scope="module")
def marketplace() -> Iterator[Marketplace]:
    """A stack of its own: its table is taken to pieces."""
    with throwaway_stack() as running:
        yield Marketplace(running.deployed)


@pytest.fixture
def place(marketplace: Marketplace) -> Place:
    return of_local(marketplace.deployed)


def step(place: Place, verb: str, **said: str) -> list[str]:
    """Do the step of the runbook that has this word, with what it leaves open."""
    (command,) = [one for one in typed_on("restore") if re.search(rf"\b{verb}\b", one.line)]
    options = {"pause": lambda _: None} if command.target == "student" else {}
    return command.done(place, said, **options)


def reports(name: str, number: int) -> Iterator[Delivery]:
    """What a marketplace tells in an hour: profiles, sessions, moves, feedback, logins."""
    for tutor_id in TUTORS:
        about = f"{name}-{tutor_id}"
        at = completed("", tutor_id, 5)["completed_time"]
        profile = {
            "tutor_id": tutor_id, "version": number, "name": f"Ada {name}", "email": "a@x.org",
            "subjects": ["Physics"], "onboarding_date": "2026-01-05", "status": "active",
        }  # fmt: skip
        login = {"event_id": f"e-{about}", "tutor_id": tutor_id, "type": "login", "occurred_at": at}
        said = {
            "feedback_id": f"f-{about}", "session_id": f"s-{about}-0", "student_id": "u-1",
            "tutor_id": tutor_id, "overall_rating": 4, "submitted_at": at,
        }  # fmt: skip
        yield Delivery("/api/tutors", f"w-p-{about}", profile)
        yield Delivery("/api/events", f"w-e-{about}", login)
        yield Delivery("/api/feedback", f"w-f-{about}", said)
        for each in range(3):
            body = completed(f"s-{about}-{each}", tutor_id, 6 + each, student_rating=5)
            yield Delivery("/api/sessions", f"w-s-{about}-{each}", body)
        yield Delivery("/api/sessions", f"w-m-{about}", moved(f"s-{about}-m", tutor_id, 4))


def settled(marketplace: Marketplace) -> None:
    """Wait until nothing is pending and nothing waits in any queue."""
    sqs, names = marketplace.deployed.client("sqs"), ("", "NotVisible", "Delayed")
    quiet = 0

    def look() -> bool:
        nonlocal quiet
        waiting = marketplace.pending()
        for url in marketplace.deployed.queue_urls.values():
            told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
            waiting += sum(int(told[f"ApproximateNumberOfMessages{name}"]) for name in names)
        quiet = 0 if waiting else quiet + 1
        return quiet > 8

    marketplace.eventually(look, 180)


@pytest.fixture(scope="module")
def told(marketplace: Marketplace) -> list[Delivery]:
    """Everything that is told, before and after the point in time."""
    before = list(reports("before", 1))
    marketplace.deliver(before)
    settled(marketplace)
    marketplace.invoke("roll_windows")
    settled(marketplace)
    return before


def damage(place: Place, found: Items, how: str) -> None:
    """Take items out of the table, and write nonsense into others."""
    for at, item in found.items():
        kind = kind_of(at)
        if how == "emptied" or kind in ("SESSION", "TUTOR/S", "TUTOR/E"):
            place.table.client.delete_item(TableName=place.table.name, Key=key_item(key.Key(*at)))
        elif kind == "TUTOR/PROFILE":
            place.table.put(item | {"data": {"S": "{}"}})


@pytest.mark.parametrize("how", ["damaged", "emptied"])
def test_a_table_is_brought_back_and_ends_equal(
    marketplace: Marketplace, place: Place, told: list[Delivery], how: str
) -> None:
    point = datetime.now(UTC)
    name = step(place, "begin", **{EXAMPLE: f"{point:%Y-%m-%dT%H:%M:%SZ}"})[0].split()[0]
    later = list(reports(how, 2 if how == "damaged" else 3))
    marketplace.deliver(later)
    marketplace.deliver([corrected(told[3], how)])
    told += [*later, corrected(told[3], how)]
    settled(marketplace)
    marketplace.invoke("roll_windows")  # the night's records, too, know of sessions told since then
    settled(marketplace)
    truth = items(place.table)
    imported = key.history("since-then")
    place.table.put(key_item(imported))

    damage(place, truth, how)
    assert unlike(truth, items(place.table))
    assert step(place, "compare", TABLE=name)
    step(place, "put-back", TABLE=name, **{EXAMPLE: point.isoformat()})
    assert place.table.get(imported) is None  # so that what it brought may be imported again
    if how == "emptied":
        marketplace.deliver(told)
    step(place, "start sweep_inbox")
    settled(marketplace)
    assert step(place, "pending") == ["0 pending."]
    marketplace.invoke("roll_windows")  # as "start roll_windows" does, and waits
    settled(marketplace)
    assert step(place, "erase-again")[-1] == "Nothing is left."
    step(place, "remove", TABLE=name)

    allowed = ALLOWED if how == "damaged" else (*ALLOWED, *SENT_AGAIN)
    after = items(place.table)
    assert unlike(truth, after, allowed) == []
    assert sum(kind_of(at) == "INBOX" for at in after) == len(told)


def corrected(first: Delivery, how: str) -> Delivery:
    """A correction, after the point in time, of a session that was known before."""
    version = 2 if how == "damaged" else 3
    body: dict[str, Any] = {**first.body, "version": version, "student_rating": 5 - version}
    return Delivery(first.path, f"{first.webhook_id}-{how}", body)


def test_a_drill_leaves_everything_as_it_is(place: Place, told: list[Delivery]) -> None:
    before = items(place.table)
    began = time.monotonic()

    lines = step(place, "drill")

    assert not unlike(before, items(place.table))
    assert not [
        line for line in lines if "only restored" in line and " 0 only restored" not in line
    ]
    assert any(line.startswith("SESSION: ") for line in lines)
    assert "restored" not in " ".join(place.client("dynamodb").list_tables()["TableNames"])
    assert time.monotonic() - began < 60


def test_only_a_restored_table_can_be_removed(place: Place) -> None:
    with pytest.raises(StageError):
        step(place, "remove", TABLE=place.table.name)
