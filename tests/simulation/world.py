"""The world of one seed: containers of the deployed functions, and who of them goes on next.

Every invocation is a cooperative task. A call to AWS hands control back, and the seed decides which
task goes on and what becomes of its call: it is carried out, refused, carried out or not without an
answer, or its worker dies before or after it. Time passes only as the world lets it.
"""

import heapq
import importlib.util
import random
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from math import inf
from pathlib import Path
from types import ModuleType
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from greenlet import GreenletExit, getcurrent, greenlet

from tests.simulation import wire
from tests.simulation.dynamo import Dynamo, RefusedError
from tests.simulation.post import Post, members
from tests.simulation.sqs import Message, Queue, Sqs
from tests.simulation.wire import Call
from tests.table import TABLE

FUNCTIONS: Final = Path(__file__).parents[2] / "functions"
CONTAINERS: Final = 3
"""Of each function, and so how many invocations of it may run at once."""
BATCH: Final = 10
TWICE: Final = (0.05, 0.4)
"""Of batches, in one history or another: those of which a message is handed over once more."""
LAG: Final = 6
"""Writes that an eventually consistent read may be behind by."""
STEP_SECONDS: Final = 0.02
"""What a call takes at most, a time-out apart."""
TIMEOUT_SECONDS: Final = 3.0
TAKEN: Final = 0.5
"""Of the calls that time out, those that were carried out."""
SLOW: Final = (0.02, 0.4)
"""Of calls, in one history or another: those that take up to SLOW_SECONDS, so that what others do
meanwhile overtakes them."""
SLOW_SECONDS: Final = 4.0

WEAK: Final = ("ses", "ses", "sqs", "cognito-identity-provider")
"""Which service is in more trouble than the others in a history: with all alike, what needs two
faults of the same kind in a row hardly ever comes. SES is asked so seldom that few of its calls
would fail otherwise."""
WEAKER: Final = 4.0
MOST_FAULTS: Final = 0.5
"""Of the calls to it."""

WRITES: Final = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems")


class Clock(datetime):
    """The functions' `datetime`, whose now is the world's."""

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return _WORLD[0].now()


type Ended = Callable[[Any, bool], None]
"""What an invocation answered, None for nothing; and whether its calls to queues went well."""


def ignored(answer: Any, lucky: bool) -> None:
    """Nobody waits for what is answered."""


@dataclass(slots=True)
class Task:
    """One invocation; `ended` is told what it answered, or None for a worker that died.

    `unlucky` is one of whose calls to a queue something became.
    """

    name: str
    container: int
    run: greenlet
    ended: Ended
    messages: tuple[str, ...] = ()
    """What it was handed, where it works a queue off."""
    call: Call | None = None
    wakes_at: float = 0.0
    ends_by: float = inf
    """When its worker is ended, done or not."""
    dying: bool = False
    unlucky: bool = False


@dataclass(slots=True)
class Source:
    """A queue and the function that works it off."""

    queue: str
    function: str


@dataclass(slots=True)
class World:
    """Everything there is, as far as these functions know."""

    seed: int
    fault_rate: float
    """Of calls, while faults go on."""
    begins: datetime
    sources: tuple[Source, ...]
    rng: random.Random = field(init=False)
    seconds: float = 0.0
    _slow: float = field(init=False)
    _weak: str = field(init=False)
    _twice: float = field(init=False)
    dynamo: Dynamo = field(init=False)
    sqs: Sqs = field(init=False)
    post: Post = field(default_factory=Post)
    secrets: dict[str, str] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    """What stands in the bucket of models, by key."""
    taken_off: Callable[[str, str], None] = lambda queue, body: None
    """Told of each message that was worked off, and of which queue."""
    tasks: list[Task] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)
    faults_about: Counter[str] = field(default_factory=Counter)
    """How many there were, by message, while somebody worked it off.

    Each counts for all of a batch: it is the most that there can have been about one.
    """
    _timers: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _numbers: Any = field(default_factory=count)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self._slow = SLOW[self.rng.random() < 0.5]
        self._weak, self._twice = self.rng.choice(WEAK), self.rng.choice(TWICE)
        self.dynamo = Dynamo(TABLE, self._lag, self._page, lambda: self.seconds)
        names = ("scoring", "churn", "action", "mail")
        self.sqs = Sqs({name: Queue(visibility=60) for name in names})
        _WORLD[:] = [self]
        wire.WIRE.answer, wire.WIRE.sleep = self._answer, self._sleep
        wire.begin(self.seed)
        _forget()

    def now(self) -> datetime:
        """The time, as everybody in it sees it."""
        return self.begins + timedelta(seconds=self.seconds)

    def at(self, seconds: float, act: Callable[[], None]) -> None:
        """Do something when that time has come."""
        heapq.heappush(self._timers, (seconds, next(self._numbers), act))

    def every(self, seconds: float, *functions: str) -> None:
        """Invoke functions each so many seconds from now on, the first time at once."""
        for function in functions:
            self.invoke(function, {})
        self.at(self.seconds + seconds, lambda: self.every(seconds, *functions))

    def invoke(self, function: str, event: dict[str, Any], ended: Ended = ignored) -> bool:
        """Start an invocation; False where every container is busy."""
        busy = {task.container for task in self.tasks if task.name == function}
        free = [place for place in range(CONTAINERS) if place not in busy]
        if not free:
            return False
        self._start(function, self.rng.choice(free), event, ended)
        return True

    def _start(self, function: str, place: int, event: dict[str, Any], ended: Ended) -> Task:
        """A new invocation in one container."""
        handler = container(function, place).handler
        run = greenlet(lambda: handler(event, LambdaContext()))
        messages = tuple(record["body"] for record in event.get("Records", ()))
        task = Task(function, place, run, ended, messages)
        self.tasks.append(task)
        self.counted["invocations"] += 1
        return task

    def step(self) -> bool:
        """Let one thing happen; False where nothing ever will by itself."""
        while self._timers and self._timers[0][0] <= self.seconds:
            heapq.heappop(self._timers)[2]()
        ready: list[Callable[[], None]] = [
            (lambda task=task: self._resume(task))  # type: ignore[misc]
            for task in self.tasks
            if task.wakes_at <= self.seconds
        ]
        ready += (
            (lambda source=source: self._receive(source))  # type: ignore[misc]
            for source in self.sources
            if self.sqs.queues[source.queue].visible(self.seconds) and self._has_room(source)
        )
        if ready:
            self.rng.choice(ready)()
            return True
        later = [task.wakes_at for task in self.tasks]
        later += (self._timers[0][0],) if self._timers else ()
        later += (
            message.visible_at
            for source in self.sources
            for message in self.sqs.queues[source.queue].messages
            if message.visible_at > self.seconds
        )
        if not later:
            return False
        self.seconds = max(self.seconds, min(later))
        return True

    def _has_room(self, source: Source) -> bool:
        return sum(task.name == source.function for task in self.tasks) < CONTAINERS

    def _receive(self, source: Source) -> None:
        """Hand some messages over, in any order; delete those that were worked off."""
        queue = self.sqs.queues[source.queue]
        visible = queue.visible(self.seconds)
        most = self.rng.randint(1, BATCH)
        some = self.rng.sample(visible, min(most, len(visible)))
        event = self.sqs.receive(queue, some, self.seconds)

        self.invoke(
            source.function, event, lambda answer, _: self._worked_off(source, event, answer)
        )
        if self.rng.random() < self._twice:  # which is no fault: SQS promises nothing else
            again = self.rng.choice(some)
            queue.messages.append(
                Message(again.message_id, again.body, self.seconds, again.receives)
            )

    def _worked_off(self, source: Source, event: dict[str, Any], answer: Any) -> None:
        """Delete the messages of a batch that did not fail."""
        if answer is None:
            return
        failed = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
        done = [record for record in event["Records"] if record["messageId"] not in failed]
        self.sqs.queues[source.queue].delete(record["receiptHandle"] for record in done)
        for record in done:
            self.taken_off(source.queue, record["body"])

    def _resume(self, task: Task) -> None:
        """Let a task go on, with what became of its call."""
        if task.call and self.rng.random() < self._slow:  # others overtake it
            task.wakes_at = self.seconds + self.rng.uniform(0.1, SLOW_SECONDS)
            return
        call, task.call = task.call, None
        if call is None:
            self._switch(task)
            return
        fault = self._fault(call)
        self.seconds += self.rng.uniform(0, STEP_SECONDS)
        if fault is None:
            self._switch(task, self.perform(call))
            return
        task.unlucky |= call.service == "sqs"
        self.counted["faults"] += 1
        self.faults_about.update(task.messages)
        self.counted[fault] += 1
        match fault:
            case "throttled":
                self._switch(task, wire.refusal(call, "ThrottlingException"))
            case "conflict":
                self._switch(task, _conflict(call))
            case "unreached":
                self.seconds += 1
                self._switch(task, ConnectTimeoutError(endpoint_url=call.url))
            case "unanswered":
                if self.rng.random() < TAKEN:
                    self.perform(call)
                self.seconds += TIMEOUT_SECONDS
                self._switch(task, ReadTimeoutError(endpoint_url=call.url))
            case "refused in part":
                self._switch(task, self._some_refused(call))
            case "died after":
                self.perform(call)
                self._kill(task)
            case "died before":
                self._kill(task)

    def perform(self, call: Call) -> AWSResponse:
        """Carry a call out, and answer it."""
        self.counted["calls"] += 1
        try:
            match call.service:
                case "dynamodb":
                    return wire.success(call, self.dynamo.call(call.operation, call.asked))
                case "sqs":
                    told = self.sqs.call(call.operation, call.asked, self.seconds)
                    return wire.success(call, told)
                case "ses":
                    return wire.success(call, self.post.take(call.asked))
                case "cognito-identity-provider":
                    return wire.success(call, members(call.asked))
                case "s3":
                    return wire.content(call, self.objects[_object_key(call.url)])
                case "secrets-manager":
                    text = self.secrets[call.asked["SecretId"]]
                    return wire.success(call, {"SecretString": text})
        except RefusedError as refused:
            return wire.refusal(call, refused.code, **refused.told)
        raise NotImplementedError(f"{call.service} {call.operation}")

    def _fault(self, call: Call) -> str | None:
        weaker = WEAKER if call.service == self._weak else 1.0
        if self.rng.random() >= min(MOST_FAULTS, weaker * self.fault_rate):
            return None
        kinds = ["throttled", "unreached", "unanswered", "died before", "died after"]
        if call.operation in WRITES:
            kinds += ["conflict"]
        if call.operation == "SendMessageBatch":
            kinds += ["refused in part"]
        return self.rng.choice(kinds)

    def _some_refused(self, call: Call) -> AWSResponse:
        entries = call.asked["Entries"]
        refused = self.rng.sample(entries, self.rng.randint(1, len(entries)))
        taken = [one for one in entries if one not in refused]
        told: dict[str, Any] = {"Successful": []}
        if taken:
            asked = {**call.asked, "Entries": taken}
            told = self.sqs.call(call.operation, asked, self.seconds)
        failed = [
            {"Id": one["Id"], "Code": "InternalError", "SenderFault": False} for one in refused
        ]
        return wire.success(call, {**told, "Failed": failed})

    def _switch(self, task: Task, told: Any = None) -> None:
        """Let a task go on until it calls again or ends; a fault it does not catch ends it."""
        answer = None
        try:
            if isinstance(told, Exception):
                answer = task.run.throw(told)
            else:
                answer = task.run.switch(*(() if told is None else (told,)))
        except Exception as fault:
            self.counted[f"uncaught {type(fault).__name__}"] += 1
        if task.run.dead:
            self.tasks.remove(task)
            task.ended(answer, not task.unlucky)

    def _kill(self, task: Task) -> None:
        """What a worker would do on its way out is not done."""
        task.dying = True
        task.run.throw(GreenletExit)
        self.tasks.remove(task)
        task.ended(None, False)

    def _answer(self, call: Call) -> AWSResponse:
        task = self._current()
        if task is None:
            return self.perform(call)  # a check, between two histories
        if task.dying:
            raise GreenletExit
        task.call = call
        answered: AWSResponse = _everybody_else()
        return answered

    def _sleep(self, seconds: float) -> None:
        task = self._current()
        if task is None or not seconds:
            return
        if task.dying:
            raise GreenletExit
        task.wakes_at = self.seconds + seconds
        _everybody_else()

    def _current(self) -> Task | None:
        here = getcurrent()
        return next((task for task in self.tasks if task.run is here), None)

    def _lag(self, most: int) -> int:
        return self.rng.randint(0, min(most, LAG))

    def _page(self) -> int | None:
        """A page ends at a megabyte; here nobody may count on more than a few items."""
        return self.rng.choice((1, 2, 3, 5, None))


def _object_key(url: str) -> str:
    """Of an object, whether its bucket stands in the host or the path."""
    at = urlsplit(url)
    path = unquote(at.path).removeprefix("/")
    return path if at.netloc.startswith("models.") else path.partition("/")[2]


def _everybody_else() -> Any:
    """Hand control back to the world; what it says when it is one's turn again."""
    parent = getcurrent().parent
    assert parent is not None
    return parent.switch()


_WORLD: list[World] = []
_CONTAINERS: dict[tuple[str, int], ModuleType] = {}


def container(function: str, place: int) -> ModuleType:
    """A function's module as one container has it: loaded anew, with clients of its own."""
    known = _CONTAINERS.get((function, place))
    if known is None:
        name = f"functions.{function}@{place}"
        spec = importlib.util.spec_from_file_location(name, FUNCTIONS / f"{function}.py")
        if spec is None or spec.loader is None:
            raise ImportError(name)
        known = importlib.util.module_from_spec(spec)
        sys.modules[name] = known
        spec.loader.exec_module(known)
        vars(known)["datetime"] = Clock
        _CONTAINERS[function, place] = known
    return known


def _forget() -> None:
    """Let containers start cold: what they keep between invocations is of another world."""
    for module in _CONTAINERS.values():
        names = vars(module)
        kept = (
            names.get("signing"),
            getattr(names.get("delivery"), "sealing", None),
            getattr(names.get("door"), "secret", None),
        )
        for secret in filter(None, kept):
            secret._value = secret._read_at = None
            secret._fresh_reads = ()
        if "people" in names:
            names["people"]._groups.clear()
        if "loaded" in names:
            names["loaded"].clear()


def _conflict(call: Call) -> AWSResponse:
    if call.operation != "TransactWriteItems":
        return wire.refusal(call, "TransactionConflictException")
    reasons: list[Mapping[str, str]] = [{"Code": "TransactionConflict"}]
    reasons += [{"Code": "None"}] * (len(call.asked["TransactItems"]) - 1)
    return wire.refusal(call, "TransactionCanceledException", CancellationReasons=reasons)
