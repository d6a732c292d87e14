"""Builds the site's files with npm, once for each state of its sources."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from infra_cdk.package.code import BUILD, ROOT, move_into_place

SITE: Final = ROOT / "frontend_static"
API: Final = ROOT / "docs" / "openapi.json"
"""The types of the API's answers are generated from it, so a change of it builds anew."""
_NOT_SOURCES: Final = ("node_modules", "tests", "build")


def site_folder() -> Path:
    """The built site; its name carries the hash of what it was built from."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "site.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two stacks may start at once, and npm can not
        folder = BUILD / "site" / _digest()
        if not folder.exists():
            _install()
            _build(folder)
        return folder


def _digest() -> str:
    digest = hashlib.sha256(API.read_bytes())
    for path in sorted(SITE.rglob("*")):
        parts = path.relative_to(SITE).parts
        if path.is_file() and parts[0] not in _NOT_SOURCES and path.name != "schema.ts":
            digest.update("/".join(parts).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _install() -> None:
    """What the lock file names, if it is not there yet."""
    lock, made = SITE / "package-lock.json", SITE / "node_modules" / "made"
    if not made.exists() or made.read_bytes() != lock.read_bytes():
        _npm("ci", "--no-audit", "--no-fund", "--loglevel=error")
        shutil.copyfile(lock, made)


def _build(folder: Path) -> None:
    staging = folder.with_name(f"{folder.name}.{os.getpid()}.partial")
    _npm("run", "--silent", "types")
    _npm("exec", "--", "vite", "build", "--logLevel", "error", "--outDir", str(staging))
    move_into_place(staging, folder)


def _npm(*arguments: str) -> None:
    # Said only when it fails: nobody wants to read how a page was bundled.
    done = subprocess.run(
        ["npm", *arguments], cwd=SITE, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"npm {arguments[0]} failed:\n{done.stdout}{done.stderr}")
