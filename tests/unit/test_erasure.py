"""What stays of a session when its student is forgotten."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.erasure import (
    fingerprint,
    is_nobody,
    named_in,
    nobody,
    reported_without,
    students_of,
    without,
)
from shared.domain.feedback import Feedback
from shared.domain.scorecard import scorecard
from shared.domain.session import Party, Reschedule, Session
from tests.builders import completed, log

AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


def said(student_id: str, stars: float = 4, text: str | None = "She helped me a lot.") -> Feedback:
    return Feedback(
        feedback_id=f"f-{student_id[0]}", student_id=student_id, tutor_id="t-7",
        overall_rating=stars, submitted_at=AT, received_at=AT, session_id="s-1", free_text=text,
        improvement_areas=("pace",), ratings=(("patience", 5.0),),
    )  # fmt: skip


def group() -> Session:
    """A session of ann, who moved it once, in which bob said something too."""
    session = completed(AT, session_id="s-1", tutor_id="t-7", student_id="ann")
    assert session.order is not None
    moved = Reschedule(
        Party.STUDENT, AT - timedelta(days=1), AT, AT - timedelta(days=2), session.order,
        reason="ann has a cold",
    )  # fmt: skip
    return replace(session, reschedules=(moved,), feedback=(said("ann", 5), said("bob", 2)))


def of_ann(student_id: str) -> bool:
    return student_id == "ann"


def test_nothing_a_forgotten_student_was_known_by_is_left() -> None:
    left = without(group(), of_ann)

    assert students_of(left) == {nobody("s-1"), "bob"}
    assert "ann" not in repr(left)
    assert "helped" not in repr(left.feedback[0])
    assert left.feedback[0].improvement_areas == ()


def test_what_others_in_the_session_said_stays() -> None:
    assert without(group(), of_ann).feedback[1] == said("bob", 2)


def test_the_tutor_keeps_what_happened_and_the_stars() -> None:
    before, after = group(), without(group(), of_ann)

    def scored(session: Session) -> object:
        return scorecard(log(session), AT + timedelta(hours=1))

    assert scored(before) == scored(after)
    assert after.feedback[0].overall_rating == 5


def test_forgetting_twice_changes_nothing_more() -> None:
    once = without(group(), of_ann)

    assert without(once, of_ann) == once


def test_two_sessions_of_a_forgotten_student_do_not_show_that_it_was_the_same() -> None:
    assert nobody("s-1") != nobody("s-2")
    assert is_nobody(nobody("s-1"))
    assert not is_nobody("ann")


def test_a_fingerprint_does_not_tell_the_id() -> None:
    assert "ann" not in fingerprint("ann")
    assert fingerprint("ann") != fingerprint("bob")


def test_a_report_as_it_was_sent_is_emptied_alike() -> None:
    report = {
        "session_id": "s-1", "student_id": "ann", "status": "rescheduled",
        "reschedule_info": {"initiator": "student", "reason": "ann has a cold"},
    }  # fmt: skip

    assert reported_without(report) == {
        "session_id": "s-1", "student_id": nobody("s-1"), "status": "rescheduled",
        "reschedule_info": {"initiator": "student"},
    }  # fmt: skip


def test_a_feedback_as_it_was_sent_is_emptied_alike() -> None:
    feedback = {
        "feedback_id": "f-1", "session_id": "s-1", "student_id": "ann", "overall_rating": 5,
        "free_text": "She helped me a lot.", "improvement_areas": ["pace"],
    }  # fmt: skip

    assert reported_without(feedback) == {
        "feedback_id": "f-1", "session_id": "s-1", "student_id": nobody("s-1"), "overall_rating": 5,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("ann-4711", True),
        ("Talked with ann-4711, who wept.", True),
        ("It was ann-4711.", True),
        ("Who? ann-4711: she wept.", True),
        ("(ann-4711)", True),
        ("ann-4711's mother called.", True),
        ("_ann-4711_ ...ann-4711...", True),
        ("first line\nann-4711\nlast line", True),
        ("student:ann-4711", True),
        ("TUTOR#t-7#ann-4711", True),
        ("\u201eann-4711\u201c", True),
        ("ann-47110", False),
        ("ann-4711-2", False),
        ("ann-4711.2", False),
        ("joann-4711", False),
        ("jo.ann-4711", False),
        ("Ann-4711", False),
        ("ann 4711", False),
        ("-" * 200 + "ann-4711" + "." * 200, True),
        ("a:" * 5_000 + "." * 200, False),
    ],
)  # fmt: skip
def test_an_id_in_a_text_is_found_as_a_word_of_its_own(text: str, names: bool) -> None:
    assert named_in(text, lambda student: student == "ann-4711") == (
        {"ann-4711"} if names else set()
    )


@pytest.mark.parametrize("student_id", ["u.", "u-3.", ".u", "-", "t:u", "x" * 64, "_" * 64])
def test_a_student_whose_id_has_signs_at_its_ends_is_found(student_id: str) -> None:
    for text in (student_id, f"It was {student_id}.", f"{student_id}, who wept"):
        assert student_id in named_in(text, lambda student: student == student_id)
