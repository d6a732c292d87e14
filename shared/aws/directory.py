"""Who gets mail: the people of the user pool, by role and by name.

Their addresses stay in the user pool, where people are let in and out; a copy is kept in memory
for a few minutes.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3

from shared.aws.table import QUICK

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

KEPT_FOR = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the user pool; without an address for whoever has none."""

    username: str
    address: str | None


@dataclass
class Directory:
    """Reads the user pool of that id."""

    pool_id: str
    _groups: dict[str, tuple[datetime, tuple[Person, ...]]] = field(default_factory=dict)

    @cached_property
    def client(self) -> "CognitoIdentityProviderClient":
        """Made when first asked: most answers of most functions need nobody's name."""
        return boto3.client("cognito-idp", config=QUICK)

    def members(self, group: str, now: datetime) -> tuple[Person, ...]:
        """Everybody of a group who may sign in, by name; at most KEPT_FOR old."""
        read_at, known = self._groups.get(group, (None, ()))
        if read_at is None or now - read_at > KEPT_FOR:
            known = tuple(sorted(self._members(group), key=lambda person: person.username))
            self._groups[group] = now, known
        return known

    def person(self, username: str) -> Person | None:
        """One person; None for a name that nobody has any more, or who may not sign in."""
        try:
            found: Any = self.client.admin_get_user(UserPoolId=self.pool_id, Username=username)
        except self.client.exceptions.UserNotFoundException:
            return None
        return _person(found, found["UserAttributes"]) if found["Enabled"] else None

    def has(self, username: str, groups: Collection[str], now: datetime) -> bool:
        """Whether one of these groups has somebody of that name who may sign in.

        Who is in no copy may have joined since, so then the pool is read anew.
        """

        def found() -> bool:
            known = (person for group in groups for person in self.members(group, now))
            return any(person.username == username for person in known)

        if found():
            return True
        for group in groups:
            if self._groups[group][0] != now:
                del self._groups[group]
        return found()

    def _members(self, group: str) -> Iterable[Person]:
        pages = self.client.get_paginator("list_users_in_group")
        for page in pages.paginate(UserPoolId=self.pool_id, GroupName=group):
            for user in page["Users"]:
                if user["Enabled"]:
                    yield _person(user, user["Attributes"])


def _person(user: Any, attributes: Any) -> Person:
    told = {one["Name"]: one.get("Value") for one in attributes}
    return Person(user["Username"], told.get("email") or None)
