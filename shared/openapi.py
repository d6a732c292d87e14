"""The OpenAPI 3.1 document, generated from the tables and models that the code runs on."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from shared.access import ACCESS, Operation, Role, Shape
from shared.answer import Health
from shared.contracts import (
    MODELS,
    Inbound,
    Kind,
    MoveOrder,
    NoteText,
    NotificationChoice,
    OverrideClaim,
    OverrideEnd,
    OwnerCalendar,
    SettingValues,
)
from shared.domain.intervention import MOVES, PEOPLES, Action
from shared.domain.office import PEOPLE
from shared.intervention_answer import Intervention
from shared.note_answer import NoteList
from shared.outbound import Outbound
from shared.override_answer import OverrideSpell
from shared.problem import TITLES
from shared.question import Question
from shared.route import HEALTH, OPENAPI, ROUTES, Route
from shared.settings_answer import Calendars, Dials, DryRun, Notifications
from shared.unsubscribe import FIELD, UNDO, VALUE

VERSION = "1.0.0"
REFERENCE = "#/components/schemas/{model}"

type Json = dict[str, Any]


class FieldFault(BaseModel):
    """What is wrong with one field, named by its dotted path."""

    field: str
    message: str


class Problem(BaseModel):
    """An error by RFC 9457."""

    type: Literal["about:blank"]
    title: str
    status: int
    detail: str | None = None
    errors: list[FieldFault] | None = None
    request_id: str | None = None


class Receipt(Outbound):
    """A report is stored; `duplicate` says that it was before."""

    id: str
    duplicate: bool


ABOUT = """\
Tells a tutoring marketplace which tutors are in trouble, why, and what to do about it.

Reads need an access token of the user pool; what is answered depends on its groups, named in
`x-roles`. Reports come from the marketplace's backend, signed by Standard Webhooks 1.0.

Errors are problem documents (RFC 9457). What the gateway refuses itself comes in its own words,
`{"message": "…"}`: a missing, expired or forged token (401), a path or method that nobody offers
(404), a body over 10 MB (413), throttling (429). Lists are pages:
follow `next_cursor` until it is null, changing nothing but `limit`. A list is live, so a tutor
whose value changes between two pages may be met twice or not at all. Every answer has an ETag;
send it as `If-None-Match` to be told 304 when nothing changed. `null` means "not enough data".

Every answer of ours has `X-Request-Id`, and a problem says it too (`request_id`): by it the request
is found in our logs. A report is found by its `webhook-id`, all the way to the mails it leads to.
"""

REPORTS = {
    Kind.SESSION: "A session's snapshot, sent after every change; never a delta.",
    Kind.TUTOR: "A tutor's profile.",
    Kind.EVENT: "Something a tutor did besides teaching.",
    Kind.FEEDBACK: "What a student said about a session; it may arrive before the session.",
}

SIGNATURE = {
    "webhook-id": "The idempotency key: the same on every retry of a report. Our logs hold it, so "
    "it must say nothing about a person; a UUID does not.",
    "webhook-timestamp": "Seconds since 1970 of this attempt; older than 5 minutes is refused.",
    "webhook-signature": "`v1,<base64>` over `id.timestamp.body`; several, by spaces, while a "
    "secret is changed.",
}

MOVED = {
    "start": "Somebody begins; who begins an unassigned one has it.",
    "complete": "It is over, with an `outcome`.",
    "cancel": "It will not be done, for a `reason`.",
    "snooze": "Later: `until` within 14 days, for a `reason`. The clock goes on.",
    "wake": "A snoozed one goes on.",
    "reassign": "It is the `assignee`'s, who looks after tutors too, and is told by mail.",
    "note": "A `reason` is kept with it, nothing else changes.",
    "judge": "An `opinion` of the rule that opened it.",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One way of changing settings, or of asking what a change would do."""

    method: Literal["put", "post"]
    path: str
    name: str
    operation: Operation
    summary: str
    told: type[Inbound]
    answer: type[Outbound]


OWNER = "{owner}"
SETTINGS = (
    Setting(
        "put", "/api/settings/interventions", "move_dials", Operation.CHANGE_SETTINGS,
        "Move some dials of interventions; the others stay.", SettingValues, Dials,
    ),
    Setting(
        "put", "/api/settings/thresholds", "move_thresholds", Operation.CHANGE_SETTINGS,
        "Move some thresholds of flags; a tutor is measured by them from the next scoring on, "
        "at the latest at 00:00 UTC.", SettingValues, Dials,
    ),
    Setting(
        "put", f"/api/settings/calendars/{OWNER}", "put_calendar", Operation.CHANGE_SETTINGS,
        "Say when an owner of interventions works; deadlines already given stay.",
        OwnerCalendar, Calendars,
    ),
    Setting(
        "put", "/api/settings/notifications", "choose_notifications",
        Operation.CHANGE_NOTIFICATIONS,
        "Choose what to be told oneself; what is absent stays as it is.",
        NotificationChoice, Notifications,
    ),
    Setting(
        "post", "/api/settings/interventions/dry-run", "dry_run", Operation.DRY_RUN,
        "What moved dials would have opened over the last 30 nights, beside those in force. "
        "Changes nothing.", SettingValues, DryRun,
    ),
    Setting(
        "post", "/api/settings/thresholds/dry-run", "dry_run_thresholds", Operation.DRY_RUN,
        "Which flags moved thresholds would have raised over the last 30 nights, and what would "
        "have been opened for them, beside those in force. Changes nothing.",
        SettingValues, DryRun,
    ),
)  # fmt: skip

REQUEST_ID = {"$ref": "#/components/headers/request_id"}
UNSUBSCRIBE = "/api/unsubscribe/{token}"
SETTING_ERRORS = (400, 401, 403, 404, 412, 413, 415, 422, 428, 503)
DRY_RUN_ERRORS = (400, 401, 403, 413, 415, 422, 503)
MOVE_ERRORS = (400, 401, 403, 404, 409, 412, 413, 415, 422, 428, 503)
NOTE_ERRORS = (400, 401, 403, 404, 409, 413, 415, 422, 503)
READ_ERRORS = (401, 403, 404, 422, 503)
REPORT_ERRORS = (400, 401, 409, 413, 415, 422, 503)


@cache
def document_bytes() -> bytes:
    """The document as it is served and committed."""
    return (json.dumps(document(), indent=2, ensure_ascii=False) + "\n").encode()


def document() -> Json:
    """The whole document."""
    schemas = _Schemas(
        inbound=[
            *MODELS.values(),
            MoveOrder,
            OverrideClaim,
            OverrideEnd,
            NoteText,
            *_told(),
            *{route.question for route in ROUTES},
            Problem,
        ],
        outbound=[*_answers(), Intervention, OverrideSpell, Health, Receipt],
    )
    reports = {f"/api/{kind}": {"post": _report(kind, schemas)} for kind in Kind}
    reads = {route.path: {"get": _read(route, schemas)} for route in ROUTES}
    moves = {
        f"/api/interventions/{{intervention_id}}/{move}": {"post": _move(move, schemas)}
        for move in PEOPLES
    }
    found = [*reports.items(), *reads.items(), *moves.items(), *_overrides(schemas).items()]
    found += _notes(schemas).items()
    found += ((each.path, {each.method: _setting(each, schemas)}) for each in SETTINGS)
    found += [*_open(schemas).items(), (UNSUBSCRIBE, _unsubscribe())]
    paths: Json = {}
    for path, item in found:
        paths.setdefault(path, {}).update(item)
        for operation in item.values():
            for answer in operation["responses"].values():
                answer.setdefault("headers", {})["X-Request-Id"] = REQUEST_ID
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tutor Quality",
            "version": VERSION,
            "description": ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [
            {"name": "read", "description": "For people and the marketplace's backend."},
            {"name": "move", "description": "For people who work on interventions."},
            {"name": "override", "description": "For managers who know better than a score."},
            {"name": "note", "description": "For staff who know something of a tutor."},
            {"name": "set", "description": "Dials, thresholds, calendars, one's notifications."},
            {"name": "report", "description": "For the marketplace's backend alone."},
            {"name": "open", "description": "For anybody."},
        ],
        "paths": paths,
        "components": {
            "securitySchemes": _security(),
            "headers": {
                "request_id": {
                    "description": "Of this request, in our logs.",
                    "schema": {"type": "string"},
                }
            },
            "schemas": schemas.components(),
        },
    }


class _Schemas:
    """The JSON schemas of all models, made together so that names never clash."""

    def __init__(
        self, inbound: Iterable[type[BaseModel]], outbound: Iterable[type[BaseModel]]
    ) -> None:
        wanted: list[tuple[type[BaseModel], Literal["validation", "serialization"]]] = [
            *((model, "validation") for model in inbound),
            *((model, "serialization") for model in outbound),
        ]
        named, made = models_json_schema(wanted, ref_template=REFERENCE)
        self._references = {model: reference for (model, _), reference in named.items()}
        self._made: Json = _portable(made["$defs"])

    def of(self, model: type[BaseModel]) -> Json:
        """A reference to a model's schema."""
        return self._references[model]

    def fields(self, model: type[BaseModel]) -> Json:
        """The schemas of a model's fields by name."""
        name = self._references[model]["$ref"].rsplit("/", 1)[1]
        found: Json = self._made[name].get("properties", {})
        return found

    def components(self) -> Json:
        """All but the questions, whose fields are parameters."""
        questions = {
            reference["$ref"].rsplit("/", 1)[1]
            for model, reference in self._references.items()
            if issubclass(model, Question)
        }
        return {name: made for name, made in sorted(self._made.items()) if name not in questions}


def _answers() -> list[type[Outbound]]:
    found = [model for route in ROUTES for model in (route.answer, route.own) if model]
    return list(dict.fromkeys([*found, *(each.answer for each in SETTINGS)]))


def _told() -> list[type[Inbound]]:
    return list(dict.fromkeys(each.told for each in SETTINGS))


def _read(route: Route, schemas: _Schemas) -> Json:
    shapes = ACCESS[route.operation]
    full = schemas.of(route.answer)
    answered = {"oneOf": [full, schemas.of(route.own)]} if route.own else full
    return {
        "operationId": route.operation,
        "tags": ["read"],
        "summary": route.summary,
        "description": _who(shapes),
        "x-roles": dict(shapes),
        "security": [{"access_token": []}],
        "parameters": [*_path_parameters(route), *_query_parameters(route, schemas)],
        "responses": {
            "200": _ok(answered, "The answer.") | {"headers": _tagged()},
            "304": {"description": "Nothing changed since the ETag in If-None-Match."},
            **{str(status): _problem(status) for status in READ_ERRORS},
        },
    }


def _who(shapes: Mapping[Role, Shape]) -> str:
    told = [
        f"`{role}`" + (" (their own)" if shapes[role] is Shape.OWN else "")
        for role in Role
        if role in shapes
    ]
    return f"For {', '.join(told)}."


def _path_parameters(route: Route) -> list[Json]:
    return [_tutor_id()] if route.about_a_tutor else []


def _tutor_id() -> Json:
    schema = {"type": "string", "pattern": "^[A-Za-z0-9_.:-]{1,64}$"}
    return {"name": "tutor_id", "in": "path", "required": True, "schema": schema}


def _query_parameters(route: Route, schemas: _Schemas) -> list[Json]:
    return [
        _query_parameter(name, dict(schema))
        for name, schema in schemas.fields(route.question).items()
    ]


def _query_parameter(name: str, schema: Json) -> Json:
    default = schema.pop("default", None)
    for given in schema.pop("anyOf", []):
        if given != {"type": "null"}:
            schema |= given
    schema.pop("title", None)
    described = schema.pop("description", None)
    parameter: Json = {"name": name, "in": "query", "required": False, "schema": schema}
    if described:
        parameter["description"] = described
    if default not in (None, []):
        schema["default"] = default
    if schema.get("type") == "array":
        schema["minItems"] = 1
        parameter |= {"style": "form", "explode": False}
    return parameter


def _move(move: Action, schemas: _Schemas) -> Json:
    shapes = ACCESS[Operation.MOVE_INTERVENTION]
    identifier = {"type": "string", "pattern": "^[A-Za-z0-9_.:-]{1,100}$"}
    return {
        "operationId": f"{move}_intervention",
        "tags": ["move"],
        "summary": MOVED[move],
        "description": f"{_who(shapes)} 409: not from the status it has.",
        "x-roles": dict(shapes),
        "security": [{"access_token": []}],
        "parameters": [
            {"name": "intervention_id", "in": "path", "required": True, "schema": identifier},
            _if_match("`version` of the intervention as it was seen."),
        ],
        "requestBody": {
            "required": bool(MOVES[move].needs),
            "content": {"application/json": {"schema": schemas.of(MoveOrder)}},
        },
        "responses": {
            "200": _ok(schemas.of(Intervention), "As it is now."),
            **{str(status): _problem(status) for status in MOVE_ERRORS},
        },
    }


def _overrides(schemas: _Schemas) -> Json:
    told = (
        ("put", Operation.SET_OVERRIDE, OverrideClaim, "As it is now.",
         "Set a tutor's churn score for a while, in place of any override in force.",
         "409: the tutor has left. Saying the same again changes nothing."),
        ("delete", Operation.END_OVERRIDE, OverrideEnd, "As it ended.",
         "End the override in force; the computed score holds again.",
         "409: there is none. Ending what one has ended changes nothing."),
    )  # fmt: skip
    item: Json = {}
    for method, operation, model, answered, summary, conflicts in told:
        item[method] = {
            "operationId": operation,
            "tags": ["override"],
            "summary": summary,
            "description": f"{_who(ACCESS[operation])} {conflicts}",
            "x-roles": dict(ACCESS[operation]),
            "security": [{"access_token": []}],
            "parameters": [
                _tutor_id(),
                _if_match('`version` of the override in force as it was seen; "0" where none is.'),
            ],
            "requestBody": {
                "required": model is OverrideClaim,
                "content": {"application/json": {"schema": schemas.of(model)}},
            },
            "responses": {
                "200": _ok(schemas.of(OverrideSpell), answered),
                **{str(status): _problem(status) for status in MOVE_ERRORS},
            },
        }
    return {"/api/tutors/{tutor_id}/override": item}


def _notes(schemas: _Schemas) -> Json:
    told = (
        ("put", Operation.WRITE_NOTE, "Write down what one knows about a tutor.",
         "The id is the sender's choice: the same note once more changes nothing, another under "
         "the same id is 409."),
        ("delete", Operation.REMOVE_NOTE, "Take a note away.",
         "`people_ops` only their own. One that is not there is away already."),
    )  # fmt: skip
    name = {"type": "string", "pattern": "^[A-Za-z0-9_.:-]{1,64}$"}
    item: Json = {}
    for method, operation, summary, described in told:
        item[method] = {
            "operationId": operation,
            "tags": ["note"],
            "summary": summary,
            "description": f"{_who(ACCESS[operation])} {described}",
            "x-roles": dict(ACCESS[operation]),
            "security": [{"access_token": []}],
            "parameters": [
                _tutor_id(),
                {"name": "note_id", "in": "path", "required": True, "schema": name},
            ],
            "responses": {
                "200": _ok(schemas.of(NoteList), "All notes on the tutor as they are now."),
                **{str(status): _problem(status) for status in NOTE_ERRORS},
            },
        }
    item["put"]["requestBody"] = {
        "required": True,
        "content": {"application/json": {"schema": schemas.of(NoteText)}},
    }
    return {"/api/tutors/{tutor_id}/notes/{note_id}": item}


def _if_match(described: str) -> Json:
    return {
        "name": "If-Match",
        "in": "header",
        "required": True,
        "description": described,
        "schema": {"type": "string"},
    }


def _setting(setting: Setting, schemas: _Schemas) -> Json:
    shapes = ACCESS[setting.operation]
    owner = {"type": "string", "enum": list(PEOPLE)}
    parameters: list[Json] = []
    if OWNER in setting.path:
        parameters.append({"name": "owner", "in": "path", "required": True, "schema": owner})
    if setting.method == "put":
        parameters.append(_if_match("`version` of this part of the settings as it was seen."))
    errors = SETTING_ERRORS if setting.method == "put" else DRY_RUN_ERRORS
    return {
        "operationId": setting.name,
        "tags": ["set"],
        "summary": setting.summary,
        "description": _who(shapes),
        "x-roles": dict(shapes),
        "security": [{"access_token": []}],
        "parameters": parameters,
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": schemas.of(setting.told)}},
        },
        "responses": {
            "200": _ok(schemas.of(setting.answer), "As it is now, or would have been."),
            **{str(status): _problem(status) for status in errors},
        },
    }


def _unsubscribe() -> Json:
    token = {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,400}$"}
    form = {
        "type": "object",
        "properties": {FIELD: {"enum": [VALUE, UNDO]}},
        "required": [FIELD],
    }
    page = {"description": "A page for people.", "content": {"text/html": {"schema": {}}}}
    common: Json = {
        "tags": ["open"],
        "security": [],
        "parameters": [{"name": "token", "in": "path", "required": True, "schema": token}],
    }
    return {
        "get": common
        | {
            "operationId": "ask_to_unsubscribe",
            "summary": "A page with a button that does without such mails; fetching it does not.",
            "responses": {"200": page, "404": _problem(404), "503": _problem(503)},
        },
        "post": common
        | {
            "operationId": "unsubscribe",
            "summary": "Do without such mails (RFC 8058); again changes nothing.",
            "requestBody": {
                "required": True,
                "content": {
                    name: {"schema": form}
                    for name in ("application/x-www-form-urlencoded", "multipart/form-data")
                },
            },
            "responses": {"200": page}
            | {str(status): _problem(status) for status in (404, 413, 422, 503)},
        },
    }


def _report(kind: Kind, schemas: _Schemas) -> Json:
    model: type[Inbound] = MODELS[kind]
    return {
        "operationId": f"report_{kind}",
        "tags": ["report"],
        "summary": REPORTS[kind],
        "description": "Unknown fields are kept and ignored; null means absent.",
        "security": [{name.replace("-", "_"): [] for name in SIGNATURE}],
        "requestBody": {
            "required": True,
            "description": "At most 64 kB.",
            "content": {"application/json": {"schema": schemas.of(model)}},
        },
        "responses": {
            "202": _ok(schemas.of(Receipt), "Stored; also said to a duplicate."),
            **{str(status): _problem(status) for status in REPORT_ERRORS},
        },
    }


def _open(schemas: _Schemas) -> Json:
    health = _ok(schemas.of(Health), "It runs.")
    itself = _ok({"type": "object"}, "An OpenAPI 3.1 document.")
    described = ((HEALTH, "health", "Whether the API runs.", health),
                 (OPENAPI, "openapi", "This document.", itself))  # fmt: skip
    return {
        path: {
            "get": {
                "operationId": operation,
                "tags": ["open"],
                "summary": summary,
                "security": [],
                "responses": {
                    "200": answered | {"headers": _tagged()},
                    "304": {"description": "Nothing changed since the ETag in If-None-Match."},
                    "503": _problem(503),
                },
            }
        }
        for path, operation, summary, answered in described
    }


def _security() -> Json:
    signatures = {
        name.replace("-", "_"): {
            "type": "apiKey",
            "in": "header",
            "name": name,
            "description": f"Standard Webhooks 1.0. {about}",
        }
        for name, about in SIGNATURE.items()
    }
    token = {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An OIDC access token of the user pool; an ID token is refused.",
    }
    return {"access_token": token} | signatures


def _ok(schema: Json, described: str) -> Json:
    return {"description": described, "content": {"application/json": {"schema": schema}}}


def _problem(status: int) -> Json:
    titles = {code.value: title for code, title in TITLES.items()}
    answer: Json = {
        "description": titles[status],
        "content": {
            "application/problem+json": {"schema": {"$ref": REFERENCE.format(model="Problem")}}
        },
    }
    if status == 503:
        answer["headers"] = {
            "Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}
        }
    return answer


def _tagged() -> Json:
    return {"ETag": {"description": "Of this answer.", "schema": {"type": "string"}}}


def _portable(value: Any) -> Any:
    r"""Patterns as JSON Schema has them: `$` where Rust's regular expressions say `\z`."""
    if isinstance(value, dict):
        return {
            key: item.replace(r"\z", "$")
            if key == "pattern" and isinstance(item, str)
            else _portable(item)
            for key, item in value.items()
        }
    return [_portable(item) for item in value] if isinstance(value, list) else value


if __name__ == "__main__":
    print(document_bytes().decode(), end="")  # noqa: T201 - `make docs` writes docs/openapi.json
