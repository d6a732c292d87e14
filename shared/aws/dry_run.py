"""A dry run of dials and thresholds: what is in force beside what is proposed, asked of the nights
on record of all tutors at work."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import batched, takewhile

from shared.aws.intervention_table import InterventionTable
from shared.aws.key import shard
from shared.aws.scorecard_table import ScorecardTable
from shared.aws.table import Table
from shared.aws.tutor_log import LogTable
from shared.domain import threshold
from shared.domain.dry_run import Budget, Nights, budgets, nights_asked
from shared.domain.policy import Policy
from shared.domain.retelling import retold
from shared.domain.threshold import Settings
from shared.domain.tutor import TutorStatus
from shared.domain.tutor_row import TutorRow


@dataclass(frozen=True, slots=True)
class Proposal:
    """Policies and thresholds of both sides, what is in force first."""

    policies: tuple[Policy, Policy]
    settings: tuple[Settings, Settings]

    @property
    def moves_thresholds(self) -> bool:
        return self.settings[0].in_force() != self.settings[1].in_force()


@dataclass(frozen=True, slots=True)
class DryRun:
    """Both budgets, of those tutors there was time for, and how many are at work."""

    in_force: Budget
    proposed: Budget
    tutors: int


class Rehearsal:
    """Asks the table; writes nothing."""

    def __init__(self, table: Table, threads: int) -> None:
        self._interventions, self._cards = InterventionTable(table), ScorecardTable(table)
        self._logs, self._threads = LogTable(table), threads

    def proposal(
        self, dials: Mapping[str, float] | None = None, limits: Mapping[str, float] | None = None
    ) -> Proposal:
        """Some dials and thresholds moved; raises PolicyError or ThresholdError by name."""
        policy, settings = self._interventions.policy(), self._cards.settings()
        return Proposal(
            (policy, policy.changed(dials) if dials else policy),
            (settings, threshold.changed(settings, limits) if limits else settings),
        )

    def run(
        self, proposal: Proposal, last: date, in_time: Callable[[], bool] = lambda: True
    ) -> DryRun:
        """Both sides over the nights up to `last`, of as many tutors as there is time for."""
        everybody = self._at_work()
        first = last - timedelta(days=nights_asked(proposal.policies) - 1)
        asked = takewhile(lambda _: in_time(), self._sides(everybody, proposal, first, last))
        office = self._interventions.office()
        in_force, proposed = budgets(asked, proposal.policies, office, last)
        return DryRun(in_force, proposed, len(everybody))

    def _at_work(self) -> list[TutorRow]:
        """Everybody at work today, shuffled, always alike: the first of them are a fair sample."""
        rows = (row for row in self._cards.rows() if TutorStatus(row.status).at_work)
        return sorted(rows, key=lambda row: shard(row.tutor_id, 2**32))

    def _sides(
        self, rows: Iterable[TutorRow], proposal: Proposal, first: date, last: date
    ) -> Iterator[Sequence[Nights]]:
        """Each tutor's nights as both sides have them, in that order, read by several at once.

        Few are read ahead: whoever asks may stop, and waits for those.
        """
        reference = self._cards.reference()
        beginning = datetime.combine(first, time.min, UTC)

        def sides(row: TutorRow) -> Sequence[Nights]:
            records = self._cards.days(row.tutor_id, first, last)
            nights = Nights(row.tutor_id, records, row.onboarding_date)
            if not records or not proposal.moves_thresholds:
                return nights, nights
            log = self._logs.log(row.tutor_id, beginning)
            return retold(nights, log, proposal.settings, reference)

        with ThreadPoolExecutor(self._threads) as readers:
            for some in batched(rows, 2 * self._threads, strict=False):
                yield from readers.map(sides, some)
