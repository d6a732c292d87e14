"""The locks: every package of other people's, its exact version, and the hashes of its files."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from infra_cdk.package.code import ROOT

UV_LOCK: Final = ROOT / "uv.lock"
EMULATOR_LOCK: Final = ROOT / "infra_cdk/local/ministack.lock"
TOOL_LOCK: Final = ROOT / "infra_cdk/package/tool.lock"
PYTHON_LOCKS: Final = (UV_LOCK, EMULATOR_LOCK, TOOL_LOCK)

COMMAND_LOCK: Final = ROOT / "package-lock.json"
SITE_LOCK: Final = ROOT / "frontend_static/package-lock.json"
NPM_LOCKS: Final = (COMMAND_LOCK, SITE_LOCK)


def unpinned(lock: Path) -> list[str]:
    """What a lock names without an exact version, or with a file that might be any."""
    match lock.name:
        case "uv.lock":
            entries = _of_uv(tomllib.loads(lock.read_text()))
        case "package-lock.json":
            entries = _of_npm(json.loads(lock.read_text()))
        case _:
            entries = ((name, "==" in name, hashes) for name, hashes in pinned(lock.read_text()))
    return [
        name
        for name, exact, hashes in entries
        if not exact or not hashes or not all(map(_is_strong, hashes))
    ]


def pinned(requirements: str) -> Iterator[tuple[str, list[str]]]:
    """Each requirement of a file as pip reads it, and the hashes one of which it must have."""
    for line in requirements.replace("\\\n", " ").splitlines():
        requirement, *hashes = line.partition("#")[0].split("--hash=")
        if requirement.strip():
            yield requirement.strip(), [each.strip() for each in hashes]


type _Entries = Iterator[tuple[str, bool, list[str]]]


def _is_strong(hash_: str) -> bool:
    """SHA-1 stands in old locks, and two files with the same one can be made."""
    return hash_.startswith(("sha256:", "sha512-"))


def _of_uv(lock: dict[str, Any]) -> _Entries:
    for package in lock["package"]:
        if package["source"] != {"virtual": "."}:
            files = [*package.get("wheels", []), *filter(None, [package.get("sdist")])]
            yield package["name"], True, [file.get("hash", "") for file in files]


def _of_npm(lock: dict[str, Any]) -> _Entries:
    packages = lock["packages"]
    for path, package in packages.items():
        # What comes inside of another's file is covered by the hash of that.
        bearer = path.rpartition("/node_modules/")[0] if package.get("inBundle") else path
        if path:
            yield path, "version" in package, packages[bearer].get("integrity", "").split()
