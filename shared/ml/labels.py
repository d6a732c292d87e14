"""What the model predicts: that a tutor leaves, dated by the day it began (CONTRACT 4).

A tutor leaves by resigning (or being deactivated), or by a silence of more than 14 days; leave and
times when the whole platform stood still are no part of it. The silence is dated by its *onset*,
the last session before it, so a model cannot look brilliant by counting silent days; only tutors
still at work are scored.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from shared.ml.features import PRIOR_PER_WEEK, Floats, Moments
from shared.ml.ledger import ALWAYS, DAY, NEVER, Ints, Ledger, Spans

type Bools = npt.NDArray[np.bool_]

SILENCE_DAYS: Final = 14
DROPPED_TO: Final = 0.5
"""An activity drop is less than this share of the tutor's own earlier rate (PRD 1.4)."""
DROP_DAYS: Final = 21


class Kind(IntEnum):
    """How a tutor left."""

    NONE = 0
    RESIGNATION = 1
    SILENCE = 2


@dataclass(frozen=True, slots=True)
class Departures:
    """When a tutor left, ascending, and how; one tutor may fall silent, come back and leave."""

    at: Ints
    kind: Ints


@dataclass(frozen=True, slots=True)
class Labels:
    """One entry a moment `at`: microseconds to the next departure (`NEVER` if none is known).

    `end` is until when the future is known, in microseconds; a silence that began by `certain`
    has had time to show.
    """

    at: Ints
    ahead: Ints
    kind: Ints
    end: int
    certain: int

    def leaves_within(self, days: int) -> Bools:
        """Whether a departure lies in (t, t + days]."""
        return self.ahead <= days * DAY

    def closed(self, days: int) -> Bools:
        """Whether that is certain: a silence that began on the last day has had time to show."""
        known: Bools = self.at + days * DAY <= self.certain
        return known


def departures(ledger: Ledger, end: int) -> Departures:
    """Every departure that is known at `end` (microseconds)."""
    taught = ledger["taught"].at
    following = np.append(taught[1:], end)[: len(taught)]
    told = (taught < ledger.gone_at) & (ledger.gone_at < following)
    onset = _silent(ledger, taught, np.where(told, ledger.gone_at, following))
    at, kind = taught[onset], np.full(int(onset.sum()), int(Kind.SILENCE))
    resigned = _resigned_at(ledger, taught, end)
    if resigned is not None:
        before = at < min(ledger.gone_at - SILENCE_DAYS * DAY, resigned)
        at = np.append(at[before], resigned)
        kind = np.append(kind[before], int(Kind.RESIGNATION))
    return Departures(at, kind)


def _resigned_at(ledger: Ledger, taught: Ints, end: int) -> int | None:
    """When the tutor resigned or was deactivated, unless a silence had told so already.

    Who is deactivated is so by the platform, often because they did not turn up for some days:
    like a silence it is dated by the last session, or counting those days would foretell it. Of a
    time away, or one at which the platform stood still, the last session tells nothing.
    """
    gone = ledger.gone_at
    if gone > end or gone == ALWAYS:
        return None
    last = int(np.searchsorted(taught, gone, side="left"))
    if last == 0 or _silent(ledger, taught[last - 1 : last], np.array([gone]))[0]:
        return None
    onset = int(taught[last - 1])
    away = ledger.away_before(np.array([onset, gone]))
    return onset if ledger.deactivated and away[0] == away[1] else gone


def _silent(ledger: Ledger, since: Ints, until: Ints) -> Bools:
    """Whether that is longer than a fortnight without a lesson, time away left out."""
    away = ledger.away_before(until) - ledger.away_before(since)
    silent: Bools = until - since - away > SILENCE_DAYS * DAY
    return silent


def labels(ledger: Ledger, at: Ints, end: int) -> Labels:
    """What was to come at each moment, as far as it is known at `end`."""
    gone = departures(ledger, end)
    following = np.searchsorted(gone.at, at, side="right")
    when = np.append(gone.at, NEVER)[following]
    return Labels(
        at=at,
        ahead=np.where(when == NEVER, NEVER, when - at),
        kind=np.append(gone.kind, int(Kind.NONE))[following],
        end=end,
        certain=certain_until(ledger.still, end),
    )


def certain_until(still: Spans, end: int) -> int:
    """Until when a silence may have begun that has had SILENCE_DAYS to show at `end`.

    Days on which the platform stood still (`still`) are none of these. All in microseconds.
    """
    lacking, at = SILENCE_DAYS * DAY, end
    for begin, after in zip(still[0][::-1].tolist(), still[1][::-1].tolist(), strict=True):
        if at - lacking >= after:
            break
        lacking, at = lacking - max(at - after, 0), min(at, begin)
    return at - lacking


def at_work(ledger: Ledger, at: Ints) -> Bools:
    """Whether the tutor taught within the last 14 days and is neither gone nor away."""
    taught = ledger["taught"].at
    recent = np.searchsorted(taught, at, side="right") > np.searchsorted(
        taught, at - SILENCE_DAYS * DAY, side="right"
    )
    here: Bools = recent & (at < ledger.gone_at) & ~ledger.away(at)
    return here


def activity_drops(ledger: Ledger, at: Ints) -> Bools:
    """Whether the last three weeks had less than half of the tutor's own earlier sessions.

    The third kind of the PRD's churn indicators: kept apart, since who slows down is still there.
    """
    moments = Moments(ledger, at)
    now = moments.per_week("taught", DROP_DAYS)
    before: Floats = moments.per_week("taught", 182, DROP_DAYS)
    dropped: Bools = now + PRIOR_PER_WEEK < DROPPED_TO * (before + PRIOR_PER_WEEK)
    return dropped


def fifteenth_day(ledger: Ledger, at: Ints, end: int, days: int) -> Bools:
    """The tempting wrong label: the 15th silent day, or a resignation, lies in (t, t + days].

    Kept for comparison only: it is half known at *t* to anybody who can count days.
    """
    gone = departures(ledger, end)
    when = np.sort(gone.at + np.where(gone.kind == Kind.SILENCE, SILENCE_DAYS * DAY, 0))
    following = np.append(when, NEVER)[np.searchsorted(when, at, side="right")]
    reached: Bools = following - at <= days * DAY
    return reached
