"""One local stack for all end-to-end tests; a test that breaks it starts one of its own."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from infra_cdk.local.browser import chromium
from infra_cdk.local.sign_in import let_people_in
from infra_cdk.local.stack import LocalStack, throwaway_stack
from tests.e2e.dashboard import DESK, report_tutors
from tests.e2e.marketplace import Marketplace


@pytest.fixture(scope="session")
def stack() -> Iterator[LocalStack]:
    with throwaway_stack(site=True) as running:
        let_people_in(running.deployed)  # first of all: functions remember for minutes who is there
        yield running


@pytest.fixture(scope="session")
def marketplace(stack: LocalStack) -> Marketplace:
    return Marketplace(stack.deployed)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="session")
def site(stack: LocalStack, marketplace: Marketplace) -> str:
    """The dashboard's address, with tutors on it."""
    report_tutors(marketplace)
    return stack.deployed.front_door


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    """A page of a browser nobody is signed in to; nothing may be blocked or break on it."""
    context = browser.new_context(base_url=site, viewport=DESK, accept_downloads=True)
    opened = context.new_page()
    broken: list[str] = []
    opened.on("pageerror", lambda error: broken.append(str(error)))
    opened.on(
        "console",
        lambda said: broken.append(said.text) if "Content Security" in said.text else None,
    )
    yield opened
    context.close()
    assert not broken
