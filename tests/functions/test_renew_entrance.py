"""The header of CloudFront gets another value, and nobody is turned away meanwhile."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import boto3
import pytest
from moto import mock_aws
from moto.moto_api import state_manager

from infra_cdk.operate import renew_entrance
from infra_cdk.place import Place, StageError
from shared.aws.entrance import HEADER


def origin(name: str, **headers: str) -> dict[str, Any]:
    items = [{"HeaderName": key, "HeaderValue": value} for key, value in headers.items()]
    return {
        "Id": name,
        "DomainName": f"{name}.example.com",
        "CustomHeaders": {"Quantity": len(items), "Items": items},
        "CustomOriginConfig": {
            "HTTPPort": 80,
            "HTTPSPort": 443,
            "OriginProtocolPolicy": "https-only",
        },
    }


ORIGINS = [origin("site"), origin("api", **{HEADER: "old"})]


@pytest.fixture
def place() -> Iterator[Place]:
    """A stage whose CloudFront sends `old`."""
    with mock_aws():
        made = boto3.client("cloudfront").create_distribution(
            DistributionConfig={
                "CallerReference": str(uuid4()),
                "Comment": "",
                "Enabled": True,
                "Origins": {
                    "Quantity": 2,
                    "Items": [origin("site"), origin("api", **{HEADER: "old"})],
                },
                "DefaultCacheBehavior": {
                    "TargetOriginId": "site",
                    "ViewerProtocolPolicy": "redirect-to-https",
                },
            }
        )
        kept = boto3.client("secretsmanager").create_secret(
            Name=f"renewed-{uuid4()}", SecretString=json.dumps({"current": "old", "previous": None})
        )
        outputs = {
            "SiteDistributionId": made["Distribution"]["Id"],
            "EntranceSecretArn": kept["ARN"],
        }
        yield Place("dev", boto3.client, outputs)


def sent(place: Place) -> str:
    """What CloudFront adds."""
    found = place.client("cloudfront").get_distribution_config(Id=place["SiteDistributionId"])
    (value,) = [
        header["HeaderValue"]
        for each in found["DistributionConfig"]["Origins"]["Items"]
        for header in each["CustomHeaders"].get("Items", [])
    ]
    return str(value)


def taken(place: Place) -> dict[str, str]:
    """What the functions know."""
    found = place.client("secretsmanager").get_secret_value(SecretId=place["EntranceSecretArn"])
    values: dict[str, str] = json.loads(found["SecretString"])
    return values


def test_what_was_sent_and_what_is_sent_are_both_taken(place: Place) -> None:
    renew_entrance(place)

    assert taken(place) == {"current": sent(place), "previous": "old"}
    assert sent(place) != "old"


def test_once_it_broke_off_it_is_simply_done_again(place: Place) -> None:
    place.client("secretsmanager").put_secret_value(
        SecretId=place["EntranceSecretArn"],
        SecretString=json.dumps({"current": "never sent", "previous": "old"}),
    )

    renew_entrance(place)

    assert taken(place)["previous"] == "old", "which CloudFront may still send"


def test_it_waits_for_the_last_change(place: Place) -> None:
    changing = {"progression": "manual", "times": 9}
    state_manager.set_transition("cloudfront::distribution", changing)

    with pytest.raises(StageError):
        renew_entrance(place)

    assert sent(place) == "old"
    state_manager.unset_transition("cloudfront::distribution")
