"""Who may read what: the whole table, and every way of nearly being somebody."""

from collections.abc import Mapping

import pytest

from shared.access import (
    ACCESS,
    Caller,
    ForbiddenError,
    NotFoundError,
    Operation,
    Role,
    Shape,
    UnauthenticatedError,
    caller,
    decide,
)

STAFF = {"ops_manager", "people_ops"}
EXPECTED = {
    "overview": STAFF,
    "definitions": {*STAFF, "service", "admin"},
    "tutor_list": STAFF,
    "tutor": STAFF,
    "history": STAFF,
    "scores": {*STAFF, "service"},
    "recommendations": {*STAFF, "service"},
    "sessions": STAFF,
    "intervention_list": STAFF,
    "colleagues": STAFF,
    "intervention_analytics": STAFF,
    "reports": STAFF,
    "move_intervention": STAFF,
    "set_override": {"ops_manager"},
    "end_override": {"ops_manager"},
    "override_analytics": STAFF,
    "notes": STAFF,
    "write_note": STAFF,
    "remove_note": {"ops_manager"},
    "model": {*STAFF, "admin"},
    "settings": {*STAFF, "admin"},
    "change_settings": {"ops_manager", "admin"},
    "dry_run": {*STAFF, "admin"},
    "notifications": {*STAFF, "admin"},
    "change_notifications": {*STAFF, "admin"},
}
NOBODYS = {
    "overview", "definitions", "intervention_list", "colleagues", "intervention_analytics",
    "move_intervention", "override_analytics", "tutor_list", "model", "reports", "settings",
    "change_settings", "dry_run", "notifications", "change_notifications",
}  # fmt: skip
LISTS = {"overview", "tutor_list", "intervention_list"}


def signed_in(*roles: str, username: str = "t-7") -> Caller:
    return caller(token(groups=f"[{' '.join(roles)}]", username=username))


def token(groups: object = None, **claims: object) -> Mapping[str, object]:
    found: dict[str, object] = {"token_use": "access", "sub": "sub-1", "client_id": "c-1"}
    return found | ({} if groups is None else {"cognito:groups": groups}) | claims


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("operation", Operation)
def test_the_full_shape_is_for_exactly_those_the_contract_names(
    operation: Operation, role: Role
) -> None:
    about = None if operation in NOBODYS else "t-1"

    try:
        shape = decide(operation, signed_in(role), about)
    except (ForbiddenError, NotFoundError):
        shape = None

    assert (shape is Shape.FULL) == (role in EXPECTED[operation])


def test_every_operation_has_a_row() -> None:
    assert set(ACCESS) == set(Operation)
    assert set(EXPECTED) == {operation.value for operation in Operation}


def test_a_tutor_has_their_own_page_and_only_that() -> None:
    me = signed_in("tutor", username="t-7")

    assert decide(Operation.TUTOR, me, "t-7") is Shape.OWN
    with pytest.raises(NotFoundError):
        decide(Operation.TUTOR, me, "t-8")
    with pytest.raises(ForbiddenError):
        decide(Operation.SCORES, me, "t-7")
    with pytest.raises(NotFoundError):
        decide(Operation.SCORES, me, "t-8")


def test_people_ops_remove_notes_of_their_own() -> None:
    assert decide(Operation.REMOVE_NOTE, signed_in("people_ops"), "t-1") is Shape.OWN


@pytest.mark.parametrize("operation", sorted(LISTS))
@pytest.mark.parametrize("role", ["tutor", "student", "service", "admin"])
def test_lists_are_forbidden_to_all_but_staff(operation: str, role: str) -> None:
    with pytest.raises(ForbiddenError):
        decide(Operation(operation), signed_in(role))


def test_to_a_student_no_tutor_exists() -> None:
    with pytest.raises(NotFoundError):
        decide(Operation.TUTOR, signed_in("student", username="u-1"), "t-7")


def test_a_student_named_like_a_tutor_does_not_get_the_tutors_page() -> None:
    with pytest.raises(ForbiddenError):
        decide(Operation.TUTOR, signed_in("student", username="t-7"), "t-7")


def test_the_widest_of_several_roles_counts() -> None:
    both = signed_in("tutor", "people_ops", username="t-7")

    assert decide(Operation.TUTOR, both, "t-7") is Shape.FULL
    assert decide(Operation.TUTOR, both, "t-8") is Shape.FULL


@pytest.mark.parametrize(
    "groups",
    [
        "[ops_managers]", "[xops_manager]", "[Ops_Manager]", "[ops_manager,people_ops]",
        "[[ops_manager]]", "ops_manager", "[ops-manager]", "[]", "", "[ops_manager\u200b]",
        "[opsmanager ops manager]", ["ops_manager "], {"ops_manager": 1}, 7, None,
    ],
    ids=str,
)  # fmt: skip
def test_nearly_a_role_is_no_role(groups: object) -> None:
    nobody = caller(token(groups, username="kim"))

    assert nobody.roles == frozenset()
    with pytest.raises(ForbiddenError):
        decide(Operation.DEFINITIONS, nobody)


@pytest.mark.parametrize("groups", ["[people_ops other]", ["other", "people_ops"]], ids=str)
def test_a_role_among_other_groups_is_that_role(groups: object) -> None:
    assert caller(token(groups)).roles == {Role.PEOPLE_OPS}


def test_a_machine_with_the_scope_is_the_service() -> None:
    rails = caller(token(scope="openid tutor-quality/scores.read"))

    assert rails.roles == {Role.SERVICE}
    assert decide(Operation.SCORES, rails, "t-7") is Shape.FULL
    with pytest.raises(ForbiddenError):
        decide(Operation.TUTOR, rails, "t-7")


@pytest.mark.parametrize(
    "scope", ["tutor-quality/scores.reader", "scores.read", "xtutor-quality/scores.read", ""]
)
def test_nearly_the_scope_is_no_role(scope: str) -> None:
    assert caller(token(scope=scope)).roles == frozenset()


def test_a_person_does_not_become_the_service_by_a_scope() -> None:
    person = caller(token(scope="tutor-quality/scores.read", username="kim"))

    assert person.roles == frozenset()


@pytest.mark.parametrize("claims", [None, {}, {"token_use": "id", "cognito:groups": "[admin]"}])
def test_only_an_access_token_signs_in(claims: Mapping[str, object] | None) -> None:
    with pytest.raises(UnauthenticatedError):
        caller(claims)
