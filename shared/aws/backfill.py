"""Loading a history into the table beside live reports: nothing newer is lost, repeating is safe.

How a conflict with live reports is settled: a session and its log row are written in one
transaction, on condition that the session is not there yet. Whatever was there before, or
arrives in the same moment, makes the condition fail; the past is then merged into what is
stored by the rules for reports (`LogTable.put_session`, conditional on the version read). So
there is no moment between looking and writing. Events are put on condition that they are not
there, and of profiles the newer stays. DynamoDB charges transactions twice.

Stages: profiles; the newest 91 days, which is all that a scorecard looks at; the marketplace's
reference and every scorecard; what is older; the records of the last nights. The table remembers
how far each history has come, so that an interrupted import goes on from there. That saves time
only: writing everything once more changes nothing.
"""

import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import batched
from typing import Any

from botocore.exceptions import ClientError

from shared.aws import key
from shared.aws.erased_table import ErasedTable
from shared.aws.item import Item, dumped, key_item, loaded, text
from shared.aws.scorecard_table import ScorecardTable, StoredCard, day_item, flag_item
from shared.aws.scoring import Clock, Scoring
from shared.aws.table import Table, VersionConflictError, cancellations, retried
from shared.aws.tutor_log import (
    LogTable,
    TooLargeError,
    event_item,
    logged_session_item,
    profile_item,
    session_item,
)
from shared.domain.erasure import fingerprint
from shared.domain.event import BehaviourEvent
from shared.domain.log import LOG_DAYS, Log, midnight
from shared.domain.marketplace import Reference, fitted_to
from shared.domain.night import Episode, Nights, Standing, episodes, kept_nights, standing
from shared.domain.overview import overview
from shared.domain.scorecard import DailyRecord, scorecard
from shared.domain.session import Report, Session, logged_at, with_feedback, with_report
from shared.domain.tutor import Tutor
from shared.domain.tutor_row import TutorRow, trend, tutor_row
from shared.history import Past

RECENT_DAYS = LOG_DAYS + 1
NIGHTS = 90
ACTIONS = 100
"""DynamoDB takes no more in one transaction."""

CHUNKS_BETWEEN_MARKS = 64
TUTORS_AT_ONCE = 32
CONNECTIONS = 4
ATTEMPTS = 12
LONGEST_WAIT_SECONDS = 5.0

ABSENT = "attribute_not_exists(pk)"
ABSENT_OR_OURS = "attribute_not_exists(pk) OR attribute_exists(backfilled)"

type Fact = Session | BehaviourEvent
type Progress = Callable[[str, int, int], None]
"""Told the stage, and how many of how many are done."""


class OverloadError(Exception):
    """The table went on refusing writes; what was written so far stays, and counts."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a history has come: chunks from the newest on; scored; nights kept too."""

    chunks: int = 0
    scored: bool = False
    complete: bool = False


def stored_mark(table: Table, digest: str) -> Mark | None:
    """How far the history with this digest has come; None if it was never begun."""
    item = table.get(key.history(digest))
    return loaded(Mark, item) if item else None


class Backfill:
    """One history on its way into the table.

    `tutor_ids` are all whom it tells of. `tally` counts sessions and events that were new,
    sessions `merged` into what was there, and facts `known` already; `too_large` names sessions
    that no item can hold.
    """

    def __init__(
        self, table: Table, past: Past, digest: str, clock: Clock, progress: Progress
    ) -> None:
        self._table, self._past, self._clock, self._progress = table, past, clock, progress
        self._logs, self._cards = LogTable(table), ScorecardTable(table)
        self._digest = digest
        if marks := ErasedTable(table).marks():
            past = self._past = past.without(lambda student: fingerprint(student) in marks)
        self.tutor_ids, self._past_logs = _tutor_ids(past), past.logs()
        self._chunks = list(_chunks([*past.sessions.values(), *past.events.values()]))
        self.mark = stored_mark(table, digest) or Mark()
        self.tally: Counter[str] = Counter()
        self.too_large: list[str] = []

    def load_recent(self) -> None:
        """Profiles and what scorecards look at; then the scorecards themselves."""
        if self.mark.scored:
            return
        since = self._clock() - timedelta(days=RECENT_DAYS)
        recent = sum(_told_at(chunk[0]) >= since for chunk in self._chunks)
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            self._put_profiles(pool)
            self._put_chunks(pool, recent)
            self._score(pool)
        self._save(replace(self.mark, scored=True))

    def load_rest(self, compute: Executor | None = None) -> None:
        """What is older, and the records of past nights, computed by `compute` if given."""
        if self.mark.complete:
            return
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            self._put_chunks(pool, len(self._chunks))
            self._keep_nights(pool, compute)
        self._save(replace(self.mark, complete=True))

    def _save(self, mark: Mark) -> None:
        self.mark = mark
        self._table.put(key_item(key.history(self._digest)) | {"data": dumped(mark)})

    def _put_profiles(self, pool: Executor) -> None:
        profiles = [self._past.tutors[who] for who in sorted(self._past.tutors)]
        groups = list(batched(profiles, ACTIONS, strict=False))
        done = 0
        for group in pool.map(self._put_profile_group, groups):
            done += group
            self._progress("profiles", done, len(profiles))

    def _put_profile_group(self, tutors: Sequence[Tutor]) -> int:
        there = self._put_groups([[profile_item(tutor, 1)] for tutor in tutors], ABSENT)
        for tutor in (tutors[place] for place in there):
            _repeated(partial(self._logs.put_tutor, tutor))
        return len(tutors)

    def _put_chunks(self, pool: Executor, until: int) -> None:
        done, total = (sum(map(len, self._chunks[:place])) for place in (self.mark.chunks, until))
        for places in batched(range(self.mark.chunks, until), CHUNKS_BETWEEN_MARKS, strict=False):
            chunks = [self._chunks[place] for place in places]
            for chunk, counted in zip(chunks, pool.map(self._put_chunk, chunks), strict=True):
                self.tally += counted
                done += len(chunk)
                self._progress("sessions and events", done, total)
            self._save(replace(self.mark, chunks=places[-1] + 1))

    def _put_chunk(self, chunk: Sequence[Fact]) -> Counter[str]:
        """Write at once what is not there; merge what is."""
        try:
            there = self._put_groups([_items(fact) for fact in chunk], ABSENT)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationException":
                raise
            return self._put_apart(chunk)
        return Counter(
            self._settle(fact) if place in there else _word(fact)
            for place, fact in enumerate(chunk)
        )

    def _put_apart(self, chunk: Sequence[Fact]) -> Counter[str]:
        """After a transaction too large for DynamoDB: its facts alone, but the impossible one."""
        if len(chunk) == 1:
            self.too_large.append(_name(chunk[0]))
            return Counter()
        return sum((self._put_chunk([fact]) for fact in chunk), Counter[str]())

    def _settle(self, fact: Fact) -> str:
        """Merge a session that was there already; an event's first statement stays."""
        if isinstance(fact, BehaviourEvent):
            return "known"

        def once() -> bool:
            before = self._logs.session(fact.session_id)
            after = merged_with(before.value, fact)
            if after != before.value:
                self._logs.put_session(after, before)
            return after != before.value

        try:
            return "merged" if _repeated(once) else "known"
        except TooLargeError:
            self.too_large.append(_name(fact))
            return "too large"

    def _put_groups(self, groups: Sequence[Sequence[Item]], condition: str) -> set[int]:
        """Put the groups whose first item meets the condition; the places of the others."""
        left = dict(enumerate(groups))
        for attempt in range(ATTEMPTS):
            places = [place for place, items in left.items() for _ in items]
            puts = [
                _put(self._table.name, item, condition if item is items[0] else None)
                for items in left.values()
                for item in items
            ]
            if not puts:
                break
            try:
                self._table.client.transact_write_items(TransactItems=puts)
            except self._table.client.exceptions.TransactionCanceledException as error:
                reasons = zip(places, cancellations(error), strict=True)
                failed = {place for place, why in reasons if why == "ConditionalCheckFailed"}
                if not failed:
                    _wait(attempt)
                left = {place: items for place, items in left.items() if place not in failed}
            else:
                break
        else:
            raise OverloadError
        return set(range(len(groups))) - set(left)

    def _score(self, pool: Executor) -> None:
        """Fit the marketplace's reference, as the nightly pass does, then score everybody."""
        self._cards.put_reference(self._fitted())
        scoring = Scoring.of(self._table)
        scored = pool.map(lambda who: self._score_tutor(who, scoring), self.tutor_ids)
        for done, _ in enumerate(scored, 1):
            self._progress("scorecards", done, len(self.tutor_ids))

    def _score_tutor(self, tutor_id: str, scoring: Scoring) -> None:
        """Score from what was read, unless the tutor has a scorecard: then from the table.

        A live report that was merged meanwhile is always scored after its merging, so whichever
        of the two scorecards comes second has seen both.
        """
        now, log = self._clock(), self._log(tutor_id)
        card = scorecard(log, now, scoring.settings, scoring.reference)
        try:
            self._cards.put_scorecard(card, tutor_row(card, log.tutor, now, None), StoredCard())
        except VersionConflictError:
            scoring.score(tutor_id, self._clock)

    def _log(self, tutor_id: str) -> Log:
        return self._past_logs.get(tutor_id) or Log(Tutor(tutor_id))

    def _fitted(self) -> Reference:
        """The reference over the history's tutors and whoever else has a scorecard."""
        now, before, logs = self._clock(), self._cards.reference(), self._past_logs
        found = [standing(log, now, before) for log in logs.values()]
        found += [
            Standing(row.counts, row.performance)
            for row in self._cards.rows()
            if row.tutor_id not in logs
        ]
        return fitted_to(key.stamp(now), found)

    def _keep_nights(self, pool: Executor, compute: Executor | None) -> None:
        """The records of the last nights, and scores that live reports have changed once more.

        A scorecard still in its first version is ours, and what was read is all there is. The
        others were computed without what is older than 91 days.
        """
        scoring, last = Scoring.of(self._table), midnight(self._clock())
        spread = compute.map if compute else map

        def asked(who: str) -> Nights:
            if self._cards.stored(who).version == 1:
                log = self._log(who)
            else:
                log = self._logs.whole_log(who)
                scoring.score(who, self._clock)
            return Nights(log, last, NIGHTS, scoring.settings, scoring.reference)

        done = 0
        rows: list[TutorRow] = []
        for group in batched(self.tutor_ids, TUTORS_AT_ONCE, strict=False):
            kept = list(spread(kept_nights, list(pool.map(asked, group))))
            records = [each.records for each in kept]
            list(pool.map(self._put_nights, group, records))
            list(pool.map(self._put_trend, group, map(trend, records)))
            rows += (row for each in kept for row in each.rows)
            done += len(group)
            self._progress("nights", done, len(self.tutor_ids))
        self._put_platform_days(rows)

    def _put_trend(self, tutor_id: str, scores: tuple[int, ...]) -> None:
        retried(lambda: self._cards.put_trend(tutor_id, scores))

    def _put_platform_days(self, rows: Iterable[TutorRow]) -> None:
        """Each day's summary of all tutors, as it stood when the day ended.

        Not where there are tutors of whom the history knows nothing: it would leave them out.
        """
        if {row.tutor_id for row in self._cards.rows()} - {*self.tutor_ids}:
            return
        nights: dict[datetime, list[TutorRow]] = defaultdict(list)
        for row in rows:
            nights[row.as_of].append(row)
        items = [
            key_item(key.platform_day((night - timedelta(days=1)).date()))
            | {"data": dumped(overview(there, night))}
            for night, there in nights.items()
        ]
        self._put_backfilled(items)

    def _put_nights(self, tutor_id: str, records: Sequence[DailyRecord]) -> None:
        """Keep the records, and the flags that came and went, where the product kept none."""
        history = self._cards.flag_history(tutor_id)
        gone = [up for up in episodes(records) if not any(_same(up, known) for known in history)]
        items = [day_item(record) for record in records]
        items += [flag_item(tutor_id, up.code, up.raised_at, up.cleared_at) for up in gone]
        self._put_backfilled(items)

    def _put_backfilled(self, items: Iterable[Item]) -> None:
        """Put items, but where the product itself has put them."""
        marked = [[item | {"backfilled": text("yes")}] for item in items]
        for groups in batched(marked, ACTIONS, strict=False):
            self._put_groups(groups, ABSENT_OR_OURS)


def merged_with(known: Session | None, past: Session) -> Session:
    """A stored session after everything that a history tells of it.

    As if each of the history's reports and feedback had come one by one.
    """
    if known is None:
        return past
    now = known
    if past.snapshot is not None and past.order is not None:
        newest = Report(past.session_id, past.order, past.snapshot)
        for report in (newest, *(replace(newest, reschedule=move) for move in past.reschedules)):
            now = with_report(now, report)
    for said in past.feedback:
        now = with_feedback(now, said)
    return replace(now, tutors=tuple(sorted({*now.tutors, *past.tutors})))


def _tutor_ids(past: Past) -> list[str]:
    taught = {who for session in past.sessions.values() for who in session.tutors}
    return sorted({*past.tutors, *taught, *(event.tutor_id for event in past.events.values())})


def _chunks(facts: Iterable[Fact]) -> Iterator[list[Fact]]:
    """Facts from the newest on, as many together as a transaction takes."""
    chunk: list[Fact] = []
    actions = 0
    for fact in sorted(facts, key=lambda fact: (_told_at(fact), _name(fact)), reverse=True):
        needed = 2 if isinstance(fact, Session) else 1
        if actions + needed > ACTIONS:
            yield chunk
            chunk, actions = [], 0
        chunk.append(fact)
        actions += needed
    if chunk:
        yield chunk


def _told_at(fact: Fact) -> datetime:
    if isinstance(fact, BehaviourEvent):
        return fact.occurred_at
    return logged_at(fact) or max(said.submitted_at for said in fact.feedback)


def _name(fact: Fact) -> str:
    return fact.event_id if isinstance(fact, BehaviourEvent) else fact.session_id


def _word(fact: Fact) -> str:
    return "events" if isinstance(fact, BehaviourEvent) else "sessions"


def _items(fact: Fact) -> list[Item]:
    if isinstance(fact, BehaviourEvent):
        return [event_item(fact)]
    row = logged_session_item(fact)
    return [session_item(fact, 1), *([row] if row else [])]


def _put(table: str, item: Item, condition: str | None) -> Any:
    put: dict[str, Any] = {"TableName": table, "Item": item}
    return {"Put": put | ({"ConditionExpression": condition} if condition else {})}


def _same(up: Episode, known: Any) -> bool:
    """Whether a flag's history already tells of that time."""
    if known["code"] != up.code or datetime.fromisoformat(known["raised_at"]) > up.cleared_at:
        return False
    cleared = known.get("cleared_at")
    return cleared is None or datetime.fromisoformat(cleared) >= up.raised_at


def _repeated[T](once: Callable[[], T]) -> T:
    for attempt in range(ATTEMPTS):
        try:
            return once()
        except VersionConflictError:
            _wait(attempt)
    return once()


def _wait(attempt: int) -> None:
    """Longer each time, and never in step with others."""
    time.sleep(random.uniform(0, min(LONGEST_WAIT_SECONDS, 0.02 * 2**attempt)))
