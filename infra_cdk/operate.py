"""`make operate DO=…`: what runbooks ask for, on a stage as it runs here or in AWS.

    python -m infra_cdk.operate --stage local|dev|prod pending
    … report WEBHOOK_ID            what was reported, and what became of it
    … follow WEBHOOK_ID            what every function logged of it, from webhook to mail
    … dead-letters QUEUE           what failed five times
    … redrive QUEUE                let it be tried again
    … rescore TUTOR                score a tutor anew, and what follows from that
    … start FUNCTION               run what a clock starts, now
    … verify-audit                 hold the audit trail against its seals
    … renew-entrance               another value for the header that CloudFront adds
    … secret                       which webhook secrets are believed, and which one signs
    … new-secret                   have a new one believed too, beside the one there is
    … old-secret-away              believe the new one alone, once nothing is signed by the old one

Nothing here changes what was reported, and everything is safe to repeat.
"""

import argparse
import json
import secrets
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from secrets import token_bytes
from typing import Any, Final

from infra_cdk.function_spec import FUNCTIONS, QUEUES, Clock
from infra_cdk.place import Place, StageError, command, run, url_output
from shared.aws.audit import AuditTrail
from shared.aws.batch import hint
from shared.aws.entrance import HEADER
from shared.aws.inbox import InboxTable
from shared.aws.retention import AUDITED
from shared.signature import fingerprint

CLOCKED: Final = tuple(spec.name for spec in FUNCTIONS if isinstance(spec.trigger, Clock))
MOST_SHOWN: Final = 50
WAIT_SECONDS: Final = 2
"""Asked without waiting, SQS looks at some of its servers only."""
BATCH: Final = 10
QUIET: Final = timedelta(minutes=15)
"""Nothing may have been signed by an old secret for so long before it goes."""
FOLLOWED_FOR: Final = timedelta(days=2)
CLOCKS_DIFFER: Final = timedelta(minutes=1)
LEFT_OUT: Final = ("timestamp", "service", "message", "level", "location", "correlation_id")
HIDDEN_SECONDS: Final = 30
"""How long a message that was looked at is hidden from others who look."""


def parsed(words: Sequence[str] | None) -> argparse.Namespace:
    """What these words ask for, or those of the command line; exits where they are none."""
    parser = command("operate", __doc__)
    asked = parser.add_subparsers(dest="what", required=True)
    asked.add_parser("pending")
    for name in ("report", "follow"):
        asked.add_parser(name).add_argument("webhook_id")
    for name in ("dead-letters", "redrive"):
        asked.add_parser(name).add_argument("queue", choices=QUEUES)
    asked.add_parser("rescore").add_argument("tutor_id")
    asked.add_parser("verify-audit")
    for name in ("secret", "new-secret", "old-secret-away"):
        asked.add_parser(name)
    asked.add_parser("start").add_argument("function", choices=CLOCKED)
    asked.add_parser("renew-entrance")
    return parser.parse_args(words)


def done(place: Place, told: argparse.Namespace) -> Iterator[str]:
    """Do what was asked; the lines that tell of it."""
    match told.what:
        case "pending":
            yield from pending(place, datetime.now(UTC))
        case "report":
            yield from report(place, told.webhook_id)
        case "follow":
            yield from follow(place, told.webhook_id)
        case "dead-letters":
            yield from dead_letters(place, told.queue)
        case "redrive":
            yield from redrive(place, told.queue)
        case "rescore":
            rescore(place, told.tutor_id)
            yield f"{told.tutor_id} is to be scored again."
        case "start":
            start(place, told.function)
            yield f"{told.function} was started; its log tells how it went."
        case "verify-audit":
            yield from verify_audit(place)
        case "renew-entrance":
            renew_entrance(place)
            yield "CloudFront takes the new value to all its places within minutes."
        case "secret":
            yield from secret(place, datetime.now(UTC))
        case "new-secret":
            yield from new_secret(place)
        case "old-secret-away":
            yield from old_secret_away(place, datetime.now(UTC))


def pending(place: Place, at: datetime) -> Iterator[str]:
    """Reports that were accepted and are not applied, the oldest first."""
    count = 0
    for webhook_id, since in InboxTable(place.table).pending_since(at):
        count += 1
        if count <= MOST_SHOWN:
            yield f"{since:%Y-%m-%d %H:%M:%S} {webhook_id}"
    yield f"{count} pending."


def report(place: Place, webhook_id: str) -> Iterator[str]:
    """Who and what a report is about, and where it stands; nothing of what people wrote."""
    inbox = InboxTable(place.table)
    found, state = inbox.delivery(webhook_id), inbox.state(webhook_id)
    if found is None or state is None:
        raise StageError(f"Nothing was accepted under {webhook_id}.")
    delivery, _ = found
    yield f"{delivery.kind} {delivery.entity_id}, version {delivery.version}"
    yield f"received {delivery.received_at.isoformat()}"
    yield state


def follow(place: Place, webhook_id: str) -> Iterator[str]:
    """What was logged of a report in the two days after its receipt, in order.

    StageError where nothing was accepted under that id.
    """
    found = InboxTable(place.table).delivery(webhook_id)
    if found is None:
        raise StageError(f"Nothing was accepted under {webhook_id}.")
    since = found[0].received_at - CLOCKS_DIFFER
    lines = [
        line
        for spec in FUNCTIONS
        for line in _logged(place, spec.name, webhook_id, since, since + FOLLOWED_FOR)
        if webhook_id in str(line.get("correlation_id")).split()
    ]
    for line in sorted(lines, key=lambda one: str(one["timestamp"])):
        rest = {name: value for name, value in line.items() if name not in LEFT_OUT}
        yield f"{line['timestamp']} {line['service']}: {line['message']} {json.dumps(rest)}"


def _logged(
    place: Place, function: str, word: str, since: datetime, until: datetime
) -> Iterator[dict[str, Any]]:
    """The lines of one function that hold a word."""
    pages = (
        place.client("logs")
        .get_paginator("filter_log_events")
        .paginate(
            logGroupName=place.log_group(function),
            startTime=int(since.timestamp() * 1000),
            endTime=int(until.timestamp() * 1000),
            filterPattern=f'"{word}"',
        )
    )
    for page in pages:
        for event in page["events"]:
            try:
                line = json.loads(event["message"])
            except ValueError:
                continue
            if isinstance(line, dict):
                yield line


def dead_letters(place: Place, queue: str) -> Iterator[str]:
    """The dead letters of a queue, by their identifiers."""
    url = place[url_output(queue, dead=True)]
    found = list(islice(chain.from_iterable(_received(place, url)), MOST_SHOWN))
    for message in found:  # others may look, and redrive, at once
        place.client("sqs").change_message_visibility(
            QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
        )
        yield hint(message["Body"])
    more = ", at least" if len(found) == MOST_SHOWN else ""
    yield f"{len(found)} dead letters of the {queue} queue{more}."


def redrive(place: Place, queue: str) -> Iterator[str]:
    """Put the dead letters of a queue back into it.

    Each is sent before it is removed, so that none is lost; at worst it is worked off twice.
    """
    sqs, moved, left = place.client("sqs"), 0, 0
    dead, alive = place[url_output(queue, dead=True)], place[url_output(queue)]
    for letters in _received(place, dead):
        bodies = [{"Id": str(n), "MessageBody": one["Body"]} for n, one in enumerate(letters)]
        sent = sqs.send_message_batch(QueueUrl=alive, Entries=bodies).get("Successful", [])
        spent = [{"Id": each["Id"], "ReceiptHandle": letters[int(each["Id"])]["ReceiptHandle"]}
                 for each in sent]  # fmt: skip
        told = sqs.delete_message_batch(QueueUrl=dead, Entries=spent) if spent else {}
        removed = len(told.get("Successful", []))
        moved, left = moved + removed, left + len(letters) - removed
    yield f"{moved} messages are tried again."
    if left:
        yield f"{left} are dead letters still: do it again in a minute."


def rescore(place: Place, tutor_id: str) -> None:
    """Ask for one tutor to be scored, predicted and acted on, as any report of theirs would."""
    place.client("sqs").send_message(
        QueueUrl=place[url_output("scoring")], MessageBody=json.dumps({"tutor_id": tutor_id})
    )


def verify_audit(place: Place) -> Iterator[str]:
    """Hold every sealed day that is still kept against the seals; stops at the first that differs.

    Rows are kept for three years, and so much is looked at.
    """
    today = datetime.now(UTC).date()
    trail, count = AuditTrail(place.table), 0
    for on in place.vault.sealed_days(today - timedelta(days=AUDITED - 1)):
        seal = place.vault.held(on, trail.rows_of(on))
        if seal is None:
            yield f"{on} is NOT as it was sealed."
            return
        yield f"{on}: {seal.rows} rows, as sealed."
        count += 1
    yield f"{count} days are as they were sealed."


def start(place: Place, function: str) -> None:
    """Start a function as its clock would, a sweep for all that waits; its log tells the rest."""
    at = datetime.now(UTC).replace(microsecond=0)
    place.client("lambda").invoke(
        FunctionName=place.function_name(function),
        InvocationType="Event",  # some take minutes, and asking twice would run them twice
        Payload=json.dumps({"time": at.isoformat(), "all": True}).encode(),
    )


def renew_entrance(place: Place) -> None:
    """Let CloudFront add another value; the functions take it, and the one before, until next time.

    Safe to break off: what CloudFront sends is always one of the two.
    """
    cloudfront, distribution = place.client("cloudfront"), place["SiteDistributionId"]
    if cloudfront.get_distribution(Id=distribution)["Distribution"]["Status"] != "Deployed":
        raise StageError("CloudFront is still taking the last change to all its places.")
    found = cloudfront.get_distribution_config(Id=distribution)
    (header,) = [
        header
        for origin in found["DistributionConfig"]["Origins"]["Items"]
        for header in origin["CustomHeaders"].get("Items", [])
        if header["HeaderName"] == HEADER
    ]
    both = {"current": secrets.token_urlsafe(30), "previous": header["HeaderValue"]}
    place.client("secretsmanager").put_secret_value(
        SecretId=place["EntranceSecretArn"], SecretString=json.dumps(both)
    )
    header["HeaderValue"] = both["current"]
    cloudfront.update_distribution(
        Id=distribution, DistributionConfig=found["DistributionConfig"], IfMatch=found["ETag"]
    )


def secret(place: Place, at: datetime) -> Iterator[str]:
    """How many webhook secrets are believed, and what each signed lately; not what they are."""
    stored, since = _stored_secret(place)
    if stored.get("previous") is None:
        yield f"One secret is believed, put there {since:%Y-%m-%d %H:%M:%S} UTC."
        return
    yield f"Two secrets are believed, the new one since {since:%Y-%m-%d %H:%M:%S} UTC."
    signed = _signed(place, stored, at)
    minutes = QUIET / timedelta(minutes=1)
    yield f"Reports of the last {minutes:g} minutes: {signed['current']} signed by the new one,"
    yield f"{signed['previous']} by the old one."


def new_secret(place: Place) -> Iterator[str]:
    """Put a new secret beside the one there is; StageError while there are two."""
    stored, _ = _stored_secret(place)
    if stored.get("previous") is not None:
        raise StageError("Two are believed already: first old-secret-away.")
    made = f"whsec_{b64encode(token_bytes(32)).decode()}"
    _store_secret(place, {"current": made, "previous": stored["current"]})
    yield "A new secret is believed beside the old one. Wait two minutes, then change Rails to"
    yield f"`current` of the secret {place['WebhookSecretArn']}."


def old_secret_away(place: Place, at: datetime) -> Iterator[str]:
    """Take the old secret away; StageError while anything is signed by it, or nothing by the new
    one."""
    stored, _ = _stored_secret(place)
    if stored.get("previous") is None:
        yield "One secret alone is believed already."
        return
    signed = _signed(place, stored, at)
    minutes = QUIET / timedelta(minutes=1)
    if signed["previous"]:
        raise StageError(
            f"The old secret signed {signed['previous']} reports of the last {minutes:g} minutes:"
            " not all of Rails has changed."
        )
    if not signed["current"]:
        raise StageError(f"Nothing was signed by the new secret in the last {minutes:g} minutes.")
    _store_secret(place, {"current": stored["current"], "previous": None})
    yield "The new secret alone is believed, at the latest in two minutes."


def _stored_secret(place: Place) -> tuple[dict[str, Any], datetime]:
    """What the webhook secret holds, and since when."""
    told = place.client("secretsmanager").get_secret_value(SecretId=place["WebhookSecretArn"])
    return json.loads(told["SecretString"]), told["CreatedDate"].astimezone(UTC)


def _store_secret(place: Place, content: dict[str, Any]) -> None:
    place.client("secretsmanager").put_secret_value(
        SecretId=place["WebhookSecretArn"], SecretString=json.dumps(content)
    )


def _signed(place: Place, stored: dict[str, Any], at: datetime) -> Counter[str]:
    """How many reports each secret signed lately, from what `report_webhook` logs."""
    named = {fingerprint(stored[which]): which for which in ("current", "previous")}
    lines = _logged(place, "report_webhook", "signed_by", at - QUIET, at)
    return Counter(named.get(line.get("signed_by", ""), "") for line in lines)


def _received(place: Place, url: str) -> Iterator[list[Any]]:
    """Messages of a queue, some at a time, until there are none in sight."""
    sqs = place.client("sqs")
    while found := sqs.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=BATCH,
        VisibilityTimeout=HIDDEN_SECONDS,
        WaitTimeSeconds=WAIT_SECONDS,
    ).get("Messages"):
        yield found


if __name__ == "__main__":
    run(parsed, done)
