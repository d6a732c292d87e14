"""Notes on tutors, one item each in the tutor's partition."""

from shared.aws import key
from shared.aws.item import dumped, loaded
from shared.aws.retention import kept_item
from shared.aws.scorecard_table import LAST
from shared.aws.table import NEW, Table, VersionConflictError
from shared.domain.note import Note, newest_first


class OtherNoteError(Exception):
    """There is a note of that id, with another text or by somebody else."""


class NoteTable:
    """What staff write and read."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def of_tutor(self, tutor_id: str) -> list[Note]:
        """The notes on a tutor, the newest first."""
        items = self._table.query(key.tutor(tutor_id), ("NOTE#", f"NOTE#{LAST}"))
        return newest_first(loaded(Note, item) for item in items)

    def note(self, tutor_id: str, note_id: str) -> Note | None:
        """One note, strongly read."""
        item = self._table.get(key.note(tutor_id, note_id))
        return loaded(Note, item) if item else None

    def put(self, note: Note) -> None:
        """Keep a note; the same once more changes nothing, another raises OtherNoteError."""
        place = key.note(note.tutor_id, note.note_id)
        item = kept_item(place, note.written_at) | {"data": dumped(note)}
        try:
            self._table.put(item, NEW)
        except VersionConflictError:
            known = self.note(note.tutor_id, note.note_id)
            if known is None:  # taken away meanwhile: the sender may try again
                raise
            if not known.says_the_same(note):
                raise OtherNoteError from None

    def remove(self, tutor_id: str, note_id: str) -> None:
        """Forget a note, if there is one."""
        self._table.delete(key.note(tutor_id, note_id))
