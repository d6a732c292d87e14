"""Whether managers who overrode a churn score were right, once it is known who left.

Asked when somebody wants to know, of what is stored anyway: the overrides and the tutors' rows.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import fmean

from shared.domain.effect import Share
from shared.domain.flag import QUIET_DAYS
from shared.domain.override import Direction, Override
from shared.domain.rate import Counted, wilson
from shared.domain.tutor import TutorStatus

FORESEEN = timedelta(days=30)
"""An override speaks of its own time and so much more, as the 30-day chance to leave does."""
SILENCE = timedelta(days=QUIET_DAYS)
"""Who has not taught for longer has left, on the day of the last session (CONTRACT 4)."""
SLIP = timedelta(days=1)
"""What stood for less was a slip of the pen, or a trial, and says nothing about anybody."""
FEWEST = 30
"""Judged overrides before a sentence is said: of 30 the interval still spans 30 points."""


class Verdict(StrEnum):
    """Whether what happened was nearer to what the manager said, or to the computed score."""

    RIGHT = "right"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Career:
    """What is known today of a tutor's staying: their status, and the end of their last session."""

    status: TutorStatus
    last_taught_at: datetime | None

    def left(self, by: datetime, at: datetime) -> bool:
        """Whether, seen from `at`, the tutor left up to `by`, on the day of the last session.

        Whoever fell silent and came back, or is on leave, has not left.
        """
        last = self.last_taught_at
        if self.status.gone:
            return last is None or last <= by
        return self.status.at_work and last is not None and last <= by and last < at - SILENCE


@dataclass(frozen=True, slots=True)
class Judged:
    """An override of which it is known what became of the tutor.

    `foreseen` is the chance, by the model's prediction when it was set, that the manager would
    turn out right; None where there was no prediction.
    """

    override: Override
    direction: Direction
    verdict: Verdict
    foreseen: float | None


@dataclass(frozen=True, slots=True)
class AgainstModel:
    """Those set beside a prediction: how many were right, and how many the model foresaw to be."""

    right: Share
    foreseen: float


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How often managers were right, and whether they know more than the model does."""

    right: Share
    against_model: AgainstModel | None
    verdict: str


@dataclass(frozen=True, slots=True)
class Month:
    """The overrides set in one month, such as 2026-11: how many, judged so far, and right."""

    month: str
    count: int
    judged: int
    right: int


@dataclass(frozen=True, slots=True)
class Tracking:
    """What became of some overrides: `in_force` and `ended` are all of them.

    `waiting` are too young to be judged. `not_counted` never are: in force for less than
    a day, the level left as it was, the tutor unknown by now, or set within the time that the one
    counted last speaks of, which would ask the same question twice.
    """

    in_force: int
    ended: int
    waiting: int
    not_counted: int
    both: Accuracy
    lowered: Accuracy
    raised: Accuracy
    months: tuple[Month, ...]


def judged(one: Override, career: Career, at: datetime) -> Judged | None:
    """Whether the manager was right; None where that can not be said, or not yet.

    Of two numbers the lower one is nearer to staying (0) and the higher one to leaving (100), so
    whoever lowers the level is right if the tutor stays, whoever raises it if the tutor leaves.
    """
    direction = one.direction
    if direction is None or at < _decided_at(one) or _slip(one):
        return None
    left = career.left(one.over_at + FORESEEN, at)
    right = left is (direction is Direction.RAISED)
    return Judged(one, direction, Verdict.RIGHT if right else Verdict.WRONG, _foreseen(one))


def tracking(
    overrides: Iterable[Override], careers: Mapping[str, Career], at: datetime
) -> Tracking:
    """What became of overrides; `careers` are those of their tutors by id."""
    every = sorted(overrides, key=lambda one: one.set_at)
    found = _counted(every, careers, at)
    waiting = [one for one in every if _may_count(one) and at < _decided_at(one)]
    return Tracking(
        in_force=sum(one.in_force(at) for one in every),
        ended=sum(one.over_at <= at for one in every),
        waiting=len(waiting),
        not_counted=len(every) - len(found) - len(waiting),
        both=_accuracy(found),
        lowered=_accuracy([each for each in found if each.direction is Direction.LOWERED]),
        raised=_accuracy([each for each in found if each.direction is Direction.RAISED]),
        months=_months(every, found),
    )


def _counted(
    every: Sequence[Override], careers: Mapping[str, Career], at: datetime
) -> list[Judged]:
    found: list[Judged] = []
    asked_until: dict[str, datetime] = {}
    for one in every:
        career = careers.get(one.tutor_id)
        told = judged(one, career, at) if career else None
        last = asked_until.get(one.tutor_id)
        if told is None or (last and one.set_at < last):
            continue
        asked_until[one.tutor_id] = one.over_at + FORESEEN
        found.append(told)
    return found


def _may_count(one: Override) -> bool:
    return one.direction is not None and not _slip(one)


def _slip(one: Override) -> bool:
    return one.over_at - one.set_at < SLIP


def _decided_at(one: Override) -> datetime:
    """From when on it is certain whether the tutor left within its time and FORESEEN."""
    return one.over_at + FORESEEN + SILENCE


def _foreseen(one: Override) -> float | None:
    """The 30-day chance, taken to go on at its pace for as long as the override speaks of."""
    if one.risk_then is None:
        return None
    leaves: float = 1 - (1 - one.risk_then) ** ((one.over_at + FORESEEN - one.set_at) / FORESEEN)
    return leaves if one.direction is Direction.RAISED else 1 - leaves


def _accuracy(found: Sequence[Judged]) -> Accuracy:
    chances = [each.foreseen for each in found if each.foreseen is not None]
    beside = [each for each in found if each.foreseen is not None]
    against = AgainstModel(_right(beside), fmean(chances)) if chances else None
    right = _right(found)
    return Accuracy(right, against, _sentence(right, against))


def _right(found: Sequence[Judged]) -> Share:
    count = Counted(sum(each.verdict is Verdict.RIGHT for each in found), len(found))
    return Share(count.value, count.n, *wilson(count.k, count.n))


def _sentence(right: Share, against: AgainstModel | None) -> str:
    if right.n < FEWEST:
        return f"too few to say: {right.n} of at least {FEWEST} judged"
    said = f"right in {_per_cent(right.value)} of {right.n}"
    if against is None or against.right.n < FEWEST:
        return f"{said} — but too few stand beside a prediction to say how many would be by chance"
    rest = (
        f"right in {_per_cent(against.right.value)} of {against.right.n} "
        f"({_per_cent(against.right.low)} to {_per_cent(against.right.high)}), "
        f"{_per_cent(against.foreseen)} by the model's chances"
    )
    if against.right.low > against.foreseen:
        return f"managers know more than the model: {rest}"
    if against.right.high < against.foreseen:
        return f"managers know less than the model: {rest}"
    return f"managers do as well as the model's chances: {rest}"


def _per_cent(share: float | None) -> str:
    return f"{100 * (share or 0.0):.0f} %"


def _months(every: Sequence[Override], found: Sequence[Judged]) -> tuple[Month, ...]:
    told: dict[str, list[Judged]] = defaultdict(list)
    for each in found:
        told[_month(each.override)].append(each)
    counts: dict[str, int] = defaultdict(int)
    for one in every:
        counts[_month(one)] += 1
    return tuple(
        Month(
            month,
            count,
            len(told[month]),
            sum(each.verdict is Verdict.RIGHT for each in told[month]),
        )
        for month, count in counts.items()
    )


def _month(one: Override) -> str:
    return f"{one.set_at:%Y-%m}"
