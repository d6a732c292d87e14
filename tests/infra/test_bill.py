"""A bill of materials names what is deployed, no more and no less."""

import json
from collections.abc import Mapping
from importlib.metadata import distributions
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.utils import canonicalize_name

from infra_cdk.package.layer import LAYERS, layer_folder
from infra_cdk.supply.bill import bills, package_of
from infra_cdk.supply.licence_page import in_site
from infra_cdk.supply.lock import Package


@pytest.fixture(scope="module")
def all_bills() -> Mapping[str, dict[str, Any]]:
    return bills()


def test_the_bill_of_a_layer_is_what_was_built_into_it(
    all_bills: Mapping[str, dict[str, Any]],
) -> None:
    for layer in LAYERS:
        folder = layer_folder(layer, "lambda-arm64") / "python"
        built = {
            Package(canonicalize_name(each.name), each.version)
            for each in distributions(path=[str(folder)])
        }

        assert set(map(package_of, all_bills[f"layer-{layer}"]["components"])) == built


def test_the_bill_of_the_site_is_what_it_needs_when_it_runs(
    all_bills: Mapping[str, dict[str, Any]],
) -> None:
    named = set(map(package_of, all_bills["site"]["components"]))

    assert named == {package for package, _ in in_site()}
    assert {"react", "tailwindcss"} <= {package.name for package in named}
    assert "vite" not in {package.name for package in named}


def test_every_bill_is_cyclonedx_with_a_hash_and_a_licence_on_each_line(
    all_bills: Mapping[str, dict[str, Any]],
) -> None:
    for name, bill in all_bills.items():
        assert JsonStrictValidator(SchemaVersion.V1_5).validate_str(json.dumps(bill)) is None, name
        for component in bill["components"]:
            files = [component, *component["externalReferences"]]
            assert component["licenses"], component["name"]
            assert any(file.get("hashes") for file in files), component["name"]
