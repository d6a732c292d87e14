"""Everything that people may change: whoever may can, whoever may not changes nothing.

Each write is asked whole, with the version that stands, so that nothing but the caller's role is
in its way.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
import urllib3

from infra_cdk.local.sign_in import let_people_in
from infra_cdk.local.stack import LocalStack, throwaway_stack
from tests.e2e.callers import ADMIN, MANAGER, PEOPLE_OPS, UNKNOWN, tokens
from tests.e2e.dashboard import trouble, until_interviewed
from tests.e2e.marketplace import Marketplace
from tests.e2e.permission import ROWS, SIGNED_IN, Operation

pytestmark = pytest.mark.e2e

WRITES_ABOUT: Final = {MANAGER: "t-managed", PEOPLE_OPS: "t-helped", ADMIN: "t-managed"}
"""Whom each of them writes about."""
KEPT: Final = "t-kept"
"""About whom nobody else may write: with an override, a note, and an interview that sleeps."""
CANCELLED: Final = {MANAGER: "t-managed-too", PEOPLE_OPS: "t-helped-too"}
"""Whose interview each of them cancels; the first ones' are completed."""
SOON: Final = (datetime.now(UTC) + timedelta(days=3)).isoformat()
HOURS: Final = {"begin": "09:00", "end": "17:00"}
BODIES: Final[Mapping[str, Any]] = {
    "start_intervention": {},
    "note_intervention": {"reason": "Called, and nobody answered."},
    "reassign_intervention": {"assignee": "local-people_ops"},
    "snooze_intervention": {"reason": "On holiday", "until": SOON},
    "wake_intervention": {},
    "judge_intervention": {"opinion": "useful"},
    "complete_intervention": {"outcome": "improved"},
    "cancel_intervention": {"reason": "It was the app."},
    "set_override": {"score": 40, "reason": "A new baby at home", "until": SOON},
    "end_override": {"reason": "Back at work"},
    "write_note": {"text": "Wants fewer hours in December."},
    "remove_note": None,
    "move_dials": {"values": {"coaching_score": 55}},
    "move_thresholds": {"values": {"reschedule_rate": 0.2}},
    "put_calendar": {"zone": "Europe/Berlin", "week": [HOURS] * 5 + [None] * 2, "holidays": []},
    "choose_notifications": {"digests": True},
    "dry_run": {"values": {"coaching_score": 55}},
    "dry_run_thresholds": {"values": {"reschedule_rate": 0.2}},
}
"""In an order in which each may be done after the ones before; a task ends by one or the other."""
WRITES: Final = {one.name: one for one in SIGNED_IN if one.verb != "GET"}


@dataclass
class Place:
    """One stack, and everybody who might write."""

    door: str
    tokens: Mapping[str, str | None]
    tasks: Mapping[str, str]
    http: urllib3.PoolManager

    def ask(
        self, who: str, verb: str, path: str, body: Any = None, version: int | None = None
    ) -> urllib3.BaseHTTPResponse:
        token = self.tokens[who]
        headers = {"authorization": f"Bearer {token}"} if token else {}
        if version is not None:
            headers["if-match"] = f'"{version}"'
        return self.http.request(verb, self.door + path, json=body, headers=headers)

    def read(self, path: str, who: str = MANAGER) -> Any:
        answer = self.ask(who, "GET", path)
        assert answer.status == 200, (path, answer.data)
        return answer.json()

    def write(self, who: str, operation: Operation, about: str) -> urllib3.BaseHTTPResponse:
        """A whole write about a tutor, or their interview, of the version that stands."""
        task = self.tasks[about]
        path = operation.path.replace("{tutor_id}", about).replace("{intervention_id}", task)
        path = path.replace("{note_id}", "n-1").replace("{owner}", "people_ops")
        version = self.version(operation, about, who)
        return self.ask(who, operation.verb, path, BODIES[operation.name], version)

    def version(self, operation: Operation, about: str, who: str) -> int:
        """Of what a write changes."""
        if "{intervention_id}" in operation.path:
            (found,) = self.interviews(about)
            return int(found["version"])
        if operation.name.endswith("override"):
            return int((self.read(f"/api/tutors/{about}")["override"] or {}).get("version", 0))
        settings = self.read("/api/settings")
        match operation.name:
            case "move_dials":
                return int(settings["interventions"]["version"])
            case "move_thresholds":
                return int(settings["thresholds"]["version"])
            case "put_calendar":
                return int(settings["calendars"]["version"])
            case "choose_notifications":
                mine = self.ask(who, "GET", "/api/settings/notifications")
                return int(mine.json()["version"]) if mine.status == 200 else 0
        return 0

    def interviews(self, about: str) -> list[Any]:
        """A tutor's open interventions, but for those that mails go out for meanwhile."""
        items = self.read(f"/api/interventions?tutor_id={about}")["items"]
        return [one for one in items if one["kind"] == "H4"]

    def everything(self, about: str) -> Any:
        """What a write might change."""
        return (
            self.read(f"/api/tutors/{about}")["override"],
            self.interviews(about),
            self.read(f"/api/tutors/{about}/notes"),
            self.read("/api/settings"),
            [self.read("/api/settings/notifications", who) for who in WRITES_ABOUT],
        )


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    with throwaway_stack() as running:
        yield running


@pytest.fixture(scope="module")
def place(stack: LocalStack) -> Place:
    marketplace = Marketplace(stack.deployed)
    let_people_in(stack.deployed)
    tasks = {}
    for tutor_id in {*WRITES_ABOUT.values(), *CANCELLED.values(), KEPT}:
        marketplace.deliver(trouble(tutor_id, "Edith Clarke", "Physics", tutor_id))
        until_interviewed(marketplace, tutor_id)
        for task in marketplace.get(f"/api/tutors/{tutor_id}")["interventions"]:
            if task["kind"] == "H4":
                tasks[tutor_id] = task["intervention_id"]
    marketplace.drain()
    made = Place(
        stack.deployed.front_door, tokens(stack), tasks, urllib3.PoolManager(retries=False)
    )
    override = {**BODIES["set_override"], "score": 90}  # with less there would be no interview
    assert made.ask(MANAGER, "PUT", f"/api/tutors/{KEPT}/override", override, 0).status == 200
    for name in ("write_note", "snooze_intervention"):
        assert made.write(MANAGER, WRITES[name], KEPT).status == 200
    return made


def test_every_write_has_a_body() -> None:
    assert set(BODIES) == set(WRITES)


@pytest.mark.parametrize("operation", WRITES.values(), ids=lambda one: one.name)
def test_whoever_may_not_write_changes_nothing(place: Place, operation: Operation) -> None:
    before = place.everything(KEPT)
    others = [who for who in place.tokens if who not in ROWS[operation.name].may]

    told = {who: place.write(who, operation, KEPT).status for who in others}

    assert place.everything(KEPT) == before
    assert {who for who, status in told.items() if status == 401} == UNKNOWN
    assert {told[who] for who in others if who not in UNKNOWN} <= {403, 404}


@pytest.mark.parametrize("who", WRITES_ABOUT)
def test_whoever_may_write_changes_something(place: Place, who: str) -> None:
    about = WRITES_ABOUT[who]
    for name in BODIES:
        if who in ROWS[name].may:
            of = CANCELLED[who] if name == "cancel_intervention" else about
            before = place.everything(of)
            answer = place.write(who, WRITES[name], of)
            assert answer.status == 200, (name, answer.data)
            assert (place.everything(of) == before) is name.startswith("dry_run"), name


def test_a_note_is_its_writers_and_the_managers(place: Place) -> None:
    notes = f"/api/tutors/{WRITES_ABOUT[MANAGER]}/notes"

    def note(who: str, verb: str, name: str) -> int:
        body = {"text": "Prefers mornings."} if verb == "PUT" else None
        return place.ask(who, verb, f"{notes}/{name}", body).status

    assert [note(MANAGER, "PUT", "n-m"), note(PEOPLE_OPS, "PUT", "n-p")] == [200, 200]
    assert note(PEOPLE_OPS, "DELETE", "n-m") == 403
    assert note(PEOPLE_OPS, "PUT", "n-m") == 409
    assert {one["note_id"] for one in place.read(notes)["items"]} == {"n-m", "n-p"}
    assert [note(MANAGER, "DELETE", "n-p"), note(MANAGER, "DELETE", "n-m")] == [200, 200]
    assert place.read(notes)["items"] == []
