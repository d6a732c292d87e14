"""POST /api/settings/…/dry-run: what a change would have brought, and that nothing is changed."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions import dry_run_api
from shared.aws.scorecard_table import ScorecardTable, StoredCard
from shared.aws.tutor_log import LogTable, Versioned
from shared.domain.churn_score import risk_level
from shared.domain.scorecard import daily_record
from shared.domain.tutor_row import tutor_row
from tests.builders import card, completed, log, tutor
from tests.functions.conftest import BY_CLOUDFRONT, Aws

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


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
    monkeypatch.setattr(dry_run_api, "now", lambda: NOW)


def ask(body: object, part: str = "interventions", role: str | None = "ops_manager") -> Answer:
    """One request of Sam, who has that one role."""
    claims = {"token_use": "access", "sub": "s", "username": "sam", "cognito:groups": f"[{role}]"}
    event = {
        "rawPath": f"/api/settings/{part}/dry-run",
        "headers": BY_CLOUDFRONT | {"content-type": "application/json"},
        "body": json.dumps(body),
        "requestContext": {
            "requestId": "request-1",
            "authorizer": {"jwt": {"claims": claims if role else None}},
        },
    }
    answered = dry_run_api.handler(event, LambdaContext())
    return Answer(answered["statusCode"], json.loads(answered["body"]))


def nights(aws: Aws, tutor_id: str, score: float, count: int = 70, status: str = "active") -> None:
    """A tutor with the same churn score every night."""
    cards = ScorecardTable(aws.store)
    scored = replace(card(log()), tutor_id=tutor_id)
    who = replace(tutor(), tutor_id=tutor_id)
    row = replace(tutor_row(scored, who, NOW, None), tutor_id=tutor_id, status=status)
    cards.put_scorecard(scored, row, StoredCard())
    night = daily_record(scored, ())
    for back in range(count):
        cards.put_day(
            replace(
                night,
                as_of=NOW.replace(hour=0) - timedelta(days=back),
                churn_score=score,
                risk_level=risk_level(score),
                confirmed=(),
            )
        )


def opened(budget: dict[str, Any]) -> dict[str, int]:
    return {load["kind"]: load["opened"] for load in budget["by_kind"]}


def test_a_dry_run_tells_both_sides_and_changes_nothing(aws: Aws) -> None:
    nights(aws, "t-1", 55)
    nights(aws, "t-2", 65)

    answer = ask({"values": {"coaching_score": 60}})

    assert answer.status == 200
    assert (answer.json["tutors"], answer.json["nights"]) == (2, 30)
    assert opened(answer.json["in_force"])["H1"] == 2
    assert opened(answer.json["proposed"])["H1"] == 1
    manager = answer.json["proposed"]["by_owner"][1]
    assert (manager["owner"], manager["a_day"]) == ("ops_manager", 0.0333)
    assert aws.items("SETTINGS") == []


def test_a_dry_run_is_asked_of_tutors_at_work(aws: Aws) -> None:
    for number, status in enumerate(("resigned", "on_leave", "deactivated")):
        nights(aws, f"t-{number}", 60, count=3, status=status)

    answer = ask({"values": {"coaching_score": 60}})

    assert (answer.json["tutors"], answer.json["in_force"]["by_kind"]) == (0, [])


def test_a_dry_run_of_a_young_marketplace_divides_by_the_nights_there_were(aws: Aws) -> None:
    nights(aws, "t-1", 60, count=10)

    answer = ask({"values": {"plan_score": 80}})

    assert answer.json["nights"] == 10
    (load,) = [each for each in answer.json["in_force"]["by_kind"] if each["kind"] == "H1"]
    assert load["a_day"] == 0.1


def test_a_dry_run_without_time_for_all_tells_of_a_sample(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        nights(aws, f"t-{number}", 55)
    clock = iter([0.0, 1.0, 99.0])
    monkeypatch.setattr(dry_run_api, "monotonic", lambda: next(clock))

    answer = ask({"values": {"plan_score": 80}}).json

    assert (answer["tutors"], answer["asked"]) == (3, 1)
    assert opened(answer["in_force"])["H1"] == 3
    assert answer["in_force"]["by_owner"][1]["a_day"] == 0.1


def test_a_dry_run_refuses_what_could_not_be_put_in_force() -> None:
    assert ask({"values": {"coaching_score": 10}}).wrong == ["values.coaching_score"]
    assert ask({}).wrong == ["values"]


def flags(budget: dict[str, Any]) -> dict[str, tuple[int, int]]:
    return {load["code"]: (load["raised"], load["up"]) for load in budget["by_flag"]}


def test_a_threshold_is_rehearsed_on_what_was_reported(aws: Aws) -> None:
    """Ratings fell to four stars twenty days ago."""
    nights(aws, "t-7", 20)
    sessions = [completed(NOW - timedelta(days=day), 5 if day > 20 else 4) for day in range(100)]
    for session in sessions:
        LogTable(aws.store).put_session(session, Versioned(None, 0))

    answer = ask({"values": {"rating_last_30": 4.8}}, "thresholds")

    assert answer.status == 200
    assert flags(answer.json["in_force"]).get("low_rating") is None
    assert flags(answer.json["proposed"])["low_rating"] == (1, 1)
    assert aws.items("SETTINGS") == []


@pytest.mark.parametrize(
    ("part", "name"), [("interventions", "rating_last_30"), ("thresholds", "coaching_score")]
)
def test_each_part_knows_its_own_names(part: str, name: str) -> None:
    assert ask({"values": {name: 60}}, part).wrong == [f"values.{name}"]


def test_calendars_and_the_like_are_not_rehearsed() -> None:
    assert ask({"values": {"coaching_score": 60}}, "calendars").status == 404


@pytest.mark.parametrize(
    ("role", "status"),
    [("ops_manager", 200), ("admin", 200), ("people_ops", 200), ("service", 403),
     ("tutor", 403), ("student", 403), (None, 401)],
)  # fmt: skip
def test_who_may_ask(aws: Aws, role: str | None, status: int) -> None:
    assert ask({"values": {"plan_score": 80}}, role=role).status == status


def test_who_asked_is_written_down(aws: Aws) -> None:
    ask({"values": {"plan_score": 80}})

    (row,) = aws.items("AUDIT#")
    assert (row["operation"]["S"], row["subject"]["S"], row["status"]["N"]) == (
        "dry_run", "settings/interventions/dry-run", "200",
    )  # fmt: skip
