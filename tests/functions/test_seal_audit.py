"""The audit trail of a day that has ended is sealed, and what is done to it afterwards shows."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions import seal_audit
from infra_cdk.operate import verify_audit
from infra_cdk.place import Place
from shared.access import Caller, Operation
from shared.aws.audit import AuditRow, AuditTrail
from shared.aws.vault import Vault
from shared.domain.audit_seal import BEGINNING, Seal, sealed
from tests.functions.conftest import Aws

MONDAY = date(2026, 11, 23)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def tuesday(monkeypatch: pytest.MonkeyPatch) -> None:
    it_is(MONDAY + DAY, monkeypatch)


def it_is(day: date, monkeypatch: pytest.MonkeyPatch) -> None:
    at = datetime(day.year, day.month, day.day, 0, 30, tzinfo=UTC)
    monkeypatch.setattr(seal_audit, "now", lambda: at)


def row(number: int, on: date = MONDAY) -> AuditRow:
    """A read of that day."""
    at = datetime(on.year, on.month, on.day, 9, number, tzinfo=UTC)
    caller = Caller("kim", "kim", None, frozenset())
    return AuditRow(caller, Operation.TUTOR, at, f"request-{number}", "t-7", 200, ("t-7",))


def read(aws: Aws, *numbers: int, on: date = MONDAY) -> None:
    for number in numbers:
        AuditTrail(aws.store).put(row(number, on))


def run() -> int:
    answer: dict[str, int] = seal_audit.handler({}, LambdaContext())
    return answer["sealed"]


def verified(aws: Aws, bucket: str = "vault") -> list[str]:
    outputs = {"TableName": aws.store.name, "VaultBucket": bucket}
    clients = {"dynamodb": aws.store.client, "s3": aws.s3}
    return list(verify_audit(Place("local", clients.__getitem__, outputs)))


def test_yesterday_is_sealed(aws: Aws) -> None:
    read(aws, 1, 2, 3)

    assert run() == 1

    seal = seal_audit.seals.seal(MONDAY)
    assert seal is not None
    assert (seal.on, seal.rows) == (MONDAY, 3)


def test_a_day_is_sealed_once(aws: Aws) -> None:
    read(aws, 1)
    run()

    assert run() == 0


def test_a_night_that_failed_is_made_up_for(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    run()
    read(aws, 1, on=MONDAY + 2 * DAY)
    it_is(MONDAY + 4 * DAY, monkeypatch)

    assert run() == 3
    assert seal_audit.seals.sealed_days() == [MONDAY + n * DAY for n in range(4)]


def test_each_seal_holds_on_to_the_one_before(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    read(aws, 1)
    run()
    it_is(MONDAY + 2 * DAY, monkeypatch)
    run()

    first, second = (seal_audit.seals.seal(MONDAY + n * DAY) for n in (0, 1))
    assert first is not None
    assert second == sealed(MONDAY + DAY, (), first.chain)
    assert first == sealed(MONDAY, AuditTrail(aws.store).rows_of(MONDAY), BEGINNING)


def test_a_seal_that_stands_is_not_replaced(aws: Aws) -> None:
    run()
    other = Seal(MONDAY, 99, "f" * 64, "f" * 64)

    kept = seal_audit.seals.put_seal(other)

    assert kept.rows == 0


def test_a_whole_trail_is_told_to_be_whole(aws: Aws) -> None:
    read(aws, 1, 2)
    run()

    assert verified(aws) == ["2026-11-23: 2 rows, as sealed.", "1 days are as they were sealed."]


@pytest.fixture(params=["a row was changed", "a row was removed", "a row was added"])
def tampered(request: pytest.FixtureRequest, aws: Aws) -> Aws:
    """A trail that was sealed, and touched by somebody with the table in hands."""
    read(aws, 1, 2)
    run()
    (first, _) = aws.items("AUDIT#")
    match request.param:
        case "a row was changed":
            aws.store.put(first | {"sub": {"S": "somebody else"}})
        case "a row was removed":
            aws.store.client.delete_item(
                TableName=aws.store.name, Key={"pk": first["pk"], "sk": first["sk"]}
            )
        case _:
            read(aws, 3)
    return aws


def test_what_was_done_to_a_sealed_day_shows(tampered: Aws) -> None:
    assert verified(tampered)[-1] == "2026-11-23 is NOT as it was sealed."


def test_the_night_after_the_alarm_that_waits_for_a_sealing_waits_in_vain(
    tampered: Aws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    it_is(MONDAY + 2 * DAY, monkeypatch)

    answer = seal_audit.handler({}, LambdaContext())

    assert answer == {"sealed": 1, "differing": ["2026-11-23"]}
    assert "DaysSealed" not in capsys.readouterr().out


@pytest.mark.parametrize(("days", "differing"), [(7, ["2026-11-23"]), (8, [])])
def test_a_day_is_looked_at_for_a_week(
    tampered: Aws, monkeypatch: pytest.MonkeyPatch, days: int, differing: list[str]
) -> None:
    it_is(MONDAY + days * DAY, monkeypatch)
    run()
    it_is(MONDAY + (days + 1) * DAY, monkeypatch)

    assert seal_audit.handler({}, LambdaContext())["differing"] == differing


def test_what_was_not_sealed_is_sealed_even_where_a_seal_can_not_be_read(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    read(aws, 1)
    run()
    it_is(MONDAY + 2 * DAY, monkeypatch)
    run()
    aws.s3.put_object(Bucket="vault", Key="audit/2026-11-23.json", Body=b"?")
    it_is(MONDAY + 3 * DAY, monkeypatch)

    with pytest.raises(ValueError, match="JSON"):
        run()

    assert seal_audit.seals.sealed_days() == [MONDAY, MONDAY + DAY, MONDAY + 2 * DAY]


def test_a_seal_that_was_put_away_to_be_made_anew_shows(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.s3.create_bucket(Bucket="versions")  # of which it keeps all, as the stack's does
    aws.s3.put_bucket_versioning(Bucket="versions", VersioningConfiguration={"Status": "Enabled"})
    monkeypatch.setattr(seal_audit, "seals", Vault(aws.s3, "versions"))
    read(aws, 1, 2)
    run()
    read(aws, 3)
    aws.s3.delete_object(Bucket="versions", Key="audit/2026-11-23.json")
    assert run() == 1
    it_is(MONDAY + 2 * DAY, monkeypatch)

    assert seal_audit.handler({}, LambdaContext())["differing"] == ["2026-11-23"]
    assert verified(aws, "versions")[-1] == "2026-11-23 is NOT as it was sealed."


def test_a_night_with_every_day_as_it_was_sealed_counts(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read(aws, 1, 2)
    run()
    it_is(MONDAY + 2 * DAY, monkeypatch)
    run()
    capsys.readouterr()
    it_is(MONDAY + 3 * DAY, monkeypatch)

    assert seal_audit.handler({}, LambdaContext()) == {"sealed": 1, "differing": []}
    assert '"DaysSealed":[1.0]' in capsys.readouterr().out


def test_a_read_written_down_twice_is_one_row(aws: Aws) -> None:
    read(aws, 1)
    read(aws, 1)

    assert len(aws.items("AUDIT#")) == 1


def test_no_row_is_written_over(aws: Aws) -> None:
    read(aws, 1)

    for status in (404, 404, 503):
        AuditTrail(aws.store).put(replace(row(1), status=status))

    assert [item["status"]["N"] for item in aws.items("AUDIT#")] == ["200", "404", "503"]
