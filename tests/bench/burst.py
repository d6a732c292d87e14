"""A burst as after an outage: 3,000 deliveries, repeated, corrected and shuffled, all at once.

What must be there afterwards is worked out from what was sent, not from what was stored.
"""

import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from infra_cdk.local.deployed import Deployed
from infra_cdk.local.stack import LocalStack, throwaway_stack
from shared.aws import key
from shared.aws.item import loaded_json
from shared.aws.scoring import Scoring
from shared.aws.table import Table
from shared.aws.tutor_log import event_item, logged_session_item, profile_item, session_item
from tests.bench import history
from tests.bench.cpu import CpuSeconds, used
from tests.bench.result import Result, Row, exactly, percentile, under
from tests.bench.sender import Answer, Post, post_all
from tests.bench.store import load

CONNECTIONS = 16
TUTORS = 200
SHARE = 10  # one in so many is a duplicate, and one in so many a correction
ACCEPT_SECONDS, DRAIN_SECONDS = 60.0, 120.0
GIVE_UP_SECONDS = 600
SEED = 20261120
KNOWN_ROWS = 200


@dataclass(frozen=True, slots=True)
class Sent:
    """The deliveries in the order they are sent, and the reports that must win."""

    posts: list[Post]
    final: dict[str, history.Body]


@dataclass(frozen=True, slots=True)
class Burst:
    """How long it took, and what was answered."""

    answers: list[Answer]
    accepted_after: float
    drained_after: float
    cpu: CpuSeconds


def run(quick: bool) -> Result:
    """On an empty table."""
    return _run("Burst on an empty table", 0, quick)


def run_known(quick: bool) -> Result:
    """Where every tutor has a history of 200 rows, as in a marketplace that has run for long."""
    return _run(f"Burst where tutors have {KNOWN_ROWS} rows each", KNOWN_ROWS, quick)


def _run(title: str, known: int, quick: bool) -> Result:
    count = 300 if quick else 3_000
    with throwaway_stack() as stack:
        deployed = stack.deployed
        dynamodb = deployed.client("dynamodb")
        began = {t: _load(dynamodb, deployed.table, t, known) for t in tutors()}
        sent = deliveries_of(count, datetime.now(UTC) - timedelta(hours=2))
        burst = fire(stack, sent)
        rows = (*_times(count, burst), *_checks(deployed, sent, burst, began), _faults(stack))
    notes = (
        f"{count:,} deliveries of {TUTORS} tutors: a tenth repeated, a tenth corrections with the"
        f" next version, shuffled (seed {SEED}), over {CONNECTIONS} connections. Expected numbers"
        " are counted from what was sent.",
    )
    return Result(title, rows, notes)


def tutors() -> list[str]:
    return [f"t-{number}" for number in range(TUTORS)]


def deliveries_of(count: int, until: datetime) -> Sent:
    """So many deliveries, of which the shares are repeated and corrected."""
    rng = random.Random(SEED)
    repeated = corrected = count // SHARE
    per_tutor = -(-(count - repeated - corrected) // TUTORS)
    bodies = [
        body
        for tutor_id in tutors()
        for body in history.session_bodies(tutor_id, per_tutor, until, seed=SEED, days=25)
    ][: count - repeated - corrected]
    final = {body["session_id"]: body for body in bodies}
    posts = [Post("sessions", f"msg.{body['session_id']}", body) for body in bodies]
    for body in rng.sample(bodies, corrected):
        new = {**body, "version": body["version"] + 1, "status": "cancelled"}
        final[body["session_id"]] = new
        posts.append(Post("sessions", f"msg.{body['session_id']}.corrected", new))
    posts += rng.sample(posts, repeated)
    rng.shuffle(posts)
    return Sent(posts, final)


def fire(stack: LocalStack, sent: Sent) -> Burst:
    """Send everything, then wait until nothing is pending and the queue is empty."""
    deployed = stack.deployed
    warm = history.session_bodies("warm", 4, datetime.now(UTC), seed=SEED)
    posts = [Post("sessions", f"msg.{body['session_id']}", body) for body in warm]
    post_all(deployed.front_door, deployed.webhook_secret, posts, 1)
    before, began = used(stack), time.monotonic()
    answers = post_all(deployed.front_door, deployed.webhook_secret, sent.posts, CONNECTIONS)
    accepted_after = time.monotonic() - began
    dynamodb, sqs = deployed.client("dynamodb"), deployed.client("sqs")
    scoring = deployed.queue_urls["scoring"]
    while time.monotonic() - began < GIVE_UP_SECONDS:
        if not pending(dynamodb, deployed.table) and not messages(sqs, scoring):
            break
        time.sleep(0.5)
    return Burst(answers, accepted_after, time.monotonic() - began, used(stack).since(before))


def pending(dynamodb: Any, table: str) -> int:
    """Deliveries that are not yet applied."""
    return sum(
        dynamodb.query(
            TableName=table,
            IndexName="pending",
            KeyConditionExpression="pending_shard = :shard",
            ExpressionAttributeValues={":shard": {"S": f"PENDING#{shard}"}},
            Select="COUNT",
        )["Count"]
        for shard in range(key.PENDING_SHARDS)
    )


def messages(sqs: Any, url: str) -> int:
    """Messages on a queue, those being worked on included."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)
    return sum(int(value) for value in found["Attributes"].values())


def _times(count: int, burst: Burst) -> Iterator[Row]:
    p50, p99 = (
        1000 * percentile([answer.seconds for answer in burst.answers], share)
        for share in (0.50, 0.99)
    )
    shown = f"{burst.accepted_after:.1f} s ({count / burst.accepted_after:.0f} a second)"
    yield under(f"{count:,} accepted", burst.accepted_after, ACCEPT_SECONDS, "s", shown=shown)
    shown = f"{burst.drained_after:.1f} s"
    yield under("drained", burst.drained_after, DRAIN_SECONDS, "s", shown=shown)
    tries = sum(answer.attempts - 1 for answer in burst.answers)
    figure = f"p50 {p50:.0f} ms, p99 {p99:.0f} ms, {tries} sent again"
    yield Row("an answer", figure)
    each = f"{1000 * burst.cpu.emulator / count:.0f} ms of the emulator"
    workers = f"{1000 * burst.cpu.workers / count:.0f} ms of our functions"
    yield Row("processor time a delivery", f"{each}, {workers}")


def _checks(deployed: Deployed, sent: Sent, burst: Burst, began: dict[str, int]) -> Iterator[Row]:
    yield exactly("not accepted", sum(a.status != 202 for a in burst.answers), 0)
    duplicates = len(sent.posts) - len({post.webhook_id for post in sent.posts})
    yield exactly("answered as duplicates", sum(a.duplicate for a in burst.answers), duplicates)
    dynamodb, sqs = deployed.client("dynamodb"), deployed.client("sqs")
    yield exactly("still pending", pending(dynamodb, deployed.table), 0)
    yield exactly("left on the queue", messages(sqs, deployed.queue_urls["scoring"]), 0)
    yield exactly("dead letters", messages(sqs, deployed.dead_letter_urls["scoring"]), 0)
    lost, doubled = _log_faults(deployed, sent, began)
    yield exactly("sessions lost or outdated", lost, 0)
    yield exactly("sessions counted twice", doubled, 0)
    yield exactly("wrong scorecards, by what was sent", _wrong_cards(deployed, sent, began), 0)
    scoring = Scoring.of(_table(deployed))
    drifted = sum(scoring.drifted(tutor_id) for tutor_id in tutors())
    yield exactly("wrong scorecards, by recomputing from the log", drifted, 0)


def _faults(stack: LocalStack) -> Row:
    """What our functions said went wrong on the way, though it may have been put right since."""
    logged = stack.folder.log.read_text(errors="replace")
    found = Counter(re.findall(r'"fault": ?"(\w+)"', logged))
    ended = len(re.findall(r"Task timed out|killed|Traceback", logged))
    listed = ", ".join(f"{name} {times}" for name, times in found.most_common())
    return Row("faults logged", f"{listed or 'none'}; {ended} workers ended or timed out")


def _log_faults(deployed: Deployed, sent: Sent, began: dict[str, int]) -> tuple[int, int]:
    """(lost, doubled): reports that did not win where they must, log rows that are too many."""
    table, lost = _table(deployed), 0
    for session_id, body in sent.final.items():
        item = table.get(key.session(session_id))
        stored: Any = loaded_json(item) if item else {"order": {}, "snapshot": {}}
        found = (stored["order"].get("number"), stored["snapshot"].get("status"))
        lost += found != (body["version"], body["status"])
    expected = Counter(body["tutor_id"] for body in sent.final.values())
    doubled = 0
    for tutor_id in tutors():
        rows = table.query(key.tutor(tutor_id), ("S#", "S#~"))
        doubled += max(0, sum(1 for _ in rows) - expected[tutor_id] - began[tutor_id])
    return lost, doubled


def _wrong_cards(deployed: Deployed, sent: Sent, began: dict[str, int]) -> int:
    """Scorecards whose 30 days do not hold what was sent; tutors with a history are counted in
    the 90 days, by the sessions alone."""
    table, wrong = _table(deployed), 0
    by_tutor: dict[str, list[history.Body]] = {tutor_id: [] for tutor_id in tutors()}
    for body in sent.final.values():
        by_tutor[body["tutor_id"]].append(body)
    for tutor_id, bodies in by_tutor.items():
        item = table.get(key.scorecard(tutor_id))
        if item is None:
            wrong += bool(bodies)
            continue
        windows = loaded_json(item)["windows"]
        if began[tutor_id]:
            wrong += windows["90d"]["sessions"] != len(bodies) + began[tutor_id]
        else:
            counts = {name: windows["30d"][name] for name in expected_counts([])}
            wrong += counts != expected_counts(bodies)
    return wrong


def expected_counts(bodies: list[history.Body]) -> dict[str, int]:
    """The counts of 30 days that these final reports must give."""
    status = Counter(body["status"] for body in bodies)
    moved = [body["reschedule_info"] for body in bodies if "reschedule_info" in body]
    return {
        "sessions": len(bodies),
        "completed": status["completed"],
        "cancelled": status["cancelled"],
        "tutor_no_shows": status["no_show"],
        "tutor_reschedules": sum(info["initiator"] == "tutor" for info in moved),
    }


def _load(dynamodb: Any, table: str, tutor_id: str, rows: int) -> int:
    """Give a tutor a history; answers its sessions with an outcome."""
    if not rows:
        return 0
    until = datetime.now(UTC) - timedelta(days=2)
    events = round(rows * history.EVENTS_PER_SESSION / (1 + history.EVENTS_PER_SESSION))
    known = list(history.merged(_before(tutor_id, rows - events, until)))
    items = [profile_item(history.tutor(tutor_id, until), 1)]
    bodies = history.event_bodies(tutor_id, events, until, seed=SEED)
    items += [event_item(event) for event in history.behaviour(bodies)]
    for session in known:
        items += filter(None, (session_item(session, 1), logged_session_item(session)))
    load(dynamodb, table, items)
    return len(known)


def _before(tutor_id: str, count: int, until: datetime) -> Iterator[history.Body]:
    for body in history.session_bodies(tutor_id, count, until, seed=SEED, days=80):
        yield {**body, "session_id": f"{body['session_id']}.before"}


def _table(deployed: Deployed) -> Table:
    return Table(deployed.client("dynamodb"), deployed.table)
