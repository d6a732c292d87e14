"""`make fuzz`: atheris looks for bytes that break what must hold, so many seconds for each target.

    python -m tests.fuzz --seconds 120            all targets, one after the other
    … --seconds 600 verify                        one of them
    … --keep                                      what reaches anything new is kept for the tests

What breaks something is left in build/fuzz; what was found before is where the next run begins.
"""

import argparse
import base64
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import Any, Final

from shared.contracts import MODELS, Kind
from tests.fuzz.target import TARGETS, name_of, seeds

FOUND: Final = Path("build/fuzz")
KEPT: Final = Path(__file__).with_name("kept")
LONGEST: Final = 4096
WORDS: Final = (
    *("null", "true", "1e400", "-0.0", "NaN", "Infinity", r"\ud800", r"\u0000", "[[[[", '{"":'),
    *("2026-11-20T10:00:00Z", "2000-01-01T00:00:00+14:00", "2100-12-31T23:59:60-23:59"),
    *("9007199254740993", "0.30000000000000004", "whsec_", "v1,", "SIGNED"),
)


def main() -> None:
    """Run what the command line names; exits with 1 where something was broken."""
    asked = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    asked.add_argument("targets", nargs="*", metavar="target", help=", ".join(TARGETS))
    asked.add_argument("--seconds", type=int, default=120)
    asked.add_argument("--keep", action="store_true", help="only renew what the tests repeat")
    told = asked.parse_args()
    broken = [name for name in told.targets or TARGETS if not looked(name, told)]
    if broken:
        sys.exit(f"Broken: {', '.join(broken)}; the bytes are in {FOUND}.")


def looked(target: str, told: argparse.Namespace) -> bool:
    """Look at one target in a process of its own; whether all held."""
    corpus = FOUND / target
    corpus.mkdir(parents=True, exist_ok=True)
    for content in [*seeds(target), *kept(target)]:
        (corpus / name_of(content)).write_bytes(content)
    if told.keep:
        return keep(target, corpus)
    words = FOUND / f"{target}.words"
    words.write_text("".join(f'"{_quoted(word)}"\n' for word in (*WORDS, *_fields(target))))
    flags = [
        f"-max_total_time={told.seconds}", f"-max_len={LONGEST}", f"-dict={words}", "-timeout=10",
        f"-artifact_prefix={FOUND}/{target}-", "-print_final_stats=1", str(corpus),
    ]  # fmt: skip
    ended = _run(target, flags)
    stats = dict(line.split(": ") for line in ended.stderr.splitlines() if "stat::" in line)
    executions = int(stats.get("stat::number_of_executed_units", "0"))
    inputs = len(list(corpus.iterdir()))
    print(f"{target}: {executions:,} executions in {told.seconds} s, {inputs} inputs", flush=True)
    if ended.returncode:
        print(ended.stdout[-4000:], ended.stderr[-4000:])
    return ended.returncode == 0


def keep(target: str, corpus: Path) -> bool:
    """Write down the shortest inputs that reach something no shorter one does."""
    found = sorted((one.read_bytes() for one in corpus.iterdir()), key=lambda one: (len(one), one))
    known = set[tuple[str, int, int]]()
    chosen = []
    for content in found:
        steps = reached(target, content)
        if not steps <= known:
            known |= steps
            chosen.append(content)
    KEPT.mkdir(exist_ok=True)
    lines = "".join(f"{base64.b64encode(one).decode()}\n" for one in chosen)
    (KEPT / f"{target}.txt").write_text(lines)
    print(f"{target}: {len(chosen)} of {len(found)} inputs kept")
    return True


def reached(target: str, content: bytes) -> set[tuple[str, int, int]]:
    """The steps from line to line that an input takes through the code that reads it."""
    steps = set[tuple[str, int, int]]()
    before: dict[FrameType, int] = {}

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        file = frame.f_code.co_filename
        if "/shared/" not in file:
            return None
        steps.add((file, before.get(frame, 0), frame.f_lineno))
        before[frame] = frame.f_lineno
        return trace

    sys.settrace(trace)
    try:
        TARGETS[target](content)
    finally:
        sys.settrace(None)
    return steps


def kept(target: str) -> list[bytes]:
    """What was written down."""
    file = KEPT / f"{target}.txt"
    return [base64.b64decode(one) for one in file.read_text().splitlines()] if file.exists() else []


def _run(target: str, flags: list[str]) -> subprocess.CompletedProcess[str]:
    own = [sys.executable, "-m", "tests.fuzz.look", target]
    return subprocess.run(
        [*own, *flags], check=False, capture_output=True, text=True, errors="replace"
    )


def _fields(target: str) -> list[str]:
    """The names that a report of this kind may have."""
    return [] if target == "verify" else list(MODELS[Kind(target)].model_fields)


def _quoted(word: str) -> str:
    return word.replace("\\", "\\\\").replace('"', '\\"')


if __name__ == "__main__":
    main()
