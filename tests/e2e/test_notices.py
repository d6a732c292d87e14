"""What is bundled into the site's files goes out with its notices, and is on our list."""

import re

import pytest
import urllib3

from infra_cdk.supply.licence_page import in_site

pytestmark = pytest.mark.e2e


def test_the_site_carries_the_notice_of_whatever_is_bundled_in_it(site: str) -> None:
    told = urllib3.request("GET", f"{site}/licenses.md", timeout=60).data.decode()

    bundled = set(re.findall(r"^## (\S+) - (\S+) \(", told, re.MULTILINE))
    assert "react" in {name for name, _ in bundled}
    assert told.count("Copyright") >= len(bundled) / 2
    assert bundled <= {(package.name, package.version) for package, _ in in_site()}
