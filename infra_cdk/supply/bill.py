"""Bills of materials (`make sbom`): what is in each layer and in the site, as CycloneDX JSON.

uv and npm write them from the locks. What they name besides is taken out: packages for other
platforms, and those that only build the site (npm's own way of leaving these out leaves out, too,
what both they and the site need).
"""

import json
import shutil
import subprocess
from collections.abc import Collection, Mapping
from typing import Any, Final

from infra_cdk.package.code import BUILD, ROOT
from infra_cdk.package.layer import LAYERS
from infra_cdk.package.uv import uv
from infra_cdk.supply.licence import licences
from infra_cdk.supply.lock import (
    SITE_LOCK,
    UV_LOCK,
    Package,
    npm_packages,
    packages,
    requirements,
)

FOLDER: Final = BUILD / "sbom"

type Bill = dict[str, Any]


def bills() -> Mapping[str, Bill]:
    """Every bill by the name of what is deployed."""
    found = {f"layer-{layer}": _of_layer(spec.group) for layer, spec in LAYERS.items()}
    found["site"] = _of_site()
    for name, bill in found.items():
        bill["metadata"]["component"]["name"] = f"tutor-quality-{name}"
    return found


def package_of(component: Mapping[str, Any]) -> Package:
    """What a line of a bill is about."""
    return Package(component["name"], component["version"])


def _of_layer(group: str) -> Bill:
    bill = json.loads(
        uv(
            "export", "--format", "cyclonedx1.5", "--preview-features", "sbom-export",
            "--only-group", group, "--frozen", "--quiet",
        )
    )  # fmt: skip
    installed = licences(packages(requirements(UV_LOCK, group)))
    narrowed = _narrowed(bill, installed)
    for component in narrowed["components"]:
        component["licenses"] = [{"expression": installed[package_of(component)]}]
    return narrowed


def _of_site() -> Bill:
    told = subprocess.run(
        ["npm", "sbom", "--sbom-format", "cyclonedx", "--package-lock-only"],
        cwd=SITE_LOCK.parent,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return _narrowed(
        json.loads(told), {each.package for each in npm_packages(SITE_LOCK) if each.deployed}
    )


def _narrowed(bill: Bill, kept: Collection[Package]) -> Bill:
    """A bill without what is not deployed."""
    components = [each for each in bill["components"] if package_of(each) in kept]
    named = {each["bom-ref"] for each in components} | {bill["metadata"]["component"]["bom-ref"]}
    dependencies = [
        each | {"dependsOn": [ref for ref in each.get("dependsOn", ()) if ref in named]}
        for each in bill["dependencies"]
        if each["ref"] in named
    ]
    return bill | {"components": components, "dependencies": dependencies}


def main() -> None:
    """Write them all, and print where."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    for name, bill in bills().items():
        path = FOLDER / f"{name}.cdx.json"
        path.write_text(json.dumps(bill, indent=2) + "\n")
        print(f"{path.relative_to(ROOT)}: {len(bill['components'])} packages")  # noqa: T201


if __name__ == "__main__":
    main()
