"""Under which licence other people's code is, and under which it may be deployed."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, Final

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.utils import canonicalize_name

from infra_cdk.supply.lock import Package

# GCC's run time: the exception lets whatever is linked with it be under any licence.
_GCC: Final = "GPL-3.0-or-later WITH GCC-exception-3.1"
_OPENBLAS: Final = "BSD-3-Clause AND BSD-3-Clause-Open-MPI"

MAY_BE_DEPLOYED: Final = frozenset(
    {
        "0BSD",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "BSD-3-Clause-Open-MPI",
        "CC0-1.0",
        "ISC",
        "MIT",
        "MIT-0",
        "MPL-2.0",
        "PSF-2.0",
        "Unlicense",
        "Zlib",
        _GCC,
    }
)

CARRIED: Final = {
    "libgfortran": _GCC,
    "libgomp": _GCC,
    "libscipy_openblas": _OPENBLAS,
    "libscipy_openblas64_": f"{_OPENBLAS} AND {_GCC}",
}
"""Libraries that wheels in our layers carry besides their own, as the wheels' licence files say."""

# How packages said it before there were SPDX expressions.
_SPELLED: Final = {
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "MIT License": "MIT",
    "MIT license": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
# What says no more than "BSD" or "Dual": read in the licence file that comes with it.
_READ: Final = {
    "jinja2": "BSD-3-Clause",
    "nodeenv": "BSD-3-Clause",
    "python-dateutil": "BSD-3-Clause",  # and its newer parts under Apache-2.0, too
    "scipy": "BSD-3-Clause",
}


class LicenceError(Exception):
    """Nobody knows under which licence a package is."""


def licences(wanted: Iterable[Package], site: Path | None = None) -> dict[Package, str]:
    """The licence of each package as it is installed, here or in that folder, as SPDX says it."""
    there_are = distributions(path=[str(site)]) if site else distributions()
    installed = {canonicalize_name(each.name): each for each in there_are}
    found = {}
    for package in wanted:
        there = installed.get(canonicalize_name(package.name))
        if there is None or there.version != package.version:
            raise LicenceError(f"{package.name} {package.version} is not installed: `make setup`")
        found[package] = of_metadata(package.name, there.metadata.json)
    return found


def of_metadata(name: str, metadata: Mapping[str, Any]) -> str:
    """A package's licence by its own metadata; LicenceError where that leaves it open."""
    classifiers = metadata.get("classifier", [])
    said = (
        _READ.get(name),
        metadata.get("license_expression"),
        metadata.get("license"),
        *(each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License")),
    )
    for text in filter(None, said):
        with suppress(LicenceError):
            return spelled(_SPELLED.get(text, text))
    raise LicenceError(f"{name} does not say its licence in words we know: look, and add it here")


def spelled(expression: str) -> str:
    """An SPDX expression the one way our documents write it; LicenceError where it is none."""
    try:
        return canonicalize_license_expression(expression)
    except InvalidLicenseExpression as error:
        raise LicenceError(str(error)) from error


def may_be_deployed(expression: str) -> bool:
    """Whether the terms allow it: of what may be chosen one, of what holds together all."""
    terms = expression[1:-1] if expression.startswith("(") else expression
    if "(" in terms or ")" in terms:
        return False  # nobody has needed it, and half read it would allow too much
    return any(
        all(term in MAY_BE_DEPLOYED for term in choice.split(" AND "))
        for choice in terms.split(" OR ")
    )
