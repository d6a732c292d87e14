"""Settings are never changed in place: each version says who set it, when, and what moved."""

from collections.abc import Mapping, Sequence
from dataclasses import Field, dataclass, fields
from datetime import datetime
from itertools import pairwise
from typing import Any, ClassVar, Protocol


class Numbered(Protocol):
    """Settings of which each version has a number, one more than the one before."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def version(self) -> int: ...


class Versioned[T](Numbered, Protocol):
    """Settings that are put in force together; version 0 are the defaults, which nobody chose."""

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


def stands[V: Numbered](there: V, after: V) -> bool:
    """Whether a change that is asked for again has been made: all is so, and by the same person.

    Who asks can not know, where the answer was lost.
    """
    said = [one.name for one in fields(there) if one.name not in ("version", "changed_at")]
    return all(getattr(there, name) == getattr(after, name) for name in said)


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
