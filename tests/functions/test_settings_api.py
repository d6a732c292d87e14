"""/api/settings: who may change what, on which version, within which bounds, and what is kept."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions import query_api, settings_api
from shared.aws.intervention_table import InterventionTable
from shared.aws.preference_table import PreferenceTable
from shared.aws.scorecard_table import ScorecardTable
from shared.domain.intervention import Owner
from shared.domain.office import UTC_OFFICE
from shared.domain.policy import DIALS
from shared.domain.preference import Channel, Preference, Reports
from tests.functions.conftest import BY_CLOUDFRONT, Aws

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DIAL = "/api/settings/interventions"
THRESHOLD = "/api/settings/thresholds"
CALENDAR = "/api/settings/calendars/ops_manager"
OWN = "/api/settings/notifications"
SLACK = "https://hooks.slack.com/services/T00/B00/XyZ9"
DAY = {"begin": "08:30", "end": "16:30"}
BERLIN = {
    "zone": "Europe/Berlin",
    "week": [DAY, DAY, DAY, DAY, DAY, None, None],
    "holidays": ["2026-12-25", "2026-12-24"],
}
WRITES = [
    (DIAL, {"values": {"coaching_score": 60}}),
    (THRESHOLD, {"values": {"no_show_rate": 0.1}}),
    (CALENDAR, BERLIN),
    (OWN, {"digests": False}),
]
CHANGED_MINDS = [
    (path, body, other)
    for (path, body), other in zip(
        WRITES,
        (
            {"values": {"coaching_score": 70}}, {"values": {"no_show_rate": 0.2}},
            {**BERLIN, "holidays": []}, {"digests": True},
        ),
        strict=True,
    )
]  # fmt: skip
"""Something else that the same person might have said."""


@dataclass(frozen=True)
class Answer:
    """What the browser gets."""

    status: int
    json: Any

    @property
    def wrong(self) -> list[str]:
        return [error["field"] for error in self.json["errors"]]


@pytest.fixture(autouse=True)
def at_noon(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    for function in (settings_api, query_api):
        monkeypatch.setattr(function, "now", lambda: NOW)


def event(path: str, body: object, role: str | None, seen: str | None) -> dict[str, Any]:
    """One request of Sam, who has that one role."""
    claims = {"token_use": "access", "sub": "s", "username": "sam", "cognito:groups": f"[{role}]"}
    return {
        "rawPath": path,
        "headers": BY_CLOUDFRONT
        | {"content-type": "application/json"}
        | ({"if-match": seen} if seen else {}),
        "body": body if isinstance(body, str) else json.dumps(body) if body else None,
        "requestContext": {
            "requestId": "request-1",
            "authorizer": {"jwt": {"claims": claims if role else None}},
        },
    }


def put(
    path: str, body: object, *, role: str | None = "ops_manager", seen: str | None = '"0"'
) -> Answer:
    answered = settings_api.handler(event(path, body, role, seen), LambdaContext())
    return Answer(answered["statusCode"], json.loads(answered["body"]))


def get(path: str = "/api/settings", role: str = "people_ops") -> Answer:
    answered = query_api.handler(event(path, None, role, None), LambdaContext())
    return Answer(answered["statusCode"], json.loads(answered["body"]))


def test_untouched_settings_are_the_defaults_with_their_bounds() -> None:
    settings = get().json

    dials = {dial["name"]: dial for dial in settings["interventions"]["items"]}
    assert dials.keys() == DIALS.keys()
    about = "churn score above which a coaching session is due"
    assert dials["coaching_score"] == {
        "name": "coaching_score", "title": "Score for coaching", "value": 50, "default": 50,
        "low": 50, "high": 90, "whole": False, "share": False, "about": about,
    }  # fmt: skip
    assert [each["version"] for each in settings.values()] == [0, 0, 0]
    assert [each["history"] for each in settings.values()] == [[], [], []]
    assert [each["owner"] for each in settings["calendars"]["items"]] == [
        "ops_manager", "people_ops",
    ]  # fmt: skip
    assert settings["calendars"]["items"][0]["calendar"]["week"][4:6] == [
        {"begin": "09:00", "end": "17:00"}, None,
    ]  # fmt: skip


def test_who_moves_a_dial_is_kept_with_when_and_from_where(aws: Aws) -> None:
    put(DIAL, {"values": {"coaching_score": 60, "sustained_days": 10}})
    put(DIAL, {"values": {"coaching_score": 65.5}}, seen='"1"', role="admin")

    dials = get().json["interventions"]
    assert dials["version"] == 2
    assert dials["history"] == [
        {"version": 2, "by": "sam", "at": "2026-11-20T12:00:00Z",
         "moved": [{"name": "coaching_score", "before": 60, "after": 65.5}]},
        {"version": 1, "by": "sam", "at": "2026-11-20T12:00:00Z",
         "moved": [{"name": "coaching_score", "before": 50, "after": 60},
                   {"name": "sustained_days", "before": 7, "after": 10}]},
    ]  # fmt: skip
    policy = InterventionTable(aws.store).policy()
    assert (policy["coaching_score"], policy["sustained_days"]) == (65.5, 10)


def test_the_change_answers_what_is_in_force_now() -> None:
    answer = put(DIAL, {"values": {"coaching_score": 60}})

    assert (answer.status, answer.json["version"]) == (200, 1)
    assert answer.json["items"][0]["value"] == 60


def test_a_threshold_is_moved_for_the_next_scoring(aws: Aws) -> None:
    assert put(THRESHOLD, {"values": {"no_show_rate": 0.1}}).status == 200

    cards = ScorecardTable(aws.store)
    assert cards.settings().limit("no_show_rate").value == 0.1
    assert cards.settings(1) == cards.settings()
    assert cards.settings(0).limit("no_show_rate").value == 0.05
    assert get().json["thresholds"]["history"][0]["moved"] == [
        {"name": "no_show_rate", "before": 0.05, "after": 0.1}
    ]


def test_an_owners_calendar_is_put_and_the_others_stays(aws: Aws) -> None:
    assert put(CALENDAR, BERLIN).status == 200

    calendars = InterventionTable(aws.store).office().calendars
    assert calendars[Owner.OPS_MANAGER].holidays == {date(2026, 12, 24), date(2026, 12, 25)}
    assert Owner.PEOPLE_OPS not in calendars
    (change,) = get().json["calendars"]["history"]
    (moved,) = change["moved"]
    assert (change["by"], moved["owner"]) == ("sam", "ops_manager")
    assert moved["before"]["zone"] == UTC_OFFICE.zone
    assert moved["after"] == BERLIN | {"holidays": ["2026-12-24", "2026-12-25"]}


# fmt: off
WRONG: list[tuple[str, object, str]] = [
    (DIAL, None, "values"),
    (DIAL, {"values": {}}, "values"),
    (DIAL, {"values": {"mood": 1}}, "values.mood"),
    (DIAL, {"values": {"coaching_score": 49.9}}, "values.coaching_score"),
    (DIAL, {"values": {"coaching_score": "60"}}, "values.coaching_score"),
    (DIAL, {"values": {"coaching_score": True}}, "values.coaching_score"),
    (DIAL, {"values": {"sustained_days": 7.5}}, "values.sustained_days"),
    (DIAL, '{"values": {"coaching_score": NaN}}', "values.coaching_score"),
    (THRESHOLD, {"values": {"no_show_rate": 0.9}}, "values.no_show_rate"),
    (THRESHOLD, {"values": {"coaching_score": 60}}, "values.coaching_score"),
    (CALENDAR, None, "zone"),
    (CALENDAR, BERLIN | {"zone": "Mars/Olympus"}, "zone"),
    (CALENDAR, BERLIN | {"zone": "../../etc/passwd"}, "zone"),
    (CALENDAR, BERLIN | {"zone": "Europe"}, "zone"),
    (CALENDAR, BERLIN | {"week": [DAY] * 6}, "week.6"),
    (CALENDAR, BERLIN | {"week": [DAY] * 8}, "week"),
    (CALENDAR, BERLIN | {"week": [None] * 7}, "week"),
    (CALENDAR, BERLIN | {"week": [{"begin": "17:00", "end": "09:00"}, *[DAY] * 6]}, "week.0.end"),
    (CALENDAR, BERLIN | {"week": [{"begin": "9", "end": "17:00"}, *[DAY] * 6]}, "week.0.begin"),
    (CALENDAR, BERLIN | {"week": [{"begin": "09:00", "end": "24:00"}, *[DAY] * 6]}, "week.0.end"),
    (CALENDAR, BERLIN | {"holidays": ["2026-02-30"]}, "holidays.0"),
    (CALENDAR, BERLIN | {"holidays": ["2026-12-25"] * 101}, "holidays"),
    (OWN, {"reports": "never"}, "reports"),
    (OWN, {"alerts": ["mail", "fax"]}, "alerts.1"),
    (OWN, {"alerts": ["webhook"]}, "alerts"),
    (OWN, {"zone": "Mars/Olympus"}, "zone"),
    (OWN, {"quiet_hours": {"begin": "22:00"}}, "quiet_hours.end"),
    (OWN, {"quiet_hours": {"begin": "22:00", "end": "22:00"}}, "quiet_hours.end"),
    (OWN, {"webhook_url": "https://evil.example/1"}, "webhook_url"),
    (OWN, {"webhook_url": "http://hooks.slack.com/1"}, "webhook_url"),
    (OWN, {"webhook_url": ""}, "webhook_url"),
    (OWN, {"digests": "no"}, "digests"),
]
# fmt: on


@pytest.mark.parametrize(("path", "body", "field"), WRONG)
def test_what_is_wrong_is_named_and_nothing_is_kept(
    aws: Aws, path: str, body: object, field: str
) -> None:
    answer = put(path, body)

    assert answer.status == 422
    assert field in answer.wrong
    assert aws.items("SETTINGS") == []
    assert aws.items("PERSON#") == []


@pytest.mark.parametrize(("path", "body", "other"), CHANGED_MINDS)
def test_who_saw_an_older_version_is_told_so(path: str, body: object, other: object) -> None:
    put(path, body)

    answer = put(path, other)

    assert (answer.status, answer.json["detail"]) == (412, "It is version 1 by now.")


@pytest.mark.parametrize(("path", "body"), WRITES)
def test_what_can_not_be_read_is_told_whichever_version_was_seen(path: str, body: object) -> None:
    put(path, body)

    assert put(path, "[]", seen='"7"').status == 422


@pytest.mark.parametrize(("path", "body"), WRITES)
def test_saying_the_same_again_is_answered_as_the_first_time(
    aws: Aws, path: str, body: object
) -> None:
    first = put(path, body)
    stored = aws.items("SETTINGS"), aws.items("PERSON#")

    assert put(path, body) == first
    assert (aws.items("SETTINGS"), aws.items("PERSON#")) == stored


@pytest.mark.parametrize(("path", "body", "other"), CHANGED_MINDS)
def test_the_same_is_not_the_same_after_something_else(
    path: str, body: object, other: object
) -> None:
    put(path, other)
    put(path, body, seen='"1"')

    assert put(path, body).status == 412


def test_what_somebody_else_said_is_not_said_again(aws: Aws) -> None:
    table = InterventionTable(aws.store)
    table.put_policy(table.policy().changed({"coaching_score": 60}, "kim", NOW))

    assert put(DIAL, {"values": {"coaching_score": 60}}).status == 412


@pytest.mark.parametrize(("path", "body"), WRITES)
@pytest.mark.parametrize(("seen", "status"), [(None, 428), ('"one"', 422), ("0", 200)])
def test_the_version_seen_has_to_be_said(
    path: str, body: object, seen: str | None, status: int
) -> None:
    assert put(path, body, seen=seen).status == status


@pytest.mark.parametrize(("by", "status"), [("kim", 412), ("sam", 200)])
def test_two_at_the_same_moment_do_not_undo_each_other(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, by: str, status: int
) -> None:
    """Unless the other one is this one, whose answer from the table was lost."""
    table = InterventionTable(aws.store)
    before = table.policy()
    after = before.changed({"plan_score": 80}, by, NOW)
    table.put_policy(after)
    reads = iter((before, after))
    monkeypatch.setattr(InterventionTable, "policy", lambda self: next(reads))

    assert put(DIAL, {"values": {"plan_score": 80}}).status == status
    monkeypatch.undo()
    assert table.policy() == after


@pytest.mark.parametrize(
    ("role", "changes", "asks"),
    [("ops_manager", 200, 200), ("admin", 200, 200), ("people_ops", 403, 200),
     ("service", 403, 403), ("tutor", 403, 403), ("student", 403, 403), (None, 401, 401)],
)  # fmt: skip
def test_who_may_change_and_who_may_ask(role: str | None, changes: int, asks: int) -> None:
    for path, body in WRITES[:3]:
        assert put(path, body, role=role).status == changes
    assert put(OWN, {"digests": False}, role=role).status == asks
    if role:
        assert get(role=role).status == asks
        assert get(OWN, role=role).status == asks


@pytest.mark.parametrize(
    "path",
    ["/api/settings/calendars/system", "/api/settings/calendars", "/api/settings/moods",
     "/api/settings/calendars/ops_manager/week", "/api/settings/"],
)  # fmt: skip
def test_what_nobody_can_set_is_not_found(path: str) -> None:
    assert put(path, BERLIN).status == 404


@pytest.mark.parametrize(("path", "body"), WRITES)
def test_a_change_leaves_an_audit_row(aws: Aws, path: str, body: object) -> None:
    put(path, body)

    (row,) = aws.items("AUDIT#")
    assert row["username"] == {"S": "sam"}
    assert row["subject"] == {"S": path.removeprefix("/api/")}
    assert row["status"] == {"N": "200"}


@pytest.mark.parametrize(
    ("body", "seen", "status"),
    [({"values": {"plan_score": 80}}, "7", 412), ({"values": {"plan_score": 800}}, "0", 422)],
)
def test_a_refused_change_leaves_an_audit_row_too(
    aws: Aws, body: object, seen: str, status: int
) -> None:
    assert put(DIAL, body, seen=seen).status == status

    (row,) = aws.items("AUDIT#")
    assert row["status"] == {"N": str(status)}


# What somebody wants to be told


@pytest.mark.parametrize(
    ("role", "reports"), [("ops_manager", "every_session"), ("people_ops", "digest_only")]
)
def test_who_never_chose_is_told_what_is_usual(role: str, reports: str) -> None:
    assert get(OWN, role=role).json == {
        "reports": reports, "digests": True, "alerts": ["mail"],
            "alert_kinds": ["risk", "overdue"], "alert_level": "critical",
        "zone": "UTC", "quiet_hours": None, "webhook_url": None, "version": 0,
    }  # fmt: skip


def test_an_admin_is_told_nothing_until_they_choose(aws: Aws) -> None:
    usual = get(OWN, role="admin").json
    chosen = put(OWN, {"digests": True}, role="admin").json

    assert (usual["reports"], usual["digests"], usual["alerts"]) == ("digest_only", False, [])
    assert (chosen["reports"], chosen["digests"], chosen["alerts"]) == ("digest_only", True, [])


def test_who_may_not_see_tutors_is_not_told_of_them_by_mail(aws: Aws) -> None:
    answer = put(OWN, {"reports": "changes", "alerts": ["mail"]}, role="admin")

    assert answer.status == 422
    assert [error["field"] for error in answer.json["errors"]] == ["reports", "alerts"]


def test_people_choose_for_themselves(aws: Aws) -> None:
    choice = {
        "reports": "changes", "digests": False, "alerts": ["webhook", "mail", "mail"][:2],
        "alert_kinds": ["risk"], "alert_level": "high", "zone": "Europe/Berlin",
        "quiet_hours": {"begin": "22:00", "end": "07:00"}, "webhook_url": SLACK,
    }  # fmt: skip

    answer = put(OWN, choice, role="people_ops")

    shown = choice | {"webhook_url": "https://hooks.slack.com/…/XyZ9", "version": 1}
    assert (answer.status, answer.json) == (200, shown)
    assert get(OWN).json == shown
    found = PreferenceTable(aws.store).preference("sam")
    assert found
    assert (found.webhook_url, found.alerts) == (SLACK, (Channel.WEBHOOK, Channel.MAIL))
    assert len(aws.items("PERSON#")) == 1


def test_an_address_stays_until_it_is_removed(aws: Aws) -> None:
    put(OWN, {"webhook_url": SLACK, "quiet_hours": {"begin": "22:00", "end": "07:00"}})

    kept = put(OWN, {"reports": "changes"}, seen='"1"').json
    removed = put(OWN, {"webhook_url": None, "quiet_hours": None}, seen='"2"').json

    assert (kept["webhook_url"], kept["quiet_hours"]["begin"]) == (
        "https://hooks.slack.com/…/XyZ9", "22:00",
    )  # fmt: skip
    assert (removed["webhook_url"], removed["quiet_hours"]) == (None, None)
    assert removed["reports"] == "changes"


def test_alerts_can_not_lose_the_address_they_go_to() -> None:
    put(OWN, {"webhook_url": SLACK, "alerts": ["webhook"]})

    assert put(OWN, {"webhook_url": None}, seen='"1"').wrong == ["alerts"]


def test_the_whole_address_is_never_answered_nor_written_down_elsewhere(aws: Aws) -> None:
    put(OWN, {"webhook_url": SLACK})

    assert "B00" not in json.dumps(get(OWN).json)
    assert "B00" not in json.dumps([aws.items("AUDIT#"), aws.items("SETTINGS")])


def test_what_was_unsubscribed_from_by_a_link_stays_so(aws: Aws) -> None:
    PreferenceTable(aws.store).put(Preference("sam", reports=None).without("digests"))

    answer = put(OWN, {"zone": "Europe/Berlin"}, seen='"1"').json

    assert (answer["digests"], answer["reports"]) == (False, "every_session")


def test_usual_reports_are_kept_once_anything_is_chosen(aws: Aws) -> None:
    put(OWN, {"digests": False}, role="people_ops")

    found = PreferenceTable(aws.store).preference("sam")
    assert found
    assert found.reports is Reports.DIGEST_ONLY
