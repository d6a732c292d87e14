"""Acting and mailing: how fast it is decided what to do, how fast mails are written and how large
they get, and how long after the end of a session its report lies in a mailbox."""

import email
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.policy import default
from pathlib import Path

from events.mail_sample import NOW, READER, owners_day, sample_letters, troubled_report
from events.world.history import simulate, write_history
from events.world.world import World
from infra_cdk.function_spec import FUNCTIONS, MB_PER_PROCESSOR
from infra_cdk.local.sign_in import MAIL_DOMAIN, let_people_in
from infra_cdk.local.stack import LocalStack, throwaway_stack
from infra_cdk.package.code import mail_folder
from shared.domain.engine import Desk, decided
from shared.domain.intervention import Intervention
from shared.domain.log import Log
from shared.domain.marketplace import Reference, fitted_to
from shared.domain.night import Nights, kept_nights, standing
from shared.domain.office import Office
from shared.domain.policy import DIALS, Policy
from shared.domain.situation import Facts, Situation, first_sessions
from shared.domain.threshold import Settings
from shared.history import read_past
from shared.mail.letter import Letter, Letters
from shared.mail.mime import mime
from tests.bench.result import Result, Row, best, exactly, percentile, under
from tests.bench.sender import Post, post_all
from tests.e2e.marketplace import completed

LAST = datetime(2026, 11, 21, tzinfo=UTC)
DAYS = 30
LOOKED_BACK = int(DIALS["exemplary_days"].default) + 1
"""Nights that act_on_change reads of a tutor."""
OPS = f"local-ops_manager@{MAIL_DOMAIN}"
WARM = "bench-warm"
DECIDE_MS, WRITE_MS, MAIL_KB, PROMISED_SECONDS = 1.0, 20.0, 100.0, 3_600.0
GIVE_UP_SECONDS, SETTLE_SECONDS = 300.0, 20.0
NOTES = (
    f"Deciding: the tutors at work in a synthetic world, on each of its last {DAYS} nights, with"
    " what had been opened on the nights before; nobody acts on it. Reading what the rules look at"
    " is not in it. Writing: the samples of `make preview-mails`, as bytes for SES. Both in"
    " processor time, best of several runs. Gmail clips mails above 102 kB.",
    "From the end of a session to its mail: reports posted one a second at the moment their"
    " session ends, each of another tutor of whom nothing else is known, to the time the mail"
    " arrived at the mailbox of the local stack. Warm: the first one is not counted.",
)


@dataclass(frozen=True, slots=True)
class Case:
    """A tutor on one night, and the interventions there were."""

    situation: Situation
    desk: Desk


def run(quick: bool) -> Result:
    """Deciding, writing, and the whole way."""
    rows = (*_deciding(quick), *_writing(quick), *_whole_way(20 if quick else 60))
    return Result("Acting and mails", rows, NOTES)


def _deciding(quick: bool) -> Iterator[Row]:
    tutors = 30 if quick else 80
    policy, office = Policy(), Office()
    cases: list[Case] = []
    opened: list[Intervention] = []
    again = 0
    for log, nights in _at_work(tutors):
        desk = Desk()
        for situation in _situations(log, nights):
            cases.append(Case(situation, desk))
            changed = decided(situation, desk, policy, office)
            opened += [one for one in changed if one.version == 1]
            desk = desk.after(changed)
            again += len(decided(situation, desk, policy, office))

    def decide_all() -> None:
        for case in cases:
            decided(case.situation, case.desk, policy, office)

    seconds = best(decide_all, 3 if quick else 10) / len(cases)
    told = f"deciding for one tutor, {len(cases):,} tutor-nights"
    yield _took(told, seconds, DECIDE_MS, "act_on_change")
    yield exactly("changed by deciding once more", again, 0)
    kinds = Counter(one.kind for one in opened)
    listed = ", ".join(f"{kind} {kinds[kind]}" for kind in sorted(kinds))
    yield Row(f"opened in {DAYS} nights, held out or not", f"{len(opened)}: {listed}")


def _at_work(tutors: int) -> Iterator[tuple[Log, list[Facts]]]:
    """The logs of a world's tutors at work, with their nights, oldest first."""
    with tempfile.TemporaryDirectory() as folder:
        write_history(simulate(World("bench", tutors), 1, LAST), Path(folder))
        logs = list(read_past(Path(folder)).logs().values())
    reference = fitted_to("bench", [standing(log, LAST, Reference()) for log in logs])
    for log in logs:
        if log.tutor.at_work:
            asked = Nights(log, LAST, DAYS + LOOKED_BACK, Settings(), reference)
            yield log, [Facts.of_record(record) for record in kept_nights(asked).records]


def _situations(log: Log, nights: Sequence[Facts]) -> Iterator[Situation]:
    joined, day = log.tutor.onboarding_date, timedelta(days=1)
    begun = first_sessions(log.sessions, LAST)
    for place, now in list(enumerate(nights))[-DAYS:]:
        yield Situation(
            tutor_id=log.tutor.tutor_id,
            now=now,
            nights=nights[max(0, place - LOOKED_BACK) : place],
            tenure_days=(now.at - joined) / day if joined else None,
            first_sessions=tuple(s for s in begun if now.at - day < s.ended_at <= now.at),
        )


def _writing(quick: bool) -> Iterator[Row]:
    letters = Letters(mail_folder(), "https://tutors.example", "care@tutors.example")
    times, day = 30 if quick else 200, owners_day()
    kinds: dict[str, Callable[[], Letter]] = {
        "a session report": lambda: letters.session_report(troubled_report(), READER),
        "a daily digest": lambda: letters.digest(day, READER),
    }
    for name, write in kinds.items():
        yield _took(f"writing {name}", _seconds_of(write, times), WRITE_MS, "send_mail")
        yield _size(name, write())
    samples = sample_letters(letters)
    largest = max(samples, key=lambda each: len(_raw(samples[each])))
    yield _size(f"the largest of {len(samples)} samples, {largest}", samples[largest])


def _seconds_of(write: Callable[[], Letter], times: int) -> float:
    return best(lambda: _raw(write()), times)


def _raw(letter: Letter) -> bytes:
    return mime(
        letter, sender="Tutor Quality <reports@tutors.example>",
        recipient="someone@tutors.example", message_id_source="bench", at=NOW,
        unsubscribe_url=READER.unsubscribe_url,
    )  # fmt: skip


def _took(name: str, seconds: float, goal_ms: float, function: str) -> Row:
    """Milliseconds of one, and how many a second: on a processor, and on the function's share."""
    memory_mb = next(spec.memory_mb for spec in FUNCTIONS if spec.name == function)
    share = min(1.0, memory_mb / MB_PER_PROCESSOR)
    shown = (
        f"{1000 * seconds:.3g} ms: {1 / seconds:,.0f} a second,"
        f" {share / seconds:,.0f} with the {memory_mb:,} MB of {function}"
    )
    return under(name, 1000 * seconds, goal_ms, "ms", shown=shown)


def _size(name: str, letter: Letter) -> Row:
    whole, html = len(_raw(letter)) / 1000, len(letter.html.encode()) / 1000
    shown = f"{whole:.1f} kB, of which {html:.1f} kB are HTML before encoding"
    return under(f"size of {name}", whole, MAIL_KB, "kB", shown=shown)


def _whole_way(count: int) -> Iterator[Row]:
    with throwaway_stack() as stack:
        let_people_in(stack.deployed)
        _end_session(stack, WARM)
        _wait_for(stack, {WARM})
        tutors = [f"bench-{number:03d}" for number in range(count)]
        accepted = _end_sessions(stack, tutors)
        _wait_for(stack, accepted.keys())
        time.sleep(SETTLE_SECONDS)  # for those that come a second time
        found = _reports(stack)
    yield exactly("reports not accepted", count - len(accepted), 0)
    once = sum(len(found[tutor_id]) == 1 for tutor_id in accepted)
    yield exactly(f"mails that arrived exactly once, of {count} sessions", once, count)
    seconds = [
        (min(found[tutor_id]) - ended_at).total_seconds()
        for tutor_id, ended_at in accepted.items()
        if found[tutor_id]
    ]
    if not seconds:
        return
    p50, p95 = (percentile(seconds, share) for share in (0.50, 0.95))
    shown = f"p50 {p50:.2f} s, p95 {p95:.2f} s, longest {max(seconds):.2f} s"
    yield under("from the end of a session to its mail, p95", p95, PROMISED_SECONDS, "s",
                shown=shown)  # fmt: skip


def _end_sessions(stack: LocalStack, tutor_ids: Sequence[str]) -> dict[str, datetime]:
    """End a session of each tutor, one a second; when it ended where that was accepted."""
    accepted, began = {}, time.monotonic()
    for number, tutor_id in enumerate(tutor_ids):
        time.sleep(max(0.0, began + number - time.monotonic()))
        if ended_at := _end_session(stack, tutor_id):
            accepted[tutor_id] = ended_at
    return accepted


def _end_session(stack: LocalStack, tutor_id: str) -> datetime | None:
    """Report a session as it ends; answers when that was, None if it was not accepted."""
    body = completed(f"{tutor_id}.s", tutor_id, 0)
    posts = [Post("sessions", f"msg.{tutor_id}", body)]
    (answer,) = post_all(stack.deployed.front_door, stack.deployed.webhook_secret, posts, 1)
    return datetime.fromisoformat(body["completed_time"]) if answer.status == 202 else None


def _wait_for(stack: LocalStack, tutor_ids: Collection[str]) -> None:
    """Wait until there is a report on each of these tutors, but not for ever."""
    deadline = time.monotonic() + GIVE_UP_SECONDS
    while time.monotonic() < deadline and set(tutor_ids) - _reports(stack).keys():
        time.sleep(0.5)


def _reports(stack: LocalStack) -> dict[str, list[datetime]]:
    """When session reports reached operations, by the tutor with whose id the subject begins."""
    found: dict[str, list[datetime]] = defaultdict(list)
    for file in stack.folder.mail.glob("*.eml"):
        mail = email.message_from_bytes(file.read_bytes(), policy=default)
        if mail["to"] == OPS:
            at = datetime.strptime(file.stem, "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC)
            found[mail["subject"].partition(":")[0]].append(at)
    return found
