"""Over thousands of random requests the audit trail holds what was read, and nothing else.

`AUDITED_READS=10000 pytest tests/functions/test_audit_of_reads.py` for a longer run.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any, Final

from functions import query_api
from shared.access import Operation
from shared.aws.table import Table
from shared.route import ROUTES, Route, routed
from tests.functions.conftest import Aws
from tests.functions.test_query_api import MANAGER, Answer, api, ask, seed, seed_many, troubled

__all__ = ["api"]
MANY: Final = int(os.environ.get("AUDITED_READS", "1000"))
ROLES: Final = (
    MANAGER, MANAGER, "people_ops", "service", "tutor", "tutor", "student", "admin", "nobody", None,
)  # fmt: skip
NOBODYS: Final = {
    Operation.OVERVIEW, Operation.DEFINITIONS, Operation.COLLEAGUES,
    Operation.INTERVENTION_ANALYTICS, Operation.OVERRIDE_ANALYTICS, Operation.MODEL,
    Operation.SETTINGS,
}  # fmt: skip
"""Reads that show no tutor's or student's data; every other read has to leave a row."""
TUTORS: Final = ("t-000", "t-001", "t-7", "t-404", "ü", "x" * 65)
PARAMETERS: Final[tuple[dict[str, Any], ...]] = (
    {}, {}, {}, {"limit": 2}, {"limit": 0}, {"cursor": "forged"}, {"days": 7}, {"sort": "name"},
)  # fmt: skip


def requests(count: int) -> Iterator[tuple[str, str | None, str | None, dict[str, Any]]]:
    """Path, role, user and parameters, by one seed."""
    rng = Random(20261127)
    for _ in range(count):
        route: Route = rng.choice(ROUTES)
        path = route.path.replace("{tutor_id}", rng.choice(TUTORS))
        yield path, rng.choice(ROLES), rng.choice(TUTORS[:3]), rng.choice(PARAMETERS)


def named(body: Any) -> set[str]:
    """All tutor ids anywhere in an answer."""
    match body:
        case dict():
            own = {body["tutor_id"]} if isinstance(body.get("tutor_id"), str) else set()
            return own.union(*map(named, body.values()))
        case list():
            return set().union(*map(named, body))
    return set()


def written(row: Any) -> tuple[Any, ...]:
    """What a row says of who asked for what about whom, what was answered and who was in it."""
    return (
        row["username"]["S"], row["operation"]["S"], row.get("subject", {}).get("S"),
        int(row["status"]["N"]), set(json.loads(row["shown"]["S"])),
    )  # fmt: skip


def to_write(path: str, user: str | None, answer: Answer) -> tuple[Any, ...] | None:
    """What an answer has to leave a row of: it shows somebody, or refuses to."""
    found = routed(path)
    if found is None or answer.status not in (200, 403, 404):
        return None
    (route, tutor_id), shown = found, set[str]()
    if answer.status == 200:
        if route.operation in NOBODYS:
            return None
        shown = named(json.loads(answer.raw)) | ({tutor_id} if tutor_id else set())
        if route.operation is Operation.NOTIFICATIONS:  # the caller's own
            shown = {str(user)}
    return (user, route.operation, tutor_id, answer.status, shown)


def test_every_read_of_somebodys_data_has_its_row_and_no_row_is_without_a_read(
    aws: Aws, api: Table
) -> None:
    card, who = troubled()
    seed(aws.store, card, who)
    seed_many(aws.store, 2)
    statuses = Counter[int]()
    expected = dict[str, tuple[Any, ...]]()

    for number, (path, role, user, parameters) in enumerate(requests(MANY)):
        answer = ask(path, role, user=user, request_id=f"r-{number}", **parameters)
        query_api.metrics.clear_metrics()
        statuses[answer.status] += 1
        if row := to_write(path, user, answer):
            expected[f"r-{number}"] = row

    rows = {row["sk"]["S"].partition("#")[2]: written(row) for row in aws.items("AUDIT#")}
    assert rows == expected
    assert min(statuses[status] for status in (200, 401, 403, 404, 422)) > MANY // 200, statuses
