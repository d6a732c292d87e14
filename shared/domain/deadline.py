"""What time alone does to open interventions: snoozes end, clocks run out, and people are told.

A clock that runs out while its intervention sleeps counts when it wakes.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from shared.domain.intervention import ENGINE, Intervention, Order, Owner, Status, moved
from shared.domain.mail import Mail, MailKind, mail_name

TOLD_WITHIN = timedelta(days=3)
"""A notice that was not written in the run that found its clock run out is made up so long."""


def passed(one: Intervention, at: datetime) -> Intervention:
    """An intervention after what time did to it up to a moment; the very same if nothing."""
    if one.status is Status.SNOOZED and not one.asleep(at):
        one = moved(one, Order("wake", ENGINE), at)
    if one.late_at is None and one.overdue(at):
        one = moved(one, Order("breach", ENGINE), at)
    return one


def notices(found: Iterable[Intervention], written: Iterable[Mail], at: datetime) -> list[Mail]:
    """One list for each who has to be told of clocks that ran out, of those not told of yet.

    `written` are the notices of the last TOLD_WITHIN: what one of them lists since it became late
    is in no other, also where it has been given to somebody else meanwhile. Whoever has an
    intervention is told, else everybody of its owner's role.
    """
    told: dict[str, datetime] = {}
    for mail in written:
        for name in mail.about:
            told[name] = max(mail.made_at, told.get(name, mail.made_at))
    lists: dict[tuple[Owner | None, str | None], list[str]] = defaultdict(list)
    for one in found:
        since, name = one.late_at, one.intervention_id
        if not one.open or since is None or since < at - TOLD_WITHIN:
            continue
        if name not in told or told[name] < since:
            reader = (None, one.assignee) if one.assignee else (one.owner, None)
            lists[reader].append(name)
    return [_notice(owner, person, sorted(names), at) for (owner, person), names in lists.items()]


def _notice(owner: Owner | None, person: str | None, names: list[str], at: datetime) -> Mail:
    # Somebody may be called as a role is.
    reader = f"person-{person}" if person else f"{owner}"
    return Mail(
        MailKind.OVERDUE,
        mail_name(at, MailKind.OVERDUE, reader),
        made_at=at,
        due_at=at,
        owner=owner,
        person=person,
        about=tuple(names),
    )
