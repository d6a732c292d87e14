"""Every file of other people's is known by its hash before it is installed."""

import re
from pathlib import Path

import pytest

from infra_cdk.package.code import ROOT
from infra_cdk.supply.lock import NPM_LOCKS, PYTHON_LOCKS, unpinned

MADE = {".git", ".local", ".tools", ".venv", "build", "cdk.out", "node_modules"}


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@pytest.mark.parametrize("lock", [*PYTHON_LOCKS, *NPM_LOCKS], ids=lambda lock: lock.parent.name)
def test_a_lock_pins_each_package_and_each_of_its_files(lock: Path) -> None:
    assert unpinned(lock) == []


def test_no_lock_is_forgotten() -> None:
    found = {
        path
        for pattern in ("*.lock", "package-lock.json")
        for path in ROOT.rglob(pattern)
        if not MADE & set(path.relative_to(ROOT).parts)
    }

    assert found == {*PYTHON_LOCKS, *NPM_LOCKS}


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        pytest.param("six==1.17.0 --hash=sha256:00", [], id="pinned"),
        pytest.param("six==1.17.0 \\\n    --hash=sha256:00\n    # via uv", [], id="over-two-lines"),
        pytest.param("six==1.17.0", ["six==1.17.0"], id="no-hash"),
        pytest.param("six==1.17.0 --hash=sha1:00", ["six==1.17.0"], id="weak-hash"),
        pytest.param("six>=1.17 --hash=sha256:00", ["six>=1.17"], id="no-exact-version"),
    ],
)
def test_a_requirement_needs_a_version_and_a_hash(
    tmp_path: Path, line: str, missing: list[str]
) -> None:
    assert unpinned(written(tmp_path / "tool.lock", line)) == missing


def test_one_wheel_without_a_hash_leaves_a_package_open(tmp_path: Path) -> None:
    lock = written(
        tmp_path / "uv.lock",
        '[[package]]\nname = "six"\nversion = "1.17.0"\n'
        'source = { registry = "https://pypi.org/simple" }\n'
        'sdist = { url = "six.tar.gz", hash = "sha256:00" }\nwheels = [{ url = "six.whl" }]\n',
    )

    assert unpinned(lock) == ["six"]


def test_an_npm_package_needs_its_integrity_or_that_of_what_it_comes_in(tmp_path: Path) -> None:
    lock = written(
        tmp_path / "package-lock.json",
        '{"packages": {"": {}, "node_modules/a": {"version": "1.0.0"},'
        ' "node_modules/b": {"version": "1.0.0", "integrity": "sha512-00"},'
        ' "node_modules/b/node_modules/c": {"version": "1.0.0", "inBundle": true},'
        ' "node_modules/d": {"version": "1.0.0", "integrity": "sha1-00"}}}',
    )

    assert unpinned(lock) == ["node_modules/a", "node_modules/d"]


def test_the_makefile_installs_from_locks_alone() -> None:
    makefile = (ROOT / "Makefile").read_text()
    installing = re.findall(r"(?:pip|npm|uv\)?) +(?:ci|i|install|add|sync)\b.*", makefile)

    assert installing
    for command in installing:
        assert re.search(r"--require-hashes|npm ci\b|sync --frozen", command), command


@pytest.mark.parametrize("path", [ROOT / "Makefile", ROOT / "README.md", *ROOT.glob("docs/*.md")])
def test_nobody_is_told_to_fetch_a_command_of_any_version(path: Path) -> None:
    """npx and uvx take the newest one where none is installed."""
    assert not re.search(r"\b(npx|uvx)\b", path.read_text())
