"""The tour: a signed session becomes a tutor's score, as the README tells it."""

import pytest

from tests.e2e.marketplace import Marketplace, completed, moved

pytestmark = pytest.mark.e2e


def test_a_signed_session_changes_the_scorecard_within_seconds(marketplace: Marketplace) -> None:
    profile = {
        "tutor_id": "t-tour",
        "name": "Ada Lovelace",
        "email": "ada@example.com",
        "subjects": ["Mathematics"],
        "onboarding_date": "2026-01-05",
        "status": "active",
    }
    assert marketplace.post("/api/tutors", "tour-profile", profile)[0] == 202
    for number in range(9):
        body = completed(f"s-tour-{number}", "t-tour", 24 + number, student_rating=5)
        assert marketplace.post("/api/sessions", f"tour-{number}", body)[0] == 202

    status, answer = marketplace.post(
        "/api/sessions", "tour-moved", moved("s-tour-moved", "t-tour", 2)
    )
    marketplace.drain()
    tutor = marketplace.get("/api/tutors/t-tour")

    assert (status, answer) == (202, {"id": "tour-moved", "duplicate": False})
    assert tutor["profile"]["name"] == "Ada Lovelace"
    month = tutor["windows"]["30d"]
    assert (month["sessions"], month["tutor_reschedules"]) == (10, 1)
    assert month["reschedule_rate"]["value"] == 0.1
    assert month["avg_rating"] == 5
    assert "high_reschedule_rate" not in [flag["code"] for flag in tutor["flags"]]


def test_the_tutor_is_in_the_list_and_sees_a_page_without_risk(marketplace: Marketplace) -> None:
    assert marketplace.post("/api/sessions", "own-1", completed("s-own", "t-own", 3))[0] == 202
    marketplace.drain()

    rows = marketplace.get("/api/tutors?q=t-own")["items"]
    own = marketplace.get("/api/tutors/t-own", role="tutor", user="t-own")

    assert [row["tutor_id"] for row in rows] == ["t-own"]
    assert "churn_score" in rows[0]
    assert not [name for name in own if "churn" in name or "risk" in name or "flag" in name]


def test_a_duplicate_is_answered_as_one_and_counted_once(marketplace: Marketplace) -> None:
    body = completed("s-twice", "t-twice", 5)

    first = marketplace.post("/api/sessions", "twice", body)
    second = marketplace.post("/api/sessions", "twice", body)
    other = marketplace.post("/api/sessions", "twice", {**body, "student_rating": 1})
    marketplace.drain()

    assert [first[1]["duplicate"], second[1]["duplicate"]] == [False, True]
    assert other[0] == 409
    assert marketplace.get("/api/tutors/t-twice")["windows"]["30d"]["sessions"] == 1
