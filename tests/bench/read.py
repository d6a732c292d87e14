"""What a read costs and how long it takes at 280, 1,400 and 5,000 tutors."""

import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import islice

from infra_cdk.local.sign_in import access_token
from infra_cdk.local.stack import LocalStack, throwaway_stack
from shared.aws.item import Item
from shared.aws.listing import MAX_EXAMINED
from tests.bench import units
from tests.bench.result import Result, Row, Verdict, percentile
from tests.bench.store import Store, bare_store, load

SIZES = (280, 1_400, 5_000)
LOG_ROWS = 200
PAGE = 50


@dataclass(frozen=True, slots=True)
class Question:
    """A read as somebody makes it; `rows` is what its answer may need to look at."""

    name: str
    path: str
    query: str
    rows: int
    filtered: bool = False


QUESTIONS = (
    Question("list, worst first", "/api/tutors", f"sort=churn_score&limit={PAGE}", PAGE + 1),
    Question("list, by name", "/api/tutors", f"sort=name&limit={PAGE}", PAGE + 1),
    Question("list, high risk", "/api/tutors", f"risk=high,critical&limit={PAGE}", PAGE + 1),
    Question(
        "list, a flag of one in five",
        "/api/tutors",
        f"flag=high_reschedule_rate&limit={PAGE}",
        MAX_EXAMINED,
        filtered=True,
    ),
    Question(
        "list, a flag of nobody",
        "/api/tutors",
        f"flag=gone_quiet&limit={PAGE}",
        MAX_EXAMINED,
        filtered=True,
    ),
    Question("detail", f"/api/tutors/{units.TUTOR}", "", 2),
    Question("sessions of a tutor", f"/api/tutors/{units.TUTOR}/sessions", "limit=50", 51),
    Question("overview", "/api/overview", "", 31),
)
NOTES = (
    "Items and units are those of one answer, counted in-process; times are of the front door of a"
    " local stack, one request after another, on a kept-alive path of Lambda workers.",
    "A filter reads on until the page is full, but never more rows than"
    f" {MAX_EXAMINED:,}; then the page is short and has a cursor.",
)


@dataclass(frozen=True, slots=True)
class Count:
    """What one answer looked at."""

    items: int
    read_units: float
    calls: int


def run(quick: bool) -> Result:
    """Counts in-process, times through the front door."""
    sizes = SIZES[:2] if quick else SIZES
    counts = counted(sizes)
    times = timed(sizes, 15 if quick else 60)
    rows = [
        _row(question, size, counts[size][question.name], times[size][question.name])
        for question in QUESTIONS
        for size in sizes
    ]
    return Result("Reads", tuple(rows), NOTES)


@cache
def counted(sizes: tuple[int, ...]) -> dict[int, dict[str, Count]]:
    """What every question looks at, with so many tutors in the table."""
    now, found = datetime.now(UTC), {}
    with bare_store() as store:
        _make_scored(store, now)
        for size, cards in _growing(sizes, now):
            store.load(cards)
            store.run("summarize_platform", {})
            found[size] = {question.name: _count(store, question) for question in QUESTIONS}
    return found


def _growing(sizes: tuple[int, ...], now: datetime) -> Iterator[tuple[int, list[Item]]]:
    """Each size, and the cards that are missing to reach it."""
    cards, known = units.cards(max(sizes), now), 0
    for size in sizes:
        more = list(islice(cards, size - known))
        known = size
        yield size, more


def _make_scored(store: Store, now: datetime) -> None:
    """The measured tutor has a log and a scorecard of its own."""
    store.load(list(units.tutor_items(LOG_ROWS, now)))
    units.a_report(store, now)


def _count(store: Store, question: Question) -> Count:
    event = units.asked(question.path, question.query)
    store.run("query_api", event)  # secrets are read once
    store.meter.reset()
    answer = store.run("query_api", event).answer
    if answer["statusCode"] != 200:
        raise RuntimeError(f"{question.name}: {answer['statusCode']} {answer['body']}")
    return Count(store.meter.items_read, store.meter.read_units, store.meter.calls.total())


def timed(sizes: tuple[int, ...], times: int) -> dict[int, dict[str, list[float]]]:
    """Milliseconds of every question through the front door."""
    now, found = datetime.now(UTC), {}
    with throwaway_stack() as stack:
        deployed = stack.deployed
        load(deployed.client("dynamodb"), deployed.table, list(units.tutor_items(LOG_ROWS, now)))
        token = access_token(deployed, "ops_manager")
        for size, cards in _growing(sizes, now):
            load(deployed.client("dynamodb"), deployed.table, cards)
            found[size] = {
                question.name: [_once(stack, question, token) for _ in range(times)][3:]
                for question in QUESTIONS
            }
    return found


def _once(stack: LocalStack, question: Question, token: str) -> float:
    # the detail of a tutor needs a scorecard: those that were loaded have one
    path = question.path.replace(units.TUTOR, "t-00007")
    request = urllib.request.Request(
        f"{stack.deployed.front_door}{path}?{question.query}",
        headers={"Authorization": f"Bearer {token}", "Accept-Encoding": "gzip"},
    )
    began = time.perf_counter()
    with urllib.request.urlopen(request, timeout=30) as answer:
        answer.read()
    return 1000 * (time.perf_counter() - began)


def _row(question: Question, size: int, count: Count, times: list[float]) -> Row:
    p50, p95 = percentile(times, 0.50), percentile(times, 0.95)
    verdict = Verdict.MET if count.items <= question.rows else Verdict.MISSED
    counts = f"{count.items} items, {count.read_units:.1f} RRU, {count.calls} calls"
    return Row(
        f"{question.name}, {size:,} tutors",
        f"p50 {p50:.0f} ms, p95 {p95:.0f} ms; {counts}",
        f"≤ {question.rows:,} items",
        verdict,
    )
