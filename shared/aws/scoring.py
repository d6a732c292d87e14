"""Bringing a tutor's scorecard up to date: read, compute, write if nobody else did meanwhile."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from shared.aws.scorecard_table import ScorecardTable, card_text
from shared.aws.table import Table, retried
from shared.aws.tutor_log import LogTable
from shared.domain.log import Log, next_outcome
from shared.domain.marketplace import Reference
from shared.domain.scorecard import FORMULAS, Scorecard, daily_record, scorecard
from shared.domain.threshold import Settings
from shared.domain.tutor_row import TREND_NIGHTS, Insight, trend, tutor_row

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class News:
    """Why a tutor is scored: a report, when it came, and the end of a session that it told of."""

    received_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Scoring:
    """Scores tutors against the thresholds and the reference read once for a batch."""

    logs: LogTable
    cards: ScorecardTable
    settings: Settings
    reference: Reference
    months: dict[str, Reference | None] = field(default_factory=dict)
    """What tiers were assigned by on the first of a month, as far as it was needed."""

    @classmethod
    def of(cls, table: Table) -> "Scoring":
        """Ready to score against what is in force now."""
        cards = ScorecardTable(table)
        return cls(LogTable(table), cards, cards.settings(), cards.reference())

    def score(
        self,
        tutor_id: str,
        clock: Clock,
        news: News | None = None,
        lately: tuple[int, ...] | None = None,
    ) -> datetime | None:
        """Compute the scorecard now and put it in force; starts again when another worker did.

        `lately` are the scores of the last nights, where another one has been.

        Answers when the next outcome already reported falls due: a sender whose clock is ahead
        of ours tells of sessions that end in our future.
        """

        def once() -> datetime | None:
            before = self.cards.stored(tutor_id)
            as_of = clock()
            log = self.logs.log(tutor_id, as_of)
            card = self._card(log, as_of)
            insight = self._insight(before.insight, news, clock())
            row = tutor_row(
                card, log.tutor, as_of, insight, before.probabilities, before.override,
                before.trend if lately is None else lately,
            ).seen_at(as_of)  # fmt: skip
            self.cards.put_scorecard(card, row, before)
            return next_outcome(log, as_of)

        return retried(once)

    def _insight(self, before: Insight | None, news: News | None, at: datetime) -> Insight | None:
        if news is None:
            return before
        if news.ended_at is None and before is not None:
            return replace(before, received_at=news.received_at, scored_at=at)
        return Insight(news.received_at, at, news.ended_at, at if news.ended_at else None)

    def roll(self, tutor_id: str, midnight: datetime, clock: Clock) -> None:
        """The nightly pass over one tutor: its record as of that midnight, and a new score.

        A repeated pass leaves the record's probabilities as they were.
        """
        card = self._card(self.logs.log(tutor_id, midnight), midnight)
        last_night = self.cards.day(tutor_id, midnight - timedelta(days=1))
        kept = self.cards.day(tutor_id, midnight) or self.cards.stored(tutor_id)
        flags = last_night.flags if last_night else ()
        self.cards.put_day(daily_record(card, flags, kept.probabilities))
        first = midnight - timedelta(days=TREND_NIGHTS - 1)
        nights = self.cards.days(tutor_id, first.date(), midnight.date())
        self.score(tutor_id, clock, lately=trend(nights))

    def drifted(self, tutor_id: str) -> bool:
        """Whether recomputing the stored scorecard, at its moment, gives something else.

        May be so for a moment while a report is applied but not yet scored; must not stay so.
        """
        text = self.cards.stored(tutor_id).text
        if text is None:
            return False
        stored = json.loads(text)
        if stored["formulas"] != FORMULAS:
            return False
        as_of = datetime.fromisoformat(stored["as_of"])
        settings = self.cards.settings(stored["settings_version"])
        reference = self.cards.reference_of(stored["reference_version"])
        month = self.cards.reference_of(stored["month_reference_version"])
        card = scorecard(self.logs.log(tutor_id, as_of), as_of, settings, reference, month)
        return card_text(card) != text

    def _card(self, log: Log, as_of: datetime) -> Scorecard:
        first = f"{as_of:%Y-%m}-01"
        if first not in self.months:
            self.months[first] = self.cards.reference_of(first)
        return scorecard(log, as_of, self.settings, self.reference, self.months[first])
