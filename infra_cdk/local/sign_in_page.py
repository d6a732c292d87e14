"""The local stage's sign-in page: ready-made people to choose from, instead of a password.

It stands where Cognito's hosted page does and posts what that page would: the site can not tell.
"""

from collections.abc import Mapping
from html import escape
from typing import Final

from infra_cdk.local.people import LOCAL_PASSWORD, READY_MADE

_ASKED: Final = (
    "client_id", "redirect_uri", "scope", "state", "response_type",
    "code_challenge", "code_challenge_method", "nonce",
)  # fmt: skip
HEADERS: Final = {
    "content-type": "text/html; charset=utf-8",
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
}
_STYLE: Final = (
    "body{font:15px system-ui,sans-serif;max-width:22rem;margin:12vh auto;padding:0 1.5rem;"
    "color-scheme:light dark}h1{font-size:1.3rem}p{opacity:.75}"
    "button{font:inherit;width:100%;padding:.7rem 1rem;margin:.25rem 0;border:1px solid #8886;"
    "border-radius:.4rem;background:none;color:inherit;text-align:left;cursor:pointer}"
    "button:hover{border-color:currentColor}small{display:block;opacity:.7}"
)


def sign_in_page(query: Mapping[str, str]) -> str:
    """The page for an authorization request with these parameters."""
    asked = "".join(
        f'<input type="hidden" name="{name}" value="{escape(query.get(name, ""))}">'
        for name in _ASKED
    )
    people = "".join(
        f'<form method="post" action="/login">{asked}'
        f'<input type="hidden" name="username" value="{escape(name)}">'
        f'<input type="hidden" name="password" value="{escape(LOCAL_PASSWORD)}">'
        f"<button>{escape(name)}<small>{escape(about)}</small></button></form>"
        for name, about in READY_MADE.items()
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Sign in locally</title><style>{_STYLE}</style>"
        "<h1>Who are you today?</h1>"
        "<p>People of the local stage. On AWS, Cognito’s sign-in page stands here.</p>"
        f"{people}</html>"
    )
