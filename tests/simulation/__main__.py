"""`make simulate SEEDS=n`: histories of every mode; a seed that fails is told, to be replayed."""

import argparse
import contextlib
import io
import os
import sys
import time
import warnings
from collections import Counter

from tests.simulation import wire

ENVIRONMENT = {
    "TABLE_NAME": "tutor-quality",
    "WEBHOOK_SECRET_ARN": "webhook",
    **{f"{name.upper()}_QUEUE_URL": f"https://sqs.us-east-1.amazonaws.com/1/{name}"
       for name in ("scoring", "churn", "action", "mail")},
    "POWERTOOLS_METRICS_NAMESPACE": "Simulation",
    "POWERTOOLS_SERVICE_NAME": "simulation",
    "POWERTOOLS_METRICS_DISABLED": "true",
    "POWERTOOLS_LOG_LEVEL": "CRITICAL",
}  # fmt: skip


def main() -> int:
    """Status 1 where anything was wrong."""
    os.environ |= ENVIRONMENT
    warnings.simplefilter("ignore")  # of Powertools, where an invocation measured nothing
    wire.attach()
    from tests.simulation.history import MODES, History

    asked = argparse.ArgumentParser(prog="make simulate")
    asked.add_argument("--seeds", type=int, default=500, help="histories of each mode")
    asked.add_argument("--first", type=int, default=0, help="the first seed")
    asked.add_argument("--mode", choices=MODES, action="append")
    asked.add_argument("--until-wrong", action="store_true", help="stop at the first that fails")
    told = asked.parse_args()
    failed = 0
    for mode in told.mode or MODES:
        began, total = time.monotonic(), Counter[str]()
        for seed in range(told.first, told.first + told.seeds):
            with contextlib.redirect_stdout(io.StringIO()):  # what the functions measure
                ended = History(seed, mode).run()
            total.update(ended.counted)
            failed += bool(ended.wrong)
            for sentence in ended.wrong:
                print(f"{mode}, seed {seed}: {sentence}", file=sys.stderr)
            if told.until_wrong and failed:
                return 1
        seconds = time.monotonic() - began
        counted = ", ".join(f"{number:,} {what}" for what, number in sorted(total.items()))
        print(f"{mode}: {told.seeds:,} histories in {seconds:.0f} s; {counted}; {failed:,} wrong")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
