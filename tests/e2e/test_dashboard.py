"""What an operations manager does in a browser: real Chromium against the running stack."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
import urllib3
from playwright.sync_api import Locator, Page, expect

from infra_cdk.local.browser import sign_in
from infra_cdk.local.sign_in import access_token
from infra_cdk.local.stack import LocalStack
from tests.e2e.dashboard import (
    AT_RISK,
    CALM,
    IN_BROWSER,
    MARKUP,
    ODD,
    heading,
    trouble,
    until_interviewed,
)
from tests.e2e.marketplace import Marketplace

pytestmark = IN_BROWSER


def test_the_tutor_at_risk_stands_first_and_the_page_says_why(page: Page) -> None:
    sign_in(page)
    queue = page.get_by_role("region", name="Tutors at risk")
    first = queue.get_by_role("listitem").first
    expect(first).to_contain_text("Grace Hopper")
    expect(first).to_contain_text("Reschedule pattern and 4 more")

    first.get_by_role("link", name="Grace Hopper").click()

    heading(page, "Grace Hopper")
    evidence = page.get_by_role("region", name="Flags").get_by_title("d-missed-0")
    expect(evidence.first).to_be_visible()
    parts = page.get_by_role("table", name="Parts of the churn score")
    points = [
        float(cell.replace("−", "-"))
        for cell in parts.locator("tbody td:last-child").all_inner_texts()
    ]
    (total,) = parts.locator("tfoot td:last-child").all_inner_texts()
    assert sum(round(10 * one) for one in points) == round(10 * float(total))


def test_a_number_leads_to_what_it_means(page: Page) -> None:
    sign_in(page, at=f"/tutors/{AT_RISK}")

    page.get_by_role("link", name="Moved at short notice").click()

    heading(page, "What the numbers mean")
    term = page.locator("#metrics-late_notice_reschedules")
    expect(term).to_contain_text("Moved at short notice")
    expect(term).to_be_in_viewport()


def interview(within: Page | Locator) -> Locator:
    """Grace's, wherever it is shown."""
    tasks = within.get_by_role("listitem").filter(has_text="Retention interview")
    return tasks.filter(has_text="Grace Hopper") if isinstance(within, Page) else tasks


def test_a_retention_interview_is_assigned_and_commented(page: Page) -> None:
    sign_in(page, at="/interventions?owner=people_ops")
    task = interview(page)
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
    interview(page.get_by_role("main")).get_by_text("History (").click()
    expect(page.get_by_text("Called; overworked.")).to_be_visible()


def test_several_tasks_are_given_to_somebody_at_once(page: Page) -> None:
    sign_in(page, at="/interventions?owner=people_ops")
    tasks = page.get_by_role("listitem").filter(has_text="Grace Hopper")
    expect(tasks.first).to_be_visible()
    count = tasks.count()
    for task in tasks.all():
        task.get_by_role("checkbox").check()

    page.get_by_role("button", name=f"Assign {count} to…").click()
    page.get_by_role("combobox", name="Whom to give it to").click()
    expect(page.get_by_role("option", name=re.compile("local-(admin|tutor)"))).to_have_count(0)
    page.get_by_role("option", name="local-people_ops").click()
    page.get_by_role("button", name="Assign", exact=True).click()

    for task in tasks.all():
        expect(task).to_contain_text("local-people_ops")


def test_who_was_slower_is_told_and_shown_the_newest_state(
    page: Page, stack: LocalStack, marketplace: Marketplace
) -> None:
    sign_in(page, at="/interventions?owner=people_ops")
    task = interview(page)
    expect(task).to_be_visible()
    note_by_somebody_else(stack, marketplace)

    task.get_by_role("button", name="What to do with").click()
    page.get_by_role("menuitem", name=re.compile("Snooze")).click()
    page.get_by_label("Why").fill("On holiday.")
    page.get_by_role("button", name="Snooze").click()

    expect(page.get_by_text("Somebody was quicker").first).to_be_visible()
    expect(task).not_to_contain_text("Snoozed")


def note_by_somebody_else(stack: LocalStack, marketplace: Marketplace) -> None:
    """On the retention interview."""
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
        timeout=60,
    )
    assert quicker.status == 200


def test_what_changes_while_a_dialog_is_open_is_not_overwritten_unseen(
    page: Page, stack: LocalStack, marketplace: Marketplace
) -> None:
    page.clock.install()
    sign_in(page, at="/interventions?owner=people_ops")
    task = interview(page)
    task.get_by_role("button", name="What to do with").click()
    page.get_by_role("menuitem", name=re.compile("Snooze")).click()
    note_by_somebody_else(stack, marketplace)
    with page.expect_response("**/api/interventions?*"):
        page.clock.fast_forward("00:31")

    page.get_by_label("Why").fill("On holiday.")
    page.get_by_role("button", name="Snooze").click()

    expect(page.get_by_text("Somebody was quicker").first).to_be_visible()


def test_a_manager_overrides_a_score_and_everybody_sees_whose_it_is(page: Page) -> None:
    sign_in(page, at=f"/tutors/{CALM}")
    page.get_by_role("button", name="Override score").click()
    page.get_by_label("Score, 0 to 100").fill("80")
    page.get_by_label("Why").fill("Told me she is leaving.")
    page.get_by_role("button", name="Override", exact=True).click()

    expect(page.get_by_text("Overridden to 80")).to_be_visible()
    expect(page.get_by_text("“Told me she is leaving.”")).to_be_visible()
    page.get_by_role("link", name="Tutors").first.click()
    page.get_by_label("Name, id or subject").fill(CALM)
    row = page.get_by_role("row").filter(has_text="Ada Byron")
    expect(row).to_contain_text("overridden: 80")


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


def test_what_is_half_changed_outlives_what_is_saved_beside_it(page: Page) -> None:
    sign_in(page, at="/settings")
    page.get_by_role("form", name="People operations").get_by_label("Dates").fill("2026-12-31")
    managers = page.get_by_role("form", name="Operations manager")
    managers.get_by_label("Dates").fill("2026-12-24")
    managers.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved").first).to_be_visible()
    expect(managers.get_by_role("button", name="Save")).to_be_disabled()

    hours = page.get_by_role("form", name="People operations")
    expect(hours.get_by_label("Dates")).to_have_value("2026-12-31")
    with page.expect_response("**/api/settings/calendars/people_ops") as saved:
        hours.get_by_role("button", name="Save").click()
    assert saved.value.status == 200


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


def test_a_view_that_is_often_wanted_is_kept_under_a_name(page: Page) -> None:
    sign_in(page, at="/tutors?risk=critical&sort=sessions")
    page.get_by_role("button", name="Views").click()
    page.get_by_role("menuitem", name="Save this view…").click()
    page.get_by_label("Name", exact=True).fill("Busy and in trouble")
    page.get_by_role("button", name="Save", exact=True).click()

    page.goto("/tutors")
    page.get_by_role("button", name="Views").click()
    page.get_by_role("menuitem", name="Busy and in trouble").click()

    expect(page).to_have_url(re.compile("risk=critical&sort=sessions"))
    page.get_by_role("button", name="Views").click()
    page.get_by_role("menuitem", name="Forget this view").click()
    page.get_by_role("button", name="Views").click()
    expect(page.get_by_role("menuitem", name="Busy and in trouble")).to_have_count(0)


def test_a_session_that_a_flag_names_is_found_however_old(page: Page) -> None:
    sign_in(page, at=f"/tutors/{AT_RISK}#session-d-low-15")

    expect(page.locator("#session-d-low-15")).to_be_in_viewport()


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


def test_what_was_completed_stays_in_view_and_is_given_to_nobody(page: Page) -> None:
    sign_in(page, at=f"/tutors/{AT_RISK}")
    tasks = page.get_by_role("region", name="Interventions")
    task = interview(tasks).first
    task.get_by_role("button", name="What to do with").click()
    page.get_by_role("menuitem", name="Complete…").click()
    page.get_by_role("button", name="Complete", exact=True).click()
    said = page.get_by_role("region", name="Notifications")
    expect(said.get_by_text("Completed", exact=True)).to_be_visible()

    page.reload()
    tasks.get_by_text("Ended").click()

    ended = interview(tasks).first
    expect(ended).to_contain_text("Improved")
    page.goto("/interventions?status=completed")
    done = interview(page)
    expect(done.get_by_role("checkbox")).to_be_disabled()


def test_all_that_can_be_given_is_chosen_at_once(page: Page, marketplace: Marketplace) -> None:
    for name in ("mary", "emmy"):
        marketplace.deliver(trouble(f"t-{name}", name.title(), "Latin", name))
        until_interviewed(marketplace, f"t-{name}")
    sign_in(page, at="/interventions")
    every = page.get_by_label(re.compile(r"Choose all \d+ here"))
    every.check()
    one_by_one = page.get_by_role("checkbox", name=re.compile("^Choose .* of "))
    chosen = one_by_one.and_(page.locator(":checked"))
    expect(page.get_by_role("button", name=f"Assign {chosen.count()} to me")).to_be_visible()
    assert chosen.count() > 1
    by_itself = page.get_by_role("listitem").filter(has_text="Runs by itself")
    expect(by_itself.first.get_by_role("checkbox")).to_be_disabled()

    chosen.first.uncheck()

    expect(every).not_to_be_checked()
    expect(page.get_by_role("button", name=f"Assign {chosen.count()} to me")).to_be_visible()
