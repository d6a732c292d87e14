"""How long each kind of item is kept: the one table of it, written to every item it concerns.

DynamoDB removes an item within days of its `expires_at`; reads leave it out from that second on
(`Table`). `docs/retention.md` is generated from here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared.aws.item import Attribute, Item, key_item, number
from shared.aws.key import Key

YEAR: Final = 366
EDUCATION: Final = 7 * YEAR
"""Educational records are kept for seven years at most (FERPA, as the requirements have it)."""
AUDITED: Final = 3 * YEAR
MAILED: Final = 400


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of item: its keys begin so, and it is kept for so many days, None for no end.

    `since` says from when the days count, `why` why it is kept so long.
    """

    pk: str
    sk: str
    what: str
    days: int | None
    since: str
    why: str


SCHOOL: Final = "part of a student's educational record"
WORK: Final = "what people decided about a tutor, as long as what they decided it by"
STANDS: Final = "overwritten by what is newer"
NOBODY: Final = "says nothing of anybody"
RULES: Final = (
    Rule("INBOX#", "INBOX", "report as it was received", EDUCATION, "it was received", SCHOOL),
    Rule("INBOX#", "CONFLICT#", "report that contradicted another", EDUCATION, "it was received",
         SCHOOL),
    Rule("VERSION#", "VERSION#", "which content a version has", EDUCATION, "it was received",
         "tells duplicates from contradictions as long as there are reports"),
    Rule("SESSION#", "SESSION", "session with its feedback", EDUCATION, "its last outcome", SCHOOL),
    Rule("TUTOR#", "S#", "session in a tutor's log", EDUCATION, "its last outcome", SCHOOL),
    Rule("TUTOR#", "E#", "behaviour event in a tutor's log", EDUCATION, "it occurred",
         "with the sessions it explains"),
    Rule("TUTOR#", "PROFILE", "tutor's profile", None, "", STANDS),
    Rule("TUTOR#", "SCORECARD", "newest scorecard", None, "", STANDS),
    Rule("TUTOR#", "PREDICTION", "newest prediction", None, "", STANDS),
    Rule("TUTOR#", "DESK", "count of a tutor's changes", None, "", STANDS),
    Rule("TUTOR#", "DAY#", "nightly record of a tutor", EDUCATION, "its night",
         "with the sessions it counts"),
    Rule("TUTOR#", "FLAG#", "flag that was raised", EDUCATION, "it was raised",
         "with the sessions it was raised for"),
    Rule("TUTOR#", "INTERVENTION#", "intervention", EDUCATION, "it was opened", WORK),
    Rule("TUTOR#", "OVERRIDE#", "override of a churn score", EDUCATION, "it was set", WORK),
    Rule("TUTOR#", "NOTE#", "note about a tutor", EDUCATION, "it was last edited", WORK),
    Rule("TUTOR#", "MAIL#", "mail about a tutor", MAILED, "it was put",
         "who was told what in the last year"),
    Rule("PLATFORM", "MAIL#", "digest or summary", MAILED, "it was put",
         "who was told what in the last year"),
    Rule("MAIL#", "TO#", "recipient of a mail", MAILED, "it was tried",
         "who was told what in the last year"),
    Rule("MAILBOX#", "SUPPRESSED", "fingerprint of an address without mail", None, "",
         "until its owner wants mails again"),
    Rule("PERSON#", "PREFERENCE", "what somebody wants to be told", None, "", STANDS),
    Rule("ERASED", "STUDENT#", "fingerprint of an erased student", None, "",
         "so that no repeated report brings them back"),
    Rule("AUDIT#", "", "who read whose data", AUDITED, "it was read",
         "audits look back three years, as the requirements have it"),
    Rule("PLATFORM", "REFERENCE", "averages of the marketplace", None, "", NOBODY),
    Rule("PLATFORM", "OVERVIEW", "overview of all tutors", None, "", STANDS),
    Rule("PLATFORM", "DAY#", "a day's overview of all tutors", None, "",
         "counts alone, for trends of any length"),
    Rule("SETTINGS", "", "dials, thresholds and calendars, with who moved them", None, "",
         "explains what was decided by them"),
    Rule("MODEL", "", "models and why they are in force", None, "", NOBODY),
    Rule("HISTORY#", "MARK", "how far an import has come", None, "", NOBODY),
)  # fmt: skip


def rule_of(pk: str, sk: str) -> Rule:
    """The rule for an item; raises LookupError for a key that none is made for."""
    for rule in RULES:
        if pk.startswith(rule.pk) and sk.startswith(rule.sk):
            return rule
    raise LookupError(f"no rule says how long {pk} / {sk} is kept")


def kept_item(key: Key, since: datetime) -> Item:
    """The beginning of an item that is not kept for ever: its key, and when it is gone."""
    rule = rule_of(key.pk, key.sk)
    if rule.days is None:
        raise LookupError(f"a {rule.what} is kept without an end")
    ends = since + timedelta(days=rule.days)
    return key_item(key) | {"expires_at": number(int(ends.timestamp()))}


def gone(item: Mapping[str, Attribute], now: float) -> bool:
    """Whether nobody may see an item any more, `now` in seconds since 1970."""
    return "expires_at" in item and float(item["expires_at"]["N"]) <= now


def page() -> str:
    """docs/retention.md."""
    rows = [
        f"| {rule.what} | `{rule.pk}` / `{rule.sk}` | {_long(rule)} | {rule.why} |"
        for rule in RULES
    ]
    return "\n".join(
        (
            "# How long data is kept",
            "",
            "Generated from [shared/aws/retention.py](../shared/aws/retention.py) by `make docs`.",
            "From that second on no read shows an item; DynamoDB removes it within days. What is"
            " erased on request goes at once: see [privacy.md](privacy.md).",
            "",
            "| What | Key begins | Kept | Why |",
            "|---|---|---|---|",
            *rows,
            "",
        )
    )


def _long(rule: Rule) -> str:
    return "no end" if rule.days is None else f"{rule.days:,} days after {rule.since}"


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 - `make docs` writes it to docs/retention.md
