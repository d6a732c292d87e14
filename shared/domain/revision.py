"""Settings are never changed in place: each version says who set it, when, and what moved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Protocol


class Versioned[T](Protocol):
    """Settings that are put in force together; version 0 are the defaults, which nobody chose."""

    @property
    def version(self) -> int: ...

    @property
    def changed_by(self) -> str | None: ...

    @property
    def changed_at(self) -> datetime | None: ...

    def in_force(self) -> Mapping[str, T]:
        """Every setting by name, defaults among them."""


@dataclass(frozen=True, slots=True)
class Moved[T]:
    """One setting, as it was and as it became."""

    name: str
    before: T
    after: T


@dataclass(frozen=True, slots=True)
class Change[T]:
    """What somebody changed at once."""

    version: int
    by: str | None
    at: datetime | None
    moved: tuple[Moved[T], ...]


def changes[T](newest_first: Sequence[Versioned[T]]) -> tuple[Change[T], ...]:
    """What each version changed, the newest first; the last is only compared with."""
    return tuple(
        Change(after.version, after.changed_by, after.changed_at, _moved(before, after))
        for after, before in pairwise(newest_first)
    )


def _moved[T](before: Versioned[T], after: Versioned[T]) -> tuple[Moved[T], ...]:
    was = before.in_force()
    return tuple(
        Moved(name, was[name], now) for name, now in after.in_force().items() if was[name] != now
    )
