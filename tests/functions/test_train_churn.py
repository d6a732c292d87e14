"""train_churn: what a night leaves behind, whatever came of its training.

What training itself finds is tested on whole worlds elsewhere; most tutors here are too few for it.
"""

import csv
import gzip
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import EndpointConnectionError

from events.world.history import simulate
from events.world.world import World
from functions import train_churn
from infra_cdk.local.older import CLOSING, tell_best_possible
from shared.aws.model_registry import ModelRegistry, VersionTakenError
from shared.aws.queue import HintError
from shared.aws.scoring import Scoring
from shared.aws.table import VersionConflictError
from shared.aws.tutor_log import LogTable
from shared.domain.churn_model import Champion, Decision, FeatureDrift, Health
from shared.domain.evaluation import HEADLINE, Evaluation
from shared.domain.log import Log
from shared.domain.tutor import Tutor
from shared.ml.ceiling import COLUMNS, unpack_ceiling
from shared.ml.ledger import microseconds
from shared.ml.model import unpack
from shared.ml.nightly import Night, judging
from tests.builders import completed, log
from tests.churn_models import packed, small_model
from tests.functions.conftest import Aws, Logged
from tests.functions.test_roll_windows import scored_tutors

NIGHT = datetime.now(UTC).replace(hour=2, minute=0, second=0, microsecond=0)


@pytest.fixture(autouse=True)
def at_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train_churn, "now", lambda: NIGHT)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """The metrics that were emitted."""
    found: dict[str, float] = {}
    add_metric = train_churn.metrics.add_metric

    def noted(name: str, unit: MetricUnit, value: float) -> None:
        found[name] = value
        add_metric(name, unit, value)

    monkeypatch.setattr(train_churn.metrics, "add_metric", noted)
    return found


def trained(logged: Logged) -> dict[str, Any]:
    """What the night says of itself in the log."""
    (line,) = [line for line in logged() if line["message"] == "trained"]
    return line


def run() -> dict[str, Any]:
    answer: dict[str, Any] = train_churn.handler({}, LambdaContext())
    return answer


def night(version: str = "v1", *, promoted: bool, of: str | None = None, seed: int = 1) -> Night:
    """A night that trained a small model and decided so."""
    decision = Decision(NIGHT, version, of, promoted, ("The gate says so.",))
    return Night(small_model(version, seed=seed), decision, Health(NIGHT, version))


def leaving(number: int) -> Log:
    """Five months of a tutor; every second one leaves, one a day, before the test begins."""
    tutor_id, last = f"t-{number}", 95 + number % 45 if number % 2 else 0
    sessions = [
        completed(NIGHT - timedelta(days=day, hours=number % 12), tutor_id=tutor_id)
        for day in range(160, last, -1 - number % 2)
    ]
    return log(*sessions, of=Tutor(tutor_id))


@pytest.fixture
def town(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enough to learn from, in seconds; not put into the table first, which would take minutes."""
    known = {f"t-{number}": leaving(number) for number in range(60)}
    monkeypatch.setattr(train_churn, "gather", lambda tutor_ids, since: known)


def promoted(version: str, *, days: int) -> None:
    """Put a model in force that was trained so many days ago."""
    at, model = NIGHT - timedelta(days=days), small_model(version)
    manifest = replace(model.manifest, trained_at=at, train_until=at - timedelta(days=72))
    model = replace(model, manifest=manifest)
    decision = Decision(at, version, None, promoted=True, reasons=())
    train_churn.keep(Night(model, decision, None), train_churn.models.registry.champion())


def asked(aws: Aws) -> list[str]:
    return sorted(message["tutor_id"] for message in aws.messages("churn"))


# --- nights too early to learn anything ---


def test_with_too_little_to_learn_from_the_night_says_so_and_nothing_else_happens(
    aws: Aws, logged: Logged
) -> None:
    scored_tutors(aws, 3)

    assert run() == {"model": None, "promoted": False}

    (decision,) = ModelRegistry(aws.store).decisions()
    assert decision.reasons[0].startswith("Nothing was trained")
    assert decision.reasons[-1] == "Learnt from 3 tutors, none of them synthetic."
    assert asked(aws) == []
    assert trained(logged)["tutors"] == 3
    assert trained(logged)["promoted"] is False


def test_an_empty_marketplace_has_a_night_too(aws: Aws) -> None:
    assert run() == {"model": None, "promoted": False}


def test_the_model_in_force_stays_and_predicts_everybody_again(aws: Aws) -> None:
    scored_tutors(aws, 3)
    train_churn.keep(night("v1", promoted=True), None)

    assert run() == {"model": "v1", "promoted": False}

    assert asked(aws) == ["t-0", "t-1", "t-2"]
    health = ModelRegistry(aws.store).health()
    assert health is not None
    assert health.model_version == "v1"


def test_a_model_is_as_old_as_the_time_it_has_served(aws: Aws, counted: dict[str, float]) -> None:
    """What it learned ends months before it may serve, and would be old at once."""
    promoted("v1", days=9)

    assert run() == {"model": "v1", "promoted": False}

    assert counted["ModelAge"] == 9 * 86400


def test_a_damaged_model_in_force_is_counted_and_does_not_stop_the_night(
    aws: Aws, counted: dict[str, float]
) -> None:
    scored_tutors(aws, 1)
    train_churn.keep(night("v1", promoted=True), None)
    boto3.client("s3").delete_object(Bucket="models", Key="models/v1/stages.json")

    assert run() == {"model": "v1", "promoted": False}

    assert counted["ModelRefused"] == 1


# --- what a night decides ---


def test_a_promoted_challenger_is_stored_and_in_force(aws: Aws) -> None:
    after = train_churn.keep(night("v1", promoted=True), None)

    assert after == ModelRegistry(aws.store).champion()
    assert after is not None
    assert after.version == "v1"
    assert train_churn.models.model("v1") == packed("v1")


def test_a_challenger_that_lost_is_stored_with_the_reasons(aws: Aws) -> None:
    first = train_churn.keep(night("v1", promoted=True), None)
    later = night("v2", promoted=False, of="v1")
    decided = NIGHT + timedelta(days=1)
    later = replace(later, decision=replace(later.decision, decided_at=decided))

    assert train_churn.keep(later, first) == first

    registry = ModelRegistry(aws.store)
    assert registry.champion() == first
    assert registry.registered("v2") is not None
    assert [decision.challenger for decision in registry.decisions()] == ["v2", "v1"]


def test_a_night_that_is_repeated_leaves_the_same(aws: Aws) -> None:
    """It died while it stored its model; the second training gives the same bytes."""
    train_churn.models.put_model(packed("v1"))
    boto3.client("s3").delete_object(Bucket="models", Key="models/v1/stages.json")

    after = train_churn.keep(night("v1", promoted=True), None)

    assert after is not None
    assert after.version == "v1"
    assert train_churn.models.model("v1") == packed("v1")


def test_what_was_not_stored_is_not_put_in_force(aws: Aws) -> None:
    """Other content under one version: the gate judged a model that nobody could load."""
    train_churn.models.put_model(packed("v1"))

    with pytest.raises(VersionTakenError):
        train_churn.keep(night("v1", promoted=True, seed=2), None)

    assert ModelRegistry(aws.store).champion() is None


def test_of_two_nights_at_once_one_promotes(aws: Aws) -> None:
    train_churn.keep(night("v1", promoted=True), None)

    with pytest.raises(VersionConflictError):
        train_churn.keep(night("v2", promoted=True), None)

    champion: Champion | None = ModelRegistry(aws.store).champion()
    assert champion is not None
    assert champion.version == "v1"


def test_tutors_that_could_not_be_asked_for_fail_the_night(aws: Aws) -> None:
    """So that Lambda repeats it; the promotion stays."""
    events = train_churn.queue.client.meta.events

    def refuse(parsed: dict[str, Any], **_: Any) -> None:
        parsed["Failed"] = [{"Id": "0", "SenderFault": False, "Code": "InternalError"}]

    events.register("after-call.sqs.SendMessageBatch", refuse)
    try:
        with pytest.raises(HintError):
            train_churn.ask_again(["t-0", "t-1"])
    finally:
        events.unregister("after-call.sqs.SendMessageBatch", refuse)


def test_a_fault_while_reading_fails_the_night_and_changes_nothing(aws: Aws) -> None:
    scored_tutors(aws, 2)
    before = aws.items()
    events = train_churn.store.client.meta.events

    def down(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://dynamodb")

    events.register("before-call.dynamodb.GetItem", down)
    try:
        with pytest.raises(EndpointConnectionError):
            run()
    finally:
        events.unregister("before-call.dynamodb.GetItem", down)

    assert aws.items() == before


# --- nights that train ---


def test_a_challenger_meets_the_last_good_model_where_the_one_in_force_is_damaged(
    aws: Aws, town: None, counted: dict[str, float]
) -> None:
    promoted("v1", days=30)
    promoted("v2", days=15)
    boto3.client("s3").delete_object(Bucket="models", Key="models/v2/stages.json")

    assert run() == {"model": "v2", "promoted": False}

    registry = ModelRegistry(aws.store)
    decision, health = registry.decisions()[0], registry.health()
    assert decision.champion == "v1"
    assert decision.reasons[0].startswith("v1 stays in force: it was put there or judged 15 days")
    assert health is not None
    assert health.model_version == "v1"
    assert counted["ModelRefused"] == 1


def test_a_night_that_is_repeated_trains_the_same_version(
    aws: Aws, town: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run()
    monkeypatch.setattr(train_churn, "now", lambda: NIGHT + timedelta(hours=1))
    run()

    first, again = ModelRegistry(aws.store).decisions()
    assert first.challenger == again.challenger
    assert first.challenger is not None
    assert unpack(train_churn.models.model(first.challenger)).manifest.version == first.challenger


def test_a_model_that_was_judged_lately_is_not_judged_again(
    aws: Aws, town: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    promoted("v1", days=30)
    registry = ModelRegistry(aws.store)
    measured = Evaluation(HEADLINE, {}, (), ())
    registry.put_decision(
        Decision(NIGHT - timedelta(days=3), "v2", "v1", False, ("No better.",), (measured,))
    )
    registry.put_decision(Decision(NIGHT - timedelta(days=1), "v3", "v1", False, ("Too soon.",)))

    run()

    assert "put there or judged 3 days ago" in registry.decisions()[0].reasons[0]


# --- the best possible forecast ---


def known_ceiling() -> bytes:
    """A ceiling of the town's tutors at the midnights of the test, as a file."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for number in range(60):
        for at in judging(NIGHT):
            chance = 0.3 if number % 2 else 0.1
            writer.writerows((f"t-{number}", at.isoformat(), days, chance) for days in CLOSING)
    return gzip.compress(text.getvalue().encode())


def measured(aws: Aws) -> set[str]:
    """What stands in the newest challenger's evaluation of 30 days."""
    registry = ModelRegistry(aws.store)
    version = registry.decisions()[0].challenger
    assert version is not None
    known = registry.registered(version)
    assert known is not None
    (month,) = (each for each in known.manifest.evaluations if each.horizon_days == HEADLINE)
    return set(month.measures)


def test_the_ceiling_stands_beside_the_model_only_where_it_was_kept(
    aws: Aws, town: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    run()
    assert measured(aws) == {"promoted", "xgboost", "logistic", "recency"}

    train_churn.models.put_ceiling(known_ceiling())
    monkeypatch.setattr(train_churn, "now", lambda: NIGHT + timedelta(hours=1))
    run()
    assert measured(aws) == {"promoted", "xgboost", "logistic", "recency", "ceiling"}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(known_ceiling()[:-20], id="cut off"),
        pytest.param(b"no gzip", id="no gzip"),
        pytest.param(gzip.compress(b"t-1,yesterday,30,0.5\n"), id="no forecast"),
    ],
)
def test_a_damaged_ceiling_is_left_out(aws: Aws, content: bytes) -> None:
    train_churn.models.put_ceiling(content)

    assert train_churn.ceiling() == {}


def test_a_ceiling_that_was_removed_is_not_known(aws: Aws) -> None:
    train_churn.models.put_ceiling(known_ceiling())
    train_churn.models.remove_ceiling()

    assert train_churn.ceiling() == {}


def test_the_local_world_keeps_its_ceiling_for_the_midnights_of_the_first_test(aws: Aws) -> None:
    hamlet = simulate(World("hamlet", tutors=4, days=80), 1, NIGHT)

    tell_best_possible(hamlet, NIGHT, train_churn.models)

    content = train_churn.models.ceiling()
    assert content is not None
    known = unpack_ceiling(content)
    assert {at for _, at, _ in known} == {microseconds(at) for at in judging(NIGHT)}
    assert {days for _, _, days in known} == set(CLOSING)


def test_a_world_that_ended_long_ago_has_no_ceiling_to_tell(aws: Aws) -> None:
    hamlet = simulate(World("hamlet", tutors=4, days=80), 1, NIGHT - timedelta(days=90))

    tell_best_possible(hamlet, NIGHT, train_churn.models)

    assert train_churn.models.ceiling() is None


# --- what a night measures and reads ---


def test_the_night_tells_what_it_used_and_counts_what_drifted(
    counted: dict[str, float], logged: Logged
) -> None:
    drift = (FeatureDrift("a", 280, 0.9, 0.1), FeatureDrift("b", 280, 0.05, 0.1))
    done = replace(night(promoted=True), health=Health(NIGHT, "v1", drift))

    train_churn.measure(done, 280, 61.5)

    assert counted == {"TrainingSeconds": 61.5, "DriftedFeatures": 1}
    told = trained(logged)
    assert (told["tutors"], told["rows"], told["promoted"]) == (280, 400, True)
    train_churn.metrics.clear_metrics()


def test_logs_are_read_as_far_back_as_training_looks(aws: Aws) -> None:
    logs = LogTable(aws.store)
    for days in (1, 200, 729, 732):
        told = completed(NIGHT - timedelta(days=days), session_id=f"s-{days}")
        logs.put_session(told, logs.session(told.session_id))

    read = train_churn.gather(("t-7", "t-404"), NIGHT - timedelta(days=730))

    assert list(read) == ["t-7", "t-404"]
    assert [session.session_id for session in read["t-7"].sessions] == ["s-729", "s-200", "s-1"]
    assert read["t-404"].sessions == ()


def test_synthetic_tutors_do_not_teach_where_there_are_enough_real_ones(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, logged: Logged
) -> None:
    scored_tutors(aws, 3)
    for number in range(2):
        Scoring.of(aws.store).score(f"syn-{number}", lambda: NIGHT)
    enough = train_churn.env.model_copy(update={"ENOUGH_REAL_TUTORS": 3})
    monkeypatch.setattr(train_churn, "env", enough)

    run()

    (decision,) = ModelRegistry(aws.store).decisions()
    about = "Learnt from 3 real tutors; 2 synthetic ones were left out."
    assert decision.reasons[-1] == about
    assert trained(logged)["tutors"] == 3
