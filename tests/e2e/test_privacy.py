"""A student is forgotten, and the audit trail sealed, on the running stack with its permissions."""

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from infra_cdk.operate import verify_audit
from infra_cdk.place import Place, everything, of_local
from infra_cdk.student import erase, export
from shared.domain.audit_seal import BEGINNING, sealed
from tests.e2e.marketplace import Delivery, Marketplace, completed

pytestmark = pytest.mark.e2e

ANN = "ann-of-the-privacy-test"


@pytest.fixture
def place(marketplace: Marketplace) -> Place:
    return of_local(marketplace.deployed)


def test_a_student_is_exported_and_forgotten_and_stays_so(
    marketplace: Marketplace, place: Place
) -> None:
    first = completed("s-privacy-1", "t-privacy", 3) | {"student_id": ANN}
    marketplace.deliver([Delivery("/api/sessions", "w-privacy-1", first)])
    marketplace.drain()
    assert [one["session_id"] for one in export(place, ANN)["sessions"]] == ["s-privacy-1"]

    told = list(erase(place, ANN, pause=lambda seconds: None))
    later = completed("s-privacy-2", "t-privacy", 2) | {"student_id": ANN}
    marketplace.deliver([Delivery("/api/sessions", "w-privacy-2", later)])
    marketplace.drain()

    assert told[-1] == "Nothing is left."
    assert not [item for item in everything(place.table) if ANN in str(item)]
    detail = marketplace.get("/api/tutors/t-privacy")
    assert detail["windows"]["30d"]["completed"] == 2


def test_yesterday_is_sealed_by_the_function_and_found_whole(
    marketplace: Marketplace, place: Place
) -> None:
    yesterday = datetime.now(UTC).date() - timedelta(days=1)

    marketplace.invoke("seal_audit")

    assert place.vault.seal(yesterday) == sealed(yesterday, (), BEGINNING)
    assert list(verify_audit(place))[-1] == "1 days are as they were sealed."


def test_a_seal_is_not_written_over(marketplace: Marketplace, place: Place) -> None:
    marketplace.invoke("seal_audit")
    (key,) = [
        each["Key"]
        for each in place.client("s3").list_objects_v2(Bucket=place.vault.bucket)["Contents"]
        if each["Key"].startswith("audit/")
    ]

    with pytest.raises(ClientError, match="PreconditionFailed"):
        place.client("s3").put_object(
            Bucket=place.vault.bucket, Key=key, Body=b"{}", IfNoneMatch="*"
        )
