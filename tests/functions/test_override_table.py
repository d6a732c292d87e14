"""Overrides share the tutor's row with scorecards and predictions: none loses another's part."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.aws import key
from shared.aws.override_table import OverrideTable, Standing
from shared.aws.prediction_table import PredictionTable
from shared.aws.scorecard_table import row_of
from shared.aws.scoring import Scoring
from shared.aws.table import VersionConflictError
from shared.aws.tutor_log import LogTable
from shared.domain.override import Override
from tests.builders import completed, override, prediction
from tests.functions.conftest import Aws

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def scored(aws: Aws, at: datetime = NOW) -> None:
    """A tutor with one session, scored."""
    logs = LogTable(aws.store)
    told = completed(NOW - timedelta(days=1), 5, session_id="s-1")
    before = logs.session("s-1")
    if before.value is None:
        logs.put_session(told, before)
    Scoring.of(aws.store).score("t-7", lambda: at)


def standing(aws: Aws) -> Standing:
    found = OverrideTable(aws.store).standing("t-7")
    assert found is not None
    return found


def put(aws: Aws, *changes: Override) -> None:
    OverrideTable(aws.store).put(changes, standing(aws))


def card(aws: Aws) -> Any:
    item = aws.store.get(key.scorecard("t-7"))
    assert item is not None
    return item


def shown(aws: Aws) -> Override | None:
    """The override on the tutor's row, which scoring must find beside it."""
    item = card(aws)
    found = row_of(item).override
    assert ("override" in item) is (found is not None)
    return found


def test_the_newest_override_comes_back_and_stands_on_the_row(aws: Aws) -> None:
    scored(aws)
    old = override(at=NOW)
    put(aws, old)
    gone = replace(old, ended_at=NOW, ended_by="kim")
    new = override(80.0, NOW, version=2)

    put(aws, gone, new)

    assert standing(aws).newest == new
    assert shown(aws) == new
    assert OverrideTable(aws.store).of_tutor("t-7", 9) == [new, gone]
    assert list(OverrideTable(aws.store).since(NOW)) == [gone, new]
    assert list(OverrideTable(aws.store).since(NOW + timedelta(seconds=1))) == []


def test_one_that_is_taken_back_leaves_the_row(aws: Aws) -> None:
    scored(aws)
    one = override(at=NOW)
    put(aws, one)

    put(aws, replace(one, ended_at=NOW, ended_by="sam"))

    assert shown(aws) is None


def test_a_tutor_nobody_scored_has_no_standing(aws: Aws) -> None:
    assert OverrideTable(aws.store).standing("t-7") is None


def test_an_override_changes_nothing_else_of_the_scorecard(aws: Aws) -> None:
    scored(aws)
    before = card(aws)

    put(aws, override(at=NOW))

    after = card(aws)
    assert {name for name in after if after[name] != before.get(name)} == {
        "version",
        "override",
        "row",
    }
    assert replace(row_of(after), override=None) == row_of(before)
    assert not Scoring.of(aws.store).drifted("t-7")


def test_scoring_and_predicting_keep_the_override_and_it_keeps_theirs(aws: Aws) -> None:
    scored(aws)
    PredictionTable(aws.store).put(prediction(0.3, NOW))
    one = override(at=NOW)

    put(aws, one)
    later = NOW + timedelta(hours=1)
    scored(aws, later)
    PredictionTable(aws.store).put(prediction(0.4, later))

    assert shown(aws) == one
    row = row_of(card(aws))
    assert (row.as_of, row.probabilities.within_30d) == (later, 0.4)


def test_scoring_drops_an_override_that_has_run_out(aws: Aws) -> None:
    scored(aws)
    one = override(at=NOW)
    put(aws, one)

    scored(aws, one.until)

    assert shown(aws) is None
    assert standing(aws).newest == one


def test_scoring_at_the_same_moment_is_noticed(aws: Aws) -> None:
    scored(aws)
    before = standing(aws)
    scored(aws, NOW + timedelta(hours=1))

    with pytest.raises(VersionConflictError):
        OverrideTable(aws.store).put([override(at=NOW)], before)

    assert shown(aws) is None
    assert OverrideTable(aws.store).of_tutor("t-7", 9) == []


def test_an_override_at_the_same_moment_as_scoring_is_not_lost(aws: Aws) -> None:
    scored(aws)
    once = iter([True])

    def override_meanwhile(**_: Any) -> None:
        if next(once, False):
            put(aws, override(at=NOW))

    events = aws.store.client.meta.events
    events.register("before-call.dynamodb.PutItem", override_meanwhile)
    try:
        scored(aws, NOW + timedelta(hours=1))
    finally:
        events.unregister("before-call.dynamodb.PutItem", override_meanwhile)

    assert shown(aws) == override(at=NOW)
    assert row_of(card(aws)).as_of == NOW + timedelta(hours=1)


def test_two_that_read_the_same_do_not_both_set_an_override(aws: Aws) -> None:
    scored(aws)
    before = standing(aws)
    table = OverrideTable(aws.store)
    table.put([override(at=NOW)], before)

    with pytest.raises(VersionConflictError):
        table.put([override(80.0, NOW)], before)

    assert [one.score for one in table.of_tutor("t-7", 9)] == [20.0]
