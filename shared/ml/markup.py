"""Small pieces of HTML and of wording that the report page is made of."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape

from shared.ml.chart import percent

NOTHING = '<span class="none" title="too few departures to tell">–</span>'


def bullets(sentences: Sequence[str]) -> str:
    """A list of sentences, escaped; nothing for none."""
    items = "".join(f"<li>{escape(each)}</li>" for each in sentences)
    return f"<ul>{items}</ul>" if items else ""


def section(title: str, content: str) -> str:
    """A card of the page; the content is HTML already."""
    return f"<section><h2>{escape(title)}</h2>{content}</section>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "") -> str:
    """A table that folds into a card per row on a phone; cells are HTML already."""
    top = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
    body = "".join(
        "<tr>"
        + f'<th scope="row">{row[0]}</th>'
        + "".join(
            f'<td data-label="{escape(name)}"><div>{cell}</div></td>'
            for name, cell in zip(head[1:], row[1:], strict=True)
        )
        + "</tr>"
        for row in rows
    )
    return f'<table class="{kind}"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'


def day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"


def number(value: float | None, digits: int = 2) -> str:
    return NOTHING if value is None else f"{value:.{digits}f}"


def share(value: float | None, digits: int = 0) -> str:
    """A share as a percentage."""
    return NOTHING if value is None else percent(value, digits)


def between(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{low:.2f} to {high:.2f}"


def of_hundred(part: float) -> str:
    """How many in 100, with a decimal where there are few."""
    return f"{100 * part:.0f}" if part >= 0.1 else f"{100 * part:.1f}"


def points(value: float | None) -> str:
    """A difference of shares in percentage points."""
    return NOTHING if value is None else f"{100 * value:.1f} points"
