"""The ceiling: what the best possible forecast of departures knows, in a world whose laws we wrote.

No honest model can rank tutors better than this, up to chance; one that does has seen the future.
"""

import csv
import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from events.world.belief import Belief, believe
from events.world.column import SECONDS_A_DAY
from events.world.crowd import Public
from events.world.forecast import SILENT_DAYS, forecast
from events.world.history import History
from events.world.profile import tutor_id
from events.world.seen import Seen, see
from events.world.session import Session, Status
from events.world.state import Bools, Floats, Ints
from shared.domain.evaluation import HORIZONS


@dataclass(frozen=True)
class Ceiling:
    """One row for each tutor at work at each moment, moment by moment.

    `tutor` is the number within the world, `moment` a place in `moments`, `probabilities` are
    rows by `horizons`.
    """

    moments: tuple[datetime, ...]
    tutor: Ints
    moment: Ints
    probabilities: Floats
    horizons: tuple[int, ...] = HORIZONS

    def __len__(self) -> int:
        return len(self.tutor)

    @property
    def tutor_ids(self) -> list[str]:
        """Each row's tutor as the history's files name them."""
        return [tutor_id(int(number)) for number in self.tutor]

    def by_tutor_and_moment(self) -> dict[tuple[str, datetime], Floats]:
        """The probabilities of each tutor at each moment."""
        names = self.tutor_ids
        return {
            (name, self.moments[moment]): probabilities
            for name, moment, probabilities in zip(
                names, self.moment, self.probabilities, strict=True
            )
        }


def ceiling(
    history: History, moments: Sequence[datetime], horizons: tuple[int, ...] = HORIZONS
) -> Ceiling:
    """Forecasts for everybody at work at some midnights of a history.

    At work is who taught in the 14 days before, is not known to have left and is not on leave.
    """
    if not history.world.signal:
        raise ValueError("where nothing tells who leaves, the ceiling is the base rate")
    sessions = history.sessions()
    seen = see(history, sessions, history.behaviour(sessions))
    places = {_day(history, moment): place for place, moment in enumerate(moments)}
    tutors, when, chances = [], [], []
    for belief in believe(seen, places.keys()):
        idle = _idle_days(history, sessions, belief.day)[belief.tutor]
        at_work = idle <= SILENT_DAYS
        if belief.day:
            at_work &= ~seen.leave[belief.tutor, belief.day - 1]
        rows = _of(belief, at_work)
        tutors.append(rows.tutor)
        when.append(np.full(len(rows.tutor), places[belief.day]))
        chances.append(forecast(rows, _public(seen, rows), idle[at_work], horizons))
    order = np.argsort(np.concatenate(when), kind="stable")
    return Ceiling(
        tuple(moments),
        np.concatenate(tutors)[order],
        np.concatenate(when)[order],
        np.concatenate(chances)[order],
        horizons,
    )


def write_ceiling(known: Ceiling, path: Path) -> int:
    """Write a row for each tutor, moment and horizon, named as in a backtest's predictions.

    What is called `.gz` is gzipped.
    """
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("tutor_id", "as_of", "horizon_days", "probability"))
        for (tutor, as_of), chances in known.by_tutor_and_moment().items():
            for days, chance in zip(known.horizons, chances.tolist(), strict=True):
                writer.writerow((tutor, f"{as_of:%Y-%m-%dT%H:%M:%SZ}", days, f"{chance:.6f}"))
    return len(known) * len(known.horizons)


def _day(history: History, moment: datetime) -> int:
    day, rest = divmod(moment - history.midnight, timedelta(days=1))
    if rest or not 0 < day <= history.life.days:
        raise ValueError(f"{moment.isoformat()} is not a midnight within the history")
    return day


def _idle_days(history: History, sessions: Session, day: int) -> Ints:
    """Days from each tutor's last completed session to a midnight, rounded up."""
    midnight = (history.first_day + day) * SECONDS_A_DAY
    held = (sessions.status == Status.completed) & (sessions.completed <= midnight)
    last = np.full(history.life.tutors, midnight - 1_000 * SECONDS_A_DAY)
    np.maximum.at(last, sessions.tutor[held], sessions.completed[held])
    idle: Ints = (midnight - last) // SECONDS_A_DAY + 1
    return idle


def _of(belief: Belief, rows: Bools) -> Belief:
    return Belief(
        belief.day,
        belief.tutor[rows],
        belief.shares[rows],
        belief.failed_first[rows],
        belief.missed[rows],
    )


def _public(seen: Seen, belief: Belief) -> Public:
    tutor = belief.tutor
    weekday = np.full(len(tutor), (seen.weekday[0] + belief.day) % 7)
    tenure = belief.day - seen.onboarded[tutor]
    return Public(seen.trait.group[tutor], seen.trait.baseline[tutor], tenure, weekday)
