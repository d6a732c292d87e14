"""Whose code this is built from, as a page (`make docs`): versions, licences, and what for."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from infra_cdk.local.emulator import install
from infra_cdk.package.code import ROOT
from infra_cdk.package.layer import LAYERS
from infra_cdk.supply.licence import CARRIED, MAY_BE_DEPLOYED, licences, spelled
from infra_cdk.supply.lock import (
    COMMAND_LOCK,
    EMULATOR_LOCK,
    SITE_LOCK,
    TOOL_LOCK,
    UV_LOCK,
    Package,
    npm_packages,
    packages,
    requirements,
)

type Uses = Mapping[tuple[Package, str], set[str]]
"""What each package, with its licence, is used for."""

_SITE: Final = "site"


def in_layers() -> Uses:
    """What is deployed to Lambda, and in which layers."""
    return _uses(
        (package, licence, layer)
        for layer, spec in LAYERS.items()
        for package, licence in licences(packages(requirements(UV_LOCK, spec.group))).items()
    )


def in_site() -> Uses:
    """What a browser may get."""
    return _of_npm(SITE_LOCK, _SITE, deployed=True)


def here_alone() -> Uses:
    """The Python that tests, packages and deploys, and that the local run is made of."""
    emulator = next(install().parents[1].glob("lib/python*/site-packages"))
    tools = next((ROOT / ".tools").glob("lib/python*/site-packages"))
    sources: tuple[tuple[Path, str, Path | None], ...] = (
        (UV_LOCK, "development", None),
        (EMULATOR_LOCK, "emulator", emulator),
        (TOOL_LOCK, "setup", tools),
    )
    deployed = {package for package, _ in in_layers()}
    return _uses(
        (package, licence, use)
        for lock, use, site in sources
        for package, licence in licences(packages(requirements(lock)), site).items()
        if package not in deployed
    )


def of_build() -> Uses:
    """What builds the site, deploys the stack and measures pages, for every platform."""
    uses: defaultdict[tuple[Package, str], set[str]] = defaultdict(set)
    for lock, use in ((SITE_LOCK, "building the site"), (COMMAND_LOCK, "deploying, measuring")):
        for key, found in _of_npm(lock, use, deployed=False).items():
            uses[key] |= found
    return uses


def _of_npm(lock: Path, use: str, *, deployed: bool) -> Uses:
    return _uses(
        (each.package, spelled(each.licence), use)
        for each in npm_packages(lock)
        if each.deployed is deployed
    )


def _uses(found: Iterable[tuple[Package, str, str]]) -> Uses:
    uses: defaultdict[tuple[Package, str], set[str]] = defaultdict(set)
    for package, licence, use in found:
        uses[package, licence].add(use)
    return uses


def page() -> str:
    """The whole page as Markdown."""
    return "\n\n".join(_parts()) + "\n"


def _parts() -> Iterator[str]:
    yield "# Licences"
    yield (
        "Whose code Tutor Quality is built from. Generated from the locks and from what packages "
        "say of themselves (`make docs`); do not edit. Names of licences are those of SPDX."
    )
    yield (
        f"Deployed may be: {', '.join(sorted(MAY_BE_DEPLOYED))}. Anything else fails a test "
        "([infra_cdk/supply/licence.py](../infra_cdk/supply/licence.py))."
    )
    yield "## Deployed in layers"
    yield _table(in_layers(), "Layer")
    yield "Every package keeps its licence file there. Wheels carry libraries besides their own:"
    yield "\n".join(
        [
            "| Library | Licence |",
            "|---|---|",
            *(f"| {each} | {of} |" for each, of in CARRIED.items()),
        ]
    )
    yield "## Deployed in the site"
    yield _table(in_site(), "Used for")
    yield "## Python used here alone"
    yield _table(here_alone(), "Used for")
    yield "## npm used here alone"
    yield _table(of_build(), "Used for")


def _table(uses: Uses, use: str) -> str:
    rows = [f"| Package | Version | Licence | {use} |", "|---|---|---|---|"]
    rows += [
        f"| {package.name} | {package.version} | {licence} | {', '.join(sorted(found))} |"
        for (package, licence), found in sorted(uses.items())
    ]
    return "\n".join(rows)


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 - `make docs` writes it to docs/licenses.md
