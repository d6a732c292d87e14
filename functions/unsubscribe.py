"""/api/unsubscribe/{token}: whoever got a mail does without such mails, by the link in it.

GET answers a page whose button posts, because mail programs fetch links before anybody clicks.
POST is what that button and mail programs send (RFC 8058). Neither says who it is for.
"""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from shared.aws.entrance import entrance
from shared.aws.preference_table import PreferenceTable
from shared.aws.secret import secret
from shared.aws.table import retried, table
from shared.contracts import FieldError
from shared.domain.preference import Preference, Reports
from shared.problem import ProblemError, or_problem
from shared.request import raw_body, require_size
from shared.setting import Setting
from shared.unsubscribe import FIELD, REPORTS, UNDO, VALUE, form_fields, unsubscribed
from shared.unsubscribe_page import asking, noted, undone


class Env(Setting):
    TABLE_NAME: str
    ENTRANCE_SECRET_ARN: str
    CURSOR_SECRET_ARN: str


env = Env.read()
logger = Logger()
door = entrance(env.ENTRANCE_SECRET_ARN)
preferences = PreferenceTable(table(env.TABLE_NAME))
sealing = secret(env.CURSOR_SECRET_ARN)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request; a fault of ours is a 503, so that mail programs try again."""
    return or_problem(
        event,
        lambda: respond(event, datetime.now(UTC)),
        logger,
        failure="not answered",
    )


def respond(event: dict[str, Any], at: datetime) -> dict[str, Any]:
    """Show the button, or do what it says; ProblemError 404 for a token that is not ours."""
    door.let_in(event, at)
    token = event["rawPath"].rpartition("/")[2]
    found = unsubscribed(sealing.value(at), token)
    if found is None:
        raise ProblemError(HTTPStatus.NOT_FOUND)
    if event["requestContext"]["http"]["method"] != "POST":
        return asking(found[1])
    sent_as = (event.get("headers") or {}).get("content-type", "")
    body = raw_body(event)
    require_size(body)
    form = form_fields(sent_as, body)
    back = form.get(FIELD) == UNDO
    if not back and form.get(FIELD) != VALUE:
        wrong = FieldError(FIELD, f"must be {VALUE} or {UNDO}, sent as a form")
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, errors=[wrong])
    had = form.get(REPORTS)
    if had and had not in Reports:
        wrong = FieldError(REPORTS, f"must be one of {', '.join(Reports)}")
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, errors=[wrong])
    before = retried(lambda: choose(*found, back=back, had=Reports(had) if had else None))
    logger.info("resubscribed" if back else "unsubscribed", what=found[1])
    return undone(found[1]) if back else noted(found[1], before.reports)


def choose(username: str, what: str, *, back: bool, had: Reports | None) -> Preference:
    """Keep that somebody does without something, or not; answers what they had chosen before.

    `had` are the reports from before, for the way back. What they set meanwhile stays.
    """
    before = preferences.preference(username) or Preference(username, reports=None)
    after = before.again(what, had) if back else before.without(what)
    if after != before:
        preferences.put(after)
    return before
