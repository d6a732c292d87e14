"""How the dashboard bears itself: keys, new data, a service that is slow or away, every reader."""

import re
from datetime import datetime
from pathlib import Path
from typing import Final, Literal
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Dialog, Page, Route, ViewportSize, expect

from infra_cdk.local.browser import sign_in
from tests.e2e.dashboard import (
    AT_RISK,
    CALM,
    DESK,
    IN_BROWSER,
    PHONE,
    SUBJECT,
    TABLET,
    go_to,
    heading,
    sessions,
)
from tests.e2e.marketplace import Marketplace, completed

pytestmark = IN_BROWSER

AXE: Final = Path(__file__).parents[2] / "frontend_static/node_modules/axe-core/axe.min.js"
PAGES: Final = ("/", "/tutors", f"/tutors/{AT_RISK}", "/interventions", "/model", "/definitions",
                "/settings", "/settings/notifications", "/nowhere")  # fmt: skip
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
A_POLL: Final = "00:31"
OURS: Final = f"/tutors?subject={SUBJECT}"


def test_what_is_half_written_of_one_tutor_is_not_kept_for_another(page: Page) -> None:
    sign_in(page, at=f"/tutors/{CALM}")
    heading(page, "Ada Byron")
    go_to(page, "Grace Hopper")
    page.get_by_label("New note").fill("Only of Grace")
    page.once("dialog", lambda dialog: dialog.accept())

    go_to(page, "Ada Byron")

    expect(page.get_by_label("New note")).to_have_value("")


def test_a_page_says_that_the_service_is_away_and_comes_back_by_itself(page: Page) -> None:
    page.clock.install()
    sign_in(page, at="/settings")
    heading(page, "Settings")
    page.route(f"**/api/tutors/{CALM}", lambda route: route.abort())
    page.goto(f"/tutors/{CALM}")
    page.clock.fast_forward(A_POLL)  # and with it the pauses between the first tries
    expect(page.get_by_role("alert")).to_contain_text("can not be reached")

    page.unroute(f"**/api/tutors/{CALM}")
    page.clock.fast_forward("05:00")

    heading(page, "Ada Byron")


def test_what_is_looked_at_only_once_can_be_tried_again(page: Page) -> None:
    sign_in(page)
    heading(page, "Tutor health")
    page.route("**/api/settings", lambda route: route.abort())
    page.get_by_role("link", name="Settings").first.click()
    expect(page.get_by_role("alert")).to_contain_text("can not be reached")

    page.unroute("**/api/settings")
    page.get_by_role("button", name="Try again").click()

    expect(page.get_by_role("heading", name="When interventions open")).to_be_visible()


def test_what_is_not_for_the_viewer_is_not_offered_again(page: Page) -> None:
    sign_in(page)
    heading(page, "Tutor health")
    page.route("**/api/settings", lambda route: route.fulfill(status=403, body="{}"))

    page.get_by_role("link", name="Settings").first.click()

    expect(page.get_by_role("alert")).to_contain_text("could not be shown")
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)


def test_while_the_service_is_slow_shapes_stand_where_numbers_will(page: Page) -> None:
    sign_in(page)
    held: list[Route] = []
    page.route("**/api/tutors/*", lambda route: held.append(route))
    page.goto(f"/tutors/{CALM}")

    expect(page.get_by_role("status").get_by_text("Loading the tutor")).to_be_attached()

    page.unroute("**/api/tutors/*")  # which lets go of what was held
    heading(page, "Ada Byron")


def test_a_part_of_home_that_can_not_be_read_says_so(page: Page) -> None:
    sign_in(page, at="/settings")
    heading(page, "Settings")
    page.route("**/api/interventions?*", lambda route: route.fulfill(status=403, body="{}"))
    page.get_by_role("link", name="Home").first.click()

    mine = page.get_by_role("region", name="My interventions")
    expect(mine.get_by_role("alert")).to_contain_text("could not be shown")
    queue = page.get_by_role("region", name="Tutors at risk")
    expect(queue).to_contain_text("could not be shown")
    expect(queue).to_contain_text("Grace Hopper")


def test_what_is_looked_at_again_costs_nothing_while_it_is_the_same(page: Page) -> None:
    page.clock.install()
    sign_in(page, at=f"/tutors/{CALM}")
    heading(page, "Ada Byron")
    page.clock.fast_forward("00:03")  # what the page fetches beforehand is no look at anything
    page.wait_for_load_state("networkidle")
    urls, statuses = dict[str, str](), dict[str, int]()
    network = page.context.new_cdp_session(page)
    network.on(
        "Network.requestWillBeSent",
        lambda sent: urls.update({sent["requestId"]: sent["request"]["url"]}),
    )
    network.on(
        "Network.responseReceivedExtraInfo",
        lambda got: statuses.update({got["requestId"]: got["statusCode"]}),
    )
    network.send("Network.enable")

    with page.expect_response(f"**/api/tutors/{CALM}"):
        page.clock.fast_forward(A_POLL)
    page.wait_for_load_state("networkidle")

    looks = {asked for asked, url in urls.items() if f"/api/tutors/{CALM}" in url}
    assert looks
    assert {statuses[asked] for asked in looks if asked in statuses} == {304}


def test_a_row_that_changes_says_so_for_a_moment(page: Page, marketplace: Marketplace) -> None:
    page.clock.install()
    sign_in(page, at=OURS)
    row = page.get_by_role("row").filter(has_text="Ada Byron")
    expect(row).not_to_have_class(re.compile("bg-accent-soft"))
    marketplace.deliver(sessions(completed("d-new", CALM, 1, student_rating=4)))
    marketplace.drain()

    page.clock.fast_forward(A_POLL)

    expect(row).to_have_class(re.compile("bg-accent-soft"))
    page.clock.fast_forward("00:05")
    expect(row).not_to_have_class(re.compile("bg-accent-soft"))


def test_what_can_not_be_looked_at_again_stays_and_is_marked(page: Page) -> None:
    page.clock.install()
    sign_in(page, at=OURS)
    rows = page.get_by_role("row")
    expect(rows).to_have_count(4)
    expect(page.get_by_text("Data as of")).to_be_visible()
    page.route("**/api/tutors?*", lambda route: route.abort())

    for _ in range(8):  # a poll, and the tries after it
        page.clock.fast_forward(A_POLL)
        page.wait_for_load_state("networkidle")

    expect(page.get_by_text("Not all is up to date")).to_be_visible()
    expect(rows).to_have_count(4)


def test_tutors_are_gone_through_by_keys_alone(page: Page) -> None:
    sign_in(page, at=OURS)
    expect(page.get_by_role("row")).to_have_count(4)
    links = page.get_by_role("row").get_by_role("link")
    for key, place in (("j", 0), ("j", 1), ("j", 2), ("k", 1)):
        page.keyboard.press(key)
        expect(links.nth(place)).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("k")  # nowhere further up
    expect(links.first).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_label("Name, id or subject")).to_be_focused()
    page.keyboard.type("jk grace")
    expect(page.get_by_text("No tutor passes these filters")).to_be_visible()
    expect(page.get_by_label("Name, id or subject")).to_have_value("jk grace")
    page.get_by_label("Name, id or subject").fill("grace")
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_role("button", name="Churn score").focus()
    page.keyboard.press("k")
    page.keyboard.press("Enter")

    heading(page, "Grace Hopper")


def test_a_tutors_page_is_printed_without_what_can_be_pressed(page: Page) -> None:
    sign_in(page, at=f"/tutors/{AT_RISK}")
    heading(page, "Grace Hopper")
    expect(page.get_by_role("heading", name="Sessions")).to_be_visible()
    page.emulate_media(media="print", color_scheme="dark")

    heading(page, "Grace Hopper")
    expect(page.get_by_role("navigation").locator("visible=true")).to_have_count(0)
    expect(page.get_by_role("button", name="Print")).to_be_hidden()
    expect(page.get_by_label("New note")).to_be_hidden()
    paper = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert paper == "rgb(255, 255, 255)"


def test_who_wants_no_motion_gets_none(page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    sign_in(page)
    page.route("**/api/tutors/*", lambda _: None)
    page.goto(f"/tutors/{CALM}")
    shape = page.locator(".animate-pulse").first
    expect(shape).to_be_visible()

    seconds = shape.evaluate("shape => getComputedStyle(shape).animationDuration")

    assert float(seconds.removesuffix("s")) < 0.001


def test_times_are_the_viewers_own_with_utc_at_hand(browser: Browser, site: str) -> None:
    context = browser.new_context(base_url=site, viewport=DESK, timezone_id="Asia/Tokyo")
    page = context.new_page()
    sign_in(page, at=f"/tutors/{CALM}")
    shown = page.get_by_role("region", name="Sessions").get_by_role("listitem").locator("time")
    expect(shown.first).to_be_visible()
    at = datetime.fromisoformat(shown.first.get_attribute("datetime") or "")

    expect(shown.first).to_contain_text(f"{at.astimezone(ZoneInfo('Asia/Tokyo')):%H:%M}")
    expect(shown.first).to_have_attribute("title", re.compile(f"{at:%H:%M:%S} UTC$"))
    context.close()


@pytest.mark.parametrize("size", [PHONE, TABLET, DESK], ids=["phone", "tablet", "desk"])
def test_no_page_keeps_anybody_out(page: Page, size: ViewportSize) -> None:
    page.set_viewport_size(size)
    page.goto("/")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    found = by_day_and_night(page)
    sign_in(page)
    for address in PAGES:
        page.goto(address)
        page.wait_for_load_state("networkidle")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        found |= by_day_and_night(page)

    assert not found


def by_day_and_night(page: Page) -> dict[str, list[str]]:
    """What axe finds wrong with a page in either theme, which follows the system."""
    found = dict[str, list[str]]()
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        expect(page.locator("html")).to_have_attribute("data-theme", scheme)
        found |= {f"{scheme} {place}": said for place, said in complaints(page).items()}
    return found


def test_nothing_that_opens_keeps_anybody_out(page: Page) -> None:
    sign_in(page, at=OURS)
    expect(page.get_by_role("row")).to_have_count(4)
    page.keyboard.press("Control+k")
    expect(page.get_by_role("option", name="Home")).to_be_visible()
    found = complaints(page, "palette")
    page.keyboard.press("Escape")
    page.get_by_role("combobox", name="Flag").click()
    expect(page.get_by_role("option").first).to_be_visible()
    found |= complaints(page, "choice")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Views").click()
    expect(page.get_by_role("menuitem").first).to_be_visible()
    found |= complaints(page, "menu")
    page.get_by_role("menuitem", name="Save this view…").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    found |= complaints(page, "dialog")

    assert not found


def test_no_page_without_data_keeps_anybody_out(page: Page) -> None:
    sign_in(page)
    page.goto("/tutors?q=nobody")
    expect(page.get_by_text("No tutor passes these filters")).to_be_visible()
    found = complaints(page)
    page.goto("/tutors/t-nobody")
    heading(page, "There is no such tutor")
    found |= complaints(page)
    page.route("**/api/**", lambda route: route.fulfill(status=403, body="{}"))
    for address in PAGES:
        page.goto(address)
        expect(
            page.get_by_role("heading", level=1).or_(page.get_by_role("alert")).first
        ).to_be_visible()
        page.wait_for_load_state("networkidle")
        found |= complaints(page)

    assert not found


def complaints(page: Page, opened: str = "") -> dict[str, list[str]]:
    """What axe finds wrong with the page as it stands, and whether it is wider than the window.

    What is opened in front of a page has the focus, and needs no landmark to be found by.
    """
    page.evaluate(AXE.read_text())
    said: list[str] = page.evaluate(
        "region => axe.run({ rules: { region: { enabled: region } } })"
        ".then(said => said.violations.flatMap(one =>"
        " one.nodes.map(node => `${one.id}: ${node.target} ${node.failureSummary}`)))",
        not opened,
    )
    if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
        said.append("wider than the window")
    return {opened or page.url: said} if said else {}


@pytest.mark.parametrize(
    ("address", "title"),
    [
        ("/tutors?sort=nope&flag=true&q=true&utm_source=mail", "Tutors"),
        ('/tutors?risk=["high"]&tier={"a":1}&order=sideways', "Tutors"),
        ("/interventions?status=foo&sort=foo&overdue=yes&utm_source=mail", "Interventions"),
    ],
)
def test_what_an_address_can_not_mean_is_left_out(page: Page, address: str, title: str) -> None:
    sign_in(page, at=address)

    heading(page, title)
    expect(page.get_by_role("link", name="Grace Hopper").first).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_page_is_printed_as_wide_as_the_paper(page: Page) -> None:
    sign_in(page, at=f"/tutors/{AT_RISK}")
    heading(page, "Grace Hopper")
    page.set_viewport_size({"width": 1123, "height": 794})
    page.emulate_media(media="print")

    box = page.get_by_role("main").bounding_box()

    assert box is not None
    assert box["width"] > 1000


def test_what_was_typed_is_not_lost_without_a_word(page: Page) -> None:
    sign_in(page, at=f"/tutors/{CALM}")
    page.get_by_label("New note").fill("Half a thought")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    page.once("dialog", stay)

    page.get_by_role("link", name="Home").first.click()

    expect(page.get_by_label("New note")).to_have_value("Half a thought")
    assert asked == ["What you wrote is not saved yet. Leave the page?"]
    page.get_by_label("New note").fill("")
    page.get_by_role("link", name="Home").first.click()
    heading(page, "Tutor health")
