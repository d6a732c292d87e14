"""What runbooks tell to type, wherever it stands on the page, and how it is done here."""

import re
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from infra_cdk.place import Place

ROOT: Final = Path(__file__).parents[2]
RUNBOOKS: Final = ROOT / "docs/runbooks"
COMMAND: Final = re.compile(r'make [a-z]+(?:-[a-z]+)*(?: [A-Z_]+=(?:"[^"]*"|[^\s`]+))*')


@dataclass(frozen=True, slots=True)
class Typed:
    """One command of a page; what it leaves open are words in capitals, or an ellipsis."""

    page: str
    line: str

    @property
    def target(self) -> str:
        return self.line.split()[1]

    @property
    def stage(self) -> str | None:
        found = re.search(r"STAGE=(\w+)", self.line)
        return found[1] if found else None

    def done(self, place: Place, said: Mapping[str, str], **options: Any) -> list[str]:
        """Do it on a local stack, by the very words that make would call; what it tells.

        `said` is put for what the page leaves open, or shows an example of.
        """
        line = self.line.replace("STAGE=prod", "STAGE=local")
        for name, value in said.items():
            line = line.replace(name, value)
        module, words = called(line)
        asked = module.parsed(words)
        assert asked.stage == "local"
        return list(module.done(place, asked, **options))


def typed() -> list[Typed]:
    """Every command of every runbook."""
    return [typing for page in sorted(RUNBOOKS.iterdir()) for typing in typed_on(page.stem)]


def typed_on(page: str) -> list[Typed]:
    """The commands of one page, in its order."""
    text = (RUNBOOKS / f"{page}.md").read_text()
    return [Typed(page, line) for line in COMMAND.findall(text)]


def called(line: str) -> tuple[Any, list[str]]:
    """The module that a make command calls, and the words it is given."""
    recipe = subprocess.run(
        ["make", "--no-print-directory", "--dry-run", *shlex.split(line)[1:]],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    python, dash, module, *words = shlex.split(recipe.stdout.splitlines()[-1])
    assert (Path(python).name, dash) == ("python", "-m"), line
    return import_module(module), words
