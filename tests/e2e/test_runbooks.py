"""What a runbook tells to type is understood, and does what it says, on the running stack."""

import json
import re
import shlex
from pathlib import Path
from typing import Final

import pytest

from infra_cdk.operate import done, parsed
from infra_cdk.place import Place, of_local, url_output
from tests.e2e.marketplace import Delivery, Marketplace, completed

pytestmark = pytest.mark.e2e

RUNBOOKS: Final = Path(__file__).parents[2] / "docs/runbooks"
IN_ORDER: Final = ("rotate-webhook-secret", "restore")
"""What these tell to type makes sense one after the other; they have tests of their own."""
TYPED: Final = sorted(
    {
        line.removeprefix("$ ")
        for page in RUNBOOKS.iterdir()
        if page.stem not in IN_ORDER
        for block in re.findall(r"```console\n(.*?)```", page.read_text(), re.DOTALL)
        for line in block.splitlines()
    }
)


@pytest.fixture
def place(marketplace: Marketplace) -> Place:
    return of_local(marketplace.deployed)


def operated(place: Place, *words: str) -> list[str]:
    return list(done(place, parsed(["--stage", "local", *words])))


@pytest.mark.parametrize("command", [line for line in TYPED if "operate" in line])
def test_a_command_of_a_runbook_runs(place: Place, command: str) -> None:
    make, target, *settings = shlex.split(command)
    given = dict(one.split("=", 1) for one in settings)
    assert (make, target) == ("make", "operate")
    assert set(given) == {"DO", "STAGE"}

    assert operated(place, *given["DO"].split())


def test_every_command_says_on_which_stage() -> None:
    for page in RUNBOOKS.iterdir():
        for typed in re.findall(
            r"make (?:operate|mail-again|rollback-model)[^`\n]*", page.read_text()
        ):
            assert "STAGE=prod" in typed, (page.name, typed)


def test_what_else_runbooks_tell_to_type_is_a_target_of_the_makefile() -> None:
    makefile = (RUNBOOKS.parents[1] / "Makefile").read_text()
    for line in TYPED:
        assert re.search(rf"^{line.split()[1]}:", makefile, re.MULTILINE), line


def test_what_was_reported_and_what_became_of_it_is_told(
    place: Place, marketplace: Marketplace
) -> None:
    marketplace.deliver([Delivery("/api/sessions", "w-runbook", completed("s-rb", "t-rb", 3))])
    marketplace.drain()

    about, _, state = operated(place, "report", "w-runbook")

    assert about.startswith("sessions s-rb")
    assert state == "applied"


def test_dead_letters_are_shown_and_tried_again_once(place: Place) -> None:
    body = json.dumps({"tutor_id": "t-redriven"})
    dead = place[url_output("churn", dead=True)]
    place.client("sqs").send_message(QueueUrl=dead, MessageBody=body)

    assert operated(place, "dead-letters", "churn") == [body, "1 dead letters of the churn queue."]
    assert operated(place, "redrive", "churn") == ["1 messages are tried again."]
    assert operated(place, "redrive", "churn") == ["0 messages are tried again."]
