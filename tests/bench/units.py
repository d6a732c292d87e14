"""What a session costs: DynamoDB's units a report, a minute and a night, and dollars a month."""

import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice, pairwise
from typing import Any

from infra_cdk.alarm_spec import ALARMS
from infra_cdk.dashboard import LOOKED_AT
from infra_cdk.edge import RULES
from infra_cdk.function_spec import FUNCTIONS, QUEUES
from infra_cdk.local.stack import LOCAL_WEBHOOK_SECRET
from shared.aws.entrance import HEADER
from shared.aws.item import Item
from shared.aws.scorecard_table import card_item
from shared.aws.tutor_log import event_item, logged_session_item, profile_item, session_item
from shared.domain.log import midnight
from shared.domain.scorecard import scorecard
from shared.domain.tutor_row import Insight, tutor_row
from tests.bench import history, price
from tests.bench.price import Usage
from tests.bench.result import Result, Row, Verdict
from tests.bench.store import ENTRANCE, MANAGERS, Ran, Store, bare_store
from tests.simulation.workload import delivery

REPORTS = 5
TUTOR = "t-measured"
SIZES = {"demo": 280, "full": 1_400, "x10": 14_000}
LOG_ROWS = (10, 200, 1_000)
SESSIONS_A_DAY = (3_000, 10_000, 30_000)
GOAL_DOLLARS = 50
"""A month at the first of these."""
SESSIONS_A_WEEK = 15
REPORTS_A_SESSION = len(history.NOT_KNOWN_YET)
STARTS_A_MONTH: dict[str, float] = {
    "sweep_mail": price.MINUTES_A_MONTH,
    "escalate_interventions": price.MINUTES_A_MONTH / 15,
    "send_digest": price.MINUTES_A_MONTH / 60,
}
TRAINING = Usage(cpu_seconds=900, memory_gb=8, invocations=1)
"""Of a night at most: the whole time that train_churn may take, with all its memory."""
HOME = (
    ("/api/overview", ""),
    ("/api/tutors", "risk=critical,high&status=active,on_leave,unknown&sort=churn_score&limit=8"),
    ("/api/interventions", "owner=bench&limit=6"),
    ("/api/interventions", "owner=ops_manager&limit=6"),
)
LOOKS_A_MONTH = 5 * 22 * 8 * 120
"""Five people have Home open on 22 days for 8 hours, where it looks again every 30 seconds."""


@dataclass(frozen=True, slots=True)
class Cost:
    """The mean of several runs of one step."""

    receive: Usage
    score: Usage
    predict: Usage
    act: Usage
    mail: Usage
    kept_bytes: float
    """What the table holds more afterwards, without its indexes."""

    @property
    def steps(self) -> tuple[Usage, ...]:
        """Of every report, without a mail."""
        return (self.receive, self.score, self.predict, self.act)

    def plus(self, other: "Cost") -> "Cost":
        """Both, one after the other."""
        steps = zip((*self.steps, self.mail), (*other.steps, other.mail), strict=True)
        receive, score, predict, act, mail = (added(one, two) for one, two in steps)
        return Cost(receive, score, predict, act, mail, self.kept_bytes + other.kept_bytes)

    @property
    def read_units(self) -> float:
        return sum(step.read_units for step in self.steps)

    @property
    def write_units(self) -> float:
        return sum(step.write_units for step in self.steps)

    @property
    def dollars(self) -> float:
        return sum(price.dollars(step) for step in self.steps)


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything counted: by size of the tutor's log, and by number of tutors."""

    by_rows: dict[int, Cost]
    by_tutors: dict[int, Cost]
    summary: dict[int, Usage]
    sweep: dict[int, Usage]
    night: dict[int, Usage]
    clock: dict[str, Usage]
    """What else the clock starts, by function; with nothing to do."""
    home: Usage
    """Home looks again: the overview, the worst tutors, two lists of interventions."""
    roll: Usage
    event: Cost
    session: Cost
    """All reports of one session together, and the mails that follow from them."""
    indexes: dict[str, float]


def run(quick: bool) -> Result:
    """Count, and price what was counted."""
    found = measure(quick)
    rows = [
        *(_report_row(f"a report, {n:,} rows in 90 days", c) for n, c in found.by_rows.items()),
        _report_row("a behaviour event, 200 rows", found.event),
        *_flat(found),
        *_proportional(found),
        *_periodic(found),
        *_dollars(found),
    ]
    indexes = ", ".join(f"{name} {units:.1f}" for name, units in found.indexes.items())
    notes = (
        "The functions run in-process against the emulator with the stack's table; units by"
        " DynamoDB's published rules (tests/bench/meter.py), prices from tests/bench/price.py.",
        f"A session is {REPORTS_A_SESSION} reports and {history.EVENTS_PER_SESSION} behaviour"
        f" events, its tutor has 200 rows in 90 days; tutors = sessions a day × 7 /"
        f" {SESSIONS_A_WEEK}. No batching is assumed: under load a batch scores a tutor once.",
        f"A month: each session's mail to {MANAGERS} managers; five people with Home open on 22"
        " days for 8 hours; training as long as it may take each night; records of a year.",
        f"Index writes a report at 200 rows: {indexes}.",
    )
    return Result("DynamoDB units and dollars", tuple(rows), notes)


@cache
def measure(quick: bool) -> Measured:
    """Count every step at every size."""
    sizes = list(SIZES.values())[: 2 if quick else 3]
    now = datetime.now(UTC)
    with bare_store() as store:
        by_rows, indexes = {}, {}
        for rows in LOG_ROWS:
            store.clear()
            store.load([*cards(sizes[0], now), *tutor_items(rows, now)])
            by_rows[rows] = a_report(store, now)
            if rows == LOG_ROWS[1]:
                indexes = {k: v / REPORTS for k, v in store.meter.by_index.items()}
        by_tutors, summary, sweep, night = {}, {}, {}, {}
        for tutors in sizes:
            store.clear()
            store.load([*cards(tutors, now), *tutor_items(200, now)])
            by_tutors[tutors] = a_report(store, now)
            summary[tutors] = _usage(store, "summarize_platform", [{}])
            sweep[tutors] = _usage(store, "sweep_inbox", [{}])
            night[tutors] = _usage(store, "roll_windows", [{}])
            store.messages()
        at = midnight(now).isoformat()
        roll = {"tutor_id": TUTOR, "roll_at": at}
        record = {
            "messageId": "1",
            "receiptHandle": "1",
            "body": json.dumps(roll),
            "attributes": {"ApproximateReceiveCount": "1"},
        }
        rolled = _usage(store, "score_tutor", [{"Records": [record]}])
        event = _deliver(store, "events", list(islice(_events(now), REPORTS)))
        session = a_session(store, now)
        started = {"time": now.replace(microsecond=0).isoformat()}
        clock = {name: _usage(store, name, [started]) for name in STARTS_A_MONTH}
        for path, query in HOME:
            store.run("query_api", asked(path, query))  # secrets are read once
        looks = _usage(store, "query_api", [asked(path, query) for path, query in HOME])
        home = times(replace(looks, http_requests=1.0), len(HOME))
    return Measured(
        by_rows, by_tutors, summary, sweep, night, clock, home, rolled, event, session, indexes
    )


def a_report(store: Store, now: datetime) -> Cost:
    """What the report of a completed session uses, webhook to probability."""
    store.put_in_force()
    warm, *bodies = history.session_bodies(
        TUTOR, REPORTS + 1, now - timedelta(hours=1), seed=2, days=1
    )
    renamed = [{**body, "session_id": f"new.{n}"} for n, body in enumerate(bodies)]
    _deliver(store, "sessions", [{**warm, "session_id": "new.warm"}])
    return _deliver(store, "sessions", renamed)


def a_session(store: Store, now: datetime) -> Cost:
    """What all reports of a session use, booked to rated, its tutor having what is loaded."""
    bodies = history.session_bodies(TUTOR, 5 * REPORTS, now - timedelta(hours=1), seed=4, days=1)
    rated = [body for body in bodies if "student_rating" in body][:REPORTS]
    total = Cost(Usage(), Usage(), Usage(), Usage(), Usage(), 0.0)
    named = (body | {"session_id": f"whole.{n}"} for n, body in enumerate(rated))
    for said in zip(*map(history.reports_of, named), strict=True):
        total = total.plus(_deliver(store, "sessions", list(said)))
    return total


def _deliver(store: Store, kind: str, bodies: list[history.Body]) -> Cost:
    store.messages()
    before = store.held_bytes()
    received = _usage(store, "report_webhook", [posted(kind, body) for body in bodies])
    by_index = Counter(store.meter.by_index)
    batches = [{"Records": [record]} for record in store.messages()]
    if len(batches) != len(bodies):
        raise RuntimeError(f"{len(bodies)} reports led to {len(batches)} messages")
    scored = _usage(store, "score_tutor", batches)
    by_index.update(store.meter.by_index)
    passed_on = [{"Records": [record]} for record in store.messages(store.churn_queue_url)]
    predicted = _usage(store, "predict_churn", passed_on)
    by_index.update(store.meter.by_index)
    changed = [{"Records": [record]} for record in store.messages(store.action_queue_url)]
    acted = _usage(store, "act_on_change", changed)
    by_index.update(store.meter.by_index)
    due = [{"Records": [record]} for record in store.messages(store.mail_queue_url)]
    mailed = times(_usage(store, "send_mail", due), len(due) / len(bodies)) if due else Usage()
    kept = (store.held_bytes() - before) / len(bodies)
    store.meter.by_index.clear()
    store.meter.by_index.update(by_index)
    return Cost(
        replace(received, sqs_requests=1.0, http_requests=1.0),
        replace(scored, sqs_requests=3.0),
        replace(predicted, sqs_requests=3.0),
        replace(acted, sqs_requests=2.0 + len(due) / len(bodies)),
        replace(mailed, sqs_requests=2.0 * len(due) / len(bodies)),
        kept,
    )


def _usage(store: Store, function: str, events: list[dict[str, Any]]) -> Usage:
    """The mean over the events of what a function uses."""
    store.function(function)
    store.meter.reset()
    ran = [store.run(function, event) for event in events]
    _refuse_failures(ran)
    meter, count = store.meter, len(events)
    return Usage(
        read_units=meter.read_units / count,
        write_units=meter.write_units / count,
        calls=meter.calls.total() / count,
        cpu_seconds=sum(one.cpu_seconds for one in ran) / count,
        memory_gb=next(s.memory_mb for s in FUNCTIONS if s.name == function) / 1024,
        invocations=1.0,
        sqs_requests=(meter.calls["SendMessage"] + meter.calls["SendMessageBatch"]) / count,
        mails=meter.calls["SendRawEmail"] / count,
        log_bytes=sum(one.log_bytes for one in ran) / count,
    )


def _refuse_failures(ran: list[Ran]) -> None:
    for one in ran:
        if one.answer.get("statusCode", 202) not in (200, 202) or one.answer.get(
            "batchItemFailures"
        ):
            raise RuntimeError(f"a measured call failed: {one.answer}")


def times(usage: Usage, factor: float) -> Usage:
    """So many of a step; memory stays what it is."""
    numbers = {name: value * factor for name, value in asdict(usage).items()}
    return replace(Usage(**numbers), memory_gb=usage.memory_gb)


def added(one: Usage, two: Usage) -> Usage:
    """Two runs of one step; memory is that of the function."""
    both = asdict(one), asdict(two)
    numbers = {name: both[0][name] + both[1][name] for name in both[0]}
    return replace(Usage(**numbers), memory_gb=max(one.memory_gb, two.memory_gb))


def asked(path: str, query: str) -> dict[str, Any]:
    """The HTTP API's event of a read by an operations manager."""
    claims = {
        "token_use": "access",
        "sub": "bench",
        "username": "bench",
        "cognito:groups": "[ops_manager]",
    }
    return {
        "rawPath": path,
        "rawQueryString": query,
        "headers": {HEADER: ENTRANCE},
        "requestContext": {
            "requestId": f"bench-{time.monotonic_ns()}",
            "authorizer": {"jwt": {"claims": claims}},
        },
    }


def posted(kind: str, body: history.Body) -> dict[str, Any]:
    """The HTTP API's event of a signed delivery."""
    name = body.get("session_id") or body["event_id"]
    webhook_id = f"msg.{name}.{body.get('version', 1)}"
    raw = json.dumps(body)
    return delivery(f"/api/{kind}", webhook_id, raw, LOCAL_WEBHOOK_SECRET, datetime.now(UTC))


def tutor_items(rows: int, now: datetime) -> Iterator[Item]:
    """Everything stored of the measured tutor: so many rows in the log, sessions and events."""
    log = history.log(TUTOR, rows, now - timedelta(days=1))
    yield profile_item(log.tutor, 1)
    yield from (event_item(event) for event in log.events)
    for session in log.sessions:
        yield session_item(session, 1)
        row = logged_session_item(session)
        if row is not None:
            yield row


def cards(tutors: int, now: datetime) -> Iterator[Item]:
    """Scorecards of so many tutors, drawn from forty that were really computed."""
    made = []
    for number in range(40):
        character = history.IN_TROUBLE if number % 5 == 0 else history.TYPICAL
        log = history.log(f"t-{number}", 200, now, seed=number, character=character)
        card = scorecard(log, now)
        made.append((card, tutor_row(card, log.tutor, now, Insight(now, now, now, now))))
    for number in range(tutors):
        card, row = made[number % len(made)]
        tutor_id, churn = f"t-{number:05d}", number * 7919 % 10_000 / 100
        yield card_item(
            replace(card, tutor_id=tutor_id),
            replace(row, tutor_id=tutor_id, name=f"Ada {tutor_id}", churn_score=churn),
            1,
            {flag.code: flag.since for flag in card.flags},
        )


def _events(now: datetime) -> Iterator[history.Body]:
    for number, body in enumerate(history.event_bodies(TUTOR, REPORTS, now, seed=3)):
        yield {**body, "event_id": f"new-e.{number}"}


def _report_row(name: str, cost: Cost) -> Row:
    figure = f"{cost.read_units:.1f} RRU + {cost.write_units:.1f} WRU"
    steps = (
        f"{step} {used.read_units:.0f} + {used.write_units:.0f}"
        for step, used in (("receive", cost.receive), ("predict", cost.predict))
    )
    return Row(name, f"{figure} ({', '.join(steps)})")


def _flat(found: Measured) -> Iterator[Row]:
    smallest, *_, largest = found.by_tutors
    small, large = found.by_tutors[smallest], found.by_tutors[largest]
    ratio = units(large) / units(small)
    verdict = Verdict.MET if 0.9 < ratio < 1.1 else Verdict.MISSED
    name = f"units a report, {largest:,} tutors against {smallest:,}"
    yield Row(name, f"× {ratio:.2f}", "flat (± 10 %)", verdict)


def _proportional(found: Measured) -> Iterator[Row]:
    for fewer, more in pairwise(LOG_ROWS):
        ratio = units(found.by_rows[more]) / units(found.by_rows[fewer])
        verdict = Verdict.MET if ratio < more / fewer else Verdict.MISSED
        yield Row(
            f"units a report, {more:,} rows against {fewer:,}",
            f"× {ratio:.2f}",
            f"< × {more / fewer:g}",
            verdict,
        )


def units(cost: Cost) -> float:
    """Reads and writes in one number, in the proportion of their prices."""
    return cost.write_units + cost.read_units * price.DYNAMODB_READ_UNIT / price.DYNAMODB_WRITE_UNIT


def _periodic(found: Measured) -> Iterator[Row]:
    for title, by_tutors in (
        ("summary, a minute", found.summary),
        ("sweep, a minute", found.sweep),
        ("roll_windows, a night", found.night),
    ):
        for tutors, usage in by_tutors.items():
            figure = f"{usage.read_units:,.0f} RRU + {usage.write_units:,.0f} WRU"
            seconds = f"{usage.cpu_seconds:.2f} s of CPU, {usage.calls:.0f} calls"
            yield Row(f"{title}, {tutors:,} tutors", f"{figure}; {seconds}")
    roll = found.roll
    yield Row(
        "nightly roll of one tutor", f"{roll.read_units:.0f} RRU + {roll.write_units:.0f} WRU"
    )


def _dollars(found: Measured) -> Iterator[Row]:
    report = found.by_rows[200]
    yield Row("a million reports, without mails", f"${1e6 * report.dollars:,.2f}: {_split(report)}")
    whole = 1e6 * sum(price.dollars(step) for step in _of_a_session(found))
    yield Row("a million sessions, their events with them, without mails", f"${whole:,.2f}")
    mail = {what: 1e6 * cost for what, cost in price.parts(found.session.mail).items() if cost}
    shown = ", ".join(f"{what} {cost:.2f}" for what, cost in mail.items())
    yield Row(
        f"a million sessions' mails to {MANAGERS} managers", f"${sum(mail.values()):,.2f}: {shown}"
    )
    yield Row("a session keeps in the table", f"{found.session.kept_bytes / 1000:.1f} kB")
    for a_day in SESSIONS_A_DAY:
        paid = month(found, a_day)
        causes = ", ".join(f"{cause} {sum(cost.values()):,.0f}" for cause, cost in paid.items())
        yield Row(
            f"a month at {a_day:,} sessions a day, {tutors_for(a_day):,.0f} tutors",
            f"${total(paid):,.0f}: {causes}",
            *_goal(total(paid), a_day),
        )
        yield Row(
            "the same, less what AWS gives every account",
            f"${total(paid) - given(paid):,.0f}",
            *_goal(total(paid) - given(paid), a_day),
        )
    yield Row(
        "standing, dollars a month",
        ", ".join(f"{what} {cost:.2f}" for what, cost in _standing().items()),
    )


def _standing() -> dict[str, float]:
    """What is due whatever happens: every metric that any function emits, as if it always did."""
    alarms = len(ALARMS) + len(FUNCTIONS)  # one for each new version
    return price.standing(len(LOOKED_AT), alarms, len(QUEUES), len(RULES))


type Month = dict[str, dict[str, float]]
"""Dollars a month by what causes them, and of that by what they are paid for."""
STANDING = "standing"


def month(found: Measured, sessions_a_day: int) -> Month:
    """What a platform of that size pays, with a year's records kept."""
    tutors, sessions = tutors_for(sessions_a_day), sessions_a_day * price.DAYS_A_MONTH
    minute = [
        _at(found.summary, tutors),
        _at(found.sweep, tutors),
        *(
            times(found.clock[name], n / price.MINUTES_A_MONTH)
            for name, n in STARTS_A_MONTH.items()
        ),
    ]
    nights = [_at(found.night, tutors), times(found.roll, tutors)]
    kept_bytes = found.session.kept_bytes + history.EVENTS_PER_SESSION * found.event.kept_bytes
    kept_gb = 12 * sessions * kept_bytes / 1e9
    starts = (2 * price.MINUTES_A_MONTH + sum(STARTS_A_MONTH.values())) * price.SCHEDULER_START
    return {
        "reports": _paid(sessions, *_of_a_session(found)),
        "mails": _paid(sessions, found.session.mail),
        "minutes": _paid(price.MINUTES_A_MONTH, *minute) | {"Scheduler": starts},
        "nights": _paid(price.DAYS_A_MONTH, *nights),
        "training": _paid(price.DAYS_A_MONTH, TRAINING),
        "looking": _paid(LOOKS_A_MONTH, found.home),
        "records": {
            "storage": kept_gb * price.DYNAMODB_GB_MONTH,
            "backups": kept_gb * price.DYNAMODB_BACKUP_GB_MONTH,
        },
        "tracing": {"X-Ray": _tracing(sessions_a_day, tutors)},
        STANDING: _standing(),
    }


def _tracing(sessions_a_day: int, tutors: float) -> float:
    """Traces of the five functions that a report goes through, and of what each minute starts.

    Every invocation counts as a trace of its own, though a queue's goes on with its sender's.
    """
    reports = sessions_a_day * (REPORTS_A_SESSION + history.EVENTS_PER_SESSION)
    each_minute = 3 * price.tracing(24 * 60)
    return 4 * price.tracing(reports + tutors) + price.tracing(sessions_a_day) + each_minute


def _goal(dollars: float, sessions_a_day: int) -> tuple[str, Verdict]:
    """Only the smallest platform has one."""
    if sessions_a_day != SESSIONS_A_DAY[0]:
        return "", Verdict.NONE
    return f"< ${GOAL_DOLLARS}", Verdict.MET if dollars < GOAL_DOLLARS else Verdict.MISSED


def by_paid(month: Month) -> dict[str, float]:
    """Dollars of a month by what they are paid for."""
    names = dict.fromkeys(name for costs in month.values() for name in costs)
    return {name: sum(costs.get(name, 0.0) for costs in month.values()) for name in names}


def given(month: Month) -> float:
    """What of a month AWS does not charge an account that runs nothing else."""
    paid = by_paid(month)
    return sum(min(paid.get(name, 0.0), most) for name, most in price.GIVEN.items())


def total(paid: Month) -> float:
    """All of a month."""
    return sum(sum(costs.values()) for costs in paid.values())


def running(paid: Month) -> float:
    """What of a month grows with the platform: neither people nor what stands there anyway."""
    return total({name: paid[name] for name in ("reports", "mails", "minutes", "nights")})


def _of_a_session(found: Measured) -> Iterator[Usage]:
    """Its reports, and the behaviour events that come with it."""
    yield from found.session.steps
    for step in found.event.steps:
        yield times(step, history.EVENTS_PER_SESSION)


def _paid(often: float, *steps: Usage) -> dict[str, float]:
    """Dollars of steps that are taken so often, by what they are paid for."""
    paid: dict[str, float] = defaultdict(float)
    for step in steps:
        for what, cost in price.parts(step).items():
            paid[what] += often * cost
    return dict(paid)


def tutors_for(sessions_a_day: int) -> float:
    return sessions_a_day * 7 / SESSIONS_A_WEEK


def _split(cost: Cost) -> str:
    steps = [price.parts(step) for step in cost.steps]
    return ", ".join(f"{name} {1e6 * sum(step[name] for step in steps):.2f}" for name in steps[0])


def _at(by_tutors: dict[int, Usage], tutors: float) -> Usage:
    """A step that grows with the tutors, from the largest size counted."""
    largest = max(by_tutors)
    return times(by_tutors[largest], tutors / largest)
