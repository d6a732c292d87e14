"""Builds the one code asset of all functions: `functions/` and `shared/` with their bytecode.

Mails are compiled for it: their HTML is in the asset, the MJML it comes from is not.
A stage that is fed by a synthetic world has that world in its asset, too; no other stage does.
"""

import compileall
import hashlib
import os
import py_compile
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from infra_cdk.package.mail import compiled_mails, write_mails

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("functions", "shared")
WORLD: Final = ("events/__init__.py", "events/world", "functions/feed_synthetic.py")
MAILS: Final = "shared/mail/compiled"
BUILD: Final = ROOT / "build"


def code_folder(*, fed: bool = False) -> Path:
    """The built asset; its name carries the hash of the sources, so an old one is never stale."""
    sources = sorted(_sources(fed=fed))
    digest = hashlib.sha256(_RUNTIME.encode())
    for source in sources:
        digest.update(str(source.relative_to(ROOT)).encode() + b"\0")
        digest.update(source.read_bytes() + b"\0")
    mails = compiled_mails()
    for name, html in mails.items():
        digest.update(f"{name}\0{html}\0".encode())
    folder = BUILD / "code" / digest.hexdigest()[:16]
    if not folder.exists():
        _build(folder, sources, mails)
    return folder


def mail_folder() -> Path:
    """The compiled mails alone, for what runs from the sources: tests and the preview."""
    mails = compiled_mails()
    digest = hashlib.sha256(repr(sorted(mails.items())).encode())
    folder = BUILD / "mail" / digest.hexdigest()[:16]
    if not folder.exists():
        staging = folder.with_name(f"{folder.name}.{os.getpid()}.partial")
        write_mails(staging, mails)
        move_into_place(staging, folder)
    return folder


_RUNTIME: Final = "python3.13"


def _sources(*, fed: bool) -> Iterator[Path]:
    world = {path for name in WORLD for path in (ROOT / name, *(ROOT / name).rglob("*"))}
    found = {path for package in PACKAGES for path in (ROOT / package).rglob("*")}
    for path in found | world if fed else found - world:
        if path.is_file() and _ships(path):
            yield path


def _ships(path: Path) -> bool:
    return path.suffix != ".mjml" and not {"__pycache__", "tests"} & set(path.parts)


def _build(folder: Path, sources: list[Path], mails: Mapping[str, str]) -> None:
    staging = folder.with_name(f"{folder.name}.{os.getpid()}.partial")
    shutil.rmtree(staging, ignore_errors=True)
    for source in sources:
        target = staging / source.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    write_mails(staging / MAILS, mails)
    compile_bytecode(staging, runs_in="/var/task")
    move_into_place(staging, folder)


def move_into_place(staging: Path, folder: Path) -> None:
    """Publish a finished build; where another process was first, its result stands."""
    try:
        staging.rename(folder)
    except OSError:
        if not folder.exists():
            raise
        shutil.rmtree(staging)


def compile_bytecode(folder: Path, *, runs_in: str) -> None:
    """Add bytecode that Lambda loads unseen: its disk is read-only, it could never cache any."""
    if sys.version_info[:2] != (3, 13):
        raise RuntimeError(f"Bytecode must come from {_RUNTIME}, this is {sys.version}")
    compileall.compile_dir(
        str(folder),
        quiet=2,
        ddir=runs_in,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
