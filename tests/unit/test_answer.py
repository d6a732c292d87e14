"""What goes out: the shapes, the rounding, and the document that describes them."""

import json
from http import HTTPStatus
from pathlib import Path
from typing import Any, get_args

import pytest
from openapi_spec_validator import validate

from shared import answer, churn_answer, override_answer
from shared.access import ACCESS, Operation
from shared.answer import OwnMetrics, OwnWindows, Rate, TutorListItem, Windows
from shared.aws.reading import READS
from shared.contracts import FieldError
from shared.domain.erasure import nobody
from shared.domain.intervention import Intervention, Kind, Order, Owner, moved
from shared.domain.metric import METRICS
from shared.domain.session import Session
from shared.domain.tutor_row import tutor_row
from shared.intervention_answer import recommendations
from shared.openapi import Problem, document, document_bytes
from shared.outbound import Outbound
from shared.problem import ProblemError
from shared.problem import document as problem_document
from shared.route import ROUTES, routed
from tests.builders import AS_OF, ago, card, completed, log, steady, tutor

ROOT = Path(__file__).parents[2]


def properties(model: type[Outbound]) -> set[str]:
    return set(model.model_json_schema(by_alias=True, mode="serialization")["properties"])


def test_every_metric_of_the_table_is_in_a_window() -> None:
    assert properties(answer.WindowMetrics) == {metric.name for metric in METRICS}


def test_rates_are_rounded_to_four_digits_and_keep_their_order() -> None:
    windows = Windows.model_validate(card(log(*steady(29))).windows).model_dump(by_alias=True)

    rate = windows["30d"]["reschedule_rate"]
    assert all(value == round(value, 4) for value in rate.values())
    assert rate["low"] <= rate["value"] <= rate["high"]


def test_a_rate_of_nothing_is_null() -> None:
    rate = Rate(value=None, n=0, low=0, high=1, shrunk=0.08, p_over=None)

    assert json.loads(rate.json_bytes())["value"] is None


def test_the_own_page_shares_no_model_with_what_staff_see() -> None:
    def within(model: type[Any]) -> set[type[Any]]:
        found = {model}
        for field in model.model_fields.values():
            for part in (field.annotation, *get_args(field.annotation)):
                if isinstance(part, type) and issubclass(part, Outbound):
                    found |= within(part)
        return found

    staff = within(answer.TutorDetail) | within(TutorListItem) | within(answer.History)
    staff |= within(churn_answer.Model) | within(override_answer.OverrideSpell)

    assert not within(answer.OwnPage) & staff
    assert not {name for name in OwnMetrics.model_fields if "score" in name or "risk" in name}


@pytest.mark.parametrize(("students", "shown"), [(4, None), (5, 4.0)])
def test_a_tutor_sees_stars_from_five_students_up(students: int, shown: float | None) -> None:
    sessions = [completed(ago(n + 1), 4, student_id=f"u-{n}") for n in range(students)]
    scored = card(log(*sessions))
    row = tutor_row(scored, tutor(), AS_OF, None)

    page = answer.own_page(scored, row, tutor(), sessions, AS_OF)

    assert page.windows.of_30d.avg_rating == shown
    assert page.windows.of_30d.sessions == students


def own_windows(*sessions: Session) -> OwnWindows:
    scored = card(log(*sessions))
    row = tutor_row(scored, tutor(), AS_OF, None)
    return answer.own_page(scored, row, tutor(), sessions, AS_OF).windows


def rated(count: int, from_day: float, stars: float = 4, **fields: Any) -> list[Session]:
    """Sessions of so many students, one a quarter of a day, each another's."""
    return [
        completed(ago(from_day + n / 4), stars, student_id=f"u-{from_day}-{n}", **fields)
        for n in range(count)
    ]


@pytest.mark.parametrize(("before", "shown"), [(0, 4.0), (1, None), (4, None), (5, 4.0)])
def test_two_windows_do_not_tell_of_the_few_between_them(before: int, shown: float | None) -> None:
    """90 days less 30 days would be the stars of those few."""
    windows = own_windows(*rated(6, 8), *rated(before, 40, 1))

    assert windows.of_90d.avg_rating is not None
    assert windows.of_30d.avg_rating == shown


def test_a_week_is_held_against_the_next_longer_window_that_is_shown() -> None:
    windows = own_windows(*rated(5, 1), *rated(2, 10), *rated(3, 40))

    assert windows.of_90d.avg_rating is not None
    assert windows.of_30d.avg_rating is None
    assert windows.of_7d.avg_rating is not None, "five are between a week and the 90 days"


@pytest.mark.parametrize(("students", "shown"), [(4, False), (5, True)])
def test_first_sessions_are_told_of_from_five_students_up(students: int, shown: bool) -> None:
    windows = own_windows(*rated(9, 10), *rated(students, 20, session_number=1))

    assert (windows.of_30d.first_session_success_rate is not None) is shown


def test_students_who_were_erased_do_not_make_up_the_five() -> None:
    names = [nobody("s-1"), nobody("s-2"), "u-1", "u-2", "u-3"]
    sessions = [completed(ago(n + 1), 4, student_id=name) for n, name in enumerate(names)]
    scored = card(log(*sessions))
    row = tutor_row(scored, tutor(), AS_OF, None)

    page = answer.own_page(scored, row, tutor(), sessions, AS_OF)

    assert page.windows.of_30d.avg_rating is None


def test_every_operation_is_decided_and_every_route_read() -> None:
    assert set(ACCESS) == set(Operation)
    assert set(READS) == {route.operation for route in ROUTES}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/api/tutors", ("tutor_list", None)),
        ("/api/tutors/t-7", ("tutor", "t-7")),
        ("/api/tutors/a:b.c_d-E/history", ("history", "a:b.c_d-E")),
        ("/api/tutors/{tutor_id}", None),
        ("/api/tutors/ü", None),
        ("/api/tutors/" + "x" * 65, None),
        ("/api/tutors//history", None),
        ("/api/tutors/t-7/history/", None),
        ("/api/overview/t-7", None),
        ("", None),
    ],
)
def test_a_path_is_one_route_or_none(path: str, found: tuple[str, str | None] | None) -> None:
    route = routed(path)

    assert (None if route is None else (route[0].operation.value, route[1])) == found


def test_the_committed_description_is_what_the_code_does() -> None:
    committed = (ROOT / "docs" / "openapi.json").read_bytes()

    assert committed == document_bytes(), "run `make docs`"


def test_the_description_is_valid_openapi() -> None:
    validate(document())


def test_the_description_names_roles_parameters_and_signatures() -> None:
    paths = document()["paths"]

    tutors = paths["/api/tutors"]["get"]
    assert tutors["x-roles"] == {"ops_manager": "full", "people_ops": "full"}
    assert paths["/api/tutors/{tutor_id}"]["get"]["x-roles"]["tutor"] == "own"
    limit = next(each for each in tutors["parameters"] if each["name"] == "limit")
    assert limit["schema"] == {"type": "integer", "minimum": 1, "maximum": 1000, "default": 50}
    (signature,) = paths["/api/sessions"]["post"]["security"]
    assert signature.keys() == {"webhook_id", "webhook_timestamp", "webhook_signature"}


def test_a_problem_is_as_described() -> None:
    refused = ProblemError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        errors=[FieldError("limit", "must be a whole number")],
    )

    Problem.model_validate(problem_document(refused), strict=True)


def test_recommendations_begin_with_the_clock_that_runs_out_first() -> None:
    begun = Intervention("t-7", Kind.H3, Owner.PEOPLE_OPS, "because", ago(3), ago(2), ago(-60), 80)
    urgent = Intervention("t-7", Kind.H4, Owner.PEOPLE_OPS, "because", AS_OF, ago(-1), ago(-9), 80)
    known = [moved(begun, Order("start", "sam"), ago(1)), urgent]

    found = recommendations(known)

    assert [item.intervention_id[:2] for item in found.items] == ["H4", "H3"]
