"""Whether an intervention helps: what became of treated tutors beside those held out at random.

Rules pick a tutor when things look worst, and most look better soon after whatever is done: 68-72 %
improve untreated (regression to the mean). So a share of automated interventions is held out, and
only the difference to those is an effect. Of what people do nothing is held out: how many improved
after it is told, and that this is no effect.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from math import sqrt
from statistics import fmean, median, variance

from shared.domain.churn_score import CAP
from shared.domain.intervention import Intervention, Kind, Status
from shared.domain.rate import Beta, Counted, beta_cdf, wilson

IMPROVED_BY = 5.0
"""Points of churn score, see `improved`."""

FEWEST = 30
"""Known follow-ups per arm before a verdict on the effect.

With 30 held out and ten times as many treated, of whom 70 % improve, the interval reaches 14 to 19
percentage points to either side. With fewer, only what exaggerates could be told from chance
(Gelman & Carlin 2014, type M error).
"""

KEEPING = frozenset({Kind.H5})
"""Kinds that are to keep who is good, not to better anybody: they succeed with whoever stays."""

USEFUL = "useful"


@dataclass(frozen=True, slots=True)
class Case:
    """One intervention, done or held out.

    Scores are churn scores, 0 to 100: at opening, and at the kind's follow-up (None while unknown).
    `share` is that of tutors held out when it was opened.
    `score_after` is taken alike, and as late, whether held out or not; of who left by then it is
    the worst. `acted_at` is the first action; `accepted` whether it was acted upon, `completed`
    whether it was carried through.
    """

    tutor_id: str
    kind: str
    held_out: bool
    opened_at: datetime
    acted_at: datetime | None
    accepted: bool
    completed: bool
    score_before: float
    score_after: float | None
    share: float | None = None


def case_of(one: Intervention) -> Case:
    """An intervention as it is compared; accepted is whatever somebody, or the mail, began.

    What a person completed was begun, also where that was not written down, as it once was not.
    """
    completed = one.status is Status.COMPLETED
    return Case(
        tutor_id=one.tutor_id,
        kind=one.kind,
        held_out=one.held_out,
        opened_at=one.opened_at,
        acted_at=one.acted_at,
        accepted=one.acted_at is not None or (completed and not one.kind.automated),
        completed=completed,
        score_before=one.score_before,
        score_after=one.score_after,
        share=one.holdout_share,
    )


@dataclass(frozen=True, slots=True)
class Share:
    """A share of n with its 95 % Wilson interval; `value` is None when n = 0."""

    value: float | None
    n: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """Treated minus held out, above 0 where treating is better, with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Arm:
    """Tutors treated, or held out: `improved.n` have a known follow-up, `waiting` have not.

    Of people's kinds those are treated for whom somebody acted. Recognition has "improved" nobody,
    but those who are still there.

    `mean_fall` is in points of churn score, above 0 where it fell.
    """

    improved: Share
    mean_fall: float | None
    waiting: int


@dataclass(frozen=True, slots=True)
class Effect:
    """What one kind of intervention does.

    `improved_more` is the difference of the shares improved (0-1), `fell_more` that of the mean
    falls (points). `accepted`, `completed` (not called off) and `hours_to_action` tell of all that
    were really opened; the hours are the median of those acted upon, nights and weekends included.
    """

    treated: Arm
    held_out: Arm
    improved_more: Difference | None
    fell_more: Difference | None
    accepted: Counted
    completed: Counted
    hours_to_action: float | None
    verdict: str


def held_out(tutor_id: str, kind: str, share: float, salt: str = "") -> bool:
    """Whether this tutor goes without this kind: always the same answer, as if drawn by lot.

    Kinds draw independently, a larger share only adds tutors, another salt draws anew. ValueError
    for a share beyond 0-1: one meant as per cent would silence everything.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"a share is 0 to 1, not {share}")
    drawn = sha256("\0".join((salt, kind, tutor_id)).encode()).digest()
    # 53 bits, as many as a float holds: 64 could round up to 1 and escape a share of 1.
    return Kind(kind).automated and (int.from_bytes(drawn[:8]) >> 11) / 2**53 < share


def improved(case: Case) -> bool | None:
    """Whether the churn score fell by IMPROVED_BY points or more; None while unknown.

    5 points are what the lightest component of the score is worth from worst to best (weight
    0.05); a smaller fall may be one session leaving a window. Who left has not improved. What a
    person wrote as outcome does not count: of those held out nobody writes any. Kinds that are
    KEEPING succeed with whoever has not left.
    """
    fall = _fall(case)
    if case.kind in KEEPING and fall is not None:
        return case.score_after != CAP
    # Rounded, for 10.2 - 5.2 is not quite 5 in binary.
    return None if fall is None else round(fall, 6) >= IMPROVED_BY


def effect(cases: Iterable[Case]) -> Effect:
    """What one kind of intervention does, from all its cases; ValueError if kinds are mixed.

    By intention to treat: as drawn, whether or not anybody opened the mail, since those who open
    it are often those who would have improved anyway. Of what people do, which is compared with
    nothing, only what somebody acted upon is followed up. Each tutor counts once, with the first
    case: a tutor's cases resemble each other, and who comes back depends on what the first case
    did, so that later ones are no longer alike in both arms. Only cases of the newest share are
    compared: when the share changed, so did the arms' mix of seasons. Intervals are for one look:
    of many looks at growing data, more than 1 in 20 useless kinds has one that excludes 0.
    """
    every = sorted(cases, key=lambda case: case.opened_at)
    kinds = {case.kind for case in every}
    if len(kinds) > 1:
        raise ValueError(f"one kind at a time, not {sorted(kinds)}")
    first = {case.tutor_id: case for case in reversed(_compared(every))}.values()
    with_, without = ([case for case in first if case.held_out is held] for held in (False, True))
    treated, held = _arm(with_), _arm(without)
    improved_more = newcombe(_improved(with_), _improved(without))
    opened = [case for case in every if not case.held_out]
    return Effect(
        treated=treated,
        held_out=held,
        improved_more=improved_more,
        fell_more=welch(_falls(with_), _falls(without)),
        accepted=Counted(sum(case.accepted for case in opened), len(opened)),
        completed=Counted(sum(case.completed for case in opened), len(opened)),
        hours_to_action=_median_hours(opened),
        verdict=_verdict(treated, held, improved_more, next(iter(kinds), None)),
    )


def _compared(every: Sequence[Case]) -> list[Case]:
    """Of all cases, oldest first, those that are followed up."""
    return [
        case
        for case in every
        if case.share == every[-1].share and (case.accepted or Kind(case.kind).automated)
    ]


def precision(marks: Iterable[str | None]) -> Share:
    """The share of a rule's findings that people call useful, among those they marked.

    "incorrectly_flagged" and "not_useful" count against the rule; None is a finding nobody has
    marked yet.
    """
    given = [mark for mark in marks if mark is not None]
    return _share(Counted(sum(mark == USEFUL for mark in given), len(given)))


def newcombe(one: Counted, other: Counted) -> Difference | None:
    """Difference of two independent shares, from their Wilson intervals; None if one is empty.

    Method 10 of Newcombe 1998, Statistics in Medicine 17:873-890.
    """
    p, q = one.value, other.value
    if p is None or q is None:
        return None
    (p_low, p_high), (q_low, q_high) = wilson(one.k, one.n), wilson(other.k, other.n)
    below = sqrt((p - p_low) ** 2 + (q_high - q) ** 2)
    above = sqrt((p_high - p) ** 2 + (q - q_low) ** 2)
    return Difference(p - q, p - q - below, p - q + above)


def welch(one: Sequence[float], other: Sequence[float]) -> Difference | None:
    """Difference of two means of unequal spread, by Student's t (Welch 1947).

    None with fewer than two values on a side, or where no value differs from its side's others:
    that is no certainty.
    """
    if min(len(one), len(other)) < 2:
        return None
    a, b = variance(one) / len(one), variance(other) / len(other)
    if a + b == 0:
        return None
    freedom = (a + b) ** 2 / (a**2 / (len(one) - 1) + b**2 / (len(other) - 1))
    value, half = fmean(one) - fmean(other), _t_95(freedom) * sqrt(a + b)
    return Difference(value, value - half, value + half)


def _t_95(freedom: float) -> float:
    """What |t| exceeds 1 time in 20, by bisection: P(|t| > q) = I_x(f/2, 1/2), x = f/(f + q²)."""
    low, high = 0.0, 1.0
    for _ in range(60):
        x = (low + high) / 2
        low, high = (x, high) if beta_cdf(x, Beta(freedom / 2, 0.5)) < 0.05 else (low, x)
    return sqrt(freedom * (1 - high) / high)


def _fall(case: Case) -> float | None:
    """Points the score fell by. Who left has the worst score: left out, they would flatter
    whichever arm lost more."""
    return None if case.score_after is None else case.score_before - case.score_after


def _falls(cases: Iterable[Case]) -> list[float]:
    return [fall for case in cases if (fall := _fall(case)) is not None]


def _improved(cases: Iterable[Case]) -> Counted:
    known = [better for case in cases if (better := improved(case)) is not None]
    return Counted(sum(known), len(known))


def _arm(cases: Sequence[Case]) -> Arm:
    falls = _falls(cases)
    return Arm(_share(_improved(cases)), fmean(falls) if falls else None, len(cases) - len(falls))


def _share(counted: Counted) -> Share:
    low, high = wilson(counted.k, counted.n)
    return Share(counted.value, counted.n, low, high)


def _median_hours(cases: Iterable[Case]) -> float | None:
    waits = [case.acted_at - case.opened_at for case in cases if case.acted_at is not None]
    return median(wait.total_seconds() / 3600 for wait in waits) if waits else None


def _verdict(treated: Arm, held: Arm, more: Difference | None, kind: str | None) -> str:
    """In words for a product person, by the shares improved alone.

    A second way to succeed (the mean falls) would nearly double the false claims. What a person
    decides to do (H1-H5) is never withheld by lot.
    """
    holdout = kind is not None and Kind(kind).automated
    arms = [(held, "held out"), (treated, "treated")] if holdout else [(treated, "followed up")]
    missing = [
        f"{arm.improved.n} of at least {FEWEST} {name}"
        for arm, name in arms
        if arm.improved.n < FEWEST
    ]
    if missing:
        return f"not enough data: {', '.join(missing)}"
    if more is None or not holdout:
        did = "stayed" if kind in KEEPING else "improved"
        return (
            f"{did}: {_per_cent(treated)} — but without a holdout nobody knows how many would "
            f"have {did} anyway"
        )
    rest = (
        f"{_per_cent(treated)} improved, {_per_cent(held)} of those held out "
        f"(interval of the difference {100 * more.low:+.1f} to {100 * more.high:+.1f} "
        "percentage points)"
    )
    if more.low <= 0 <= more.high:
        return f"no effect seen: {rest}"
    side = "better" if more.value > 0 else "worse"
    return f"{side} than doing nothing by {100 * abs(more.value):.0f} percentage points: {rest}"


def _per_cent(arm: Arm) -> str:
    return f"{100 * (arm.improved.value or 0.0):.0f} %"
