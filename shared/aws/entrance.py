"""The one way in: through CloudFront, where the web ACL stands.

CloudFront adds a secret header to each request, in place of whatever a caller sent under its name.
The HTTP API has an address of its own, at which signed webhooks alone are taken.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, Final

from shared.aws.secret import Secret, secret
from shared.problem import ProblemError

HEADER: Final = "x-entrance"
KEPT_FOR: Final = timedelta(hours=1)
"""A new value is read when it is first met; a withdrawn one may be taken for so long."""


@dataclass(frozen=True, slots=True)
class Entrance:
    """Knows by what CloudFront is recognised: the value it sends, and the one before that."""

    secret: Secret

    def let_in(self, event: Mapping[str, Any], at: datetime) -> None:
        """Nothing, for what came through CloudFront; ProblemError 403 for everything else.

        A value unknown to the cached ones is looked up once more, so that a rotation turns nobody
        away.
        """
        sent = (event.get("headers") or {}).get(HEADER, "").encode()
        if not (sent and (self._known(sent, at) or self._known(sent, at, fresh=True))):
            raise ProblemError(
                HTTPStatus.FORBIDDEN,
                "This address takes signed webhooks only; ask for everything else at the site's.",
                title="This is not the way in.",
            )

    def _known(self, sent: bytes, at: datetime, *, fresh: bool = False) -> bool:
        values = self.secret.in_force(at, fresh=fresh)
        # All of them, always: the time it takes tells nothing.
        return True in [hmac.compare_digest(sent, value.encode()) for value in values]


def entrance(arn: str) -> Entrance:
    """The entrance whose values are kept in the secret of that ARN."""
    return Entrance(secret(arn, KEPT_FOR))
