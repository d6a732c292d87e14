"""`make import HISTORY=dir`: load a folder of CSV files into the running stack."""

import csv
import multiprocessing
import os
import signal
import sys
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NoReturn

from tqdm import tqdm

from infra_cdk.local.deployed import Deployed
from infra_cdk.local.folder import CHECKOUT, Folder
from shared.aws.backfill import Backfill
from shared.aws.queue import TutorQueue
from shared.aws.table import Table
from shared.history import BadRow, HistoryError, digest, read_past

SHOWN: Final = 20


def import_history(
    deployed: Deployed, history: Path, folder: Folder, *, quiet: bool = False
) -> None:
    """Load a history, going on where an interrupted import stopped.

    Refused rows are printed and written to `refused.csv` in the stack's folder; the rest loads.
    Its tutors are predicted then, if there is a churn model. Raises HistoryError where the folder
    holds no history at all or a damaged file, before anything is loaded.
    """
    with ExitStack() as open_things:
        bars = _Bars(quiet=quiet)
        open_things.callback(bars.close)
        past = read_past(history, bars.rows)
        if not quiet:
            report_refused(past.refused, folder.path / "refused.csv")
        backfill = Backfill(table_of(deployed), past, digest(history), _now, bars)
        if backfill.mark.complete:
            print(f"{history} was loaded before; nothing to do.")
            return
        backfill.load_recent()
        backfill.load_rest(open_things.enter_context(_processors()))
        TutorQueue(deployed.client("sqs"), deployed.queue_urls["churn"]).ask(backfill.tutor_ids)
    counted = ", ".join(f"{count:,} {what}" for what, count in sorted(backfill.tally.items()))
    print(f"{history}: {counted or 'nothing new'}; {_rows(len(past.refused))} refused.")
    for name in backfill.too_large:
        print(f"{name} is larger than the table can hold and was left out.")


def table_of(deployed: Deployed) -> Table:
    """The running stack's table, as an administrator."""
    return Table(deployed.client("dynamodb"), deployed.table)


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def report_refused(refused: list[BadRow], path: Path) -> None:
    """Print the first refusals, and write all to a file; without any, the file goes."""
    path.unlink(missing_ok=True)
    if not refused:
        return
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("file", "line", "column", "message"))
        writer.writerows((row.file, row.line, row.column, row.message) for row in refused)
    for row in refused[:SHOWN]:
        print(f"{row.file}:{row.line}: {row.column}: {row.message}", file=sys.stderr)
    more = f"; {len(refused) - SHOWN:,} more" if len(refused) > SHOWN else ""
    print(f"{_rows(len(refused))} refused{more}; all are in {path}", file=sys.stderr)


def main(history: str) -> None:
    """Import into the checkout's own stack; exits with a sentence where that cannot be."""
    try:
        deployed = Deployed.read(CHECKOUT.deployed)
    except FileNotFoundError:
        sys.exit("Nothing runs here: `make run` first.")
    try:
        import_history(deployed, Path(history), CHECKOUT)
    except HistoryError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit("Stopped; the same command goes on from here.")


def _processors() -> ProcessPoolExecutor:
    """A process a processor; Ctrl-C is for their parent, which ends them."""
    return ProcessPoolExecutor(
        os.cpu_count(),
        mp_context=multiprocessing.get_context("spawn"),
        initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_IGN),
    )


class _Bars:
    """A progress bar a stage, on standard error."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet, self._stage = quiet, ""
        self._bar: tqdm[NoReturn] | None = None

    def rows(self, count: int) -> None:
        """So many rows more were read."""
        self._open("reading", None).update(count)

    def __call__(self, stage: str, done: int, total: int) -> None:
        bar = self._open(stage, total)
        bar.update(done - bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()

    def _open(self, stage: str, total: int | None) -> "tqdm[NoReturn]":
        if self._bar is None or self._stage != stage:
            self.close()
            self._bar = tqdm(desc=stage, total=total, disable=self._quiet, unit="", leave=True)
            self._stage = stage
        return self._bar


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main(sys.argv[1])
