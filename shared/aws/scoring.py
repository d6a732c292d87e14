"""Bringing a tutor's scorecard up to date: read, compute, write if nobody else did meanwhile."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.aws.scorecard_table import ScorecardTable, StoredCard, card_text
from shared.aws.table import Table, VersionConflictError
from shared.aws.tutor_log import LogTable
from shared.domain.marketplace import Reference
from shared.domain.scorecard import FORMULAS, Scorecard, daily_record, scorecard
from shared.domain.threshold import Settings
from shared.domain.tutor_row import Insight, tutor_row

ATTEMPTS = 20

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Scoring:
    """Scores tutors against the thresholds and the reference read once for a batch."""

    logs: LogTable
    cards: ScorecardTable
    settings: Settings
    reference: Reference

    @classmethod
    def of(cls, table: Table) -> "Scoring":
        """Ready to score against what is in force now."""
        cards = ScorecardTable(table)
        return cls(LogTable(table), cards, cards.settings(), cards.reference())

    def score(self, tutor_id: str, clock: Clock, insight: Insight | None = None) -> Scorecard:
        """Compute the scorecard now and put it in force; starts again when another worker did."""
        for attempt in range(ATTEMPTS):
            before = self.cards.stored(tutor_id)
            as_of = clock()
            log = self.logs.log(tutor_id, as_of)
            card = scorecard(log, as_of, self.settings, self.reference)
            row = tutor_row(card, log.tutor, as_of, insight or _insight(before))
            try:
                self.cards.put_scorecard(card, row, before)
            except VersionConflictError:
                if attempt == ATTEMPTS - 1:
                    raise
                continue
            break
        return card

    def roll(self, tutor_id: str, midnight: datetime, clock: Clock) -> None:
        """The nightly pass over one tutor: the record of the day that ended, and a new score."""
        card = scorecard(self.logs.log(tutor_id, midnight), midnight, self.settings, self.reference)
        last_night = self.cards.flags_on(tutor_id, midnight - timedelta(days=1))
        self.cards.put_day(daily_record(card, last_night))
        self.score(tutor_id, clock)

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
        reference = self.cards.reference(stored["reference_version"])
        card = scorecard(self.logs.log(tutor_id, as_of), as_of, settings, reference)
        return card_text(card) != text


def _insight(before: StoredCard) -> Insight | None:
    return before.row.insight if before.row else None
