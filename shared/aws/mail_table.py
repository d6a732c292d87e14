"""The outbox: mails that are due, who got them, and what was sent.

A mail is put in one transaction with its cause. Each recipient is claimed with a lease before the
mail is handed to SES and marked afterwards: SES knows no idempotency, so a crash in between sends
one mail more, and none is lost.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from shared.aws import key
from shared.aws.item import Item, dumped, loaded, number, text
from shared.aws.retention import kept_item
from shared.aws.table import NEW, Table, VersionConflictError, unchanged
from shared.domain.mail import Mail, MailKind, MailState
from shared.question import ReportListQuestion

MOST_EXAMINED = 2_000
"""Mails read for one page of the history."""
DUE, DONE = "MAIL_DUE", "MAIL_DONE"
"""Partitions of the work index: by when it is due, by when it was done."""


class MailTable:
    """What the stages of the pipeline put and `send_mail` works off."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def mail(self, mail_id: str) -> Mail | None:
        """A mail by its id, strongly read; None for an id that nothing has."""
        place = key.mail(mail_id)
        item = self._table.get(place) if place else None
        return loaded(Mail, item) if item else None

    def put_new(self, mail: Mail) -> bool:
        """Put a mail unless it is there already; whether it was new."""
        try:
            self._table.put(mail_item(mail), NEW)
        except VersionConflictError:
            return False
        return True

    def put(self, mail: Mail) -> None:
        """Replace a mail by its next version; raises VersionConflictError when it changed."""
        self._table.put(mail_item(mail), unchanged(mail.version - 1))

    def finish(self, mail: Mail, rest: Sequence[Mail]) -> None:
        """Replace a mail by its next version and put what is left of it, both or neither.

        Raises VersionConflictError when it changed.
        """
        self._table.transact([next_mail(mail), *map(new_mail, rest)])

    def waiting(self, tutor_id: str, since: datetime) -> list[Mail]:
        """Mails about a tutor made since then that are not yet settled, strongly read."""
        between = (f"MAIL#{since:%Y%m%dT%H%M%S}", "MAIL#~")
        items = self._table.query(key.tutor(tutor_id), between)
        found = (loaded(Mail, item) for item in items)
        return [mail for mail in found if mail.state is MailState.DUE and not mail.settled]

    def history(self, tutor_id: str | None, after: str | None) -> Iterator[tuple[Mail, str]]:
        """Mails that are done or dropped, the newest first, each with its place in the list.

        Those about a tutor, or all; `after` is the place of the last one that was shown.
        """
        request: dict[str, Any] = {"ScanIndexForward": False}
        if tutor_id is None:
            request |= {
                "IndexName": "work",
                "KeyConditionExpression": "#work = :work",
                "ExpressionAttributeNames": {"#work": "work"},
                "ExpressionAttributeValues": {":work": text(DONE)},
            }
        else:
            request |= {
                "KeyConditionExpression": "pk = :pk AND begins_with(sk, :mail)",
                "ExpressionAttributeValues": {
                    ":pk": text(key.tutor(tutor_id)),
                    ":mail": text("MAIL#"),
                },
            }
        names = ("pk", "sk", "work", "work_at") if tutor_id is None else ("pk", "sk")
        if after is not None:
            told = zip(names, json.loads(after), strict=True)
            request["ExclusiveStartKey"] = {name: text(value) for name, value in told}
        for item in self._table.pages(request):
            mail = loaded(Mail, item)
            if mail.state is not MailState.DUE:
                yield mail, json.dumps([item[name]["S"] for name in names])

    def notices(self, since: datetime) -> list[Mail]:
        """Notices of missed deadlines made since then, strongly read."""
        between = (f"MAIL#{since:%Y%m%dT%H%M%S}", "MAIL#~")
        found = (loaded(Mail, item) for item in self._table.query("PLATFORM", between))
        return [mail for mail in found if mail.kind is MailKind.OVERDUE]

    def due(self, before: datetime) -> Iterator[Mail]:
        """What should have been sent before a moment, the oldest first."""
        request: dict[str, Any] = {
            "IndexName": "work",
            "KeyConditionExpression": "#work = :work AND work_at < :before",
            "ExpressionAttributeNames": {"#work": "work"},
            "ExpressionAttributeValues": {":work": text(DUE), ":before": text(key.stamp(before))},
        }
        return (loaded(Mail, item) for item in self._table.pages(request))

    def claim(self, mail_id: str, name: str, at: datetime, lease: timedelta) -> int | None:
        """Take one delivery of a mail: how many tries before this one were never answered.

        None where it is settled, or another worker may be at it. A worker that died counts for
        nothing: it may as well have died before it handed anything over.
        """
        known = self._table.get(key.mail_to(mail_id, name))
        unanswered, condition = 0, NEW
        if known is not None:
            begun = known["state"]["S"] == "claimed"
            if not begun or known["lease_until"]["S"] > key.stamp(at):
                return None
            unanswered = int(known["unanswered"]["N"]) if "unanswered" in known else 0
            condition = {
                "ConditionExpression": "#state = :claimed AND lease_until = :seen",
                "ExpressionAttributeNames": {"#state": "state"},
                "ExpressionAttributeValues": {
                    ":claimed": text("claimed"),
                    ":seen": known["lease_until"],
                },
            }
        try:
            self._table.put(_claim(mail_id, name, at, at + lease, unanswered), condition)
        except VersionConflictError:
            return None
        return unanswered

    def release(self, mail_id: str, name: str, until: datetime, unanswered: int) -> None:
        """Give a claim back for after a moment, with how many tries were never answered so far."""
        self._table.put(_claim(mail_id, name, until, until, unanswered))

    def mark(self, mail_id: str, username: str, state: str, at: datetime, note: str = "") -> None:
        """Write down what became of a recipient: sent, or why not."""
        self._table.put(
            kept_item(key.mail_to(mail_id, username), at)
            | {
                "state": text(state),
                "at": text(key.stamp(at)),
                "note": text(note),
            }
        )

    def recipients(self, mail_id: str) -> dict[str, str]:
        """What became of each recipient so far, by user name, strongly read."""
        items = self._table.query(f"MAIL#{mail_id}", ("TO#", "TO#~"))
        return {item["sk"]["S"].removeprefix("TO#"): item["state"]["S"] for item in items}


def report_page(
    table: MailTable, asked: ReportListQuestion, after: str | None
) -> tuple[list[Mail], str | None, int]:
    """A page of the history, where the next one begins (None on the last), and how many were read.

    A kind that is rare among many gives a short page with a cursor.
    """
    shown: list[Mail] = []
    place, examined = after, 0
    for mail, here in table.history(asked.tutor_id, after):
        if len(shown) == asked.limit or examined == MOST_EXAMINED:
            return shown, place, examined
        place, examined = here, examined + 1
        if asked.kind in (None, mail.kind):
            shown.append(mail)
    return shown, None, examined


def _claim(mail_id: str, name: str, at: datetime, until: datetime, unanswered: int) -> Item:
    return kept_item(key.mail_to(mail_id, name), at) | {
        "state": text("claimed"),
        "lease_until": text(key.stamp(until)),
        "unanswered": number(unanswered),
    }


def mail_item(mail: Mail) -> Item:
    """The item of a mail, with its place in the outbox or in the history."""
    place = key.mail(mail.mail_id)
    if place is None:
        raise ValueError(f"{mail.mail_id!r} is no id of a mail")
    waits = mail.state is MailState.DUE
    return kept_item(place, mail.made_at) | {
        "data": dumped(mail),
        "version": number(mail.version),
        "work": text(DUE if waits else DONE),
        "work_at": text(key.stamp(mail.due_at if waits else mail.done_at or mail.due_at)),
    }


def new_mail(mail: Mail) -> dict[str, Any]:
    """The part of a transaction that puts a new mail."""
    return {"Put": {"Item": mail_item(mail), **NEW}}


def next_mail(mail: Mail) -> dict[str, Any]:
    """The part of a transaction that replaces a mail by its next version."""
    return {"Put": {"Item": mail_item(mail), **unchanged(mail.version - 1)}}
