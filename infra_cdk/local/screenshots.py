"""`make screenshots`: every page of what runs here, as wide as a phone, a tablet and a desk, light
and dark, in build/screenshots, for people to look at."""

import sys
from pathlib import Path
from typing import Final

from playwright.sync_api import Page

from infra_cdk.local.browser import chromium, sign_in
from infra_cdk.local.deployed import Deployed
from infra_cdk.local.folder import CHECKOUT
from infra_cdk.package.code import BUILD

WIDTHS: Final = (360, 768, 1440)
HEIGHT: Final = 900
TALLEST: Final = 6_000
PAGES: Final = {
    "home": "/",
    "tutors": "/tutors",
    "interventions": "/interventions",
    "model": "/model",
    "definitions": "/definitions",
    "settings": "/settings",
    "notifications": "/settings/notifications",
}


def main() -> None:
    """Take them all; the tutor is the first of those at risk."""
    folder = BUILD / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        door = Deployed.read(CHECKOUT.deployed).front_door
    except FileNotFoundError:
        sys.exit("Nothing runs here: `make run` first.")
    with chromium() as browser:
        page = browser.new_page(base_url=door)
        sign_in(page)
        first = page.locator('main li a[href^="/tutors/"]').first
        tutor = first.get_attribute("href", timeout=60_000) or "/tutors"
        for name, address in (PAGES | {"tutor": tutor}).items():
            _photograph(page, folder, name, address)
    print(f"They are in {folder}")


def _photograph(page: Page, folder: Path, name: str, address: str) -> None:
    for theme in ("light", "dark"):
        page.evaluate("theme => localStorage.setItem('theme', theme)", theme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": HEIGHT})
            page.goto(address)
            page.wait_for_load_state("networkidle")
            # A window as high as the page, so that what sticks to its foot stands at its foot.
            needed = int(page.evaluate("document.documentElement.scrollHeight"))
            page.set_viewport_size({"width": width, "height": min(needed, TALLEST)})
            page.wait_for_load_state("networkidle")
            page.screenshot(path=folder / f"{name}.{width}.{theme}.png")


if __name__ == "__main__":
    main()
