"""Everything that people may change: whoever may can, whoever may not changes nothing.

Each write is asked whole, with the version that stands, so that nothing but the caller's role is
in its way.
"""

import json
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
from tests.e2e.hostile import (
    ADDRESSES,
    CHOICES,
    CLOCKS,
    DAYS,
    NO_NUMBERS,
    ODD_WORDS,
    TEXTS,
    TIMES,
    USERS,
    ZONES,
    with_field,
)
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
LONG: Final = '"' + "x" * 2_001 + '"'
BLANK: Final = ['""', '" \\u2003\\n"', "null"]
PAST_AND_FAR: Final = ['"2000-01-01T00:00:00Z"', '"2100-12-31T23:59:59Z"']
DAY: Final = json.dumps(HOURS)
NO_DAYS: Final = ["1", '""', "[]", '"09:00-17:00"']
DIALS: Final = ["move_dials", "dry_run"]
THRESHOLDS: Final = ["move_thresholds", "dry_run_thresholds"]
CALENDAR, CHOICE = ["put_calendar"], ["choose_notifications"]
MOVES: Final = [name for name in BODIES if name.endswith("_intervention")]
NEEDED: Final = {"outcome": '"improved"', "until": f'"{SOON}"', "assignee": '"local-people_ops"',
                 "opinion": '"useful"'}  # fmt: skip
"""By some moves; none of the others takes it."""
HOSTILE: Final = [
    *((name, body, field, [raw]) for name, body in BODIES.items() if name in MOVES
      for field, raw in NEEDED.items() if field not in body),
    *((name, BODIES[name], "reason", [*TEXTS, LONG]) for name in (*MOVES, "end_override")),
    *((name, BODIES[name], field, raws) for names, field, raws in (
        (["note_intervention", "snooze_intervention", "cancel_intervention"], "reason", BLANK),
        (["snooze_intervention", "set_override"], "until", [*TIMES, *PAST_AND_FAR, "null"]),
        (["reassign_intervention"], "assignee", [*USERS, "null"]),
        (["complete_intervention"], "outcome", [*CHOICES, "null"]),
        (["judge_intervention"], "opinion", [*CHOICES, "null"]),
        (["set_override"], "score", [*NO_NUMBERS, "-4", "-0.0000001", "100.0000001", "null"]),
        (["set_override"], "reason", [*TEXTS, *BLANK, '"ab"', LONG]),
        (["write_note"], "text", [*TEXTS, *BLANK, LONG]),
        (DIALS + THRESHOLDS, "values",
         ["[]", "{}", "1", '"coaching_score"', "null", '{"\\ud800": 1}', '{"coaching_score": null}',
          json.dumps({f"d-{n}": 1 for n in range(51)})]),
        (DIALS + THRESHOLDS, "values.nobody", ["1"]),
        (DIALS, "values.coaching_score", [*NO_NUMBERS, "-0.0", "49.9999999", "90.0000001"]),
        (DIALS, "values.sustained_days", [*NO_NUMBERS, "2", "3.5", "31"]),
        (DIALS, "values.reschedule_rate", ["0.2"]),
        (THRESHOLDS, "values.reschedule_rate", [*NO_NUMBERS, "-0.0", "0.0199999", "0.5000001"]),
        (THRESHOLDS, "values.coaching_score", ["55"]),
        (CALENDAR, "zone", [*ZONES, "null"]),
        (CALENDAR, "week", ["{}", "1", '"always"', "null", f"[{', '.join([DAY] * 8)}]"]),
        (CALENDAR, "week.0", NO_DAYS),
        (CALENDAR, "week.0.begin", CLOCKS),
        (CALENDAR, "week.0.end", [*CLOCKS, '"09:00"', '"08:59"']),
        (CALENDAR, "holidays", ["{}", "1", '"2026-12-25"', json.dumps(["2026-12-25"] * 101)]),
        (CHOICE, "reports", CHOICES),
        (CHOICE, "digests", ['"true"', "1", "0", "[]", "{}"]),
        (CHOICE, "alerts", ['"mail"', "1", "{}", '["webhook"]', '["mail", "mail", "mail"]']),
        (CHOICE, "alert_kinds", ['"risk"', "1", "{}", '["risk", "risk", "risk"]']),
        (CHOICE, "alert_level", CHOICES),
        (CHOICE, "zone", ZONES),
        (CHOICE, "quiet_hours", NO_DAYS),
        (CHOICE, "webhook_url", ADDRESSES),
    ) for name in names),
    *(("put_calendar", {**BODIES["put_calendar"], "holidays": [""]}, "holidays.0", [day])
      for day in DAYS),
    *(("choose_notifications", {several: [""]}, f"{several}.0", CHOICES)
      for several in ("alerts", "alert_kinds")),
    *(("choose_notifications", {"quiet_hours": dict(HOURS)}, f"quiet_hours.{end}", CLOCKS)
      for end in HOURS),
    ("choose_notifications", {"quiet_hours": dict(HOURS)}, "quiet_hours.end", ['"09:00"']),
]  # fmt: skip
"""A write, its body, the field that is wrong in it, and what may stand there; the rest is right."""
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
        """The body is bytes as they are, or else what is sent as JSON."""
        token = self.tokens[who]
        headers = {"authorization": f"Bearer {token}"} if token else {}
        if version is not None:
            headers["if-match"] = f'"{version}"'
        if isinstance(body, bytes):
            headers["content-type"] = "application/json"
            return self.http.request(verb, self.door + path, body=body, headers=headers)
        return self.http.request(verb, self.door + path, json=body, headers=headers)

    def read(self, path: str, who: str = MANAGER) -> Any:
        answer = self.ask(who, "GET", path)
        assert answer.status == 200, (path, answer.data)
        return answer.json()

    def write(self, who: str, operation: Operation, about: str) -> urllib3.BaseHTTPResponse:
        """A whole write about a tutor, or their interview, of the version that stands."""
        version = self.version(operation, about, who)
        body = BODIES[operation.name]
        return self.ask(who, operation.verb, self.path(operation, about), body, version)

    def path(self, operation: Operation, about: str) -> str:
        """Of a write about a tutor, or their interview."""
        task = self.tasks[about]
        path = operation.path.replace("{tutor_id}", about).replace("{intervention_id}", task)
        return path.replace("{note_id}", "n-1").replace("{owner}", "people_ops")

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


@pytest.mark.parametrize("name", [name for name in WRITES if name != "remove_note"])
def test_a_field_that_is_wrong_is_named_and_nothing_changes(place: Place, name: str) -> None:
    before, operation = place.everything(KEPT), WRITES[name]
    path, version = place.path(operation, KEPT), place.version(operation, KEPT, MANAGER)
    rows = [row for which, *row in HOSTILE if which == name]
    assert rows

    for body, field, raws in rows:
        for raw in raws:
            sent = with_field(body, field, raw)
            answer = place.ask(MANAGER, operation.verb, path, sent, version)
            assert answer.status == 422, (field, raw[:80], answer.data)
            told = {error["field"] for error in answer.json()["errors"]}
            assert told == {field}, (field, raw[:80], answer.data)

    assert place.everything(KEPT) == before


@pytest.mark.parametrize("raw", ODD_WORDS)
def test_words_may_be_any_unicode_and_stay_as_they_are(place: Place, raw: str) -> None:
    note, told = f"/api/tutors/{KEPT}/notes/n-odd", with_field({}, "text", raw)

    written = place.ask(MANAGER, "PUT", note, told)
    removed = place.ask(MANAGER, "DELETE", note)

    texts = [one["text"] for one in written.json()["items"] if one["note_id"] == "n-odd"]
    assert (written.status, texts, removed.status) == (200, [json.loads(raw)], 200)


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
