"""One thing done for a tutor: its states, the moves between them, and who made each and why.

An intervention is a value; a move answers a new one. Whether nobody else moved it meanwhile is
the table's business, by `version`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

MOST_SNOOZE = timedelta(days=14)
"""The longest that one snooze may last."""
MOST_SNOOZED = timedelta(days=28)
"""How long after its first snooze the last one has to be over: nothing is put off for ever."""
MOST_TEXT = 2_000
"""Characters of a reason or a note."""
MOST_HISTORY = 250_000
"""Bytes of all that was done and said; an item of the table holds 400 kB. Ending it always may."""
STEP_BYTES = 200
"""Of a step without its words, with room to spare."""
ENGINE = "engine"
"""Who moved it where nobody did: the rules."""
MAIL = "mail"
"""Who started it where it is carried out by a mail."""


class Kind(StrEnum):
    """A kinds run by themselves, H kinds need a person (CONTRACT 6)."""

    A1 = "A1"
    A2 = "A2"
    A3 = "A3"
    A4 = "A4"
    H1 = "H1"
    H2 = "H2"
    H3 = "H3"
    H4 = "H4"
    H5 = "H5"

    @property
    def automated(self) -> bool:
        return self.startswith("A")


class Status(StrEnum):
    """Where an intervention stands."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    SNOOZED = "snoozed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


OPEN = frozenset({Status.PENDING, Status.IN_PROGRESS, Status.SNOOZED})
RESOLVED = frozenset({Status.COMPLETED, Status.CANCELLED})


class Outcome(StrEnum):
    """What became of the tutor."""

    IMPROVED = "improved"
    NO_CHANGE = "no_change"
    DECLINED = "declined"
    CHURNED = "churned"


class Opinion(StrEnum):
    """What somebody who worked on it thinks of the rule that opened it."""

    USEFUL = "useful"
    INCORRECTLY_FLAGGED = "incorrectly_flagged"
    NOT_USEFUL = "not_useful"


class Owner(StrEnum):
    """Whose task it is; people are found in the user pool's groups of the same name."""

    SYSTEM = "system"
    OPS_MANAGER = "ops_manager"
    PEOPLE_OPS = "people_ops"


type Action = Literal[
    "open", "start", "complete", "cancel", "snooze", "wake", "reassign", "note", "judge",
    "escalate", "breach", "measure",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """One move as it is kept: who, when, what, and why in their words."""

    at: datetime
    who: str
    action: Action
    status: Status
    said: str = ""


@dataclass(frozen=True, slots=True)
class Intervention:
    """One intervention with everything that happened to it.

    `why` is the cause in words, `score_before` the churn score and `risk_before` the chance to
    leave within 30 days when it was opened, `score_after` the score when it was followed up.
    `due_at` is when somebody has to have acted; once somebody has, `finish_by` is when it should
    be over. `held_out` is one that was not carried out, to measure the others by, `holdout_share`
    the share of tutors of whom that was so when it was opened (None: not noted). `escalated_from`
    is the milder kind that did not help, and whose cause is its cause too. `late_at` is when the
    owner was told that the clock had run out.
    """

    tutor_id: str
    kind: Kind
    owner: Owner
    why: str
    opened_at: datetime
    due_at: datetime
    finish_by: datetime
    score_before: float
    risk_before: float | None = None
    status: Status = Status.PENDING
    assignee: str | None = None
    held_out: bool = False
    holdout_share: float | None = None
    evidence: tuple[str, ...] = ()
    mentor_id: str | None = None
    escalated_from: Kind | None = None
    acted_at: datetime | None = None
    snoozed_until: datetime | None = None
    escalated_at: datetime | None = None
    late_at: datetime | None = None
    resolved_at: datetime | None = None
    outcome: Outcome | None = None
    score_after: float | None = None
    opinion: Opinion | None = None
    steps: tuple[Step, ...] = ()
    version: int = 1

    @property
    def intervention_id(self) -> str:
        """H1-20261120T170200-t-7: kind, when it was opened, whose it is."""
        return f"{self.kind}-{self.opened_at:%Y%m%dT%H%M%S}-{self.tutor_id}"

    @property
    def open(self) -> bool:
        return self.status in OPEN

    @property
    def undelivered(self) -> bool:
        """Whether it was to run by itself and could not: its mail was refused."""
        refused = any(step.who == MAIL and step.action != "start" for step in self.steps)
        return refused and self.acted_at is None

    @property
    def clock_ends(self) -> datetime | None:
        """When the clock that runs now runs out; None once resolved.

        For what runs by itself that is its end: nobody has to act before.
        """
        if not self.open:
            return None
        by_itself = self.kind.automated or self.acted_at is not None
        return self.finish_by if by_itself else self.due_at

    def asleep(self, at: datetime) -> bool:
        """Whether somebody has put it off until later than that."""
        until = self.snoozed_until if self.status is Status.SNOOZED else None
        return until is not None and until > at

    def ran_out(self, at: datetime) -> bool:
        """Whether the clock that runs now has run out, asleep or not; none does by itself."""
        ends = self.clock_ends
        return ends is not None and ends < at and self.owner is not Owner.SYSTEM

    def missed(self, at: datetime) -> bool:
        """Whether its clock has run out and that is not written down yet."""
        return self.ran_out(at) and self.late_at is None

    def overdue(self, at: datetime) -> bool:
        """Whether somebody is late: nobody is while it sleeps, nor for what runs by itself."""
        return self.ran_out(at) and not self.asleep(at)


class MoveError(ValueError):
    """A move that can not be made; `field` names what is wrong with it."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(f"{field}: {sentence}")
        self.field = field
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Order:
    """A move somebody asks for; which fields it needs depends on the action."""

    action: Action
    who: str
    reason: str | None = None
    outcome: Outcome | None = None
    until: datetime | None = None
    assignee: str | None = None
    opinion: Opinion | None = None
    score: float | None = None
    finish_by: datetime | None = None
    """Of a start: by when it should be over if it begins now."""


@dataclass(frozen=True, slots=True)
class Move:
    """From where a move may be made, where it leads (None: nowhere else), and what it needs.

    People may give a reason with any move, and nothing else that it does not need.
    """

    allowed: frozenset[Status]
    leads_to: Status | None
    needs: tuple[Literal["reason", "outcome", "until", "assignee", "opinion"], ...] = ()


ANYWHERE = frozenset(Status)
MOVES: Mapping[Action, Move] = {
    "start": Move(frozenset({Status.PENDING, Status.SNOOZED}), Status.IN_PROGRESS),
    "complete": Move(OPEN, Status.COMPLETED, ("outcome",)),
    "cancel": Move(OPEN, Status.CANCELLED, ("reason",)),
    "snooze": Move(OPEN, Status.SNOOZED, ("reason", "until")),
    "wake": Move(frozenset({Status.SNOOZED}), Status.PENDING),
    "reassign": Move(OPEN, None, ("assignee",)),
    "note": Move(ANYWHERE, None, ("reason",)),
    "judge": Move(ANYWHERE, None, ("opinion",)),
    "escalate": Move(OPEN, None),
    "breach": Move(OPEN, None),
    "measure": Move(ANYWHERE, None),
}
"""What may be done to an intervention, as a table: the API offers those that people make."""

PEOPLES: tuple[Action, ...] = (
    "start", "complete", "cancel", "snooze", "wake", "reassign", "note", "judge",
)  # fmt: skip


ENDS_A_CLOCK: frozenset[Action] = frozenset({"start", "complete", "cancel", "wake"})
"""Moves by which people let a clock end; one that had run out by then is written down first."""


def moved(before: Intervention, order: Order, at: datetime) -> Intervention:
    """The intervention after a move; raises MoveError where it can not be made.

    Whoever moves what sleeps, or before the next look at the clocks, has not kept a deadline by it:
    then the breach is a step of its own, and the version grows by two.
    """
    _check(before, order, at)
    if order.action in ENDS_A_CLOCK and order.who != ENGINE and before.missed(at):
        before = _stepped(before, Order("breach", ENGINE), at)
    return _stepped(before, order, at)


def _check(before: Intervention, order: Order, at: datetime) -> None:
    move = MOVES[order.action]
    if before.status not in move.allowed:
        raise MoveError("action", f"can not {order.action} what is {before.status}")
    for name in move.needs:
        if getattr(order, name) in (None, ""):
            raise MoveError(name, "is required")
    if order.who != ENGINE:
        for name in ("outcome", "until", "assignee", "opinion"):
            if name not in move.needs and getattr(order, name) is not None:
                raise MoveError(name, f"does not go with {order.action}")
    if order.reason and len(order.reason) > MOST_TEXT:
        raise MoveError("reason", f"must have at most {MOST_TEXT:,} characters")
    if order.who != ENGINE and (order.reason or order.action != "complete"):
        held = sum(STEP_BYTES + len(step.said.encode()) for step in before.steps)
        if held + len((order.reason or "").encode()) > MOST_HISTORY:
            raise MoveError("reason", "has no room left; complete it without words")
    if order.until and not at < order.until <= at + MOST_SNOOZE:
        raise MoveError("until", f"must lie within the next {MOST_SNOOZE.days} days")
    if order.until and order.until > _awake_by(before, at):
        said = f"must lie within {MOST_SNOOZED.days} days of when it was first put off"
        raise MoveError("until", said)


def _awake_by(one: Intervention, at: datetime) -> datetime:
    snoozes = (step.at for step in one.steps if step.action == "snooze")
    return next(snoozes, at) + MOST_SNOOZED


def _stepped(before: Intervention, order: Order, at: datetime) -> Intervention:
    status = MOVES[order.action].leads_to or before.status
    if order.action == "wake" and before.acted_at:
        status = Status.IN_PROGRESS
    step = Step(at, order.who, order.action, status, _said(order))
    after = replace(before, status=status, steps=(*before.steps, step), version=before.version + 1)
    return replace(after, **_what_it_brings(before, order, at))


def stands(one: Intervention, order: Order, seen: int) -> bool:
    """Whether the first that people did after version `seen` is this very move: it was made, and
    only the answer was lost."""
    later = max(0, len(one.steps) - max(0, one.version - seen))
    theirs = [step for step in one.steps[later:] if step.who != ENGINE]
    if not theirs or (order.until and order.until != one.snoozed_until):
        return False
    return (theirs[0].who, theirs[0].action, theirs[0].said) == (
        order.who, order.action, _said(order),
    )  # fmt: skip


def _said(order: Order) -> str:
    parts = (order.reason, order.outcome, order.assignee, order.opinion)
    return "; ".join(str(part) for part in parts if part)


def _what_it_brings(before: Intervention, order: Order, at: datetime) -> dict[str, Any]:
    match order.action:
        case "start":
            by_whom = None if order.who == MAIL else order.who
            another_clock = before.acted_at is None  # and what was late by the first is not by it
            ends = (before.finish_by, order.finish_by) if another_clock else (before.finish_by,)
            return {"acted_at": before.acted_at or at, "snoozed_until": None,
                    "finish_by": max(filter(None, ends)),
                    "late_at": None if another_clock else before.late_at,
                    "assignee": before.assignee or by_whom}  # fmt: skip
        case "complete":
            by_hand = {} if order.who == ENGINE else {
                "acted_at": before.acted_at or at, "assignee": before.assignee or order.who,
            }  # fmt: skip
            return by_hand | {"resolved_at": at, "snoozed_until": None, "outcome": order.outcome}
        case "cancel":
            return {"resolved_at": at, "snoozed_until": None, "outcome": order.outcome}
        case "snooze":
            return {"snoozed_until": order.until}
        case "wake":
            return {"snoozed_until": None}
        case "reassign":
            return {"assignee": order.assignee}
        case "judge":
            return {"opinion": order.opinion}
        case "escalate":
            return {"escalated_at": at}
        case "breach":
            return {"late_at": at}
        case "measure":
            return {"score_after": order.score, "outcome": order.outcome or before.outcome}
        case _:
            return {}


def opened(intervention: Intervention, at: datetime) -> Intervention:
    """A new one with its first step."""
    step = Step(at, ENGINE, "open", intervention.status, intervention.why)
    return replace(intervention, steps=(step,))
