"""`make simulate SEEDS=n`: histories of every mode; a seed that fails is told, to be replayed."""

import argparse
import contextlib
import io
import itertools
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from math import inf
from pathlib import Path

from shared.mail.letter import TEMPLATES
from tests.simulation import wire
from tests.simulation.workload import WHOLE_EVERY

MODES = ("faults", "no faults", "no redrive")
ENVIRONMENT = {
    "TABLE_NAME": "tutor-quality",
    "WEBHOOK_SECRET_ARN": "webhook",
    "CURSOR_SECRET_ARN": "cursor",
    "ENTRANCE_SECRET_ARN": "entrance",
    "MODEL_BUCKET": "models",
    "USER_POOL_ID": "us-east-1_people",
    "MAIL_FROM": "quality@example.com",
    "MAIL_SENDER": "Tutor Quality <quality@example.com>",
    "MAIL_CONTACT": "quality@example.com",
    "MAIL_CONFIGURATION_SET": "mails",
    "MAIL_TUTORS": "true",
    "SITE_URL": "https://quality.example.com",
    **{f"{name.upper()}_QUEUE_URL": f"https://sqs.us-east-1.amazonaws.com/1/{name}"
       for name in ("scoring", "churn", "action", "mail")},
    "POWERTOOLS_METRICS_NAMESPACE": "Simulation",
    "POWERTOOLS_SERVICE_NAME": "simulation",
    "POWERTOOLS_METRICS_DISABLED": "true",
    "POWERTOOLS_LOG_LEVEL": "CRITICAL",
}  # fmt: skip


def main() -> int:
    """Status 1 where anything was wrong."""
    asked = argparse.ArgumentParser(prog="make simulate")
    asked.add_argument("--seeds", type=int, default=500, help="histories of each mode")
    asked.add_argument("--first", type=int, default=0, help="the first seed")
    asked.add_argument("--mode", choices=MODES, action="append")
    asked.add_argument("--whole", action="store_true", help="only those that go on to the mails")
    asked.add_argument("--within", type=float, default=inf, help="seconds that a mode may take")
    asked.add_argument("--at-least", type=int, default=0, help="histories, however long they take")
    asked.add_argument("--until-wrong", action="store_true", help="stop at the first that fails")
    told = asked.parse_args()
    if os.environ.get("PYTHONHASHSEED") != "0":  # sets are gone through in the same order each time
        os.execve(
            sys.executable,
            [sys.executable, "-m", "tests.simulation", *sys.argv[1:]],
            os.environ | {"PYTHONHASHSEED": "0"},
        )
    every = WHOLE_EVERY if told.whole else 1
    seeds = range(told.first, told.first + told.seeds * every, every)
    wrong, without_dead = 0, set[int]()
    with simulated():
        for mode in told.mode or MODES:
            until = time.monotonic() + told.within
            some = in_time(seeds, told.at_least, until)
            wrong += played(mode, some, told.until_wrong, without_dead)
            if wrong and told.until_wrong:
                break
    return 1 if wrong else 0


@contextlib.contextmanager
def simulated() -> Iterator[None]:
    """What functions are told of the world they are in; how mails look is for others to see."""
    with tempfile.TemporaryDirectory() as folder:
        for source in TEMPLATES.glob("[!_]*.mjml"):
            Path(folder, f"{source.stem}.html").touch()
        os.environ |= ENVIRONMENT | {"MAIL_TEMPLATES": folder}
        wire.attach()
        yield


def in_time(seeds: Sequence[int], at_least: int, until: float) -> Iterator[int]:
    """As many as there is time for."""
    yield from seeds[:at_least]
    yield from itertools.takewhile(lambda _: time.monotonic() < until, seeds[at_least:])


def played(mode: str, seeds: Iterable[int], until_wrong: bool, without_dead: set[int]) -> int:
    """How many histories of a mode went wrong.

    `without_dead` are seeds that left no dead letters when played with faults: whether these are
    put back or not makes no difference then, so "no redrive" does not play them once more.
    """
    from tests.simulation.history import History  # reads the environment

    began, total, failed, histories, skipped = time.monotonic(), Counter[str](), 0, 0, 0
    for seed in seeds:
        histories += 1
        if mode == "no redrive" and seed in without_dead:
            skipped += 1
            continue
        with contextlib.redirect_stdout(io.StringIO()):  # what the functions measure
            ended = History(seed, mode).run()
        total.update(ended.counted)
        failed += bool(ended.wrong)
        if mode == "faults" and not ended.counted["dead letters"]:
            without_dead.add(seed)
        for sentence in ended.wrong:
            print(f"{mode}, seed {seed}: {sentence}", file=sys.stderr)
        if until_wrong and failed:
            return failed
    seconds = time.monotonic() - began
    counted = ", ".join(f"{number:,} {what}" for what, number in sorted(total.items()))
    as_before = f", {skipped:,} as played with faults" if skipped else ""
    told = f"{histories:,} histories{as_before}, in {seconds:.0f} s"
    print(f"{mode}: {told}; {counted}; {failed:,} wrong")
    return failed


if __name__ == "__main__":
    sys.exit(main())
