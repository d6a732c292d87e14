"""The ceiling is what it says: its belief agrees with the truth, its forecast with the laws."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from events.world import state
from events.world.belief import Belief, believe
from events.world.ceiling import Ceiling, ceiling, write_ceiling
from events.world.crowd import Public
from events.world.forecast import SILENT_DAYS, forecast
from events.world.history import History, simulate
from events.world.seen import Seen, see
from events.world.session import Status
from events.world.state import Bools, Floats, Ints, Trait
from events.world.tutor import Exit
from events.world.world import World
from shared.domain.evaluation import HORIZONS
from shared.ml.labels import at_work, labels
from shared.ml.ledger import NEVER, Ledger, Series

UNTIL = datetime(2026, 11, 21, tzinfo=UTC)
TOWN = World("town", tutors=200)
WEEKS = range(30, 209, 14)
A_DAY, MICROSECONDS = 86_400, 1_000_000


@pytest.fixture(scope="module")
def town() -> History:
    return simulate(TOWN, 11, UNTIL)


@pytest.fixture(scope="module")
def seen(town: History) -> Seen:
    sessions = town.sessions()
    return see(town, sessions, town.behaviour(sessions))


@pytest.fixture(scope="module")
def beliefs(seen: Seen) -> list[Belief]:
    return list(believe(seen, WEEKS))


@pytest.fixture(scope="module")
def known(town: History) -> Ceiling:
    return ceiling(town, [town.midnight + timedelta(days=day) for day in WEEKS])


# --- the filter against the truth ---


@dataclass(frozen=True)
class Truth:
    """The level of each row's tutor on the last day that was seen; -1 for who has left."""

    level: Ints
    shares: Floats


@pytest.fixture(scope="module")
def truth(town: History, beliefs: list[Belief]) -> Truth:
    life = town.life
    seat, day = np.nonzero(life.working)
    level = np.full((life.tutors, life.days), -1)
    level[life.tutor[seat, day], day] = life.level[seat, day]
    left = np.arange(life.days) >= life.exited[:, None]
    level[left] = -1
    rows = [np.where(life.exited[b.tutor] <= b.day, -1, level[b.tutor, b.day - 1]) for b in beliefs]
    return Truth(np.concatenate(rows), np.concatenate([b.shares for b in beliefs]))


def test_the_filter_expects_as_many_at_each_level_as_there_are(truth: Truth) -> None:
    expected = truth.shares.sum(axis=(0, 2, 3))
    actual = np.bincount(truth.level[truth.level >= 0], minlength=5)

    np.testing.assert_array_less(np.abs(expected - actual), 3 * np.sqrt(actual))


def test_the_filter_knows_who_left_without_a_word(truth: Truth) -> None:
    there = truth.shares.sum(axis=(1, 2, 3))
    gone = truth.level < 0

    assert (1 - there).sum() == pytest.approx(gone.sum(), rel=0.01)
    assert there[gone].max() < 1.0
    assert there[~gone].min() > 0.0


@pytest.mark.parametrize("worst", [1, 2, 3, 4])
def test_what_the_filter_gives_some_chance_is_true_so_often(truth: Truth, worst: int) -> None:
    chance = truth.shares[:, worst:].sum(axis=(1, 2, 3))
    true = truth.level >= worst
    groups = np.array_split(np.argsort(chance), 6)

    for rows in groups:
        assert chance[rows].mean() == pytest.approx(true[rows].mean(), abs=0.035)


def test_every_day_of_somebody_there_is_possible(town: History, seen: Seen) -> None:
    life = town.life
    seat, day = np.nonzero(life.working)
    there = np.zeros_like(seen.leave)
    there[life.tutor[seat, day], day] = True
    gone = np.arange(life.days) >= life.exited[:, None]

    assert not (seen.absence & there).any()
    assert not (seen.proof & gone).any()
    assert np.isfinite(seen.by_reliability).all()
    assert np.isfinite(seen.by_skill).all()


# --- the forecast against the laws ---


@dataclass(frozen=True)
class Case:
    """Somebody to be followed: the hidden state is certain."""

    level: int
    reliability: int
    skill: int
    group: int
    baseline: float
    tenure: int
    weekday: int
    failed_first: float
    missed: float
    idle_days: int


CASES = [
    pytest.param(Case(0, 0, 2, 0, 18.0, 300, 2, 0.0, 0.0, 1), id="engaged"),
    pytest.param(Case(2, 1, 1, 1, 15.0, 90, 0, 0.0, 1.0, 2), id="drifting"),
    pytest.param(Case(3, 2, 0, 2, 9.0, 40, 4, 1.0, 0.6, 3), id="stung"),
    pytest.param(Case(4, 1, 1, 2, 5.0, 200, 5, 0.0, 0.0, 9), id="hardly-there"),
    pytest.param(Case(1, 1, 0, 1, 12.0, 3, 6, 0.9, 0.0, 1), id="new"),
]


@pytest.mark.parametrize("case", CASES)
def test_the_forecast_is_what_becomes_of_many_such_tutors(case: Case) -> None:
    shares = np.zeros((1, 5, 3, 3))
    shares[0, case.level, case.reliability, case.skill] = 1.0
    belief = Belief(
        0, np.zeros(1, int), shares, np.array([case.failed_first]), np.array([case.missed])
    )
    public = Public(
        *(np.array([value]) for value in (case.group, case.baseline, case.tenure, case.weekday))
    )

    chances = forecast(belief, public, np.array([case.idle_days]))[0]

    share = _Followed(case, 12_000, np.random.default_rng(5)).departed()
    noise = np.sqrt(share * (1 - share) / 12_000)
    np.testing.assert_array_less(np.abs(chances - share), 4 * noise + 0.02 * share + 0.003)


class _Followed:
    """Many tutors who start alike, followed with clock times, moves and leaves."""

    def __init__(self, case: Case, count: int, rng: np.random.Generator) -> None:
        self.case, self.count, self.rng = case, count, rng

        def all_are(value: int) -> Ints:
            return np.full(count, value)

        self.trait = Trait(
            all_are(case.group),
            all_are(case.reliability),
            all_are(case.skill),
            all_are(0),
            np.full(count, case.baseline),
        )
        self.level = all_are(case.level)
        self.leave = np.zeros(count, bool)
        self.there = np.ones(count, bool)
        self.failed_first = np.full(count, case.failed_first)
        self.missed = np.full(count, case.missed)
        self.arriving = np.zeros((count, 200), int)
        self.arriving[:, :8] = rng.poisson(
            self._rate(0)[:, None] * state.reschedule_share(self.level, self.trait)[:, None],
            (count, 8),
        )
        self.last = np.full(count, 0.5 - case.idle_days)  # days since t; before t it is idle
        self.away = np.zeros(count)
        self.when = np.full(count, np.inf)
        self.told = np.zeros(count, bool)

    def departed(self) -> Floats:
        """Share of those who depart within each horizon."""
        for day in range(max(HORIZONS) + SILENT_DAYS + 2):
            self._live(day)
        return np.array([(self.when <= days).mean() for days in HORIZONS])

    def _rate(self, day: int) -> Floats:
        tenure = np.full(self.count, self.case.tenure + day)
        return state.session_rate(self.level, self.trait, tenure, (self.case.weekday + day) % 7)

    def _live(self, day: int) -> None:
        rng, trait, count = self.rng, self.trait, self.count
        tenure, weekday = np.full(count, self.case.tenure + day), (self.case.weekday + day) % 7
        chance = rng.random(count)
        worse = chance < state.worsening(self.level, trait.group, tenure)
        better = chance > 1 - state.RECOVER[self.level]
        self.level = self.level + worse - better
        turn = rng.random(count)
        self.leave = (self.leave & (turn > state.LEAVE_ENDS)) | (
            ~self.leave & (turn < state.LEAVE_BEGINS)
        )
        self.away += self.leave
        works = self.there & ~self.leave
        rate, moved = self._rate(day), state.reschedule_share(self.level, trait)
        sessions = works * (rng.poisson(rate * (1 - moved)) + self.arriving[:, day])
        asked = works * rng.poisson(rate * moved)
        for place in np.repeat(np.arange(count), asked):
            self.arriving[place, day + 1 + min(rng.geometric(0.35), 9)] += 1
        no_shows = rng.binomial(sessions, state.no_show_share(self.level, trait, weekday))
        kept = 1 - state.CANCELLED[self.level] - state.STUDENT_NO_SHOW
        held = rng.binomial(sessions - no_shows, kept)
        fails = state.RATED * state.first_share(tenure)
        fails = fails * state.first_failure_share(self.level, trait, tenure)
        self.failed_first = self.failed_first * state.STING_FADES + rng.binomial(held, fails)
        self.missed = self.missed * state.STING_FADES + no_shows
        self._teach(day, held > 0)
        parts = state.hazards(self.level, trait.group, tenure, self.failed_first, self.missed)
        chance = rng.random(count)
        leaves = works & (chance < sum(parts))
        told = rng.random(count) < np.where(chance < parts[0] + parts[1], state.RESIGNS, 1.0)
        self.told |= leaves & told & (day + 1 - self.last < SILENT_DAYS)
        self._depart(self.told, np.full(count, day + 1.0))
        self.there &= ~leaves

    def _teach(self, day: int, teaches: Bools) -> None:
        quarter = self.rng.choice(96, self.count, p=state.QUARTER_SHARE)
        now = day + quarter / 96 + 1 / 24
        silent = (now - self.last - self.away > SILENT_DAYS) & (self.last > 0) & ~self.told
        self._depart(silent, self.last)
        self.last = np.where(teaches, now, self.last)
        self.away = np.where(teaches, 0.0, self.away)

    def _depart(self, who: Bools, when: Floats) -> None:
        self.when = np.where(who, np.minimum(self.when, when), self.when)


# --- the forecast against what came ---


@dataclass(frozen=True)
class Realised:
    """Rows of a ceiling with what came of them, by horizon, and whether that is certain."""

    tutor: Ints
    chance: Floats
    left: Bools
    closed: Bools


def _realised(history: History, known: Ceiling) -> Realised:
    end = history.until * MICROSECONDS
    left = np.zeros(known.probabilities.shape, bool)
    closed = np.zeros_like(left)
    moments = np.array([int(m.timestamp()) * MICROSECONDS for m in known.moments])[known.moment]
    for ledger, tutor in _ledgers(history):
        rows = np.flatnonzero(known.tutor == tutor)
        told = labels(ledger, moments[rows], end)
        for place, days in enumerate(HORIZONS):
            left[rows, place], closed[rows, place] = told.leaves_within(days), told.closed(days)
    return Realised(known.tutor, known.probabilities, left, closed)


def test_the_ceiling_answers_for_everybody_at_work(town: History, known: Ceiling) -> None:
    moments = np.array([int(m.timestamp()) * MICROSECONDS for m in known.moments])

    for ledger, tutor in _ledgers(town):
        expected = np.flatnonzero(at_work(ledger, moments))
        np.testing.assert_array_equal(known.moment[known.tutor == tutor], expected)


def _ledgers(history: History) -> Iterator[tuple[Ledger, int]]:
    """What labels read of each tutor: completed sessions, leaves and goodbyes."""
    life, sessions = history.life, history.sessions()
    behaviour = history.behaviour(sessions)
    begins, ends = behaviour.is_of("leave_started"), behaviour.is_of("leave_ended")
    held = sessions.status == Status.completed
    goodbye = np.isin(life.exit, (Exit.RESIGNED, Exit.DEACTIVATED)) & (life.exited <= life.days)
    for tutor in range(life.tutors):
        taught = np.sort(sessions.completed[held & (sessions.tutor == tutor)]) * MICROSECONDS
        of_tutor = behaviour.tutor == tutor
        away = np.sort(behaviour.second[begins & of_tutor]) * MICROSECONDS
        back = np.sort(behaviour.second[ends & of_tutor]) * MICROSECONDS
        back = np.append(back, np.full(len(away) - len(back), NEVER))
        gone = (life.exited[tutor] + history.first_day) * A_DAY * MICROSECONDS
        nothing = np.zeros(len(taught) + 1, np.int64)
        yield (
            Ledger(
                tutor_id=str(tutor),
                subjects=(),
                onboarded=None,
                agreed_per_week=None,
                series={"taught": Series(taught, nothing, nothing)},
                leave=(away, back),
                gone_said=int(gone) if goodbye[tutor] else NEVER,
            ),
            tutor,
        )


@pytest.fixture(scope="module")
def realised(town: History, known: Ceiling) -> list[Realised]:
    others = [simulate(TOWN, seed, UNTIL) for seed in (12, 13)]
    return [_realised(town, known), *(_realised(h, ceiling(h, known.moments)) for h in others)]


@pytest.mark.parametrize(
    ("days", "of_mean", "of_slope"),
    [(1, 0.4, 0.25), (7, 0.2, 0.15), (30, 0.1, 0.1), (90, 0.1, 0.1)],
)
def test_forecasts_come_true_as_often_as_they_say(
    realised: list[Realised], days: int, of_mean: float, of_slope: float
) -> None:
    place = HORIZONS.index(days)
    chance, left = (
        np.concatenate([getattr(r, name)[r.closed[:, place], place] for r in realised])
        for name in ("chance", "left")
    )

    assert chance.mean() == pytest.approx(left.mean(), rel=of_mean)
    assert _calibration_slope(chance, left) == pytest.approx(1.0, abs=of_slope)


def _calibration_slope(chance: Floats, left: Bools) -> float:
    """Slope of a logistic regression of what came on the forecast's log-odds."""
    chance = chance.clip(1e-7, 1 - 1e-7)
    design = np.stack([np.ones(len(chance)), np.log(chance / (1 - chance))], axis=1)
    weights = np.array([0.0, 1.0])
    for _ in range(20):
        share = 1 / (1 + np.exp(-design @ weights))
        curve = design.T @ (design * (share * (1 - share))[:, None])
        weights = weights + np.linalg.solve(curve, design.T @ (left - share))
    return float(weights[1])


def test_the_ceiling_is_far_from_chance_and_from_certainty(realised: list[Realised]) -> None:
    month = HORIZONS.index(30)
    for one in realised:
        closed = one.closed[:, month]
        assert 0.80 < _auc(one.left[closed, month], one.chance[closed, month]) < 0.92


def _auc(left: Bools, chance: Floats) -> float:
    rank = np.empty(len(chance))
    rank[np.argsort(chance, kind="stable")] = np.arange(1, len(chance) + 1)
    yes = int(left.sum())
    return float((rank[left].sum() - yes * (yes + 1) / 2) / (yes * (len(left) - yes)))


def test_only_midnights_within_the_history_are_answered(town: History) -> None:
    for wrong in (town.midnight + timedelta(hours=30), UNTIL + timedelta(days=1)):
        with pytest.raises(ValueError, match="not a midnight"):
            ceiling(town, [wrong])


def test_forecasts_never_fall_with_the_horizon(known: Ceiling) -> None:
    assert (np.diff(known.probabilities, axis=1) >= -1e-3).all()
    assert known.probabilities.min() >= 0.0
    assert known.probabilities.max() <= 1.0


def test_who_left_before_a_history_that_begins_on_a_monday_is_believed_gone() -> None:
    monday = datetime(2026, 11, 2, tzinfo=UTC)
    hamlet = simulate(World("hamlet", tutors=40, days=28), 1, monday + timedelta(days=28))
    before = np.flatnonzero((hamlet.life.exited < 0) & (hamlet.life.exit == Exit.SILENT))
    sessions = hamlet.sessions()

    (belief,) = believe(see(hamlet, sessions, hamlet.behaviour(sessions)), [1])

    assert len(before)
    assert (belief.shares[np.isin(belief.tutor, before)] == 0.0).all()
    assert np.isfinite(belief.shares).all()


def test_fewer_horizons_are_forecast_the_same(town: History, known: Ceiling) -> None:
    near = ceiling(town, known.moments[:1], (1, 30))

    same = known.probabilities[known.moment == 0]
    np.testing.assert_array_equal(near.probabilities, same[:, [0, 2]])


def test_the_ceiling_is_written_as_a_backtest_writes_its_predictions(
    known: Ceiling, tmp_path: Path
) -> None:
    rows = write_ceiling(known, tmp_path / "ceiling.csv")

    written = pd.read_csv(tmp_path / "ceiling.csv")
    assert list(written.columns) == ["tutor_id", "as_of", "horizon_days", "probability"]
    assert len(written) == rows == 4 * len(known)
    assert not written.duplicated(["tutor_id", "as_of", "horizon_days"]).any()
    np.testing.assert_allclose(written.probability, known.probabilities.ravel(), atol=1e-6)
