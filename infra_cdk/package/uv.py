"""Calls uv, the tool that resolves and installs Python packages."""

import shutil
import subprocess
from pathlib import Path
from typing import Final

from infra_cdk.package.code import ROOT

_OWN: Final = ROOT / ".tools" / "bin" / "uv"


def uv(*arguments: str) -> str:
    """Run uv in the checkout and return what it prints; raises RuntimeError with its complaint."""
    program = str(_OWN) if _OWN.exists() else shutil.which("uv")
    if not program:
        raise RuntimeError("uv is missing: run `make setup`")
    ran = subprocess.run(
        [program, *arguments], cwd=ROOT, check=False, capture_output=True, text=True
    )
    if ran.returncode:
        raise RuntimeError(f"uv {' '.join(arguments[:2])} failed:\n{ran.stderr}")
    return ran.stdout


def install_locked(lock: Path, *where: str) -> None:
    """Install what a lock names; raises RuntimeError for a file that has none of its hashes."""
    uv("pip", "install", "--quiet", "--require-hashes", *where, "-r", str(lock))
