"""PUT and DELETE /api/tutors/{tutor_id}/notes/{note_id}: what staff write down about a tutor.

Who writes chooses the id, so a note that is sent once more is there once. A note is not changed
afterwards: it is taken away by whoever wrote it, or by a manager, and written anew.
"""

import re
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.access import Operation, Shape
from shared.aws.admission import Admitted, admit, recorded
from shared.aws.audit import AuditTrail
from shared.aws.entrance import entrance
from shared.aws.note_table import NoteTable, OtherNoteError
from shared.aws.scorecard_table import ScorecardTable
from shared.aws.table import table
from shared.contracts import NoteText
from shared.domain.note import Note
from shared.note_answer import note_list
from shared.problem import ProblemError, or_problem
from shared.reply import reply
from shared.request import told
from shared.setting import Setting

PATH = re.compile(r"/api/tutors/([A-Za-z0-9_.:-]{1,64})/notes/([A-Za-z0-9_.:-]{1,64})")
OPERATIONS = {"PUT": Operation.WRITE_NOTE, "DELETE": Operation.REMOVE_NOTE}


class Env(Setting):
    TABLE_NAME: str
    ENTRANCE_SECRET_ARN: str


env = Env.read()
logger = Logger()
door = entrance(env.ENTRANCE_SECRET_ARN)
store = table(env.TABLE_NAME)
notes, cards, trail = NoteTable(store), ScorecardTable(store), AuditTrail(store)


def now() -> datetime:
    return datetime.now(UTC)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one change; whatever fails on our side is a 503 with Retry-After."""
    return or_problem(event, lambda: respond(event, now()), logger, failure="not answered")


def respond(event: dict[str, Any], at: datetime) -> dict[str, Any]:
    """Find out who wants what, do it, write down that they did, answer all notes on the tutor."""
    door.let_in(event, at)
    found = PATH.fullmatch(event["rawPath"])
    operation = OPERATIONS.get(event["requestContext"]["http"]["method"])
    if found is None or operation is None:
        raise ProblemError(HTTPStatus.NOT_FOUND)
    tutor_id, note_id = found.groups()
    who = admit(event, operation, at, trail, f"{tutor_id}/notes/{note_id}", tutor_id=tutor_id)
    with recorded(who, trail) as shown:
        if cards.card(tutor_id) is None:
            raise ProblemError(HTTPStatus.NOT_FOUND)
        if operation is Operation.WRITE_NOTE:
            write(Note(tutor_id, note_id, told(NoteText, event).text, who.name, at))
        else:
            remove(tutor_id, note_id, who)
        shown.append(tutor_id)
    logger.info("answered", operation=operation)
    body = note_list(notes.of_tutor(tutor_id)).json_bytes()
    return reply(body, event.get("headers") or {}, who.caller.role_names)


def write(note: Note) -> None:
    """Keep it, once."""
    try:
        notes.put(note)
    except OtherNoteError as error:
        said = "There is another note of this id."
        raise ProblemError(HTTPStatus.CONFLICT, said) from error


def remove(tutor_id: str, note_id: str, who: Admitted) -> None:
    """Take it away, if it is the caller's to take; one that is not there is away already."""
    known = notes.note(tutor_id, note_id)
    if known and who.shape is Shape.OWN and known.written_by != who.name:
        raise ProblemError(HTTPStatus.FORBIDDEN, "Somebody else wrote it.")
    notes.remove(tutor_id, note_id)
