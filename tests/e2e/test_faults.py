"""What goes wrong in production, done on purpose to a local stack of its own."""

import json
import random
import threading
from collections.abc import Iterator

import pytest

from infra_cdk.local.stack import LocalStack, throwaway_stack
from shared.aws.scoring import Scoring
from shared.aws.table import Table
from tests.e2e.marketplace import Delivery, Marketplace, completed, moved

pytestmark = pytest.mark.e2e

TUTORS = [f"t-{number}" for number in range(12)]


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    with throwaway_stack(keep_state=True) as running:
        yield running


@pytest.fixture
def marketplace(stack: LocalStack) -> Marketplace:
    return Marketplace(stack.deployed)


def burst(name: str, count: int) -> list[Delivery]:
    """Sessions, a tenth of them corrected and a tenth delivered twice, in a shuffled order."""
    order = random.Random(name)
    deliveries = []
    for number in range(count):
        session, tutor = f"{name}-{number}", TUTORS[number % len(TUTORS)]
        report = moved if number % 8 == 0 else completed
        first = report(session, tutor, 1 + number / 10)
        deliveries.append(Delivery("/api/sessions", f"{session}-v1", first))
        if number % 10 == 1:
            corrected = completed(session, TUTORS[(number + 1) % len(TUTORS)], 2, version=2)
            deliveries.append(Delivery("/api/sessions", f"{session}-v2", corrected))
        if number % 10 == 2:
            deliveries.append(deliveries[-1])
    order.shuffle(deliveries)
    return deliveries


def counted(marketplace: Marketplace, name: str) -> dict[str, int]:
    """Sessions of a burst by tutor, as the tutors' own logs have them."""
    client = marketplace.deployed.client("dynamodb")
    found = {}
    for tutor in TUTORS:
        items = client.query(
            TableName=marketplace.deployed.table,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :sessions)",
            ExpressionAttributeValues={
                ":pk": {"S": f"TUTOR#{tutor}"},
                ":sessions": {"S": "S#"},
            },
        )["Items"]
        found[tutor] = sum(f"#{name}-" in item["sk"]["S"] for item in items)
    return found


def expected(deliveries: list[Delivery]) -> dict[str, int]:
    """Sessions by tutor when the newest version of each counts, once."""
    newest: dict[str, Delivery] = {}
    for delivery in deliveries:
        known = newest.get(delivery.body["session_id"])
        if known is None or delivery.body["version"] >= known.body["version"]:
            newest[delivery.body["session_id"]] = delivery
    owners = [delivery.body["tutor_id"] for delivery in newest.values()]
    return {tutor: owners.count(tutor) for tutor in TUTORS}


def assert_scored(marketplace: Marketplace) -> None:
    """Every scorecard is what its log gives."""
    deployed = marketplace.deployed
    scoring = Scoring.of(Table(deployed.client("dynamodb"), deployed.table))
    assert not [tutor for tutor in TUTORS if scoring.drifted(tutor)]


def test_concurrent_workers_lose_and_double_nothing(marketplace: Marketplace) -> None:
    deliveries = burst("crowd", 150)

    marketplace.deliver(deliveries)
    marketplace.drain()

    assert counted(marketplace, "crowd") == expected(deliveries)
    assert_scored(marketplace)
    assert marketplace.dead_letters() == 0


def test_crashed_workers_and_lost_hints_are_made_good_by_the_sweep(
    stack: LocalStack, marketplace: Marketplace
) -> None:
    deliveries = burst("crash", 100)

    marketplace.deliver(deliveries[:50])
    stack.emulator.kill_workers()
    marketplace.deployed.client("sqs").purge_queue(
        QueueUrl=marketplace.deployed.queue_urls["scoring"]
    )
    marketplace.deliver(deliveries[50:])
    stack.emulator.kill_workers()
    marketplace.drain(180)

    assert counted(marketplace, "crash") == expected(deliveries)
    assert_scored(marketplace)


def test_a_stack_stopped_in_mid_burst_goes_on_where_it_was(
    stack: LocalStack, marketplace: Marketplace
) -> None:
    deliveries = burst("restart", 120)
    sender = threading.Thread(target=marketplace.deliver, args=(deliveries,))

    sender.start()
    marketplace.eventually(lambda: marketplace.pending() > 20)
    stack.stop()
    stack.start()
    sender.join(120)
    again = Marketplace(stack.deployed)
    again.drain(180)

    assert not sender.is_alive()
    assert counted(again, "restart") == expected(deliveries)
    assert_scored(again)


def test_a_function_without_its_grant_fails_and_recovers_when_it_has_it_back(
    stack: LocalStack,
) -> None:
    marketplace = Marketplace(stack.deployed)
    iam, functions = stack.deployed.client("iam"), stack.deployed.client("lambda")
    configuration = functions.get_function_configuration(
        FunctionName=stack.deployed.function_name("score_tutor")
    )
    role = configuration["Role"].rsplit("/", 1)[-1]
    policy = iam.get_role_policy(RoleName=role, PolicyName="least")["PolicyDocument"]
    lesser = {
        **policy,
        "Statement": [s for s in policy["Statement"] if "dynamodb:PutItem" not in s["Action"]],
    }
    assert lesser != policy

    iam.put_role_policy(RoleName=role, PolicyName="least", PolicyDocument=json.dumps(lesser))
    status, _ = marketplace.post("/api/sessions", "grant", completed("grant-1", TUTORS[0], 1))
    marketplace.eventually(lambda: marketplace.pending() == 1, 10)
    with pytest.raises(AssertionError):
        marketplace.drain(8)
    iam.put_role_policy(RoleName=role, PolicyName="least", PolicyDocument=json.dumps(policy))
    marketplace.drain(120)

    assert status == 202
    assert counted(marketplace, "grant")[TUTORS[0]] == 1


def test_a_poison_message_ends_in_the_dead_letters_alone(stack: LocalStack) -> None:
    marketplace = Marketplace(stack.deployed)
    before = marketplace.dead_letters()

    stack.deployed.client("sqs").send_message(
        QueueUrl=stack.deployed.queue_urls["scoring"], MessageBody="this is not JSON"
    )
    marketplace.deliver(burst("poison", 20))
    marketplace.drain()

    marketplace.eventually(lambda: marketplace.dead_letters() == before + 1, 180)
    assert_scored(marketplace)
