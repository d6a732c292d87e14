"""What must be true when a history has ended, however it went.

What was accepted is applied to an empty table once more, one report after the other and without
faults, and compared: the merge is the product's own, for that it does not depend on order is proven
by its own properties; whether each report got there exactly once is what is looked at here.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from shared.aws import key
from shared.aws.acting import Acting
from shared.aws.apply import apply
from shared.aws.delivery import SENT
from shared.aws.inbox import InboxTable
from shared.aws.intervention_table import InterventionTable
from shared.aws.item import Item, loaded
from shared.aws.scorecard_table import ScorecardTable
from shared.aws.scoring import Scoring
from shared.aws.table import Table, VersionConflictError, table
from shared.aws.tutor_log import LogTable
from shared.domain.log import midnight, next_outcome
from shared.domain.mail import Mail, MailKind, MailState, tutor_mail
from shared.domain.scorecard import FORMULAS
from shared.domain.session import Session, outcomes
from shared.mail.mime import ref_id
from tests.simulation.dynamo import Dynamo
from tests.simulation.news import Noticed, news_at
from tests.simulation.post import PEOPLE
from tests.simulation.workload import TUTORS
from tests.simulation.world import World
from tests.table import TABLE

REPORTED_WITHIN: Final = timedelta(hours=47)
"""What happened within so long is mailed about, however late its report came."""
REPORTED: Final = ("SESSION", "PROFILE", "S#", "E#")
"""Sort keys of what reports say, beside what is computed of it."""


def wrong(world: World, accepted: Iterable[str]) -> Iterator[str]:
    """Sentences on what must never be, of a world in which these deliveries were answered 202."""
    yield from _left_over(world)
    again, store = Dynamo(TABLE), _table()
    for webhook_id in sorted(set(accepted)):
        item = world.dynamo.at(key.inbox(webhook_id))
        if item is None:
            yield f"{webhook_id} was answered 202 and is lost"
        elif item["state"]["S"] != "applied":
            yield f"{webhook_id} was answered 202 and is {item['state']['S']}"
        else:
            found = InboxTable(store).delivery(webhook_id)
            if found is not None:
                with _in_place_of(world, again):
                    apply(found[0], LogTable(store), world.now)
    before, after = _reported(world.dynamo), _reported(again)
    for place in sorted(before.keys() | after.keys()):
        if before.get(place) != after.get(place):
            yield f"{' / '.join(place)} is not what was reported"
    for tutor in sorted({pk for pk, _ in (*before, *after) if pk.startswith(key.tutor(""))}):
        yield from _score_wrong(world, again, tutor.removeprefix(key.tutor("")))


def waiting(world: World) -> Iterator[Mail]:
    """Mails that should have gone out by now."""
    return (
        mail for mail in _mails(world) if mail.state is MailState.DUE and mail.ready(world.now())
    )


def mails_wrong(world: World) -> Iterator[str]:
    """Of mails: every outcome is told, nobody gets one twice but for a fault, none is left."""
    told = defaultdict[tuple[str, ...], list[Mail]](list)
    faults = Counter[str]()
    for message, count in world.faults_about.items():
        faults[json.loads(message).get("mail_id", "")] += count
    for mail in _mails(world):
        if mail.kind is MailKind.SESSION_REPORT:
            told[mail.about].append(mail)
            if mail.state is MailState.DONE:
                told_of = mail.recipients or {}
                for who in PEOPLE["ops_manager"]:
                    if told_of.get(who) != SENT:
                        yield f"{mail.mail_id} never went to {who}: {told_of.get(who)}"
        again = 0
        for who, state in (mail.recipients or {}).items():
            taken = world.post.taken[ref_id(mail.mail_id, f"{who}@example.com")]
            again += max(0, taken - 1)
            if state == SENT and not taken:
                yield f"{mail.mail_id} is noted as sent to {who}, and SES never took it"
        most = faults[mail.mail_id]
        if again > most:
            yield f"{mail.mail_id} went out {again} times too often, of {most} faults"
    for mail in waiting(world):
        yield f"{mail.mail_id} was due and never went out"
    known = {mail.mail_id for mail in _mails(world)}
    for tutor_id in TUTORS:
        for one in InterventionTable(_table()).of_tutor(tutor_id):
            letter = tutor_mail(replace(one, version=1))
            if letter and letter.mail_id not in known:
                yield f"{one.intervention_id} was opened without its mail"
    reports = Counter(
        item["entity_id"]["S"] for pk, _, item in world.dynamo.all() if pk.startswith("INBOX#")
    )
    for session in _sessions(world):
        for outcome in outcomes(session):
            mails = told.pop((session.session_id, outcome.kind), [])
            if outcome.at > world.now() - REPORTED_WITHIN and not mails:
                yield f"nobody was told of {session.session_id}, {outcome.kind}"
            # Without versions the last to be sent holds: what was may end, and be so again.
            ordered = session.order is not None and session.order.versioned
            if len(mails) > (1 if ordered else reports[session.session_id]):
                yield f"{session.session_id}, {outcome.kind}, was told of {len(mails)} times"
            for mail in mails:
                if mail.state is MailState.DROPPED and ordered:
                    yield f"{mail.mail_id} was dropped: {mail.because}"


def overdue(world: World) -> Iterator[str]:
    """Tutors who were not scored again when what had been reported ahead of its time fell due."""
    for tutor_id in TUTORS:
        found = ScorecardTable(_table()).card(tutor_id)
        if found is None:
            continue
        as_of = found[0].as_of
        due = next_outcome(LogTable(_table()).log(tutor_id, world.now()), as_of)
        if due is not None and due <= world.now():
            yield f"{tutor_id} was last scored at {as_of}, and an outcome fell due at {due}"


def untended(world: World, noticed: Noticed, looked_at: Mapping[str, datetime]) -> Iterator[str]:
    """Tutors whom nobody looked at since they were scored with news, or for whom there would be
    something to do, were they looked at once more."""
    for tutor_id in TUTORS:
        desk = InterventionTable(_table()).of_tutor(tutor_id)
        twice = [kind for kind, n in Counter(one.kind for one in desk if one.open).items() if n > 1]
        if twice:
            yield f"{tutor_id} has several open interventions of {', '.join(twice)}"
        found = ScorecardTable(_table()).card(tutor_id)
        if found and (
            tutor_id not in looked_at
            or looked_at[tutor_id] < news_at(noticed, tutor_id, found[0].as_of)
        ):
            yield f"{tutor_id} was scored, and nobody looked at it"
        copy = deepcopy(world.dynamo)
        try:
            with _in_place_of(world, copy):
                at = world.now().replace(microsecond=0)
                done = Acting.of(_table()).act(tutor_id, at)
        except VersionConflictError:
            yield f"{tutor_id} is not as it was read, though nobody writes any more"
            continue
        # What was begun since by a mail ends with the next look; what is new must not wait for one.
        if done.mails or any(one.version == 1 for one in done.changed):
            yield f"{tutor_id} was scored, and nobody acted on it"


def nights_missing(world: World, tutor_ids: Iterable[str]) -> Iterator[str]:
    """Of tutors who were there when the day ended."""
    night = midnight(world.now())
    for tutor_id in sorted(tutor_ids):
        if ScorecardTable(_table()).day(tutor_id, night) is None:
            yield f"{tutor_id} has no record of the night"


@cache
def _table() -> Table:
    """One for all histories: what a client costs is more than all it is asked."""
    return table("tutor-quality")


def _mails(world: World) -> Iterator[Mail]:
    return (loaded(Mail, item) for _, sk, item in world.dynamo.all() if sk.startswith("MAIL#"))


def _sessions(world: World) -> Iterator[Session]:
    rows = (LogTable(_table()).session(name).value for name in _session_ids(world))
    return (session for session in rows if session and session.tutor_id)


def _session_ids(world: World) -> set[str]:
    return {pk.partition("#")[2] for pk, sk, _ in world.dynamo.all() if sk == "SESSION"}


def _left_over(world: World) -> Iterator[str]:
    for pk, sk, item in world.dynamo.all():
        if "pending_since" in item:
            yield f"{pk} / {sk} is still pending"
    for name, queue in world.sqs.queues.items():
        if queue.messages and any(source.queue == name for source in world.sources):
            yield f"{len(queue.messages)} messages are still in the {name} queue"


def _score_wrong(world: World, again: Dynamo, tutor_id: str) -> Iterator[str]:
    """Whether the stored scorecard is what the log, as it should be, gives at its moment."""
    place = key.scorecard(tutor_id)
    card = world.dynamo.at(place)
    text = ScorecardTable(_table()).stored(tutor_id).text
    if card is None or text is None:
        yield f"{tutor_id} was never scored"
        return
    if json.loads(text)["formulas"] != FORMULAS:  # of such nobody tells whether they drifted
        yield f"{tutor_id} was scored by other formulas than ours"
    again.items.setdefault(place.pk, {})[place.sk] = card
    again.items["PLATFORM"] = world.dynamo.items.get("PLATFORM", {})  # what it was measured by
    with _in_place_of(world, again):
        if Scoring.of(_table()).drifted(tutor_id):
            yield f"the scorecard of {tutor_id} is not that of its log"


def _reported(dynamo: Dynamo) -> dict[tuple[str, str], Item]:
    """What reports say; a version counts the writes it took, and may differ."""
    return {
        (pk, sk): {name: value for name, value in item.items() if name != "version"}
        for pk, sk, item in dynamo.all()
        if sk.startswith(REPORTED) and not sk.startswith("SCORECARD")
    }


@contextmanager
def _in_place_of(world: World, other: Dynamo) -> Iterator[None]:
    """Let calls go to another table for a while."""
    kept, world.dynamo = world.dynamo, other
    try:
        yield
    finally:
        world.dynamo = kept
