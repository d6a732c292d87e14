"""A backtest asks about days that were not learned from, and says no more than is certain."""

import csv
import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pytest

from events.world.ceiling import ceiling, write_ceiling
from events.world.history import simulate, write_history
from events.world.world import World
from shared.domain.churn_score import churn_scores
from shared.domain.evaluation import HORIZONS
from shared.domain.log import Log
from shared.domain.marketplace import Reference
from shared.domain.scorecard import scorecards
from shared.history import HistoryError, read_past
from shared.ml.__main__ import main
from shared.ml.backtest import Backtest, BacktestError, Split, backtest
from shared.ml.ceiling import read_ceiling
from shared.ml.labels import SILENCE_DAYS, Kind, departures
from shared.ml.ledger import DAY, Ledger, instant, microseconds
from shared.ml.model import unpack
from shared.ml.record_end import known_until, record_end, usual_gap
from shared.ml.result_folder import COLUMNS, write_backtest
from shared.ml.sample import first_seen
from shared.ml.train import training_sample
from tests.learning.conftest import END

UNTIL = END - timedelta(days=60)
LAST = UNTIL + timedelta(days=10)
REAL = Path(__file__).parents[3] / "shared" / "data"


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of the command left, and what it was run on."""

    history: Path
    out: Path
    rows: list[dict[str, str]]
    logs: dict[str, Log]

    @property
    def report(self) -> Any:
        return json.loads((self.out / "report.json").read_text())


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    history, out = tmp_path_factory.mktemp("village"), tmp_path_factory.mktemp("out") / "first"
    village = simulate(World("village", tutors=80, days=120), 5, END)
    write_history(village, history)
    weekly = [UNTIL + timedelta(days=days) for days in (0, 7)]
    write_ceiling(ceiling(village, weekly), history / "ceiling.csv")
    status = main(arguments(history, out, test_until=f"{LAST:%Y-%m-%d}"), END)
    assert status == 0
    with (out / "predictions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return Run(history, out, rows, read_past(history).logs())


def arguments(a_history: Path, an_out: Path, **changed: str) -> list[str]:
    usual = {
        "history": str(a_history),
        "train_until": f"{UNTIL:%Y-%m-%d}",
        "test_from": f"{UNTIL:%Y-%m-%d}",
        "out": str(an_out),
        "threads": "2",
    }
    options = [(f"--{name.replace('_', '-')}", word) for name, word in (usual | changed).items()]
    return ["backtest", *(word for option in options for word in option)]


def moment_of(row: dict[str, str]) -> datetime:
    return datetime.fromisoformat(row["as_of"])


# --- what it leaves ---


def test_the_predictions_have_the_columns_that_are_asked_for(run: Run) -> None:
    assert COLUMNS == (
        "tutor_id", "as_of", "horizon_days", "label", "probability", "logistic", "recency",
    )  # fmt: skip
    assert tuple(run.rows[0]) == COLUMNS
    assert {row["label"] for row in run.rows} == {"0", "1"}
    assert {int(row["horizon_days"]) for row in run.rows} == {1, 7, 30}
    assert all(row["as_of"].endswith("T00:00:00Z") for row in run.rows)
    for name in ("probability", "logistic", "recency"):
        chances = np.array([float(row[name]) for row in run.rows])
        assert ((chances > 0) & (chances < 1)).all()


def test_a_tutor_moment_and_horizon_is_told_once_and_chances_rise(run: Run) -> None:
    keys = [(row["tutor_id"], row["as_of"], int(row["horizon_days"])) for row in run.rows]

    assert keys == sorted(set(keys))
    for one, two in pairwise(run.rows):
        if (one["tutor_id"], one["as_of"]) == (two["tutor_id"], two["as_of"]):
            assert float(one["probability"]) <= float(two["probability"])


def test_only_outcomes_that_are_certain_are_told(run: Run) -> None:
    for row in run.rows:
        certain_at = moment_of(row) + timedelta(days=int(row["horizon_days"]) + SILENCE_DAYS)
        assert UNTIL <= moment_of(row) <= LAST
        assert certain_at <= END


def test_labels_are_departures_of_those_at_work(run: Run) -> None:
    ledgers = {name: Ledger.of(log) for name, log in run.logs.items()}
    gone = {name: departures(ledger, microseconds(END)) for name, ledger in ledgers.items()}

    for row in run.rows[::7]:
        at = microseconds(moment_of(row))
        within = at + int(row["horizon_days"]) * DAY
        left = gone[row["tutor_id"]].at
        assert int(row["label"]) == int(((left > at) & (left <= within)).any())


def test_no_tested_moment_was_learned_from(run: Run) -> None:
    ledgers = {name: Ledger.of(log) for name, log in run.logs.items()}
    known = {name: ledger.until(microseconds(UNTIL)) for name, ledger in ledgers.items()}

    learned = training_sample(known, microseconds(UNTIL))

    nearest = min(HORIZONS) + SILENCE_DAYS
    assert instant(int(learned.at.max())) + timedelta(days=nearest) <= UNTIL
    assert min(moment_of(row) for row in run.rows) >= UNTIL


def test_the_report_is_filled(run: Run) -> None:
    report = run.report

    assert (run.out / "report.html").stat().st_size > 20_000
    month = report["horizons"]["30"]
    assert set(month["measures"]) == {
        "promoted", "xgboost", "logistic", "recency", "churn_score", "ceiling",
    }  # fmt: skip
    assert month["measures"]["promoted"]["reference_rate"] is not None
    assert {"recency", "churn_score"} <= set(month["comparisons"])
    assert len(month["goals"]) == 3
    assert all(goal["rows"] is not None for goal in month["goals"])
    assert month["agreement"]["neither"]["rows"] > 0
    assert len(report["examples"]) == 8
    assert all("Model: " in example["words"] for example in report["examples"])
    assert len(report["score_parts"]) == 10
    assert report["drivers"]
    assert report["notes"]
    assert report["setting"]["missing"] == []


def test_ways_of_leaving_add_up(run: Run) -> None:
    labels: list[Any] = run.report["labels"]
    resigned, silent, slowed = labels
    for days in ("1", "7", "30"):
        left = sum(row["label"] == "1" for row in run.rows if row["horizon_days"] == days)
        assert resigned["rows"][days] + silent["rows"][days] == left
    assert slowed["predicted"] is False


def test_what_is_too_new_to_be_certain_is_said(run: Run) -> None:
    assert any("Nothing can be said of 90 days" in each for each in run.report["caveats"])


def standing_still(logs: Mapping[str, Log], begin: datetime, end: datetime) -> dict[str, Log]:
    """The logs without the sessions of that time."""
    return {
        name: replace(
            log,
            sessions=tuple(
                s
                for s in log.sessions
                if s.snapshot and not begin <= s.snapshot.scheduled_time < end
            ),
        )
        for name, log in logs.items()
    }


@pytest.mark.parametrize(
    ("test_from", "told"),
    [
        pytest.param(UNTIL, 1, id="it was asked across it"),
        pytest.param(UNTIL + timedelta(days=24), 0, id="nothing was learned or asked of it"),
    ],
)
def test_a_time_when_nobody_taught_is_told_where_it_matters(
    test_from: datetime, told: int, run: Run
) -> None:
    begin, end = UNTIL + timedelta(days=2), UNTIL + timedelta(days=20)
    logs = standing_still(run.logs, begin, end)

    found = backtest(logs, Split(UNTIL, test_from), history="village", made_at=END).report

    said = [each for each in found.caveats if "ardly anybody taught from" in each]
    assert len(said) == told
    assert all(f"{begin:%-d %B %Y}" in each for each in said)
    left = {each.horizon_days: each.measures["promoted"].base_rate for each in found.evaluations}
    usual = run.report["horizons"]["7"]["measures"]["promoted"]["base_rate"]
    assert left[7] < 2 * usual


def test_where_no_outcome_closed_for_all_that_stood_still_that_is_said(run: Run) -> None:
    begin, end = END - timedelta(days=40), END - timedelta(days=10)
    logs = standing_still(run.logs, begin, end)

    with pytest.raises(BacktestError, match="TEST_FROM: no outcome is known"):
        backtest(logs, Split(UNTIL, END - timedelta(days=44)), history="village", made_at=END)


def test_rows_and_reports_that_are_missing_are_told(run: Run) -> None:
    """Sessions that could not be read; logins that ceased to be reported in the midst of it."""
    ceased = UNTIL - timedelta(days=10)
    logs = {
        name: replace(
            log,
            events=tuple(e for e in log.events if e.type != "login" or e.occurred_at < ceased),
        )
        for name, log in run.logs.items()
    }

    found = backtest(
        logs, Split(UNTIL, UNTIL), history="village", made_at=END, refused={"sessions.csv": 9_999}
    ).report

    said = " ".join(found.caveats)
    assert "no figure here holds until they are mended" in said
    assert "Of logins there is word from" in said


# --- once more, with a row from the future ---


@pytest.fixture(scope="module")
def again(run: Run) -> Backtest:
    made_at = datetime.fromisoformat(run.report["made_at"])
    return backtest(
        {name: with_a_session_in_2031(log) for name, log in run.logs.items()},
        Split(UNTIL, UNTIL, LAST),
        history=run.history.name,
        made_at=made_at,
        ceiling=read_ceiling(run.history),
        threads=1,
    )


def with_a_session_in_2031(log: Log) -> Log:
    """The first tutor's last session, once more and by mistake years later."""
    sessions = [s for s in log.sessions if s.snapshot and s.snapshot.completed_time]
    if not sessions or not log.tutor.tutor_id.endswith("1"):
        return log
    last = sessions[-1]
    assert last.snapshot
    later = datetime.fromisoformat("2031-03-01T10:00:00Z")
    snapshot = replace(last.snapshot, scheduled_time=later, completed_time=later)
    stray = replace(
        last, session_id=f"{last.session_id}-stray", snapshot=snapshot, reschedules=(), feedback=()
    )
    return replace(log, sessions=(*log.sessions, stray))


def test_again_gives_the_same_and_strays_change_nothing(
    run: Run, again: Backtest, tmp_path: Path
) -> None:
    strays = [said for said in again.report.caveats if "dated later" in said]
    caveats = tuple(said for said in again.report.caveats if said not in strays)

    write_backtest(replace(again, report=replace(again.report, caveats=caveats)), tmp_path)

    assert len(strays) == 1
    for name in ("predictions.csv", "report.json", "report.html"):
        assert (tmp_path / name).read_bytes() == (run.out / name).read_bytes()


def test_the_best_possible_forecast_is_told_where_it_is_known(run: Run) -> None:
    month = run.report["horizons"]["30"]["measures"]

    assert 0 < month["ceiling"]["rows"] < month["promoted"]["rows"]
    assert month["ceiling"]["auc"] > 0.6
    assert any("the best that any honest model could do" in each for each in run.report["caveats"])
    assert "Best possible" in (run.out / "report.html").read_text()
    critical = run.report["horizons"]["30"]["goals"][0]
    assert "even the best possible forecast misses it" in critical["verdict"], critical


# fmt: off
NO_FORECASTS = [
    pytest.param("t-1,2026-09-22T00:00:00Z,30,1.2", id="no probability"),
    pytest.param("t-1,2026-09-22T00:00:00Z,30,nan", id="not a number"),
    pytest.param("t-1,2026-09-22T00:00:00,30,0.2", id="no offset"),
    pytest.param("t-1,2026-09-22T00:00:00Z,0.2", id="a cell short"),
]
# fmt: on


@pytest.mark.parametrize("row", NO_FORECASTS)
def test_a_ceiling_that_is_no_forecast_is_refused(row: str, tmp_path: Path) -> None:
    (tmp_path / "ceiling.csv").write_text(f"tutor_id,as_of,horizon_days,probability\n{row}\n")

    with pytest.raises(HistoryError, match=r"ceiling\.csv line 2 is no forecast"):
        read_ceiling(tmp_path)


def test_a_history_tells_of_no_ceiling_unless_its_folder_holds_one(tmp_path: Path) -> None:
    assert read_ceiling(tmp_path) == {}


def test_kinds_are_kept_apart(again: Backtest) -> None:
    left = again.tested.leaves_within(30)

    assert {int(Kind.RESIGNATION), int(Kind.SILENCE)} == set(again.tested.kind[left].tolist())


# --- what can not be done ---


# fmt: off
WRONG = [
    pytest.param({"train_until": "2026-13-01"}, "TRAIN_UNTIL", id="no date"),
    pytest.param({"train_until": ""}, "TRAIN_UNTIL", id="nothing"),
    pytest.param({"train_until": "2026-09-22T10:00:00"}, "TRAIN_UNTIL", id="no offset"),
    pytest.param({"test_from": "1926-09-22"}, "TEST_FROM", id="another century"),
    pytest.param({"test_from": "2026-09-01"}, "TEST_FROM", id="before training ends"),
    pytest.param({"test_until": "2026-09-01"}, "TEST_UNTIL", id="ends before it begins"),
    pytest.param({"history": "/nowhere"}, "HISTORY", id="no such folder"),
    pytest.param({"history": str(REAL.parent / "STYLE.md")}, "HISTORY", id="a file"),
    pytest.param({"history": str(Path(__file__).parent)}, "HISTORY", id="no history in it"),
    pytest.param({"out": ""}, "OUT", id="nowhere to write"),
    pytest.param({"out": __file__}, "OUT", id="writing onto a file"),
    pytest.param({"threads": "many"}, "THREADS", id="no number"),
    pytest.param({"train_until": "2026-06-30"}, "TRAIN_UNTIL", id="too short a history"),
    pytest.param({"test_from": "2026-11-18"}, "TEST_FROM", id="nothing certain yet"),
]
# fmt: on


@pytest.mark.parametrize(("changed", "argument"), WRONG)
def test_what_is_wrong_is_one_line_and_leaves_nothing(
    changed: dict[str, str],
    argument: str,
    hamlet: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    status = main(arguments(hamlet, tmp_path / "out", **changed), END)

    said = [line for line in capfd.readouterr().err.splitlines() if line.startswith("backtest")]
    assert status == 2
    assert len(said) == 1
    assert said[0].startswith(f"backtest: {argument}: ")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def hamlet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hamlet")
    write_history(simulate(World("hamlet", tutors=8, days=150), 3, END), folder)
    return folder


def test_rows_that_can_not_be_read_are_counted_and_shown(
    hamlet: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for path in hamlet.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    with (tmp_path / "tutors.csv").open("a") as file:
        file.write("a,row,too,short\n")

    main(arguments(tmp_path, tmp_path / "out"), END)

    err = capfd.readouterr().err
    assert "1 row was refused:" in err
    assert "tutors.csv line" in err


@pytest.mark.parametrize("command", ["backtest", "train"])
def test_a_damaged_file_is_one_line_and_leaves_nothing(
    command: str, hamlet: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    history = tmp_path / "history"
    history.mkdir()
    packed = gzip.compress((hamlet / "sessions.csv").read_bytes())
    (history / "sessions.csv.gz").write_bytes(packed[: len(packed) // 2])

    status = main([command, *arguments(history, tmp_path / "out")[1:]], END)

    said = capfd.readouterr().err.splitlines()
    assert status == 2
    assert len(said) == 1
    assert said[0].startswith(f"{command}: HISTORY: sessions.csv.gz is damaged from line ")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["backtest", "train"])
@pytest.mark.parametrize(
    ("header", "told"),
    [
        pytest.param(
            "session_id,tutor_id,student_id,scheduled_time,completed_time",
            "sessions.csv line 1, status: there is no such column",
            id="no status",
        ),
        pytest.param(
            "session_id;tutor_id;student_id;scheduled_time;completed_time;status",
            "sessions.csv line 1, row: columns are separated by semicolons",
            id="semicolons",
        ),
    ],
)
def test_sessions_without_their_columns_are_told_by_what_lacks(
    command: str, header: str, told: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sessions.csv").write_text(f"{header}\n")

    status = main([command, *arguments(tmp_path, tmp_path / "out")[1:]], END)

    assert status == 2
    assert capfd.readouterr().err.splitlines()[-1].startswith(f"{command}: HISTORY: {told}")


def test_a_model_is_trained_by_hand_as_the_store_keeps_it(run: Run, tmp_path: Path) -> None:
    options = {"--history": str(run.history), "--out": str(tmp_path / "model"), "--threads": "2"}
    until = f"{UNTIL:%Y-%m-%d}"

    words = [word for option in options.items() for word in option]
    status = main(["train", *words, "--train-until", until], END)

    assert status == 0
    files = {path.name: path.read_bytes() for path in (tmp_path / "model").iterdir()}
    assert unpack(files).manifest.train_until == UNTIL


@pytest.mark.parametrize(
    ("after", "told"),
    [
        pytest.param(14, "it learned until then", id="a quieter fortnight than is usual"),
        pytest.param(15, "is 15 days after the records end", id="no date that was meant"),
    ],
)
def test_a_history_may_end_days_before_the_date_it_is_cut_at(
    after: int, told: str, run: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    end = record_end({name: Ledger.of(log) for name, log in run.logs.items()}, END)
    assert end
    until = instant(end.at).date() + timedelta(days=after)
    out = tmp_path / "model"

    status = main(
        ["train", "--history", str(run.history), "--out", str(out), "--train-until", str(until)],
        END,
    )

    assert told in "".join(capfd.readouterr())
    assert status == (2 if after > SILENCE_DAYS else 0)
    assert out.exists() is (after <= SILENCE_DAYS)


def test_nothing_is_left_of_a_run_that_fails_while_writing(again: Backtest, tmp_path: Path) -> None:
    out = tmp_path / "out"
    broken = replace(again, said={})

    with pytest.raises(KeyError):
        write_backtest(broken, out)

    assert list(tmp_path.iterdir()) == []


# --- parts ---


def test_a_split_that_tests_on_what_was_learned_is_refused() -> None:
    with pytest.raises(BacktestError, match=r"TEST_FROM: .* is before TRAIN_UNTIL"):
        Split(UNTIL, UNTIL - timedelta(days=1))


def test_the_churn_score_is_that_of_the_scorecard(run: Run) -> None:
    moments = [END - timedelta(days=days) for days in (3, 30, 41)]

    for log in list(run.logs.values())[::9]:
        cards = scorecards(log, moments)
        assert churn_scores(log, moments, Reference()) == [card.churn_score for card in cards]


def end_without(run: Run, change: Callable[[Log], Log]) -> int:
    found = record_end({name: Ledger.of(change(log)) for name, log in run.logs.items()}, END)
    assert found
    return found.at


def test_the_records_end_with_the_last_usual_week(run: Run) -> None:
    usual = end_without(run, lambda log: log)

    assert instant(usual) > END - timedelta(days=1)
    assert end_without(run, with_a_session_in_2031) == usual


def test_records_without_a_session_have_no_end() -> None:
    assert record_end({}, END) is None


# --- real histories ---


def test_hardly_a_week_of_a_small_platform_is_quieter_than_is_usual() -> None:
    if not (REAL / "guild").is_dir():
        pytest.skip("the real history guild is not beside the checkout")
    whole = {name: Ledger.of(log) for name, log in read_past(REAL / "guild").logs().items()}
    weekly = range(400, 3800, 49)
    first = first_seen(whole) // DAY
    refused, unusual = 0, 0

    for day in weekly:
        known = {name: ledger.until((first + day) * DAY) for name, ledger in whole.items()}
        end = record_end(known, END)
        assert end
        cut = instant((first + day) * DAY)
        learned = known_until(cut, end.at, usual_gap(known, end.at))
        refused += learned is None
        unusual += learned != cut

    assert refused == 0
    assert unusual <= 0.05 * len(weekly)


def every_sixth(name: str, folder: Path) -> Path:
    """A real history with every sixth of its tutors, to be quick; `make backtest` is for all."""
    if not (REAL / name).is_dir():
        pytest.skip(f"the real history {name} is not beside the checkout")
    for path in (REAL / name).glob("*.csv.gz"):
        with (
            gzip.open(path, "rt", newline="") as whole,
            gzip.open(folder / path.name, "wt", newline="") as part,
        ):
            rows = csv.DictReader(whole)
            kept = csv.DictWriter(part, rows.fieldnames or ())
            kept.writeheader()
            kept.writerows(row for row in rows if crc32(row["tutor_id"].encode()) % 6 == 0)
    return folder


def test_on_a_real_course_the_model_is_of_use_and_the_wrong_label_flatters(tmp_path: Path) -> None:
    logs = read_past(every_sixth("course", tmp_path)).logs()
    june = datetime.fromisoformat("2023-06-01T00:00:00Z")
    split = Split(june, june, june + timedelta(days=10))

    found = backtest(logs, split, history="course", made_at=END, threads=1).report

    promoted, wrong = found.evaluations[2].measures["promoted"], found.wrong_label
    recency = next(each for each in found.comparisons[30] if each.against == "recency")
    assert recency.auc is not None
    assert recency.auc.above_zero
    assert (promoted.brier_skill or 0) > 0
    assert wrong is not None
    assert (wrong.tempting.auc_low or 0) > (promoted.auc or 1)
