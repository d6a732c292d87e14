"""Predictions: the newest of each tutor, and its probabilities on the tutor's row of the lists.

The scorecard's item has three writers, so each writes on condition of its version and takes over
what the others put there: scoring the probabilities and a manager's override, the two others all
the rest.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from shared.aws import key
from shared.aws.item import dumped, json_text, key_item, loaded, text
from shared.aws.scorecard_table import row_of, row_update, sortable
from shared.aws.table import Table, VersionConflictError
from shared.domain.prediction import Prediction, Probabilities, Unscored, shown

ATTEMPTS = 20

type Outcome = Prediction | Unscored


class PredictionTable:
    """What predicting writes and the API reads."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def put(self, outcome: Outcome) -> bool:
        """Keep what was predicted and show it in the lists; safe to repeat.

        Answers False where a newer prediction is there already: it stays.
        """
        probabilities = (
            shown(outcome.probabilities) if isinstance(outcome, Prediction) else Probabilities()
        )
        return self._keep(outcome) and self._show(outcome, probabilities)

    def prediction(self, tutor_id: str) -> Outcome | None:
        """The newest prediction, or why there is none; None before the first."""
        item = self._table.get(key.prediction(tutor_id))
        if item is None:
            return None
        if "because" in item:
            return loaded(Unscored, item)
        return loaded(Prediction, item)

    def _keep(self, outcome: Outcome) -> bool:
        at = text(key.stamp(outcome.as_of))
        item = key_item(key.prediction(outcome.tutor_id)) | {
            "data": dumped(outcome, nulls=True),
            "predicted_at": at,
        }
        if isinstance(outcome, Unscored):
            item["because"] = text(outcome.because)
        condition = {
            "ConditionExpression": "attribute_not_exists(pk) OR predicted_at <= :at",
            "ExpressionAttributeValues": {":at": at},
        }
        return self._unless_superseded(outcome, lambda: self._table.put(item, condition))

    def _show(self, outcome: Outcome, probabilities: Probabilities) -> bool:
        """Bring the tutor's row up to date, while this is the newest prediction.

        Six indexes are written with it, so not where it shows what it showed before.
        """

        def write() -> None:
            item = self._table.get(key.scorecard(outcome.tutor_id))
            if item is not None and row_of(item).probabilities != probabilities:
                self._table.transact([_newest(outcome), _shown(item, probabilities)])

        return self._unless_superseded(outcome, write)

    def _unless_superseded(self, outcome: Outcome, write: Callable[[], None]) -> bool:
        """Write, again after a conflict; False where a newer prediction was the conflict."""
        for attempt in range(ATTEMPTS):
            try:
                write()
            except VersionConflictError:
                if self._superseded(outcome):
                    return False
                if attempt == ATTEMPTS - 1:
                    raise
            else:
                break
        return True

    def _superseded(self, outcome: Outcome) -> bool:
        item = self._table.get(key.prediction(outcome.tutor_id))
        return item is not None and item["predicted_at"]["S"] > key.stamp(outcome.as_of)


def _newest(outcome: Outcome) -> dict[str, Any]:
    """Holds while nobody predicted the tutor from a later moment."""
    return {
        "ConditionCheck": {
            "Key": key_item(key.prediction(outcome.tutor_id)),
            "ConditionExpression": "predicted_at = :at",
            "ExpressionAttributeValues": {":at": text(key.stamp(outcome.as_of))},
        }
    }


def _shown(item: dict[str, Any], probabilities: Probabilities) -> dict[str, Any]:
    """The update of a scorecard's item that nothing but the probabilities changes in."""
    place = key.place(sortable(probabilities.within_30d), item["pk"]["S"].removeprefix("TUTOR#"))
    return row_update(
        item,
        replace(row_of(item), probabilities=probabilities),
        {"probabilities": text(json_text(probabilities)), "sort_p30": text(place)},
    )
