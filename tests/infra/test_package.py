"""What is uploaded: small enough, compiled, and complete enough to run."""

import hashlib
import importlib.util
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from infra_cdk.function_spec import FEED_SYNTHETIC, Layer, functions_of
from infra_cdk.local.deployment import zipped
from infra_cdk.package.code import code_folder
from infra_cdk.package.layer import LAMBDA_LIMIT_BYTES, LAYERS, layer_folder, size_of
from infra_cdk.package.mail import compiled_mails
from infra_cdk.package.uv import install_locked

UNCHECKED_HASH = 0b01


def run_with(layers: tuple[Layer, ...], program: str, *paths: Path) -> str:
    """Run a program that sees the host's layers and nothing else that is installed."""
    python_path = [str(layer_folder(layer, "host") / "python") for layer in layers]
    return subprocess.run(
        [sys.executable, "-P", "-S", "-B", "-c", program],
        env={"PYTHONPATH": os.pathsep.join([*python_path, *map(str, paths)]), "HOME": "/"},
        check=True,
        capture_output=True,
        text=True,
    ).stdout


@pytest.mark.parametrize(
    "layers",
    sorted({spec.layers for spec in functions_of(fed=True)}),
    ids="+".join,
)
def test_code_and_layers_stay_below_nine_tenths_of_lambdas_limit(layers: tuple[Layer, ...]) -> None:
    total = size_of(code_folder(fed=True)) + sum(
        size_of(layer_folder(layer, "lambda-arm64")) for layer in layers
    )

    assert total < 0.9 * LAMBDA_LIMIT_BYTES


@pytest.mark.parametrize("layer", sorted(LAYERS))
def test_a_layer_for_lambda_holds_arm_libraries_only(layer: Layer) -> None:
    libraries = {
        path.name.rsplit("-", 3)[-3]
        for path in layer_folder(layer, "lambda-arm64").rglob("*.cpython-313-*.so")
    }

    assert libraries == (set() if layer == "world" else {"aarch64"})


@pytest.mark.parametrize("layer", sorted(LAYERS))
def test_a_second_build_of_the_same_lock_is_the_first(layer: Layer) -> None:
    first = layer_folder(layer, "lambda-arm64")

    assert layer_folder(layer, "lambda-arm64") == first


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """The smallest wheel there is, in a folder that stands for an index."""
    path = tmp_path / "index" / "tiny-1.0-py3-none-any.whl"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("tiny.py", "")
        for name, text in {
            "METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
            "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            "RECORD": "tiny.py,,\n",
        }.items():
            packed.writestr(f"tiny-1.0.dist-info/{name}", text)
    return path


@pytest.mark.parametrize(
    ("hashed", "complaint"),
    [
        pytest.param(lambda content: f" --hash=sha256:{content}", "", id="its-hash"),
        pytest.param(lambda _: f" --hash=sha256:{'0' * 64}", "Hash mismatch", id="another-hash"),
        pytest.param(lambda _: "", "must be pinned|a hash", id="no-hash"),
    ],
)
def test_a_file_is_installed_only_if_the_lock_has_its_hash(
    wheel: Path, tmp_path: Path, hashed: Callable[[str], str], complaint: str
) -> None:
    lock, target = tmp_path / "lock.txt", tmp_path / "layer"
    lock.write_text("tiny==1.0" + hashed(hashlib.sha256(wheel.read_bytes()).hexdigest()))
    where = ("--no-index", "--no-cache", "--find-links", str(wheel.parent), "--target", str(target))

    with pytest.raises(RuntimeError, match=complaint) if complaint else nullcontext():
        install_locked(lock, *where)

    assert (target / "tiny.py").exists() != bool(complaint)


@pytest.mark.parametrize("layer", sorted(LAYERS))
def test_a_layer_carries_no_tests_and_no_headers(layer: Layer) -> None:
    folder = layer_folder(layer, "lambda-arm64")

    assert not list(folder.rglob("tests"))
    assert not list(folder.rglob("*.h"))


def test_bytecode_is_loaded_without_looking_at_the_source() -> None:
    folders = [code_folder(), layer_folder("core", "lambda-arm64")]
    for folder in folders:
        sources = [path for path in folder.rglob("*.py") if path.stat().st_size]
        for source in sources:
            compiled = Path(importlib.util.cache_from_source(str(source)))
            assert compiled.exists(), source
            assert compiled.read_bytes()[4] == UNCHECKED_HASH, compiled


def test_the_core_layer_runs_powertools_pydantic_and_our_aws_clients() -> None:
    said = run_with(
        ("core",),
        "import boto3, pydantic, aws_lambda_powertools.event_handler as e;"
        "from importlib.metadata import version;"
        "[boto3.client(s, 'us-east-1') for s in ('dynamodb', 'sqs', 'secretsmanager')];"
        "print(version('pydantic'), version('aws-lambda-powertools'))",
    )

    assert said.split()


def test_the_core_layer_knows_the_time_zones_where_the_system_knows_none() -> None:
    said = run_with(
        ("core",),
        "import zoneinfo; zoneinfo.reset_tzpath(());"
        "from shared.domain.business_hours import Calendar;"
        "print(Calendar('America/Chicago').zone)",
        code_folder(),
    )

    assert said.strip() == "America/Chicago"


def test_the_ml_layer_trains_predicts_and_explains() -> None:
    said = run_with(
        ("ml",),
        "import numpy as np, xgboost as x;"
        "X = np.arange(40.0).reshape(20, 2); y = X[:, 0] > 20;"
        "m = x.train({'objective': 'binary:logistic'}, x.DMatrix(X, y), 3);"
        "print(m.predict(x.DMatrix(X), pred_contribs=True).shape)",
    )

    assert said.strip() == "(20, 3)"


def test_the_world_layer_is_small_and_names_people_in_one_locale() -> None:
    providers = layer_folder("world", "lambda-arm64") / "python" / "faker" / "providers"
    locales = {path.name for path in providers.glob("*/*/") if path.name != "__pycache__"}

    assert locales == {"en", "en_US"}
    assert size_of(layer_folder("world", "lambda-arm64")) < 4 * 1024 * 1024


def test_the_code_asset_is_functions_and_shared_alone() -> None:
    assert {path.name for path in code_folder().iterdir()} == {"functions", "shared"}


def test_the_code_asset_has_mails_compiled_and_their_sources_not() -> None:
    mails = code_folder() / "shared" / "mail"

    compiled = {path.name: path.read_text() for path in (mails / "compiled").iterdir()}
    assert compiled == compiled_mails()
    assert not list(mails.rglob("*.mjml"))
    assert (mails / "template" / "part.html.jinja").exists()


def test_letters_are_written_with_the_mail_layer_and_the_asset_alone() -> None:
    said = run_with(
        ("core", "mail"),
        "from shared.domain.mail import MailKind;"
        "from shared.mail.letter import COMPILED, Letters;"
        "from shared.mail.offer import TutorFacts;"
        "letters = Letters(COMPILED, 'https://tutors.example', 'care@tutors.example');"
        "print(letters.to_tutor(MailKind.TRAINING_MODULE, None, TutorFacts()).subject)",
        code_folder(),
    )

    assert said.strip() == "Ideas for explaining your subject"


def test_only_a_fed_stage_carries_the_synthetic_world() -> None:
    fed, other = code_folder(fed=True), code_folder()

    assert {path.name for path in fed.iterdir()} == {"events", "functions", "shared"}
    assert {path.name for path in (fed / "events").glob("*")} >= {"__init__.py", "world"}
    assert not (other / "functions" / "feed_synthetic.py").exists()


def test_the_feed_runs_on_its_layers_alone() -> None:
    said = run_with(
        FEED_SYNTHETIC.layers,
        "from datetime import UTC, datetime, timedelta;"
        "from events.world.feed import Feed; from events.world.history import simulate;"
        "from events.world.world import World; import events.world.sender;"
        "at = datetime(2026, 11, 1, tzinfo=UTC);"
        "feed = Feed(simulate(World('small', 20, 30), 1, at));"
        "print(len(feed.deliveries(at, at + timedelta(days=2))))",
        code_folder(fed=True),
    )

    assert int(said) > 100


def test_a_zip_holds_what_the_folder_holds(tmp_path: Path) -> None:
    folder = tmp_path / "asset.0123"
    (folder / "shared").mkdir(parents=True)
    (folder / "shared" / "a.py").write_text("A = 1\n")

    with zipfile.ZipFile(zipped(folder)) as packed:
        assert packed.namelist() == ["shared/a.py"]
