"""How mails say names, times and numbers: one line each, in the reader's zone, for reading."""

import unicodedata
from collections.abc import Iterable
from datetime import UTC, date, datetime, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

MOST_NAME = 60
MOST_WORDS = 300
_NOT_SHOWN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Controls, marks that turn the direction of text, halves of characters: nothing to be read."""
_JOINERS = "\u200c\u200d"
"""Names in Persian and some Indian scripts need them."""


def plain(text: str, most: int) -> str:
    """One line of at most so many characters, of what can be seen and nothing else."""
    # Nearly all are plain already; runs of spaces in these do no harm.
    if text.isascii() and text.isprintable() and len(text) <= most and text == text.strip():
        return text
    shown = "".join(
        c if c in _JOINERS or unicodedata.category(c) not in _NOT_SHOWN else " "
        for c in text[: most * 4]
    )
    line = " ".join(shown.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def who(name: str | None, tutor_id: str) -> str:
    """A tutor's name, or the id of one who never told any."""
    return plain(name or "", MOST_NAME) or plain(tutor_id, MOST_NAME)


def lower(said: str) -> str:
    """Words as they go on within a sentence."""
    return said[:1].lower() + said[1:]


def words(text: str) -> str:
    """A sentence that somebody or something else wrote, on one line."""
    return plain(text, MOST_WORDS)


@cache
def _zone(name: str) -> tzinfo:
    """The zone of that name; UTC for one that nobody knows: better a time that says so."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return UTC


def clock(at: datetime, zone: str) -> str:
    """10:00 CST: the time of day with the zone's name."""
    local = at.astimezone(_zone(zone))
    short = local.tzname() or "UTC"
    return f"{local:%H:%M} {short if short[0].isalpha() else f'UTC{short}'}"


def moment(at: datetime, zone: str) -> str:
    """Fri 20 Nov, 10:00 CST."""
    local = at.astimezone(_zone(zone))
    return f"{local:%a} {local.day} {local:%b}, {clock(at, zone)}"


def day(on: date) -> str:
    """Friday 20 November 2026."""
    return f"{on:%A} {on.day} {on:%B %Y}"


def short_day(on: date) -> str:
    """20 Nov."""
    return f"{on.day} {on:%b}"


def per_cent(share: float | None) -> str:
    """23 %; tenths below ten per cent, where they matter."""
    if share is None:
        return "not known"
    return f"{100 * share:.1f} %" if 0 < share < 0.0995 else f"{100 * share:.0f} %"


def points(change: float | None) -> str:
    """Change of a rate in percentage points: +1.2 points."""
    if change is None:
        return "nothing to compare with"
    return "unchanged" if abs(change) < 0.0005 else f"{100 * change:+.1f} points"


def difference(change: float | None) -> str:
    """Change of a count: 3 more, 3 fewer, unchanged."""
    if change is None:
        return "nothing to compare with"
    if not change:
        return "unchanged"
    return f"{abs(change):,.0f} {'more' if change > 0 else 'fewer'}"


def number(value: float | None) -> str:
    """1,204; what nobody knows is said so."""
    return "not known" if value is None else f"{value:,.0f}"


def counted(n: int, one: str, many: str | None = None) -> str:
    """1 task, 3 tasks."""
    return f"{n:,} {one if n == 1 else many or f'{one}s'}"


def listed(parts: Iterable[str]) -> str:
    """One, two and three."""
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last


def notice(hours: float | None) -> str | None:
    """How long before a session it was moved; None when nobody said."""
    if hours is None:
        return None
    if hours < 0:
        return "after it was due to begin"
    if hours < 1:
        return "less than an hour before"
    if hours < 48:
        return f"{counted(int(hours), 'hour')} before"
    return f"{counted(int(hours / 24), 'day')} before"
