"""What `make import` says of the rows and the files it refused."""

import gzip
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from infra_cdk.local import history_import
from infra_cdk.local.deployed import Deployed
from infra_cdk.local.folder import Folder
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


def test_one_refused_row_is_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report_refused(refused(1), tmp_path / "refused.csv")

    assert capsys.readouterr().err.splitlines()[-1].startswith("1 row refused; all are in ")


def test_an_import_without_refusals_leaves_no_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "refused.csv").write_text("of the import before")

    report_refused([], tmp_path / "refused.csv")

    assert not (tmp_path / "refused.csv").exists()
    assert capsys.readouterr().err == ""


def test_a_damaged_history_ends_in_one_line_and_loads_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    here = Folder(tmp_path / "local")
    here.path.mkdir()
    names: dict[str, Any] = dict.fromkeys(
        (field.name for field in fields(Deployed)), "http://127.0.0.1:9"
    )
    names |= {"queue_urls": {"churn": "http://127.0.0.1:9"}, "dead_letter_urls": {}}
    Deployed(**names).write(here.deployed)
    monkeypatch.setattr(history_import, "CHECKOUT", here)
    whole = gzip.compress(b"session_id,tutor_id,student_id,scheduled_time,status\n" * 2_000)
    (tmp_path / "sessions.csv.gz").write_bytes(whole[:-20])

    with pytest.raises(SystemExit) as ended:
        history_import.main(str(tmp_path))

    assert ended.value.code == 2
    said = [line for line in capsys.readouterr().err.splitlines() if "damaged" in line]
    assert len(said) == 1
    assert said[0].startswith("sessions.csv.gz is damaged from line ")
    assert not (here.path / "refused.csv").exists()
