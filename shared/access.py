"""Who may read and do what, decided here and nowhere else: operation × role → shape of answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

SCORES_SCOPE = "tutor-quality/scores.read"


class Role(StrEnum):
    """The groups of the user pool, by their exact names."""

    OPS_MANAGER = "ops_manager"
    PEOPLE_OPS = "people_ops"
    SERVICE = "service"
    TUTOR = "tutor"
    STUDENT = "student"
    ADMIN = "admin"


class Operation(StrEnum):
    """Everything a signed-in caller can ask for."""

    OVERVIEW = "overview"
    DEFINITIONS = "definitions"
    TUTOR_LIST = "tutor_list"
    TUTOR = "tutor"
    HISTORY = "history"
    SCORES = "scores"
    RECOMMENDATIONS = "recommendations"
    SESSIONS = "sessions"
    INTERVENTION_LIST = "intervention_list"
    COLLEAGUES = "colleagues"
    INTERVENTION_ANALYTICS = "intervention_analytics"
    MOVE_INTERVENTION = "move_intervention"
    SET_OVERRIDE = "set_override"
    END_OVERRIDE = "end_override"
    OVERRIDE_ANALYTICS = "override_analytics"
    NOTES = "notes"
    WRITE_NOTE = "write_note"
    REMOVE_NOTE = "remove_note"
    MODEL = "model"
    REPORTS = "reports"
    SETTINGS = "settings"
    CHANGE_SETTINGS = "change_settings"
    DRY_RUN = "dry_run"
    NOTIFICATIONS = "notifications"
    CHANGE_NOTIFICATIONS = "change_notifications"


class Shape(StrEnum):
    """What of it is answered: all, or what is the caller's own: a tutor's page, one's own notes."""

    FULL = "full"
    OWN = "own"


STAFF = {Role.OPS_MANAGER: Shape.FULL, Role.PEOPLE_OPS: Shape.FULL}
ADMINS = {Role.ADMIN: Shape.FULL}
MANAGERS = {Role.OPS_MANAGER: Shape.FULL}
RAILS = {Role.SERVICE: Shape.FULL}
OWN_PAGE = {Role.TUTOR: Shape.OWN}
DEFINED_FOR = STAFF | RAILS | ADMINS
"""Not tutors and students: the definitions tell how risk is scored."""

ACCESS: Mapping[Operation, Mapping[Role, Shape]] = {
    Operation.OVERVIEW: STAFF,
    Operation.DEFINITIONS: DEFINED_FOR,
    Operation.TUTOR_LIST: STAFF,
    Operation.TUTOR: STAFF | OWN_PAGE,
    Operation.HISTORY: STAFF,
    Operation.SCORES: STAFF | RAILS,
    Operation.RECOMMENDATIONS: STAFF | RAILS,
    Operation.SESSIONS: STAFF,
    Operation.INTERVENTION_LIST: STAFF,
    Operation.COLLEAGUES: STAFF,
    Operation.INTERVENTION_ANALYTICS: STAFF,
    Operation.MOVE_INTERVENTION: STAFF,
    Operation.SET_OVERRIDE: MANAGERS,
    Operation.END_OVERRIDE: MANAGERS,
    Operation.OVERRIDE_ANALYTICS: STAFF,
    Operation.NOTES: STAFF,
    Operation.WRITE_NOTE: STAFF,
    Operation.REMOVE_NOTE: MANAGERS | {Role.PEOPLE_OPS: Shape.OWN},
    Operation.MODEL: STAFF | ADMINS,
    Operation.REPORTS: STAFF,
    Operation.SETTINGS: STAFF | ADMINS,
    Operation.CHANGE_SETTINGS: ADMINS | {Role.OPS_MANAGER: Shape.FULL},
    Operation.DRY_RUN: STAFF | ADMINS,
    Operation.NOTIFICATIONS: STAFF | ADMINS,
    Operation.CHANGE_NOTIFICATIONS: STAFF | ADMINS,
}

PERSONAL = frozenset(Operation) - {
    Operation.OVERVIEW,
    Operation.DEFINITIONS,
    Operation.COLLEAGUES,
    Operation.INTERVENTION_ANALYTICS,
    Operation.OVERRIDE_ANALYTICS,
    Operation.MODEL,
    Operation.SETTINGS,
    Operation.DRY_RUN,
}
"""Reads that show somebody's data: each leaves an audit row."""

ABOUT_THEMSELVES = frozenset({Role.TUTOR, Role.STUDENT})
"""Roles to whom other people do not exist: they are told 404, as for an id that nobody has."""


class UnauthenticatedError(Exception):
    """No access token of ours."""


class ForbiddenError(Exception):
    """The caller's roles do not include this operation."""


class NotFoundError(Exception):
    """No such thing, or somebody else's: the caller is not told which."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a person by `username`, or a machine by `client_id`."""

    subject: str
    username: str | None
    client_id: str | None
    roles: frozenset[Role]

    @property
    def name(self) -> str:
        """What they are called in histories, and their settings are kept under."""
        return self.username or self.client_id or self.subject

    @property
    def role_names(self) -> tuple[str, ...]:
        """The roles in a fixed order: for audit rows and for what is bound to a role."""
        return tuple(sorted(self.roles))

    def is_about(self, tutor_id: str) -> bool:
        """Whether a tutor is the caller: a tutor's user name is the tutor's id."""
        return self.username == tutor_id


def caller(claims: Mapping[str, object] | None) -> Caller:
    """The caller that verified claims describe; raises UnauthenticatedError for an ID token."""
    if claims is None or claims.get("token_use") != "access":
        raise UnauthenticatedError
    return Caller(
        subject=str(claims.get("sub", "")),
        username=_text(claims.get("username")),
        client_id=_text(claims.get("client_id")),
        roles=_roles(claims),
    )


def decide(operation: Operation, asking: Caller, tutor_id: str | None = None) -> Shape:
    """The widest shape that one of the caller's roles allows.

    Raises ForbiddenError or NotFoundError, by the table and the id alone: whether such a tutor
    exists makes no difference.
    """
    allowed = {ACCESS[operation].get(role) for role in asking.roles}
    if Shape.FULL in allowed:
        return Shape.FULL
    somebody_else = tutor_id is not None and not asking.is_about(tutor_id)
    if somebody_else and asking.roles & ABOUT_THEMSELVES:
        raise NotFoundError
    if Shape.OWN in allowed:
        return Shape.OWN
    raise ForbiddenError


def _roles(claims: Mapping[str, object]) -> frozenset[Role]:
    """Roles by group; a machine's token has no groups and no user, but a scope."""
    groups = _groups(claims.get("cognito:groups"))
    if groups or "username" in claims:
        return frozenset(role for role in Role if role.value in groups)
    scopes = str(claims.get("scope", "")).split(" ")
    return frozenset({Role.SERVICE}) if SCORES_SCOPE in scopes else frozenset()


def _groups(claim: object) -> frozenset[str]:
    """The HTTP API hands a list over as the text "[ops_manager people_ops]"."""
    if isinstance(claim, list):
        return frozenset(str(group) for group in claim)
    if isinstance(claim, str) and claim.startswith("[") and claim.endswith("]"):
        return frozenset(claim[1:-1].split(" ")) - {""}
    return frozenset()


def _text(claim: object) -> str | None:
    return claim if isinstance(claim, str) and claim else None
