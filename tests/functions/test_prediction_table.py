"""Predictions and scorecards share the tutor's row: neither loses what the other wrote."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.aws import key
from shared.aws.prediction_table import PredictionTable
from shared.aws.scorecard_table import row_of
from shared.aws.scoring import Scoring
from shared.aws.tutor_log import LogTable
from shared.domain.prediction import Absence, Prediction, Probabilities, Unscored
from tests.builders import completed, prediction
from tests.functions.conftest import Aws

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def predicted(p30: float = 0.2, at: datetime = NOW) -> Prediction:
    return prediction(p30, at)


def scored(aws: Aws, at: datetime = NOW) -> None:
    """A tutor with one session, scored."""
    logs = LogTable(aws.store)
    told = completed(NOW - timedelta(days=1), 5, session_id="s-1")
    before = logs.session("s-1")
    if before.value is None:
        logs.put_session(told, before)
    Scoring.of(aws.store).score("t-7", lambda: at)


def card(aws: Aws) -> Any:
    item = aws.store.get(key.scorecard("t-7"))
    assert item is not None
    return item


def p30(aws: Aws) -> float | None:
    """The probability on the row, which must also be its place in the list."""
    item = card(aws)
    shown = row_of(item).probabilities.within_30d
    place = item["sort_p30"]["S"].split("\t")[0]
    assert place == ("-" if shown is None else f"{shown:014.6f}")
    return shown


def test_a_prediction_comes_back_as_it_was_put(aws: Aws) -> None:
    table = PredictionTable(aws.store)

    table.put(predicted())

    assert table.prediction("t-7") == predicted()
    assert table.prediction("t-8") is None


def test_the_lists_show_what_was_predicted(aws: Aws) -> None:
    scored(aws)

    assert PredictionTable(aws.store).put(predicted(0.123456))

    assert p30(aws) == 0.1235
    assert card(aws)["version"] == {"N": "2"}


def test_a_row_that_shows_the_same_is_not_written_again(aws: Aws) -> None:
    scored(aws)
    table = PredictionTable(aws.store)
    table.put(predicted(0.2))
    before = card(aws)

    table.put(predicted(0.200001, NOW + timedelta(hours=1)))

    assert card(aws) == before
    newest = table.prediction("t-7")
    assert newest is not None
    assert newest.as_of == NOW + timedelta(hours=1)


def test_scoring_again_keeps_the_probabilities(aws: Aws) -> None:
    scored(aws)
    PredictionTable(aws.store).put(predicted(0.3))

    scored(aws, NOW + timedelta(hours=1))

    assert p30(aws) == 0.3
    assert row_of(card(aws)).as_of == NOW + timedelta(hours=1)


def test_a_prediction_changes_nothing_else_of_the_scorecard(aws: Aws) -> None:
    scored(aws)
    before = card(aws)

    PredictionTable(aws.store).put(predicted())

    after = card(aws)
    touched = {"version", "probabilities", "sort_p30", "row"}
    assert {name for name in after if after[name] != before[name]} == touched
    restored = replace(row_of(after), probabilities=Probabilities())
    assert restored == row_of(before)
    assert not Scoring.of(aws.store).drifted("t-7")


def test_scoring_at_the_same_moment_is_not_lost(aws: Aws) -> None:
    """Between the reading of the card and the writing of the probabilities, somebody scores."""
    scored(aws)
    table = PredictionTable(aws.store)
    later = NOW + timedelta(hours=1)
    once = iter([True])

    def score_meanwhile(**_: Any) -> None:
        if next(once, False):
            scored(aws, later)

    events = aws.store.client.meta.events
    events.register("before-call.dynamodb.TransactWriteItems", score_meanwhile)
    try:
        assert table.put(predicted(0.4))
    finally:
        events.unregister("before-call.dynamodb.TransactWriteItems", score_meanwhile)

    assert p30(aws) == 0.4
    assert row_of(card(aws)).as_of == later


def test_a_prediction_at_the_same_moment_as_scoring_is_not_lost(aws: Aws) -> None:
    scored(aws)
    once = iter([True])

    def predict_meanwhile(**_: Any) -> None:
        if next(once, False):
            PredictionTable(aws.store).put(predicted(0.4))

    events = aws.store.client.meta.events
    events.register("before-call.dynamodb.PutItem", predict_meanwhile)
    try:
        scored(aws, NOW + timedelta(hours=1))
    finally:
        events.unregister("before-call.dynamodb.PutItem", predict_meanwhile)

    assert p30(aws) == 0.4
    assert row_of(card(aws)).as_of == NOW + timedelta(hours=1)


def test_an_older_prediction_gives_way(aws: Aws) -> None:
    scored(aws)
    table = PredictionTable(aws.store)
    table.put(predicted(0.4))

    assert not table.put(predicted(0.9, NOW - timedelta(minutes=1)))

    assert p30(aws) == 0.4
    assert table.prediction("t-7") == predicted(0.4)


def test_an_older_prediction_that_was_only_slow_to_be_shown_gives_way(aws: Aws) -> None:
    """The older one is kept, then a newer one overtakes it before the list is written."""
    scored(aws)
    table = PredictionTable(aws.store)
    newer = predicted(0.4, NOW + timedelta(minutes=1))
    once = iter([True])

    def overtake(**_: Any) -> None:
        if next(once, False):
            table.put(newer)

    events = aws.store.client.meta.events
    events.register("before-call.dynamodb.TransactWriteItems", overtake)
    try:
        assert not table.put(predicted(0.9))
    finally:
        events.unregister("before-call.dynamodb.TransactWriteItems", overtake)

    assert p30(aws) == 0.4
    assert table.prediction("t-7") == newer


@pytest.mark.parametrize("because", Absence)
def test_a_tutor_not_at_work_loses_the_probabilities(aws: Aws, because: Absence) -> None:
    scored(aws)
    table = PredictionTable(aws.store)
    table.put(predicted(0.4))
    away = Unscored("t-7", NOW + timedelta(hours=1), None, because, "v1")

    table.put(away)

    assert p30(aws) is None
    assert table.prediction("t-7") == away


def test_a_tutor_who_was_never_scored_is_predicted_without_a_row(aws: Aws) -> None:
    assert PredictionTable(aws.store).put(predicted())

    assert aws.store.get(key.scorecard("t-7")) is None


def test_predicting_twice_is_as_predicting_once(aws: Aws) -> None:
    scored(aws)
    table = PredictionTable(aws.store)
    table.put(predicted(0.4))
    once = aws.items()

    assert table.put(predicted(0.4))

    assert aws.items() == once


def test_the_night_keeps_the_probabilities_that_were_in_force(aws: Aws) -> None:
    scored(aws)
    table, scoring = PredictionTable(aws.store), Scoring.of(aws.store)
    table.put(predicted(0.4))
    midnight = datetime(2026, 11, 21, tzinfo=UTC)

    scoring.roll("t-7", midnight, lambda: midnight)
    table.put(predicted(0.8, midnight + timedelta(hours=1)))
    scoring.roll("t-7", midnight, lambda: midnight + timedelta(hours=2))

    (night,) = scoring.cards.days("t-7", midnight.date(), midnight.date())
    assert night.probabilities.within_30d == 0.4
    assert p30(aws) == 0.8
