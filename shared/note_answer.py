"""What is answered about the notes on a tutor."""

from collections.abc import Iterable
from datetime import datetime

from shared.domain.note import Note as Known
from shared.outbound import Outbound


class Note(Outbound):
    """What somebody of the staff wrote about a tutor, for the others."""

    note_id: str
    text: str
    written_by: str
    written_at: datetime


class NoteList(Outbound):
    """All notes on a tutor, the newest first."""

    items: tuple[Note, ...]


def note_list(known: Iterable[Known]) -> NoteList:
    """Notes as they are shown."""
    return NoteList(items=tuple(Note.model_validate(one) for one in known))
