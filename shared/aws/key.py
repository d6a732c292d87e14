"""Every key of the table, in one place: each builder answers (pk, sk) and shows an example."""

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

PENDING_SHARDS = 4
AUDIT_SHARDS = 8

LISTING = "TUTORS"
"""Partition of the six list indexes: a thousand rescored tutors a second before it is the limit."""


@dataclass(frozen=True, slots=True)
class Key:
    """Partition and sort key of one item."""

    pk: str
    sk: str


def inbox(webhook_id: str) -> Key:
    """INBOX#msg_2b / INBOX: a report as it was received."""
    return Key(f"INBOX#{webhook_id}", "INBOX")


def conflict(webhook_id: str, content_hash: str) -> Key:
    """INBOX#msg_2b / CONFLICT#9f86d081…: other content under a known id, kept for a human."""
    return Key(f"INBOX#{webhook_id}", f"CONFLICT#{content_hash}")


def version(kind: str, entity_id: str, number: str) -> Key:
    """VERSION#sessions#s-81 / VERSION#4: which content that version has."""
    return Key(f"VERSION#{kind}#{entity_id}", f"VERSION#{number}")


def session(session_id: str) -> Key:
    """SESSION#s-81 / SESSION: everything reported about a session, merged."""
    return Key(f"SESSION#{session_id}", "SESSION")


def tutor(tutor_id: str) -> str:
    """TUTOR#t-7: the partition with all of a tutor."""
    return f"TUTOR#{tutor_id}"


def profile(tutor_id: str) -> Key:
    """TUTOR#t-7 / PROFILE."""
    return Key(tutor(tutor_id), "PROFILE")


def logged_session(tutor_id: str, at: datetime, session_id: str) -> Key:
    """TUTOR#t-7 / S#2026-11-20T17:02:00.000000Z#s-81: a session in its tutor's log."""
    return Key(tutor(tutor_id), f"S#{stamp(at)}#{session_id}")


def logged_event(tutor_id: str, at: datetime, event_id: str) -> Key:
    """TUTOR#t-7 / E#2026-11-20T08:00:00.000000Z#e-5: a behaviour event in the log."""
    return Key(tutor(tutor_id), f"E#{stamp(at)}#{event_id}")


def scorecard(tutor_id: str) -> Key:
    """TUTOR#t-7 / SCORECARD: the newest scorecard and the row of the tutor list."""
    return Key(tutor(tutor_id), "SCORECARD")


def day(tutor_id: str, on: date) -> Key:
    """TUTOR#t-7 / DAY#2026-11-20: what the nightly pass kept."""
    return Key(tutor(tutor_id), f"DAY#{on.isoformat()}")


def flag(tutor_id: str, code: str, raised_at: datetime) -> Key:
    """TUTOR#t-7 / FLAG#2026-11-20T00:00:00.000000Z#low_rating: when a flag went up and down."""
    return Key(tutor(tutor_id), f"FLAG#{stamp(raised_at)}#{code}")


def prediction(tutor_id: str) -> Key:
    """TUTOR#t-7 / PREDICTION: what the churn model says of a tutor."""
    return Key(tutor(tutor_id), "PREDICTION")


def override(tutor_id: str, version: int) -> Key:
    """TUTOR#t-7 / OVERRIDE#000003: the third time a manager set a tutor's churn score."""
    return Key(tutor(tutor_id), f"OVERRIDE#{version:06d}")


def note(tutor_id: str, note_id: str) -> Key:
    """TUTOR#t-7 / NOTE#5d0c…: what somebody wrote down about a tutor."""
    return Key(tutor(tutor_id), f"NOTE#{note_id}")


def desk(tutor_id: str) -> Key:
    """TUTOR#t-7 / DESK: counts the changes of a tutor's interventions."""
    return Key(tutor(tutor_id), "DESK")


def intervention(tutor_id: str, opened_at: datetime, kind: str) -> Key:
    """TUTOR#t-7 / INTERVENTION#20261120T170200-H1."""
    return Key(tutor(tutor_id), f"INTERVENTION#{opened_at:%Y%m%dT%H%M%S}-{kind}")


def intervention_of(intervention_id: str) -> Key | None:
    """The key of H1-20261120T170200-t-7; None for what is no such id."""
    found = re.fullmatch(r"([AH][0-9])-([0-9]{8}T[0-9]{6})-(.+)", intervention_id)
    if found is None:
        return None
    kind, opened, tutor_id = found.groups()
    return Key(tutor(tutor_id), f"INTERVENTION#{opened}-{kind}")


def mail(mail_id: str) -> Key | None:
    """TUTOR#t-7 / MAIL#20261120T170200-session_report-s-81; PLATFORM / MAIL#… about nobody.

    None for what is no such id.
    """
    name, tilde, tutor_id = mail_id.rpartition("~")
    if not tilde or not name:
        return None
    return Key(tutor(tutor_id) if tutor_id else "PLATFORM", f"MAIL#{name}")


def mail_to(mail_id: str, username: str) -> Key:
    """MAIL#20261120T170200-session_report-s-81~t-7 / TO#ana: one recipient of a mail."""
    return Key(f"MAIL#{mail_id}", f"TO#{username}")


def mailbox(fingerprint: str) -> Key:
    """MAILBOX#9f86d081… / SUPPRESSED: an address that gets no mail any more."""
    return Key(f"MAILBOX#{fingerprint}", "SUPPRESSED")


def preference(username: str) -> Key:
    """PERSON#ana / PREFERENCE: what somebody wants to be told."""
    return Key(f"PERSON#{username}", "PREFERENCE")


def erased(mark: str) -> Key:
    """ERASED / STUDENT#9f86d081…: a student of whom nothing may be kept."""
    return Key("ERASED", f"STUDENT#{mark}")


def audit(at: datetime, request_id: str) -> Key:
    """AUDIT#2026-11-20#3 / 2026-11-20T17:02:00.000000Z#request: who read whose data."""
    place = audit_partitions(at.date())[shard(request_id, AUDIT_SHARDS)]
    return Key(place, f"{stamp(at)}#{request_id}")


def audit_partitions(on: date) -> tuple[str, ...]:
    """AUDIT#2026-11-20#0 to …#7: the partitions of a day's audit rows."""
    return tuple(f"AUDIT#{on:%Y-%m-%d}#{number}" for number in range(AUDIT_SHARDS))


def place(value: str, tutor_id: str) -> str:
    """A tutor's place in a list by some value, ties by id: "ann" + tab + "t-7".

    A tab sorts before what names are made of, so that Ann comes before Ann Lee.
    """
    return f"{value}\t{tutor_id}"


def tutor_at(place: str) -> str:
    """Whose place it is."""
    return place.rsplit("\t", 1)[1]


def reference(version: str | None = None) -> Key:
    """PLATFORM / REFERENCE: priors and cut points in force; REFERENCE#2026-11-20: once so."""
    return Key("PLATFORM", f"REFERENCE#{version}" if version else "REFERENCE")


def overview() -> Key:
    """PLATFORM / OVERVIEW: the newest summary of all tutors."""
    return Key("PLATFORM", "OVERVIEW")


def platform_day(on: date) -> Key:
    """PLATFORM / DAY#2026-11-20: the day's summary of all tutors."""
    return Key("PLATFORM", f"DAY#{on.isoformat()}")


def settings(version: int | None = None) -> Key:
    """SETTINGS / THRESHOLDS: the thresholds in force; THRESHOLDS#000004: those of a version."""
    return Key("SETTINGS", "THRESHOLDS" if version is None else f"THRESHOLDS#{version:06d}")


def policy(version: int | None = None) -> Key:
    """SETTINGS / INTERVENTIONS: the dials in force; INTERVENTIONS#000004: those of a version."""
    return Key("SETTINGS", "INTERVENTIONS" if version is None else f"INTERVENTIONS#{version:06d}")


def office(version: int | None = None) -> Key:
    """SETTINGS / OFFICE: the owners' calendars in force; OFFICE#000004: those of a version."""
    return Key("SETTINGS", "OFFICE" if version is None else f"OFFICE#{version:06d}")


def champion() -> Key:
    """MODEL / CHAMPION: which churn model is in force."""
    return Key("MODEL", "CHAMPION")


def model(version: str) -> Key:
    """MODEL / VERSION#2026-11-20-9f86d081: what a stored model says of itself."""
    return Key("MODEL", f"VERSION#{version}")


def decision(at: datetime) -> Key:
    """MODEL / DECISION#2026-11-20T02:00:00.000000Z: why a model took over, or did not."""
    return Key("MODEL", f"DECISION#{stamp(at)}")


def model_health() -> Key:
    """MODEL / HEALTH: how the model in force fares on newer data."""
    return Key("MODEL", "HEALTH")


def history(digest: str) -> Key:
    """HISTORY#9f86d081… / MARK: how far the import of a history has come."""
    return Key(f"HISTORY#{digest}", "MARK")


def pending(webhook_id: str) -> str:
    """PENDING#2: the partition of the sparse index of what is not yet applied."""
    return f"PENDING#{shard(webhook_id, PENDING_SHARDS)}"


def shard(name: str, count: int) -> int:
    """An even, stable spread of names over `count` partitions."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) % count


def stamp(at: datetime) -> str:
    """An instant as text that sorts by time."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
