"""The site in real Chromium, opened as one of the people whom sign-in offers here."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM: Final = shutil.which("chromium") or shutil.which("google-chrome")
_FLAGS: Final = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
)  # fmt: skip


@contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """A browser without a window, with more flags; exits with a sentence where there is none."""
    if CHROMIUM is None:
        raise SystemExit("Chromium is not there: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*_FLAGS, *flags])
        yield browser
        browser.close()


def sign_in(page: Page, who: str = "local-ops_manager", at: str = "/") -> None:
    """Open an address as somebody, through the sign-in page."""
    page.goto(at)
    if at == "/":
        page.get_by_role("button", name="Sign in").click()
    choose(page, who)


def choose(page: Page, who: str) -> None:
    """Be somebody, on the sign-in page, and come back."""
    page.get_by_role("button", name=who).click()
    page.wait_for_url(lambda url: "/oauth2/" not in url and "/signed-in" not in url)
