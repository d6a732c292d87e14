"""Nothing is deployed under a licence that nobody allowed, and the page says whose code it is."""

import pytest

from infra_cdk.function_spec import Layer
from infra_cdk.package.code import ROOT
from infra_cdk.package.layer import LAYERS, layer_folder
from infra_cdk.supply.licence import CARRIED, LicenceError, may_be_deployed, of_metadata, spelled
from infra_cdk.supply.licence_page import in_layers, in_site, page


def test_the_published_page_is_up_to_date() -> None:
    assert (ROOT / "docs/licenses.md").read_text() == page(), "run `make docs`"


def test_everything_deployed_is_under_a_licence_that_is_allowed() -> None:
    deployed = [*in_layers(), *in_site()]

    assert len(deployed) > 50
    assert [each for each in deployed if not may_be_deployed(each[1])] == []
    assert all(map(may_be_deployed, CARRIED.values()))


@pytest.mark.parametrize("layer", sorted(LAYERS))
def test_whatever_library_a_wheel_carries_is_on_the_list(layer: Layer) -> None:
    carried = {
        path.name.split(".so")[0].split("-")[0]
        for path in layer_folder(layer, "lambda-arm64").glob("python/*.libs/*")
    }

    assert carried == (set(CARRIED) if layer == "ml" else set())


@pytest.mark.parametrize("layer", sorted(LAYERS))
def test_every_package_in_a_layer_keeps_its_licence_file(layer: Layer) -> None:
    for info in layer_folder(layer, "lambda-arm64").glob("python/*.dist-info"):
        assert [*info.rglob("LICEN[CS]E*"), *info.rglob("COPYING*")], info.name


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        pytest.param("MIT", True, id="allowed"),
        pytest.param("AGPL-3.0-only", False, id="not-allowed"),
        pytest.param("GPL-3.0-or-later", False, id="without-its-exception"),
        pytest.param("GPL-3.0-or-later WITH GCC-exception-3.1", True, id="with-its-exception"),
        pytest.param("AGPL-3.0-only OR MIT", True, id="a-choice"),
        pytest.param("(AGPL-3.0-only OR MIT)", True, id="a-choice-in-brackets"),
        pytest.param("AGPL-3.0-only AND MIT", False, id="both"),
        pytest.param("MIT OR ISC AND AGPL-3.0-only", True, id="and-binds-stronger"),
        pytest.param("(MIT OR ISC) AND AGPL-3.0-only", False, id="brackets-nobody-reads"),
        pytest.param("", False, id="none"),
    ],
)
def test_of_a_choice_one_licence_has_to_be_allowed_and_else_all(
    expression: str, allowed: bool
) -> None:
    assert may_be_deployed(expression) is allowed


@pytest.mark.parametrize(
    ("metadata", "licence"),
    [
        pytest.param({"license_expression": "MIT OR Apache-2.0"}, "MIT OR Apache-2.0", id="spdx"),
        pytest.param({"license": "Apache 2.0"}, "Apache-2.0", id="as-it-was-spelled-once"),
        pytest.param(
            {"license": "UNKNOWN", "classifier": ["License :: OSI Approved :: MIT License"]},
            "MIT",
            id="classifier",
        ),
    ],
)
def test_a_licence_is_read_from_what_a_package_says(
    metadata: dict[str, object], licence: str
) -> None:
    assert of_metadata("some", metadata) == licence


@pytest.mark.parametrize(
    "metadata",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"license": "BSD"}, id="one-of-several"),
        pytest.param({"license": "Copyright 2026, all rights reserved"}, id="own-words"),
    ],
)
def test_a_licence_that_is_left_open_is_asked_for(metadata: dict[str, object]) -> None:
    with pytest.raises(LicenceError, match="some does not say"):
        of_metadata("some", metadata)


def test_an_npm_package_without_a_licence_is_asked_for() -> None:
    with pytest.raises(LicenceError):
        spelled("")
