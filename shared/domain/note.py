"""What people write down about a tutor, for each other: the tutor never sees it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Note:
    """A text of at most MOST_TEXT characters; `note_id` is chosen by whoever sends it."""

    tutor_id: str
    note_id: str
    text: str
    written_by: str
    written_at: datetime

    def says_the_same(self, other: "Note") -> bool:
        """Whether the other is this note sent once more."""
        return (self.text, self.written_by) == (other.text, other.written_by)


def newest_first(notes: Iterable[Note]) -> list[Note]:
    """As they are shown; ties by id."""
    return sorted(notes, key=lambda note: (note.written_at, note.note_id), reverse=True)
