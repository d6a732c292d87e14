"""One id from webhook to mail: what five functions log of a session, and the mail it leads to."""

import json
from typing import Any

import pytest

from infra_cdk.local.stack import LocalStack
from infra_cdk.operate import done, parsed
from infra_cdk.place import of_local
from shared.mail.mime import ref_id
from tests.e2e.mailbox import mails
from tests.e2e.marketplace import Delivery, Marketplace, completed

pytestmark = pytest.mark.e2e

STEPS = ["report_webhook", "score_tutor", "predict_churn", "act_on_change", "send_mail"]


def test_a_session_is_followed_from_webhook_to_mail_by_one_id(
    stack: LocalStack, marketplace: Marketplace
) -> None:
    place = of_local(stack.deployed)
    followed = completed("s-followed", "t-followed", 1)
    marketplace.deliver([Delivery("/api/sessions", "w-followed", followed)])

    def lines() -> list[str] | None:
        words = ["--stage", "local", "follow", "w-followed"]
        told = list(done(place, parsed(words)))
        return told if any("send_mail: sent" in line for line in told) else None

    told = marketplace.eventually(lines)
    services = [line.split()[2].rstrip(":") for line in told]

    assert list(dict.fromkeys(services)) == STEPS
    (sent,) = [line for line in told if "send_mail: sent" in line]
    mail_id = json.loads(sent[sent.index("{") :])["mail_id"]
    assert [mail for mail in mails(stack) if mail["X-Entity-Ref-ID"] == ref_id(mail_id, mail["To"])]


def test_what_a_manager_does_is_found_by_the_id_the_answer_bears(
    stack: LocalStack, marketplace: Marketplace
) -> None:
    answer: Any = marketplace.ask("/api/tutors/t-nobody")
    request_id = answer.headers["x-request-id"]

    assert answer.status == 404
    assert answer.json()["request_id"] == request_id
    group = f"/aws/lambda/{stack.deployed.function_name('query_api')}"

    def logged() -> list[str] | None:
        # Other tests have logged much there, and one answer shows a part of it.
        pages = stack.deployed.client("logs").get_paginator("filter_log_events")
        found = pages.paginate(logGroupName=group).search("events[].message")
        return [line for line in found if f'"{request_id}"' in line]

    (line,) = marketplace.eventually(logged)
    assert '"refused"' in line
    audited = stack.deployed.client("dynamodb").scan(TableName=stack.deployed.table)
    keys = [item["sk"]["S"] for item in audited["Items"] if item["pk"]["S"].startswith("AUDIT#")]
    assert [key for key in keys if key.endswith(f"#{request_id}")]
