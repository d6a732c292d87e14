"""Who gets in to the dashboard, for how long, and what is kept when a session ends."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from infra_cdk.local.browser import sign_in
from tests.e2e.dashboard import (
    AT_RISK,
    CALM,
    IN_BROWSER,
    heading,
)

pytestmark = IN_BROWSER


@pytest.mark.parametrize("who", ["local-ops_manager", "local-people_ops", "local-admin"])
def test_staff_sign_in_and_find_the_page_they_wanted(page: Page, who: str) -> None:
    sign_in(page, who, at="/definitions")

    heading(page, "What the numbers mean")
    expect(page.get_by_text(who, exact=True)).to_be_visible()


def test_an_administrator_begins_with_the_settings_and_is_shown_no_way_to_tutors(
    page: Page,
) -> None:
    sign_in(page, "local-admin")

    heading(page, "Settings")
    pages = page.get_by_role("navigation", name="Pages").first.get_by_role("link")
    expect(pages).to_have_text(["Model", "Definitions", "Settings"])
    expect(page.get_by_text(re.compile("No data|Not refreshed"))).to_have_count(0)


@pytest.mark.parametrize("who", ["local-tutor", "local-student"])
def test_a_tutor_or_student_who_signs_in_sees_nothing_of_it(page: Page, who: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    sign_in(page, who, at=f"/tutors/{AT_RISK}")

    heading(page, "Nothing for you here")
    assert not [url for url in asked if "/api/" in url]
    assert "Grace" not in page.content()


def test_tokens_end_with_the_tab(page: Page) -> None:
    sign_in(page)
    heading(page, "Tutor health")

    assert "token" not in page.evaluate("JSON.stringify(localStorage)")
    page.reload()
    heading(page, "Tutor health")


def test_a_token_that_ran_out_is_renewed_without_a_word(page: Page) -> None:
    sign_in(page, at=f"/tutors/{CALM}")
    heading(page, "Ada Byron")
    page.evaluate("""() => Object.entries(sessionStorage)
        .filter(([name]) => name.startsWith("oidc.user:"))
        .forEach(([name, kept]) => sessionStorage.setItem(
            name, JSON.stringify({ ...JSON.parse(kept), expires_at: 1 })))""")

    with page.expect_request("**/oauth2/token") as renewal:
        page.reload()

    assert "grant_type=refresh_token" in (renewal.value.post_data or "")
    heading(page, "Ada Byron")


def test_where_nobody_can_be_asked_for_a_token_no_session_ends(page: Page) -> None:
    """As when a laptop wakes before its network does."""
    sign_in(page, at=f"/tutors/{CALM}")
    heading(page, "Ada Byron")
    page.get_by_role("button", name=re.compile("verride")).click()
    page.get_by_label("Why").fill("On the train")
    page.route("**/api/**", lambda route: route.fulfill(status=401, body="{}"))
    page.route("**/oauth2/token", lambda route: route.abort())
    page.get_by_role("button", name="Override", exact=True).click()

    expect(page.get_by_text("can not be reached").first).to_be_visible()
    expect(page.get_by_role("heading", name="Your session has ended")).to_have_count(0)
    page.unroute_all()
    page.get_by_role("button", name="Override", exact=True).click()
    expect(page.get_by_text("“On the train”")).to_be_visible()


def end_session(page: Page) -> None:
    """In the middle of an override of the tutor's score."""
    page.get_by_role("button", name=re.compile("verride")).click()
    page.get_by_label("Why").fill("Half written")
    page.route("**/api/**", lambda route: route.fulfill(status=401, body="{}"))
    page.route("**/oauth2/token", refuse_to_renew)
    page.get_by_role("button", name="Override", exact=True).click()
    expect(page.get_by_role("heading", name="Your session has ended")).to_be_visible()
    page.unroute("**/api/**")


def refuse_to_renew(route: Route) -> None:
    if "grant_type=refresh_token" in (route.request.post_data or ""):
        route.fulfill(status=400, json={"error": "invalid_grant"})
    else:
        route.continue_()


def test_a_session_that_ends_is_renewed_in_front_of_the_page(page: Page) -> None:
    sign_in(page, at=f"/tutors/{CALM}")
    heading(page, "Ada Byron")
    end_session(page)
    with page.expect_popup() as small:
        page.get_by_role("button", name="Sign in again").click()
    small.value.get_by_role("button", name="local-ops_manager").click()

    expect(page.get_by_role("heading", name="Your session has ended")).to_be_hidden()
    expect(page.get_by_label("Why")).to_have_value("Half written")


def test_somebody_else_who_signs_in_again_begins_with_their_own_pages(page: Page) -> None:
    sign_in(page, at=f"/tutors/{CALM}")
    heading(page, "Ada Byron")
    end_session(page)
    with page.expect_popup() as small:
        page.get_by_role("button", name="Sign in again").click()
    small.value.get_by_role("button", name="local-admin").click()

    heading(page, "Settings")
    expect(page.get_by_text("local-admin", exact=True)).to_be_visible()


def test_a_sign_in_that_failed_can_be_tried_again(page: Page) -> None:
    page.goto("/signed-in?code=stale&state=forgotten")
    heading(page, "The site could not start")

    page.get_by_role("button", name="Try again").click()

    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def test_whoever_follows_a_link_is_asked_at_once_and_finds_the_page(page: Page) -> None:
    page.goto(f"/tutors/{CALM}?from=mail#flags")
    page.get_by_role("button", name="local-ops_manager").click()

    heading(page, "Ada Byron")
    expect(page).to_have_url(re.compile(rf"/tutors/{CALM}\?from=mail#flags$"))


def test_a_site_opened_by_another_signs_in_like_any(page: Page) -> None:
    """Such as from a link of an intranet page, whose window can be reached from here."""
    page.goto("/")
    with page.expect_popup() as opened:
        page.evaluate("() => { window.open('/definitions'); }")

    opened.value.get_by_role("button", name="local-ops_manager").click()

    heading(opened.value, "What the numbers mean")
