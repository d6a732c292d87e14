"""What a runbook tells to type is understood, and does what it says, on the running stack."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from infra_cdk.local.stack import throwaway_stack
from infra_cdk.operate import done, parsed
from infra_cdk.place import Place, of_local, url_output
from shared.aws import inbox
from shared.aws.mailer import Suppression
from tests.churn_models import packed
from tests.e2e.marketplace import Delivery, Marketplace, completed
from tests.e2e.runbook import Typed, typed

pytestmark = pytest.mark.e2e

TUTOR, WEBHOOK = "t-rb", "w-runbook"
SAID: Final = {
    "WEBHOOK_ID": WEBHOOK,
    "TUTOR": TUTOR,
    "ADDRESS=…": "ADDRESS=ada@example.com",
    "VERSION=…": "VERSION=v-before",
}
"""What pages leave open."""
IN_ORDER: Final = {"rotate-webhook-secret", "restore"}
"""What these tell to type makes sense one after the other: test_rotation, test_restore."""
ELSEWHERE: Final = {"deploy", "simulate"}
"""Needs AWS; and is a test of its own."""
ALONE: Final = sorted(
    {one.line: one for one in typed() if one.page not in IN_ORDER}.values(),
    key=lambda one: one.line,
)


@pytest.fixture(scope="module")
def marketplace() -> Iterator[Marketplace]:
    """A stack of its own: models are put in force on it."""
    with throwaway_stack() as running:
        yield Marketplace(running.deployed)


@pytest.fixture(scope="module")
def place(marketplace: Marketplace) -> Place:
    """The stack in some trouble: a report, an address without mail, a model and one before it."""
    marketplace.deliver([Delivery("/api/sessions", WEBHOOK, completed("s-rb", TUTOR, 3))])
    marketplace.drain()
    place = of_local(marketplace.deployed)
    Suppression(place.table).add("ada@example.com", "complained", datetime.now(UTC))
    for version in ("v-before", "v-now"):
        place.models.put_model(packed(version, seed=2))
    return place


def operated(place: Place, *words: str) -> list[str]:
    return list(done(place, parsed(["--stage", "local", *words])))


@pytest.mark.parametrize(
    "one", [one for one in ALONE if one.target not in ELSEWHERE], ids=lambda one: one.line
)
def test_a_command_of_a_runbook_does_something(
    place: Place, marketplace: Marketplace, one: Typed
) -> None:
    since = time.time()

    told = one.done(place, SAID)

    assert told
    if "start " in one.line:
        function = one.line.split("start ")[1].split('"')[0]
        lines = marketplace.eventually(lambda: logged(place, function, since), 120)
        assert not [line for line in lines if line["level"] == "ERROR"]


def logged(place: Place, function: str, since: float) -> list[dict[str, Any]]:
    """What a function logged since a moment: a line each time it comes to its end."""
    found = place.client("logs").filter_log_events(
        logGroupName=place.log_group(function), startTime=int(since * 1000)
    )
    lines = [json.loads(one["message"]) for one in found["events"] if '"level"' in one["message"]]
    return [line for line in lines if line["level"] in ("INFO", "ERROR")]


def test_every_command_on_a_stage_says_on_which() -> None:
    bare = {one.line for one in typed() if one.stage != "prod"}

    assert {line.split()[1] for line in bare} <= {"simulate"}


def test_what_was_reported_and_what_became_of_it_is_told(place: Place) -> None:
    about, _, state = operated(place, "report", WEBHOOK)

    assert about.startswith("sessions s-rb")
    assert state == "applied"


def test_what_every_function_logged_of_a_report_is_told(place: Place) -> None:
    lines = operated(place, "follow", WEBHOOK)

    assert any("report_webhook: accepted" in line for line in lines)
    assert any("score_tutor: scored" in line for line in lines)


def test_what_waits_is_asked_for_at_once_when_a_sweep_is_started(
    place: Place, marketplace: Marketplace
) -> None:
    at = datetime.now(UTC) - timedelta(minutes=25)  # the clock's own sweep asks at 22 and 32
    body = json.dumps(completed("s-rb-waits", TUTOR, 3))
    report = ("w-rb-waits", "sessions", int(at.timestamp()), body, "hash", "s-rb-waits", None, at)
    inbox.InboxTable(place.table).receive(inbox.Delivery(*report))

    operated(place, "start", "sweep_inbox")

    marketplace.eventually(lambda: operated(place, "report", "w-rb-waits")[2] == "applied", 60)


def test_a_tutor_is_scored_again(place: Place, marketplace: Marketplace) -> None:
    before = marketplace.get(f"/api/tutors/{TUTOR}")["updated_at"]

    operated(place, "rescore", TUTOR)

    marketplace.eventually(lambda: marketplace.get(f"/api/tutors/{TUTOR}")["updated_at"] > before)


def test_an_address_gets_mail_again(place: Place) -> None:
    Suppression(place.table).add("grace@example.com", "complained", datetime.now(UTC))
    (command,) = [one for one in ALONE if one.target == "mail-again"]

    command.done(place, {"…": "grace@example.com"})

    assert Suppression(place.table).because("grace@example.com") is None


def test_an_earlier_model_is_in_force_again(place: Place) -> None:
    (command,) = [one for one in ALONE if one.target == "rollback-model"]

    command.done(place, {"…": "v-now"})
    command.done(place, SAID)

    assert (in_force := place.models.registry.champion())
    assert in_force.version == "v-before"


def test_dead_letters_are_shown_and_tried_again_once(place: Place) -> None:
    named = [{"tutor_id": f"t-redriven-{n}"} for n in range(23)]
    bodies = [json.dumps(one | {"recipients": ["ada@example.com"]}) for one in named]
    dead = place[url_output("churn", dead=True)]
    for body in bodies:
        place.client("sqs").send_message(QueueUrl=dead, MessageBody=body)

    *shown, said = operated(place, "dead-letters", "churn")
    assert (sorted(shown), said) == (
        sorted(map(json.dumps, named)),
        "23 dead letters of the churn queue.",
    )
    assert operated(place, "redrive", "churn") == ["23 messages are tried again."]
    assert operated(place, "redrive", "churn") == ["0 messages are tried again."]
