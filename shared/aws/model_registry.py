"""Which churn models there are, which is in force and why: every change is conditional and kept."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.aws import key
from shared.aws.item import Item, dumped, key_item, loaded, number, text
from shared.aws.table import NEW, Table, VersionConflictError, unchanged
from shared.domain.churn_model import Champion, Decision, Health, Manifest

EARLIER_KEPT = 20
DECISIONS_SHOWN = 10


class NoModelError(Exception):
    """There is no such model, or none to go back to."""


class VersionTakenError(Exception):
    """A version never changes: other content was registered under it."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A model's manifest and the sha256 of the manifest's file, kept apart from the files."""

    manifest: Manifest
    sha256: str


class ModelRegistry:
    """The model items of the table; `train_churn` and people's rollbacks write them."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def champion(self) -> Champion | None:
        """What is in force; None before the first promotion."""
        item = self._table.get(key.champion())
        return loaded(Champion, item) if item else None

    def registered(self, version: str) -> Registered | None:
        """A model that was stored; None if there is no such version."""
        item = self._table.get(key.model(version))
        return Registered(loaded(Manifest, item), item["sha256"]["S"]) if item else None

    def register(self, model: Registered) -> Registered:
        """Make a model known; the answer is what stands: this one, or the same one trained before.

        Raises VersionTakenError where other content is known under its version.
        """
        version = model.manifest.version
        item = key_item(key.model(version)) | {
            "data": dumped(model.manifest, nulls=True),
            "sha256": text(model.sha256),
        }
        try:
            self._table.put(item, NEW)
        except VersionConflictError as error:
            known = self.registered(version)
            if known is None:
                raise
            if known.manifest.content != model.manifest.content:
                taken = f"{version}: other content is stored under this version"
                raise VersionTakenError(taken) from error
            return known
        return model

    def promote(self, decision: Decision, before: Champion | None) -> Champion:
        """Put the decision's challenger in force, and keep the decision, or do neither.

        Raises VersionConflictError when another model was put in force since `before` was read,
        NoModelError when the challenger was never registered.
        """
        version = decision.challenger
        if version is None or self.registered(version) is None:
            raise NoModelError(f"there is no model {version}")
        return self._change(version, _after(before), decision, before)

    def roll_back(self, at: datetime, who: str, to: str | None = None) -> Champion:
        """Put an earlier model in force again: the last one before, or the one named.

        The one that is left does not count as earlier, so that rolling back twice goes back two;
        unless the one named is new. A stage without a model takes one by name alone. Raises
        NoModelError or VersionConflictError.
        """
        before = self.champion()
        now, earlier = (before.version, before.earlier) if before else (None, ())
        version = self._meant(before, to)
        places = [place for place, name in enumerate(earlier, 1) if name == version]
        reason = f"{who} {_changed(now, version, back=bool(places))}."
        decision = Decision(at, version, now, True, (reason,), by="rollback")
        kept = earlier[places[0] :] if places else _after(before)
        return self._change(version, kept, decision, before)

    def before(self, to: str | None) -> str:
        """The version that a rollback leads to, or NoModelError: one by name, or the last one."""
        return self._meant(self.champion(), to)

    def _meant(self, champion: Champion | None, to: str | None) -> str:
        now, earlier = (champion.version, champion.earlier) if champion else (None, ())
        version = to or next(iter(earlier), None)
        if version is None:
            raise NoModelError(f"there is no model before {now}" if now else "no model is in force")
        if version == now or self.registered(version) is None:
            raise NoModelError(f"there is no {'other ' if now else ''}model {version}")
        return version

    def put_decision(self, decision: Decision) -> None:
        """Keep a decision that changed nothing."""
        self._table.put(_decision_item(decision))

    def decisions(
        self, count: int | None = DECISIONS_SHOWN, since: datetime | None = None
    ) -> list[Decision]:
        """The last decisions, newest first; all of them since some time where no count is given."""
        between = (key.decision(since).sk if since else "DECISION#", "DECISION#~")
        items = self._table.query(key.champion().pk, between, limit=count, newest=True)
        return [loaded(Decision, item) for item in items]

    def put_health(self, health: Health) -> None:
        """Keep how the model in force fares."""
        self._table.put(key_item(key.model_health()) | {"data": dumped(health, nulls=True)})

    def health(self) -> Health | None:
        """How the model in force fares; None before anybody looked."""
        item = self._table.get(key.model_health())
        return loaded(Health, item) if item else None

    def _change(
        self, version: str, earlier: tuple[str, ...], decision: Decision, before: Champion | None
    ) -> Champion:
        after = Champion(version, decision.decided_at, earlier, before.number + 1 if before else 1)
        item = key_item(key.champion()) | {
            "data": dumped(after),
            "version": number(after.number),
        }
        actions: list[dict[str, Any]] = [
            {"Put": {"Item": item, **unchanged(before.number if before else 0)}},
            {"Put": {"Item": _decision_item(decision)}},
        ]
        self._table.transact(actions)
        return after


def _after(before: Champion | None) -> tuple[str, ...]:
    return (before.version, *before.earlier)[:EARLIER_KEPT] if before else ()


def _changed(before: str | None, to: str, *, back: bool) -> str:
    if before is None:
        return f"put {to} in force, where no model was"
    return f"{'rolled back' if back else 'changed'} from {before} to {to}"


def _decision_item(decision: Decision) -> Item:
    return key_item(key.decision(decision.decided_at)) | {"data": dumped(decision, nulls=True)}
