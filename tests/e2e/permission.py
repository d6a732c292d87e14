"""Every operation of the OpenAPI document, and who may do what: a table without a gap."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.e2e.callers import ADMIN, MANAGER, MARKETPLACE, OTHER, PEOPLE_OPS, THE_TUTOR

DOCUMENT: Final = json.loads((Path(__file__).parents[2] / "docs/openapi.json").read_text())
VERBS: Final = ("get", "put", "post", "delete", "patch")

STAFF: Final = frozenset({MANAGER, PEOPLE_OPS})
BOSS: Final = frozenset({MANAGER})
SETTERS: Final = frozenset({MANAGER, ADMIN})
TUTORS: Final = frozenset({THE_TUTOR, OTHER})
OWN, OTHERS, NOBODYS, NONSENSE = "own", "another's", "nobody's", "nonsense"


@dataclass(frozen=True)
class Row:
    """Who may, and what they are answered by whose it is; `own_too` lets tutors see themselves.

    Writes are asked without saying which version was seen, so that nothing is changed: whoever may
    is told what is missing, everybody else that they may not.
    """

    may: frozenset[str]
    answers: Mapping[str, int]
    own_too: bool = False


def reads(may: frozenset[str]) -> Row:
    """What is about nobody in particular."""
    return Row(may, {OWN: 200})


def reads_tutor(may: frozenset[str], *, own_too: bool = False) -> Row:
    return Row(may, {OWN: 200, OTHERS: 200, NOBODYS: 404, NONSENSE: 404}, own_too)


def moves(may: frozenset[str]) -> Row:
    return Row(may, {OWN: 428, OTHERS: 428, NOBODYS: 428, NONSENSE: 404})


ROWS: Final[Mapping[str, Row]] = {
    "overview": reads(STAFF),
    "definitions": reads(STAFF | {MARKETPLACE, ADMIN}),
    "tutor_list": reads(STAFF),
    "tutor": reads_tutor(STAFF, own_too=True),
    "history": reads_tutor(STAFF),
    "scores": reads_tutor(STAFF | {MARKETPLACE}),
    "recommendations": reads_tutor(STAFF | {MARKETPLACE}),
    "sessions": reads_tutor(STAFF),
    "notes": reads_tutor(STAFF),
    "intervention_list": reads(STAFF),
    "colleagues": reads(STAFF),
    "intervention_analytics": reads(STAFF),
    "override_analytics": reads(STAFF),
    "reports": reads(STAFF),
    "model": reads(STAFF | {ADMIN}),
    "settings": reads(STAFF | {ADMIN}),
    "notifications": reads(STAFF | {ADMIN}),
    "choose_notifications": Row(STAFF | {ADMIN}, {OWN: 428}),
    "start_intervention": moves(STAFF),
    "complete_intervention": moves(STAFF),
    "cancel_intervention": moves(STAFF),
    "snooze_intervention": moves(STAFF),
    "wake_intervention": moves(STAFF),
    "reassign_intervention": moves(STAFF),
    "note_intervention": moves(STAFF),
    "judge_intervention": moves(STAFF),
    "set_override": Row(BOSS, {OWN: 422, OTHERS: 422, NOBODYS: 422, NONSENSE: 404}),
    "end_override": Row(BOSS, {OWN: 428, OTHERS: 428, NOBODYS: 428, NONSENSE: 404}),
    "write_note": Row(STAFF, {OWN: 422, OTHERS: 422, NOBODYS: 404, NONSENSE: 404}),
    "remove_note": Row(STAFF, {OWN: 200, OTHERS: 200, NOBODYS: 404, NONSENSE: 404}),
    "move_dials": Row(SETTERS, {OWN: 422}),
    "move_thresholds": Row(SETTERS, {OWN: 422}),
    "put_calendar": Row(SETTERS, {OWN: 422, NONSENSE: 404}),
    "dry_run": Row(STAFF | {ADMIN}, {OWN: 422}),
    "dry_run_thresholds": Row(STAFF | {ADMIN}, {OWN: 422}),
}
OPEN: Final[Mapping[str, int]] = {
    "report_sessions": 401, "report_tutors": 401, "report_events": 401, "report_feedback": 401,
    "ask_to_unsubscribe": 404, "unsubscribe": 404, "health": 200, "openapi": 200,
}  # fmt: skip
"""Asked without a token: by a signature, by a link that was sealed, or by anybody; and what is
answered where there is neither signature nor seal."""


@dataclass(frozen=True)
class Operation:
    """One of the document."""

    name: str
    verb: str
    path: str


OPERATIONS: Final = [
    Operation(what["operationId"], verb.upper(), path)
    for path, verbs in DOCUMENT["paths"].items()
    for verb, what in verbs.items()
    if verb in VERBS
]
SIGNED_IN: Final = [one for one in OPERATIONS if one.name not in OPEN]
