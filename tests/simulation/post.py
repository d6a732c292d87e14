"""Who there is in the user pool, and what SES took for them."""

import base64
import email
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Any, Final

PEOPLE: Final = {
    "ops_manager": ("olga", "otto"),
    "people_ops": ("pia",),
}


def members(asked: Mapping[str, Any]) -> dict[str, Any]:
    """A page of a group's people."""
    return {"Users": [_user(name) for name in PEOPLE.get(asked["GroupName"], ())]}


def _user(name: str) -> dict[str, Any]:
    return {
        "Username": name,
        "Enabled": True,
        "Attributes": [{"Name": "email", "Value": f"{name}@example.com"}],
    }


@dataclass(slots=True)
class Post:
    """What SES took: how often each mail, by the name that mail programs know it by."""

    taken: Counter[str] = field(default_factory=Counter)

    def take(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """One mail handed over."""
        message: Message = email.message_from_bytes(base64.b64decode(asked["RawMessage.Data"]))
        self.taken[message["X-Entity-Ref-ID"]] += 1
        return {"MessageId": f"ses-{self.taken.total()}"}
