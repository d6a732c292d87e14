"""How mails and alerts leave the house: what a webhook is sent, where to, and what can fail."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from shared.domain.webhook_address import allowed_webhook

SLACK_HOSTS: Final = frozenset({"hooks.slack.com"})
MOST_TEXT = 2_900
"""Characters of a block; Slack refuses 3,000."""
_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


class ChannelError(Exception):
    """A mail or an alert was not taken, as far as anybody knows."""


class PermanentError(ChannelError):
    """Sending it again would not help: the address is refused, or whoever is there refuses."""


class TransientError(ChannelError):
    """It was not taken, but may be later; `retry_after` are the seconds asked for, if any were."""

    def __init__(self, sentence: str, retry_after: int | None = None) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after


class UnansweredError(ChannelError):
    """It may have been taken: the connection broke, or nobody answered in time."""


@dataclass(frozen=True, slots=True)
class Alert:
    """A few words in plain text: a headline, what to know, and where to read on."""

    headline: str
    lines: tuple[str, ...] = ()
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook's URL in its parts; only an allowed one can be made."""

    host: str
    target: str
    """Path and query: whoever knows them can post, so they are in no log."""

    @staticmethod
    def of(url: str, allowed: Set[str] = SLACK_HOSTS) -> "Hook":
        """The hook behind a URL; raises PermanentError where it is not allowed."""
        if allowed_webhook(url, allowed) is None:
            raise PermanentError("is no address that alerts may be sent to")
        parts = urlsplit(url)
        query = f"?{parts.query}" if parts.query else ""
        return Hook(parts.netloc, parts.path + query)


def slack_message(alert: Alert) -> Mapping[str, Any]:
    """The alert as Slack takes it, and whatever understands Slack: text, and blocks that show it.

    What is told is data: no name in it can mention people, make links or become bold.
    """
    lines = [" ".join(line.split()) for line in (alert.headline, *alert.lines)]
    blocks = [_section("plain_text", line[:MOST_TEXT]) for line in lines]
    if alert.link:
        blocks.append(_section("mrkdwn", f"<{escaped(alert.link)}|Open the dashboard>"))
    return {"text": escaped(alert.headline), "blocks": blocks}


def escaped(text: str) -> str:
    """Plain text in Slack's own markup, on one line."""
    line = " ".join(text.split())
    return "".join(_ESCAPED.get(sign, sign) for sign in line)


def _section(kind: str, words: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": kind, "text": words}}
