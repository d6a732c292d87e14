"""escalate_interventions: whoever is late is told once, whatever breaks in between."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import EndpointConnectionError

from functions import escalate_interventions
from shared.aws.intervention_table import InterventionTable, StoredDesk
from shared.aws.mail_table import MailTable
from shared.aws.queue import mail_queue
from shared.aws.table import VersionConflictError
from shared.domain.intervention import (
    Intervention,
    Kind,
    Order,
    Outcome,
    Owner,
    Status,
    moved,
    opened,
)
from shared.domain.mail import Mail
from tests.functions.conftest import Aws

DUE = datetime(2026, 11, 20, 12, tzinfo=UTC)
RUN = DUE + timedelta(minutes=15)
OPENED = DUE - timedelta(days=2)


class Crash(BaseException):
    """The Lambda is gone."""


def task(tutor_id: str, kind: Kind = Kind.H1, **told: Any) -> Intervention:
    """A task that was due at twelve."""
    owner = {Kind.H1: Owner.OPS_MANAGER, Kind.A1: Owner.SYSTEM}.get(kind, Owner.PEOPLE_OPS)
    plain = Intervention(tutor_id, kind, owner, "because", OPENED, DUE, DUE + timedelta(hours=1),
                         60.0, **told)  # fmt: skip
    return opened(plain, OPENED)


def keep(aws: Aws, *tasks: Intervention) -> InterventionTable:
    table = InterventionTable(aws.store)
    for one in tasks:
        table.put(one.tutor_id, [one], table.desk(one.tutor_id, DUE))
    return table


def move(aws: Aws, one: Intervention, action: Any, at: datetime, **told: Any) -> Intervention:
    """What somebody does to it."""
    table = InterventionTable(aws.store)
    before = table.intervention(one.intervention_id)
    assert before
    after = moved(before, Order(action, "kim", **told), at)
    table.put(one.tutor_id, [after], table.desk(one.tutor_id, DUE))
    return after


def run(at: datetime = RUN) -> dict[str, int]:
    event = {"time": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
    answer: dict[str, int] = escalate_interventions.handler(event, LambdaContext())
    return answer


def written(aws: Aws) -> list[Mail]:
    return MailTable(aws.store).notices(DUE - timedelta(days=9))


def told(aws: Aws) -> Counter[str]:
    """How many notices each intervention is in."""
    return Counter(name for mail in written(aws) for name in mail.about)


@contextmanager
def broken_at(call: int) -> Iterator[list[str]]:
    """Let the n-th call to AWS be the last; yields the names of the calls made."""
    seen: list[str] = []

    def hook(model: Any, **_: Any) -> None:
        seen.append(model.name)
        if len(seen) == call + 1:
            raise Crash

    clients = escalate_interventions.store.client, escalate_interventions.queue.client
    for client in clients:
        client.meta.events.register("before-call", hook)
    try:
        yield seen
    finally:
        for client in clients:
            client.meta.events.unregister("before-call", hook)


def test_whoever_is_late_gets_one_list(aws: Aws) -> None:
    table = keep(aws, task("t-1"), task("t-2"), task("t-3", Kind.H4), task("t-4", assignee="kim"))

    assert run() == {"late": 4, "notices": 3}

    assert all(one.late_at == RUN for one in table.open_ones())
    assert {(mail.owner, mail.person): len(mail.about) for mail in written(aws)} == {
        (Owner.OPS_MANAGER, None): 2,
        (Owner.PEOPLE_OPS, None): 1,
        (None, "kim"): 1,
    }
    assert {m["mail_id"] for m in aws.messages("mail")} == {m.mail_id for m in written(aws)}


def test_nobody_is_told_twice(aws: Aws) -> None:
    keep(aws, task("t-1"))
    run()
    before = aws.items()

    assert run() == {"late": 1, "notices": 0}
    assert run(RUN + timedelta(minutes=15)) == {"late": 0, "notices": 0}
    assert aws.items() == before


def test_what_is_in_time_sent_by_itself_or_over_is_let_be(aws: Aws) -> None:
    done = moved(task("t-3"), Order("complete", "kim", outcome=Outcome.IMPROVED), OPENED)
    table = keep(aws, task("t-1"), task("t-2", Kind.A1), task("t-3"))
    move(aws, done, "complete", OPENED, outcome=Outcome.IMPROVED)
    before = aws.items()

    assert run(DUE) == {"late": 0, "notices": 0}

    assert aws.items() == before
    assert {one.kind for one in table.open_ones()} == {Kind.A1, Kind.H1}


def test_what_is_held_out_is_let_be(aws: Aws) -> None:
    keep(aws, task("t-1", held_out=True))

    assert run() == {"late": 0, "notices": 0}


def test_a_snooze_that_is_over_wakes_it_late(aws: Aws) -> None:
    table = keep(aws, task("t-1"))
    until = DUE + timedelta(hours=5)
    move(aws, task("t-1"), "snooze", OPENED, reason="on holiday", until=until)

    assert run() == {"late": 0, "notices": 0}
    assert run(until) == {"late": 1, "notices": 1}

    (awake,) = table.open_ones()
    assert (awake.status, awake.late_at, awake.snoozed_until) == (Status.PENDING, until, None)


def test_begun_late_and_not_over_in_time_it_has_a_second_notice(aws: Aws) -> None:
    keep(aws, task("t-1"))
    run()
    move(aws, task("t-1"), "start", RUN + timedelta(minutes=1))

    assert run(DUE + timedelta(hours=2)) == {"late": 1, "notices": 1}

    assert told(aws) == {task("t-1").intervention_id: 2}
    assert [(mail.owner, mail.person) for mail in written(aws)] == [
        (Owner.OPS_MANAGER, None),
        (None, "kim"),
    ]


def test_breaking_at_any_call_and_trying_again_ends_as_if_nothing_had_happened(aws: Aws) -> None:
    """Broken at every call in turn, then run again for the same moment, then for the next."""
    tasks = [task("t-1"), task("t-2"), task("t-3", Kind.H4), task("t-4", assignee="kim")]
    keep(aws, *tasks)
    beginning = aws.items()
    with broken_at(-1) as calls:
        run()
    ending = aws.items()
    assert len(calls) > 12

    for call in range(len(calls)):
        empty(aws, beginning)
        with broken_at(call), pytest.raises(Crash):
            run()
        run()
        assert aws.items() == ending, f"broken at call {call}: {calls[call]}"

        run(RUN + timedelta(minutes=15))
        assert told(aws) == {one.intervention_id: 1 for one in tasks}


def test_what_breaks_and_is_not_repeated_is_made_up_for_by_the_next_run(aws: Aws) -> None:
    tasks = [task("t-1"), task("t-2"), task("t-3", Kind.H4), task("t-4", assignee="kim")]
    keep(aws, *tasks)
    beginning = aws.items()
    with broken_at(-1) as calls:
        run()

    for call in range(len(calls)):
        empty(aws, beginning)
        with broken_at(call), pytest.raises(Crash):
            run()
        move(aws, tasks[1], "reassign", RUN, assignee="kim")
        run(RUN + timedelta(minutes=15))

        assert told(aws) == {one.intervention_id: 1 for one in tasks}


def test_two_runs_for_one_moment_put_one_notice(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one begins while the first is about to look at what was written."""
    keep(aws, task("t-1"), task("t-2"))
    notices = MailTable.notices

    def meanwhile(table: MailTable, since: datetime) -> list[Mail]:
        monkeypatch.setattr(MailTable, "notices", notices)
        found = table.notices(since)
        run()
        return found

    monkeypatch.setattr(MailTable, "notices", meanwhile)

    assert run() == {"late": 2, "notices": 0}
    assert len(written(aws)) == 1


def test_who_ends_it_meanwhile_is_not_told(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(aws, task("t-1"))
    put = InterventionTable.put

    def meanwhile(table: InterventionTable, *told: Any) -> None:
        monkeypatch.setattr(InterventionTable, "put", put)
        move(aws, task("t-1"), "complete", RUN, outcome=Outcome.IMPROVED)
        table.put(*told)

    monkeypatch.setattr(InterventionTable, "put", meanwhile)

    assert run() == {"late": 0, "notices": 0}


def test_one_that_is_always_changing_waits_for_the_next_run(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(aws, task("t-1"), task("t-2"))
    put = InterventionTable.put

    def busy(table: InterventionTable, tutor_id: str, changed: Any, before: StoredDesk) -> None:
        if tutor_id == "t-1":
            raise VersionConflictError
        put(table, tutor_id, changed, before)

    with monkeypatch.context() as patched:
        patched.setattr(InterventionTable, "put", busy)
        assert run() == {"late": 1, "notices": 1}

    assert run(RUN + timedelta(minutes=15)) == {"late": 1, "notices": 1}
    assert set(told(aws).values()) == {1}


def test_a_queue_that_is_away_loses_nothing(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(aws, task("t-1"))

    def refuse(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url="https://sqs")

    away = mail_queue(escalate_interventions.env.MAIL_QUEUE_URL)
    away.client.meta.events.register("before-call", refuse)
    monkeypatch.setattr(escalate_interventions, "queue", away)

    assert run() == {"late": 1, "notices": 1}
    assert [mail.state for mail in MailTable(aws.store).due(RUN + timedelta(minutes=2))] == ["due"]


def empty(aws: Aws, items: list[dict[str, Any]]) -> None:
    """Put the table back as it was."""
    keep = {(item["pk"]["S"], item["sk"]["S"]): item for item in items}
    for item in aws.items():
        if (item["pk"]["S"], item["sk"]["S"]) not in keep:
            where = {"pk": item["pk"], "sk": item["sk"]}
            aws.store.client.delete_item(TableName=aws.store.name, Key=where)
    for item in keep.values():
        aws.store.put(item)
