"""Asks what is known against what the locks name (`make audit`).

A service that does not answer is told of and ends nothing, for nobody's change has broken it. A
release it knows a flaw of, or does not know, ends the audit with status 1. To tell these apart,
each service is first asked about a release with a well-known flaw: a mirror may answer and yet hold
packages alone, and then nothing is wrong with anything, or nothing is known to it.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from infra_cdk.package.code import ROOT
from infra_cdk.supply.lock import NPM_LOCKS, PYTHON_LOCKS, requirements

_QUESTION_SECONDS: Final = 10
"""How long a service may take for one of a tool's questions."""
_FIRST_SECONDS: Final = 30
_LOCK_SECONDS: Final = 120
"""How long a tool may take for a lock: for the one that it is tried on, and for ours."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a tool printed until its end."""

    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known against a lock; None where the tool came to no end, and then why."""

    findings: tuple[str, ...] | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Auditor:
    """A tool that audits locks of its kind by asking one service."""

    locks: tuple[Path, ...]
    ask: Callable[[Path, float], Answer]
    """Given a lock, and the seconds that it may take."""
    flawed: str
    """A release with a well-known flaw."""
    files: Mapping[str, str]
    """A lock that names it alone, and what has to lie beside that."""

    def unanswered(self) -> str:
        """Why the service can not be asked now; nothing if it can."""
        with TemporaryDirectory() as folder:
            for name, text in self.files.items():
                Path(folder, name).write_text(text)
            answer = self.ask(Path(folder, next(iter(self.files))), _FIRST_SECONDS)
        if answer.findings is None:
            return f"asked about {self.flawed}, the end was: {answer.why}"
        return "" if answer.findings else f"it knows nothing against {self.flawed}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one lock, in words, and whether anybody has to do something about it."""

    lock: Path
    says: str
    holds: bool

    def __str__(self) -> str:
        name = self.lock.relative_to(ROOT) if self.lock.is_relative_to(ROOT) else self.lock.name
        return f"{name}: {self.says}"


def outcomes(auditor: Auditor) -> Iterator[Outcome]:
    """What came of each lock."""
    why = auditor.unanswered()
    for lock in auditor.locks:
        if why:
            yield _not_audited(lock, why)
            continue
        answer = auditor.ask(lock, _LOCK_SECONDS)
        if answer.findings is None:  # one question of hundreds may have got lost
            answer = auditor.ask(lock, _LOCK_SECONDS)
        if answer.findings:
            yield Outcome(lock, "\n  ".join(("known against it:", *answer.findings)), holds=False)
        elif answer.findings is not None:
            yield Outcome(lock, "nothing is known against it", holds=True)
        elif why := auditor.unanswered():
            yield _not_audited(lock, why)
        else:
            says = f"could not be audited, though advisories are to be had: {answer.why}"
            yield Outcome(lock, says, holds=False)


def _not_audited(lock: Path, why: str) -> Outcome:
    return Outcome(lock, f"not audited, for no advisories are to be had: {why}", holds=True)


def _ask_pip_audit(lock: Path, seconds: float) -> Answer:
    with TemporaryDirectory() as folder:
        asked = Path(folder, "requirements.txt")
        asked.write_text(requirements(lock))
        # A cache that outlives the question would answer it for a service that is gone.
        return pip_audit_answer(
            _said(
                sys.executable, "-m", "pip_audit", "--strict",
                "--requirement", str(asked), "--require-hashes", "--disable-pip",
                "--format", "json", "--progress-spinner", "off",
                "--timeout", str(_QUESTION_SECONDS), "--cache-dir", folder,
                seconds=seconds,
            )
        )  # fmt: skip


def pip_audit_answer(said: Said) -> Answer:
    """Its report tells everything it was asked about; without one it came to no end."""
    report = _read(said.out)
    if "dependencies" not in report:
        return Answer(None, _last_line(said.err).removeprefix("ERROR:pip_audit._cli:"))
    return Answer(
        tuple(
            f"{package['name']} {package['version']}: {flaw['id']}, "
            f"mended in {', '.join(flaw['fix_versions']) or 'no version'}"
            for package in report["dependencies"]
            for flaw in package["vulns"]
        )
    )


def _ask_npm(lock: Path, seconds: float) -> Answer:
    return npm_answer(
        _said(
            "npm", "audit", "--package-lock-only", "--json", "--include=dev", "--include=optional",
            "--fetch-retries=0", f"--fetch-timeout={_QUESTION_SECONDS * 1000}",
            folder=lock.parent, seconds=seconds,
        )
    )  # fmt: skip


def npm_answer(said: Said) -> Answer:
    """Its report has a version; what it prints instead has a message."""
    report = _read(said.out)
    if "auditReportVersion" not in report:
        return Answer(None, report.get("message") or _last_line(said.err))
    return Answer(
        tuple(
            sorted(
                f"{name} {flaw['range']}: {flaw['title']} ({flaw['severity']}), {flaw['url']}"
                for name, package in report["vulnerabilities"].items()
                for flaw in package["via"]
                if not isinstance(flaw, str)  # a package that is only named by another's flaw
            )
        )
    )


def _read(text: str) -> dict[str, Any]:
    try:
        report = json.loads(text)
    except ValueError:
        return {}
    return report if isinstance(report, dict) else {}


def _last_line(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "it said nothing")


def _said(*command: str, seconds: float, folder: Path = ROOT) -> Said:
    try:
        ran = subprocess.run(
            command, cwd=folder, check=False, capture_output=True, text=True, timeout=seconds
        )
    except subprocess.TimeoutExpired:
        return Said("", f"no end within {seconds:.0f} seconds")
    except FileNotFoundError:
        return Said("", f"there is no {command[0]} here")
    return Said(ran.stdout, ran.stderr)


PYTHON: Final = Auditor(
    locks=PYTHON_LOCKS,
    ask=_ask_pip_audit,
    flawed="jinja2 2.10",
    files={"flawed.lock": f"jinja2==2.10 --hash=sha256:{'0' * 64}\n"},
)
NPM: Final = Auditor(
    locks=NPM_LOCKS,
    ask=_ask_npm,
    flawed="minimist 0.0.8",
    files={
        "package-lock.json": json.dumps(
            {
                "name": "flawed",
                "lockfileVersion": 3,
                "packages": {
                    "": {"name": "flawed", "dependencies": {"minimist": "0.0.8"}},
                    "node_modules/minimist": {"version": "0.0.8"},
                },
            }
        ),
        "package.json": json.dumps({"name": "flawed", "dependencies": {"minimist": "0.0.8"}}),
    },
)


def main() -> None:
    """Print what came of every lock; status 1 if anybody has to do something about it."""
    found = [outcome for auditor in (PYTHON, NPM) for outcome in outcomes(auditor)]
    for outcome in found:
        print(outcome)  # noqa: T201 - what `make audit` is for
    sys.exit(0 if all(outcome.holds for outcome in found) else 1)


if __name__ == "__main__":
    main()
