"""What the hidden state shows, what it is called, and a world in which it tells nothing."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from events.world.__main__ import main
from events.world.archetype import Archetype, archetype
from events.world.behaviour import Behaviour
from events.world.ceiling import ceiling
from events.world.feedback import CATEGORIES
from events.world.history import History, simulate, write_history, write_truth
from events.world.session import Session, Status
from events.world.state import Bools, Floats, Ints, Trait
from events.world.tutor import Cause, Exit, Life
from events.world.world import WORLDS, World
from shared.domain.evaluation import HORIZONS

UNTIL = datetime(2026, 11, 21, tzinfo=UTC)
A_DAY = 86_400


@pytest.fixture(scope="module")
def full() -> History:
    return simulate(WORLDS["full"], 21, UNTIL)


@pytest.fixture(scope="module")
def sessions(full: History) -> Session:
    return full.sessions()


@pytest.fixture(scope="module")
def behaviour(full: History, sessions: Session) -> Behaviour:
    return full.behaviour(sessions)


# --- archetypes ---


@pytest.mark.parametrize(
    ("kind", "share", "tolerance"),
    [
        pytest.param(Archetype.HIGH_PERFORMER, 0.30, 0.03, id="high-performer"),
        pytest.param(Archetype.AT_RISK, 0.20, 0.03, id="at-risk"),
        pytest.param(Archetype.CHURNER, 0.05, 0.02, id="churner"),
        pytest.param(Archetype.NEW, 0.11, 0.02, id="new-as-far-as-12-per-cent-a-month-allows"),
        pytest.param(Archetype.STEADY, 0.34, 0.04, id="steady-with-the-new-who-cannot-be"),
    ],
)
def test_archetypes_have_the_shares_of_the_specification(
    full: History, kind: Archetype, share: float, tolerance: float
) -> None:
    life = full.life
    seat, day = np.nonzero(life.working)
    tutor, level = life.tutor[seat, day], life.level[seat, day]

    kinds = archetype(level, life.trait.of(tutor), life.tenure[seat, day])

    assert (kinds == kind).mean() == pytest.approx(share, abs=tolerance)


def test_an_archetype_is_read_off_level_type_and_tenure() -> None:
    cases = [
        (0, 0, 1, 29, Archetype.NEW),
        (4, 1, 1, 29, Archetype.NEW),
        (4, 0, 2, 30, Archetype.CHURNER),
        (3, 1, 1, 30, Archetype.CHURNER),
        (2, 1, 1, 30, Archetype.AT_RISK),
        (1, 0, 2, 30, Archetype.AT_RISK),
        (0, 0, 0, 30, Archetype.HIGH_PERFORMER),
        (0, 2, 2, 30, Archetype.HIGH_PERFORMER),
        (0, 1, 1, 30, Archetype.STEADY),
    ]
    level, reliability, skill, tenure, expected = (np.array(c) for c in zip(*cases, strict=True))
    trait = Trait(level, reliability, skill, skill, np.full(len(cases), 15.0))

    assert archetype(level, trait, tenure).tolist() == expected.tolist()


def test_archetypes_leave_in_the_order_of_their_names(full: History) -> None:
    life = full.life
    day = 150
    seat = np.flatnonzero(life.working[:, day])
    tutor = life.tutor[seat, day]
    kinds = archetype(life.level[seat, day], life.trait.of(tutor), life.tenure[seat, day])

    soon = (life.exited[tutor] <= day + 30) & (life.exit[tutor] != Exit.NONE)
    leaving = [soon[kinds == kind].mean() for kind in Archetype]

    assert leaving[Archetype.CHURNER] > 0.4
    assert leaving[Archetype.AT_RISK] > 1.5 * leaving[Archetype.STEADY]
    assert leaving[Archetype.NEW] > leaving[Archetype.STEADY]


def test_archetypes_are_in_the_truth_and_nowhere_else(tmp_path: Path) -> None:
    history = simulate(World("small", tutors=40, days=40), 3, UNTIL)

    write_history(history, tmp_path / "seen")
    write_truth(history, tmp_path / "truth")

    days = pd.read_csv(tmp_path / "truth" / "days.csv")
    assert set(days.archetype) <= {kind.name.lower() for kind in Archetype}
    for path in (tmp_path / "seen").glob("*.csv"):
        assert "archetype" not in path.read_text()


# --- what is visible of the state ---


def _signs(sessions: Session) -> dict[str, tuple[Floats, Bools]]:
    """What each session shows, and for which sessions it does."""
    held = sessions.status == Status.completed
    everywhere = np.ones(len(sessions), dtype=bool)
    missed = (sessions.status == Status.no_show) & ~sessions.no_show_student
    notice = sessions.original - sessions.asked < A_DAY
    return {
        "moved": (sessions.moved.astype(float), everywhere),
        "short notice": (notice.astype(float), sessions.moved),
        "no-show": (missed.astype(float), sessions.status != Status.scheduled),
        "cancelled": ((sessions.status == Status.cancelled).astype(float), everywhere),
        "late": ((sessions.late > 5).astype(float), held),
        "disengaged": (-sessions.engagement / 100, held),
        "badly rated": (-sessions.rating / 100, held & (sessions.rating > 0)),
        "objective missed": ((~sessions.objectives).astype(float), held),
    }


SIGNS = (
    "moved",
    "short notice",
    "no-show",
    "cancelled",
    "late",
    "disengaged",
    "badly rated",
    "objective missed",
)


@pytest.mark.parametrize("sign", SIGNS)
def test_sessions_get_worse_with_every_level(sessions: Session, sign: str) -> None:
    value, where = _signs(sessions)[sign]

    means = [value[where & (sessions.level == level)].mean() for level in range(5)]

    assert (np.diff(means) > 0).all()


@pytest.mark.parametrize(
    ("kind", "grows"),
    [
        pytest.param("session_prep", False, id="less-preparation"),
        pytest.param("message_response", True, id="slower-answers"),
        pytest.param("availability", False, id="fewer-hours-offered"),
        pytest.param("login", False, id="fewer-logins"),
    ],
)
def test_behaviour_follows_the_level(
    full: History, behaviour: Behaviour, kind: str, grows: bool
) -> None:
    life = full.life
    seat, day = np.nonzero(life.working)
    levels = np.zeros((life.tutors, life.days), dtype=np.int64)
    levels[life.tutor[seat, day], day] = life.level[seat, day]
    rows = behaviour.take(behaviour.is_of(kind))
    level = levels[rows.tutor, rows.second // A_DAY - full.first_day]
    shown = rows.count if kind == "login" else rows.amount

    means = np.array([shown[level == value].mean() for value in range(5)])

    assert (np.diff(means) > 0).all() == grows
    assert (np.diff(means) < 0).all() != grows


def test_training_is_finished_by_the_engaged(full: History, behaviour: Behaviour) -> None:
    assigned = behaviour.take(behaviour.is_of("training_assigned"))
    finished = behaviour.is_of("training_completed").sum()

    assert assigned.learns.mean() == pytest.approx(0.82, abs=0.04)
    assert finished / len(assigned.kind) == pytest.approx(0.75, abs=0.06)
    assert len(assigned.kind) / full.life.working.sum() * 30 == pytest.approx(1.35, rel=0.05)


def test_students_mark_five_things_and_some_say_why(tmp_path: Path) -> None:
    write_history(simulate(World("small", tutors=40, days=120), 5, UNTIL), tmp_path)
    feedback = pd.read_csv(tmp_path / "feedback.csv")
    marks = feedback[[f"ratings_{name}" for name in CATEGORIES]]

    assert marks.isin([1, 2, 3, 4, 5]).all(axis=None)
    assert all(marks[name].corr(feedback.overall_rating) > 0.5 for name in marks)
    assert feedback.free_text.notna().mean() == pytest.approx(0.35, abs=0.03)
    unhappy = feedback[feedback.overall_rating <= 3]
    assert unhappy.improvement_areas.notna().mean() > 0.75


def test_twelve_per_cent_leave_in_a_month(full: History) -> None:
    life = full.life
    gone = (life.exit != Exit.NONE) & (life.exited > 0) & (life.exited <= life.days)

    assert gone.sum() / (life.working.sum() / 30) == pytest.approx(0.12, abs=0.012)


def test_a_day_of_the_full_world_has_3000_sessions(full: History, sessions: Session) -> None:
    day = sessions.scheduled // A_DAY - full.first_day
    a_day = np.bincount(day[(day >= 0) & (day < full.life.days)])

    assert a_day.mean() == pytest.approx(3_000, rel=0.05)


# --- a world without signal ---


@pytest.fixture(scope="module")
def blind() -> History:
    return simulate(replace(WORLDS["full"], signal=False), 22, UNTIL)


def test_without_signal_as_many_leave_but_by_chance_and_with_a_word(blind: History) -> None:
    life = blind.life
    gone = (life.exit != Exit.NONE) & (life.exited > 0) & (life.exited <= life.days)

    assert set(life.cause[gone]) == {Cause.CHANCE}
    assert set(life.exit[gone]) == {Exit.RESIGNED}
    assert gone.sum() / (life.working.sum() / 30) == pytest.approx(0.12, abs=0.012)


def test_without_signal_all_else_looks_the_same(
    full: History, sessions: Session, blind: History
) -> None:
    others = blind.sessions()

    assert len(others) == pytest.approx(len(sessions), rel=0.05)
    for sign, (value, where) in _signs(sessions).items():
        other, there = _signs(others)[sign]
        assert other[there].mean() == pytest.approx(value[where].mean(), rel=0.12), sign
    levels = [np.bincount(h.life.level[h.life.working]) for h in (full, blind)]
    shares = [counts / counts.sum() for counts in levels]
    np.testing.assert_allclose(shares[0], shares[1], atol=0.02)


@pytest.mark.parametrize(
    "score",
    ["idle", "sessions", "tenure", "subject", "agreed", "level", "no_shows", "moves", "rating"],
)
@pytest.mark.parametrize("days", HORIZONS[1:])
def test_without_signal_nothing_ranks_who_leaves(
    blind_scores: dict[str, Floats], blind_ahead: Floats, score: str, days: int
) -> None:
    closed = np.flatnonzero(blind_scores["day"] + days + 14 <= 210)

    auc = _auc(blind_ahead[closed] <= days, blind_scores[score][closed])

    assert auc == pytest.approx(0.5, abs=0.035)


@pytest.fixture(scope="module")
def blind_scores(blind: History) -> dict[str, Floats]:
    """What is known of everybody at work at weekly midnights, entry by entry."""
    sessions, life = blind.sessions(), blind.life
    parts = [_scores(life, sessions, blind.first_day, day) for day in range(60, 196, 7)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


@pytest.fixture(scope="module")
def blind_ahead(blind: History, blind_scores: dict[str, Floats]) -> Floats:
    """Days to the departure of each row: a goodbye, or the last session before two idle weeks."""
    sessions, life = blind.sessions(), blind.life
    goodbye = np.where(life.exit == Exit.RESIGNED, life.exited.astype(float), np.inf)
    silent = _silences(sessions, life, blind.first_day)
    ahead = np.full(len(blind_scores["day"]), np.inf)
    for row, (tutor, day) in enumerate(
        zip(blind_scores["tutor"].astype(int), blind_scores["day"], strict=True)
    ):
        coming = [goodbye[tutor], *silent.get(tutor, [])]
        ahead[row] = min((at for at in coming if at > day), default=np.inf) - day
    return ahead


def _scores(life: Life, sessions: Session, first_day: int, day: int) -> dict[str, Floats]:
    midnight = (first_day + day) * A_DAY
    held = (sessions.status == Status.completed) & (sessions.completed <= midnight)
    last = np.full(life.tutors, -np.inf)
    np.maximum.at(last, sessions.tutor[held], sessions.completed[held])
    month = (sessions.scheduled > midnight - 30 * A_DAY) & (sessions.scheduled <= midnight)

    def count(rows: Bools) -> Floats:
        return np.bincount(sessions.tutor[rows], minlength=life.tutors).astype(float)

    rated = month & held & (sessions.rating > 0)
    stars = np.bincount(sessions.tutor[rated], sessions.rating[rated], life.tutors)
    seat = np.flatnonzero(life.working[:, day] & ~life.leave[:, day - 1])
    tutor = life.tutor[seat, day]
    tutor_level = dict(zip(tutor.tolist(), life.level[seat, day - 1].tolist(), strict=True))
    at_work = tutor[midnight - last[tutor] < 14 * A_DAY]
    missed = month & (sessions.status == Status.no_show) & ~sessions.no_show_student
    return {
        "tutor": at_work.astype(float),
        "day": np.full(len(at_work), float(day)),
        "idle": (midnight - last)[at_work],
        "sessions": count(month & held)[at_work],
        "tenure": (day - life.onboarded[at_work]).astype(float),
        "subject": life.trait.group[at_work].astype(float),
        "agreed": life.trait.baseline[at_work],
        "level": np.array([float(tutor_level[one]) for one in at_work.tolist()]),
        "no_shows": count(missed)[at_work],
        "moves": count(month & sessions.moved)[at_work],
        "rating": (stars / np.maximum(count(rated), 1))[at_work],
    }


def _silences(sessions: Session, life: Life, first_day: int) -> dict[int, list[float]]:
    """When somebody who was not on leave began more than two weeks without a session."""
    held = np.flatnonzero(sessions.status == Status.completed)
    held = held[np.lexsort((sessions.completed[held], sessions.tutor[held]))]
    tutor, at = sessions.tutor[held], sessions.completed[held] / A_DAY - first_day
    found: dict[int, list[float]] = {}
    for row in np.flatnonzero((tutor[1:] == tutor[:-1]) & (np.diff(at) > 14)):
        seat = np.flatnonzero((life.tutor == tutor[row]).any(axis=1))[0]
        days: Ints = np.arange(int(at[row]), int(at[row + 1]))
        if at[row + 1] - at[row] - life.leave[seat, days].sum() > 14:
            found.setdefault(int(tutor[row]), []).append(float(at[row]))
    return found


def _auc(left: Bools, score: Floats) -> float:
    """Chance that who leaves is ranked above who stays; ties count half."""
    ordered, place, often = np.unique(score, return_inverse=True, return_counts=True)
    assert len(ordered) > 1
    rank = (np.cumsum(often) - (often - 1) / 2)[place]
    yes = int(left.sum())
    return float((rank[left].sum() - yes * (yes + 1) / 2) / (yes * (len(left) - yes)))


def test_the_ceiling_is_for_worlds_with_signal(blind: History) -> None:
    with pytest.raises(ValueError, match="base rate"):
        ceiling(blind, [UNTIL])


def test_a_ceiling_without_signal_is_refused_in_a_line_before_anything_is_written(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out, best = str(tmp_path / "history"), str(tmp_path / "ceiling.csv")

    status = main(["--no-signal", "--until", f"{UNTIL:%FT%TZ}", "--out", out, "--ceiling", best])

    said = capfd.readouterr().err.splitlines()
    assert status == 2
    assert said == ["--ceiling: with --no-signal the best possible forecast is the base rate"]
    assert list(tmp_path.iterdir()) == []
