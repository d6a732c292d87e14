"""Everybody who might call × everything there is × one's own, another's, nobody's and nonsense.

The table of `permission.py` is the whole of it: an operation of the OpenAPI document without a row
fails.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
import urllib3

from infra_cdk.local.stack import LocalStack
from shared.own_answer import OwnPage
from tests.e2e.callers import (
    MANAGER,
    OTHER,
    OTHER_TUTOR,
    STUDENT,
    THE_TUTOR,
    TUTOR,
    UNKNOWN,
    tokens,
)  # fmt: skip
from tests.e2e.dashboard import trouble, until_interviewed
from tests.e2e.marketplace import Marketplace
from tests.e2e.permission import (
    NOBODYS,
    NONSENSE,
    OPEN,
    OPERATIONS,
    OTHERS,
    OWN,
    ROWS,
    SIGNED_IN,
    TUTORS,
    Operation,
    Row,
)  # fmt: skip

pytestmark = pytest.mark.e2e
TROUBLED: Final = "t-access"
"""Another with whom an interview is due; it is neither of the tutors who ask."""


@dataclass
class Callers:
    """Asks as anybody."""

    door: str
    tokens: Mapping[str, str | None]
    ids: Mapping[str, Mapping[str, str]]
    http: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(retries=False))

    def ask(self, who: str, verb: str, path: str, **headers: str) -> urllib3.BaseHTTPResponse:
        token = self.tokens[who]
        sent = {**headers, **({"authorization": f"Bearer {token}"} if token else {})}
        body = None
        if verb in ("PUT", "POST"):
            body, sent["content-type"] = b"{}", "application/json"
        return self.http.request(verb, self.door + path, body=body, headers=sent)

    def paths(self, operation: Operation) -> Iterator[tuple[str, str]]:
        """An operation's path by whose thing it names."""
        names = [name for name in self.ids if f"{{{name}}}" in operation.path]
        for whose in (OWN, OTHERS, NOBODYS, NONSENSE) if names else (OWN,):
            path = operation.path
            for name in names:
                if whose in self.ids[name]:
                    path = path.replace(f"{{{name}}}", self.ids[name][whose])
            if "{" not in path:
                yield whose, path


@pytest.fixture(scope="module")
def callers(stack: LocalStack, marketplace: Marketplace, site: str) -> Callers:
    marketplace.deliver(trouble(TROUBLED, "Edith Clarke", "Physics", "s-access"))
    until_interviewed(marketplace, TROUBLED)
    own, others = (
        marketplace.get(f"/api/tutors/{who}")["interventions"][0]["intervention_id"]
        for who in (TUTOR, TROUBLED)
    )
    nonsense = "%00%20!"
    note = {OWN: "n-1", OTHERS: "n-1", NOBODYS: "n-1", NONSENSE: nonsense}
    ids = {
        "tutor_id": {OWN: TUTOR, OTHERS: OTHER_TUTOR, NOBODYS: "t-nobody", NONSENSE: nonsense},
        "intervention_id": {
            OWN: own, OTHERS: others, NOBODYS: f"{own}x", NONSENSE: nonsense,
        },
        "note_id": note,
        "owner": {OWN: "people_ops", NONSENSE: "nobody"},
    }  # fmt: skip
    return Callers(site, tokens(stack), ids)


def test_every_operation_has_a_row() -> None:
    assert {one.name for one in SIGNED_IN} == set(ROWS)
    assert {one.name for one in OPERATIONS} >= OPEN.keys()


def expected(row: Row, who: str, whose: str, operation: Operation) -> int:
    """What somebody is answered."""
    if who in UNKNOWN:
        # What is nowhere is so to everybody who gets past the gateway.
        return 404 if who == "an ID token" and whose == NONSENSE else 401
    if who in row.may or whose == NONSENSE:
        return row.answers[whose]
    if who in TUTORS and "{tutor_id}" in operation.path:
        theirs = whose == (OWN if who == THE_TUTOR else OTHERS)
        if not theirs:
            return 404  # as for an id that nobody has
        return 200 if row.own_too else 403
    if who == STUDENT and "{tutor_id}" in operation.path:
        return 404
    return 403


@pytest.mark.parametrize("operation", SIGNED_IN, ids=lambda one: one.name)
def test_everybody_is_answered_what_is_theirs_and_nothing_else(
    callers: Callers, operation: Operation
) -> None:
    row = ROWS[operation.name]
    wrong = [
        f"{who} asks {operation.verb} {path} and is answered {answer.status}, not {wanted}"
        for whose, path in callers.paths(operation)
        for who in callers.tokens
        if (answer := callers.ask(who, operation.verb, path)).status
        != (wanted := expected(row, who, whose, operation))
    ]

    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "operation", [one for one in OPERATIONS if one.name in OPEN], ids=lambda one: one.name
)
def test_no_token_opens_what_a_signature_or_a_seal_does(
    callers: Callers, operation: Operation
) -> None:
    path = operation.path.replace("{token}", "AAAA")
    assert "{" not in path

    told = {who: callers.ask(who, operation.verb, path).status for who in callers.tokens}

    assert set(told.values()) == {OPEN[operation.name]}


def places(told: Any, at: str = "") -> Iterator[str]:
    """Every key there is, with those that lead to it; what lists hold stands at the list."""
    if isinstance(told, dict):
        for name, value in told.items():
            yield f"{at}.{name}"
            yield from places(value, f"{at}.{name}")
    elif isinstance(told, list):
        for value in told:
            yield from places(value, at)


def keys(told: Any) -> set[str]:
    """Every key there is, at any depth."""
    return {place.rpartition(".")[2] for place in places(told)}


FORBIDDEN: Final = {
    "churn_score", "churn_score_components", "risk_level", "at_risk", "prediction", "probabilities",
    "flags", "confirmed_flags", "interventions", "recommendations", "override", "overrides",
    "notes", "assignee", "why", "held_out", "student", "student_id", "session_id", "free_text",
    "email", "settings_version", "reference_version",
}  # fmt: skip
"""What is said about a tutor, or by a student, and not to the tutor."""


@pytest.mark.parametrize("who", [THE_TUTOR, OTHER, STUDENT])
def test_no_answer_to_a_tutor_or_student_has_a_forbidden_key(callers: Callers, who: str) -> None:
    for operation in SIGNED_IN:
        for _, path in callers.paths(operation):
            answer = callers.ask(who, operation.verb, path)
            told = json.loads(answer.data or b"null")
            assert not FORBIDDEN.intersection(keys(told)), (operation, path, answer.status)


def described(schema: Any, definitions: Any, at: str = "") -> Iterator[str]:
    """The same of what a JSON schema describes."""
    schema = definitions[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    for name, value in schema.get("properties", {}).items():
        yield f"{at}.{name}"
        yield from described(value, definitions, f"{at}.{name}")
    for part in (*schema.get("anyOf", []), *filter(None, [schema.get("items")])):
        yield from described(part, definitions, at)


def test_a_tutors_own_page_has_the_keys_of_its_description_alone(callers: Callers) -> None:
    schema = OwnPage.model_json_schema(mode="serialization")
    allowed = set(described(schema, schema["$defs"]))

    answer = callers.ask(THE_TUTOR, "GET", f"/api/tutors/{TUTOR}")

    assert answer.status == 200
    assert set(answer.json()) == set(OwnPage.model_fields)
    assert {".windows.30d.reschedule_rate.value", ".stars.overall_rating"} <= allowed
    assert set(places(answer.json())) <= allowed
    assert not FORBIDDEN.intersection(name.rpartition(".")[2] for name in allowed)


def test_what_staff_have_in_their_cache_is_no_answer_to_a_tutor(callers: Callers) -> None:
    path = f"/api/tutors/{TUTOR}"
    tag = callers.ask(MANAGER, "GET", path).headers["etag"]

    again = callers.ask(MANAGER, "GET", path, **{"if-none-match": tag})
    asked = callers.ask(THE_TUTOR, "GET", path, **{"if-none-match": tag})
    refused = callers.ask(OTHER, "GET", path, **{"if-none-match": tag})

    assert (again.status, asked.status, refused.status) == (304, 200, 404)
    assert "private" in asked.headers["cache-control"]
    assert not FORBIDDEN.intersection(keys(asked.json()))


def test_a_cursor_of_staff_opens_nothing_to_a_tutor(callers: Callers) -> None:
    page = callers.ask(MANAGER, "GET", "/api/tutors?limit=1").json()

    refused = callers.ask(THE_TUTOR, "GET", f"/api/tutors?limit=1&cursor={page['next_cursor']}")

    assert refused.status == 403
    assert not FORBIDDEN.intersection(keys(refused.json()))
