"""Everybody who might call: people of each role, machines, and those who only look like them."""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, Final

from joserfc import jws, jwt
from joserfc.jwk import RSAKey

from infra_cdk.local.deployed import Deployed
from infra_cdk.local.sign_in import access_token
from infra_cdk.local.stack import LocalStack
from shared.access import SCORES_SCOPE

MANAGER: Final = "an operations manager"
PEOPLE_OPS: Final = "people operations"
ADMIN: Final = "an administrator"
MARKETPLACE: Final = "the marketplace"
THE_TUTOR: Final = "the tutor"
OTHER: Final = "another tutor"
STUDENT: Final = "a student"
NOBODY: Final = "nobody"
GROUPLESS: Final = "somebody without a group"
EXPIRED: Final = "an expired token"
TUTOR, OTHER_TUTOR = "t-grace", "t-calm"
"""Who the tutor is, and another one."""
NEAR_MISSES: Final = (
    "Ops_manager", "ops-manager", "ops_managers", "opsmanager", "[ops_manager]", "ops_manager]",
    "ops_manager,", "*", "admin/ops_manager", "оps_manager",
)  # fmt: skip
"""Groups that are none of ours, however they look."""


def tokens(stack: LocalStack) -> Mapping[str, str | None]:
    """The access token of each caller by name; None for whoever has none."""
    deployed = stack.deployed
    manager = access_token(deployed, "ops_manager")  # the pool makes its key with the first
    ours = RSAKey.import_key(
        (
            stack.folder.state / "cognito-pool-keys" / f"{deployed.user_pool_id}-access.pem"
        ).read_text()
    )
    key_id = jws.extract_compact(manager.encode()).headers()["kid"]
    claims = _claims(deployed) | {
        "cognito:groups": ["ops_manager"],
        "username": "local-ops_manager",
    }
    without = {name: value for name, value in claims.items() if name != "cognito:groups"}
    machine = {name: value for name, value in without.items() if name != "username"}
    found: dict[str, str | None] = {
        NOBODY: None,
        "no token at all": "not.a.token",
        EXPIRED: _signed(claims | {"exp": int(time.time()) - 1}, ours, key_id),
        "a token of another audience": _signed(claims | {"client_id": "another"}, ours, key_id),
        "a token of another issuer": _signed(claims | {"iss": f"{claims['iss']}x"}, ours, key_id),
        "a token for later": _signed(claims | {"nbf": int(time.time()) + 3600}, ours, key_id),
        "a token somebody else signed": _signed(claims, RSAKey.generate_key(2048), key_id),
        "an unsigned token": _unsigned(claims, key_id),
        "an ID token": _signed(
            {name: value for name, value in claims.items() if name != "client_id"}
            | {"token_use": "id", "aud": claims["client_id"]},
            ours,
            key_id,
        ),
        GROUPLESS: _signed(without, ours, key_id),
        STUDENT: access_token(deployed, "student"),
        THE_TUTOR: access_token(deployed, "tutor", user=TUTOR),
        OTHER: access_token(deployed, "tutor", user=OTHER_TUTOR),
        ADMIN: access_token(deployed, "admin"),
        PEOPLE_OPS: access_token(deployed, "people_ops"),
        MANAGER: manager,
        MARKETPLACE: _signed(machine | {"scope": SCORES_SCOPE}, ours, key_id),
        "a machine without a scope": _signed(machine | {"scope": ""}, ours, key_id),
        "a machine with a scope like ours": _signed(
            machine | {"scope": f"{SCORES_SCOPE}s"}, ours, key_id
        ),
    }
    for group in NEAR_MISSES:
        found[in_group(group)] = _signed(claims | {"cognito:groups": [group]}, ours, key_id)
    return found


UNKNOWN: Final = frozenset(
    {
        NOBODY,
        "no token at all",
        EXPIRED,
        "a token of another audience",
        "a token of another issuer",
        "a token for later",
        "a token somebody else signed",
        "an unsigned token",
        "an ID token",
    }
)
"""Callers who are nobody to us: 401, whatever they ask."""


def in_group(group: str) -> str:
    """What somebody is called whose only group is that one."""
    return f"the group {group}"


def _claims(deployed: Deployed) -> dict[str, Any]:
    now = int(time.time())
    return {
        "sub": "00000000-0000-4000-8000-000000000000",
        "iss": f"https://cognito-idp.{deployed.region}.amazonaws.com/{deployed.user_pool_id}",
        "token_use": "access",
        "client_id": deployed.local_client_id,
        "scope": "aws.cognito.signin.user.admin",
        "iat": now,
        "exp": now + 3600,
    }


def _signed(claims: Mapping[str, Any], key: RSAKey, key_id: str) -> str:
    return jwt.encode({"alg": "RS256", "kid": key_id}, dict(claims), key)


def _unsigned(claims: Mapping[str, Any], key_id: str) -> str:
    parts = ({"alg": "none", "kid": key_id}, claims)
    return ".".join(
        [*(urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts), ""]
    )
