"""What nights on record would have said under other thresholds.

Those move flags and tiers and nothing else: a churn score rises by flags that have no threshold.
Retold by the present averages of the marketplace, both sides of a comparison alike.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from shared.domain.dry_run import Nights
from shared.domain.flag import FLAG_RULES, FlagStatus, Moment, findings
from shared.domain.log import Log, Timeline
from shared.domain.marketplace import Reference
from shared.domain.scorecard import DailyRecord
from shared.domain.threshold import Settings
from shared.domain.tier import tier_in_force, tier_now


def retold(
    nights: Nights, log: Log, sides: Sequence[Settings], reference: Reference
) -> tuple[Nights, ...]:
    """The nights as each side's thresholds would have them.

    `log` reaches back as far as the first night's scorecard looked. Flags on whose threshold all
    sides agree stay as they are on record.
    """
    values = [side.in_force() for side in sides]
    moved = {name for name in values[0] if len({each[name] for each in values}) > 1}
    codes = {rule.code for rule in FLAG_RULES if rule.threshold in moved}
    timeline = Timeline(log)
    return tuple(
        replace(nights, records=list(_retold(nights.records, codes, timeline, side, reference)))
        for side in sides
    )


def _retold(
    records: Iterable[DailyRecord],
    codes: Collection[str],
    timeline: Timeline,
    settings: Settings,
    reference: Reference,
) -> Iterable[DailyRecord]:
    before: Sequence[str] | None = None
    for record in records:
        moment = Moment(timeline, record.as_of, settings, reference)
        found = findings(moment, codes)
        sure = [code for code, one in found.items() if one.status is FlagStatus.CONFIRMED]
        flags = _with(found, codes, record.flags)
        yield replace(
            record,
            tier=tier_in_force(moment, tier_now(moment)),
            flags=flags,
            confirmed=_with(sure, codes, record.confirmed),
            raised=() if before is None else _without(flags, before),
            cleared=() if before is None else _without(before, flags),
        )
        before = flags


def _with(found: Iterable[str], codes: Collection[str], recorded: Iterable[str]) -> tuple[str, ...]:
    """The flags on record, but of some codes those that were found, in the table's order."""
    up = {code for code in recorded if code not in codes} | set(found)
    return tuple(rule.code for rule in FLAG_RULES if rule.code in up)


def _without(these: Iterable[str], others: Collection[str]) -> tuple[str, ...]:
    return tuple(code for code in these if code not in others)
