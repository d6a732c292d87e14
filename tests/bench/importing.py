"""Cold start: how long each function's imports take, and how much is unpacked for it."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from infra_cdk.function_spec import FUNCTIONS, FunctionSpec
from infra_cdk.local.deployment import STACK, synthesize
from infra_cdk.package.code import code_folder
from infra_cdk.package.layer import LAMBDA_LIMIT_BYTES, layer_folder, size_of
from tests.bench.result import Result, Row, Verdict, median
from tests.infra.template import Template

QUERY_SECONDS = 0.8
HEAVY = ("pandas", "xgboost", "numpy", "scipy", "sklearn")

PROBE = """
import json, sys, time
began = time.perf_counter()
import importlib
importlib.import_module(sys.argv[1])
took = time.perf_counter() - began
heavy = [name for name in sys.argv[2:] if name in sys.modules]
print(json.dumps({"seconds": took, "modules": len(sys.modules), "heavy": heavy}))
"""

NOTES = (
    "A fresh interpreter each time, with the built code and layer alone on its path and the"
    " bytecode they ship; files are warm in the page cache. Clients are made, nothing is called.",
)


@dataclass(frozen=True, slots=True)
class Start:
    """One fresh interpreter that imported a function."""

    seconds: float
    modules: int
    heavy: list[str]


class ImportFailedError(Exception):
    """A function does not even start."""


def run(quick: bool) -> Result:
    """Every function of the stack that exists in the tree."""
    rows = []
    for spec in FUNCTIONS:
        if (code_folder() / "functions" / f"{spec.name}.py").exists():
            path = search_path(spec)
            try:
                starts = [start(spec, path) for _ in range(3 if quick else 7)]
            except ImportFailedError as failed:
                rows.append(Row(f"{spec.name}: import", str(failed), verdict=Verdict.MISSED))
                continue
            rows += [_import_row(spec, starts), _size_row(spec)]
        else:
            rows.append(Row(spec.name, "not there yet"))
    return Result("Cold import and size", tuple(rows), NOTES)


def search_path(spec: FunctionSpec) -> str:
    """The code asset and the layers, built for this machine."""
    layers = [str(layer_folder(layer, "host") / "python") for layer in spec.layers]
    return os.pathsep.join([str(code_folder()), *layers])


def start(spec: FunctionSpec, path: str) -> Start:
    """Import a function as Lambda does when it starts one; raises ImportFailedError."""
    ran = subprocess.run(
        # -S: nothing but the standard library and what Lambda would have.
        [_python(), "-S", "-B", "-c", PROBE, f"functions.{spec.name}", *HEAVY],
        env=_environment(spec) | {"PYTHONPATH": path},
        cwd="/",
        check=False,
        capture_output=True,
        text=True,
    )
    if ran.returncode:
        raise ImportFailedError(ran.stderr.strip().splitlines()[-1])
    return Start(**json.loads(ran.stdout.splitlines()[-1]))


def _python() -> str:
    return str(getattr(sys, "_base_executable", sys.executable))


@cache
def _template() -> Template:
    assembly = synthesize()
    return Template(json.loads((assembly / f"{STACK}.template.json").read_text()))


def _environment(spec: FunctionSpec) -> dict[str, str]:
    """What the stack gives it; addresses that are known only on AWS lead nowhere."""
    told = _template().functions()[spec.name]["Environment"]["Variables"]
    known = {
        name: value if isinstance(value, str) else "https://example.invalid/1"
        for name, value in told.items()
    }
    return known | {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
    }


def _import_row(spec: FunctionSpec, starts: list[Start]) -> Row:
    seconds = median([one.seconds for one in starts])
    heavy = starts[0].heavy
    figure = f"{seconds:.2f} s, {starts[0].modules} modules, {', '.join(heavy) or 'none heavy'}"
    if "ml" in spec.layers:
        return Row(f"{spec.name}: import", figure)
    goal = f"< {QUERY_SECONDS} s, without {' or '.join(HEAVY[:2])}"
    fast = seconds < QUERY_SECONDS and not set(heavy) & set(HEAVY[:2])
    return Row(f"{spec.name}: import", figure, goal, Verdict.MET if fast else Verdict.MISSED)


def _size_row(spec: FunctionSpec) -> Row:
    """As deployed: arm64 layers where they were built already, this machine's otherwise."""
    parts = {"code": code_folder()} | {layer: _deployed_layer(layer) for layer in spec.layers}
    sizes = {name: size_of(folder) / 1024**2 for name, folder in parts.items()}
    listed = " + ".join(f"{name} {size:.1f}" for name, size in sizes.items())
    limit = 0.9 * LAMBDA_LIMIT_BYTES / 1024**2
    verdict = Verdict.MET if sum(sizes.values()) < limit else Verdict.MISSED
    total = f"{sum(sizes.values()):.1f} MiB ({listed})"
    return Row(f"{spec.name}: unzipped", total, f"< {limit:.0f} MiB", verdict)


def _deployed_layer(layer: str) -> Path:
    try:
        return layer_folder(layer, "lambda-arm64")  # type: ignore[arg-type]  # a name of LAYERS
    except RuntimeError:  # the registry is out of reach
        return layer_folder(layer, "host")  # type: ignore[arg-type]
