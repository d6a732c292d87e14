"""predict_churn: from a scored tutor to a probability, whatever is wrong with model or message."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import numpy as np
import pytest
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions import predict_churn
from shared.aws import key
from shared.aws.model_registry import ModelRegistry
from shared.aws.model_store import model_store
from shared.aws.prediction_table import PredictionTable
from shared.aws.queue import tutor_queue
from shared.aws.scorecard_table import row_of
from shared.aws.scoring import Scoring
from shared.aws.tutor_log import LogTable, Versioned
from shared.domain.churn_model import Decision
from shared.domain.event import BehaviourEvent
from shared.domain.log import Log
from shared.domain.prediction import Absence, Prediction, Unscored, shown
from shared.domain.tutor import Tutor, TutorStatus
from shared.ml.features import features
from shared.ml.ledger import Ledger, microseconds
from shared.ml.predict import predict
from tests.builders import completed, event, feedback, logins, moved, tutor
from tests.churn_models import of_another_format, packed, small_model
from tests.functions.conftest import Aws, Logged, about, sqs_event, sqs_record

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container that has just started, at noon."""
    monkeypatch.setattr(predict_churn, "now", lambda: NOW)
    predict_churn.loaded.clear()


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the metrics that were emitted,"""
    names: list[str] = []
    add_metric = predict_churn.metrics.add_metric

    def noted(name: str, unit: MetricUnit, value: float) -> None:
        names.append(name)
        add_metric(name, unit, value)

    monkeypatch.setattr(predict_churn.metrics, "add_metric", noted)
    return names


def in_force(aws: Aws, version: str = "v1", *, seed: int = 1) -> None:
    """Store a model and put it in force."""
    store = model_store("models", aws.store)
    store.put_model(packed(version, seed=seed))
    before = store.registry.champion()
    of = before.version if before else None
    at = NOW + timedelta(seconds=before.number if before else 0)
    store.registry.promote(Decision(at, version, of, promoted=True, reasons=()), before)


def teaching(aws: Aws, tutor_id: str = "t-7", *, days: int = 10, last: int = 1) -> Log:
    """A scored tutor with a session on each of so many days; the whole log."""
    logs = LogTable(aws.store)
    for day in range(last, last + days):
        at = NOW - timedelta(days=day, minutes=3)
        told = completed(at, 4.5, tutor_id=tutor_id, session_id=f"s-{tutor_id}-{day}")
        logs.put_session(told, Versioned(None, 0))
    Scoring.of(aws.store).score(tutor_id, lambda: NOW)
    return logs.whole_log(tutor_id)


def run(*messages: Any, receives: int = 1) -> list[str]:
    """Handle a batch; the messages that failed."""
    answer = predict_churn.handler(sqs_event(*messages, receives=receives), LambdaContext())
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def hint(tutor_id: str = "t-7") -> dict[str, str]:
    return {"tutor_id": tutor_id}


def told(aws: Aws, tutor_id: str = "t-7") -> Prediction:
    found = PredictionTable(aws.store).prediction(tutor_id)
    assert isinstance(found, Prediction)
    return found


def seen_in(log: Log) -> bytes:
    """The features of a log now, to the last bit."""
    at = np.array([microseconds(NOW)])
    return features(Ledger.of(log), at, small_model().space).tobytes()


def p30(aws: Aws, tutor_id: str = "t-7") -> float | None:
    """What the lists show."""
    item = aws.store.get(key.scorecard(tutor_id))
    assert item is not None
    return row_of(item).probabilities.within_30d


# --- predicting --------------------------------------------------------------------------------


def test_a_scored_tutor_is_predicted(aws: Aws, counted: list[str]) -> None:
    in_force(aws)
    teaching(aws)

    assert run(hint()) == []

    found = told(aws)
    chances = found.probabilities
    ladder = (chances.within_1d, chances.within_7d, chances.within_30d, chances.within_90d)
    assert None not in ladder
    assert list(ladder) == sorted(ladder, key=lambda chance: chance or 0)
    assert p30(aws) == shown(chances).within_30d
    assert (found.model_version, found.as_of) == ("v1", NOW)
    assert found.data_as_of == NOW - timedelta(days=1, minutes=3)
    assert counted == ["Predicted"]


def test_the_factors_add_up_to_the_margin(aws: Aws) -> None:
    in_force(aws)
    teaching(aws)

    run(hint())

    found = told(aws)
    total = found.base + sum(factor.contribution for factor in found.factors) + found.others
    assert total == pytest.approx(found.margin, abs=1e-4)


def test_half_a_year_of_log_predicts_as_the_whole_log_does(aws: Aws) -> None:
    """What serving reads is cut where no feature looks any more; training reads all there is."""
    in_force(aws)
    logs = LogTable(aws.store)
    logs.put_tutor(tutor(subjects=("Mathematics",)))
    moments = [NOW - timedelta(hours=49 * n) for n in range(1, 200)]
    for number, at in enumerate(moments):
        said = (feedback(3, at + timedelta(days=20), feedback_id=f"f-{number}"),)
        fields: dict[str, Any] = {"feedback": said if number % 9 == 0 else ()}
        each = moved(at, **fields) if number % 5 == 0 else completed(at, 4.0, **fields)
        logs.put_session(each, Versioned(None, 0))
    for number, entry in enumerate([*logins(0.3, 400, 0), event("session_prep", moments[3], 30.0)]):
        if isinstance(entry, BehaviourEvent) and number % 2:
            logs.put_event(entry)
    Scoring.of(aws.store).score("t-7", lambda: NOW)

    run(hint())

    whole, cut = logs.whole_log("t-7"), logs.log_since("t-7", predict_churn.looked_at_since(NOW))
    assert len(cut.sessions) < len(whole.sessions)
    assert seen_in(cut) == seen_in(whole)
    assert [told(aws)] == predict(small_model(), [whole], NOW)


def test_a_batch_predicts_each_tutor_once(aws: Aws, counted: list[str]) -> None:
    in_force(aws)
    for name in ("t-1", "t-2"):
        teaching(aws, name, days=5)

    assert run(hint("t-1"), hint("t-2"), hint("t-1")) == []

    assert counted == ["Predicted", "Predicted"]


@pytest.mark.parametrize(
    ("status", "since", "last", "because"),
    [
        pytest.param("resigned", 1, 2, Absence.GONE, id="resigned"),
        pytest.param("deactivated", 1, 2, Absence.GONE, id="deactivated"),
        pytest.param("on_leave", 1, 2, Absence.ON_LEAVE, id="on leave"),
        pytest.param("active", 90, 15, Absence.QUIET, id="quiet"),
    ],
)
def test_who_is_not_at_work_loses_the_probabilities_and_is_told_why(
    aws: Aws,
    monkeypatch: pytest.MonkeyPatch,
    status: str,
    since: int,
    last: int,
    because: Absence,
) -> None:
    in_force(aws)
    teaching(aws, last=last)
    monkeypatch.setattr(predict_churn, "now", lambda: NOW - timedelta(days=last))
    run(hint())
    assert p30(aws) is not None
    away = tutor(TutorStatus(status), status_since=NOW - timedelta(days=since))
    LogTable(aws.store).put_tutor(away)

    monkeypatch.setattr(predict_churn, "now", lambda: NOW)
    assert run(hint()) == []

    found = PredictionTable(aws.store).prediction("t-7")
    assert isinstance(found, Unscored)
    assert (found.because, found.model_version) == (because, "v1")
    assert found.data_as_of == NOW - timedelta(days=last, minutes=3)
    assert p30(aws) is None


def test_a_tutor_nobody_ever_reported_is_quiet(aws: Aws) -> None:
    in_force(aws)

    assert run(hint("t-404")) == []

    found = PredictionTable(aws.store).prediction("t-404")
    assert isinstance(found, Unscored)
    assert (found.because, found.data_as_of) == (Absence.QUIET, None)


# --- without a good model ------------------------------------------------------------------------


def test_without_a_model_nothing_is_written_and_nothing_fails(
    aws: Aws, counted: list[str], logged: Logged
) -> None:
    teaching(aws)
    before = aws.items()

    assert run(hint()) == []

    assert aws.items() == before
    assert counted == []
    assert about(logged()) == [("no model", None)]
    assert aws.messages("action") == [hint()]


def test_who_was_predicted_is_passed_on_once(aws: Aws) -> None:
    in_force(aws)
    teaching(aws, "t-7")
    teaching(aws, "t-8")

    run(hint("t-7"), hint("t-8"), hint("t-7"), "not json")

    assert sorted(m["tutor_id"] for m in aws.messages("action")) == ["t-7", "t-8"]


def test_while_the_action_queue_is_down_the_message_comes_again(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    teaching(aws)
    monkeypatch.setattr(
        predict_churn, "action", tutor_queue("https://sqs.us-east-1.amazonaws.com/1/gone")
    )

    assert run(hint()) == ["m-1"]


def damage(name: str, content: bytes | None, version: str = "v1") -> None:
    s3, where = boto3.client("s3"), f"models/{version}/{name}"
    if content is None:
        s3.delete_object(Bucket="models", Key=where)
    else:
        s3.put_object(Bucket="models", Key=where, Body=content)


DAMAGE = [
    pytest.param("stages.json", b"[]", id="other stages"),
    pytest.param("stages.json", None, id="no stages"),
    pytest.param("trees_7d.ubj", b"\x80\x04\x95", id="a pickle for trees"),
    pytest.param("trees_30d.ubj", b"", id="empty trees"),
    pytest.param("manifest.json", b"{}", id="an empty manifest"),
    pytest.param("manifest.json", None, id="no manifest"),
]


@pytest.mark.parametrize(("name", "content"), DAMAGE)
def test_a_damaged_first_model_is_refused_and_nothing_is_written(
    aws: Aws, counted: list[str], logged: Logged, name: str, content: bytes | None
) -> None:
    in_force(aws)
    teaching(aws)
    damage(name, content)
    before = aws.items()

    assert run(hint()) == []

    assert aws.items() == before
    assert counted == ["ModelRefused"]
    assert about(logged()) == [("model refused", None), ("no model", None)]


@pytest.mark.parametrize(("name", "content"), DAMAGE)
def test_a_container_goes_on_with_its_last_good_model(
    aws: Aws, counted: list[str], name: str, content: bytes | None
) -> None:
    in_force(aws, "v1")
    teaching(aws)
    run(hint())
    in_force(aws, "v2", seed=2)
    damage(name, content, "v2")

    assert run(hint()) == []

    assert told(aws).model_version == "v1"
    assert counted == ["Predicted", "ModelRefused", "Predicted"]


def test_a_new_container_takes_the_model_before(aws: Aws, counted: list[str]) -> None:
    for version in ("v1", "v2", "v3"):
        in_force(aws, version)
    teaching(aws)
    damage("stages.json", b"[]", "v3")

    assert run(hint()) == []

    assert told(aws).model_version == "v2"
    assert counted == ["ModelRefused", "Predicted"]


def test_a_model_of_a_format_to_come_is_refused(
    aws: Aws, counted: list[str], logged: Logged
) -> None:
    store = model_store("models", aws.store)
    store.put_model(of_another_format(packed()))
    store.registry.promote(Decision(NOW, "v1", None, promoted=True, reasons=()), None)
    teaching(aws)

    assert run(hint()) == []

    assert counted == ["ModelRefused"]
    assert about(logged()) == [("model refused", None), ("no model", None)]


def test_a_new_container_goes_back_to_the_last_good_model(aws: Aws) -> None:
    for number in (1, 2, 3):
        in_force(aws, f"v{number}", seed=number)
    teaching(aws)
    for version in ("v2", "v3"):
        damage("stages.json", b"[]", version)

    run(hint())

    assert told(aws).model_version == "v1"


def test_a_mended_model_is_taken_up_at_once(aws: Aws) -> None:
    in_force(aws, "v1")
    in_force(aws, "v2", seed=2)
    teaching(aws)
    damage("stages.json", b"[]", "v2")
    run(hint())

    damage("stages.json", packed("v2", seed=2)["stages.json"], "v2")
    run(hint())

    assert told(aws).model_version == "v2"


def test_a_model_is_read_once_and_its_successor_as_soon_as_it_is_in_force(aws: Aws) -> None:
    read: list[str] = []
    events = predict_churn.models.client.meta.events

    def note(params: dict[str, Any], **_: Any) -> None:
        read.append(params["Key"].split("/")[1])

    in_force(aws, "v1")
    teaching(aws)
    events.register("provide-client-params.s3.GetObject", note)
    try:
        for _ in range(3):
            run(hint())
        once = set(read), len(read)
        in_force(aws, "v2", seed=2)
        run(hint())
    finally:
        events.unregister("provide-client-params.s3.GetObject", note)

    assert once == ({"v1"}, len(packed()))
    assert read[-1] == "v2"
    assert told(aws).model_version == "v2"


def test_after_a_rollback_the_model_before_predicts(aws: Aws) -> None:
    in_force(aws, "v1")
    in_force(aws, "v2", seed=2)
    teaching(aws)
    run(hint())

    ModelRegistry(aws.store).roll_back(NOW + timedelta(hours=1), "kim")
    run(hint())

    assert told(aws).model_version == "v1"


# --- messages ------------------------------------------------------------------------------------


@pytest.mark.parametrize("poison", ["not json", [], {}, {"tutor_id": 7}], ids=str)
def test_a_poison_message_fails_alone(aws: Aws, poison: Any) -> None:
    in_force(aws)
    for name in ("t-1", "t-2"):
        teaching(aws, name, days=5)

    assert run(hint("t-1"), poison, hint("t-2")) == ["m-2"]

    assert p30(aws, "t-1") is not None
    assert p30(aws, "t-2") is not None


def test_a_log_that_breaks_the_model_fails_alone(aws: Aws) -> None:
    """A stored session of a form this code can not read."""
    in_force(aws)
    for name in ("t-1", "t-2", "t-3"):
        teaching(aws, name, days=5)
    row = next(i for i in aws.items("TUTOR#t-2") if i["sk"]["S"].startswith("S#"))
    broken = json.loads(row["data"]["S"])
    del broken["snapshot"]["student_id"]
    aws.store.put(row | {"data": {"S": json.dumps(broken)}})

    assert run(hint("t-1"), hint("t-2"), hint("t-3")) == ["m-2"]

    assert p30(aws, "t-3") is not None


def test_a_failed_message_waits_longer_each_time(aws: Aws) -> None:
    in_force(aws)
    waits: list[int] = []
    events = predict_churn.queue.client.meta.events
    name = "provide-client-params.sqs.ChangeMessageVisibility"

    def note(params: dict[str, Any], **_: Any) -> None:
        waits.append(params["VisibilityTimeout"])

    events.register(name, note)
    try:
        for receives in (1, 2, 3):
            poison = {"Records": [sqs_record("poison", 1, receives)]}
            predict_churn.handler(poison, LambdaContext())
    finally:
        events.unregister(name, note)

    assert waits == [15, 30, 60]


def test_predicting_again_changes_nothing(aws: Aws) -> None:
    in_force(aws)
    teaching(aws)
    run(hint())
    once = aws.items()

    assert run(hint(), hint()) == []

    assert aws.items() == once


def test_a_stub_is_predicted_like_anybody(aws: Aws) -> None:
    in_force(aws)
    log = teaching(aws)

    run(hint())

    assert log.tutor == Tutor("t-7")
    assert p30(aws) is not None


class Crash(BaseException):
    """The process dies: nothing of ours may catch it."""


@contextmanager
def dying_at(call: int) -> Iterator[list[str]]:
    """Let the process die before its n-th call to the table; yields the names of the calls."""
    seen: list[str] = []
    events = predict_churn.store.client.meta.events

    def hook(model: Any, **_: Any) -> None:
        seen.append(model.name)
        if len(seen) == call + 1:
            raise Crash

    events.register("before-call.dynamodb", hook)
    try:
        yield seen
    finally:
        events.unregister("before-call.dynamodb", hook)


def test_dying_at_any_call_and_trying_again_ends_as_if_nothing_had_happened(aws: Aws) -> None:
    in_force(aws)
    teaching(aws, "t-1", days=3)
    teaching(aws, "t-2", days=3)
    in_force(aws, "v2", seed=2)
    with dying_at(-1) as calls:
        run(hint("t-1"), hint("t-2"))
    ending = aws.items()

    for call in range(len(calls)):
        predict_churn.loaded.clear()
        for name in ("t-1", "t-2"):
            PredictionTable(aws.store).put(Unscored(name, NOW, None, Absence.QUIET, "v1"))
        with dying_at(call), pytest.raises(Crash):
            run(hint("t-1"), hint("t-2"))

        assert run(hint("t-1"), hint("t-2")) == []

        assert without_versions(aws.items()) == without_versions(ending), calls[call]


def without_versions(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{n: v for n, v in item.items() if n != "version" or "N" not in v} for item in items]


# --- what is logged ------------------------------------------------------------------------------


@pytest.mark.parametrize("said", ["predicted", "no model"])
def test_a_prediction_goes_back_to_all_that_asked_for_it(
    aws: Aws, logged: Logged, said: str
) -> None:
    if said == "predicted":
        in_force(aws)
    teaching(aws)

    run(hint() | {"correlation_ids": ["w-1", "w-2"]}, hint(), hint() | {"correlation_ids": ["w-3"]})

    assert about(logged()) == [(said, "w-1 w-2 w-3")]
    assert aws.messages("action") == [hint() | {"correlation_ids": ["w-1", "w-2", "w-3"]}]


def test_a_prediction_that_a_clock_asked_for_goes_back_to_nothing(aws: Aws, logged: Logged) -> None:
    teaching(aws)

    run(hint())

    assert about(logged()) == [("no model", None)]
    assert aws.messages("action") == [hint()]
