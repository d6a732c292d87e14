"""The dashboard as the tests use it: whom it shows, and the ways of a person through it."""

import os
from typing import Final

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from infra_cdk.local.browser import CHROMIUM
from tests.e2e.marketplace import Delivery, Marketplace, completed, moved

IN_BROWSER: Final = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        CHROMIUM is None and not os.environ.get("CI"), reason="apt-get install chromium"
    ),
]
AT_RISK, CALM, ODD = "t-grace", "t-calm", "t-odd"
SUBJECT: Final = "Esperanto"
"""Which these three teach alone: other tests have tutors on the same stack."""
MARKUP: Final = '=HYPERLINK("x") <img src=x onerror=alert(1)>'
PHONE: Final[ViewportSize] = {"width": 360, "height": 780}
TABLET: Final[ViewportSize] = {"width": 768, "height": 1024}
DESK: Final[ViewportSize] = {"width": 1440, "height": 900}
expect.set_options(timeout=30_000)  # a machine may be busy; what is there is found at once


def report_tutors(marketplace: Marketplace) -> None:
    """A tutor in trouble, one who is not, and one with an odd name, scored and summed up."""
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


def profile(tutor_id: str, name: str, **fields: object) -> list[Delivery]:
    said = {
        "tutor_id": tutor_id,
        "name": name,
        "email": f"{tutor_id}@example.org",
        "subjects": [SUBJECT],
        "onboarding_date": "2026-01-05",
        "status": "active",
    }
    return [Delivery("/api/tutors", f"p-{tutor_id}", said | fields)]


def sessions(*bodies: dict[str, object]) -> list[Delivery]:
    return [Delivery("/api/sessions", f"m-{body['session_id']}", body) for body in bodies]


def missed(number: int, tutor_id: str = AT_RISK, name: str = "d-missed") -> dict[str, object]:
    body = completed(f"{name}-{number}", tutor_id, 24 * (2 + 2 * number))
    del body["completed_time"]
    return body | {"status": "no_show", "no_show_party": "tutor"}


def heading(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


def go_to(page: Page, name: str) -> None:
    """By the palette."""
    page.keyboard.press("Control+k")
    page.get_by_label("Name, id, subject or page").fill(name)
    expect(page.get_by_role("option", name=name)).to_be_visible()
    page.keyboard.press("Enter")
    heading(page, name)
