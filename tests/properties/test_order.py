"""Any order and multiplicity of a history gives one scorecard, and one is enough to replay it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.log import LOG_DAYS, Log, Rating
from shared.domain.scorecard import Scorecard, scorecard
from shared.domain.session import OutcomeKind, logged_at, outcomes
from tests.properties.delivery import Delivery
from tests.properties.history import DAYS, START, histories
from tests.properties.replay import replayed

AS_OF = START + timedelta(days=DAYS - 20, hours=7)


@st.composite
def deliveries_again(draw: Any, history: list[Delivery]) -> list[Delivery]:
    """The history shuffled, with some deliveries repeated and a part of it replayed at the end."""
    again: list[Delivery] = draw(st.lists(st.sampled_from(history), max_size=12))
    start = draw(st.integers(0, len(history)))
    shuffled = history + again
    Random(draw(st.integers(0, 2**32))).shuffle(shuffled)
    return shuffled + history[start:]


@given(history=histories(), data=st.data())
def test_any_order_and_multiplicity_gives_one_scorecard(
    history: list[Delivery], data: st.DataObject
) -> None:
    told = data.draw(deliveries_again(history))

    assert cards(told) == cards(history)


@given(history=histories())
def test_what_becomes_known_later_does_not_change_an_earlier_scorecard(
    history: list[Delivery],
) -> None:
    """A report that says when its outcome was is not hindsight; feedback after the moment is."""
    feedback_later = [
        each
        for each in history
        if each.kind == "feedback"
        and each.received_at > AS_OF
        and replayed([each]) is not None
        and each.body["submitted_at"] > f"{AS_OF:%Y-%m-%dT%H:%M:%S}"
    ]

    assert cards([each for each in history if each not in feedback_later]) == cards(history)


@given(history=histories(sessions=30))
def test_a_log_of_90_days_gives_the_scorecard_of_the_whole_log(history: list[Delivery]) -> None:
    """What the table reads for a scorecard is enough: replay of everything finds the same."""
    for log in replayed(history).values():
        assert scorecard(read_as_the_table_does(log), AS_OF) == scorecard(log, AS_OF)


def cards(deliveries: Sequence[Delivery]) -> dict[str, Scorecard]:
    """Every tutor's scorecard; who has no session left is left out, as is who never had one."""
    return {
        tutor_id: scorecard(log, AS_OF)
        for tutor_id, log in replayed(deliveries).items()
        if log.sessions or log.events
    }


def read_as_the_table_does(log: Log) -> Log:
    """The log from LOG_DAYS before AS_OF, with the 30 ratings and the last session before that."""
    since = AS_OF - timedelta(days=LOG_DAYS)
    dated = [(at, each) for each in log.sessions if (at := logged_at(each)) is not None]
    older = sorted((at, each.session_id, each) for at, each in dated if at < since)
    rated = [(at, each.rating(AS_OF)) for at, _, each in older if outcomes(each)]
    taught = [
        outcome.at
        for _, _, each in older
        for outcome in outcomes(each)
        if outcome.kind is OutcomeKind.COMPLETED
    ]
    return replace(
        log,
        sessions=tuple(each for at, each in dated if at >= since),
        events=tuple(each for each in log.events if each.occurred_at >= since),
        ratings=tuple(Rating(at, value) for at, value in rated if value is not None)[-30:],
        last_taught_at=max(taught, default=None),
    )
