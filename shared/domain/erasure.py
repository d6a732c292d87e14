"""Forgetting a student: what happened in a session stays, and that it was this student does not.

Tutors keep their rates and stars, which say nothing of anybody; words are taken away, for who
wrote them may be known by them. Who is forgotten gets another name in each session, made from the
session alone: nothing leads from it to the student, or from one session to another.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any, Final

from shared.domain.feedback import Feedback
from shared.domain.session import Session

PREFIX: Final = "erased-"
WORDS: Final = ("free_text", "improvement_areas")
"""What a student wrote, in a feedback as it is reported."""

WORD: Final = re.compile(r"[A-Za-z0-9_.:-]+")
"""What ids are made of, and therefore where one begins and ends in a text."""
LABEL: Final = re.compile(r"[A-Za-z]+:(?=.)")
"""Stands before an id without a space: `student:u-3`."""
ENDS: Final = "_.:-"
"""May be the end of an id, or the sentence's."""
LONGEST: Final = 64
"""Characters of an id."""

type Erased = Callable[[str], bool]
"""Whether a student was erased, by id."""


def fingerprint(student_id: str) -> str:
    """What is left of an erased student: enough to know their reports by, should they come again.

    It keeps an id from being read, not from being guessed; nothing else is known by it.
    """
    return sha256(student_id.encode()).hexdigest()


def nobody(session_id: str) -> str:
    """The student of a session who was erased."""
    return PREFIX + sha256(session_id.encode()).hexdigest()[:16]


def is_nobody(student_id: str) -> bool:
    """Whether that is no student any more."""
    return student_id.startswith(PREFIX)


def students_of(session: Session) -> set[str]:
    """Everybody a session knows of."""
    taught = {session.snapshot.student_id} if session.snapshot else set[str]()
    return taught | {said.student_id for said in session.feedback}


def without(session: Session, erased: Erased) -> Session:
    """The session with nobody in place of who was erased."""
    snapshot, moves = session.snapshot, session.reschedules
    if snapshot is not None and erased(snapshot.student_id):
        snapshot = replace(snapshot, student_id=nobody(session.session_id))
        moves = tuple(replace(move, reason=None) for move in moves)
    feedback = tuple(
        _wordless(said, session.session_id) if erased(said.student_id) else said
        for said in session.feedback
    )
    return replace(session, snapshot=snapshot, reschedules=moves, feedback=feedback)


def reported_without(body: Mapping[str, Any]) -> dict[str, Any]:
    """A report or feedback, as far as it is understood, with nobody in place of its student."""
    told = {name: value for name, value in body.items() if name not in WORDS}
    told["student_id"] = nobody(body["session_id"])
    move = told.get("reschedule_info")
    if isinstance(move, Mapping):
        told["reschedule_info"] = {name: value for name, value in move.items() if name != "reason"}
    return told


def named_in(text: str, erased: Erased) -> set[str]:
    """The ids in a text, each a word of its own, of those who were erased."""
    return {one for word in WORD.findall(text) for one in _ids(word) if erased(one)}


def _ids(word: str) -> Iterator[str]:
    """What a word may be the id of: with the signs at its ends or without, and after a label."""
    core = word.strip(ENDS)
    if not core:
        yield from (word[:length] for length in range(1, min(len(word), LONGEST) + 1))
        return
    before, _, after = word.partition(core)
    ends = [after[:length] for length in range(min(len(after), LONGEST) + 1)]
    for length in range(min(len(before), LONGEST) + 1):
        yield from (before[len(before) - length :] + core + end for end in ends)
    if label := LABEL.match(core):
        yield from (core[label.end() :].lstrip(ENDS) + end for end in ends)


def _wordless(said: Feedback, session_id: str) -> Feedback:
    return replace(said, student_id=nobody(session_id), free_text=None, improvement_areas=())
