"""The work queue: what an owner has to do, in the order asked for, page by page."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared.aws.intervention_table import InterventionTable, StoredDesk
from shared.aws.work_listing import WorkPage, work_page
from shared.domain.intervention import Intervention, Kind, Order, Outcome, Owner, moved
from shared.domain.intervention_rule import RULE
from shared.question import InterventionListQuestion, asked
from tests.functions.conftest import Aws

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def task(
    tutor_id: str, kind: Kind = Kind.H1, due_in_days: float = 2, **told: object
) -> Intervention:
    """A task opened yesterday."""
    owner = {"H1": Owner.OPS_MANAGER, "A4": Owner.SYSTEM}.get(kind.value, Owner.PEOPLE_OPS)
    due = NOW + timedelta(days=due_in_days)
    plain = Intervention(tutor_id, kind, owner, "because", NOW - timedelta(days=1), due,
                         due + timedelta(days=14), 60.0)  # fmt: skip
    return replace(plain, **told)  # type: ignore[arg-type]


def keep(aws: Aws, *tasks: Intervention) -> InterventionTable:
    table = InterventionTable(aws.store)
    for one in tasks:
        before = table.desk(one.tutor_id, NOW)
        table.put(one.tutor_id, [replace(one, version=1)], before)
    return table


def page(aws: Aws, query: str = "", after: str | None = None) -> WorkPage:
    question = asked(InterventionListQuestion, query)
    return work_page(InterventionTable(aws.store), question, after, NOW)


def tutors(found: WorkPage) -> list[str]:
    return [one.tutor_id for one in found.items]


def test_what_is_due_first_comes_first(aws: Aws) -> None:
    keep(aws, task("t-later", due_in_days=3), task("t-late", due_in_days=-1), task("t-soon"))

    assert tutors(page(aws)) == ["t-late", "t-soon", "t-later"]


def test_by_benefit_the_greatest_comes_first(aws: Aws) -> None:
    """A coaching call of 45 minutes for somebody likely to leave beats a plan that takes hours."""
    keep(
        aws,
        task("t-plan", Kind.H3, risk_before=0.4),
        task("t-unlikely", risk_before=0.05),
        task("t-likely", risk_before=0.4),
        task("t-unknown"),
        task("t-mail", Kind.A4),
    )

    found = tutors(page(aws, "sort=benefit"))

    assert found == ["t-likely", "t-unknown", "t-plan", "t-unlikely", "t-mail"]


# fmt: off
FILTERS = [
    ("owner=ops_manager", ["t-h1", "t-kim"]),
    ("owner=kim", ["t-kim"]),
    ("owner=nobody", []),
    ("overdue=true", ["t-h4"]),
    ("overdue=false", ["t-h1", "t-kim"]),
    ("status=in_progress", ["t-kim"]),
    ("status=pending,in_progress", ["t-h4", "t-h1", "t-kim"]),
    ("status=completed", ["t-done"]),
    ("status=completed&owner=people_ops", []),
]
# fmt: on


@pytest.mark.parametrize(("query", "expected"), FILTERS)
def test_filters(aws: Aws, query: str, expected: list[str]) -> None:
    begun = moved(task("t-kim"), Order("start", "kim"), NOW)
    done = moved(task("t-done"), Order("complete", "sam", outcome=Outcome.IMPROVED), NOW)
    keep(aws, task("t-h1"), task("t-h4", Kind.H4, due_in_days=-1), begun, done)

    assert tutors(page(aws, query)) == expected


def test_pages_show_each_task_once(aws: Aws) -> None:
    keep(aws, *(task(f"t-{number}") for number in range(7)))
    seen: list[str] = []
    after = None

    for _ in range(4):
        found = page(aws, "limit=2", after)
        seen += tutors(found)
        after = found.next_place
        assert found.total == 7

    assert after is None
    assert seen == sorted(seen) == [f"t-{number}" for number in range(7)]


def test_a_task_is_found_by_its_id(aws: Aws) -> None:
    table = keep(aws, task("t-7"))

    assert table.intervention("H1-20261119T120000-t-7") == task("t-7")
    assert table.intervention("H1-20261119T120000-t-8") is None
    assert table.intervention("nonsense") is None


def test_a_tutor_without_any_has_an_empty_desk(aws: Aws) -> None:
    assert InterventionTable(aws.store).desk("t-7", NOW) == StoredDesk(
        InterventionTable(aws.store).desk("t-8", NOW).desk, 0
    )


def test_what_is_open_or_rests_stays_on_the_desk_however_old(aws: Aws) -> None:
    table, long_ago = InterventionTable(aws.store), NOW - timedelta(days=300)
    opened = (replace(task("t-7", kind), opened_at=long_ago) for kind in (Kind.H1, Kind.H2))
    still_open, ended = opened
    ended = moved(ended, Order("complete", "sam", outcome=Outcome.IMPROVED), NOW)
    table.put("t-7", [still_open, replace(ended, version=1)], table.desk("t-7", NOW))
    keep(aws, task("t-7", Kind.H3))

    desk = table.desk("t-7", NOW).desk

    assert desk.open(Kind.H1) == still_open
    assert desk.resting(RULE[Kind.H2], NOW + timedelta(days=179))


def test_of_one_tutor_also_what_ended_long_ago_is_found(aws: Aws) -> None:
    long_ago = NOW - timedelta(days=300)
    old = replace(task("t-7", Kind.H2), opened_at=long_ago, due_at=long_ago + timedelta(days=2))
    ended = moved(old, Order("cancel", "sam", reason="moved away"), long_ago)
    held_out = task("t-7", Kind.A4, held_out=True)
    keep(aws, ended, task("t-7"), held_out, task("t-8"))

    assert [one.kind for one in page(aws, "tutor_id=t-7").items] == [Kind.H1]
    both = page(aws, "tutor_id=t-7&status=pending&status=cancelled").items
    assert [one.kind for one in both] == [Kind.H2, Kind.H1]
    assert page(aws, "tutor_id=t-9").items == []
    assert tutors(page(aws, "tutor_id=t-7&tutor_id=t-8&tutor_id=t-9")) == ["t-7", "t-8"]
