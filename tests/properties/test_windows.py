"""Every window at every midnight equals a brute-force reading of the contract (CONTRACT 2, 3)."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.flag import FLAG_RULES
from shared.domain.log import Log
from shared.domain.rate import Rate
from shared.domain.scorecard import Scorecard, scorecards
from tests.builders import moment
from tests.properties import reference
from tests.properties.delivery import Delivery
from tests.properties.history import TUTORS, histories, midnights
from tests.properties.replay import replayed

SAMPLE = 20
"""Midnights looked at in each history; over all examples every day has its turn."""


@given(history=histories(), offset=st.integers(0, SAMPLE - 1))
def test_every_window_at_midnights_equals_a_brute_force_computation(
    history: list[Delivery], offset: int
) -> None:
    logs = replayed(history)

    for tutor_id, log in logs.items():
        moments = midnights()[offset::SAMPLE]
        for at, card in zip(moments, scorecards(log, moments), strict=True):
            same(card, log, reference.metrics(history, tutor_id, at))


@given(history=histories(sessions=5), data=st.data())
def test_windows_are_half_open_at_the_very_instant(
    history: list[Delivery], data: st.DataObject
) -> None:
    tutor_id, log = next(iter(replayed(history).items()), (TUTORS[0], None))
    edges = sorted(edges_of(history, tutor_id))
    if log is None or not edges:
        return

    at = data.draw(st.sampled_from(edges))

    (card,) = scorecards(log, [at])
    same(card, log, reference.metrics(history, tutor_id, at))


def edges_of(history: Sequence[Delivery], tutor_id: str) -> Iterator[datetime]:
    """The instants at which some outcome enters or leaves a window, and a microsecond around."""
    outcomes = reference.outcome_frame(
        reference.session_frame(history, tutor_id, pd.Timestamp(midnights()[-1]))
    )
    for at in outcomes["at"]:
        for days in (0, 7, 14, 30, 90):
            for tick in (-1, 0, 1):
                yield at.to_pydatetime() + timedelta(days=days, microseconds=tick)


def same(card: Scorecard, log: Log, expected: dict[str, Any]) -> None:
    """Each metric of each window, and the flags that rest on sessions alone."""
    for name, metrics in expected["windows"].items():
        for metric, value in metrics.items():
            told = card.windows[name][metric]
            if isinstance(told, Rate):
                assert (told.value, told.n) == value, (card.as_of, name, metric)
            elif isinstance(value, tuple):
                assert told == pytest.approx(value[0]), (card.as_of, name, metric)
            else:
                assert told == pytest.approx(value), (card.as_of, name, metric)
    assert card.windows["30d"]["rating_last_30"] == pytest.approx(expected["rating_last_30"][0])
    assert raised_now(log, card.as_of) == expected["flags"], card.as_of


SIMPLE = {
    "high_reschedule_rate", "high_no_show_rate", "low_first_session_success", "low_rating",
    "objectives_missed", "reschedule_pattern", "no_show_risk", "poor_first_session",
}  # fmt: skip


def raised_now(log: Log, at: datetime) -> set[str]:
    """The flags whose rule holds at this moment, without what hysteresis keeps up."""
    now = moment(log, at)
    return {rule.code for rule in FLAG_RULES if rule.code in SIMPLE and rule.find(now)}
