"""The command for a dry run: a small table, or a sentence that says what is wrong."""

import sys
from datetime import UTC, date, datetime, timedelta

import pytest

from infra_cdk import dry_run as command
from infra_cdk.dry_run import dry_run, page, values_of
from infra_cdk.place import StageError
from shared.aws.scorecard_table import ScorecardTable, StoredCard
from shared.domain.policy import PolicyError
from shared.domain.scorecard import DailyRecord
from shared.domain.tier import Tier
from shared.domain.tutor_row import tutor_row
from tests.builders import card, log, tutor
from tests.functions.conftest import Aws

LAST = date(2026, 11, 20)


def nights(aws: Aws, flags: tuple[str, ...] = ()) -> None:
    """One tutor whose churn score has been 55 for seventy nights."""
    cards, midnight = ScorecardTable(aws.store), datetime(2026, 11, 20, tzinfo=UTC)
    scored = card(log())
    cards.put_scorecard(scored, tutor_row(scored, tutor(), midnight, None), StoredCard())
    rates: dict[str, dict[str, float | None]] = {window: {} for window in ("7d", "30d", "90d")}
    for back in range(70):
        at = midnight - timedelta(days=back)
        cards.put_day(DailyRecord("t-7", at, rates, 55, "high", Tier.NEW, flags, (), ()))


def test_both_sides_stand_in_a_table(aws: Aws) -> None:
    nights(aws)

    lines = list(page(dry_run(aws.store, {"coaching_score": 60.0}, LAST, 1)))

    assert lines[0] == "1 tutors at work, 30 nights; a day's mean:"
    assert lines[2].split() == ["H1", "Coaching", "session", "0.03", "0.00"]
    assert "ops_manager, hours" in lines[7]


def test_without_dials_both_sides_are_the_same(aws: Aws) -> None:
    nights(aws)

    found = dry_run(aws.store, values_of([]), LAST, 1)

    assert found.in_force == found.proposed


def test_thresholds_are_dials_like_others(aws: Aws) -> None:
    """Nothing was reported of the tutor, so that no threshold is passed; the flag was on record."""
    nights(aws, ("low_rating",))

    lines = list(page(dry_run(aws.store, values_of(["rating_last_30=4.5"]), LAST, 1)))

    assert not any("Low rating" in line for line in lines)
    known = list(page(dry_run(aws.store, values_of(["no_show_rate=0.1"]), LAST, 1)))
    assert [line.split() for line in known if "Low rating, up" in line] == [
        ["Low", "rating,", "up", "now,", "tutors", "1.00", "1.00"]
    ]


def test_a_name_that_is_neither_is_refused(aws: Aws) -> None:
    with pytest.raises(PolicyError, match="mood is neither a dial nor a threshold"):
        dry_run(aws.store, values_of(["mood=1"]), LAST, 1)


@pytest.mark.parametrize("told", ["coaching_score", "coaching_score=", "coaching_score=high"])
def test_what_is_no_number_is_named(told: str) -> None:
    with pytest.raises(PolicyError, match="coaching_score must be a number"):
        values_of([told])


def test_a_stage_that_does_not_run_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["dry_run", "--stage", "local", "coaching_score=60"])
    monkeypatch.setattr("infra_cdk.place.place_of", _nowhere)

    with pytest.raises(SystemExit, match="Nothing runs here"):
        command.main()


def _nowhere(stage: str) -> None:
    raise StageError("Nothing runs here: `make run` first.")
