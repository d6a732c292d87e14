"""The locks: every package of other people's, its exact version, and the hashes of its files."""

import json
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra_cdk.package.code import ROOT
from infra_cdk.package.uv import uv

UV_LOCK: Final = ROOT / "uv.lock"
EMULATOR_LOCK: Final = ROOT / "infra_cdk/local/ministack.lock"
TOOL_LOCK: Final = ROOT / "infra_cdk/package/tool.lock"
PYTHON_LOCKS: Final = (UV_LOCK, EMULATOR_LOCK, TOOL_LOCK)

COMMAND_LOCK: Final = ROOT / "package-lock.json"
SITE_LOCK: Final = ROOT / "frontend_static/package-lock.json"
NPM_LOCKS: Final = (COMMAND_LOCK, SITE_LOCK)

# Where Lambda runs and CI tests; elsewhere a few packages more or less are installed.
_PLATFORM: Final = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "aarch64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "sys_platform": "linux",
}


@dataclass(frozen=True, slots=True, order=True)
class Package:
    """One release of somebody else's."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class NpmPackage:
    """One release of somebody else's in an npm lock, which knows more of it."""

    package: Package
    licence: str
    """An SPDX expression."""
    deployed: bool


def requirements(lock: Path, *groups: str) -> str:
    """A Python lock as pip reads it, with all hashes; of `uv.lock` some groups or all."""
    if lock != UV_LOCK:
        return lock.read_text()
    wanted = [word for group in groups for word in ("--only-group", group)] or ["--all-groups"]
    return uv("export", *wanted, "--frozen", "--no-header", "--no-annotate", "--quiet")


def packages(requirements: str) -> list[Package]:
    """What requirements install on Linux."""
    read = (Requirement(line) for line, _ in pinned(requirements))
    return sorted(
        Package(canonicalize_name(each.name), str(each.specifier).removeprefix("=="))
        for each in read
        if each.marker is None or each.marker.evaluate(_PLATFORM)
    )


def npm_packages(lock: Path) -> list[NpmPackage]:
    """What an npm lock names, for every platform."""
    return [
        NpmPackage(
            Package(path.rpartition("node_modules/")[2], found["version"]),
            found.get("license", ""),
            deployed=not found.get("dev"),
        )
        for path, found in json.loads(lock.read_text())["packages"].items()
        if path
    ]


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
