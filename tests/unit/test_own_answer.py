"""What tutors see of themselves: their numbers, and of students what tells of nobody."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

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


def test_a_month_is_told_of_once_a_week_and_a_day_have_passed_since_its_end() -> None:
    october = gave(*FIVE)

    told_from = datetime(2026, 11, 9, tzinfo=UTC)
    before = page(*october, now=told_from - timedelta(seconds=1))
    after = page(*october, now=told_from)

    assert (before.stars, before.students_until) == ((), datetime(2026, 10, 1, tzinfo=UTC))
    assert len(after.stars) == 1
    assert after.students_until == datetime(2026, 11, 1, tzinfo=UTC)
    assert before.windows.of_7d.sessions == after.windows.of_7d.sessions


def test_what_came_in_once_a_month_was_closed_is_not_told_afterwards() -> None:
    """Nor could it be told at once and not before: what came in earlier may take a day to apply."""
    october, closed = wrote(*FIVE), datetime(2026, 11, 8, tzinfo=UTC)
    late = wrote("u-6", received_at=closed)
    in_time = wrote("u-6", received_at=closed - timedelta(seconds=1))

    assert page(*october, *late).words == page(*october).words
    assert page(*october, *late).stars == page(*october).stars
    assert page(*october, *in_time).stars[0].students == 6


@pytest.mark.parametrize("reported", [1, 5])
def test_feedback_counts_instead_of_the_stars_of_the_report(reported: float) -> None:
    said = [one.feedback for one in wrote(*FIVE)]
    rated = gave(*FIVE, stars=reported)

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


def test_first_sessions_are_not_told_of_where_a_few_of_the_students_came_again() -> None:
    """The mean of all, held against the five first ones, would tell what one gave afterwards."""
    first = gave(*FIVE, session_number=1)
    again = gave(FIVE[0], day=16, stars=1, session_number=2)

    (told,) = page(*first, *again).stars

    assert told.overall_rating == pytest.approx(3.4)
    assert told.first_session_success_rate is None


def test_first_sessions_are_told_of_where_five_came_again() -> None:
    first = gave(*FIVE, session_number=1)
    again = gave(*FIVE, day=16, stars=1, session_number=2)

    (told,) = page(*first, *again).stars

    assert told.overall_rating == 1
    assert told.first_session_success_rate
    assert told.first_session_success_rate.value == 1


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
