"""The same world by the clock: calls and computing take as long as on AWS, and run side by side.

Nothing is provoked here. How long a call takes is drawn by lot; how long a function computes is
measured on this machine and stretched to the share of a processor that its memory buys.
"""

import heapq
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf, log
from typing import Any, Final

from infra_cdk.function_spec import FUNCTIONS, MB_PER_PROCESSOR, Batch, FunctionSpec
from infra_cdk.stage import PROD
from tests.simulation import wire
from tests.simulation.wire import Call
from tests.simulation.world import Ended, Source, Task, World, ignored

SPECS: Final = {spec.name: spec for spec in FUNCTIONS}
CALL_SECONDS: Final = {
    "GetItem": 0.005,
    "BatchGetItem": 0.010,
    "Query": 0.008,
    "PutItem": 0.008,
    "UpdateItem": 0.008,
    "DeleteItem": 0.008,
    "TransactWriteItems": 0.020,
    "SendMessage": 0.010,
    "SendMessageBatch": 0.015,
    "ChangeMessageVisibility": 0.010,
    "SendRawEmail": 0.100,
    "GetSecretValue": 0.030,
    "GetObject": 0.030,
    "ListUsersInGroup": 0.050,
}
"""Medians within a region. Nothing was measured on AWS: they are assumed, and on the slow side."""
SPREAD: Final = 0.6
"""Of their logarithm: one call in a hundred takes four times the median."""
COLD_SECONDS: Final = 2.5
COLD_WITH_MODEL_SECONDS: Final = 6.0
"""Some three and five times what an import takes here (`make bench PART=import`)."""
IDLE_SECONDS: Final = 600.0
"""After which a container is taken away."""
GATHER_SECONDS: Final = 1.0
"""For which an event source waits until a batch is full."""
REQUESTS: Final = 100
"""Of the HTTP API at once."""


@dataclass(slots=True)
class PacedWorld(World):
    """A world in which time passes by what is done."""

    refused: Callable[[Task, Call], bool] = lambda task, call: False
    """Whether a call meets a service that is out of order just now."""
    most_at_once: Counter[str] = field(default_factory=Counter)
    """Invocations, by function."""
    _used: dict[tuple[str, int], float] = field(default_factory=dict)
    """When each container was busy last."""
    _looks: dict[str, float] = field(default_factory=dict)
    """When an event source looks at its queue next."""
    _gathers: dict[str, float] = field(default_factory=dict)
    """Since when an event source has waited for more."""

    def __post_init__(self) -> None:
        World.__post_init__(self)
        for source in self.sources:
            queue = self.sqs.queues[source.queue]
            queue.visibility = 6 * SPECS[source.function].timeout_seconds
            self._looks[source.queue] = 0.0

    def invoke(self, function: str, event: dict[str, Any], ended: Ended = ignored) -> bool:
        """Start an invocation in the first free container, which may have to be made before."""
        spec = SPECS[function]
        busy = {task.container for task in self.tasks if task.name == function}
        place = next((place for place in range(_most(spec)) if place not in busy), None)
        if place is None:
            return False
        task = self._start(function, place, event, ended)
        task.wakes_at = self.seconds
        if self.seconds - self._used.get((function, place), -inf) > IDLE_SECONDS:
            task.wakes_at += COLD_WITH_MODEL_SECONDS if "ml" in spec.layers else COLD_SECONDS
            self.counted["cold starts"] += 1
        task.ends_by = task.wakes_at + spec.timeout_seconds
        self.counted[f"starts of {function}"] += 1
        self.most_at_once[function] = max(self.most_at_once[function], len(busy) + 1)
        return True

    def step(self) -> bool:
        """Let the next thing happen; False where nothing ever will."""
        for source in self.sources:
            if self._looks[source.queue] <= self.seconds:
                self._looks[source.queue] = self._looked(source)
        moments = [task.wakes_at for task in self.tasks]
        moments += self._looks.values()
        moments += (self._timers[0][0],) if self._timers else ()
        if min(moments) == inf:
            return False
        self.seconds = max(self.seconds, min(moments))
        while self._timers and self._timers[0][0] <= self.seconds:
            heapq.heappop(self._timers)[2]()
        task = min(self.tasks, key=lambda task: task.wakes_at, default=None)
        if task and task.wakes_at <= self.seconds:
            self._go_on(task)
        return True

    def perform(self, call: Call) -> Any:
        """Carry a call out; who waits for messages looks."""
        if call.service == "sqs":
            self._looks[call.asked["QueueUrl"].rsplit("/", 1)[1]] = self.seconds
        return World.perform(self, call)

    def _looked(self, source: Source) -> float:
        """Hand over what there is, as an event source does; when to look again."""
        queue, spec = self.sqs.queues[source.queue], SPECS[source.function]
        assert isinstance(spec.trigger, Batch)
        size = spec.trigger.size
        while visible := queue.visible(self.seconds):
            since = self._gathers.setdefault(source.queue, self.seconds)
            if len(visible) < size and self.seconds < since + GATHER_SECONDS:
                return since + GATHER_SECONDS
            if sum(task.name == source.function for task in self.tasks) >= _most(spec):
                return inf  # until one of them ends
            del self._gathers[source.queue]
            some = self.rng.sample(visible, min(size, len(visible)))
            self._hand_over(source, self.sqs.receive(queue, some, self.seconds))
        return min((message.visible_at for message in queue.messages), default=inf)

    def _hand_over(self, source: Source, event: dict[str, Any]) -> None:
        def ended(answer: Any, _: bool) -> None:
            self._looks[source.queue] = self.seconds
            self._worked_off(source, event, answer)

        self.counted[f"messages to {source.function}"] += len(event["Records"])
        self.invoke(source.function, event, ended)

    def _go_on(self, task: Task) -> None:
        """Answer a task's call, and let it compute up to the next one."""
        self._used[task.name, task.container] = self.seconds
        if self.seconds > task.ends_by:
            self.counted["timed out"] += 1
            self._kill(task)
            return
        call, task.call = task.call, None
        answer = None
        if call:
            refused = self.refused(task, call)
            answer = wire.refusal(call, "ThrottlingException") if refused else self.perform(call)
            self.counted["refused"] += refused
        began = time.process_time()
        self._switch(task, answer)
        computed = (time.process_time() - began) * max(
            1.0, MB_PER_PROCESSOR / SPECS[task.name].memory_mb
        )
        task.wakes_at = max(task.wakes_at, self.seconds) + computed
        if task.call:
            task.wakes_at += self.rng.lognormvariate(log(CALL_SECONDS[task.call.operation]), SPREAD)


def _most(spec: FunctionSpec) -> int:
    """Invocations at once."""
    return PROD.scoring_concurrency if isinstance(spec.trigger, Batch) else REQUESTS
