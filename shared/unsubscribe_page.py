"""The page behind the link in a mail: it asks before anything happens, and says what did.

Without script, style or anything from elsewhere; it names nobody.
"""

from collections.abc import Mapping
from typing import Any, Final

from shared.domain.preference import Reports
from shared.unsubscribe import FIELD, REPORTS, UNDO, VALUE

ASKED: Final = "Stop getting mails like this one?"
NOTED: Final = "It is noted: you will not get mails like that one any more."
OTHERS: Final[Mapping[str, tuple[str, str]]] = {
    "reports:changes": (
        "Be told only of sessions that changed something?",
        "It is noted: you will be told only of sessions that changed something.",
    ),
    "reports:digest_only": (
        "Stop getting a report of each session?",
        "It is noted: you will not get reports of sessions any more.",
    ),
}
"""What is asked and what is said afterwards, where there is more to say than of the others."""
HEADERS: Final = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
}
PAGE: Final = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mails you get</title></head>
<body><main><h1>Mails you get</h1>
{said}
</main></body></html>
"""


def asking(what: str) -> dict[str, Any]:
    """The page with the button: nothing has happened yet."""
    question, _ = OTHERS.get(what, (ASKED, NOTED))
    return _page(f"<p>{question}</p>\n{_form(VALUE, 'Yes')}")


def noted(what: str, before: Reports | None) -> dict[str, Any]:
    """The page after the button; it keeps which reports there were before, to give them back."""
    _, said = OTHERS.get(what, (ASKED, NOTED))
    return _page(f"<p>{said}</p>\n{_form(UNDO, 'Undo', **{REPORTS: before or ''})}")


def undone(what: str) -> dict[str, Any]:
    """The page after that was taken back."""
    mails = "the reports that you got before" if what.startswith("reports") else "such mails again"
    return _page(f"<p>It is noted: you will get {mails}.</p>")


def _form(value: str, button: str, **others: str) -> str:
    fields = {FIELD: value} | others
    hidden = "\n".join(
        f'<input type="hidden" name="{name}" value="{held}">' for name, held in fields.items()
    )
    return f'<form method="post">{hidden}\n<button type="submit">{button}</button></form>'


def _page(said: str) -> dict[str, Any]:
    return {"statusCode": 200, "headers": HEADERS, "body": PAGE.format(said=said)}
