"""What is known against a lock ends the audit; a service that can not be asked does not.

The tools are the real ones, and ask an advisory service on the loopback.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra_cdk.supply.audit import NPM, PYTHON, Answer, Auditor, outcomes
from infra_cdk.supply.lock import SITE_LOCK
from tests.infra.advisories import Advisories, serving, write_certificate

SECONDS = 60.0
REACT = json.loads(SITE_LOCK.read_text())["packages"]["node_modules/react"]["version"]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_certificate(tmp_path_factory.mktemp("certificate") / "advisories.pem")


@pytest.fixture
def advisories(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Advisories]:
    service = Advisories(certificate)
    with serving(service):
        for name, value in service.environment.items():
            monkeypatch.setenv(name, value)
        yield service


@pytest.fixture
def python_lock(tmp_path: Path) -> Path:
    lock = tmp_path / "some.lock"
    lock.write_text(f"six==1.17.0 --hash=sha256:{'0' * 64}\n")
    return lock


@pytest.fixture
def npm_lock(tmp_path: Path) -> Path:
    (tmp_path / "package.json").write_text('{"name": "some", "dependencies": {"a": "1.0.0"}}')
    lock = tmp_path / "package-lock.json"
    lock.write_text(
        '{"name": "some", "lockfileVersion": 3, "packages": {"": {"dependencies": {"a": "1.0.0"}},'
        ' "node_modules/a": {"version": "1.0.0"}}}'
    )
    return lock


def test_pip_audit_tells_that_nothing_is_known(advisories: Advisories, python_lock: Path) -> None:
    advisories.flawed = {"six 1.17.0": False}

    assert PYTHON.ask(python_lock, SECONDS) == Answer(())


def test_pip_audit_tells_a_flaw_and_what_mends_it(
    advisories: Advisories, python_lock: Path
) -> None:
    advisories.flawed = {"six 1.17.0": True}

    assert PYTHON.ask(python_lock, SECONDS) == Answer(("six 1.17.0: PYSEC-0000-1, mended in 99",))


def test_a_release_that_is_not_to_be_found_is_named(
    advisories: Advisories, python_lock: Path
) -> None:
    answer = PYTHON.ask(python_lock, SECONDS)

    assert answer.findings is None
    assert answer.why.startswith("six: Dependency not found")


def test_pip_audit_comes_to_no_end_where_the_service_is_down(
    advisories: Advisories, python_lock: Path
) -> None:
    advisories.status = 503

    answer = PYTHON.ask(python_lock, SECONDS)

    assert answer.findings is None
    assert "ServiceError" in answer.why


def test_pypi_can_be_asked_where_it_knows_a_well_known_flaw(advisories: Advisories) -> None:
    advisories.flawed = {PYTHON.flawed: True}

    assert PYTHON.unanswered() == ""


def test_npm_tells_that_nothing_is_known(advisories: Advisories, npm_lock: Path) -> None:
    assert NPM.ask(npm_lock, SECONDS) == Answer(())


def test_npm_tells_a_flaw(advisories: Advisories, npm_lock: Path) -> None:
    advisories.flawed = {"a 1.0.0": True}

    assert NPM.ask(npm_lock, SECONDS) == Answer(
        ("a <99: a flaw (high), https://advisories.example/1",)
    )


def test_npm_comes_to_no_end_where_the_registry_refuses(
    advisories: Advisories, npm_lock: Path
) -> None:
    advisories.status = 405

    answer = NPM.ask(npm_lock, SECONDS)

    assert answer.findings is None
    assert answer.why.startswith("405 Method Not Allowed")


def test_a_registry_can_be_asked_where_it_knows_a_well_known_flaw(advisories: Advisories) -> None:
    assert NPM.unanswered() == "it knows nothing against minimist 0.0.8"

    advisories.flawed = {NPM.flawed: True}

    assert NPM.unanswered() == ""


@pytest.mark.parametrize("auditor", [PYTHON, NPM], ids=["pip-audit", "npm"])
def test_a_tool_that_takes_too_long_is_ended(auditor: Auditor, npm_lock: Path) -> None:
    answer = auditor.ask(npm_lock, 0.01)

    assert answer == Answer(None, "no end within 0 seconds")


@pytest.mark.parametrize(
    ("flawed", "status"),
    [
        pytest.param({}, 0, id="no-advisories-to-be-had"),
        pytest.param({NPM.flawed: True, f"react {REACT}": True}, 1, id="a-flaw-in-the-site"),
    ],
)
def test_the_command_prints_every_lock_and_fails_for_a_flaw_alone(
    advisories: Advisories, flawed: dict[str, bool], status: int
) -> None:
    advisories.flawed = flawed

    ran = subprocess.run(
        [sys.executable, "-m", "infra_cdk.supply.audit"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == status, ran.stdout + ran.stderr
    assert ran.stdout.count(".lock: not audited") == len(PYTHON.locks)
    assert ("react <99: a flaw" in ran.stdout) is bool(status)


KNOWN = Answer(("well-known",))
CLEAN = Answer(())
FLAW = Answer(("a flaw",))
NO_END = Answer(None, "no end")


@pytest.mark.parametrize(
    ("answers", "says", "holds"),
    [
        pytest.param([KNOWN, CLEAN], "nothing is known", True, id="clean"),
        pytest.param([KNOWN, FLAW], "a flaw", False, id="flawed"),
        pytest.param([KNOWN, NO_END, CLEAN], "nothing is known", True, id="clean-when-asked-again"),
        pytest.param([KNOWN, NO_END, FLAW], "a flaw", False, id="flawed-when-asked-again"),
        pytest.param([KNOWN, NO_END, NO_END, KNOWN], "could not be audited", False, id="unknown"),
        pytest.param([KNOWN, NO_END, NO_END, NO_END], "not audited", True, id="gone-meanwhile"),
        pytest.param([NO_END], "not audited", True, id="not-there"),
        pytest.param([CLEAN], "not audited", True, id="there-without-advisories"),
    ],
)
def test_only_what_is_about_a_lock_ends_its_audit(
    answers: list[Answer], says: str, holds: bool
) -> None:
    """Answers in the order they come: about the flawed release, then about the lock."""
    coming = iter(answers)
    auditor = Auditor((Path("some.lock"),), lambda *_: next(coming), "six 1.0", {"flawed.lock": ""})

    (outcome,) = outcomes(auditor)

    assert says in str(outcome)
    assert outcome.holds is holds
    assert next(coming, None) is None
