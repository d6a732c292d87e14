"""What an operations manager does in a browser: real Chromium against the running stack."""

import csv
import io
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import urllib3
from playwright.sync_api import Browser, Page, Route, ViewportSize, expect

from infra_cdk.local.browser import CHROMIUM, chromium, sign_in
from infra_cdk.local.sign_in import access_token, let_people_in
from infra_cdk.local.stack import LocalStack
from tests.e2e.marketplace import Delivery, Marketplace, completed, moved

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        CHROMIUM is None and not os.environ.get("CI"), reason="apt-get install chromium"
    ),
]

AXE: Final = Path(__file__).parents[2] / "frontend_static/node_modules/axe-core/axe.min.js"
AT_RISK, CALM, ODD = "t-grace", "t-calm", "t-odd"
MARKUP: Final = '=HYPERLINK("x") <img src=x onerror=alert(1)>'
PAGES: Final = ("/", "/tutors", f"/tutors/{AT_RISK}", "/interventions", "/model", "/definitions",
                "/settings", "/settings/notifications")  # fmt: skip
expect.set_options(timeout=30_000)  # a machine may be busy; what is there is found at once
PHONE: Final[ViewportSize] = {"width": 390, "height": 844}
DESK: Final[ViewportSize] = {"width": 1440, "height": 900}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def site(stack: LocalStack, marketplace: Marketplace) -> str:
    """The site's address, with a tutor in trouble, one who is not, and one with an odd name."""
    let_people_in(stack.deployed)
    deliveries = [
        *profile(AT_RISK, "Grace Hopper", baseline_sessions_per_week=20),
        *profile(CALM, "Ada Byron"),
        *profile(ODD, MARKUP),
        *sessions(
            *(completed(f"d-calm-{n}", CALM, 24 * n + 3, student_rating=5) for n in range(20)),
            *(completed(f"d-odd-{n}", ODD, 24 * n + 3, student_rating=5) for n in range(6)),
            *(completed(f"d-low-{n}", AT_RISK, 56 * n + 5, student_rating=2) for n in range(16)),
            completed("d-first", AT_RISK, 60, session_number=1, student_rating=1),
            *(missed(n) for n in range(3)),
            *(moved(f"d-moved-{n}", AT_RISK, 20 + n) for n in range(4)),
        ),
    ]
    marketplace.deliver(deliveries)
    marketplace.drain()
    marketplace.eventually(
        lambda: [
            task
            for task in marketplace.get(f"/api/tutors/{AT_RISK}")["interventions"]
            if task["kind"] == "H4"
        ]
    )
    marketplace.invoke("roll_windows")
    marketplace.invoke("summarize_platform")
    return stack.deployed.front_door


def profile(tutor_id: str, name: str, **fields: object) -> list[Delivery]:
    said = {
        "tutor_id": tutor_id,
        "name": name,
        "email": f"{tutor_id}@example.org",
        "subjects": ["French"],
        "onboarding_date": "2026-01-05",
        "status": "active",
    }
    return [Delivery("/api/tutors", f"p-{tutor_id}", said | fields)]


def sessions(*bodies: dict[str, object]) -> list[Delivery]:
    return [Delivery("/api/sessions", f"m-{body['session_id']}", body) for body in bodies]


def missed(number: int) -> dict[str, object]:
    body = completed(f"d-missed-{number}", AT_RISK, 24 * (2 + 2 * number))
    del body["completed_time"]
    return body | {"status": "no_show", "no_show_party": "tutor"}


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


def heading(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


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
    expect(page.get_by_text("No connection")).to_have_count(0)


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


def test_the_tutor_at_risk_stands_first_and_the_page_says_why(page: Page) -> None:
    sign_in(page)
    queue = page.get_by_role("region", name="Tutors at risk")
    first = queue.get_by_role("listitem").first
    expect(first).to_contain_text("Grace Hopper")
    expect(first).to_contain_text("No-show risk")

    first.get_by_role("link", name="Grace Hopper").click()

    heading(page, "Grace Hopper")
    expect(page.get_by_role("region", name="Flags")).to_contain_text("d-missed-0")
    parts = page.get_by_role("table", name="Parts of the churn score")
    points = [float(cell) for cell in parts.locator("tbody td:last-child").all_inner_texts()]
    (total,) = parts.locator("tfoot td:last-child").all_inner_texts()
    assert abs(sum(points) - float(total)) < 0.5, "each is shown with one digit"


def test_a_retention_interview_is_assigned_and_commented(page: Page) -> None:
    sign_in(page, at="/interventions?owner=people_ops")
    task = page.get_by_role("listitem").filter(has_text="Retention interview")
    expect(task).to_contain_text("Grace Hopper")

    task.get_by_role("button", name="What to do with").click()
    page.get_by_role("menuitem", name="Assign to me").click()
    expect(task).to_contain_text("local-ops_manager")
    task.get_by_role("button", name="What to do with").click()
    page.get_by_role("menuitem", name="Add a note…").click()
    page.get_by_label("Note", exact=True).fill("Called; overworked.")
    page.get_by_role("button", name="Add a note").click()

    expect(page.get_by_text("Note added")).to_be_visible()
    page.goto(f"/tutors/{AT_RISK}")
    page.get_by_text("History (").first.click()
    expect(page.get_by_text("Called; overworked.")).to_be_visible()


def test_several_tasks_are_given_to_somebody_at_once(page: Page) -> None:
    sign_in(page, at="/interventions?owner=people_ops")
    tasks = page.get_by_role("listitem").filter(has_text="Grace Hopper")
    expect(tasks.first).to_be_visible()
    count = tasks.count()
    for task in tasks.all():
        task.get_by_role("checkbox").check()

    page.get_by_role("button", name=f"Assign {count} to…").click()
    page.get_by_label("User name").fill("local-people_ops")
    page.get_by_role("button", name="Assign", exact=True).click()

    for task in tasks.all():
        expect(task).to_contain_text("local-people_ops")


def test_who_was_slower_is_told_and_shown_the_newest_state(
    page: Page, stack: LocalStack, marketplace: Marketplace
) -> None:
    sign_in(page, at="/interventions?owner=people_ops")
    task = page.get_by_role("listitem").filter(has_text="Retention interview")
    expect(task).to_be_visible()
    (known,) = (
        one
        for one in marketplace.get("/api/interventions?owner=people_ops")["items"]
        if one["kind"] == "H4" and one["tutor_id"] == AT_RISK
    )
    token = access_token(stack.deployed, "people_ops")
    quicker = urllib3.request(
        "POST",
        f"{stack.deployed.front_door}/api/interventions/{known['intervention_id']}/note",
        body=json.dumps({"reason": "Quicker."}),
        headers={
            "authorization": f"Bearer {token}",
            "if-match": f'"{known["version"]}"',
            "content-type": "application/json",
        },
    )
    assert quicker.status == 200

    task.get_by_role("button", name="What to do with").click()
    page.get_by_role("menuitem", name=re.compile("Snooze")).click()
    page.get_by_label("Why").fill("On holiday.")
    page.get_by_role("button", name="Snooze").click()

    expect(page.get_by_text("Somebody was quicker").first).to_be_visible()
    expect(task).not_to_contain_text("Snoozed")


def test_a_manager_overrides_a_score_and_everybody_sees_whose_it_is(page: Page) -> None:
    sign_in(page, at=f"/tutors/{CALM}")
    page.get_by_role("button", name="Override score").click()
    page.get_by_label("Score, 0 to 100").fill("80")
    page.get_by_label("Why").fill("Told me she is leaving.")
    page.get_by_role("button", name="Override", exact=True).click()

    expect(page.get_by_text("Overridden to 80")).to_be_visible()
    expect(page.get_by_text("“Told me she is leaving.”")).to_be_visible()


def test_staff_leave_notes_for_each_other(page: Page) -> None:
    sign_in(page, at=f"/tutors/{CALM}")
    notes = page.get_by_role("region", name="Notes")
    notes.get_by_label("New note").fill(f"Prefers mornings. {MARKUP}")
    notes.get_by_role("button", name="Add note").click()
    expect(notes.get_by_role("listitem")).to_contain_text(f"Prefers mornings. {MARKUP}")
    expect(notes.get_by_label("New note")).to_have_value("")

    page.context.clear_cookies()
    page.evaluate("sessionStorage.clear()")
    sign_in(page, "local-people_ops", at=f"/tutors/{CALM}")
    expect(notes.get_by_role("listitem")).to_contain_text("local-ops_manager")
    expect(notes.get_by_role("button", name="Remove")).to_have_count(0)
    notes.get_by_label("New note").fill("Not on Fridays.")
    notes.get_by_role("button", name="Add note").click()
    notes.get_by_role("button", name="Remove the note by local-people_ops").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()

    expect(notes.get_by_role("listitem")).to_have_count(1)


def test_people_choose_what_to_be_told(page: Page) -> None:
    """People operations: what managers are told is what other tests read."""
    sign_in(page, "local-people_ops", at="/settings/notifications")
    page.get_by_role("combobox", name="Session reports").click()
    page.get_by_role("option", name="Only where something changed").click()
    page.get_by_label("Keep them").check()
    page.get_by_label("Address").fill("https://internal.example/hook")
    page.get_by_role("button", name="Save").click()
    refused = page.get_by_role("group", name="Webhook")
    expect(refused.get_by_role("textbox")).to_have_attribute("aria-invalid", "true")

    page.get_by_label("Address").fill("")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved").first).to_be_visible()

    page.reload()
    reports = page.get_by_role("combobox", name="Session reports")
    expect(reports).to_contain_text("Only where something changed")
    expect(page.get_by_label("From", exact=True)).to_have_value("20:00")


def test_an_administrator_is_offered_what_names_no_tutor(page: Page) -> None:
    sign_in(page, "local-admin", at="/settings/notifications")
    page.get_by_label("Send them").check()
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_text("Saved").first).to_be_visible()
    expect(page.get_by_text("Session reports")).to_have_count(0)


def test_a_manager_says_when_people_operations_work(page: Page) -> None:
    sign_in(page, at="/settings")
    hours = page.get_by_role("form", name="People operations")
    hours.get_by_label("Friday", exact=True).uncheck()
    hours.get_by_label("Dates").fill("2026-12-25 2026-12-24")
    hours.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved").first).to_be_visible()

    page.reload()

    expect(hours.get_by_label("Friday", exact=True)).not_to_be_checked()
    expect(hours.get_by_label("Dates")).to_have_value("2026-12-24 2026-12-25")
    expect(hours.get_by_label("Monday, from")).to_have_value("09:00")


def test_a_threshold_is_previewed_before_it_is_saved(page: Page) -> None:
    sign_in(page, at="/settings")
    page.get_by_label("Reschedule rate").fill("30")
    expect(page.get_by_text("2 % to 50 %, usually 15 % · now 15 %")).to_be_visible()
    preview = page.get_by_role("region", name="What this would do")
    preview.get_by_role("button", name="Preview").click()

    expect(preview).to_contain_text("tutors at work")


def test_people_operations_can_not_override(page: Page) -> None:
    sign_in(page, "local-people_ops", at=f"/tutors/{CALM}")
    heading(page, "Ada Byron")

    expect(page.get_by_role("button", name="Override score")).to_have_count(0)


def test_filters_stand_in_the_address_and_are_shared_with_it(page: Page) -> None:
    sign_in(page, at="/tutors")
    page.get_by_role("button", name="Critical").click()
    expect(page).to_have_url(re.compile("risk=critical"))
    page.get_by_label("Name, id or subject").press_sequentially("grace")
    expect(page.get_by_role("row")).to_have_count(2)
    address = page.url

    page.goto("/")
    page.goto(address)

    expect(page.get_by_label("Name, id or subject")).to_have_value("grace")
    expect(page.get_by_role("row")).to_have_count(2)


def test_an_export_holds_what_is_shown_and_no_formula(page: Page) -> None:
    sign_in(page, at=f"/tutors?q={ODD}")
    expect(page.get_by_role("row")).to_have_count(2)
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()

    (row,) = csv.DictReader(io.StringIO(Path(download.value.path()).read_text("utf-8-sig")))

    assert row["tutor_id"] == ODD
    assert row["name"] == f"'{MARKUP}"


def test_markup_in_a_name_is_text(page: Page) -> None:
    page.on("dialog", lambda dialog: pytest.fail(f"a name ran: {dialog.message}"))
    sign_in(page, at=f"/tutors/{ODD}")

    heading(page, MARKUP)
    expect(page.locator("main img")).to_have_count(0)


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


def test_what_is_half_written_of_one_tutor_is_not_kept_for_another(page: Page) -> None:
    sign_in(page, at=f"/tutors/{CALM}")
    heading(page, "Ada Byron")
    go_to(page, "Grace Hopper")
    page.get_by_label("New note").fill("Only of Grace")

    go_to(page, "Ada Byron")

    expect(page.get_by_label("New note")).to_have_value("")


def go_to(page: Page, name: str) -> None:
    """By the palette."""
    page.keyboard.press("Control+k")
    page.get_by_label("Name, id, subject or page").fill(name)
    expect(page.get_by_role("option", name=name)).to_be_visible()
    page.keyboard.press("Enter")
    heading(page, name)


def refuse_to_renew(route: Route) -> None:
    if "grant_type=refresh_token" in (route.request.post_data or ""):
        route.fulfill(status=400, json={"error": "invalid_grant"})
    else:
        route.continue_()


def test_a_session_that_ends_is_renewed_in_front_of_the_page(page: Page) -> None:
    sign_in(page, at=f"/tutors/{CALM}")
    heading(page, "Ada Byron")
    page.get_by_role("button", name=re.compile("verride")).click()
    page.get_by_label("Why").fill("Half written")
    page.route("**/api/**", lambda route: route.fulfill(status=401, body="{}"))
    page.route("**/oauth2/token", refuse_to_renew)
    page.get_by_role("button", name="Override", exact=True).click()
    expect(page.get_by_role("heading", name="Your session has ended")).to_be_visible()

    page.unroute("**/api/**")
    with page.expect_popup() as small:
        page.get_by_role("button", name="Sign in again").click()
    small.value.get_by_role("button", name="local-ops_manager").click()

    expect(page.get_by_role("heading", name="Your session has ended")).to_be_hidden()
    expect(page.get_by_label("Why")).to_have_value("Half written")


def test_a_page_says_that_the_service_is_away_and_comes_back_by_itself(page: Page) -> None:
    sign_in(page)
    heading(page, "Tutor health")
    page.route("**/api/settings", lambda route: route.abort())
    page.get_by_role("link", name="Settings").first.click()
    expect(page.get_by_role("alert")).to_contain_text("can not be reached")

    page.unroute("**/api/settings")
    page.get_by_role("button", name="Try again").click()

    expect(page.get_by_role("heading", name="When interventions open")).to_be_visible()


def test_while_the_service_is_slow_shapes_stand_where_numbers_will(page: Page) -> None:
    sign_in(page)
    held: list[Route] = []
    page.route("**/api/tutors/*", lambda route: held.append(route))
    page.goto(f"/tutors/{CALM}")

    expect(page.get_by_role("status").get_by_text("Loading the tutor")).to_be_attached()

    page.unroute("**/api/tutors/*")  # which lets go of what was held
    heading(page, "Ada Byron")


def test_what_was_completed_stays_on_the_tutors_page(page: Page) -> None:
    sign_in(page, at=f"/tutors/{AT_RISK}")
    tasks = page.get_by_role("region", name="Interventions")
    task = tasks.get_by_role("listitem").filter(has_text="Retention interview").first
    task.get_by_role("button", name="What to do with").click()
    page.get_by_role("menuitem", name="Complete…").click()
    page.get_by_role("button", name="Complete", exact=True).click()
    said = page.get_by_role("region", name="Notifications")
    expect(said.get_by_text("Completed", exact=True)).to_be_visible()

    page.reload()
    tasks.get_by_text("Ended").click()

    ended = tasks.get_by_role("listitem").filter(has_text="Retention interview").first
    expect(ended).to_contain_text("Improved")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_no_page_keeps_anybody_out(page: Page, size: ViewportSize, theme: str) -> None:
    sign_in(page)
    page.set_viewport_size(size)
    page.evaluate("theme => localStorage.setItem('theme', theme)", theme)
    found: dict[str, list[str]] = {}
    for address in PAGES:
        page.goto(address)
        page.wait_for_load_state("networkidle")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
        page.evaluate(AXE.read_text())
        complaints = page.evaluate(
            "axe.run().then(said => said.violations.flatMap(one =>"
            " one.nodes.map(node => `${one.id}: ${node.target} ${node.failureSummary}`)))"
        )
        if complaints:
            found[address] = complaints

    assert not found
