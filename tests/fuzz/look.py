"""One target in a process of its own, which libFuzzer ends: python -m tests.fuzz.look TARGET …"""

import sys

import atheris

with atheris.instrument_imports(include=["shared"]):
    from tests.fuzz.target import TARGETS

check = TARGETS[sys.argv[1]]


def look(told: bytes) -> None:
    """One input; what it breaks is raised."""
    check(told)


atheris.Setup([sys.argv[0], *sys.argv[2:]], look)
atheris.Fuzz()
