"""One synthesized template per stage, without building layers, shared by all tests here."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra_cdk.app import build_app
from infra_cdk.stage import STAGES
from tests.infra.template import Template


@pytest.fixture(scope="session")
def assemblies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Cloud assemblies of all stages; the synth itself fails on an unaccepted finding."""
    made = {}
    for name, stage in STAGES.items():
        outdir = tmp_path_factory.mktemp(name)
        build_app(stage, outdir=outdir, context={"aws:cdk:bundling-stacks": []}).synth()
        made[name] = outdir
    return made


@pytest.fixture(params=sorted(STAGES))
def stage(request: pytest.FixtureRequest) -> str:
    """Every stage in turn."""
    name: str = request.param
    return name


@pytest.fixture
def template(assemblies: dict[str, Path], stage: str) -> Template:
    """The CloudFormation template of the stage."""
    return load(assemblies[stage], stage)


@pytest.fixture
def prod(assemblies: dict[str, Path]) -> Template:
    return load(assemblies["prod"], "prod")


@pytest.fixture
def dev(assemblies: dict[str, Path]) -> Template:
    return load(assemblies["dev"], "dev")


@pytest.fixture(params=["dev", "prod"])
def edge(assemblies: dict[str, Path], request: pytest.FixtureRequest) -> Template:
    """What stands before a stage on AWS."""
    name: str = request.param
    return load(assemblies[name], f"{name}-edge")


@pytest.fixture
def validation(assemblies: dict[str, Path], stage: str) -> Any:
    """What cdk-nag found."""
    return json.loads((assemblies[stage] / "validation-report.json").read_text())


def load(assembly: Path, stage: str) -> Template:
    return Template(json.loads((assembly / f"tutor-quality-{stage}.template.json").read_text()))
