"""What is served of the site, for which address, under which headers: the rules of CloudFront and
of the front door.
"""

import mimetypes
from typing import Final

ASSETS: Final = "/assets/"
"""Files whose names carry a hash of their content: they never change."""
FILES: Final = ("/config.json", "/favicon.svg", "/licenses.md")
"""The other files; every other address is a page of the site, and its index finds out which."""
INDEX: Final = "/index.html"

FOR_EVER: Final = "public, max-age=31536000, immutable"
ASK_AGAIN: Final = "no-cache"

REWRITE: Final = f"""\
function handler(event) {{
  var request = event.request;
  var file = request.uri.startsWith("{ASSETS}") || {list(FILES)}.includes(request.uri);
  if (!file) request.uri = "{INDEX}";
  return request;
}}
"""
"""The same rule as `file_of`, as a CloudFront function. A missing file stays an error: answering
403 and 404 with the index would hide the API's own."""


def file_of(path: str) -> str:
    """The file that an address is answered with."""
    return path if path.startswith(ASSETS) or path in FILES else INDEX


def cache_of(file: str) -> str:
    """For how long a browser may keep a file."""
    return FOR_EVER if file.startswith(ASSETS) else ASK_AGAIN


def type_of(file: str) -> str:
    """A file's media type."""
    kind = mimetypes.guess_type(file)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def content_security_policy(sign_in: str | None = None) -> str:
    """What a page of the site may load: its own files, the API, and the sign-in's tokens.

    `sign_in` is the origin of the hosted sign-in pages where it is not the site's own.
    """
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            f"connect-src 'self'{f' {sign_in}' if sign_in else ''}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


OTHER_HEADERS: Final = {
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


API_CONTENT_SECURITY_POLICY: Final = "default-src 'none'; frame-ancestors 'none'"
"""What an answer of the API may load, should a browser take it for a page: nothing."""


def headers(sign_in: str | None = None) -> dict[str, str]:
    """What every file of the site is sent with, besides its own type and age."""
    return {"content-security-policy": content_security_policy(sign_in)} | OTHER_HEADERS
