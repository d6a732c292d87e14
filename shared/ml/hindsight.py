"""What a profile knows only since the tutor left: known of those who stayed, or the other way.

A history shows each profile as it stands now. Where a platform empties profiles of those who leave
(or fills them in for those who stay), an empty field foretells every departure of the past and
none of the future. Such a field is left out altogether, for who knew it when nobody can say.
"""

from collections.abc import Collection, Mapping
from math import sqrt
from typing import Final

from shared.ml.labels import departures
from shared.ml.ledger import PROFILE, Ledger

Z: Final = 3.29
"""A difference that chance alone would show once in a thousand times."""

WORDS: Final = {
    "subjects": "subjects",
    "onboarded": "onboarding date",
    "agreed_per_week": "agreed sessions a week",
}


def told_by_leaving(ledgers: Mapping[str, Ledger], end: int) -> tuple[str, ...]:
    """The fields of PROFILE that are known more or less often of tutors gone at `end`.

    Two proportions over tutors, compared with the pooled variance.
    """
    taught = [ledger for ledger in ledgers.values() if len(ledger["taught"].at)]
    gone = [ledger for ledger in taught if _gone(ledger, end)]
    here = [ledger for ledger in taught if not _gone(ledger, end)]
    return tuple(name for name in PROFILE if _differs(name, gone, here))


def sentence(fields: Collection[str]) -> str:
    """Which fields the model is blind to, and why."""
    names = " and ".join(WORDS[name] for name in fields)
    return (
        f"Left out: {names}. Profiles tell it of those who stayed and not of those who left, or "
        "the other way, as if it had been changed in hindsight."
    )


def _gone(ledger: Ledger, end: int) -> bool:
    """Whether the tutor left and did not come back."""
    left = departures(ledger, end).at
    return bool(len(left) and ledger["taught"].at[-1] <= left[-1])


def _differs(name: str, gone: list[Ledger], here: list[Ledger]) -> bool:
    if not gone or not here:
        return False
    of_gone, of_here = (sum(name in ledger.profile for ledger in some) for some in (gone, here))
    pooled = (of_gone + of_here) / (len(gone) + len(here))
    error = sqrt(pooled * (1 - pooled) * (1 / len(gone) + 1 / len(here)))
    return abs(of_gone / len(gone) - of_here / len(here)) > Z * error
