"""A day of 30,000 sessions in compressed time, and the day on which scoring was out for two hours.

The deployed functions run on a simulated AWS by its clock (`tests/simulation/paced.py`): what is
measured is how long reports wait for each other, for a full batch, for a container and a sweep.
"""

import contextlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from infra_cdk.function_spec import FUNCTIONS, Batch
from shared.aws.item import Item, loaded
from shared.aws.tutor_log import event_item, logged_session_item, profile_item
from shared.domain.mail import Mail, MailKind
from tests.bench import history
from tests.bench.result import Result, Row, exactly, percentile, under
from tests.simulation import churn
from tests.simulation.__main__ import simulated
from tests.simulation.paced import PacedWorld
from tests.simulation.wire import Call
from tests.simulation.workload import SWEEP_SECONDS, delivery
from tests.simulation.world import Source, Task

SESSIONS, TUTORS = 30_000, 14_000
QUICK: Final = 20
"""One in so many sessions and tutors, where it has to be quick."""
KNOWN_ROWS, CHARACTERS = 40, 40
"""What is known of each tutor before: so many rows, drawn from so many tutors."""
BEGIN: Final = datetime(2026, 11, 20, 6, tzinfo=UTC)
HOUR: Final = 3600.0
DAY: Final = (0.0, 24 * HOUR)
BY_HOUR = (1, 1, 1, 1, 1, 2, 4, 6, 8, 10, 12, 14, 18, 24, 36, 60, 80, 90, 90, 80, 60, 30, 10, 4)
"""How session ends spread over the day from BEGIN: most are in the afternoon and evening."""
OUT: Final = (13 * HOUR, 15 * HOUR)
"""When the table answers nothing that scoring asks; some 2,800 sessions end meanwhile."""
AROUND: Final = (12.5 * HOUR, 16 * HOUR)
TOLD: Final = 2
"""The version that first tells of a session's end."""
GOAL_INSIGHT, GOAL_BACKLOG = 300.0, 900.0
SECRET: Final = "whsec_" + "c2ltdWxhdGVkLXNlY3JldA=="
SEED: Final = 20261120


@dataclass(slots=True)
class Day:
    """A part of a day and what came of it; times in seconds from BEGIN."""

    sessions: int
    tutors: int
    between: tuple[float, float] = DAY
    out: tuple[float, float] | None = None
    world: PacedWorld = field(init=False)
    ended: dict[str, float] = field(default_factory=dict)
    """When a session ended, by its id."""
    told: int = 0
    """Sessions whose end was reported."""
    received: dict[str, float] = field(default_factory=dict)
    """When a report was answered 202, by its id."""
    scored: dict[str, float] = field(default_factory=dict)
    """When what it changes was in the scorecard."""
    waiting: int = 0
    """Reports that were pending when the outage was over."""

    def play(self) -> None:
        """Let it happen."""
        self.world = PacedWorld(SEED, 0.0, BEGIN, SOURCES)
        self.world.secrets = {
            "webhook": json.dumps({"current": SECRET, "previous": None}), "cursor": "sealing",
        }  # fmt: skip
        self.world.taken_off, self.world.refused = self._taken_off, self._refused
        churn.put_in_force(self.world)
        self.world.seconds = self.between[0]
        for item in known(self.tutors):
            self.world.dynamo.put({"Item": item})
        for at, kind, body in reports(self.sessions, self.tutors, self.ended):
            if self.between[0] <= at < self.between[1]:
                self._posts(at, kind, body)
                self.told += body.get("version") == TOLD
        self.world.every(SWEEP_SECONDS, "sweep_inbox", "sweep_mail")
        if self.out:
            self.world.at(self.out[1], self._over)
        while self.world.seconds < self.between[1] + HOUR and self.world.step():
            pass

    def _posts(self, at: float, kind: str, body: history.Body) -> None:
        """Rails reports; what is not answered 202 it reports again, half a minute later."""
        webhook_id = f"{body.get('session_id') or body['event_id']}.{body.get('version', 1)}"

        said = json.dumps(body)

        def post() -> None:
            event = delivery(f"/api/{kind}", webhook_id, said, SECRET, self.world.now())
            if not self.world.invoke("report_webhook", event, ended):
                ended(None, False)

        def ended(answer: Any, _: bool) -> None:
            if answer and answer["statusCode"] == 202:
                self.received.setdefault(webhook_id, self.world.seconds)
            else:
                self.world.counted["answered otherwise"] += 1
                self.world.at(self.world.seconds + 30, post)

        self.world.at(at, post)

    def _taken_off(self, queue: str, body: str) -> None:
        webhook_id = json.loads(body).get("webhook_id")
        if webhook_id:
            self.scored.setdefault(webhook_id, self.world.seconds)

    def _refused(self, task: Task, call: Call) -> bool:
        return bool(
            self.out
            and self.out[0] <= self.world.seconds < self.out[1]
            and task.name == "score_tutor"
            and call.service == "dynamodb"
        )

    def _over(self) -> None:
        self.waiting = len(self.received.keys() - self.scored.keys())

    def insights(self) -> list[float]:
        """Seconds from each session's end to the scorecard that knows of it."""
        return [
            at - self.ended[session_id]
            for webhook_id, at in self.scored.items()
            for session_id, _, version in (webhook_id.rpartition("."),)
            if session_id in self.ended and version == str(TOLD)
        ]

    def mails(self) -> list[float]:
        """Seconds from a session's end to the mail on it, handed to SES."""
        found = (
            loaded(Mail, item) for _, sk, item in self.world.dynamo.all() if sk.startswith("MAIL#")
        )
        return [
            (mail.done_at - BEGIN).total_seconds() - self.ended[mail.about[0]]
            for mail in found
            if mail.kind is MailKind.SESSION_REPORT and mail.done_at
        ]

    def pending(self) -> int:
        return sum("pending_since" in item for _, _, item in self.world.dynamo.all())

    def dead(self) -> int:
        return sum(len(queue.dead) for queue in self.world.sqs.queues.values())


SOURCES: Final = tuple(
    Source(spec.trigger.queue, spec.name)
    for spec in FUNCTIONS
    if isinstance(spec.trigger, Batch) and spec.trigger.queue != "bounce"
)


SIMULATED: Final = (
    "The deployed functions on a simulated AWS (tests/simulation/paced.py): a call takes what is"
    " assumed there, computing what it takes on this machine, stretched to the function's share"
    f" of a processor. Each tutor has {KNOWN_ROWS} rows before; mails have no design, and the"
    " churn model in force is a small one (tests/churn_models.py).",
)


def run(quick: bool) -> Result:
    """A whole day."""
    day = _played(quick)
    notes = (
        f"{day.sessions:,} sessions of {day.tutors:,} tutors end in a day, a quarter of them in its"
        " busiest two hours. Each is reported when booked, over and rated, and comes with"
        f" {history.EVENTS_PER_SESSION} behaviour events.",
    )
    return Result("A day in compressed time", tuple(_day(day)), notes + SIMULATED)


def run_outage(quick: bool) -> Result:
    """The hours around an outage on such a day."""
    day = _played(quick, AROUND, OUT)
    notes = (
        f"Of a day with {day.sessions:,} sessions. For two hours scoring gets no answer from the"
        " table, while reports are received; nobody puts dead letters back.",
    )
    return Result("Two hours' outage in compressed time", tuple(_outage(day)), notes + SIMULATED)


def _played(
    quick: bool, between: tuple[float, float] = DAY, out: tuple[float, float] | None = None
) -> Day:
    share = QUICK if quick else 1
    day = Day(SESSIONS // share, TUTORS // share, between, out)
    with simulated(), contextlib.redirect_stdout(io.StringIO()):
        day.play()
    return day


def _day(day: Day) -> Iterator[Row]:
    insights, mails, counted = day.insights(), day.mails(), day.world.counted
    p50, p95, p99 = (percentile(insights, share) for share in (0.50, 0.95, 0.99))
    shown = f"p50 {p50:.1f} s, p95 {p95:.1f} s, p99 {p99:.1f} s, longest {max(insights):.0f} s"
    yield under("from a session's end to its scorecard, p95", p95, GOAL_INSIGHT, "s", shown=shown)
    p50, p95 = (percentile(mails, share) for share in (0.50, 0.95))
    yield Row(
        "from a session's end to its mail",
        f"p50 {p50:.1f} s, p95 {p95:.1f} s, {len(mails):,} mails",
    )
    yield exactly(
        "sessions without a scorecard that knows of them", day.sessions - len(insights), 0
    )
    yield exactly("dead letters", day.dead(), 0)
    for name in ("score_tutor", "predict_churn", "act_on_change", "send_mail"):
        starts, messages = counted[f"starts of {name}"], counted[f"messages to {name}"]
        yield Row(
            f"{name}: messages, starts, at once",
            f"{messages:,}, {starts:,}, {day.world.most_at_once[name]}",
        )
    yield Row("calls, cold starts", f"{counted['calls']:,}, {counted['cold starts']:,}")


def _outage(day: Day) -> Iterator[Row]:
    over = OUT[1]
    before = [at for name, at in day.scored.items() if day.received[name] < over <= at]
    after = [
        at - day.received[name] for name, at in day.scored.items() if day.received[name] >= over
    ]
    sessions = sum(OUT[0] <= at < over for at in day.ended.values())
    yield Row("sessions that ended meanwhile", f"{sessions:,}")
    yield Row("reports that waited at its end", f"{day.waiting:,}")
    cleared = max(before) - over
    shown = f"half after {percentile(before, 0.5) - over:.0f} s, all after {cleared:.0f} s"
    yield under("until these were scored", cleared, GOAL_BACKLOG, "s", shown=shown)
    p95 = percentile(after, 0.95)
    shown = f"p95 {p95:.1f} s, longest {max(after):.0f} s"
    yield under(
        "what came afterwards, from receipt to scorecard",
        p95,
        GOAL_INSIGHT,
        "s",
        shown=shown,
    )
    yield exactly("reports never scored", day.waiting - len(before), 0)
    yield exactly("still pending at the end", day.pending(), 0)
    yield Row("dead letters that nobody put back", f"{day.dead():,}")
    yield Row("starts of score_tutor", f"{day.world.counted['starts of score_tutor']:,}")


def known(tutors: int) -> Iterator[Item]:
    """What is stored of each tutor before: as that of one of a few, under another name."""
    made = [(_name(number), json.dumps(list(_rows(_name(number))))) for number in range(CHARACTERS)]
    for number in range(tutors):
        name, rows = made[number % CHARACTERS]
        yield from json.loads(rows.replace(name, f"t-{number}"))


def _name(number: int) -> str:
    return f"t-as-{number:02}"


def _rows(tutor_id: str) -> Iterator[Item]:
    log = history.log(tutor_id, KNOWN_ROWS, BEGIN - timedelta(days=1), seed=SEED)
    yield profile_item(log.tutor, 1)
    yield from (event_item(event) for event in log.events)
    yield from filter(None, map(logged_session_item, log.sessions))


def reports(
    sessions: int, tutors: int, ended: dict[str, float]
) -> Iterator[tuple[float, str, history.Body]]:
    """(when, of what kind, report), in no order; notes in `ended` when each session ended."""
    rng = Random(SEED)
    hours = rng.choices(range(24), BY_HOUR, k=sessions)
    for number, hour in enumerate(hours):
        end = (hour + rng.random()) * HOUR
        name, tutor = f"s-{number}", f"t-{rng.randrange(tutors)}"
        ended[name] = end
        over = history.session_body(rng, tutor, name, BEGIN + timedelta(seconds=end))
        booked, finished, rated = history.reports_of(over)
        yield rng.uniform(0, max(0.0, end - 2 * HOUR)), "sessions", booked
        yield end + rng.uniform(1, 20), "sessions", finished
        yield end + rng.uniform(60, 2 * HOUR), "sessions", rated
        if rng.random() < history.EVENTS_PER_SESSION:
            at = rng.uniform(*DAY)
            moment = BEGIN + timedelta(seconds=at)
            (event,) = history.event_bodies(tutor, 1, moment, seed=number)
            yield (
                at,
                "events",
                event | {"event_id": f"e-{number}", "occurred_at": history.stamp(moment)},
            )
