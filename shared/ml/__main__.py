"""Run by hand, or by `make backtest` and `make train`: test a model on a history, or make one.

    python -m shared.ml backtest --history DIR --train-until DATE --test-from DATE --out DIR
    python -m shared.ml train --history DIR --out DIR [--train-until DATE]

A date is a day (its midnight UTC) or an instant with an offset. What can not be done ends with
one line that names the argument, status 2, and no file written.
"""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from shared.domain.evaluation import Evaluation, Measures, within
from shared.history import BadRow, HistoryError, Past, read_past
from shared.ml.backtest import BacktestError, Split, backtest
from shared.ml.ceiling import Ceiling, read_ceiling
from shared.ml.ledger import Ledger, instant
from shared.ml.record_end import known_until, left_out, record_end, usual_gap
from shared.ml.result_folder import write_backtest, write_model
from shared.ml.train import TrainingError, train
from shared.ml.verdict import verdict

REFUSED_SHOWN = 3
EARLIEST, LATEST = 2000, 2100


def main(arguments: Sequence[str] | None = None, now: datetime | None = None) -> int:
    """Parse the command line and do it; the exit status. `now` is by the clock unless given."""
    parser = argparse.ArgumentParser(prog="python -m shared.ml", description=__doc__)
    parser.add_argument("command", choices=("backtest", "train"))
    parser.add_argument("--history", default="", help="folder of CSV files")
    parser.add_argument("--train-until", default="", help="learn from what was known then")
    parser.add_argument("--test-from", default="", help="ask about midnights from here on")
    parser.add_argument("--test-until", default="", help="the last one; as far as is known")
    parser.add_argument("--out", default="", help="folder for the results")
    parser.add_argument("--threads", default="", help="as many as there are processors")
    options = parser.parse_args(arguments)
    command = run_backtest if options.command == "backtest" else run_train
    try:
        command(options, now or datetime.now(UTC).replace(microsecond=0))
    except BacktestError as error:
        tell(f"{options.command}: {' '.join(str(error).split())}")
        return 2
    return 0


def run_backtest(options: argparse.Namespace, now: datetime) -> None:
    """Read, train, test, write, and say what was found."""
    split = Split(
        _needed_date("TRAIN_UNTIL", options.train_until),
        _needed_date("TEST_FROM", options.test_from),
        _date("TEST_UNTIL", options.test_until),
    )
    folder, out = _folder("HISTORY", options.history), _target("OUT", options.out)
    threads = _threads(options.threads)
    past, ceiling = _read(folder), _ceiling(folder)
    found = backtest(
        past.logs(),
        split,
        history=folder.resolve().name,
        made_at=now,
        refused=Counter(row.file for row in past.refused),
        ceiling=ceiling,
        threads=threads,
    )
    with _writing(out):
        write_backtest(found, out)
    say(verdict(found.report).sentence)
    for evaluation in found.report.evaluations:
        say(_in_a_line(evaluation))
    say(f"{out}: report.html, report.json, predictions.csv")


def run_train(options: argparse.Namespace, now: datetime) -> None:
    """Read, train, and write the model's files as the model store keeps them."""
    until = _date("TRAIN_UNTIL", options.train_until)
    folder, out = _folder("HISTORY", options.history), _target("OUT", options.out)
    threads = _threads(options.threads)
    logs = _read(folder).logs()
    ledgers = {name: Ledger.of(log) for name, log in logs.items()}
    end = record_end(ledgers, now)
    if end is None:
        raise BacktestError("HISTORY", f"{folder} holds no completed session")
    learned = _learned_until(until, end.at, ledgers)
    try:
        known = {name: ledger.until(end.at) for name, ledger in ledgers.items()}
        model = train(known, learned, threads=threads, trained_at=now)
    except TrainingError as error:
        raise BacktestError("TRAIN_UNTIL" if until else "HISTORY", str(error)) from error
    with _writing(out):
        write_model(model, out)
    if until is not None and learned < until:
        say(
            f"The last session was on {learned:%Y-%m-%d}, and so long a silence is not usual "
            "here: it learned until then, lest those who go on teaching look gone."
        )
    for note in (*left_out(logs, end, now), *model.manifest.notes):
        say(note)
    say(f"{out}: model {model.manifest.version}, {model.manifest.rows:,} tutor-moments")


def _learned_until(until: datetime | None, end: int, ledgers: Mapping[str, Ledger]) -> datetime:
    if until is None:
        return instant(end)
    learned = known_until(until, end, usual_gap(ledgers, end))
    if learned is None:
        last = instant(end).date()
        raise BacktestError(
            "TRAIN_UNTIL",
            f"{until:%Y-%m-%d} is {(until.date() - last).days} days after the records end, "
            f"{last}: everybody would look gone",
        )
    return learned


# --- arguments ---


def _needed_date(name: str, text: str) -> datetime:
    found = _date(name, text)
    if found is None:
        raise BacktestError(name, "which date? Such as 2026-09-01")
    return found


def _date(name: str, text: str) -> datetime | None:
    """A day's midnight, or an instant; None for nothing."""
    if not text.strip():
        return None
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BacktestError(name, f"{text!r} is no date such as 2026-09-01") from None
    if found.tzinfo is None and len(text.strip()) > len("2026-09-01"):
        raise BacktestError(name, f"{text!r} needs an offset, such as Z, or no time of day")
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found
    if not EARLIEST <= found.year <= LATEST:
        raise BacktestError(name, f"{text!r} is not between {EARLIEST} and {LATEST}")
    return found.astimezone(UTC)


def _folder(name: str, text: str) -> Path:
    if not text.strip():
        raise BacktestError(name, "which folder?")
    folder = Path(text)
    if not folder.is_dir():
        raise BacktestError(name, f"{text!r} is no folder")
    return folder


def _target(name: str, text: str) -> Path:
    if not text.strip():
        raise BacktestError(name, "which folder are the results to go to?")
    folder = Path(text)
    if folder.exists() and not folder.is_dir():
        raise BacktestError(name, f"{text!r} is a file, not a folder")
    return folder


def _threads(text: str) -> int:
    if not text.strip():
        return os.process_cpu_count() or 1
    if not text.strip().isdecimal() or int(text) < 1:
        raise BacktestError("THREADS", f"{text!r} is no number of threads")
    return int(text)


# --- files ---


def _read(folder: Path) -> Past:
    began = time.perf_counter()
    try:
        past = read_past(folder)
    except (HistoryError, OSError, EOFError) as error:
        raise BacktestError("HISTORY", str(error)) from error
    tell(
        f"{folder}: {len(past.sessions):,} sessions, {len(past.events):,} events read in "
        f"{time.perf_counter() - began:.0f} s"
    )
    if past.refused:
        count = len(past.refused)
        rows = (
            "1 row was refused" if count == 1 else f"{count:,} rows were refused, the first of them"
        )
        tell(f"{rows}:")
    for row in past.refused[:REFUSED_SHOWN]:
        tell(f"  {_where(row)}")
    lost = [row for row in past.refused if row.header and row.file.startswith("sessions.")]
    if lost:
        raise BacktestError("HISTORY", _where(lost[0]))
    return past


def _where(row: BadRow) -> str:
    return f"{row.file} line {row.line}, {row.column}: {row.message}"


def _ceiling(folder: Path) -> Ceiling:
    try:
        return read_ceiling(folder)
    except (HistoryError, OSError) as error:
        raise BacktestError("HISTORY", str(error)) from error


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BacktestError("OUT", f"{out} can not be written: {error.strerror}") from error


# --- words ---


def _in_a_line(evaluation: Evaluation) -> str:
    told = ", ".join(
        f"{name} {found.auc:.3f}"
        for name, found in evaluation.measures.items()
        if found.auc is not None
    )
    found = evaluation.measures["promoted"]
    counted = f"{within(evaluation.horizon_days):>7}: {found.positives:,} of {found.rows:,} left"
    return f"{counted}; AUC {told}{_calibration(found)}" if told else f"{counted}, too few to judge"


def _calibration(found: Measures) -> str:
    if found.brier_skill is None or found.calibration_error is None:
        return ""
    slope = "" if found.calibration_slope is None else f", slope {found.calibration_slope:.2f}"
    return f"; Brier skill {found.brier_skill:.1%}, ECE {found.calibration_error:.3f}{slope}"


def say(line: str) -> None:
    """A result."""
    print(line)  # noqa: T201 - a command


def tell(line: str) -> None:
    """What is not the result."""
    print(line, file=sys.stderr)  # noqa: T201 - a command


if __name__ == "__main__":
    sys.exit(main())
