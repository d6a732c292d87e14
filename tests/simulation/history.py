"""One history from its seed to its end, and what must be true of it then."""

import base64
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from shared.aws import key
from shared.domain.log import midnight
from tests.simulation import churn
from tests.simulation.check import mails_wrong, nights_missing, overdue, untended, waiting, wrong
from tests.simulation.managers import ENTRANCE, Managers
from tests.simulation.news import Noticed, watched
from tests.simulation.workload import (
    BEGIN,
    SWEEP_SECONDS,
    TUTORS,
    WHOLE_EVERY,
    Posting,
    delivery,
    postings,
)
from tests.simulation.world import Source, World

FAULTS: Final = (0.01, 0.05, 0.2)
"""Of calls: from one in some histories, to hardly an invocation that goes through."""
FAULTS_END: Final = 300.0
"""Seconds after which all goes well."""
ROTATION: Final = 60.0
ROTATED_LATER: Final = 150.0
"""Seconds until the marketplace, too, has the new secret, in half of the histories; by then
functions have read theirs anew."""
RECENT: Final = (0.5, 0.9)
"""Of the sessions, in histories that end at the scorecard and in those that go on to the mails."""
MOVES: Final = 12
"""Of interventions, by managers, while faults go on."""
PATIENCE: Final = 2400.0
"""Seconds by which all must be quiet."""
TO_MIDNIGHT: Final = timedelta(hours=11, minutes=57)
"""Later some histories begin, so that the day ends while faults go on."""
NOTED_SECONDS: Final = 10.0
RETRIES: Final = 5
"""Of the nightly pass, as its schedule has it."""
SOURCES: Final = (
    Source("scoring", "score_tutor"),
    Source("churn", "predict_churn"),
    Source("action", "act_on_change"),
    Source("mail", "send_mail"),
)

FIRST, SECOND = (
    f"whsec_{base64.b64encode(word).decode()}" for word in (b"first" * 5, b"second" * 5)
)


@dataclass(slots=True)
class Ended:
    """How a history ended: what is wrong with it, if anything, and what was counted."""

    seed: int
    wrong: list[str]
    counted: Counter[str]


@dataclass(slots=True)
class History:
    """A world with a marketplace in it."""

    seed: int
    mode: str
    late: bool = field(init=False)
    """Whether its day ends while faults go on."""
    rotated: float = field(init=False)
    """When the marketplace signs by the new secret."""
    predicted: bool = field(init=False)
    """Whether a churn model is in force; a marketplace begins without one."""
    world: World = field(init=False)
    managers: Managers = field(init=False)
    answered: dict[Posting, int] = field(default_factory=dict)
    _posted: list[Posting] = field(default_factory=list)
    _scored: set[str] = field(default_factory=set)
    _to_roll: set[str] = field(default_factory=set)
    _looked_at: dict[str, datetime] = field(default_factory=dict)
    """When somebody last decided what to do for a tutor."""
    _to_predict: dict[str, datetime] = field(default_factory=dict)
    """When somebody was last asked to predict a tutor."""
    _noticed: Noticed = field(init=False)
    _seen: list[str] = field(default_factory=list)
    """What was wrong on the way, though it may have been mended since."""

    def __post_init__(self) -> None:
        traits = Random(f"traits of {self.seed}")
        rate = traits.choice(FAULTS)
        self.late = traits.random() < 1 / 4
        self.rotated = ROTATION + traits.choice((0.0, ROTATED_LATER))
        self.predicted = self.whole and traits.random() < 1 / 2
        self.world = World(
            self.seed,
            0.0 if self.mode == "no faults" else rate,
            BEGIN + (TO_MIDNIGHT if self.late else timedelta(0)),
            SOURCES if self.whole else SOURCES[:1],
        )
        self.world.taken_off, self.world.sqs.told = self._taken_off, self._handed_on
        webhook = json.dumps({"current": FIRST, "previous": None})
        entrance = json.dumps({"current": ENTRANCE, "previous": None})
        self.world.secrets = {"webhook": webhook, "cursor": "sealing", "entrance": entrance}
        self.managers = Managers(self.world)
        self._noticed = watched(self.world)
        if self.predicted:
            churn.put_in_force(self.world)

    @property
    def whole(self) -> bool:
        """Whether it goes on to the mails; the others end at the scorecard, and are cheaper."""
        return self.seed % WHOLE_EVERY == 0

    def run(self) -> Ended:
        """Let it happen, and look at what came of it."""
        world = self.world
        self._posted = postings(world.rng, RECENT[self.whole])
        for posting in self._posted:
            world.at(posting.at, lambda posting=posting: self._post(posting, 1))  # type: ignore[misc]
        world.at(SWEEP_SECONDS, lambda: world.every(SWEEP_SECONDS, "sweep_inbox", "sweep_mail"))
        if midnight := self._midnight():
            world.at(midnight - NOTED_SECONDS, self._note_scored)
            world.at(midnight, lambda: self._roll(RETRIES))
        for _ in range(MOVES if self.whole else 0):
            world.at(world.rng.uniform(0, FAULTS_END), self.managers.move)
        world.at(ROTATION, self._rotate)
        world.at(FAULTS_END, self._calm)
        while world.seconds < PATIENCE and not self._seen and world.step():
            if world.seconds > FAULTS_END and self._quiet():
                break
        world.counted["postings"] = len(self._posted)
        world.counted["whole histories"] = int(self.whole)
        world.counted["histories with a model"] = int(self.predicted)
        world.counted["histories with a midnight"] = int(self.late)
        return Ended(self.seed, list(self._wrong()), world.counted)

    def _wrong(self) -> Iterator[str]:
        if self._seen:  # what else is wrong may be so because it was broken off
            yield from self._seen
            return
        unanswered = len(self._posted) - len(self.answered)
        if unanswered:
            yield f"{unanswered} deliveries were never answered for good"
        if self.mode == "no faults":  # then nothing may go wrong that a repeat would mend
            counted = self.world.counted.items()
            yield from (f"{told}, {n} times" for told, n in counted if told.startswith("uncaught"))
        yield from self._answers_wrong()
        accepted = (one.webhook_id for one, status in self.answered.items() if status == 202)
        yield from wrong(self.world, accepted)
        if self.mode == "no faults":
            yield from overdue(self.world)
        if self.whole:
            yield from mails_wrong(self.world)
            yield from self.managers.wrong()
        if self.whole and not any(queue.dead for queue in self.world.sqs.queues.values()):
            yield from untended(self.world, self._noticed, self._looked_at)
            yield from nights_missing(self.world, self._to_roll)
            if self.predicted:
                yield from churn.wrong(self.world, self._noticed)

    def _answers_wrong(self) -> Iterator[str]:
        """One content of each version of a thing is taken, however often; any other is refused."""
        alike = defaultdict[tuple[str, ...], list[Posting]](list)
        for posting in self._posted:
            alike[posting.about].append(posting)
        for about, same in alike.items():
            taken = {one.body for one in same if self.answered.get(one) == 202}
            if len(taken) != 1:
                yield f"{' '.join(about)} was accepted with {len(taken)} contents"
            elif any(one.body in taken and self.answered.get(one) == 409 for one in same):
                yield f"{' '.join(about)} was refused where it had been accepted"

    def _post(self, posting: Posting, attempt: int) -> None:
        """One attempt; whatever is not answered for good is tried again, as an outbox does."""

        def again(after: float) -> None:
            self.world.at(self.world.seconds + after, lambda: self._post(posting, attempt + 1))

        def ended(answer: Any, lucky: bool) -> None:
            status = answer["statusCode"] if answer else 503
            waits = status == 202 and self._pending(posting.webhook_id)
            if waits and lucky and not self._hinted(posting.webhook_id):
                self._seen.append(f"{posting.webhook_id} was answered 202 without a hint")
            if status in (202, 409):
                self.answered[posting] = status
            elif status < 500:
                self._seen.append(f"{posting.webhook_id} was answered {status}")
            else:
                again(self.world.rng.uniform(1, 30))

        secret = FIRST if self.world.seconds < self.rotated else SECOND
        event = delivery(posting.path, posting.webhook_id, posting.body, secret, self.world.now())
        if not self.world.invoke("report_webhook", event, ended):
            again(0.5)

    def _taken_off(self, queue: str, body: str) -> None:
        """A message is worked off when what it is about is done, and not before."""
        told = json.loads(body)
        if queue == "action":
            self._looked_at[told["tutor_id"]] = self.world.now()
        webhook_id = told.get("webhook_id")
        if webhook_id and self._pending(webhook_id):
            self._seen.append(f"{webhook_id} is pending, and its message was taken off the queue")
        elif webhook_id and not self._passed_on(webhook_id):
            self._seen.append(f"{webhook_id} is applied, and nobody was asked to predict since")

    def _handed_on(self, queue: str, body: str) -> None:
        if queue == "churn":
            self._to_predict[json.loads(body)["tutor_id"]] = self.world.now()

    def _passed_on(self, webhook_id: str) -> bool:
        """Whether the tutor it names was to be predicted at any time since the report came.

        Not the one before, where a session moved; feedback concerns whoever holds the session now,
        which its words do not tell.
        """
        report = self.world.dynamo.at(key.inbox(webhook_id))
        if report is None or report["kind"]["S"] == "feedback":
            return True
        asked_at = self._to_predict.get(json.loads(report["body"]["S"])["tutor_id"])
        received_at = datetime.fromisoformat(report["received_at"]["S"])
        return asked_at is not None and asked_at >= received_at

    def _pending(self, webhook_id: str) -> bool:
        item = self.world.dynamo.at(key.inbox(webhook_id))
        return item is not None and "pending_since" in item

    def _hinted(self, webhook_id: str) -> bool:
        queue = self.world.sqs.queues["scoring"]
        return any(webhook_id in message.body for message in (*queue.messages, *queue.dead))

    def _rotate(self) -> None:
        self.world.secrets["webhook"] = json.dumps({"current": SECOND, "previous": FIRST})

    def _midnight(self) -> float | None:
        """When it is midnight, in seconds, if that is within the history."""
        seconds = (midnight(self.world.begins) + timedelta(days=1) - self.world.begins).seconds
        return float(seconds) if seconds < FAULTS_END else None

    def _note_scored(self) -> None:
        """Who is there when the day ends, and so has to be looked at in the night."""
        self._scored = {tutor for tutor in TUTORS if self.world.dynamo.at(key.scorecard(tutor))}

    def _roll(self, left: int) -> None:
        """The night; the scheduler tries again where nothing is answered."""

        def ended(answer: Any, _: bool) -> None:
            if answer is not None:
                self._to_roll = self._scored
            elif left:
                self.world.at(self.world.seconds + SWEEP_SECONDS, lambda: self._roll(left - 1))

        self.world.invoke("roll_windows", {}, ended)

    def _calm(self) -> None:
        """Faults stop; somebody puts the dead letters back, or nobody does."""
        self.world.fault_rate = 0.0
        for queue in self.world.sqs.queues.values():
            self.world.counted["dead letters"] += len(queue.dead)
            if self.mode == "faults":
                for message in queue.dead:
                    message.receives, message.visible_at = 0, self.world.seconds
                    queue.messages.append(message)
                queue.dead.clear()

    def _quiet(self) -> bool:
        return (
            len(self.answered) == len(self._posted)
            and not self.world.tasks
            and not any(
                self.world.sqs.queues[source.queue].messages for source in self.world.sources
            )
            and not any("pending_since" in item for _, _, item in self.world.dynamo.all())
            and not (self.whole and any(waiting(self.world)))
        )
