"""What a function measured is published after each invocation; nothing is no news."""

import json

import pytest
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from shared.aws.meter import published

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
