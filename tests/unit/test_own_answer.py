"""What tutors see of themselves: their numbers, and of students what tells of nobody."""

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from shared import answer, churn_answer, override_answer
from shared.answer import TutorListItem
from shared.domain.erasure import nobody
from shared.domain.session import Session
from shared.domain.tutor_row import tutor_row
from shared.outbound import Outbound
from shared.own_answer import OwnMetrics, OwnPage, OwnWindows, own_page
from tests.builders import AS_OF, ago, card, completed, feedback, log, tutor

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
"""The month in which tests look."""


def page(*sessions: Session) -> OwnPage:
    scored = card(log(*sessions))
    return own_page(scored, tutor_row(scored, tutor(), AS_OF, None), tutor(), sessions, AS_OF)


def windows(*sessions: Session) -> OwnWindows:
    return page(*sessions).windows


def rated(count: int, days: float, stars: float = 4, **fields: Any) -> list[Session]:
    """Sessions of so many students, each another's, so many days before the month began."""
    return [
        completed(BEGAN - timedelta(days=days + n / 4), stars, student_id=f"u-{days}-{n}", **fields)
        for n in range(count)
    ]


def wrote(count: int, at: datetime, first: int = 0) -> list[Session]:
    """Sessions in which so many students, each another, wrote something."""
    return [
        completed(
            at,
            session_id=f"s-{at:%m}-{n}",
            feedback=(
                feedback(
                    4, at, feedback_id=f"f-{at:%m}-{n}", student_id=f"u-{n}",
                    free_text=f"{at:%m}/{n}",
                ),
            ),
        )
        for n in range(first, first + count)
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


@pytest.mark.parametrize(("students", "shown"), [(4, None), (5, 4.0)])
def test_a_tutor_sees_stars_from_five_students_up(students: int, shown: float | None) -> None:
    assert windows(*rated(students, 3)).of_30d.avg_rating == shown


def test_what_students_gave_since_the_month_began_moves_nothing_yet() -> None:
    before, since = rated(5, 3), completed(ago(2), 1, student_id="u-new")

    found = page(*before, since)

    assert found.windows.of_30d.avg_rating == 4
    assert found.windows.of_7d.sessions == 1, "what the tutor did is as of now"
    assert found.students_until == BEGAN


@pytest.mark.parametrize(("before", "shown"), [(0, 4.0), (1, None), (4, None), (5, 4.0)])
def test_two_windows_do_not_tell_of_the_few_between_them(before: int, shown: float | None) -> None:
    """90 days less 30 days would be the stars of those few."""
    found = windows(*rated(6, 8), *rated(before, 40, 1))

    assert found.of_90d.avg_rating is not None
    assert found.of_30d.avg_rating == shown


def test_a_week_is_held_against_the_next_longer_window_that_is_shown() -> None:
    found = windows(*rated(5, 1), *rated(2, 10), *rated(3, 40))

    assert found.of_90d.avg_rating is not None
    assert found.of_30d.avg_rating is None
    assert found.of_7d.avg_rating is not None, "five are between a week and the 90 days"


@pytest.mark.parametrize(("students", "shown"), [(4, False), (5, True)])
def test_first_sessions_are_told_of_from_five_students_up(students: int, shown: bool) -> None:
    found = windows(*rated(9, 10), *rated(students, 20, session_number=1))

    assert (found.of_30d.first_session_success_rate is not None) is shown


def test_students_who_were_erased_do_not_make_up_the_five() -> None:
    names = [nobody("s-1"), nobody("s-2"), "u-1", "u-2", "u-3"]
    sessions = [
        completed(BEGAN - timedelta(days=n + 1), 4, student_id=name) for n, name in enumerate(names)
    ]

    assert windows(*sessions).of_30d.avg_rating is None


def test_what_five_students_wrote_in_a_month_is_shown_without_order_or_name() -> None:
    (october,) = page(*wrote(6, datetime(2026, 10, 9, tzinfo=UTC))).words

    assert (october.first_month, october.last_month) == ("2026-10", "2026-10")
    assert sorted(october.texts) == [f"10/{n}" for n in range(6)]
    assert list(october.texts) != sorted(october.texts)


def test_months_in_which_too_few_wrote_are_told_together() -> None:
    october = wrote(3, datetime(2026, 10, 9, tzinfo=UTC))
    september = wrote(2, datetime(2026, 9, 9, tzinfo=UTC), first=3)

    (both,) = page(*october, *september).words

    assert (both.first_month, both.last_month) == ("2026-09", "2026-10")
    assert len(both.texts) == 5


def test_the_few_who_are_left_over_go_with_those_after_them() -> None:
    october = wrote(5, datetime(2026, 10, 9, tzinfo=UTC))
    august = wrote(1, datetime(2026, 8, 20, tzinfo=UTC), first=5)

    (together,) = page(*october, *august).words

    assert (together.first_month, together.last_month) == ("2026-08", "2026-10")
    assert len(together.texts) == 6


@pytest.mark.parametrize(
    "sessions",
    [
        pytest.param(wrote(4, datetime(2026, 10, 9, tzinfo=UTC)), id="four students"),
        pytest.param(wrote(9, datetime(2026, 11, 9, tzinfo=UTC)), id="a month that goes on"),
        pytest.param(
            wrote(4, datetime(2026, 10, 9, tzinfo=UTC))
            + wrote(4, datetime(2026, 9, 9, tzinfo=UTC)),
            id="the same four in two months",
        ),
    ],
)
def test_what_could_be_traced_to_somebody_is_not_shown(sessions: list[Session]) -> None:
    assert page(*sessions).words == ()
