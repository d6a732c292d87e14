"""Compiles the mails' MJML to HTML that any mail program shows; Jinja fills it in when sending."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from mjml import mjml2html

_ROOT: Final = Path(__file__).resolve().parents[2]
TEMPLATES: Final = _ROOT / "shared" / "mail" / "template"
_INCLUDE: Final = re.compile(r'<mj-include path="([a-z_]+\.mjml)" */>')


@cache
def compiled_mails() -> dict[str, str]:
    """The HTML of every mail by file name; raises ValueError for MJML that can not be read.

    A file whose name begins with an underscore is a part of others.
    """
    sources = sorted(TEMPLATES.glob("[!_]*.mjml"))
    return {f"{source.stem}.html": _html(source) for source in sources}


def _html(source: Path) -> str:
    # Includes are put in as text: MJML's own lose the width of what they are put into.
    whole = _INCLUDE.sub(lambda found: (TEMPLATES / found[1]).read_text(), source.read_text())
    try:
        return mjml2html(whole, fonts={}, disable_comments=True)
    except ValueError as error:
        raise ValueError(f"{source.name}: {error}") from error


def write_mails(folder: Path, mails: Mapping[str, str]) -> None:
    """Write compiled mails into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, html in mails.items():
        (folder / name).write_text(html)
