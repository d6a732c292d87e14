"""What tutors see of themselves: their numbers, and of students what tells of nobody."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import answer, churn_answer, override_answer
from shared.answer import TutorListItem
from shared.domain.erasure import without
from shared.domain.session import Session, Status
from shared.domain.tutor_row import tutor_row
from shared.outbound import Outbound
from shared.own_answer import OwnMetrics, OwnPage, own_page
from tests.builders import AS_OF, card, completed, feedback, log, tutor

NOW = datetime(2026, 12, 20, tzinfo=UTC)
"""When tests look: October and November are closed, December goes on."""


def page(*sessions: Session, now: datetime = NOW) -> OwnPage:
    known = log(*sessions)
    scored = card(known)
    return own_page(scored, tutor_row(scored, tutor(), AS_OF, None), tutor(), sessions, now)


FIVE = ("u-1", "u-2", "u-3", "u-4", "u-5")


def gave(
    *students: str, stars: float = 4, month: int = 10, day: int = 9, **fields: Any
) -> list[Session]:
    """Sessions of a month, one of each of these students, with stars in their reports."""
    ended = datetime(2026, month, day, tzinfo=UTC)
    return [completed(ended, stars, student_id=student, **fields) for student in students]


def wrote(*students: str, month: int = 10, **said: Any) -> list[Session]:
    """Sessions of a month, after which each of these students gives 4 stars and writes who."""
    ended = datetime(2026, month, 9, tzinfo=UTC)
    return [
        completed(
            ended, student_id=student, session_id=f"s-{month}-{student}",
            feedback=(
                feedback(
                    4, ended, student_id=student, feedback_id=f"f-{month}-{student}",
                    free_text=f"{student} in {month}", **said,
                ),
            ),
        )
        for student in students
    ]  # fmt: skip


def test_the_page_shares_no_model_with_what_staff_see() -> None:
    def within(model: type[Any]) -> set[type[Any]]:
        found = {model}
        for field in model.model_fields.values():
            for part in (field.annotation, *get_args(field.annotation)):
                if isinstance(part, type) and issubclass(part, Outbound):
                    found |= within(part)
        return found

    staff = within(answer.TutorDetail) | within(TutorListItem) | within(answer.History)
    staff |= within(churn_answer.Model) | within(override_answer.OverrideSpell)

    assert not within(OwnPage) & staff
    assert not {name for name in OwnMetrics.model_fields if "score" in name or "risk" in name}


@pytest.mark.parametrize("students", [4, 5])
def test_a_tutor_sees_stars_from_five_students_up(students: int) -> None:
    told = page(*gave(*FIVE[:students])).stars

    assert [(one.students, one.overall_rating) for one in told] == [(5, 4.0)] * (students == 5)


def test_a_student_who_comes_often_counts_once_by_the_newest_stars() -> None:
    often = [gave("u-6", stars=1, day=day)[0] for day in range(10, 20)]
    last = gave("u-6", stars=5, day=20)

    (october,) = page(*gave(*FIVE), *last, *often).stars

    assert (october.students, october.overall_rating) == (6, 4.2)


def test_a_month_is_told_of_once_a_week_has_passed_since_its_end() -> None:
    october = gave(*FIVE)

    week_after = datetime(2026, 11, 8, tzinfo=UTC)
    before = page(*october, now=week_after - timedelta(seconds=1))
    after = page(*october, now=week_after)

    assert (before.stars, before.students_until) == ((), datetime(2026, 10, 1, tzinfo=UTC))
    assert len(after.stars) == 1
    assert after.students_until == datetime(2026, 11, 1, tzinfo=UTC)
    assert before.windows.of_7d.sessions == after.windows.of_7d.sessions


def test_what_came_in_once_a_month_was_told_is_not_told_afterwards() -> None:
    october = wrote(*FIVE)
    late = wrote("u-6", received_at=datetime(2026, 11, 8, tzinfo=UTC))

    assert page(*october, *late).words == page(*october).words
    assert page(*october, *late).stars == page(*october).stars


def test_feedback_counts_instead_of_the_stars_of_the_report() -> None:
    said = [one.feedback for one in wrote(*FIVE)]
    rated = gave(*FIVE, stars=1)

    (told,) = page(
        *[replace(one, feedback=given) for one, given in zip(rated, said, strict=True)]
    ).stars

    assert told.overall_rating == 4


def test_a_category_is_told_of_once_five_students_rated_it() -> None:
    def rates(student: str, *categories: str) -> Session:
        (one,) = wrote(student)
        said = replace(one.feedback[0], ratings=tuple((name, 3.0) for name in categories))
        return replace(one, feedback=(said,))

    few = [rates(student, "patience", "communication") for student in FIVE[:4]]
    (told,) = page(*few, rates(FIVE[4], "patience")).stars

    assert told.patience == 3
    assert told.communication is None


@pytest.mark.parametrize(
    ("first", "others", "told"), [(4, 5, False), (5, 0, True), (5, 4, False), (5, 5, True)]
)
def test_first_sessions_are_told_of_where_the_others_are_five_or_none(
    first: int, others: int, told: bool
) -> None:
    """The stars of all less those of first sessions would be those of the few others."""
    sessions = gave(*[f"first-{n}" for n in range(first)], session_number=1)
    sessions += gave(*[f"other-{n}" for n in range(others)], session_number=2)

    rate = page(*sessions).stars[0].first_session_success_rate

    assert (rate is not None) is told
    if rate:
        assert (rate.value, rate.n) == (1, 5)
        assert rate.low == pytest.approx(0.5655, abs=1e-4)


def test_what_students_wrote_is_told_without_order_or_name() -> None:
    (october,) = page(*wrote(*FIVE, "u-6", "u-7")).words

    assert (october.first_month, october.last_month) == ("2026-10", "2026-10")
    assert sorted(october.texts) == [f"{name} in 10" for name in (*FIVE, "u-6", "u-7")]
    assert list(october.texts) != sorted(october.texts)


def test_a_month_of_too_few_is_told_with_the_next() -> None:
    (both,) = page(*wrote(*FIVE[:3]), *wrote(*FIVE[3:], month=11)).words

    assert (both.first_month, both.last_month) == ("2026-10", "2026-11")
    assert len(both.texts) == 5


def test_the_newest_months_come_first() -> None:
    told = page(*wrote(*FIVE), *wrote(*FIVE, month=11)).words

    assert [one.first_month for one in told] == ["2026-11", "2026-10"]


def test_the_few_left_over_when_the_quarter_ends_are_never_told_of() -> None:
    few = wrote(*FIVE[:2], month=9)

    assert (
        page(*wrote(*FIVE, month=8), *few, *wrote(*FIVE)).words
        == page(*wrote(*FIVE, month=8), *wrote(*FIVE)).words
    )


@pytest.mark.parametrize(
    "sessions",
    [
        pytest.param(wrote(*FIVE[:4]), id="four students"),
        pytest.param(wrote(*FIVE, month=12), id="a month that goes on"),
        pytest.param(wrote(*FIVE[:4]) + wrote(*FIVE[:4], month=11), id="the same four twice"),
        pytest.param(wrote(*FIVE, month=6), id="two quarters ago"),
        pytest.param(
            wrote(*FIVE[:3], month=9) + wrote(*FIVE[3:]), id="three and two of two quarters"
        ),
    ],
)
def test_what_could_be_traced_to_somebody_is_not_told(sessions: list[Session]) -> None:
    found = page(*sessions)

    assert found.words == ()
    assert found.stars == ()


def test_nothing_is_told_of_a_quarter_in_which_a_student_was_erased() -> None:
    """What is missing since then would be what that student wrote."""
    before, kept = wrote(*FIVE, "u-6", "u-7"), wrote(*FIVE, month=9)
    after = [without(one, "u-7".__eq__) for one in before]

    assert len(page(*before, *kept).words) == 2
    (untouched,) = page(*after, *kept).words
    assert untouched.last_month == "2026-09"


def test_a_voided_session_tells_nothing() -> None:
    (last,) = gave("u-6")
    assert last.snapshot
    voided = replace(last, snapshot=replace(last.snapshot, status=Status.VOIDED))

    assert page(*gave(*FIVE), voided).stars[0].students == 5


@st.composite
def a_session(draw: st.DrawFn) -> Session:
    """Of one of a dozen students in nine months; feedback comes in up to forty days later."""
    student, day = f"u-{draw(st.integers(0, 11))}", draw(st.integers(0, 270))
    ended = datetime(2026, 4, 1, tzinfo=UTC) + timedelta(days=day, hours=draw(st.integers(0, 23)))
    given_at = ended + timedelta(days=draw(st.integers(0, 40)))
    said = feedback(
        draw(st.integers(1, 5)), ended, student_id=student, received_at=given_at,
        feedback_id=f"f-{ended}-{given_at}",
        free_text=draw(st.sampled_from([None, f"{student}, {ended}, {given_at}"])),
    )  # fmt: skip
    stars, number = draw(st.sampled_from([None, 1.0, 5.0])), draw(st.integers(1, 2))
    return completed(ended, stars, student_id=student, session_number=number, feedback=(said,))


@given(st.lists(a_session(), max_size=60))
def test_no_two_pages_held_against_each_other_tell_of_fewer_than_five(
    sessions: list[Session],
) -> None:
    """Pages of a year, a week apart, each made of what was known on its day."""
    student_of = {
        said.free_text: said.student_id
        for one in sessions
        for said in one.feedback
        if said.free_text
    }
    told: dict[tuple[str, str], Any] = {}
    groups: set[tuple[str, ...]] = set()
    for week in range(52):
        now = datetime(2026, 4, 1, tzinfo=UTC) + timedelta(weeks=week)
        found = page(*_known_by(now, sessions), now=now)
        for stars in found.stars:
            months = (stars.first_month, stars.last_month)
            assert told.setdefault(months, stars) == stars, "a group is told the same each time"
            assert stars.students >= 5
        groups |= {one.texts for one in found.words}
    assert not _overlapping(told)
    assert not [both for both in combinations(groups, 2) if set(both[0]) & set(both[1])]
    assert all(len({student_of[text] for text in texts}) >= 5 for texts in groups)


def _known_by(now: datetime, sessions: list[Session]) -> list[Session]:
    return [
        replace(one, feedback=tuple(said for said in one.feedback if said.received_at <= now))
        for one in sessions
        if one.snapshot and one.snapshot.completed_time and one.snapshot.completed_time <= now
    ]


def _overlapping(groups: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Groups that begin before the one before them ended."""
    ordered = sorted(groups)
    return [after for before, after in pairwise(ordered) if after[0] <= before[1]]
