"""A tutor who keeps every page they ever saw learns of no fewer than five students by them."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from shared.domain.session import Session
from shared.domain.tutor_row import tutor_row
from shared.own_answer import OwnPage, own_page
from tests.builders import AS_OF, card, completed, feedback, log, tutor

BEGIN = datetime(2026, 4, 1, tzinfo=UTC)
SCORED = card(log())
LOOKS = [datetime(2026 + (n > 8), (n + 3) % 12 + 1, day, tzinfo=UTC)
         for n in range(12) for day in (1, 8, 9, 10, 20)]  # fmt: skip
"""Of a year, most of them about when a month is first told of."""


@st.composite
def a_session(draw: st.DrawFn) -> tuple[Session, timedelta]:
    """Of one of a dozen students in nine months; feedback comes in up to forty days later, and is
    applied within a day of that."""
    student, day = f"u-{draw(st.integers(0, 11))}", draw(st.integers(0, 270))
    ended = BEGIN + timedelta(days=day, hours=draw(st.integers(0, 23)))
    received_at = ended + timedelta(days=draw(st.integers(0, 40)))
    said = feedback(
        draw(st.integers(1, 5)), ended, student_id=student, received_at=received_at,
        feedback_id=f"f-{ended}-{received_at}",
        free_text=draw(st.sampled_from([None, f"{student}, {ended}, {received_at}"])),
    )  # fmt: skip
    stars, number = draw(st.sampled_from([None, 1.0, 5.0])), draw(st.integers(1, 2))
    session = completed(ended, stars, student_id=student, session_number=number, feedback=(said,))
    return session, timedelta(hours=draw(st.integers(0, 23)))


@given(st.lists(a_session(), min_size=40, max_size=70))
def test_no_two_pages_held_against_each_other_tell_of_fewer_than_five(
    held: list[tuple[Session, timedelta]],
) -> None:
    student_of = {
        said.free_text: said.student_id
        for session, _ in held
        for said in session.feedback
        if said.free_text
    }
    told: dict[tuple[str, str], Any] = {}
    written: set[tuple[str, ...]] = set()
    for now in LOOKS:
        found = page(held, now)
        for stars in found.stars:
            months = (stars.first_month, stars.last_month)
            assert told.setdefault(months, stars) == stars, "a group is told the same each time"
            assert stars.students >= 5
        written |= {one.texts for one in found.words}
    assume(told and written)
    assert not overlapping(told)
    assert not [both for both in combinations(written, 2) if set(both[0]) & set(both[1])]
    assert all(len({student_of[text] for text in texts}) >= 5 for texts in written)


def page(held: list[tuple[Session, timedelta]], now: datetime) -> OwnPage:
    """What the tutor sees at a moment, made of what is applied by then."""
    known = [
        replace(
            session,
            feedback=tuple(said for said in session.feedback if said.received_at + lag <= now),
        )
        for session, lag in held
        if session.snapshot
        and session.snapshot.completed_time
        and session.snapshot.completed_time <= now
    ]
    return own_page(SCORED, tutor_row(SCORED, tutor(), AS_OF, None), tutor(), known, now)


def overlapping(groups: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Groups that begin before the one before them ended."""
    ordered = sorted(groups)
    return [after for before, after in pairwise(ordered) if after[0] <= before[1]]
