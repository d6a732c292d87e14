"""How long Rails waits for an answer: signed reports through the front door of a local stack."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from infra_cdk.local.stack import LocalStack, throwaway_stack
from tests.bench import history
from tests.bench.result import Result, Row, Verdict, percentile
from tests.bench.sender import Answer, Post, post_all

CLIENTS = 8
NOTES = (
    "Through front door, emulated HTTP API and a Lambda worker process; scoring runs beside it on"
    " the same cores. Warm: the first posts are not counted.",
)


def run(quick: bool) -> Result:
    """One client after another answer, then eight at once."""
    count = 60 if quick else 300
    with throwaway_stack() as stack:
        _post(stack, _posts("warm", 24), CLIENTS)
        alone = _post(stack, _posts("alone", count), 1)
        together = _post(stack, _posts("together", count), CLIENTS)
    rows = (
        _row(f"{count} posts, one after another", alone),
        _row(f"{count} posts, {CLIENTS} clients at once", together),
    )
    return Result("Webhook", rows, NOTES)


def _post(stack: LocalStack, posts: Iterator[Post], clients: int) -> list[Answer]:
    deployed = stack.deployed
    return post_all(deployed.front_door, deployed.webhook_secret, list(posts), clients)


def _posts(name: str, count: int) -> Iterator[Post]:
    until = datetime.now(UTC) - timedelta(hours=1)
    for number in range(count):
        tutor_id = f"{name}-{number % 40}"
        (body,) = history.session_bodies(tutor_id, 1, until, seed=number, days=20)
        body["session_id"] = f"{name}.{number}"
        yield Post("sessions", f"msg.{name}.{number}", body)


def _row(name: str, answers: list[Answer]) -> Row:
    seconds = [answer.seconds for answer in answers]
    refused = sum(answer.status != 202 for answer in answers)
    p50, p99 = (1000 * percentile(seconds, share) for share in (0.50, 0.99))
    verdict = Verdict.MISSED if refused else Verdict.NONE
    figure = f"p50 {p50:.0f} ms, p99 {p99:.0f} ms"
    return Row(name, figure + (f", {refused} not accepted" if refused else ""), "", verdict)
