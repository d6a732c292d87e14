"""Where an alert may be sent to by webhook: known hosts only, since people set the address."""

from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

MOST_CHARACTERS: Final = 500
SHOWN: Final = 4
"""Last characters of an address by which its owner knows it again."""
HIDDEN_FROM: Final = 12
"""A path shorter than that would be told almost whole."""


def allowed_webhook(url: str, hosts: Collection[str]) -> str | None:
    """The address if it may be called, else None.

    It is https, its host exactly one of `hosts`, and it has neither port, credentials nor
    fragment, nor any character that one program might read otherwise than another.
    """
    if len(url) > MOST_CHARACTERS or not url.isascii() or not url.isprintable():
        return None
    if set(url) & set(' \\"<>^`{|}#'):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    known = bool(parts.netloc) and parts.netloc in hosts
    return url if known and parts.scheme == "https" and len(parts.path) > 1 else None


def masked_webhook(url: str) -> str:
    """The address without its secret: https://hooks.slack.com/…/XyZ9."""
    parts = urlsplit(url)
    end = url[-SHOWN:] if len(parts.path) >= HIDDEN_FROM else ""
    return f"https://{parts.netloc}/…/{end}"
