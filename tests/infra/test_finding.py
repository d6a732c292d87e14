"""cdk-nag finds nothing that was not accepted, and nothing is accepted that it does not find."""

from typing import Any

from infra_cdk.finding import accepted
from infra_cdk.stage import STAGES


def test_no_finding_is_open(validation: Any) -> None:
    for report in validation["pluginReports"]:
        assert report["conclusion"] == "success"
        assert report["violations"] == []


def test_every_accepted_finding_is_still_found(validation: Any, stage: str) -> None:
    found = {
        (suppressed["acknowledgedAt"].split("/", 1)[1], suppressed["acknowledgedId"])
        for report in validation["pluginReports"]
        for suppressed in report["suppressedViolations"]
    }

    wanted = {(f.path, f"AwsSolutions::{f.rule}") for f in accepted(STAGES[stage])}
    assert wanted == found


def test_every_accepted_finding_has_a_reason() -> None:
    for stage in STAGES.values():
        assert all(len(finding.reason) > 20 for finding in accepted(stage))
