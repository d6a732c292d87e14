"""A world's history as the folder of CSV files that backfill, training and tests read."""

import csv
import gzip
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from events.world.archetype import Archetype, archetype
from events.world.behaviour import Behaviour, behaviour_columns, draw_behaviour
from events.world.column import (
    SECONDS_A_DAY,
    choice,
    identifier,
    instant,
    truth,
    twins,
    whole,
    write_csv,
)
from events.world.feedback import feedback_columns
from events.world.profile import Profile, draw_profiles, utc_midnight
from events.world.session import Session, draw_sessions, session_columns
from events.world.subject import GROUPS
from events.world.tutor import Cause, Exit, Life, live
from events.world.world import SYNTHETIC_PREFIX, World


@dataclass(frozen=True)
class History:
    """A world from its first day (`first_day` since 1970) to `until` (seconds since 1970)."""

    world: World
    seed: int
    first_day: int
    until: int
    life: Life

    @property
    def midnight(self) -> datetime:
        """When the first day begins."""
        return utc_midnight(self.first_day)

    def sessions(self) -> Session:
        """Every session known at `until`."""
        return draw_sessions(self.life, self.seed, self.first_day, self.until)

    def behaviour(self, sessions: Session) -> Behaviour:
        """Everything tutors do besides teaching; `sessions` are those of this history."""
        return draw_behaviour(self.life, sessions, self.seed, self.first_day)

    def profiles(self) -> list[Profile]:
        """Every tutor who was ever there."""
        return draw_profiles(self.life, self.seed, self.midnight)


def simulate(world: World, seed: int, until: datetime) -> History:
    """Draw the hidden lives of a world up to `until`; what is visible is drawn on demand."""
    if until.tzinfo is None:
        raise ValueError("until needs an offset")
    end = int(until.timestamp())
    first_day = -(-end // SECONDS_A_DAY) - world.days
    return History(world, seed, first_day, end, live(world, seed, (first_day + 3) % 7))


def write_history(history: History, folder: Path, *, compress: bool = False) -> dict[str, int]:
    """Write `tutors`, `sessions`, `events` and `feedback`; answers the rows of each."""
    folder.mkdir(parents=True, exist_ok=True)
    sessions = history.sessions()
    seed, life = history.seed, history.life
    behaviour = behaviour_columns(history.behaviour(sessions), history.until)
    return {
        "tutors": _write_profiles(folder / "tutors.csv", history.profiles(), compress=compress),
        "sessions": write_csv(
            folder / "sessions.csv", session_columns(sessions), compress=compress
        ),
        "events": write_csv(folder / "events.csv", behaviour, compress=compress),
        "feedback": write_csv(
            folder / "feedback.csv", feedback_columns(sessions, life.trait, seed), compress=compress
        ),
    }


def write_truth(history: History, folder: Path) -> None:
    """Write the hidden state: `tutors.csv` (types, exits) and `days.csv` (a row a tutor-day)."""
    folder.mkdir(parents=True, exist_ok=True)
    life, first_day = history.life, history.first_day
    everyone = np.arange(life.tutors)
    gone = life.exit != Exit.NONE
    write_csv(
        folder / "tutors.csv",
        [
            identifier("tutor_id", f"{SYNTHETIC_PREFIX}t-", everyone),
            choice("subject_group", [group.name for group in GROUPS], life.trait.group),
            choice("reliability", ["rock", "ordinary", "shaky"], life.trait.reliability),
            choice("skill", ["weak", "ordinary", "strong"], life.trait.skill),
            choice("habit", ["seldom", "daily", "often"], life.trait.habit),
            instant("exited_at", (life.exited + first_day) * SECONDS_A_DAY, gone),
            choice("exit", [how.name.lower() for how in Exit], life.exit, gone),
            choice("cause", [cause.name.lower() for cause in Cause], life.cause, gone),
        ],
        compress=False,
    )
    seat, day = np.nonzero(life.working)
    tutor, level = life.tutor[seat, day], life.level[seat, day]
    kind = archetype(level, life.trait.of(tutor), life.tenure[seat, day])
    write_csv(
        folder / "days.csv",
        [
            identifier("tutor_id", f"{SYNTHETIC_PREFIX}t-", tutor),
            instant("day", (day + first_day) * SECONDS_A_DAY),
            whole("level", level),
            choice("archetype", [name.name.lower() for name in Archetype], kind),
            truth("on_leave", life.leave[seat, day]),
        ],
        compress=False,
    )


def _write_profiles(path: Path, profiles: Sequence[Profile], *, compress: bool) -> int:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(Profile.__dataclass_fields__)
    for profile in profiles:
        writer.writerow(_cell(value) for value in vars(profile).values())
    data = text.getvalue().encode()
    path, other = twins(path, compress=compress)
    other.unlink(missing_ok=True)
    path.write_bytes(gzip.compress(data, 4, mtime=0) if compress else data)
    return len(profiles)


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    return ";".join(value) if isinstance(value, tuple) else str(value)
