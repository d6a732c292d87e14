"""Settings and links to do without mails, through the front door of the running stack."""

from typing import Any

import pytest
import requests

from infra_cdk.local.sign_in import access_token
from shared.unsubscribe import unsubscribe_token
from tests.e2e.marketplace import Marketplace

pytestmark = pytest.mark.e2e

DIALS = "/api/settings/interventions"


def call(
    marketplace: Marketplace, method: str, path: str, role: str, seen: int = 0, **sent: Any
) -> requests.Response:
    headers = {"authorization": f"Bearer {access_token(marketplace.deployed, role)}"}
    if method == "PUT":
        headers["if-match"] = f'"{seen}"'
    url = marketplace.deployed.front_door + path
    return requests.request(method, url, headers=headers, json=sent or None, timeout=30)


def test_a_dial_is_moved_after_asking_what_that_would_do(marketplace: Marketplace) -> None:
    values = {"coaching_score": 60}

    asked = call(marketplace, "POST", f"{DIALS}/dry-run", "people_ops", values=values)
    refused = call(marketplace, "PUT", DIALS, "people_ops", values=values)
    moved = call(marketplace, "PUT", DIALS, "admin", values=values)
    again = call(marketplace, "PUT", DIALS, "ops_manager", values=values)

    assert (asked.status_code, refused.status_code) == (200, 403)
    assert (moved.status_code, again.status_code) == (200, 412)
    (change,) = call(marketplace, "GET", "/api/settings", "ops_manager").json()["interventions"][
        "history"
    ]
    assert change["moved"] == [{"name": "coaching_score", "before": 50, "after": 60}]


def test_people_choose_what_they_are_told(marketplace: Marketplace) -> None:
    path = "/api/settings/notifications"

    seen = call(marketplace, "GET", path, "people_ops").json()["version"]
    chosen = call(marketplace, "PUT", path, "people_ops", seen, zone="Europe/Berlin")

    assert chosen.status_code == 200
    assert call(marketplace, "GET", path, "people_ops").json() == chosen.json()


def test_a_link_is_shown_to_anybody_and_posting_it_does_without(marketplace: Marketplace) -> None:
    deployed = marketplace.deployed
    secrets = deployed.client("secretsmanager")
    function = deployed.client("lambda").get_function_configuration(
        FunctionName=deployed.function_name("unsubscribe")
    )
    arn = function["Environment"]["Variables"]["CURSOR_SECRET_ARN"]
    secret = secrets.get_secret_value(SecretId=arn)["SecretString"]
    url = f"{deployed.front_door}/api/unsubscribe/{unsubscribe_token(secret, 'ana', 'reports')}"

    shown = requests.get(url, timeout=30)
    done = requests.post(url, data={"List-Unsubscribe": "One-Click"}, timeout=30)
    parts = requests.post(url, files={"List-Unsubscribe": (None, "One-Click")}, timeout=30)
    forged = requests.get(url[:-3], timeout=30)

    assert (shown.status_code, done.status_code, parts.status_code) == (200, 200, 200)
    assert shown.headers["content-type"] == "text/html; charset=utf-8"
    assert forged.status_code == 404
