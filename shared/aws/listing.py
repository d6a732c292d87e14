"""The tutor list: pages of an index, in its order, at a cost that does not grow with the list."""

from dataclasses import dataclass
from typing import Any

from shared.aws import key
from shared.aws.item import Item, text
from shared.aws.scorecard_table import LAST, row_of, sortable
from shared.aws.table import Table
from shared.domain.churn_score import RISK_BOUNDS, RiskLevel
from shared.domain.tutor_row import TutorRow
from shared.question import TutorListQuestion

MAX_EXAMINED = 2_000
"""A page under a filter that hardly anybody passes ends after so many rows, full or not."""


@dataclass(frozen=True, slots=True)
class TutorPage:
    """Rows in order, where the next page begins (None on the last), and how many were read."""

    rows: tuple[TutorRow, ...]
    next_place: str | None
    examined: int


class TutorListing:
    """The list indexes of the table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def page(self, asked: TutorListQuestion, after: str | None = None) -> TutorPage:
        """The rows after a place. Reads one row more than asked for without a filter; with one,
        it goes on in growing steps until the page is full or MAX_EXAMINED rows were looked at.
        """
        request = _request(asked, self._table.name)
        if after is not None:
            request["ExclusiveStartKey"] = _start(asked.sort, after)
        found: list[Any] = []
        examined, step = 0, asked.limit + 1
        while True:
            request["Limit"] = min(step, MAX_EXAMINED - examined)
            answered = self._table.client.query(**request)
            found += answered["Items"]
            examined += answered["ScannedCount"]
            last: Any = answered.get("LastEvaluatedKey")
            if len(found) > asked.limit:
                shown = found[: asked.limit]
                return TutorPage(_rows(shown), _place(asked.sort, shown[-1]), examined)
            if last is None or examined >= MAX_EXAMINED:
                return TutorPage(_rows(found), _place(asked.sort, last), examined)
            request["ExclusiveStartKey"] = last
            step *= 2


def _request(asked: TutorListQuestion, table_name: str) -> dict[str, Any]:
    index = f"sort_{asked.sort}"
    values = {":listing": text(key.LISTING)}
    where = "listing = :listing"
    span = _risk_span(asked.risk) if asked.sort == "churn_score" else None
    if span is not None:
        where += f" AND {index} BETWEEN :low AND :high"
        values |= {":low": text(span[0]), ":high": text(span[1])}
    passing = _Filter()
    if span is None:
        passing.any_of("risk_level", asked.risk)
    passing.any_of("tier", asked.tier)
    passing.any_of("status", asked.status)
    passing.holds_any("flags", asked.flag)
    passing.holds_any("subjects", [asked.subject] if asked.subject else [])
    for word in asked.words:
        passing.holds_any("search", [word])
    return {
        "TableName": table_name,
        "IndexName": f"by_{asked.sort}",
        "KeyConditionExpression": where,
        "ExpressionAttributeValues": values | passing.values,
        "ScanIndexForward": not asked.descending,
        **passing.request(),
    }


class _Filter:
    """A filter expression over fields of the row, every condition joined by AND."""

    def __init__(self) -> None:
        self._conditions: list[str] = []
        self._names: dict[str, str] = {"#row": "row"}
        self.values: Item = {}

    def any_of(self, name: str, values: Any) -> None:
        """The field equals one of the values; no values: no condition."""
        if values:
            self._add(f"{self._field(name)} IN ({', '.join(self._placed(v) for v in values)})")

    def holds_any(self, name: str, values: Any) -> None:
        """The field's list, or text, contains one of the values; no values: no condition."""
        if values:
            field = self._field(name)
            self._add(" OR ".join(f"contains({field}, {self._placed(v)})" for v in values))

    def request(self) -> dict[str, Any]:
        """What the query needs for it."""
        if not self._conditions:
            return {}
        return {
            "FilterExpression": " AND ".join(self._conditions),
            "ExpressionAttributeNames": self._names,
        }

    def _add(self, condition: str) -> None:
        self._conditions.append(f"({condition})")

    def _field(self, name: str) -> str:
        self._names[f"#{name}"] = name
        return f"#row.#{name}"

    def _placed(self, value: str) -> str:
        placeholder = f":v{len(self.values)}"
        self.values[placeholder] = text(value)
        return placeholder


def _risk_span(levels: tuple[RiskLevel, ...]) -> tuple[str, str] | None:
    """The sort keys between which exactly these levels lie; None when there is a gap in them."""
    order = list(RISK_BOUNDS)
    places = sorted({order.index(level) for level in levels})
    if not places or places != list(range(places[0], places[-1] + 1)):
        return None
    below = RISK_BOUNDS[order[places[0] - 1]] if places[0] else None
    low = "0" if below is None else f"{sortable(below)}{LAST}"
    return low, f"{sortable(RISK_BOUNDS[order[places[-1]]])}{LAST}"


def _rows(items: list[Any]) -> tuple[TutorRow, ...]:
    return tuple(row_of(item) for item in items)


def _place(sort: str, item: Any) -> str | None:
    """Where an item stands in an index: its sort key, which ends in the tutor's id."""
    place: str | None = item[f"sort_{sort}"]["S"] if item else None
    return place


def _start(sort: str, place: str) -> Item:
    at = key.scorecard(key.tutor_at(place))
    return {
        "pk": text(at.pk),
        "sk": text(at.sk),
        "listing": text(key.LISTING),
        f"sort_{sort}": text(place),
    }
