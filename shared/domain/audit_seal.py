"""Seals of the audit trail: each day's rows as one digest, each seal holding on to the one before.

Whoever changes, removes or adds a row of a sealed day, or the seal itself, has to change every seal
since, and those are kept where nobody can (`shared.aws.vault`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Final

BEGINNING: Final = "0" * 64
"""What the first seal holds on to."""


@dataclass(frozen=True, slots=True)
class Seal:
    """A day of the trail: how many rows, the SHA-256 of them, and the chain up to this day."""

    on: date
    rows: int
    digest: str
    chain: str


def sealed(on: date, rows: Iterable[str], previous: str) -> Seal:
    """The seal of a day with these rows, in the order of the trail; `previous` is a chain."""
    told, count = sha256(), 0
    for row in rows:
        told.update(row.encode() + b"\n")
        count += 1
    digest = told.hexdigest()
    chain = sha256(f"{previous}\n{on.isoformat()}\n{count}\n{digest}".encode()).hexdigest()
    return Seal(on, count, digest, chain)
