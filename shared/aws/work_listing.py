"""The work queue: all open tasks are read at once, filtered, sorted and cut into pages.

A marketplace has some hundreds of open tasks, which is one or two pages of the index; only what
was resolved goes on for ever, so of that no more than RESOLVED_DAYS are looked at, but for tutors
who are named.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.aws.intervention_table import InterventionTable
from shared.domain.benefit import benefit_per_hour
from shared.domain.intervention import OPEN, RESOLVED, Intervention
from shared.question import InterventionListQuestion

RESOLVED_DAYS = 90

type Place = tuple[float, str]


@dataclass(frozen=True, slots=True)
class WorkPage:
    """Tasks in order, where the next page begins (None on the last), and how many there are."""

    items: Sequence[Intervention]
    next_place: str | None
    total: int
    examined: int


def work_page(
    table: InterventionTable, asked: InterventionListQuestion, after: str | None, now: datetime
) -> WorkPage:
    """The tasks after a place."""
    known = list(_known(table, asked, now))
    passing = [one for one in known if _passes(one, asked, now)]
    passing.sort(key=lambda one: _place(one, asked))
    rest = passing
    if after is not None:
        value, name = json.loads(after)
        rest = [one for one in passing if _place(one, asked) > (value, name)]
    shown = rest[: asked.limit]
    more = json.dumps(_place(shown[-1], asked)) if len(rest) > len(shown) else None
    return WorkPage(shown, more, len(passing), len(known))


def _known(
    table: InterventionTable, asked: InterventionListQuestion, now: datetime
) -> Iterable[Intervention]:
    if asked.tutor_id:
        found = (one for name in asked.tutor_id for one in table.of_tutor(name))
        yield from (one for one in found if not one.held_out)
        return
    if not asked.status or OPEN.intersection(asked.status):
        yield from table.open_ones()
    if RESOLVED.intersection(asked.status):
        yield from table.done_ones(now - timedelta(days=RESOLVED_DAYS))


def _passes(one: Intervention, asked: InterventionListQuestion, now: datetime) -> bool:
    return (
        one.status in (asked.status or OPEN)
        and (asked.owner is None or asked.owner in (one.owner, one.assignee))
        and (asked.overdue is None or asked.overdue == one.overdue(now))
    )


def _place(one: Intervention, asked: InterventionListQuestion) -> Place:
    """Where a task stands: the earliest clock first, or the greatest benefit; ties by id."""
    if asked.sort == "benefit":
        return -(benefit_per_hour(one) or 0.0), one.intervention_id
    return (one.clock_ends or one.resolved_at or one.opened_at).timestamp(), one.intervention_id
