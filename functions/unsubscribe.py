"""/api/unsubscribe/{token}: whoever got a mail does without such mails, by the link in it.

GET answers a page whose button posts, because mail programs fetch links before anybody clicks.
POST is what that button and mail programs send (RFC 8058). Neither says who it is for.
"""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.aws.preference_table import PreferenceTable
from shared.aws.secret import secret
from shared.aws.table import VersionConflictError, table
from shared.contracts import FieldError
from shared.domain.preference import Preference
from shared.problem import ProblemError, or_problem
from shared.request import raw_body
from shared.setting import Setting
from shared.unsubscribe import FIELD, VALUE, one_click, unsubscribed

ATTEMPTS = 5
PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mails you get</title></head>
<body><main><h1>Mails you get</h1>
{said}
</main></body></html>
"""
ASKED = f"""<p>You will not get mails like this one any more.</p>
<form method="post"><input type="hidden" name="{FIELD}" value="{VALUE}">
<button type="submit">Do without them</button></form>"""
DONE = "<p>It is noted: you will not get mails like that one any more.</p>"
HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
}


class Env(Setting):
    TABLE_NAME: str
    CURSOR_SECRET_ARN: str


env = Env.read()
logger, metrics = Logger(), Metrics()
preferences = PreferenceTable(table(env.TABLE_NAME))
sealing = secret(env.CURSOR_SECRET_ARN)


@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request; a fault of ours is a 503, so that mail programs try again."""
    return or_problem(
        lambda: respond(event, datetime.now(UTC)), logger, metrics, failure="not answered"
    )


def respond(event: dict[str, Any], at: datetime) -> dict[str, Any]:
    """Show the button, or do what it says; ProblemError 404 for a token that is not ours."""
    token = event["rawPath"].rpartition("/")[2]
    found = unsubscribed(sealing.value(at), token)
    if found is None:
        raise ProblemError(HTTPStatus.NOT_FOUND)
    if event["requestContext"]["http"]["method"] != "POST":
        metrics.add_metric("Asked", MetricUnit.Count, 1)
        return page(ASKED)
    sent_as = (event.get("headers") or {}).get("content-type", "")
    if not one_click(sent_as, raw_body(event)):
        wrong = FieldError(FIELD, f"must be {VALUE}, sent as a form")
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, errors=[wrong])
    do_without(*found)
    metrics.add_metric("Unsubscribed", MetricUnit.Count, 1)
    logger.info("unsubscribed", what=found[1])
    return page(DONE)


def do_without(username: str, what: str) -> None:
    """Keep that somebody does without something; what they set meanwhile stays."""
    for attempt in range(ATTEMPTS):
        before = preferences.preference(username) or Preference(username, reports=None)
        after = before.without(what)
        if after == before:
            return
        try:
            preferences.put(after)
        except VersionConflictError:
            if attempt == ATTEMPTS - 1:
                raise
            continue
        return


def page(said: str) -> dict[str, Any]:
    """A page without script, style or anything from elsewhere."""
    return {"statusCode": 200, "headers": HEADERS, "body": PAGE.format(said=said)}
