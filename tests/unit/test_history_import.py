"""What `make import` says of the rows it refused."""

from pathlib import Path

import pytest

from infra_cdk.local.history_import import SHOWN, report_refused
from shared.history import BadRow


def refused(count: int) -> list[BadRow]:
    return [BadRow("sessions.csv", line, "status", 'must be "so"') for line in range(2, 2 + count)]


def test_the_first_refusals_are_printed_and_all_are_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report_refused(refused(SHOWN + 3), tmp_path / "refused.csv")

    said = capsys.readouterr().err.splitlines()
    assert len(said) == SHOWN + 1
    assert said[0] == 'sessions.csv:2: status: must be "so"'
    assert said[-1].startswith("23 rows refused; 3 more")
    written = (tmp_path / "refused.csv").read_text().splitlines()
    assert written[:2] == ["file,line,column,message", 'sessions.csv,2,status,"must be ""so"""']
    assert len(written) == 1 + SHOWN + 3


def test_an_import_without_refusals_leaves_no_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "refused.csv").write_text("of the import before")

    report_refused([], tmp_path / "refused.csv")

    assert not (tmp_path / "refused.csv").exists()
    assert capsys.readouterr().err == ""
