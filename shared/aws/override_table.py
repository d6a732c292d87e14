"""Overrides: those of a tutor, the one in force on the tutor's row, and all of the last year.

The row is the scorecard's item, which scoring and predicting write too (see prediction_table).
Each change of a tutor's overrides is one transaction on its version, so of two that were decided
on the same state only one is written: there is at most one in force.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from shared.aws import key
from shared.aws.item import Item, dumped, json_text, loaded, text
from shared.aws.retention import kept_item
from shared.aws.scorecard_table import LAST, row_of, row_update
from shared.aws.table import Table
from shared.domain.override import Computed, Override
from shared.domain.tutor import TutorStatus
from shared.domain.tutor_row import TutorRow

OVERRIDES = "OVERRIDES"
"""Partition of the work index: by when they were set."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A scored tutor's row and newest override, in force or not, and the item they were read of."""

    row: TutorRow
    newest: Override | None
    item: Item

    @property
    def computed(self) -> Computed:
        """What is known of the tutor without managers."""
        row = self.row
        gone = TutorStatus(row.status).gone
        return Computed(row.tutor_id, row.churn_score, row.probabilities.within_30d, gone)


class OverrideTable:
    """What managers set and the API reads."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def standing(self, tutor_id: str) -> Standing | None:
        """How a tutor stands, strongly read; None for one who was never scored.

        The row first: an override set in between changes its version, which is noticed by `put`.
        """
        item = self._table.get(key.scorecard(tutor_id))
        if item is None:
            return None
        return Standing(row_of(item), next(iter(self.of_tutor(tutor_id, 1)), None), item)

    def of_tutor(self, tutor_id: str, most: int) -> list[Override]:
        """The overrides of a tutor, the newest first."""
        between = ("OVERRIDE#", f"OVERRIDE#{LAST}")
        items = self._table.query(key.tutor(tutor_id), between, limit=most, newest=True)
        return [loaded(Override, item) for item in items]

    def put(self, changes: Sequence[Override], before: Standing) -> None:
        """Write overrides that were set or ended, the newest last, and show that one in the lists.

        Raises VersionConflictError when the tutor was scored, predicted or overridden meanwhile.
        """
        newest = changes[-1] if changes[-1].ended_at is None else None
        row = replace(before.row, override=newest)
        shown = text(json_text(newest)) if newest else None
        actions = [row_update(before.item, row, {"override": shown})]
        actions += ({"Put": {"Item": override_item(one)}} for one in changes)
        self._table.transact(actions)

    def since(self, since: datetime) -> Iterator[Override]:
        """All that were set since then, oldest first; the last second's may be missing."""
        request: dict[str, Any] = {
            "IndexName": "work",
            "KeyConditionExpression": "#work = :work AND work_at >= :since",
            "ExpressionAttributeNames": {"#work": "work"},
            "ExpressionAttributeValues": {
                ":work": text(OVERRIDES),
                ":since": text(key.stamp(since)),
            },
        }
        return (loaded(Override, item) for item in self._table.pages(request))


def override_item(one: Override) -> Item:
    """The item of an override, with its place among all."""
    return kept_item(key.override(one.tutor_id, one.version), one.set_at) | {
        "data": dumped(one),
        "work": text(OVERRIDES),
        "work_at": text(key.stamp(one.set_at)),
    }
