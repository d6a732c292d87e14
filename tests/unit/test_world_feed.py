"""The world goes on: any slot of time gives its webhooks, the same ones whenever it is asked."""

import json
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest

from events.world.delivery import Delivery
from events.world.feed import Feed
from events.world.history import History, simulate
from events.world.profile import tutor_id
from events.world.tutor import Exit, Life, live
from events.world.world import World
from shared.contracts import Kind, accept

TOWN = World("town", tutors=140, days=90)
BREAKS_OFF = datetime(2026, 11, 18, 9, 30, tzinfo=UTC)
DAYS = 21
OUTCOMES = {"completed", "no_show", "cancelled"}


@pytest.fixture(scope="module")
def town() -> History:
    return simulate(TOWN, 7, BREAKS_OFF)


@pytest.fixture(scope="module")
def weeks(town: History) -> list[Delivery]:
    return Feed(town).deliveries(BREAKS_OFF, BREAKS_OFF + timedelta(days=DAYS))


@pytest.fixture(scope="module")
def life(town: History) -> Life:
    """The truth about the days after the history."""
    return live(TOWN, town.seed, (town.first_day + 3) % 7, TOWN.days + DAYS)


def test_the_webhook_takes_every_delivery(weeks: list[Delivery]) -> None:
    for delivery in weeks:
        accept(Kind(delivery.kind), json.dumps(delivery.body).encode())
    assert {delivery.kind for delivery in weeks} == {"sessions", "tutors", "events", "feedback"}


def test_slots_that_adjoin_leave_nothing_out_and_tell_nothing_twice(
    town: History, weeks: list[Delivery]
) -> None:
    ends = [BREAKS_OFF + timedelta(days=1, hours=hours) for hours in (0, 1, 7, 7.25, 19, 24)]

    told = [each for slot in pairwise(ends) for each in Feed(town).deliveries(*slot)]

    assert told == [each for each in weeks if ends[0] < each.due <= ends[-1]]


@pytest.mark.parametrize("days", [0.2, 3, 18])
def test_a_repeated_slot_is_the_same_to_the_byte(town: History, days: float) -> None:
    start = BREAKS_OFF + timedelta(days=days)
    again = simulate(TOWN, 7, BREAKS_OFF)

    one, two = (
        Feed(each).deliveries(start, start + timedelta(minutes=45)) for each in (town, again)
    )

    assert json.dumps([d.body for d in one]) == json.dumps([d.body for d in two])
    assert [d.webhook_id for d in one] == [d.webhook_id for d in two]


def test_one_webhook_id_and_one_version_have_one_content(weeks: list[Delivery]) -> None:
    by_id: dict[str, object] = {}
    by_version: dict[tuple[str, int], object] = {}

    for delivery in weeks:
        assert by_id.setdefault(delivery.webhook_id, delivery.body) == delivery.body
        if delivery.kind == "sessions":
            version = (delivery.body["session_id"], delivery.body["version"])
            assert by_version.setdefault(version, delivery.body) == delivery.body


def test_some_deliveries_come_twice(weeks: list[Delivery]) -> None:
    ids = [d.webhook_id for d in weeks if d.kind == "sessions"]

    assert 1 - len(set(ids)) / len(ids) == pytest.approx(0.03, abs=0.01)


def test_reports_of_a_session_come_in_the_order_of_their_versions(weeks: list[Delivery]) -> None:
    sessions = defaultdict(list)
    for delivery in weeks:
        if delivery.kind == "sessions":
            sessions[delivery.body["session_id"]].append(delivery)

    for reports in sessions.values():
        first = {r.body["version"]: r for r in reversed(reports)}
        dues = [first[version].due for version in sorted(first)]
        assert dues == sorted(dues)


def test_nothing_is_reported_before_it_happened(weeks: list[Delivery]) -> None:
    for delivery in weeks:
        for name in ("completed_time", "occurred_at", "submitted_at", "status_since"):
            if name in delivery.body:
                assert datetime.fromisoformat(delivery.body[name]) <= delivery.due
        info = delivery.body.get("reschedule_info")
        if info:
            asked = datetime.fromisoformat(info["requested_at"])
            assert asked <= delivery.due
            assert asked < datetime.fromisoformat(info["original_time"])


def test_the_marginals_go_on(weeks: list[Delivery]) -> None:
    last = {d.body["session_id"]: d.body for d in weeks if d.kind == "sessions"}
    over = [body for body in last.values() if body["status"] in OUTCOMES]
    status = Counter(body["status"] for body in over)
    moved = [body["reschedule_info"] for body in last.values() if "reschedule_info" in body]

    assert len(over) / DAYS == pytest.approx(TOWN.sessions_per_day, rel=0.08)
    assert status["cancelled"] / len(over) < 0.05
    assert status["no_show"] / len(over) == pytest.approx(0.026, abs=0.01)
    assert len(moved) / len(over) == pytest.approx(0.065, abs=0.02)
    assert np.mean([info["initiator"] == "tutor" for info in moved]) > 0.95
    rated = [b["student_rating"] for b in over if "student_rating" in b]
    assert len(rated) / status["completed"] == pytest.approx(0.60, abs=0.04)
    assert np.mean(rated) == pytest.approx(4.36, abs=0.1)


def test_what_a_life_has_settled_is_what_is_told(
    town: History, life: Life, weeks: list[Delivery]
) -> None:
    last = {d.body["session_id"]: d.body for d in weeks if d.kind == "sessions"}.values()
    day = TOWN.days + 16
    on = str((town.midnight + timedelta(days=day)).date())
    missed, failed = Counter[str](), Counter[str]()
    for body in last:
        if body["scheduled_time"].startswith(on):
            missed[body["tutor_id"]] += body.get("no_show_party") == "tutor"
            low = body.get("student_rating", 5) < 3 and body["session_number"] == 1
            failed[body["tutor_id"]] += low

    for seat in np.flatnonzero(life.working[:, day]):
        name = tutor_id(int(life.tutor[seat, day]))
        assert missed[name] == life.no_show[seat, day]
        assert failed[name] == life.failed_first[seat, day]


def test_who_leaves_who_comes_and_who_goes_on_leave_is_told(
    town: History, life: Life, weeks: list[Delivery]
) -> None:
    told = {(d.body["tutor_id"], d.body["status"]) for d in weeks if d.kind == "tutors"}
    came = {d.body["tutor_id"] for d in weeks if d.kind == "tutors" and d.body["version"] > 2}

    after = (life.exited > TOWN.days) & (life.exited < TOWN.days + DAYS - 1)
    for number in np.flatnonzero(after & (life.exit == Exit.RESIGNED)):
        assert (tutor_id(int(number)), "resigned") in told
    for number in np.flatnonzero(after & (life.exit == Exit.DEACTIVATED)):
        assert (tutor_id(int(number)), "deactivated") in told
    new = (life.onboarded >= TOWN.days) & (life.onboarded < TOWN.days + DAYS - 1)
    assert new.sum() > 3
    assert {tutor_id(int(number)) for number in np.flatnonzero(new)} <= came
    leaves = {d.body["tutor_id"] for d in weeks if d.body.get("type") == "leave_started"}
    assert leaves <= {name for name, status in told if status == "on_leave"}


def test_everybody_at_work_is_introduced_within_a_day(life: Life, weeks: list[Delivery]) -> None:
    day = BREAKS_OFF + timedelta(days=5, hours=14, minutes=30)
    known = {
        d.body["tutor_id"]
        for d in weeks
        if d.kind == "tutors" and day < d.due <= day + timedelta(days=1)
    }

    here = life.tutor[life.working[:, TOWN.days + 5], TOWN.days + 5]
    assert {tutor_id(int(number)) for number in here} <= known


def test_bookings_of_the_history_are_held_or_called_off(
    town: History, weeks: list[Delivery]
) -> None:
    sessions = town.sessions()
    ahead = np.flatnonzero((sessions.status == 0) & (sessions.scheduled > town.until))
    last = {d.body["session_id"]: d.body["status"] for d in weeks if d.kind == "sessions"}

    settled = [last.get(f"syn-s-{row:08d}") in OUTCOMES for row in ahead]

    assert len(settled) > 300
    assert np.mean(settled) > 0.98


def test_nobody_is_heard_of_after_leaving(life: Life, town: History, weeks: list[Delivery]) -> None:
    leaving = {tutor_id(int(n)): int(life.exited[n]) for n in np.flatnonzero(life.exit)}

    for delivery in weeks:
        if delivery.kind == "events" or delivery.body.get("status") == "completed":
            at = delivery.body.get("occurred_at") or delivery.body["scheduled_time"]
            day = (datetime.fromisoformat(at) - town.midnight) / timedelta(days=1)
            assert day < leaving.get(delivery.body["tutor_id"], np.inf)


def test_bookings_ahead_do_not_tell_who_is_leaving(weeks: list[Delivery]) -> None:
    new = [
        d
        for d in weeks
        if d.body.get("status") == "scheduled" and d.body["version"] == 1 and d.kind == "sessions"
    ]

    assert new
    for delivery in new:
        begins = datetime.fromisoformat(delivery.body["scheduled_time"])
        moved = delivery.body["session_id"].startswith("syn-s-m")
        assert moved or begins.date() == delivery.due.date()


def test_around_the_clock_something_happens_every_hour(town: History) -> None:
    start = BREAKS_OFF + timedelta(days=16)
    by_day, by_night = (
        Counter(
            datetime.fromisoformat(d.body["scheduled_time"]).hour
            for d in Feed(town, around_the_clock=even).deliveries(start, start + timedelta(days=2))
            if d.kind == "sessions" and d.body["status"] == "completed"
        )
        for even in (False, True)
    )

    assert not by_day[3]
    assert all(by_night[hour] > 3 for hour in range(24))


def test_around_the_clock_the_first_night_is_not_quiet_either() -> None:
    evening = datetime(2026, 11, 18, 23, 5, tzinfo=UTC)
    midnight = datetime(2026, 11, 18, 0, 20, tzinfo=UTC)
    for at in (evening, midnight):
        feed = Feed(simulate(TOWN, 7, at), around_the_clock=True)

        told = feed.deliveries(at, at + timedelta(minutes=50))

        assert sum(each.kind == "sessions" for each in told) >= 3


def test_everything_is_recognisably_synthetic(weeks: list[Delivery]) -> None:
    for delivery in weeks:
        for name, value in delivery.body.items():
            if name.endswith("_id"):
                assert value.startswith("syn-")


def test_before_the_history_breaks_off_there_is_nothing_to_tell(town: History) -> None:
    assert Feed(town).deliveries(BREAKS_OFF - timedelta(days=2), BREAKS_OFF) == []
