"""Builds the layers from the lock file, without Docker, and cuts away what never runs."""

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from infra_cdk.function_spec import Layer
from infra_cdk.package.code import BUILD, ROOT, compile_bytecode, move_into_place
from infra_cdk.package.uv import install_locked, uv

type Platform = Literal["lambda-arm64", "host"]

LAMBDA_LIMIT_BYTES: Final = 250 * 1024 * 1024
"""AWS's limit on a function and its layers, unzipped."""


@dataclass(frozen=True, slots=True)
class LayerSpec:
    """One layer: a dependency group of `pyproject.toml` and what is cut from it."""

    description: str
    group: str
    cut: tuple[str, ...]
    """Paths below site-packages, as globs."""
    services: tuple[str, ...] = ()
    """AWS services whose API descriptions stay in botocore."""


# xgboost imports scipy.sparse, which needs scipy.linalg and scipy.special; the rest never loads.
_UNUSED_SCIPY: Final = (
    "cluster",
    "datasets",
    "differentiate",
    "fft",
    "fftpack",
    "integrate",
    "interpolate",
    "io",
    "ndimage",
    "odr",
    "optimize",
    "signal",
    "spatial",
    "stats",
)

# A provider's folders are its locales, and en_US builds upon en: 3 MB of 15 stay.
_OTHER_LOCALES: Final = tuple(
    f"faker/providers/*/{other}" for other in ("[!_e]*_*", "[!_e]?", "e[!n]*", "en_[!U]*")
)

LAYERS: Final[dict[Layer, LayerSpec]] = {
    "core": LayerSpec(
        description="Powertools, pydantic, boto3 and the time zones.",
        group="core",
        cut=("boto3/examples", "bin"),
        services=("cognito-idp", "dynamodb", "s3", "secretsmanager", "ses", "sqs", "sts"),
    ),
    "mail": LayerSpec(
        description="Jinja2, which fills in the templates of mails.",
        group="mail",
        cut=("bin",),
    ),
    "ml": LayerSpec(
        description="XGBoost for inference, with NumPy and the part of SciPy it imports.",
        group="ml",
        cut=(
            "numpy/_core/include",
            "numpy/**/*.pyi",
            "numpy/**/*.a",
            "scipy/**/*.pyi",
            *(f"scipy/{unused}" for unused in _UNUSED_SCIPY),
            "bin",
        ),
    ),
    "world": LayerSpec(
        description="Faker, which names the tutors of a synthetic world.",
        group="names",
        cut=(*_OTHER_LOCALES, "bin"),
    ),
}
_CUT_EVERYWHERE: Final = ("**/tests", "**/test", "**/__pycache__", "**/*.h", "**/*.hpp", "**/*.pxd")
# What importlib.metadata needs stays; how a wheel got here does not matter to anyone.
_CUT_METADATA: Final = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json")
_BUILDER_VERSION: Final = "1"


def layer_folder(layer: Layer, platform: Platform, *, build: bool = True) -> Path:
    """The unzipped layer; its name carries the hash of the lock, so a second call is instant."""
    if not build:
        return ROOT / "layers"
    spec = LAYERS[layer]
    requirements = _requirements(spec.group)
    key = f"{_BUILDER_VERSION}\0{spec}\0{platform}\0{requirements}"
    digest = hashlib.sha256(key.encode()).hexdigest()[:16]
    folder = BUILD / "layers" / f"{layer}-{platform}-{digest}"
    if not folder.exists():
        _build(folder, spec, platform, requirements)
    return folder


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder, as Lambda counts them."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _requirements(group: str) -> str:
    return uv(
        "export", "--only-group", group, "--frozen", "--no-header", "--no-annotate", "--quiet"
    )


def _build(folder: Path, spec: LayerSpec, platform: Platform, requirements: str) -> None:
    staging = folder.with_name(f"{folder.name}.{os.getpid()}.partial")
    shutil.rmtree(staging, ignore_errors=True)
    site = staging / "python"
    site.mkdir(parents=True)
    listed = staging / "requirements.txt"
    listed.write_text(requirements)
    # `copy`: hard links would let the pruning below cut into uv's own cache.
    # 2_28: with 2014 an xgboost of years ago is the newest that fits, and is taken without a word.
    target = ["--python-platform", "aarch64-manylinux_2_28"] if platform == "lambda-arm64" else []
    install_locked(
        listed, "--target", str(site), "--link-mode", "copy",
        "--only-binary", ":all:", "--python-version", "3.13", *target,
    )  # fmt: skip
    listed.unlink()
    _prune(site, spec)
    compile_bytecode(site, runs_in="/opt/python")
    move_into_place(staging, folder)


def _prune(site: Path, spec: LayerSpec) -> None:
    for pattern in (*_CUT_EVERYWHERE, *spec.cut):
        for path in list(site.glob(pattern)):
            _remove(path)
    for info in site.glob("*.dist-info"):
        for name in _CUT_METADATA:
            (info / name).unlink(missing_ok=True)
    if spec.services:
        for sdk in ("boto3", "botocore"):
            _keep_services(site / sdk / "data", spec.services)


def _keep_services(data: Path, services: tuple[str, ...]) -> None:
    """Drop the descriptions of other services; the files beside the folders are the SDK's own."""
    for path in data.iterdir():
        if path.is_dir() and path.name not in services:
            shutil.rmtree(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    elif path.exists():
        path.unlink()
