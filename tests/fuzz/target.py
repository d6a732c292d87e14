"""What must hold of whatever bytes come in: what is raised, and what is so of what is accepted."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from typing import Final

from events.sample import samples
from shared.contracts import (
    ERRORS_SHOWN,
    Accepted,
    InvalidError,
    Kind,
    SessionReport,
    StudentFeedback,
    TutorEvent,
    TutorProfile,
    UnreadableError,
    accept,
    read_json,
)
from shared.domain.session import ReportOrder, outcomes, with_report
from shared.signature import (
    IDENTIFIER,
    TOLERANCE,
    SecretError,
    SignatureError,
    sign,
    signing_key,
    verify,
)

NOW: Final = datetime(2026, 11, 20, 12, tzinfo=UTC)
SIGNED: Final = "SIGNED"
"""Stands for the right signature, which nobody would find by trying."""
SECRET: Final = "whsec_c2VjcmV0"
FIELDS: Final = 5


def check_verify(told: bytes) -> bool:
    """Whether a call is believed; the id, the seconds, the signature and two secrets are lines,
    and the rest is the body."""
    *lines, body = told.split(b"\n", FIELDS)
    lines += [b""] * (FIELDS - len(lines))
    webhook_id, seconds, signature, *secrets = (line.decode("latin-1") for line in lines)
    if SIGNED in signature and seconds.isdecimal() and signing_key(secrets[0]):
        right = sign(secrets[0], webhook_id, int(seconds), body)
        signature = signature.replace(SIGNED, right)
    headers = {
        "webhook-id": webhook_id,
        "webhook-timestamp": seconds,
        "webhook-signature": signature,
    }
    try:
        found, at = verify(secrets, headers, body, NOW)
    except (SignatureError, SecretError):
        return False
    assert found == webhook_id
    assert IDENTIFIER.fullmatch(found)
    assert abs(NOW.timestamp() - at) <= TOLERANCE.total_seconds()
    usable = [secret for secret in secrets if signing_key(secret)]
    # Who was believed had signed these bytes, with a secret of ours, and no others.
    for other in (body + b" ", b"\x00" + body):
        assert not _believed(secrets, headers, other)
    again = headers | {"webhook-signature": sign(usable[0], found, at, body)}
    assert _believed(secrets, again | {"webhook-timestamp": str(at)}, body)
    return True


def _believed(secrets: list[str], headers: dict[str, str], body: bytes) -> bool:
    try:
        verify(secrets, headers, body, NOW)
    except SignatureError:
        return False
    return True


def check_accept(kind: Kind, body: bytes) -> bool:
    """Whether a report is taken; then it means the same however often, and however, it is read."""
    try:
        first = accept(kind, body)
    except UnreadableError as error:
        str(error).encode()
        return False
    except InvalidError as error:
        refused = error
    else:
        return _taken(kind, body, first)
    assert 0 < len(refused.errors) <= ERRORS_SHOWN
    json.dumps([asdict(one) for one in refused.errors], ensure_ascii=False).encode()
    return False


def _taken(kind: Kind, body: bytes, first: Accepted) -> bool:
    assert IDENTIFIER.fullmatch(first.entity_id)
    assert accept(kind, body) == first
    rewritten = json.dumps(read_json(body), sort_keys=True, ensure_ascii=False).encode()
    assert accept(kind, rewritten) == first
    spelled = first.message.model_dump_json(exclude_none=True).encode()
    known = accept(kind, spelled)
    assert (known.message, known.entity_id) == (first.message, first.entity_id)
    assert known.version == first.version
    assert accept(kind, known.message.model_dump_json(exclude_none=True).encode()) == known
    _understood(first)
    return True


def _understood(accepted: Accepted) -> None:
    """What is accepted can be applied: it has a meaning in the domain."""
    order = ReportOrder(versioned=False, number=1)
    match accepted.message:
        case SessionReport() as report:
            session = with_report(None, report.report(order, NOW))
            assert session == with_report(session, report.report(order, NOW))
            list(outcomes(session))
        case StudentFeedback() as said:
            said.feedback(NOW)
        case TutorProfile() as profile:
            profile.tutor(order)
        case TutorEvent() as event:
            event.event()


TARGETS: Final[dict[str, Callable[[bytes], bool]]] = {
    "verify": check_verify,
    **{str(kind): partial(check_accept, kind) for kind in Kind},
}


def seeds(target: str) -> list[bytes]:
    """What a target begins with: the sample events, or calls that are signed well."""
    if target != "verify":
        return [one.text for one in samples() if one.path == f"/api/{target}"]
    at = int(NOW.timestamp())
    lines = (
        f"w-1\n{at}\n{SIGNED}\n{SECRET}\n\n{{}}",
        f"w-1\n{at}\nv1,AAAA {SIGNED}\n{SECRET}\nwhsec_b2xk\n",
        f"w-1\n{at - 299}\nv1a,x v1,{SIGNED}\nbm8=\n{SECRET}\nx",
        f"\n-1\nv2,\nnone\n{SECRET}\n",
    )
    return [line.encode() for line in lines]


def name_of(content: bytes) -> str:
    """The name of a file for an input."""
    return hashlib.sha256(content).hexdigest()[:16]
