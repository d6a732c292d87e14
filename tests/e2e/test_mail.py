"""From a signed report to what people find in their mail, on the deployed stack."""

from typing import Any

import pytest

from infra_cdk.local.stack import LocalStack
from shared.domain.effect import held_out
from shared.domain.intervention import Kind
from tests.e2e.mailbox import mails
from tests.e2e.marketplace import Body, Marketplace, completed, moved

pytestmark = pytest.mark.e2e

TUTOR = "t-mail"
PATIENCE = 240
"""Seconds; a mail that SES did not answer about is held for three minutes."""


def missed(number: int) -> Body:
    """A session that the tutor did not turn up to."""
    body = completed(f"s-missed-{number}", TUTOR, 24 * (2 + 2 * number))
    del body["completed_time"]
    return body | {"status": "no_show", "no_show_party": "tutor"}


def post(marketplace: Marketplace, *bodies: Body) -> None:
    for body in bodies:
        assert marketplace.post("/api/sessions", f"m-{body['session_id']}", body)[0] == 202
    marketplace.drain()


def test_a_third_reschedule_opens_a4_and_the_tutor_and_operations_are_written_to(
    stack: LocalStack, marketplace: Marketplace
) -> None:
    assert not held_out(TUTOR, Kind.A4, 0.10), "choose another tutor: this one is held out"
    profile = {
        "tutor_id": TUTOR,
        "name": "Ada <b>Park</b>",
        "email": "ada@example.org",
        "subjects": ["French"],
        "onboarding_date": "2026-01-05",
        "status": "active",
    }
    assert marketplace.post("/api/tutors", "m-profile", profile)[0] == 202
    poor = completed("s-poor", TUTOR, 300, session_number=1, student_rating=1)
    post(
        marketplace, poor, *map(missed, range(6)), moved("s-1", TUTOR, 60), moved("s-2", TUTOR, 40)
    )

    post(marketplace, moved("s-3", TUTOR, 0.1, student_id="u-secret"))

    def carried_out() -> Any:
        tasks = marketplace.get(f"/api/tutors/{TUTOR}")["interventions"]
        return next((one for one in tasks if one["kind"] == "A4" and one["acted_at"]), None)

    task = marketplace.eventually(carried_out, PATIENCE)
    assert task["status"] == "in_progress"

    (to_tutor,) = mails(stack, "ada@example.org", "schedule")
    words = to_tutor.as_string().lower()
    assert not [word for word in ("churn", "risk", "score", "flag") if word in words]

    ops = "local-ops_manager@example.com"
    told = marketplace.eventually(lambda: mails(stack, ops, "Ada"), PATIENCE)
    report = told[-1]
    text = report.get_body(("plain",))
    html = report.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "Moved by the tutor" in text.get_content()
    assert "<b>Park" not in html.get_content()
    assert "u-secret" not in report.as_string()
    assert report["list-unsubscribe"]

    reports = marketplace.get(f"/api/reports?tutor_id={TUTOR}")["items"]
    assert {"session_report", "reschedule_alert"} <= {one["kind"] for one in reports}


def test_a_report_reaches_operations_once(stack: LocalStack, marketplace: Marketplace) -> None:
    body = completed("s-once", "t-once", 1)
    for _ in range(3):
        assert marketplace.post("/api/sessions", "once", body)[0] == 202
    marketplace.drain()

    ops = "local-ops_manager@example.com"
    marketplace.eventually(lambda: mails(stack, ops, "t-once"), PATIENCE)

    reports = marketplace.get("/api/reports?tutor_id=t-once")["items"]
    assert len(mails(stack, ops, "t-once")) == len(reports) == 1
