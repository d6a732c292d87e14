"""Interventions: those of a tutor, and the queue of all that are open.

The engine and people both change them, so each change is a transaction on condition of the
tutor's desk, whose version counts every change: two that were decided on the same state can not
both be written, and no kind is opened twice.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.aws import key
from shared.aws.item import Item, dumped, key_item, loaded, number, text
from shared.aws.retention import kept_item
from shared.aws.revision import put_revision, revisions
from shared.aws.table import Table, VersionConflictError, retried, unchanged
from shared.domain.engine import Desk, desk_of
from shared.domain.intervention import Intervention, Order, moved
from shared.domain.intervention_rule import RULE
from shared.domain.movement import Seen
from shared.domain.office import Office
from shared.domain.policy import Policy

LOOKED_BACK = timedelta(days=200)
"""So long everything is read; of what was opened before, what the desk's item names."""
OPEN, DONE, HELD = "OPEN", "DONE", "HELD"
"""Partitions of the work index: by when a clock runs out, was resolved, was held out."""


@dataclass(frozen=True, slots=True)
class StoredDesk:
    """A tutor's interventions that matter now, and the version they were read at."""

    desk: Desk
    version: int = 0
    seen: Seen | None = None
    """What the engine saw when it last looked at the tutor."""


class InterventionTable:
    """What the engine and people write and the API reads."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def desk(self, tutor_id: str, at: datetime) -> StoredDesk:
        """The desk, strongly read; its version first, so that a change in between is noticed."""
        item = self._table.get(key.desk(tutor_id))
        version = int(item["version"]["N"]) if item else 0
        seen = loaded(Seen, item) if item and "data" in item else None
        found = self.of_tutor(tutor_id, since=at - LOOKED_BACK)
        known = {one.intervention_id for one in found}
        named = json.loads(item["kept"]["S"]) if item and "kept" in item else []
        older = (self.intervention(name) for name in named if name not in known)
        return StoredDesk(desk_of([*found, *filter(None, older)]), version, seen)

    def of_tutor(
        self, tutor_id: str, most: int | None = None, since: datetime | None = None
    ) -> list[Intervention]:
        """The interventions of a tutor, the newest first, held out ones among them.

        `since` is from when on they were opened.
        """
        first = key.intervention(tutor_id, since, "").sk if since else "INTERVENTION#"
        between = (first, "INTERVENTION#~")
        items = self._table.query(key.tutor(tutor_id), between, limit=most, newest=True)
        return [loaded(Intervention, item) for item in items]

    def intervention(self, intervention_id: str) -> Intervention | None:
        """One by its id; None for an id that nothing has."""
        place = key.intervention_of(intervention_id)
        item = self._table.get(place) if place else None
        return loaded(Intervention, item) if item else None

    def put(
        self,
        tutor_id: str,
        changed: Sequence[Intervention],
        before: StoredDesk,
        seen: Seen | None = None,
        with_it: Sequence[dict[str, Any]] = (),
    ) -> None:
        """Write new and changed ones of a tutor, and `with_it` what else there is, or nothing.

        Each may have moved several times since the desk was read.
        Raises VersionConflictError when the desk, or one of them, changed since it was read.
        """
        seen = seen or before.seen
        if not changed and not with_it and seen == before.seen:
            return
        known = {one.intervention_id: one.version for one in before.desk.interventions}
        desk = key_item(key.desk(tutor_id)) | {"version": number(before.version + 1)}
        if seen is not None:
            desk["data"] = dumped(seen)
        kept = before.desk.after(changed).kept
        desk["kept"] = text(json.dumps([one.intervention_id for one in kept]))
        actions: list[dict[str, Any]] = [{"Put": {"Item": desk, **unchanged(before.version)}}]
        for one in changed:
            read = known.get(one.intervention_id, one.version - 1)
            if read >= one.version:
                raise VersionConflictError
            actions.append({"Put": {"Item": intervention_item(one), **unchanged(read)}})
        self._table.transact([*actions, *with_it])

    def carried_out(self, intervention_id: str, who: str, failed: str | None, at: datetime) -> None:
        """Note that what runs by itself has begun, or by `failed` why it can not; once.

        What is escalated where it does not help is so, too, where it can not begin: it stays open.
        Raises VersionConflictError when others kept changing the tutor's desk.
        """

        def move() -> None:
            one = self.intervention(intervention_id)
            if one is None or not one.open or one.acted_at:
                return
            order = Order("start", who)
            if failed:
                stays = RULE[one.kind].escalates_to is not None
                order = Order("note" if stays else "cancel", who, reason=failed)
                if any(step.who == who and step.said == failed for step in one.steps):
                    return
            self.put(one.tutor_id, [moved(one, order, at)], self.desk(one.tutor_id, at))

        retried(move)

    def open_ones(self) -> Iterator[Intervention]:
        """The queue: what is open and was not held out, by when its clock runs out."""
        return (loaded(Intervention, item) for item in self._table.pages(_work(OPEN)))

    def done_ones(self, since: datetime) -> Iterator[Intervention]:
        """What was resolved since then, the newest first."""
        return self._since(DONE, since)

    def held_out_ones(self, since: datetime) -> Iterator[Intervention]:
        """What was held out since then, the newest first."""
        return self._since(HELD, since)

    def _since(self, partition: str, since: datetime) -> Iterator[Intervention]:
        request = _work(partition) | {"ScanIndexForward": False}
        request["KeyConditionExpression"] += " AND work_at >= :since"
        request["ExpressionAttributeValues"] |= {":since": text(key.stamp(since))}
        return (loaded(Intervention, item) for item in self._table.pages(request))

    def policy(self) -> Policy:
        """The dials in force."""
        item = self._table.get(key.policy())
        return loaded(Policy, item) if item else Policy()

    def put_policy(self, policy: Policy) -> None:
        """Put dials in force; raises VersionConflictError when others were meanwhile."""
        put_revision(self._table, key.policy, policy)

    def policies(self, most: int) -> list[Policy]:
        """The newest versions of the dials, the newest first, and the one before them."""
        return revisions(self._table, Policy, key.policy, most)

    def office(self) -> Office:
        """The owners' calendars."""
        item = self._table.get(key.office())
        return loaded(Office, item) if item else Office()

    def put_office(self, office: Office) -> None:
        """Put calendars in force; raises VersionConflictError when others were meanwhile."""
        put_revision(self._table, key.office, office)

    def offices(self, most: int) -> list[Office]:
        """The newest versions of the calendars, the newest first, and the one before them."""
        return revisions(self._table, Office, key.office, most)


def intervention_item(one: Intervention) -> Item:
    """The item of an intervention, with its place in the queue."""
    at = key.intervention(one.tutor_id, one.opened_at, one.kind)
    item = kept_item(at, one.opened_at) | {
        "data": dumped(one),
        "version": number(one.version),
    }
    if one.held_out:
        place, work_at = HELD, one.opened_at
    else:
        place = OPEN if one.open else DONE
        work_at = one.clock_ends or one.resolved_at or one.opened_at
    return item | {"work": text(place), "work_at": text(key.stamp(work_at))}


def _work(partition: str) -> dict[str, Any]:
    return {
        "IndexName": "work",
        "KeyConditionExpression": "#work = :work",
        "ExpressionAttributeNames": {"#work": "work"},
        "ExpressionAttributeValues": {":work": text(partition)},
    }
