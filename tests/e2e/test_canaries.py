"""What people wrote, and who they are, stands in the table and nowhere else.

A canary is put into every field that holds words, of reports that are good, repeated, in conflict,
wrong in each of many ways, unsigned, and too large; into each field, and each field's name, that
holds something else; of everything staff write; into what is asked for; and into an item that no
function can read, so that scoring fails until it is given up. Then everything is looked through
that people and machines read besides: the functions' logs with their metrics, queues and dead
letters, the trail of who read what, and the mails to staff. The emulator writes no access log of
the API; that its format names nothing that people write is held in tests/infra. Traces hold what
Lambda puts into them: no function adds anything.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any, Final

import pytest
import urllib3

from infra_cdk.local.sign_in import access_token
from infra_cdk.local.stack import LocalStack
from infra_cdk.operate import redrive
from infra_cdk.place import of_local
from shared.aws import key
from shared.aws.item import key_item, text
from tests.e2e.dashboard import trouble, until_interviewed
from tests.e2e.mailbox import mails
from tests.e2e.marketplace import Body, Marketplace, completed, moved

pytestmark = pytest.mark.e2e

CANARY: Final = "Kanarienvogel"
TUTOR: Final = "t-canary"
TROUBLED: Final = "t-can-troubled"
"""With whom an interview is due, so that there is something to move."""
STUDENT: Final = f"u-{CANARY}"
TIMES: Final = 11
"""Rounds of what is good, repeated, in conflict and unsigned."""


def words(place: str) -> str:
    return f"{CANARY} of {place}"


def good(n: int) -> Iterator[tuple[str, Body]]:
    """Reports with words in every field that takes some."""
    extra = {"notes": words("an unknown field"), "student_name": words("a student's name")}
    yield (
        "/api/tutors",
        {
            "tutor_id": TUTOR, "version": n, "name": words("a name"),
            "email": f"{CANARY}.{n}@example.com", "subjects": [words("a subject")],
            "onboarding_date": "2026-01-05", "status": "active", "location": words("a place"),
            "education_level": words("a degree"), **extra,
        },
    )  # fmt: skip
    yield (
        "/api/sessions",
        completed(
            f"s-can-{n}", TUTOR, n + 1, student_id=STUDENT, subject=words("a subject"), **extra
        ),
    )
    report = moved(f"s-can-m-{n}", TUTOR, n + 2, student_id=STUDENT)
    report["reschedule_info"]["reason"] = words("a reason")
    yield "/api/sessions", report
    yield (
        "/api/feedback",
        {
            "feedback_id": f"f-can-{n}", "session_id": f"s-can-{n}", "student_id": STUDENT,
            "tutor_id": TUTOR, "overall_rating": 1, "free_text": words("a student"),
            "improvement_areas": [words("an area")],
            "submitted_at": report["reschedule_info"]["requested_at"], **extra,
        },
    )  # fmt: skip
    yield (
        "/api/events",
        {
            "event_id": f"e-can-{n}", "tutor_id": TUTOR, "type": "training_completed",
            "occurred_at": report["reschedule_info"]["requested_at"],
            "data": {"module": words("a module")}, **extra,
        },
    )  # fmt: skip


def wrong(path: str, body: Body) -> Iterator[Any]:
    """The same, wrong in ways that tempt to repeat what was sent."""
    yield {**body, "tutor_id": words("an id")}
    yield {**body, "status": words("a status"), "type": "", "overall_rating": words("stars")}
    yield {key: value for key, value in body.items() if key != "tutor_id"}
    yield [words("a list")]
    yield json.dumps(body)[:-1].encode()
    yield json.dumps(body).encode("utf-16")


def misplaced(body: Body) -> Iterator[Body]:
    """A report with words where each of its fields stands, alone, packed or behind what belongs
    there, and in the place of its name."""
    for name, value in body.items():
        yield {**body, name: words(name)}
        yield {**body, name: f"{value} {words(name)}"}
        yield {**body, name: [words(name)]}
        yield {**body, name: {words(name): words(name)}}
        yield {(words(name) if each == name else each): said for each, said in body.items()}
        if isinstance(value, dict):
            yield from ({**body, name: within} for within in misplaced(value))


@pytest.fixture(scope="module")
def requests(stack: LocalStack, marketplace: Marketplace) -> int:
    """How many requests were made."""
    made = 0
    marketplace.deliver(trouble(TROUBLED, "Edith Clarke", "Physics", "s-can-troubled"))
    for n in range(1, TIMES + 1):
        for path, body in good(n):
            webhook_id = f"w-can-{path[5:]}-{body.get('session_id', '')}-{n}"
            expected = (202, 202, 409)
            other = {**body, "version": n, "name": words("another"), "subject": words("another")}
            for status, sent in zip(expected, (body, body, other), strict=True):
                assert marketplace.post(path, webhook_id, sent)[0] == status, (path, sent)
                made += 1
            if n == 1:
                for bad in wrong(path, body):
                    status, answer = marketplace.post(path, f"{webhook_id}-bad", bad)
                    assert status in (400, 422), (path, status, answer)
                    assert CANARY.casefold() not in str(answer).casefold(), (path, bad, answer)
                    made += 1
                for number, odd in enumerate(misplaced(body)):
                    odd_id = f"{webhook_id}-odd-{number}"
                    status, answer = marketplace.post(path, odd_id, odd)
                    assert status in (202, 400, 409, 422), (path, odd, answer)
                    assert CANARY not in str(answer), (path, odd, answer)
                    made += 1
                large = {**body, "notes": words("a long field") * 4000}
                assert marketplace.post(path, f"{webhook_id}-large", large)[0] == 413
                made += 1
            unsigned = urllib3.request(
                "POST", stack.deployed.front_door + path, json=body,
                headers={"webhook-id": "w-can", "webhook-signature": words("a signature")},
                timeout=60,
            )  # fmt: skip
            assert unsigned.status == 401
            made += 1
    marketplace.drain()
    for function in ("roll_windows", "summarize_platform", "sweep_inbox", "sweep_mail"):
        marketplace.invoke(function)
    marketplace.drain()
    until_interviewed(marketplace, TROUBLED)
    token = access_token(stack.deployed, "ops_manager")
    for verb, path, said, seen, status in (*written(interview(marketplace)), *asked()):
        told = urllib3.request(
            verb, stack.deployed.front_door + path, json=said,
            headers={"authorization": f"Bearer {token}", "if-match": f'"{seen}"'},
            timeout=60,
        )  # fmt: skip
        assert told.status == status, (verb, path, told.status, told.data)
        made += 1
    assert words("a move") in str(interview(marketplace))
    return made


def interview(marketplace: Marketplace) -> dict[str, Any]:
    """The one that is due with a tutor in trouble."""
    tasks = marketplace.get(f"/api/interventions?tutor_id={TROUBLED}")["items"]
    (found,) = (task for task in tasks if task["kind"] == "H4")
    return dict(found)


@pytest.fixture(scope="module")
def unreadable(stack: LocalStack, marketplace: Marketplace, requests: int) -> Iterator[str]:
    """The id of a report that was given up: its tutor's log has a row that can not be read."""
    client, webhook_id, tutor = stack.deployed.client("dynamodb"), "w-can-unreadable", "t-damaged"
    at = key_item(key.logged_session(tutor, datetime.now(UTC) - timedelta(days=2), "s-damaged"))
    data = {"session_id": STUDENT, "snapshot": {"student_id": STUDENT, "status": words("a row")}}
    client.put_item(TableName=stack.deployed.table, Item=at | {"data": text(json.dumps(data))})

    try:
        marketplace.post("/api/sessions", webhook_id, completed("s-can-unreadable", tutor, 3))
        marketplace.eventually(lambda: webhook_id in str(waiting(stack, dead(stack))), 180)
        yield webhook_id
    finally:
        client.delete_item(TableName=stack.deployed.table, Key=at)
        list(redrive(of_local(stack.deployed), "scoring"))
        marketplace.drain(180)


def dead(stack: LocalStack) -> str:
    return stack.deployed.dead_letter_urls["scoring"]


def written(task: dict[str, Any]) -> Iterator[tuple[str, str, Body, int, int]]:
    """What staff write, as it should be and not, with the version they saw and what they are
    answered."""
    note, override = f"/api/tutors/{TUTOR}/notes/n-can", f"/api/tutors/{TUTOR}/override"
    until = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    yield "PUT", note, {"text": words("a note")}, 0, 200
    yield "PUT", note, {"text": words("another note")}, 0, 409
    yield "PUT", note, {"text": [words("a note")]}, 0, 422
    claim = {"score": 50, "reason": words("an override"), "until": until}
    yield "PUT", override, claim, 0, 200
    yield "PUT", override, claim | {"reason": words("another override")}, 0, 412
    yield "PUT", override, {"score": words("a score"), "until": until}, 1, 422
    yield "DELETE", override, {"reason": words("an end")}, 1, 200
    yield "PUT", "/api/settings/thresholds", {"values": {words("a dial"): 1}}, 0, 422
    address = f"https://{CANARY}.example.com"
    yield "PUT", "/api/settings/notifications", {"webhook_url": address}, 0, 422
    move, seen = f"/api/interventions/{task['intervention_id']}/note", task["version"]
    yield "POST", move, {"reason": words("a move")}, seen, 200
    yield "POST", move, {"reason": words("another move")}, seen, 412
    yield "POST", move, {"reason": words("a move"), "outcome": words("an outcome")}, seen, 422
    yield "POST", "/api/interventions/nobody/note", {"reason": words("a move")}, 0, 404


def asked() -> Iterator[tuple[str, str, None, int, int]]:
    """What staff look for."""
    yield "GET", f"/api/tutors?q={CANARY}", None, 0, 200
    yield "GET", f"/api/tutors?risk={CANARY}", None, 0, 422
    yield "GET", f"/api/tutors/{TUTOR}/sessions?cursor={CANARY}", None, 0, 422
    yield "GET", f"/api/tutors/{TUTOR}/sessions", None, 0, 200
    yield "GET", f"/api/tutors/{TUTOR}/notes", None, 0, 200
    yield "GET", f"/api/reports?tutor_id={CANARY}", None, 0, 200


def logged(stack: LocalStack) -> Iterator[tuple[str, str]]:
    """Everything in every log group: what functions print, with their metrics."""
    logs = stack.deployed.client("logs")
    for page in logs.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            name = group["logGroupName"]
            for events in logs.get_paginator("filter_log_events").paginate(logGroupName=name):
                for event in events["events"]:
                    yield name, event["message"]


def test_no_log_or_metric_holds_what_people_wrote(
    stack: LocalStack, requests: int, unreadable: str
) -> None:
    lines = list(logged(stack))

    assert requests > 500
    assert {"/aws/lambda/tutor-quality-local-report_webhook"} <= {name for name, _ in lines}
    assert sum("score_tutor" in name for name, _ in lines) > TIMES
    assert not [line for line in lines if CANARY.casefold() in line[1].casefold()]


def test_a_fault_that_quotes_what_people_wrote_is_not_quoted(
    stack: LocalStack, requests: int, unreadable: str
) -> None:
    """What can not be read stands in the text of the exception, which is not logged."""
    failed = [line for name, line in logged(stack) if "score_tutor" in name and unreadable in line]
    told = [line for line in failed if "ValidationError" in line]

    assert len(told) >= 5
    assert not [line for line in told if CANARY.casefold() in line.casefold()]


def test_no_dead_letter_holds_what_people_wrote(
    stack: LocalStack, requests: int, unreadable: str
) -> None:
    letters = {name: waiting(stack, url) for name, url in stack.deployed.dead_letter_urls.items()}

    assert unreadable in str(letters["scoring"])
    assert CANARY not in str(letters)
    assert CANARY not in str([waiting(stack, url) for url in stack.deployed.queue_urls.values()])


def test_a_503_repeats_nothing_of_what_was_sent(
    stack: LocalStack, marketplace: Marketplace, requests: int
) -> None:
    iam, functions = stack.deployed.client("iam"), stack.deployed.client("lambda")
    name = stack.deployed.function_name("report_webhook")
    role = functions.get_function_configuration(FunctionName=name)["Role"].rsplit("/", 1)[-1]
    policy = iam.get_role_policy(RoleName=role, PolicyName="least")["PolicyDocument"]
    statements = [one for one in policy["Statement"] if "dynamodb" not in str(one["Action"])]
    reports = list(good(TIMES + 1))

    iam.put_role_policy(
        RoleName=role,
        PolicyName="least",
        PolicyDocument=json.dumps({**policy, "Statement": statements}),
    )
    try:
        answers = [marketplace.post(path, f"w-503-{path[5:]}", body) for path, body in reports]
    finally:
        iam.put_role_policy(RoleName=role, PolicyName="least", PolicyDocument=json.dumps(policy))

    assert {status for status, _ in answers} == {503}
    assert CANARY.casefold() not in str(answers).casefold()
    unstored = [line for name, line in logged(stack) if "not stored" in line]
    assert len(unstored) >= len(reports)
    assert not [line for line in unstored if CANARY.casefold() in line.casefold()]


def waiting(stack: LocalStack, url: str) -> list[Any]:
    """Messages of a queue with everything that is said about them, as far as one look tells."""
    told = stack.deployed.client("sqs").receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0,
        AttributeNames=["All"], MessageAttributeNames=["All"],
    )  # fmt: skip
    return list(told.get("Messages", []))


def test_the_trail_of_who_read_what_holds_no_words(stack: LocalStack, requests: int) -> None:
    pages = stack.deployed.client("dynamodb").get_paginator("scan")
    audit = [
        item
        for page in pages.paginate(TableName=stack.deployed.table)
        for item in page["Items"]
        if item["pk"]["S"].startswith("AUDIT")
    ]

    assert audit
    assert CANARY not in str(audit)


def test_mails_to_staff_hold_no_words_of_students(
    stack: LocalStack, marketplace: Marketplace, requests: int
) -> None:
    told = ("a student", "an area", "a reason", "a student's name")
    said = [STUDENT, *(words(place) for place in told)]

    assert marketplace.eventually(lambda: mails(stack, about=words("a name")), 240)
    for mail in mails(stack):
        assert not [one for one in said if one in shown(mail)], mail["subject"]


def shown(mail: EmailMessage) -> str:
    """What a program for mails shows of one: headers and texts, as they were before they were
    packed for the way."""
    parts = [part.get_content() for part in mail.walk() if not part.is_multipart()]
    return "\n".join([*(str(value) for value in mail.values()), *map(str, parts)])
