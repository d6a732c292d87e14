"""A synthetic world goes on in a running stack, and can be taken out of it again."""

from datetime import UTC, datetime, timedelta

import pytest

from events.world.world import WORLDS
from infra_cdk.local.seed import write_world
from infra_cdk.local.stack import throwaway_stack
from infra_cdk.local.starter import start_module, stop_module
from infra_cdk.local.world import forget_world
from infra_cdk.synthetic import remove_synthetic
from shared.aws.table import Table
from tests.e2e.marketplace import Marketplace

pytestmark = pytest.mark.e2e

REAL = {
    "session_id": "s-1",
    "version": 1,
    "tutor_id": "t-1",
    "student_id": "u-1",
    "scheduled_time": "2026-11-20T10:00:00Z",
    "completed_time": "2026-11-20T11:00:00Z",
    "status": "completed",
}


def test_what_was_missed_is_posted_and_all_of_it_can_be_removed() -> None:
    with throwaway_stack() as stack:
        marketplace, folder = Marketplace(stack.deployed), stack.folder
        history = folder.path / "history" / "demo"
        history.parent.mkdir(parents=True)
        write_world(WORLDS["demo"], datetime.now(UTC) - timedelta(hours=2), history)
        folder.state.mkdir(parents=True, exist_ok=True)
        (folder.state / "world").write_text("demo")
        marketplace.post("/api/sessions", "w-1", REAL)

        arguments = "demo", str(history), str(folder.deployed)
        live = start_module("infra_cdk.local.live", *arguments, log=folder.log)
        try:
            marketplace.eventually(lambda: len(found(marketplace, "syn-")) > 10)
        finally:
            forget_world(folder)
            stop_module(live)
        marketplace.drain()
        removed = remove_synthetic(Table(stack.deployed.client("dynamodb"), stack.deployed.table))

        assert removed > 50
        assert not found(marketplace, "syn-")
        assert [row["tutor_id"] for row in found(marketplace, "t-1")] == ["t-1"]
        assert ": 409 " not in folder.log.read_text()


def found(marketplace: Marketplace, text: str) -> list[dict[str, object]]:
    """The tutors a search finds: everybody synthetic by the beginning of their ids."""
    rows: list[dict[str, object]] = marketplace.get(f"/api/tutors?q={text}")["items"]
    return rows
