"""Features know the past and nothing else, and as much of it in a half year as in a year."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.log import Log
from shared.domain.session import Session, Status, logged_at, outcomes
from shared.ml.features import FEATURE_DAYS, Space, features
from shared.ml.labels import departures, labels
from shared.ml.ledger import DAY, LATE_FEEDBACK_DAYS, Ints, Ledger, microseconds
from tests.properties.delivery import Delivery
from tests.properties.history import histories, midnights
from tests.properties.replay import replayed


def cut(log: Log, end: datetime) -> Log:
    """The log with everything after a moment deleted."""
    return replace(
        log,
        sessions=tuple(_cut_sessions(log, end)),
        events=tuple(event for event in log.events if event.occurred_at <= end),
    )


def _cut_sessions(log: Log, end: datetime) -> Iterator[Session]:
    for session in log.sessions:
        moves = tuple(move for move in session.reschedules if move.happened_at <= end)
        feedback = tuple(said for said in session.feedback if said.known_at <= end)
        snapshot = session.snapshot
        if snapshot and any(
            outcome.at > end and "reschedule" not in outcome.kind for outcome in outcomes(session)
        ):
            snapshot = replace(
                snapshot,
                status=Status.RESCHEDULED if moves else Status.SCHEDULED,
                completed_time=None,
                student_rating=None,
                late_start_minutes=None,
                actual_start=None,
                engagement_score=None,
                learning_objectives_met=None,
                technical_issues=None,
            )
        if outcomes(session) or feedback:
            yield replace(session, snapshot=snapshot, reschedules=moves, feedback=feedback)


def recent(log: Log, at: datetime) -> Log:
    """What serving reads of a log: as far as features look, and late forms."""
    since = at - timedelta(days=FEATURE_DAYS + LATE_FEEDBACK_DAYS)
    return replace(
        log,
        sessions=tuple(s for s in log.sessions if (logged_at(s) or at) >= since),
        events=tuple(e for e in log.events if e.occurred_at >= since),
    )


def space_of(logs: dict[str, Log]) -> Space:
    return Space.of(Ledger.of(log) for log in logs.values())


def every(count: int) -> Ints:
    return np.array([microseconds(at) for at in midnights()[::count]])


@given(history=histories(), day=st.integers(0, len(midnights()) - 1))
def test_deleting_what_comes_after_leaves_features_as_they_are_to_the_last_bit(
    history: list[Delivery], day: int
) -> None:
    logs = replayed(history)
    end = midnights()[day]
    space, at = space_of(logs), every(1)[: day + 1]

    for log in logs.values():
        whole = features(Ledger.of(log), at, space)

        assert features(Ledger.of(cut(log, end)), at, space).tobytes() == whole.tobytes()


@given(history=histories(), day=st.integers(0, len(midnights()) - 1))
def test_a_ledger_that_is_cut_is_the_ledger_of_a_log_that_is_cut(
    history: list[Delivery], day: int
) -> None:
    end = midnights()[day]

    for log in replayed(history).values():
        short, deleted = Ledger.of(log).until(microseconds(end)), Ledger.of(cut(log, end))

        assert {name for name, series in short.series.items() if len(series.at)} == set(
            deleted.series
        )
        for name, series in deleted.series.items():
            assert short[name].at.tolist() == series.at.tolist()
            assert short[name].amount.tolist() == series.amount.tolist()


@given(history=histories(), day=st.integers(0, len(midnights()) - 1))
def test_serving_needs_half_a_year_only(history: list[Delivery], day: int) -> None:
    logs = replayed(history)
    at = midnights()[day]
    space, moment = space_of(logs), np.array([microseconds(at)])

    for log in logs.values():
        whole, half = (features(Ledger.of(told), moment, space) for told in (log, recent(log, at)))

        assert half.tobytes() == whole.tobytes()


@given(history=histories())
def test_a_label_once_closed_never_changes(history: list[Delivery]) -> None:
    last = microseconds(midnights()[-1])

    for log in replayed(history).values():
        ledger = Ledger.of(log)
        now, later = labels(ledger, every(1), last - 7 * DAY), labels(ledger, every(1), last)
        closed = now.closed(7)

        assert (now.leaves_within(7)[closed] == later.leaves_within(7)[closed]).all()


@given(history=histories())
def test_departures_lie_more_than_two_weeks_apart(history: list[Delivery]) -> None:
    last = microseconds(midnights()[-1])

    for log in replayed(history).values():
        assert (np.diff(departures(Ledger.of(log), last).at) > 14 * DAY).all()
