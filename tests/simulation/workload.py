"""What the marketplace does in one history: a few tutors, their sessions, and every kind of mess.

Reports are saved, repeated, reordered, late, corrected and voided; some are ordered by versions and
some by when they were sent; sessions move between tutors, and some end in a future that comes;
feedback comes before its session; the same id comes with other content; the key is rotated.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from shared.signature import sign

BEGIN: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
"""Before which, by at most forty days, what is reported happened."""
TUTORS: Final = ("t-1", "t-2")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
UNORDERED: Final = 0.25
"""Of the things that are reported, those whose reports have no version."""
SWEEP_SECONDS: Final = 60.0
WHOLE_EVERY: Final = 5
"""One history in so many goes on to the mails; the others end at the scorecard, and are cheaper."""

type Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Posting:
    """One delivery, and when it is first tried, in seconds."""

    webhook_id: str
    path: str
    body: str
    at: float

    @property
    def about(self) -> tuple[str, ...]:
        """What it reports, and in which version: of that there is one content that holds.

        Without a version each delivery is one for itself, but for facts that never change.
        """
        told = json.loads(self.body)
        if self.path in ("/api/sessions", "/api/tutors") and "version" not in told:
            return self.path, self.webhook_id
        names = ("feedback_id", "event_id", "session_id", "tutor_id")
        known = next(told[name] for name in names if name in told)
        return self.path, known, str(told.get("version"))


def delivery(path: str, webhook_id: str, body: str, secret: str, at: datetime) -> dict[str, Any]:
    """A signed delivery as the HTTP API hands it to the function."""
    seconds = int(at.timestamp())
    return {
        "rawPath": path,
        "body": body,
        "isBase64Encoded": False,
        "requestContext": {"requestId": f"r-{webhook_id}"},
        "headers": {
            "content-type": "application/json",
            "webhook-id": webhook_id,
            "webhook-timestamp": str(seconds),
            "webhook-signature": sign(secret, webhook_id, seconds, body.encode()),
        },
    }


def postings(rng: Random, recent: float) -> list[Posting]:
    """The deliveries of one history, in no order; a share of the sessions is recent, which is what
    mails go out about."""
    found = [one for tutor in TUTORS if rng.random() < 0.4 for one in _profiles(rng, tutor)]
    for number in range(rng.randint(1, 3)):
        found += _session(rng, f"s-{number}", recent)
    found += [_event(rng, number) for number in range(rng.randint(0, 2))]
    again = [_again(rng, one) for one in found if rng.random() < 0.3]
    return [*found, *again, *_other_content(rng, found)]


def _session(rng: Random, session_id: str, recent: float) -> list[Posting]:
    """The reports of one session: one after every change, of which the last version holds."""
    days = 1.5 if rng.random() < recent else 40
    tutor, slot = rng.choice(TUTORS), BEGIN - rng.uniform(3, days * 24) * HOUR
    if rng.random() < 0.2:  # begins or ends in minutes, by a clock that is ahead of ours
        slot = BEGIN + rng.uniform(1, 5) * MINUTE - rng.choice((0, 1)) * HOUR
    body: Body = {
        "session_id": session_id, "tutor_id": tutor, "student_id": f"u-{session_id}",
        "scheduled_time": _stamp(slot), "status": "scheduled", "session_number": rng.randint(1, 3),
    }  # fmt: skip
    versions: list[Body] = [body]
    if rng.random() < 0.4:
        later = slot + 2 * HOUR
        info = {
            "initiator": rng.choice(("tutor", "student")), "original_time": _stamp(slot),
            "new_time": _stamp(later), "requested_at": _stamp(slot - 3 * HOUR),
        }  # fmt: skip
        body = body | {"status": "rescheduled", "reschedule_info": info}
        body["scheduled_time"], slot = _stamp(later), later
        versions.append(body)
    if rng.random() < 0.3:
        body = body | {"tutor_id": rng.choice(TUTORS)}
        versions.append(body)
    body = body | rng.choice(
        (
            {"status": "completed", "completed_time": _stamp(slot + HOUR), "student_rating": 4},
            {"status": "completed", "completed_time": _stamp(slot + HOUR)},
            {"status": "no_show", "no_show_party": "tutor"},
            {"status": "cancelled"},
        )
    )
    versions.append(body)
    if rng.random() < 0.4:  # a correction, or the whole was a mistake
        other = {"tutor_id": next(name for name in TUTORS if name != body["tutor_id"])}
        body = body | rng.choice(({"status": "voided"}, {"late_start_minutes": 9}, other))
        versions.append(body)
    teaches = str(body["tutor_id"])
    ordered = rng.random() >= UNORDERED
    found = [
        _posting(
            rng, f"w-{session_id}-{n}", "/api/sessions", said | ({"version": n} if ordered else {})
        )
        for n, said in enumerate(versions, 1)
        if n == len(versions) or rng.random() < 0.8
    ]
    if rng.random() < 0.4:
        found.append(_feedback(rng, session_id, teaches, slot))
    return found


def _feedback(rng: Random, session_id: str, tutor: str, slot: datetime) -> Posting:
    said = {
        "feedback_id": f"f-{session_id}", "session_id": session_id,
        "student_id": f"u-{session_id}", "tutor_id": tutor,
        "overall_rating": rng.randint(1, 5), "submitted_at": _stamp(slot + 2 * HOUR),
    }  # fmt: skip
    return _posting(rng, f"w-f-{session_id}", "/api/feedback", said)


def _profiles(rng: Random, tutor: str) -> list[Posting]:
    said = {
        "tutor_id": tutor, "name": f"Tutor {tutor}", "email": f"{tutor}@example.com",
        "subjects": ["French"], "onboarding_date": "2026-01-05", "status": "active",
    }  # fmt: skip
    ordered = rng.random() >= UNORDERED
    return [
        _posting(
            rng, f"w-p-{tutor}-{n}", "/api/tutors",
            said | {"name": f"Tutor {n}"} | ({"version": n} if ordered else {}),
        )
        for n in (1, 2)[: rng.randint(1, 2)]
    ]  # fmt: skip


def _event(rng: Random, number: int) -> Posting:
    at = BEGIN - rng.uniform(1, 20 * 24) * HOUR
    said = {"event_id": f"e-{number}", "tutor_id": rng.choice(TUTORS), "type": "login"}
    return _posting(rng, f"w-e-{number}", "/api/events", said | {"occurred_at": _stamp(at)})


def _again(rng: Random, one: Posting) -> Posting:
    """The same once more: under its id, as a sender repeats it, or under another."""
    other = f"{one.webhook_id}-again" if rng.random() < 0.4 else one.webhook_id
    return Posting(other, one.path, one.body, _moment(rng))


def _other_content(rng: Random, found: list[Posting]) -> list[Posting]:
    """The same id with other content: whichever comes first is believed, the other refused."""
    if rng.random() > 0.2:
        return []
    one = rng.choice([one for one in found if one.path == "/api/sessions"])
    body = json.loads(one.body) | {"subject": "Another"}
    return [Posting(one.webhook_id, one.path, json.dumps(body), 280)]


def _posting(rng: Random, webhook_id: str, path: str, body: Body) -> Posting:
    return Posting(webhook_id, path, json.dumps(body), _moment(rng))


def _moment(rng: Random) -> float:
    """Most come at once, some late."""
    return rng.uniform(0, 2) if rng.random() < 0.8 else rng.uniform(0, 250)


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
