"""What goes out: the shapes, the rounding, and the document that describes them."""

import json
from http import HTTPStatus
from pathlib import Path

import pytest
from openapi_spec_validator import validate

from shared import answer
from shared.access import ACCESS, Operation
from shared.answer import Rate, Windows
from shared.aws.reading import READS
from shared.contracts import FieldError
from shared.domain.intervention import Intervention, Kind, Order, Owner, moved
from shared.domain.metric import METRICS
from shared.intervention_answer import recommendations
from shared.openapi import Problem, document, document_bytes
from shared.outbound import Outbound
from shared.problem import ProblemError
from shared.problem import document as problem_document
from shared.route import ROUTES, routed
from tests.builders import AS_OF, ago, card, log, steady

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
