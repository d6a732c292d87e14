"""Scorecards, the rows lists are made of, the daily record, and what flags did when."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from shared.aws import key
from shared.aws.item import (
    Attribute,
    Item,
    adapter,
    attribute,
    dumped,
    json_text,
    key_item,
    loaded,
    loaded_json,
    number,
    text,
    value_of,
)
from shared.aws.retention import kept_item
from shared.aws.revision import put_revision, revisions
from shared.aws.table import NEW, Table, retried, unchanged
from shared.domain.marketplace import Reference
from shared.domain.override import Override
from shared.domain.overview import Overview
from shared.domain.prediction import Probabilities
from shared.domain.scorecard import DailyRecord, Scorecard
from shared.domain.threshold import Settings
from shared.domain.tutor_row import Insight, TutorRow

LAST = "~"


@dataclass(frozen=True, slots=True)
class StoredCard:
    """What a writer needs to know of the scorecard it replaces.

    `raised` says since when each flag has been up; `text` is the card as stored, to compare a
    recomputation with, `probabilities` the last prediction's, `override` what a manager set,
    `trend` the scores of the last nights. The row is not read: cards of an older form must not
    stand in the way of the new one that replaces them.
    """

    version: int = 0
    raised: tuple[tuple[str, datetime], ...] = ()
    text: str | None = None
    insight: Insight | None = None
    probabilities: Probabilities = field(default_factory=Probabilities)
    override: Override | None = None
    trend: tuple[int, ...] = ()


class ScorecardTable:
    """What scoring writes and everybody else reads."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def stored(self, tutor_id: str) -> StoredCard:
        """The scorecard in force, strongly read."""
        item = self._table.get(key.scorecard(tutor_id))
        if item is None:
            return StoredCard()
        raised = {code: datetime.fromisoformat(at) for code, at in value_of(item["raised"]).items()}
        return StoredCard(
            version=int(item["version"]["N"]),
            raised=tuple(raised.items()),
            text=item["data"]["S"],
            insight=adapter(Insight).validate_json(item["insight"]["S"])
            if "insight" in item
            else None,
            probabilities=adapter(Probabilities).validate_json(item["probabilities"]["S"])
            if "probabilities" in item
            else Probabilities(),
            override=adapter(Override).validate_json(item["override"]["S"])
            if "override" in item
            else None,
            trend=tuple(loaded_json(item, "trend")) if "trend" in item else (),
        )

    def card(self, tutor_id: str) -> tuple[Scorecard, TutorRow] | None:
        """The scorecard in force and the row of the tutor list; None for a tutor never scored."""
        item = self._table.get(key.scorecard(tutor_id))
        return (loaded(Scorecard, item), row_of(item)) if item else None

    def put_scorecard(self, card: Scorecard, row: TutorRow, before: StoredCard) -> None:
        """Replace a scorecard and note flags that went up or down, all or nothing.

        Raises VersionConflictError when another worker scored the tutor since `before` was read.
        """
        known = dict(before.raised)
        raised = {flag.code: known.get(flag.code, flag.since) for flag in card.flags}
        item = card_item(card, row, before.version + 1, raised)
        moved = [flag_item(card.tutor_id, c, at) for c, at in raised.items() if c not in known] + [
            flag_item(card.tutor_id, code, at, card.as_of)
            for code, at in known.items()
            if code not in raised
        ]
        condition = unchanged(before.version)
        if moved:
            puts = [{"Put": {"Item": change}} for change in moved]
            self._table.transact([{"Put": {"Item": item, **condition}}, *puts])
        else:
            self._table.put(item, condition)

    def put_trend(self, tutor_id: str, scores: tuple[int, ...]) -> None:
        """Show other scores of the last nights in the lists, if the tutor is in any.

        Raises VersionConflictError when somebody else wrote the row meanwhile.
        """
        item = self._table.get(key.scorecard(tutor_id))
        if item is not None:
            row = replace(row_of(item), trend=scores)
            self._table.transact([row_update(item, row, {"trend": text(json_text(scores))})])

    def put_day(self, record: DailyRecord) -> None:
        """Keep a day's record; a repeated pass writes the same."""
        self._table.put(day_item(record))

    def day(self, tutor_id: str, night: datetime) -> DailyRecord | None:
        """What the pass of that midnight recorded; None if it left no record."""
        item = self._table.get(key.day(tutor_id, night.date()))
        return loaded(DailyRecord, item) if item else None

    def nights(self, tutor_ids: Iterable[str], night: datetime) -> Iterator[DailyRecord]:
        """What the pass of a midnight recorded of many tutors, in any order."""
        places = (key.day(tutor_id, night.date()) for tutor_id in tutor_ids)
        return (loaded(DailyRecord, item) for item in self._table.get_many(places))

    def days(self, tutor_id: str, first: date, last: date) -> list[DailyRecord]:
        """The daily records between two days, both included, oldest first."""
        between = (key.day(tutor_id, first).sk, key.day(tutor_id, last).sk)
        items = self._table.query(key.tutor(tutor_id), between)
        return [loaded(DailyRecord, item) for item in items]

    def flag_history(self, tutor_id: str) -> list[Any]:
        """Every time a flag went up, newest first."""
        between = ("FLAG#", f"FLAG#{LAST}")
        items = self._table.query(key.tutor(tutor_id), between, limit=200, newest=True)
        return [loaded_json(item) for item in items]

    def rows(self) -> Iterator[TutorRow]:
        """The rows of all tutors, in no particular freshness: for summaries and nightly fits."""
        request = {
            "IndexName": "by_name",
            "KeyConditionExpression": "listing = :listing",
            "ExpressionAttributeValues": {":listing": text(key.LISTING)},
        }
        return (row_of(item) for item in self._table.pages(request))

    def reference(self) -> Reference:
        """What tutors are measured against now."""
        return self.reference_of(None) or Reference()

    def reference_of(self, version: str | None) -> Reference | None:
        """What tutors were measured against under a version; None if there was no such one."""
        item = self._table.get(key.reference(version))
        return loaded(Reference, item) if item else None

    def put_reference(self, reference: Reference) -> None:
        """Put a newly fitted reference in force; earlier ones stay readable by version.

        A version never changes: a second fit of the same night gives way to the first.
        """

        def once() -> None:
            known = self.reference_of(reference.version)
            if known is None:
                self._table.put(_reference_item(reference, reference.version), NEW)
            self._table.put(_reference_item(known or reference, None))

        retried(once)

    def settings(self, version: int | None = None) -> Settings:
        """The thresholds in force now, or under a version."""
        item = self._table.get(key.settings(version))
        return loaded(Settings, item) if item else Settings()

    def put_settings(self, settings: Settings) -> None:
        """Put thresholds in force; raises VersionConflictError when others were meanwhile."""
        put_revision(self._table, key.settings, settings)

    def settings_versions(self, most: int) -> list[Settings]:
        """The newest versions of the thresholds, the newest first, and the one before them."""
        return revisions(self._table, Settings, key.settings, most)

    def put_overview(self, overview: Overview, on: date) -> None:
        """Keep the newest summary, and as the day's."""
        for at in (key.overview(), key.platform_day(on)):
            self._table.put(key_item(at) | {"data": dumped(overview)})

    def overview(self) -> Any:
        """The newest summary as JSON-ready values; None before the first."""
        item = self._table.get(key.overview())
        return loaded_json(item) if item else None

    def platform_days(self, last: date, count: int) -> list[Any]:
        """The summaries of the last so many days, oldest first."""
        between = (
            key.platform_day(last - timedelta(days=count)).sk,
            key.platform_day(last).sk,
        )
        items = self._table.query(key.platform_day(last).pk, between)
        return [
            {"date": item["sk"]["S"].removeprefix("DAY#"), **loaded_json(item)} for item in items
        ]


def card_item(card: Scorecard, row: TutorRow, version: int, raised: dict[str, datetime]) -> Item:
    """The item of a scorecard, with its row and its place in every list."""
    sort = {
        "churn_score": sortable(row.churn_score),
        "reschedule_rate": sortable(row.reschedule_rate.value),
        "sessions": sortable(row.sessions),
        "name": (row.name or "").casefold()[:200],
        "updated_at": key.stamp(row.updated_at),
        "p30": sortable(row.probabilities.within_30d),
    }
    beside = {"insight": row.insight, "override": row.override, "trend": row.trend}
    item = (
        key_item(key.scorecard(card.tutor_id))
        | {name: text(json_text(value)) for name, value in beside.items() if value}
        | {
            "version": number(version),
            "data": text(card_text(card)),
            "row": attribute(_filterable(row)),
            "raised": attribute({code: at.isoformat() for code, at in raised.items()}),
            "probabilities": text(json_text(row.probabilities)),
            "listing": text(key.LISTING),
        }
    )
    return item | {
        f"sort_{name}": text(key.place(value, card.tutor_id)) for name, value in sort.items()
    }


def _filterable(row: TutorRow) -> dict[str, Any]:
    """What lists filter by, beside the row as text: that is four times cheaper to read back."""
    return {
        "risk_level": row.risk_level,
        "tier": row.tier,
        "status": row.status,
        "flags": row.flags,
        "subjects": row.subjects,
        "search": row.search_text,
        "text": json_text(row, nulls=True),
    }


def card_text(card: Scorecard) -> str:
    """A scorecard as it is stored and compared: "not enough data" is written out as null."""
    return json_text(card, nulls=True)


def sortable(value: float | None) -> str:
    """A number of at least 0 as text that sorts alike; "not enough data" comes before all."""
    return "-" if value is None else f"{value:014.6f}"


def day_item(record: DailyRecord) -> Item:
    """The item of a daily record."""
    at = key.day(record.tutor_id, record.as_of.date())
    return kept_item(at, record.as_of) | {"data": dumped(record)}


def flag_item(
    tutor_id: str, code: str, raised_at: datetime, cleared_at: datetime | None = None
) -> Item:
    """The item of one time a flag was up."""
    history = {"code": code, "raised_at": raised_at.isoformat()}
    if cleared_at:
        history["cleared_at"] = cleared_at.isoformat()
    return kept_item(key.flag(tutor_id, code, raised_at), raised_at) | {"data": dumped(history)}


def _reference_item(reference: Reference, version: str | None) -> Item:
    return key_item(key.reference(version)) | {"data": dumped(reference)}


def row_update(item: Item, row: TutorRow, beside: Mapping[str, Attribute | None]) -> dict[str, Any]:
    """The part of a transaction that gives a scorecard's item another row, on its version.

    `beside` are the attributes that change with it; None takes one away. Nothing else changes.
    """
    version = int(item["version"]["N"])
    condition = unchanged(version)
    told = {name: value for name, value in beside.items() if value is not None}
    gone = [name for name in beside if name not in told]
    changes = "SET #row.#text = :row, version = :next"
    changes += "".join(f", #{name} = :{name}" for name in told)
    if gone:
        changes += f" REMOVE {', '.join(f'#{name}' for name in gone)}"
    return {
        "Update": {
            "Key": {"pk": item["pk"], "sk": item["sk"]},
            "UpdateExpression": changes,
            "ConditionExpression": condition["ConditionExpression"],
            "ExpressionAttributeNames": {"#row": "row", "#text": "text"}
            | {f"#{name}": name for name in beside},
            "ExpressionAttributeValues": condition["ExpressionAttributeValues"]
            | {":row": text(json_text(row, nulls=True)), ":next": number(version + 1)}
            | {f":{name}": value for name, value in told.items()},
        }
    }


def row_of(item: Item) -> TutorRow:
    """The tutor's row, from the scorecard's item or from a list index."""
    row: TutorRow = adapter(TutorRow).validate_json(item["row"]["M"]["text"]["S"])
    return row
