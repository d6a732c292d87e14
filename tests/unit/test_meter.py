"""What a function measured is published after each invocation; nothing is no news."""

import json

import pytest
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from shared.aws.meter import published
from shared.aws.table import VersionConflictError, retried

metrics = EphemeralMetrics(namespace="TutorQuality", service="test")


@published(metrics)
def handler(counts: int, *, failing: bool = False) -> str:
    """Counts so often, then fails if it is to."""
    for _ in range(counts):
        metrics.add_metric("Seen", MetricUnit.Count, 1)
    if failing:
        raise KeyError("nothing there")
    return "answered"


def test_what_was_measured_is_published_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert handler(2) == "answered"

    assert json.loads(capsys.readouterr().out)["Seen"] == [1, 1]


def test_what_was_measured_before_a_fault_is_published(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyError, match="nothing there"):
        handler(1, failing=True)

    assert json.loads(capsys.readouterr().out)["Seen"] == [1]


def test_an_invocation_that_measured_nothing_says_nothing_and_warns_of_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert handler(0) == "answered"  # a warning would fail this

    assert capsys.readouterr() == ("", "")


def test_how_often_others_wrote_first_is_counted_for_the_invocation_in_which_they_did(
    capsys: pytest.CaptureFixture[str],
) -> None:
    @published(metrics, conflicts="WriteConflict")
    def writing(races: int) -> None:
        lost = iter([VersionConflictError()] * races)

        def work() -> None:
            if fault := next(lost, None):
                raise fault

        retried(work)

    writing(2)
    writing(0)

    assert json.loads(capsys.readouterr().out)["WriteConflict"] == [2]
