"""Reading tutors: what is answered, to whom, at what cost, and what is written down about it."""

import base64
import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlencode

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from openapi_schema_validator import OAS31Validator

from functions import query_api
from shared.aws.audit import AuditTrail
from shared.aws.intervention_table import InterventionTable
from shared.aws.item import value_of
from shared.aws.listing import MAX_EXAMINED
from shared.aws.mail_table import MailTable
from shared.aws.model_registry import ModelRegistry, Registered
from shared.aws.note_table import NoteTable
from shared.aws.override_table import OverrideTable
from shared.aws.prediction_table import PredictionTable
from shared.aws.reading import Reading
from shared.aws.scorecard_table import ScorecardTable, StoredCard
from shared.aws.secret import secret
from shared.aws.table import Table, table
from shared.aws.tutor_log import LogTable, Versioned
from shared.domain.churn_model import Decision, FeatureDrift, Health, Manifest
from shared.domain.churn_score import risk_level
from shared.domain.evaluation import Evaluation, Measures, ReliabilityBin
from shared.domain.intervention import Intervention, Kind, Opinion, Owner, Status
from shared.domain.mail import Mail, MailKind, mail_name
from shared.domain.note import Note
from shared.domain.override import Override
from shared.domain.overview import overview
from shared.domain.prediction import Absence, Probabilities, Unscored
from shared.domain.scorecard import Scorecard, daily_record, scorecard
from shared.domain.session import Session
from shared.domain.threshold import Settings, changed
from shared.domain.tier import Tier
from shared.domain.tutor import Tutor
from shared.domain.tutor_row import Insight, TutorRow, tutor_row
from shared.openapi import document
from shared.route import ROUTES, Route
from tests.builders import (
    TUTOR,
    completed,
    feedback,
    log,
    logins,
    moved,
    no_show,
    override,
    prediction,
    steady,
    tutor,
)
from tests.functions.conftest import BY_CLOUDFRONT, Aws, items, user_pool

MANAGER = "ops_manager"
NOW = datetime(2026, 11, 20, 0, 5, tzinfo=UTC)
AS_OF = NOW.replace(minute=0)


@dataclass(frozen=True)
class Answer:
    """What the browser gets, unpacked."""

    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    @property
    def ids(self) -> list[str]:
        return [item["tutor_id"] for item in self.json["items"]]

    @property
    def wrong(self) -> list[str]:
        """The fields a 422 names."""
        return [error["field"] for error in self.json["errors"]]


@pytest.fixture(autouse=True)
def _counted_anew() -> None:
    """Metrics gather in the process; a hundred of a kind would be printed in mid-test."""
    query_api.metrics.clear_metrics()


@pytest.fixture
def api(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Table:
    """The function at five past midnight."""
    monkeypatch.setattr(query_api, "now", lambda: NOW)
    return aws.store


def ask(
    path: str,
    role: str | None = MANAGER,
    *,
    user: str | None = None,
    headers: Mapping[str, str] | None = None,
    claims: Mapping[str, str] | None = None,
    request_id: str | None = None,
    **parameters: object,
) -> Answer:
    """One request of somebody with that one role."""
    verified = claims or {
        "token_use": "access",
        "sub": "sub-1",
        "username": user or "somebody",
        "cognito:groups": f"[{role}]",
    }
    event = {
        "rawPath": path,
        "rawQueryString": urlencode(parameters),
        "headers": BY_CLOUDFRONT | dict(headers or {}),
        "requestContext": {
            "requestId": request_id or f"request-{datetime.now(UTC).timestamp()}",
            "authorizer": {"jwt": {"claims": verified}},
        },
    }
    if role is None and claims is None:
        del event["requestContext"]["authorizer"]  # type: ignore[attr-defined]
    answered = query_api.handler(event, LambdaContext())
    body: str = answered["body"]
    raw = base64.b64decode(body) if answered.get("isBase64Encoded") else body.encode()
    return Answer(answered["statusCode"], answered["headers"], raw)


def seed(stored: Table, card: Scorecard, of: Tutor, insight: Insight | None = None) -> TutorRow:
    """A tutor scored, through the code that scores."""
    LogTable(stored).put_tutor(of)
    row = tutor_row(card, of, card.as_of + timedelta(seconds=2), insight)
    ScorecardTable(stored).put_scorecard(card, row, StoredCard())
    return row


def seed_many(stored: Table, count: int, **fields: Any) -> None:
    """Tutors t-000, t-001, … with churn scores 0, 1, … (ever again from 0 after 100)."""
    plain = plain_card()
    for number in range(count):
        name = f"t-{number:03d}"
        score = replace(plain.churn_score, value=float(number % 101))
        one = replace(plain, tutor_id=name, churn_score=score)
        seed(stored, one, replace(tutor(name=f"Name {number:03d}", **fields), tutor_id=name))


@cache
def plain_card() -> Scorecard:
    """The scorecard of an ordinary tutor."""
    return scorecard(log(*steady(30)), AS_OF)


@cache
def troubled() -> tuple[Scorecard, Tutor]:
    """A tutor who moves and misses sessions, whom students rate badly."""
    who = tutor(name="Ada Fischer", email="ada@example.com", subjects=("Physics", "Mathematics"))
    sessions = [*steady(20, rating=2.5), *(moved(AS_OF - timedelta(days=d)) for d in range(1, 6))]
    missed = [no_show(AS_OF - timedelta(days=d, hours=1)) for d in range(1, 4)]
    told = log(*sessions, *missed, *logins(2, 28, 14), of=who)
    return scorecard(told, AS_OF), who


def store_sessions(stored: Table, *sessions: Session) -> None:
    for each in sessions:
        LogTable(stored).put_session(each, Versioned(None, 0))


def audited(stored: Table) -> list[dict[str, Any]]:
    """All audit rows, in the order of their writing, as far as one can tell."""
    rows = items(stored, "AUDIT#")
    plain = [{name: value_of(value) for name, value in row.items()} for row in rows]
    return sorted(plain, key=lambda row: str(row["sk"]))


# The list


def test_tutors_are_listed_from_the_highest_score_down(api: Table) -> None:
    seed_many(api, 5)

    answer = ask("/api/tutors")

    assert answer.status == 200
    assert answer.ids == ["t-004", "t-003", "t-002", "t-001", "t-000"]
    assert answer.json["next_cursor"] is None


def test_a_tutor_row_is_as_the_contract_says(api: Table) -> None:
    card, who = troubled()
    seed(api, card, who)

    (row,) = ask("/api/tutors").json["items"]

    assert row["tutor_id"] == "t-7"
    assert row["name"] == "Ada Fischer"
    assert row["subjects"] == ["Physics", "Mathematics"]
    assert row["status"] == "active"
    assert row["churn_score"] == card.churn_score.value
    assert row["risk_level"] == "critical"
    assert row["sessions"] == 28
    assert row["reschedule_rate"].keys() == {"value", "n", "low", "high", "shrunk", "p_over"}
    assert row["reschedule_rate"]["value"] == round(5 / 28, 4)
    assert set(row["confirmed_flags"]) <= set(row["flags"])
    assert "reschedule_pattern" in row["flags"]
    assert row["probabilities"] == {"1d": None, "7d": None, "30d": None, "90d": None}
    assert row["as_of"] == "2026-11-20T00:00:00Z"
    assert row["updated_at"] == "2026-11-20T00:00:02Z"
    assert row.keys() >= {"tier", "tier_preview", "no_show_rate", "avg_rating", "last_taught_at"}


def pages(**parameters: Any) -> Iterator[Answer]:
    """All pages of a list, following the cursor."""
    cursor: dict[str, str] = {}
    while True:
        answer = ask("/api/tutors", **parameters | cursor)
        assert answer.status == 200, answer.json
        yield answer
        if answer.json["next_cursor"] is None:
            return
        cursor = {"cursor": answer.json["next_cursor"]}


SORTS = ("churn_score", "reschedule_rate", "sessions", "name", "updated_at", "p30")


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_every_sort_pages_through_all_tutors_once_and_ties_follow_the_id(
    api: Table, sort: str, order: str
) -> None:
    seed_many(api, 10)

    seen = [name for page in pages(sort=sort, order=order, limit=4) for name in page.ids]

    expected = [f"t-{number:03d}" for number in range(10)]
    assert seen == (expected if order == "asc" else expected[::-1])


def test_a_full_last_page_has_no_cursor(api: Table) -> None:
    seed_many(api, 6)

    sizes = [len(page.ids) for page in pages(limit=3)]

    assert sizes == [3, 3]


SCORES = [0, 10, 20, 25, 30, 40, 50, 60, 70, 75, 80, 90, 100]

FILTERS: list[tuple[dict[str, Any], Sequence[int]]] = [
    ({"risk": "critical"}, [80, 90, 100]),
    ({"risk": "low"}, [0, 10, 20, 25]),
    ({"risk": "medium"}, [30, 40, 50]),
    ({"risk": "high,critical"}, [60, 70, 75, 80, 90, 100]),
    ({"risk": "low,critical"}, [0, 10, 20, 25, 80, 90, 100]),
    ({"risk": "high", "sort": "name"}, [60, 70, 75]),
    ({"risk": "high", "order": "asc"}, [60, 70, 75]),
    ({"q": "name 02"}, [20, 25]),
    ({"q": "NAME t-007"}, []),
    ({"q": "T-070 Name"}, [70]),
    ({"subject": "Physics"}, [0, 20, 40, 60, 80, 100]),
    ({"subject": "Physic"}, []),
    ({"status": "active"}, SCORES),
    ({"status": "resigned,on_leave"}, []),
    ({"tier": "New"}, []),
    ({"flag": "gone_quiet"}, []),
]


@pytest.mark.parametrize(("filters", "expected"), FILTERS, ids=str)
def test_a_filter_finds_exactly_those_it_describes(
    api: Table, filters: dict[str, Any], expected: Sequence[int]
) -> None:
    plain = plain_card()
    for number in SCORES:
        score = replace(plain.churn_score, value=float(number), level=risk_level(number))
        name = f"t-{number:03d}"
        subject = "Physics" if number % 20 == 0 else "Chemistry"
        who = replace(tutor(name=f"Name {number:03d}", subjects=(subject,)), tutor_id=name)
        seed(api, replace(plain, tutor_id=name, churn_score=score), who)

    seen = [name for page in pages(**filters, limit=4) for name in page.ids]

    assert sorted(seen) == [f"t-{number:03d}" for number in expected]


def test_flags_filter_by_any_of_several(api: Table) -> None:
    card, who = troubled()
    seed(api, card, who)
    seed_many(api, 3)

    answer = ask("/api/tutors", flag="gone_quiet,reschedule_pattern")

    assert answer.ids == ["t-7"]


def test_a_page_reads_one_row_more_than_it_shows(api: Table) -> None:
    seed_many(api, 30)

    examined = _examined(api, limit=20)

    assert examined == 21


def test_a_page_under_a_risk_filter_reads_no_more_when_sorted_by_score(api: Table) -> None:
    seed_many(api, 40)

    assert _examined(api, limit=10, risk="medium") == 11


def test_a_filter_hardly_anybody_passes_ends_its_page_and_goes_on_with_the_cursor(
    api: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MAX_EXAMINED == 2_000
    monkeypatch.setattr("shared.aws.listing.MAX_EXAMINED", 12)
    seed_many(api, 28)

    found = list(pages(q="t-000", limit=5))

    assert [page.ids for page in found] == [[], [], ["t-000"]]


def _examined(stored: Table, **parameters: Any) -> int:
    from shared.aws.listing import TutorListing
    from shared.question import TutorListQuestion

    return TutorListing(stored).page(TutorListQuestion.model_validate(parameters)).examined


# Cursors


def test_a_cursor_is_refused_under_another_filter_sort_or_role(api: Table) -> None:
    seed_many(api, 5)
    cursor = ask("/api/tutors", limit=2).json["next_cursor"]

    moved_on = [
        ask("/api/tutors", limit=2, cursor=cursor, risk="low"),
        ask("/api/tutors", limit=2, cursor=cursor, order="asc"),
        ask("/api/tutors", limit=2, cursor=cursor, sort="sessions"),
        ask("/api/tutors", "people_ops", limit=2, cursor=cursor),
        ask("/api/tutors/t-001/sessions", cursor=cursor),
        ask("/api/tutors", limit=2, cursor=cursor[:-1]),
        ask("/api/tutors", limit=2, cursor="t-001"),
    ]

    assert [(answer.status, answer.wrong) for answer in moved_on] == [(422, ["cursor"])] * 7
    assert ask("/api/tutors", limit=3, cursor=cursor).status == 200


def test_a_cursor_gives_nothing_away(api: Table) -> None:
    seed_many(api, 3)

    cursor = ask("/api/tutors", limit=1, sort="name").json["next_cursor"]

    clear = base64.urlsafe_b64decode(cursor + "==")
    assert b"name" not in clear.lower()
    assert b"t-00" not in clear


# Wrong parameters


WRONG = [
    ("/api/tutors", "colour=blue", "colour"),
    ("/api/tutors", "limit=0", "limit"),
    ("/api/tutors", "limit=1001", "limit"),
    ("/api/tutors", "limit=1_0", "limit"),
    ("/api/tutors", "limit=ten", "limit"),
    ("/api/tutors", "limit=5&limit=6", "limit"),
    ("/api/tutors", "risk=terrible", "risk"),
    ("/api/tutors", "risk=", "risk"),
    ("/api/tutors", "flag=red", "flag"),
    ("/api/tutors", "tier=strong", "tier"),
    ("/api/tutors", "status=gone", "status"),
    ("/api/tutors", "sort=email", "sort"),
    ("/api/tutors", "order=up", "order"),
    ("/api/tutors", "q=", "q"),
    ("/api/tutors", "q=" + "a+" * 11, "q"),
    ("/api/tutors", "q=%ff", "query"),
    ("/api/tutors", "&".join(f"a{n}=1" for n in range(60)), "query"),
    ("/api/tutors/t-7", "days=3", "days"),
    ("/api/tutors/t-7/history", "days=401", "days"),
    ("/api/tutors/t-7/history", "days=-1", "days"),
    ("/api/tutors/t-7/sessions", "limit=x", "limit"),
    ("/api/interventions", "overdue=yes", "overdue"),
    ("/api/interventions", "status=open", "status"),
    ("/api/overview", "x=1", "x"),
]


@pytest.mark.parametrize(
    ("path", "query", "field"), WRONG, ids=[f"{path} {query}"[:50] for path, query, _ in WRONG]
)
def test_a_wrong_parameter_is_named(path: str, query: str, field: str) -> None:
    event = {
        "rawPath": path,
        "rawQueryString": query,
        "headers": BY_CLOUDFRONT,
        "requestContext": {
            "requestId": "request-1",
            "authorizer": {
                "jwt": {"claims": {"token_use": "access", "cognito:groups": f"[{MANAGER}]"}}
            },
        },
    }

    answered = query_api.handler(event, LambdaContext())

    assert answered["statusCode"] == 422
    assert answered["headers"]["content-type"] == "application/problem+json"
    assert answered["headers"]["x-content-type-options"] == "nosniff"
    assert [error["field"] for error in json.loads(answered["body"])["errors"]] == [field]


# One tutor


def test_the_detail_of_a_tutor_holds_everything(api: Table) -> None:
    card, who = troubled()
    insight = Insight(AS_OF - timedelta(seconds=3), AS_OF, AS_OF - timedelta(seconds=63), AS_OF)
    seed(api, card, who, insight)

    detail = ask("/api/tutors/t-7").json

    assert detail["profile"]["email"] == "ada@example.com"
    assert detail["windows"].keys() == {"7d", "30d", "90d"}
    assert detail["windows"]["30d"].keys() == card.windows["30d"].keys()
    assert detail["windows"]["7d"]["tutor_reschedules"] == 5
    assert detail["windows"]["30d"]["no_show_rate"]["n"] == 28
    assert detail["windows"]["30d"]["availability_change"] is None
    flag = next(each for each in detail["flags"] if each["code"] == "reschedule_pattern")
    assert flag["status"] == "confirmed"
    assert len(flag["evidence"]) == 5
    assert flag["explanation"]
    assert flag["clears_when"]
    assert detail["tier"] in ("At Risk", "Needs Attention")
    assert detail["risk_level"] == "critical"
    assert detail["prediction"]["probabilities"] == dict.fromkeys(("1d", "7d", "30d", "90d"))
    assert detail["prediction"]["note"]
    assert detail["interventions"] == []
    assert detail["insight"]["seconds_from_receipt"] == 3
    assert detail["insight"]["seconds_from_session_end"] == 63
    assert detail["as_of"] == "2026-11-20T00:00:00Z"


def test_the_parts_of_the_score_add_up_as_they_are_shown(api: Table) -> None:
    card, who = troubled()
    seed(api, card, who)

    detail = ask("/api/tutors/t-7").json

    points = sum(part["points"] for part in detail["churn_score_components"])
    assert points == pytest.approx(detail["churn_score"], abs=1e-9)


def test_scores_are_compact(api: Table) -> None:
    card, who = troubled()
    seed(api, card, who)

    scores = ask("/api/tutors/t-7/scores", "service").json

    assert scores.keys() == {
        "tutor_id", "churn_score", "risk_level", "override", "tier", "flags", "confirmed_flags",
        "probabilities", "as_of", "updated_at",
    }  # fmt: skip


def test_history_tells_the_nights_and_the_flags(api: Table) -> None:
    card, who = troubled()
    seed(api, card, who)
    cards = ScorecardTable(api)
    for night in (0, 1, 5):
        earlier = replace(card, as_of=AS_OF - timedelta(days=night))
        cards.put_day(daily_record(earlier, ["gone_quiet"]))

    history = ask("/api/tutors/t-7/history", days=5).json

    assert [day["date"] for day in history["items"]] == ["2026-11-19", "2026-11-20"]
    day = history["items"][0]
    assert day["rates"]["30d"]["reschedule_rate"] == round(5 / 28, 4)
    assert day["churn_score"] == card.churn_score.value
    assert day["risk_level"] == "critical"
    assert day["cleared"] == ["gone_quiet"]
    assert "reschedule_pattern" in day["raised"]
    codes = {spell["code"] for spell in history["flag_history"]}
    assert codes == {flag.code for flag in card.flags}
    assert all(spell["cleared_at"] is None for spell in history["flag_history"])


def test_sessions_come_newest_first_with_their_moves(api: Table) -> None:
    card, who = troubled()
    seed(api, card, who)
    late = steady(1, rating=None)[0]
    assert late.snapshot
    late = replace(
        late,
        snapshot=replace(late.snapshot, late_start_minutes=7.0),
        feedback=(feedback(2, AS_OF - timedelta(hours=2)),),
    )
    older = moved(AS_OF - timedelta(days=3))
    store_sessions(api, older, late)

    first = ask("/api/tutors/t-7/sessions", limit=1)
    second = ask("/api/tutors/t-7/sessions", limit=1, cursor=first.json["next_cursor"])

    (newest,) = first.json["items"]
    assert newest["session_id"] == late.session_id
    assert newest["rating"] == 2
    assert newest["late_minutes"] == 7
    assert newest["outcomes"] == ["completed"]
    (shifted,) = second.json["items"]
    assert shifted["outcomes"] == ["tutor_reschedule"]
    assert shifted["reschedules"][0]["initiator"] == "tutor"
    assert second.json["next_cursor"] is None


def test_staff_read_what_a_student_said_last_of_a_session(api: Table) -> None:
    hour = timedelta(hours=1)
    first = feedback(2, AS_OF - 3 * hour)
    last = feedback(
        3, AS_OF - 2 * hour, feedback_id="f-2", ratings=(("patience", 4.0),),
        would_recommend=False, improvement_areas=("pace",), free_text="Too fast.",
    )  # fmt: skip
    seed(api, *troubled())
    store_sessions(api, replace(steady(1)[0], feedback=(first, last)))

    answer = ask("/api/tutors/t-7/sessions")
    (session,) = answer.json["items"]
    assert b"u-1" not in answer.raw, "students have aliases"

    assert session["feedback"] == [{
        "submitted_at": "2026-11-19T22:00:00Z", "overall_rating": 3.0,
        "ratings": {"patience": 4.0}, "would_recommend": False,
        "improvement_areas": ["pace"], "free_text": "Too fast.",
    }]  # fmt: skip


@pytest.mark.parametrize("part", ["", "/history", "/scores", "/recommendations", "/sessions"])
def test_a_tutor_nobody_reported_is_not_found(api: Table, part: str) -> None:
    answer = ask(f"/api/tutors/t-404{part}")

    assert answer.status == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["status"] == 404


def test_a_known_tutor_may_have_no_history_sessions_or_recommendations(api: Table) -> None:
    seed_many(api, 1)

    parts = [ask(f"/api/tutors/t-000/{p}") for p in ("history", "sessions", "recommendations")]

    assert [(part.status, part.json["items"]) for part in parts] == [(200, [])] * 3


@pytest.mark.parametrize(
    "path", ["/api/nothing", "/api", "/api/tutors/", "/api/tutors/a b", "/api/tutors/t-7/secrets"]
)
def test_a_path_that_is_not_there_is_a_problem_document(path: str) -> None:
    answer = ask(path)

    assert answer.status == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: str(route.operation))
@pytest.mark.parametrize("role", ["ops_manager", "tutor"])
def test_every_answer_is_as_the_description_says(api: Table, route: Route, role: str) -> None:
    card, who = troubled()
    row = seed(api, card, who, Insight(AS_OF, NOW, None))
    ScorecardTable(api).put_day(daily_record(card, []))
    ScorecardTable(api).put_overview(overview([row], AS_OF), AS_OF.date())
    store_sessions(api, moved(AS_OF - timedelta(days=3)), *steady(2))
    described = document()

    answer = ask(route.path.replace("{tutor_id}", "t-7"), role, user="t-7")

    said = described["paths"][route.path]["get"]["responses"][str(answer.status)]["content"]
    (kind,) = said
    assert answer.headers["content-type"] == kind
    schema = {**said[kind]["schema"], "components": described["components"]}
    assert not [fault.message for fault in OAS31Validator(schema).iter_errors(answer.json)]


# What the churn model says


def champion(stored: Table, **fields: Any) -> Manifest:
    """A model in force."""
    manifest = Manifest(
        version="v1",
        trained_at=AS_OF - timedelta(hours=22),
        train_from=AS_OF - timedelta(days=365),
        train_until=AS_OF - timedelta(days=105),
        tutors=280,
        rows=28_000,
        kind={1: "logistic", 7: "xgboost", 30: "xgboost", 90: "recency"},
        features=("sessions_7d",),
        reported=("sessions_7d",),
        subjects=(),
        library="3.4.0",
        format=1,
        **fields,
    )
    registry = ModelRegistry(stored)
    registry.register(Registered(manifest, "9f86d081"))
    reasons = ("It ranks better: AUC 0.81 against 0.76.",)
    decision = Decision(AS_OF, "v1", None, promoted=True, reasons=reasons)
    registry.promote(decision, registry.champion())
    return manifest


MEASURED = Measures(
    rows=9_000, tutors=270, positives=900, base_rate=0.1, auc=0.812345, auc_low=0.79, auc_high=0.83,
    pr_auc=0.4, brier=0.08, brier_skill=0.11, log_loss=0.28, calibration_error=0.012,
    calibration_slope=1.02, calibration_intercept=None, precision_at_10=0.5, recall_at_10=0.4,
)  # fmt: skip


def test_the_model_in_force_is_shown_with_what_it_is_worth_and_why(api: Table) -> None:
    reliability = (ReliabilityBin(900, 0.05, 0.06, 0.04, 0.08),)
    measures = {"promoted": MEASURED, "recency": replace(MEASURED, auc=0.7)}
    champion(api, evaluations=(Evaluation(30, measures, reliability),))
    drift = (FeatureDrift("sessions_7d", 280, 0.31, 0.05),)
    ModelRegistry(api).put_health(Health(AS_OF, "v1", drift, notes=("All well.",)))

    answer = ask("/api/model").json

    in_force = answer["in_force"]
    assert (in_force["version"], in_force["since"]) == ("v1", "2026-11-20T00:00:00Z")
    assert in_force["kinds"] == {"1d": "logistic", "7d": "xgboost", "30d": "xgboost",
                                 "90d": "recency"}  # fmt: skip
    (month,) = in_force["evaluations"]
    assert month["horizon_days"] == 30
    assert month["measures"]["promoted"]["auc"] == 0.8123
    assert month["measures"]["recency"]["auc"] == 0.7
    assert month["reliability"][0]["observed"] == 0.06
    (decision,) = answer["decisions"]
    assert decision["promoted"] is True
    assert decision["reasons"] == ["It ranks better: AUC 0.81 against 0.76."]
    assert answer["health"]["drift"][0]["drifted"] is True
    assert answer["note"] is None


def test_before_the_first_model_the_api_says_so(api: Table) -> None:
    seed_many(api, 1)

    told, detail = ask("/api/model").json, ask("/api/tutors/t-000").json

    assert (told["in_force"], told["decisions"], told["health"]) == (None, [], None)
    assert "No churn model" in told["note"]
    assert detail["prediction"]["note"] == told["note"]


def test_a_refused_first_model_leaves_its_reasons(api: Table) -> None:
    reasons = ("Only 3 tutors left so far.",)
    decision = Decision(AS_OF, "v1", None, promoted=False, reasons=reasons)
    ModelRegistry(api).put_decision(decision)

    told = ask("/api/model").json

    assert told["in_force"] is None
    assert told["decisions"][0]["reasons"] == list(reasons)


@pytest.mark.parametrize(
    ("role", "status"),
    [("people_ops", 200), ("admin", 200), ("service", 403), ("tutor", 403), ("student", 403)],
)
def test_the_model_is_for_staff(api: Table, role: str, status: int) -> None:
    assert ask("/api/model", role).status == status
    assert len(audited(api)) == (0 if status == 200 else 1), "nobody's data is in it"


def test_a_prediction_is_shown_with_what_pushes_it(api: Table) -> None:
    card, who = troubled()
    seed(api, card, who)
    PredictionTable(api).put(prediction(0.4, AS_OF + timedelta(seconds=3)))

    told = ask("/api/tutors/t-7").json["prediction"]

    assert told["probabilities"] == {"1d": 0.02, "7d": 0.1, "30d": 0.4, "90d": 0.8}
    (factor,) = told["factors"]
    assert factor == {
        "feature": "sessions_change_28d",
        "words": "sessions down 45 % on the 4-week mean",
        "direction": "raises",
        "value": -0.6,
        "unit": "log ratio",
        "contribution": 0.7,
    }
    parts = told["base"] + factor["contribution"] + told["others"]
    assert parts == pytest.approx(told["margin"], abs=1e-4)
    assert (told["model_version"], told["note"]) == ("v1", None)
    assert told["as_of"] == "2026-11-20T00:00:03Z"
    assert told["data_as_of"] == "2026-11-19T22:00:03Z"
    assert (told["disagrees"], told["disagreement"]) == (False, None)


def test_score_and_model_that_disagree_are_explained(api: Table) -> None:
    card, who = troubled()
    seed(api, card, who)
    PredictionTable(api).put(prediction(0.03, above_usual=-0.4))

    told = ask("/api/tutors/t-7").json["prediction"]

    assert told["disagrees"] is True
    assert "no more than the usual risk, 3 % within 30 days" in told["disagreement"]


@pytest.mark.parametrize(
    ("because", "word"), [("gone", "has left"), ("on_leave", "on leave"), ("quiet", "14 days")]
)
def test_who_is_not_predicted_is_told_why(api: Table, because: str, word: str) -> None:
    card, who = troubled()
    seed(api, card, who)
    PredictionTable(api).put(prediction(0.4))
    away = Unscored("t-7", AS_OF + timedelta(hours=1), None, Absence(because), "v1")
    PredictionTable(api).put(away)

    told = ask("/api/tutors/t-7").json

    nothing = dict.fromkeys(("1d", "7d", "30d", "90d"))
    assert told["prediction"]["probabilities"] == nothing
    assert told["prediction"]["factors"] == []
    assert word in told["prediction"]["note"]
    assert ask("/api/tutors/t-7/scores", "service").json["probabilities"] == nothing


def test_a_new_tutor_is_not_predicted_yet(api: Table) -> None:
    champion(api)
    seed_many(api, 1)

    assert "Not predicted yet" in ask("/api/tutors/t-000").json["prediction"]["note"]


def test_lists_and_scores_carry_the_probabilities_and_sort_by_them(api: Table) -> None:
    seed_many(api, 4)
    for number, p30 in ((0, 0.1), (1, 0.4), (2, 0.25)):
        PredictionTable(api).put(prediction(p30, tutor_id=f"t-{number:03d}"))

    riskiest, safest = ask("/api/tutors", sort="p30"), ask("/api/tutors", sort="p30", order="asc")
    scores = ask("/api/tutors/t-001/scores", "service").json

    assert riskiest.ids == ["t-001", "t-002", "t-000", "t-003"]
    assert safest.ids == riskiest.ids[::-1], "who is not predicted comes first from below"
    p30s = [row["probabilities"]["30d"] for row in riskiest.json["items"]]
    assert p30s == [0.4, 0.25, 0.1, None]
    assert scores["probabilities"] == {"1d": 0.02, "7d": 0.1, "30d": 0.4, "90d": 0.8}


def test_the_history_shows_the_risk_of_each_night(api: Table) -> None:
    card, who = troubled()
    seed(api, card, who)
    cards = ScorecardTable(api)
    for night, told in ((2, None), (1, 0.1), (0, 0.3)):
        record = replace(card, as_of=AS_OF - timedelta(days=night))
        probabilities = Probabilities(within_30d=told) if told else None
        cards.put_day(daily_record(record, [], probabilities))

    nights = ask("/api/tutors/t-7/history", days=5).json["items"]

    assert [night["probabilities"]["30d"] for night in nights] == [None, 0.1, 0.3]


def test_the_overview_expects_as_many_departures_as_the_chances_add_up_to(api: Table) -> None:
    seed_many(api, 3)
    for number, p30 in ((0, 0.1), (1, 0.45)):
        PredictionTable(api).put(prediction(p30, tutor_id=f"t-{number:03d}"))
    cards = ScorecardTable(api)
    cards.put_overview(overview(cards.rows(), AS_OF), AS_OF.date())

    answer = ask("/api/overview").json

    assert (answer["predicted_tutors"], answer["expected_departures_30d"]) == (2, 0.55)
    assert [day["expected_departures_30d"] for day in answer["trend"]] == [0.55]


# All tutors together


def test_the_overview_comes_with_its_trend(api: Table) -> None:
    card, who = troubled()
    row = seed(api, card, who)
    cards = ScorecardTable(api)
    for back in (40, 29, 1, 0):
        at = AS_OF - timedelta(days=back)
        cards.put_overview(overview([row], at), at.date())

    answer = ask("/api/overview").json

    assert answer["tutors"] == 1
    assert answer["at_risk"] == {"low": 0, "medium": 0, "high": 0, "critical": 1}
    assert answer["reschedule_rate"] == {"value": round(5 / 28, 4), "n": 28}
    assert answer["insight_latency_seconds"]["receipt_p95"] is None
    assert answer["as_of"] == "2026-11-20T00:00:00Z"
    dates = [day["date"] for day in answer["trend"]]
    assert dates == ["2026-10-22", "2026-11-19", "2026-11-20"]
    assert answer["trend"][-1]["insight_latency_seconds"] == answer["insight_latency_seconds"]


def test_before_the_first_summary_the_overview_is_empty_and_not_zero(api: Table) -> None:
    answer = ask("/api/overview").json

    assert answer["tutors"] is None
    assert answer["as_of"] is None
    assert answer["trend"] == []


def coaching(stored: Table, tutor_id: str, **told: object) -> Intervention:
    """An open task, as the engine keeps it."""
    one = Intervention(
        tutor_id,
        Kind.H1,
        Owner.OPS_MANAGER,
        "Churn score 60, above 50 for 7 days.",
        NOW - timedelta(days=1),
        NOW + timedelta(days=1),
        NOW + timedelta(days=15),
        60.0,
    )
    one = replace(one, **told)  # type: ignore[arg-type]
    table = InterventionTable(stored)
    table.put(tutor_id, [one], table.desk(tutor_id, NOW))
    return one


def test_the_work_queue_shows_what_is_to_be_done_and_why(api: Table) -> None:
    kept = coaching(api, "t-000")
    LogTable(api).put_tutor(replace(tutor(name="Ada Park"), tutor_id="t-000"))

    answer = ask("/api/interventions", status="pending", owner="ops_manager", overdue="false").json

    assert (answer["total"], answer["next_cursor"]) == (1, None)
    (item,) = answer["items"]
    assert item["intervention_id"] == kept.intervention_id
    assert answer["tutor_names"] == {"t-000": "Ada Park"}
    assert item["title"] == "Coaching session"
    assert item["why"] == "Churn score 60, above 50 for 7 days."
    assert item["benefit_per_hour"] == pytest.approx(0.5 * 0.6 * 0.15 / 0.75)


def test_the_queue_goes_on_where_its_page_ended(api: Table) -> None:
    for number in range(3):
        coaching(api, f"t-{number}")

    first = ask("/api/interventions", limit=2).json
    second = ask("/api/interventions", limit=2, cursor=first["next_cursor"]).json

    shown = [item["tutor_id"] for page in (first, second) for item in page["items"]]
    assert shown == ["t-0", "t-1", "t-2"]


def overrule(stored: Table, *changes: Override) -> None:
    """What a manager set, on the row of a tutor who is seeded."""
    before = OverrideTable(stored).standing(changes[-1].tutor_id)
    assert before is not None
    OverrideTable(stored).put(changes, before)


IN_FORCE = {
    "score": 20.0,
    "risk_level": "low",
    "until": "2026-12-20T00:00:00Z",
    "set_by": "sam",
    "set_at": "2026-11-20T00:00:00Z",
    "reason": "She is back from a sick child.",
    "version": 1,
}


def test_an_override_stands_beside_the_computed_score_wherever_that_is(api: Table) -> None:
    card, who = troubled()
    seed(api, card, who)
    overrule(api, override())

    (row,) = ask("/api/tutors").json["items"]
    detail = ask("/api/tutors/t-7").json
    scores = ask("/api/tutors/t-7/scores", "service").json

    for shown in (row, detail, scores):
        assert shown["override"] == IN_FORCE
        assert shown["churn_score"] == card.churn_score.value
        assert shown["risk_level"] == "critical"
    assert ask("/api/tutors", risk="critical").ids == ["t-7"]
    assert ask("/api/tutors", risk="low").ids == []


def test_an_override_that_has_run_out_is_not_shown_though_nobody_wrote_the_row(
    api: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed(api, *troubled())
    one = override()
    overrule(api, one)
    monkeypatch.setattr(query_api, "now", lambda: one.until)

    (row,) = ask("/api/tutors").json["items"]
    detail = ask("/api/tutors/t-7").json

    assert row["override"] is None
    assert detail["override"] is None
    assert ask("/api/tutors/t-7/scores").json["override"] is None
    (spell,) = detail["overrides"]
    assert (spell["ended_at"], spell["ended_by"]) == ("2026-12-20T00:00:00Z", None)


def test_staff_read_each_others_notes(api: Table) -> None:
    seed(api, *troubled())
    NoteTable(api).put(Note("t-7", "n-1", "Back in March.", "ana", AS_OF))

    assert ask("/api/tutors/t-7/notes", role="ops_manager").json == {"items": [{
        "note_id": "n-1",
        "text": "Back in March.",
        "written_by": "ana",
        "written_at": "2026-11-20T00:00:00Z",
    }]}  # fmt: skip
    assert ask("/api/tutors/t-8/notes").status == 404


def test_detail_and_history_tell_when_overrides_began_and_ended(api: Table) -> None:
    card, who = troubled()
    seed(api, card, who)
    ScorecardTable(api).put_day(daily_record(card, ()))
    old = override(set_at=AS_OF - timedelta(days=2))
    overrule(api, old)
    ended = replace(old, ended_at=AS_OF, ended_by="kim", ended_because="Replaced.")
    overrule(api, ended, override(80.0, version=2))

    told = ask("/api/tutors/t-7/history").json["override_history"]

    assert told == ask("/api/tutors/t-7").json["overrides"]
    assert [
        (each["score"], each["set_at"], each["ended_at"], each["ended_by"]) for each in told
    ] == [
        (80.0, "2026-11-20T00:00:00Z", None, None),
        (20.0, "2026-11-18T00:00:00Z", "2026-11-20T00:00:00Z", "kim"),
    ]
    assert told[1]["score_then"] == 60.0


def test_the_overview_counts_the_overrides_in_force(api: Table) -> None:
    seed(api, *troubled())
    overrule(api, override())
    cards = ScorecardTable(api)

    for at, count in ((NOW, 1), (override().until, 0)):
        cards.put_overview(overview(cards.rows(), at), at.date())
        assert ask("/api/overview").json["overrides_in_force"] == count


def test_analytics_tell_how_often_managers_were_right(api: Table) -> None:
    """Two lowered scores: one tutor taught on, of the other nothing was heard again."""
    card, who = troubled()
    long_ago = NOW - timedelta(days=200)
    for tutor_id, last in (("t-1", NOW), ("t-2", long_ago)):
        one = replace(card, tutor_id=tutor_id, last_taught_at=last)
        seed(api, one, replace(who, tutor_id=tutor_id))
        overrule(api, override(at=long_ago, tutor_id=tutor_id, risk_then=0.1))
    seed(api, card, who)
    overrule(api, override())

    found = ask("/api/analytics/overrides", "people_ops").json

    assert found["since"] == "2025-11-20T00:05:00Z"
    assert (found["in_force"], found["ended"]) == (1, 2)
    assert (found["waiting"], found["not_counted"]) == (1, 0)
    assert found["both"]["right"] == {"value": 0.5, "n": 2, "low": 0.0945, "high": 0.9055}
    assert found["both"]["against_model"]["foreseen"] == 0.81
    assert found["both"]["verdict"] == "too few to say: 2 of at least 30 judged"
    assert (found["lowered"]["right"]["n"], found["raised"]["right"]["n"]) == (2, 0)
    assert found["months"] == [
        {"month": "2026-05", "count": 2, "judged": 2, "right": 1},
        {"month": "2026-11", "count": 1, "judged": 0, "right": 0},
    ]


def test_analytics_of_no_overrides_say_so(api: Table) -> None:
    found = ask("/api/analytics/overrides").json

    assert (found["in_force"], found["ended"], found["months"]) == (0, 0, [])
    assert found["both"]["right"]["value"] is None


def test_a_queue_without_tasks_is_empty(api: Table) -> None:
    answer = ask("/api/interventions", status="pending", owner="ops", overdue="true")

    assert answer.json == {"items": [], "tutor_names": {}, "next_cursor": None, "total": 0}


def test_analytics_tell_of_each_kind_what_is_known(api: Table) -> None:
    coaching(api, "t-1", acted_at=NOW, status=Status.IN_PROGRESS, opinion=Opinion.USEFUL)
    coaching(api, "t-2")
    coaching(api, "t-3", kind=Kind.A4, owner=Owner.SYSTEM, score_after=50.0)
    coaching(api, "t-4", kind=Kind.A4, owner=Owner.SYSTEM, score_after=60.0, held_out=True)

    items = {each["kind"]: each for each in ask("/api/analytics/interventions").json["items"]}

    assert list(items) == ["A1", "A2", "A3", "A4", "H1", "H2", "H3", "H4", "H5"]
    assert (items["H1"]["opened"], items["H1"]["accepted"]) == (2, 1)
    assert items["H1"]["hours_to_action"] == 24
    assert (items["H1"]["useful"]["value"], items["H1"]["useful"]["n"]) == (1, 1)
    assert items["A4"]["treated"]["improved"]["value"] == 1
    assert items["A4"]["held_out"]["improved"]["value"] == 0
    assert items["A4"]["verdict"].startswith("not enough data")


def test_analytics_tell_how_often_people_called_a_rule_useful(api: Table) -> None:
    """Its precision: of those who said anything, with the interval of so few."""
    said = [Opinion.USEFUL, Opinion.USEFUL, Opinion.INCORRECTLY_FLAGGED, Opinion.NOT_USEFUL, None]
    for number, opinion in enumerate(said):
        coaching(api, f"t-{number}", opinion=opinion)

    items = {each["kind"]: each for each in ask("/api/analytics/interventions").json["items"]}

    assert items["H1"]["useful"] == {"value": 0.5, "n": 4, "low": 0.15, "high": 0.85}
    assert items["H3"]["useful"] == {"value": None, "n": 0, "low": 0, "high": 1}


def test_a_tutor_shows_what_is_open_but_not_what_was_held_out(api: Table) -> None:
    seed(api, scorecard(log(), AS_OF), tutor())
    kept = coaching(api, TUTOR)
    coaching(api, TUTOR, kind=Kind.A4, owner=Owner.SYSTEM, held_out=True)

    detail = ask(f"/api/tutors/{TUTOR}").json
    advised = ask(f"/api/tutors/{TUTOR}/recommendations", "service").json

    assert [item["intervention_id"] for item in detail["interventions"]] == [kept.intervention_id]
    assert [(item["owner"], item["why"]) for item in advised["items"]] == [
        ("ops_manager", "Churn score 60, above 50 for 7 days.")
    ]


def mailed(api: Table, number: int, tutor_id: str | None, kind: MailKind, **told: Any) -> Mail:
    """A mail that went out so many minutes ago."""
    at = NOW - timedelta(minutes=number)
    mail = Mail(kind, mail_name(at, kind, str(number)), at, at, tutor_id)
    became = {"sam": "sent", "olivia": "bounced", "olivia#webhook": "sent"}
    sent = mail.done(at, "Nothing unusual: Ada Park", "Took place.", became)
    MailTable(api).put_new(replace(sent, **told))
    return mail


def test_who_was_told_what_can_be_read_up(api: Table) -> None:
    mail = mailed(api, 1, "t-7", MailKind.SESSION_REPORT, moved=("Risk rose",))

    (item,) = ask("/api/reports").json["items"]

    assert (item["mail_id"], item["tutor_id"]) == (mail.mail_id, "t-7")
    assert item["recipients"] == [
        {"name": "olivia", "way": "mail", "became": "bounced"},
        {"name": "olivia", "way": "webhook", "became": "sent"},
        {"name": "sam", "way": "mail", "became": "sent"},
    ]
    assert (item["subject"], item["text"]) == ("Nothing unusual: Ada Park", "Took place.")
    assert (item["state"], item["moved"]) == ("done", ["Risk rose"])


def test_what_is_still_to_be_sent_is_no_history(api: Table) -> None:
    MailTable(api).put_new(Mail(MailKind.ALERT, "alert", NOW, NOW, "t-7"))

    assert ask("/api/reports").json["items"] == []
    assert ask("/api/reports", tutor_id="t-7").json["items"] == []


@pytest.mark.parametrize(
    ("filters", "shown"),
    [
        ({}, [1, 2, 3, 4]),
        ({"tutor_id": "t-7"}, [1, 3]),
        ({"kind": "alert"}, [3, 4]),
        ({"tutor_id": "t-7", "kind": "alert"}, [3]),
    ],
)
def test_the_mail_history_goes_on_where_its_page_ended(
    api: Table, filters: dict[str, Any], shown: list[int]
) -> None:
    mailed(api, 1, "t-7", MailKind.SESSION_REPORT)
    mailed(api, 2, "t-8", MailKind.SESSION_REPORT)
    mailed(api, 3, "t-7", MailKind.ALERT)
    mailed(api, 4, "t-8", MailKind.ALERT)
    found: list[int] = []
    page = ask("/api/reports", limit=1, **filters).json
    while page["items"] or page["next_cursor"]:
        found += [int(item["mail_id"].split("~")[0][-1]) for item in page["items"]]
        if not page["next_cursor"]:
            break
        page = ask("/api/reports", limit=1, cursor=page["next_cursor"], **filters).json

    assert found == shown


@pytest.mark.parametrize("role", ["ops_manager", "people_ops", "service", "admin"])
def test_staff_may_look_up_what_a_number_means(api: Table, role: str) -> None:
    answer = ask("/api/definitions", role).json

    names = {metric["name"] for metric in answer["metrics"]}
    assert {"sessions", "reschedule_rate"} <= names
    limits = {each["name"]: each["value"] for each in answer["thresholds"]}
    assert limits["reschedule_rate"] == 0.15
    assert "engagement_decline" in {each["name"] for each in answer["components"]}
    assert {"flags", "tiers"} <= answer.keys()


def test_the_definitions_tell_the_thresholds_in_force(api: Table) -> None:
    ScorecardTable(api).put_settings(changed(Settings(), {"reschedule_rate": 0.08}))

    told = {each["name"]: each["detail"] for each in ask("/api/definitions").json["metrics"]}

    assert told["reschedule_rate"] == "Red above 8 % (usually 15 %, 2 % to 50 % may be set)."


def test_health_and_the_description_need_no_token() -> None:
    health, described = ask("/api/health", None), ask("/api/openapi.json", None)

    assert health.json == {"status": "ok"}
    assert described.json["openapi"] == "3.1.0"


# What a tutor sees of themselves


FORBIDDEN_WORDS = (
    "churn", "risk", "flag", "note", "score", "p_over", "shrunk", "probab", "predict", "factor",
    "margin", "model", "depart", "1d", "u-", "overrid", "sick child",
)  # fmt: skip


def test_a_tutor_sees_their_own_page_and_nothing_that_is_said_about_them(api: Table) -> None:
    card, who = troubled()
    card = replace(card, tier=Tier.DEVELOPING, tier_preview=Tier.DEVELOPING)
    seed(api, card, who)
    seed_many(api, 2)
    told = prediction(0.4321)
    PredictionTable(api).put(told)
    overrule(api, override())

    answer = ask("/api/tutors/t-7", "tutor", user="t-7")

    assert answer.status == 200
    body = answer.raw.decode().lower().replace("late_notice", "").replace("ada@", "")
    assert not [word for word in FORBIDDEN_WORDS if word in body]
    assert str(card.churn_score.value) not in body
    assert "0.4321" not in body
    assert not [factor.words for factor in told.factors if factor.words in body]
    assert not [part.name for part in card.churn_score.parts if part.name in body]
    for raised in card.flags:
        assert raised.code not in body
        assert raised.explanation.lower() not in body
        assert not [session_id for session_id in raised.evidence if session_id in body]
    assert "t-000" not in body
    assert "name 00" not in body


def test_the_own_page_has_the_tutors_own_numbers(api: Table) -> None:
    card, who = troubled()
    seed(api, card, who)

    page = ask("/api/tutors/t-7", "tutor", user="t-7").json

    assert page.keys() == {
        "tutor_id", "name", "subjects", "tier", "windows", "stars", "words",
        "students_until", "as_of", "updated_at",
    }  # fmt: skip
    month = page["windows"]["30d"]
    assert month["sessions"] == 28
    assert month["reschedule_rate"].keys() == {"value", "n", "low", "high"}
    assert page["stars"] == [], "of fewer than five students, each could be recognised"


def test_a_tutor_is_told_what_five_students_gave_in_a_month(api: Table) -> None:
    card, who = troubled()
    seed(api, card, who)
    for student in range(5):
        days = 25 + student  # in the month before
        when = AS_OF - timedelta(days=days)
        given = feedback(4, when, student_id=f"u-{student}", ratings=(("communication", 3.0),))
        ended = completed(when, student_id=f"u-{student}")
        store_sessions(api, replace(ended, feedback=(given,)))

    (october,) = ask("/api/tutors/t-7", "tutor", user="t-7").json["stars"]

    assert (october["first_month"], october["last_month"]) == ("2026-10", "2026-10")
    assert (october["students"], october["overall_rating"]) == (5, 4)
    assert (october["communication"], october["patience"]) == (3, None)


def test_another_tutor_and_a_missing_one_are_the_same_to_a_tutor(api: Table) -> None:
    seed_many(api, 2)

    other = ask("/api/tutors/t-001", "tutor", user="t-000")
    missing = ask("/api/tutors/t-999", "tutor", user="t-000")

    assert other.status == missing.status == 404
    assert _without_id(other) == _without_id(missing)


def _without_id(answer: Answer) -> tuple[bytes, dict[str, str]]:
    """Body and headers, but for what tells one request from another."""
    request_id = answer.headers["x-request-id"]
    said = answer.raw.replace(request_id.encode(), b"")
    return said, {name: value for name, value in answer.headers.items() if value != request_id}


# What is written down


def test_every_personal_read_leaves_a_row_that_says_who_saw_whom(api: Table) -> None:
    seed_many(api, 2)

    ask("/api/tutors", user="kim")
    ask("/api/tutors/t-001", user="kim")

    listed, detail = audited(api)
    assert listed["operation"] == "tutor_list"
    assert json.loads(listed["shown"]) == ["t-001", "t-000"]
    assert listed["username"] == "kim"
    assert json.loads(listed["roles"]) == ["ops_manager"]
    assert listed["status"] == 200
    assert detail["operation"] == "tutor"
    assert detail["subject"] == "t-001"
    assert detail["pk"].startswith("AUDIT#2026-11-20#")


@pytest.mark.parametrize(
    ("path", "role", "status"),
    [
        ("/api/tutors/t-404", MANAGER, 404),
        ("/api/tutors", "tutor", 403),
        ("/api/tutors/t-001", "tutor", 404),
        ("/api/tutors/t-001", "service", 403),
        ("/api/overview", "student", 403),
    ],
)
def test_a_refused_attempt_leaves_a_row_too(api: Table, path: str, role: str, status: int) -> None:
    seed_many(api, 2)

    answer = ask(path, role, user="t-000")

    (row,) = audited(api)
    assert answer.status == status
    assert row["status"] == status
    assert json.loads(row["shown"]) == []


def test_what_cannot_be_written_down_is_not_answered(
    api: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed_many(api, 1)
    monkeypatch.setattr(query_api, "trail", AuditTrail(table("no-such-table")))

    answer = ask("/api/tutors/t-000")

    assert answer.status == 503
    assert answer.headers["retry-after"]
    assert b"t-000" not in answer.raw


def test_who_can_be_given_an_intervention_is_listed_once_with_all_their_roles(
    api: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool_id = user_pool(
        [("sam", MANAGER), ("sam", "people_ops"), ("kim", "people_ops"), ("ada", "admin")]
    )
    monkeypatch.setattr(query_api.people, "pool_id", pool_id)
    monkeypatch.setattr(query_api.people, "_groups", {})

    answer = ask("/api/colleagues")

    assert answer.json["items"] == [
        {"name": "kim", "roles": ["people_ops"]},
        {"name": "sam", "roles": ["ops_manager", "people_ops"]},
    ]
    assert not items(api, "AUDIT")


def test_a_fault_of_the_table_is_a_503_with_retry_after(
    api: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = Reading(table("no-such-table"), query_api.people, secret("cursor"))
    monkeypatch.setattr(query_api, "reading", missing)

    answers = [ask(path) for path in ("/api/tutors", "/api/overview", "/api/tutors/t-7")]

    assert [answer.status for answer in answers] == [503] * 3
    assert all(answer.headers["retry-after"] for answer in answers)


# How it travels


def test_an_unchanged_page_is_not_sent_twice(api: Table) -> None:
    seed_many(api, 3)
    tag = ask("/api/tutors").headers["etag"]

    again = ask("/api/tutors", headers={"if-none-match": f'"x", {tag}'})

    assert again.status == 304
    assert again.raw == b""
    assert again.headers["cache-control"] == "private, no-cache"
    assert len(audited(api)) == 2


def test_a_changed_tutor_or_another_role_has_another_etag(api: Table) -> None:
    seed_many(api, 1)
    tag = ask("/api/tutors/t-000").headers["etag"]

    other_role = ask("/api/tutors/t-000", "people_ops", headers={"if-none-match": tag})
    stored = ScorecardTable(api).stored("t-000")
    card, row = ScorecardTable(api).card("t-000") or pytest.fail("there is a card")
    ScorecardTable(api).put_scorecard(card, replace(row, updated_at=NOW), stored)
    changed = ask("/api/tutors/t-000", headers={"if-none-match": tag})

    assert other_role.status == 200
    assert changed.status == 200


def test_a_large_answer_is_compressed_for_who_takes_gzip(api: Table) -> None:
    seed_many(api, 10)

    packed = ask("/api/tutors", headers={"accept-encoding": "br, gzip;q=0.8"})
    plain = ask("/api/tutors", headers={"accept-encoding": "gzip;q=0"})

    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.raw) == plain.raw
    assert packed.headers["etag"] == plain.headers["etag"]
