"""The synthetic world has the marginals the product was specified with, and keeps its secrets."""

import csv
import gzip
import hashlib
import json
import re
from collections.abc import Callable, Hashable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from events.world.column import Column, choice, instant, write_csv
from events.world.history import History, simulate, write_history, write_truth
from events.world.name import FAMILY, GIVEN, PLACES
from events.world.profile import draw_profiles
from events.world.subject import GROUPS
from events.world.tutor import Cause, Exit, Life, live
from events.world.world import WORLDS, World
from shared.contracts import Kind, accept

SEED = 7
UNTIL = datetime(2026, 11, 21, tzinfo=UTC)
IDENTIFIER = re.compile(r"syn-[A-Za-z0-9_.:-]{1,60}")
SMALL = World("small", tutors=40, days=40)
TOWN = World("town", tutors=140)


class Frames:
    """The files of a history as a consumer reads them."""

    def __init__(self, folder: Path) -> None:
        self.tutors = _frame(folder / "tutors.csv")
        self.sessions = _frame(folder / "sessions.csv")
        self.events = _frame(folder / "events.csv")
        self.feedback = _frame(folder / "feedback.csv")
        self.past = self.sessions[self.sessions.scheduled_time <= pd.Timestamp(UNTIL)]
        self.completed = self.past[self.past.status == "completed"]


def _frame(path: Path) -> pd.DataFrame:
    frame = pd.read_csv(path, low_memory=False)
    for name in frame.columns:
        if name.endswith(("_time", "_at", "_start", "_date", "_since")):
            frame[name] = pd.to_datetime(frame[name], utc=True, format="%Y-%m-%dT%H:%M:%SZ")
    return frame


@pytest.fixture(scope="module")
def town() -> History:
    return simulate(TOWN, SEED, UNTIL)


@pytest.fixture(scope="module")
def frames(town: History, tmp_path_factory: pytest.TempPathFactory) -> Frames:
    folder = tmp_path_factory.mktemp("world")
    write_history(town, folder)
    return Frames(folder)


@pytest.fixture(scope="module")
def lives() -> list[Life]:
    return [live(WORLDS["full"], seed, first_weekday=5) for seed in range(1, 5)]


# --- replay ---


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("one", 3), ("two", 3), ("other", 4)):
        write_history(simulate(SMALL, seed, UNTIL), tmp_path / name)

    for file in ("tutors.csv", "sessions.csv", "events.csv", "feedback.csv"):
        one = (tmp_path / "one" / file).read_bytes()
        assert one == (tmp_path / "two" / file).read_bytes()
        assert one != (tmp_path / "other" / file).read_bytes()


def test_gzip_holds_the_same_rows_and_replaces_the_plain_file(tmp_path: Path) -> None:
    history = simulate(SMALL, 3, UNTIL)

    rows = write_history(history, tmp_path)
    plain = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    zipped_rows = write_history(history, tmp_path, compress=True)

    zipped = {path.stem: gzip.decompress(path.read_bytes()) for path in tmp_path.iterdir()}
    assert rows == zipped_rows
    assert zipped == plain


# --- the shape of a history ---


def test_a_world_has_its_size(frames: Frames) -> None:
    a_day = frames.past.groupby(frames.past.scheduled_time.dt.date).size()

    assert a_day.mean() == pytest.approx(TOWN.sessions_per_day, rel=0.05)
    assert frames.past.scheduled_time.min() >= pd.Timestamp(UNTIL - timedelta(days=210))


def test_the_worlds_are_those_of_the_contract() -> None:
    sizes = {name: (world.tutors, world.days) for name, world in WORLDS.items()}

    assert sizes == {"demo": (280, 210), "full": (1_400, 210), "x10": (14_000, 210)}
    assert WORLDS["full"].sessions_per_day == pytest.approx(3_000)


def test_identifiers_are_valid_unique_and_recognisably_synthetic(frames: Frames) -> None:
    for frame in (frames.tutors, frames.sessions, frames.events, frames.feedback):
        assert frame.iloc[:, 0].is_unique
        for name in frame.columns.intersection(
            ["tutor_id", "student_id", "session_id", "event_id", "feedback_id"]
        ):
            assert frame[name].map(IDENTIFIER.fullmatch).all()


def test_names_and_places_are_the_same_in_every_process() -> None:
    # A profile told again under its version must not differ: a new Faker may not rename anybody.
    listed = "\n".join((*GIVEN, *FAMILY, *PLACES))

    assert (len(GIVEN), len(FAMILY), len(PLACES)) == (200, 400, 100)
    assert (GIVEN[0], FAMILY[0], PLACES[0]) == ("Dennis", "Myers", "New Jonathan, ID")
    assert hashlib.sha256(listed.encode()).hexdigest()[:16] == "635d35c54182f5d9"


def test_who_somebody_is_does_not_depend_on_how_many_there_are() -> None:
    few, many = (
        draw_profiles(live(World("some", tutors), SEED, 5, days=1), SEED, UNTIL)
        for tutors in (20, 60)
    )

    assert len(many) > len(few)
    for one, other in zip(few, many, strict=False):
        assert (one.name, one.location, one.email) == (other.name, other.location, other.email)


def test_nobody_shares_a_name_or_has_an_address_that_could_be_real_or_would_bounce(
    frames: Frames,
) -> None:
    assert frames.tutors.name.is_unique
    simulated = r"success\+[a-z]+\.[a-z]+\.\d+@simulator\.amazonses\.com"
    assert frames.tutors.email.str.fullmatch(simulated).all()


def test_every_tutor_named_has_a_profile(frames: Frames) -> None:
    known = set(frames.tutors.tutor_id)

    assert known >= set(frames.sessions.tutor_id) | set(frames.events.tutor_id)


def test_every_group_of_subjects_is_taught_by_its_own_tutors(frames: Frames) -> None:
    group_of = {subject: group.name for group in GROUPS for subject in group.subjects}

    groups = frames.tutors.subjects.map(lambda text: {group_of[name] for name in text.split(";")})

    assert (groups.map(len) == 1).all()
    taught = frames.sessions.merge(frames.tutors, on="tutor_id")
    assert all(s in t.split(";") for s, t in zip(taught.subject, taught.subjects, strict=True))


def test_future_rows_are_only_scheduled(frames: Frames) -> None:
    ahead = frames.sessions[frames.sessions.scheduled_time > pd.Timestamp(UNTIL)]

    assert len(ahead) > 500
    assert set(ahead.status) == {"scheduled"}
    assert ahead[["completed_time", "student_rating", "no_show_party"]].isna().all(axis=None)


@pytest.mark.parametrize("hour", [0, 9, 17])
def test_nothing_that_happens_after_until_is_known(tmp_path: Path, hour: int) -> None:
    until = UNTIL - timedelta(hours=hour)

    write_history(simulate(SMALL, 5, until), tmp_path)
    now, frames = pd.Timestamp(until), Frames(tmp_path)

    sessions = frames.sessions
    for name in ("completed_time", "actual_start", "reschedule_requested_at"):
        assert not (sessions[name] > now).any()
    assert set(sessions[sessions.scheduled_time > now].status) == {"scheduled"}
    assert not (frames.events.occurred_at > now).any()
    assert not (frames.feedback.submitted_at > now).any()


def test_instants_are_in_order(frames: Frames) -> None:
    moved = frames.sessions[frames.sessions.reschedule_initiator.notna()]
    completed = frames.completed

    assert (moved.reschedule_requested_at < moved.reschedule_original_time).all()
    assert (moved.reschedule_original_time < moved.reschedule_new_time).all()
    assert (completed.actual_start >= completed.scheduled_time).all()
    assert (completed.completed_time > completed.actual_start).all()
    onboarded = frames.tutors.set_index("tutor_id").onboarding_date
    assert (completed.scheduled_time >= completed.tutor_id.map(onboarded)).all()


def test_a_student_has_one_first_session_with_a_tutor(frames: Frames) -> None:
    first = frames.sessions[frames.sessions.session_number == 1]

    assert first.student_id.is_unique
    assert (frames.sessions.session_number >= 1).all()
    assert frames.sessions.groupby("student_id").tutor_id.nunique().max() == 1


def test_rows_are_reports_the_webhook_would_take(frames: Frames) -> None:
    sample = frames.sessions.sample(300, random_state=1)

    for row in sample.to_dict("records"):
        accept(Kind.SESSION, json.dumps(_report(row)).encode())


def _report(row: dict[Hashable, Any]) -> dict[Hashable, Any]:
    values = {k: v for k, v in row.items() if not pd.isna(v)}
    values = {k: v.isoformat() if isinstance(v, datetime) else v for k, v in values.items()}
    info = {
        str(k).removeprefix("reschedule_"): values.pop(k)
        for k in row
        if k in values and str(k).startswith("reschedule_")
    }
    return {**values, "reschedule_info": info} if info else values


def test_the_hidden_state_is_not_in_the_history(tmp_path: Path) -> None:
    history = simulate(SMALL, SEED, UNTIL)
    write_history(history, tmp_path / "seen")
    write_truth(history, tmp_path / "truth")

    secret = {"level", "reliability", "skill", "habit", "exited_at", "exit", "cause", "on_leave"}
    for path in (tmp_path / "seen").glob("*.csv"):
        with path.open() as file:
            assert not secret & set(next(csv.reader(file)))
    truth = pd.read_csv(tmp_path / "truth" / "tutors.csv")
    assert secret - {"level", "on_leave"} < set(truth.columns)


# --- the marginals of the specification ---


def test_tutors_hold_15_sessions_a_week_between_5_and_30(town: History, frames: Frames) -> None:
    life = town.life
    at_work = np.bincount(life.tutor[life.working & ~life.leave], minlength=life.tutors)
    held = frames.past.tutor_id.str[-8:].astype(int).value_counts()
    weekly = (held / pd.Series(at_work) * 7)[at_work[: life.tutors] >= 28].dropna()

    assert weekly.mean() == pytest.approx(15, rel=0.05)
    assert weekly.between(5, 30).mean() > 0.95


def test_tutors_initiate_98_2_per_cent_of_reschedules(frames: Frames) -> None:
    who = frames.sessions.reschedule_initiator.dropna()

    assert len(who) / len(frames.sessions) == pytest.approx(0.065, abs=0.015)
    assert (who == "tutor").mean() == pytest.approx(0.982, abs=0.005)


def test_reschedules_carry_a_reason_and_some_come_late(frames: Frames) -> None:
    moved = frames.sessions[frames.sessions.reschedule_initiator.notna()]
    notice = moved.reschedule_original_time - moved.reschedule_requested_at

    assert moved.reschedule_reason.notna().all()
    assert 0.2 < (notice < pd.Timedelta(hours=24)).mean() < 0.5
    assert (moved.status == "completed").mean() > 0.85
    assert (moved.status == "rescheduled").any()


@pytest.mark.parametrize(
    ("name", "inside"),
    [
        pytest.param("mondays", lambda time: time.dt.day_of_week == 0, id="mondays"),
        pytest.param("mornings", lambda time: time.dt.hour < 11, id="mornings"),
    ],
)
def test_no_shows_cluster(
    frames: Frames, name: str, inside: Callable[[pd.Series], pd.Series]
) -> None:
    missed = (frames.past.status == "no_show") & (frames.past.no_show_party == "tutor")
    where = inside(frames.past.scheduled_time)

    assert missed[where].mean() > 1.4 * missed[~where].mean(), name


def test_newer_tutors_are_rated_lower(frames: Frames) -> None:
    rated = frames.completed.dropna(subset=["student_rating"]).merge(frames.tutors, on="tutor_id")
    tenure = (rated.scheduled_time - rated.onboarding_date).dt.days
    new, seasoned = rated[tenure < 30].student_rating, rated[tenure > 90].student_rating

    assert new.mean() < seasoned.mean() - 0.1
    assert len(rated) / len(frames.completed) == pytest.approx(0.60, abs=0.02)


def test_weekdays_and_afternoons_are_busy(frames: Frames) -> None:
    time = frames.past.scheduled_time
    by_day = frames.past.groupby(time.dt.day_of_week).size()
    by_hour = time.dt.hour.value_counts(normalize=True)

    assert by_day[:4].min() > by_day[4:].max()
    assert by_hour.idxmax() in range(15, 20)
    assert by_hour.reindex([0, 1, 2, 3, 4, 5, 6]).isna().all()


def test_feedback_agrees_with_its_session(frames: Frames) -> None:
    both = frames.feedback.merge(frames.sessions, on="session_id")

    assert len(both) == len(frames.feedback)
    assert (both.overall_rating == both.student_rating).all()
    assert (both.submitted_at > both.completed_time).all()
    assert both.would_recommend.notna().equals(both.session_number == 1)


def test_monthly_churn_is_8_to_12_to_15_by_subject_group(lives: list[Life]) -> None:
    gone, months = np.zeros(3), np.zeros(3)
    for life in lives:
        left = _left(life)
        gone += np.bincount(life.trait.group[left], minlength=3)
        months += np.bincount(life.trait.group[life.tutor[life.working]], minlength=3) / 30

    expected = [group.monthly_churn for group in GROUPS]
    np.testing.assert_allclose(gone / months, expected, rtol=0.08)


def test_first_sessions_are_behind_24_and_no_shows_behind_16_per_cent_of_leavers(
    lives: list[Life],
) -> None:
    causes = np.concatenate([life.cause[_left(life)] for life in lives])

    assert (causes == Cause.FIRST_SESSION).mean() == pytest.approx(0.24, abs=0.03)
    assert (causes == Cause.NO_SHOW).mean() == pytest.approx(0.16, abs=0.03)


def test_between_1_and_2_per_cent_resign_in_a_month(lives: list[Life]) -> None:
    resigned = sum(int((life.exit[_left(life)] == Exit.RESIGNED).sum()) for life in lives)
    months = sum(life.working.sum() / 30 for life in lives)

    assert 0.01 < resigned / months < 0.02


def test_leavers_are_replaced(lives: list[Life]) -> None:
    for life in lives:
        working = life.working.sum(axis=0)
        assert working.min() > 0.96 * 1_400
        assert life.tutors > 1_400 * 1.5


def test_more_than_three_reschedules_in_a_week_announce_leaving(lives: list[Life]) -> None:
    often, rarely = [], []
    for life in lives:
        for day in range(30, 180, 30):
            asked = life.move.tutor[(life.move.asked > day - 7) & (life.move.asked <= day)]
            moves = np.bincount(asked, minlength=life.tutors)
            here = life.tutor[life.working[:, day], day]
            here = here[life.exited[here] > day + 1]
            soon = life.exited[here] <= day + 31
            often.append(soon[moves[here] > 3])
            rarely.append(soon[moves[here] <= 3])

    assert np.concatenate(often).mean() > 2 * np.concatenate(rarely).mean()


def _left(life: Life) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    mask: np.ndarray[tuple[int], np.dtype[np.bool_]] = (
        (life.exit != Exit.NONE) & (life.exited > 0) & (life.exited <= life.days)
    )
    return mask


# --- the writer ---


def test_cells_are_quoted_and_empty_where_nothing_is_known(tmp_path: Path) -> None:
    known = np.array([True, False])
    columns: list[Column] = [
        choice("word", ['say "no", please', "plain"], np.array([0, 1])),
        instant("at", np.array([1_795_219_200, 0]), known),
    ]

    write_csv(tmp_path / "cells.csv", columns, compress=False)

    with (tmp_path / "cells.csv").open() as file:
        assert list(csv.reader(file)) == [
            ["word", "at"],
            ['say "no", please', "2026-11-21T00:00:00Z"],
            ["plain", ""],
        ]
