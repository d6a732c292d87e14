"""Pages of the demonstration that are not of the site: titles, a request, a mail, two answers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

_STYLE: Final = """
  body { font: 18px/1.5 system-ui, sans-serif; margin: 0; color: #1c2430; background: #f6f7f9;
         height: 100vh; display: flex; align-items: center; justify-content: center; }
  h1 { font-size: 44px; margin: 0 0 12px; letter-spacing: -.5px; }
  h2 { font-size: 20px; margin: 0 0 12px; }
  main { max-width: 1120px; width: 100%; box-sizing: border-box; padding: 0 32px; }
  .lead { font-size: 24px; color: #4a5567; max-width: 900px; }
  .pair { display: grid; grid-template-columns: 1fr 1fr; gap: 24px; align-items: start; }
  section { background: #fff; border: 1px solid #d9dde4; border-radius: 10px; padding: 18px 22px; }
  pre { font: 15px/1.5 ui-monospace, monospace; margin: 0; white-space: pre-wrap;
        overflow-wrap: anywhere; }
  .muted { color: #5b6676; } .good { color: #15803d; } .bad { color: #b91c1c; }
  .mail { height: 700px; display: flex; flex-direction: column; padding: 10px 32px; }
  iframe { border: 1px solid #d9dde4; border-radius: 10px; background: #fff; flex: 1; width: 100%; }
  ul { margin: 0; padding-left: 22px; }
"""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A signed report and its answer."""

    headers: Mapping[str, str]
    body: Mapping[str, Any]
    status: int
    answer: Any
    seconds: float


def title(heading: str, lead: str) -> str:
    """A heading and a sentence or two."""
    return _page(f"<h1>{escape(heading)}</h1><p class=lead>{escape(lead)}</p>")


def exchange(posted: Exchange) -> str:
    """What was sent, and what was answered."""
    headers = "\n".join(f"{name}: {value}" for name, value in posted.headers.items())
    answer = json.dumps(posted.answer, indent=2)
    return _page(
        "<div class=pair><section><h2>POST /api/sessions</h2>"
        f"<pre><span class=muted>{escape(headers)}</span>\n\n"
        f"{escape(json.dumps(posted.body, indent=2))}</pre></section>"
        f"<section><h2 class=good>{posted.status}, after {1000 * posted.seconds:.0f} ms</h2>"
        f"<pre>{escape(answer)}</pre><p>Kept in the table before this answer, "
        "so that nothing is lost.</p><p class=muted>The signature is over these very bytes, the "
        "id and the time (Standard Webhooks).</p></section></div>"
    )


def mail(subject: str, to: str, html: str) -> str:
    """A mail as its reader finds it."""
    return _page(
        f'<h2>{escape(subject)}</h2><p class=muted style="margin:-8px 0 8px">To {escape(to)}</p>'
        f'<iframe srcdoc="{escape(html)}"></iframe>',
        look="mail",
    )


def two_answers(name: str, told: Mapping[str, object], hidden: Sequence[str]) -> str:
    """What a tutor is answered of their own page, beside what staff alone are."""
    shown = "".join(
        f"<li><strong>{escape(what)}</strong>: {escape(_shown(value))}</li>"
        for what, value in told.items()
    )
    kept = "".join(f"<li>{escape(what)}</li>" for what in hidden)
    return _page(
        f"<h2>GET /api/tutors/…, asked by {escape(name)}</h2><div class=pair>"
        f"<section><h2 class=good>In the tutor’s own answer</h2><ul>{shown}</ul></section>"
        f"<section><h2 class=bad>Never in it</h2><ul>{kept}</ul>"
        "<p class=muted>Another tutor’s page: 404, like one that does not exist.</p>"
        "</section></div>"
    )


def _shown(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def band(place: str, heading: str, caption: str) -> str:
    """The strip below the film that says what is to be seen."""
    return (
        "<!doctype html><meta charset=utf-8><style>body{margin:0;height:80px;background:#14202e;"
        "color:#fff;font:19px/1.4 system-ui,sans-serif;display:flex;align-items:center}"
        "b{color:#fbbf24;font-size:16px;width:84px;text-align:center;flex:none}"
        "p{margin:0;padding-right:28px}</style>"
        f"<b>{escape(place)}</b><p><strong>{escape(heading)}.</strong> {escape(caption)}</p>"
    )


def _page(content: str, *, look: str = "") -> str:
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Tutor Quality</title>'
        f'<style>{_STYLE}</style><main class="{look}">{content}</main></html>'
    )
