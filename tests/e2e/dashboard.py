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
        *trouble(AT_RISK, "Grace Hopper", SUBJECT, "d"),
        *profile(CALM, "Ada Byron"),
        *profile(ODD, MARKUP),
        *sessions(
            *(completed(f"d-calm-{n}", CALM, 24 * n + 3, student_rating=5) for n in range(20)),
            *(completed(f"d-odd-{n}", ODD, 24 * n + 3, student_rating=5) for n in range(6)),
        ),
    ]
    marketplace.deliver(deliveries)
    marketplace.drain()
    until_interviewed(marketplace, AT_RISK)
    marketplace.invoke("roll_windows")
    marketplace.invoke("summarize_platform")


def trouble(tutor_id: str, name: str, subject: str, prefix: str) -> list[Delivery]:
    """A tutor of whom a retention interview is due; the sessions' ids begin alike."""
    return [
        *profile(tutor_id, name, subjects=[subject], baseline_sessions_per_week=20),
        *sessions(
            *(
                completed(f"{prefix}-low-{n}", tutor_id, 56 * n + 5, student_rating=2)
                for n in range(16)
            ),
            completed(f"{prefix}-first", tutor_id, 60, session_number=1, student_rating=1),
            *(missed(n, tutor_id, f"{prefix}-missed") for n in range(3)),
            *(moved(f"{prefix}-moved-{n}", tutor_id, 20 + n) for n in range(4)),
        ),
    ]


def until_interviewed(marketplace: Marketplace, tutor_id: str) -> None:
    """Wait for the interview to be opened."""

    def interviewed() -> bool:
        answer = marketplace.ask(f"/api/tutors/{tutor_id}")
        if answer.status != 200:  # not scored yet, or the machine is busy
            return False
        return any(task["kind"] == "H4" for task in answer.json()["interventions"])

    marketplace.eventually(interviewed)


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
