"""PUT and DELETE …/override: who may say what of a score, on what they saw, and what follows."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import EndpointConnectionError

from functions import act_on_change, override_api
from shared.aws.intervention_table import InterventionTable
from shared.aws.override_table import OverrideTable
from shared.aws.queue import tutor_queue
from shared.aws.scorecard_table import ScorecardTable
from shared.aws.table import VersionConflictError
from shared.domain.churn_score import ChurnScore, risk_level
from shared.domain.override import Override
from shared.domain.scorecard import daily_record
from shared.domain.tutor import TutorStatus
from shared.domain.tutor_row import tutor_row
from tests.builders import card, log, tutor
from tests.functions.conftest import BY_CLOUDFRONT, Aws, Logged, sqs_event

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SAID = {"score": 20, "reason": "Her child was sick.", "until": "2026-12-20T12:00:00Z"}


@dataclass(frozen=True)
class Answer:
    """What the browser gets."""

    status: int
    json: Any


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOW)


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(override_api, "now", lambda: moment)


@pytest.fixture
def table(aws: Aws) -> OverrideTable:
    """A tutor whose computed score is 60."""
    scored(aws)
    return OverrideTable(aws.store)


def scored(aws: Aws, score: float = 60.0, **told: Any) -> None:
    computed = ChurnScore(score, risk_level(score), ())
    plain = replace(card(log(), NOW), churn_score=computed)
    cards = ScorecardTable(aws.store)
    cards.put_scorecard(plain, tutor_row(plain, tutor(**told), NOW, None), cards.stored("t-7"))


def ask(
    method: str,
    body: object = None,
    *,
    role: str | None = "ops_manager",
    user: str = "sam",
    seen: str | None = '"0"',
    of: str = "t-7",
    content_type: str = "application/json",
) -> Answer:
    """One request of somebody who has that one role."""
    claims = {"token_use": "access", "sub": "s", "username": user, "cognito:groups": f"[{role}]"}
    event = {
        "rawPath": f"/api/tutors/{of}/override",
        "headers": BY_CLOUDFRONT
        | {"content-type": content_type}
        | ({"if-match": seen} if seen else {}),
        "body": body if isinstance(body, str) else json.dumps(body) if body else None,
        "requestContext": {
            "requestId": "request-1",
            "http": {"method": method},
            "authorizer": {"jwt": {"claims": claims if role else None}},
        },
    }
    answered = override_api.handler(event, LambdaContext())
    return Answer(answered["statusCode"], json.loads(answered["body"]))


def kept(table: OverrideTable) -> list[Override]:
    return table.of_tutor("t-7", 9)


def test_a_manager_says_what_the_score_is_and_why(table: OverrideTable) -> None:
    answer = ask("PUT", SAID)

    assert answer.status == 200
    assert answer.json == {
        "score": 20.0,
        "risk_level": "low",
        "until": "2026-12-20T12:00:00Z",
        "set_by": "sam",
        "set_at": "2026-11-20T12:00:00Z",
        "reason": "Her child was sick.",
        "version": 1,
        "score_then": 60.0,
        "ended_at": None,
        "ended_by": None,
        "ended_because": None,
    }
    (one,) = kept(table)
    assert (one.score, one.set_by, one.score_then) == (20.0, "sam", 60.0)


def test_another_one_takes_its_place(table: OverrideTable) -> None:
    ask("PUT", SAID)

    answer = ask("PUT", SAID | {"score": 80.5}, seen='W/"1"', user="kim")

    assert (answer.status, answer.json["version"], answer.json["score"]) == (200, 2, 80.5)
    new, old = kept(table)
    assert (new.set_by, old.ended_by) == ("kim", "kim")


def test_what_is_taken_back_is_over(table: OverrideTable) -> None:
    ask("PUT", SAID)

    answer = ask("DELETE", {"reason": " I was wrong. "}, seen="1", user="kim")

    assert answer.status == 200
    assert answer.json["ended_at"] == "2026-11-20T12:00:00Z"
    assert (answer.json["ended_by"], answer.json["ended_because"]) == ("kim", "I was wrong.")
    assert ask("PUT", SAID, seen="0").json["version"] == 2


def test_no_reason_is_needed_to_take_it_back(table: OverrideTable) -> None:
    ask("PUT", SAID)

    assert ask("DELETE", seen="1").json["ended_because"] is None


def test_saying_the_same_again_changes_nothing(table: OverrideTable, aws: Aws) -> None:
    first = ask("PUT", SAID)
    before = aws.items("TUTOR#")

    again = ask("PUT", SAID | {"reason": "  Her child was sick."})

    assert again == first
    assert aws.items("TUTOR#") == before


def test_taking_it_back_again_changes_nothing(table: OverrideTable, aws: Aws) -> None:
    ask("PUT", SAID)
    first = ask("DELETE", seen="1")
    before = aws.items("TUTOR#")

    assert ask("DELETE", seen="1") == first
    assert aws.items("TUTOR#") == before


# fmt: off
WRONG = [
    ({"score": -0.1}, "score"),
    ({"score": 100.1}, "score"),
    ({"score": "20"}, "score"),
    ({"score": True}, "score"),
    ({"score": None}, "score"),
    ({"reason": "  a  "}, "reason"),
    ({"reason": "x" * 2_001}, "reason"),
    ({"reason": None}, "reason"),
    ({"until": None}, "until"),
    ({"until": "2026-12-20"}, "until"),
    ({"until": "2026-11-20T12:00:00Z"}, "until"),
    ({"until": "2027-02-18T12:00:01Z"}, "until"),
]
# fmt: on


@pytest.mark.parametrize(("told", "field"), WRONG)
def test_what_is_wrong_is_named_and_nothing_is_written(
    table: OverrideTable, told: dict[str, object], field: str
) -> None:
    answer = ask("PUT", SAID | told)

    assert answer.status == 422
    assert [error["field"] for error in answer.json["errors"]] == [field]
    assert kept(table) == []


@pytest.mark.parametrize("score", [0, 100])
def test_the_ends_of_the_scale_are_scores(table: OverrideTable, score: int) -> None:
    assert ask("PUT", SAID | {"score": score}).json["score"] == score


def test_whoever_saw_another_override_is_told_so(table: OverrideTable) -> None:
    assert ask("PUT", SAID, seen="1").json["detail"] == "None is in force by now."

    ask("PUT", SAID)
    late = ask("PUT", SAID, user="kim")

    assert (late.status, late.json["detail"]) == (412, "It is version 1 by now.")
    assert [one.set_by for one in kept(table)] == ["sam"]


def test_one_that_ran_out_is_none(table: OverrideTable, monkeypatch: pytest.MonkeyPatch) -> None:
    ask("PUT", SAID)
    at(monkeypatch, NOW + timedelta(days=30))

    assert ask("DELETE", seen="1").status == 412
    assert ask("DELETE", seen="0").status == 409
    until = {"until": "2027-01-20T12:00:00Z"}
    assert ask("PUT", SAID | until, seen="0").json["version"] == 2


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize(("seen", "status"), [(None, 428), ('"one"', 422)])
def test_the_version_seen_has_to_be_said(
    table: OverrideTable, method: str, seen: str | None, status: int
) -> None:
    assert ask(method, SAID, seen=seen).status == status


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize(
    ("role", "status"),
    [("people_ops", 403), ("service", 403), ("admin", 403), ("tutor", 404), ("student", 404),
     ("ops_managers", 403), (None, 401)],
)  # fmt: skip
def test_only_operations_managers_may(
    table: OverrideTable, method: str, role: str | None, status: int
) -> None:
    assert ask(method, SAID, role=role).status == status
    assert kept(table) == []


def test_a_tutor_has_nothing_to_say_about_their_own_score(table: OverrideTable) -> None:
    assert ask("PUT", SAID, role="tutor", user="t-7").status == 403


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_tutor_nobody_knows_is_not_found(table: OverrideTable, method: str) -> None:
    assert ask(method, SAID, of="t-8").status == 404


def test_what_is_no_tutor_or_no_such_method_is_not_found(table: OverrideTable) -> None:
    assert ask("PUT", SAID, of="t 8").status == 404
    assert ask("PATCH", SAID).status == 404


@pytest.mark.parametrize("status", [TutorStatus.RESIGNED, TutorStatus.DEACTIVATED])
def test_who_has_left_has_no_score_to_override(aws: Aws, status: TutorStatus) -> None:
    scored(aws, status=status)

    answer = ask("PUT", SAID)

    assert (answer.status, answer.json["detail"]) == (409, "The tutor has left.")


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [("{", "application/json", 400), ("[]", "application/json", 422), ("{}", "text/plain", 415),
     ("x" * 70_000, "application/json", 413)],
)  # fmt: skip
def test_what_can_not_be_read_is_refused(
    table: OverrideTable, body: str, content_type: str, status: int
) -> None:
    assert ask("PUT", body, content_type=content_type).status == status


@pytest.mark.parametrize(
    ("method", "seen", "of", "status", "shown"),
    [
        ("PUT", "0", "t-7", 200, ["t-7"]),
        ("PUT", "4", "t-7", 412, []),
        ("PUT", "0", "t-8", 404, []),
        ("DELETE", "0", "t-7", 409, []),
    ],
)
def test_what_was_done_or_refused_leaves_an_audit_row(
    table: OverrideTable, aws: Aws, method: str, seen: str, of: str, status: int, shown: list[str]
) -> None:
    assert ask(method, SAID, seen=seen, of=of).status == status

    (row,) = aws.items("AUDIT#")
    operation = {"PUT": "set_override", "DELETE": "end_override"}[method]
    assert (row["operation"], row["username"]) == ({"S": operation}, {"S": "sam"})
    assert (row["subject"], row["status"]) == ({"S": of}, {"N": str(status)})
    assert json.loads(row["shown"]["S"]) == shown


def test_a_score_that_is_written_meanwhile_is_waited_for(
    table: OverrideTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, tries = OverrideTable.put, []

    def busy_once(self: OverrideTable, *told: Any) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise VersionConflictError
        put(self, *told)

    monkeypatch.setattr(OverrideTable, "put", busy_once)

    assert ask("PUT", SAID).status == 200
    assert len(tries) == 2


# What follows


def test_the_tutor_is_looked_at_again(table: OverrideTable, aws: Aws) -> None:
    ask("PUT", SAID)
    ask("DELETE", seen="1")
    ask("DELETE", seen="0")

    told = {"tutor_id": "t-7", "correlation_ids": ["request-1"]}
    assert aws.messages("action") == [told] * 2


def test_a_queue_that_is_out_of_reach_loses_no_override(
    table: OverrideTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://sqs")

    away = tutor_queue(override_api.env.ACTION_QUEUE_URL)
    away.client.meta.events.register("before-call", refuse)
    monkeypatch.setattr(override_api, "queue", away)

    assert ask("PUT", SAID).status == 200
    assert len(kept(table)) == 1


def act(monkeypatch: pytest.MonkeyPatch, aws: Aws, moment: datetime = NOW) -> list[str]:
    """The causes of what is open after the tutor was looked at."""
    monkeypatch.setattr(act_on_change, "now", lambda: moment)
    act_on_change.handler(sqs_event({"tutor_id": "t-7"}), LambdaContext())
    return [one.why for one in InterventionTable(aws.store).open_ones()]


def high_for_a_week(aws: Aws) -> None:
    found = ScorecardTable(aws.store).card("t-7")
    assert found is not None
    for back in range(8):
        night = replace(found[0], as_of=NOW.replace(hour=0) - timedelta(days=back))
        ScorecardTable(aws.store).put_day(daily_record(night, ()))


def test_a_score_that_was_lowered_opens_no_coaching(
    table: OverrideTable, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    high_for_a_week(aws)
    ask("PUT", SAID)

    assert act(monkeypatch, aws) == []


def test_a_look_within_the_same_second_respects_the_override(
    table: OverrideTable, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    high_for_a_week(aws)
    at(monkeypatch, NOW + timedelta(milliseconds=500))
    ask("PUT", SAID)

    assert act(monkeypatch, aws, NOW + timedelta(milliseconds=600)) == []


def test_the_computed_score_does_again_when_the_override_is_over(
    table: OverrideTable, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    high_for_a_week(aws)
    ask("PUT", SAID | {"until": "2026-11-20T13:00:00Z"})

    over = NOW + timedelta(hours=1)

    assert act(monkeypatch, aws, over) == ["Churn score 60, above 50 for 7 days."]


def test_a_score_that_was_raised_opens_what_is_due_and_says_who_raised_it(
    table: OverrideTable, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    high_for_a_week(aws)
    scored(aws, 45.0)
    assert act(monkeypatch, aws) == []

    ask("PUT", SAID | {"score": 55})

    assert act(monkeypatch, aws) == ["Churn score set to 55 by a manager, above 50 for 7 days."]
    (coaching,) = InterventionTable(aws.store).open_ones()
    assert coaching.score_before == 45.0, "effects are measured by what is computed"


def test_the_log_tells_that_an_override_was_made_or_ended(
    table: OverrideTable, logged: Logged
) -> None:
    ask("PUT", SAID)
    ask("DELETE", seen='"1"')

    told = [(line["operation"], line["in_force"]) for line in logged()]
    assert told == [("set_override", True), ("end_override", False)]
