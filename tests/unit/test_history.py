"""Reading a history folder: what loads, what is refused, and by which line and column."""

import csv
import gzip
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from events.world.history import simulate, write_history
from events.world.world import World
from shared.domain.event import BehaviourEvent, EventType
from shared.domain.feedback import Feedback
from shared.domain.session import Party, Report, ReportOrder, Status
from shared.domain.tutor import Tutor, TutorStatus
from shared.history import (
    BadRow,
    HistoryError,
    check_history,
    digest,
    read_events,
    read_feedback,
    read_history,
    read_past,
    read_sessions,
    read_tutors,
)

REAL = Path(__file__).parents[3] / "shared" / "data"
"""Real logs that lie beside the checkout, if anywhere."""

SESSION = "s-1,t-7,u-3,2026-11-20T10:00:00Z,2026-11-20T11:00:00Z,completed"
SESSION_HEADER = "session_id,tutor_id,student_id,scheduled_time,completed_time,status"


def folder(path: Path, **files: str) -> Path:
    """A history of these files; each text is a header and rows."""
    for name, text in files.items():
        (path / f"{name}.csv").write_text(text)
    return path


def sessions(path: Path, *rows: str, columns: str = "") -> list[Report | BadRow]:
    header = SESSION_HEADER + ("," + columns if columns else "")
    return list(read_sessions(folder(path, sessions="\n".join((header, *rows)))))


def refusal(found: object) -> tuple[int, str, str]:
    assert isinstance(found, BadRow)
    return found.line, found.column, found.message


def test_a_session_row_becomes_a_report(tmp_path: Path) -> None:
    columns = (
        "version,session_number,engagement_score,student_rating,technical_issues,"
        "learning_objectives_met"
    )

    (report,) = sessions(tmp_path, f"{SESSION},4,1,0.85,4.5,False,true", columns=columns)

    assert isinstance(report, Report)
    assert report.order == ReportOrder(versioned=True, number=4)
    assert report.snapshot.status is Status.COMPLETED
    assert report.snapshot.completed_time == datetime(2026, 11, 20, 11, tzinfo=UTC)
    assert report.snapshot.session_number == 1
    assert (report.snapshot.engagement_score, report.snapshot.student_rating) == (0.85, 4.5)
    assert report.snapshot.technical_issues is False
    assert report.snapshot.learning_objectives_met is True


def test_an_empty_cell_is_absent_and_not_zero(tmp_path: Path) -> None:
    (report,) = sessions(
        tmp_path, f"{SESSION},,,", columns="student_rating,subject,technical_issues"
    )

    assert isinstance(report, Report)
    assert report.snapshot.student_rating is None
    assert report.snapshot.subject is None
    assert report.snapshot.technical_issues is None


def test_a_whole_number_may_be_written_as_spreadsheets_do(tmp_path: Path) -> None:
    (report,) = sessions(tmp_path, f"{SESSION},2.0", columns="session_number")

    assert isinstance(report, Report)
    assert report.snapshot.session_number == 2


def test_reschedule_columns_become_a_move(tmp_path: Path) -> None:
    columns = (
        "reschedule_initiator,reschedule_reason,reschedule_original_time,reschedule_new_time,"
        "reschedule_requested_at"
    )
    row = (
        's-1,t-7,u-3,2026-11-22T10:00:00Z,,rescheduled,tutor,"ill, again",'
        "2026-11-20T10:00:00Z,2026-11-22T10:00:00Z,2026-11-19T08:00:00Z"
    )

    (report,) = sessions(tmp_path, row, columns=columns)

    assert isinstance(report, Report)
    assert report.reschedule is not None
    assert report.reschedule.initiator is Party.TUTOR
    assert report.reschedule.reason == "ill, again"
    assert report.reschedule.first_received_at == datetime(2026, 11, 19, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "completed", "requested", "received"),
    [
        pytest.param("completed", "2026-11-20T11:00:00Z", "", 20, id="completed_time"),
        pytest.param("rescheduled", "", "2026-11-18T11:00:00Z", 18, id="requested_at"),
        pytest.param("rescheduled", "", "", 19, id="original_time"),
    ],
)
def test_a_row_counts_as_received_when_it_last_tells_of_something(
    tmp_path: Path, status: str, completed: str, requested: str, received: int
) -> None:
    columns = (
        "reschedule_initiator,reschedule_original_time,reschedule_new_time,reschedule_requested_at"
    )
    row = (
        f"s-1,t-7,u-3,2026-11-20T10:00:00Z,{completed},{status},student,"
        f"2026-11-19T10:00:00Z,2026-11-20T10:00:00Z,{requested}"
    )

    (report,) = sessions(tmp_path, row, columns=columns)

    assert isinstance(report, Report)
    assert report.reschedule is not None
    assert report.reschedule.first_received_at.day == received


def test_without_versions_the_later_line_is_the_newer_report(tmp_path: Path) -> None:
    cancelled = "s-1,t-7,u-3,2026-11-20T10:00:00Z,,cancelled"

    sessions(tmp_path, cancelled, SESSION)

    assert read_past(tmp_path).sessions["s-1"].snapshot is not None
    snapshot = read_past(tmp_path).sessions["s-1"].snapshot
    assert snapshot is not None
    assert snapshot.status is Status.COMPLETED


def test_the_order_of_lines_does_not_matter_with_versions(tmp_path: Path) -> None:
    cancelled = "s-1,t-7,u-3,2026-11-20T10:00:00Z,,cancelled,1"

    sessions(tmp_path, f"{SESSION},2", cancelled, columns="version")

    snapshot = read_past(tmp_path).sessions["s-1"].snapshot
    assert snapshot is not None
    assert snapshot.status is Status.COMPLETED


@pytest.mark.parametrize(
    ("row", "column", "message"),
    [
        pytest.param(SESSION.replace("t-7", ""), "tutor_id", "is required", id="empty"),
        pytest.param(SESSION.replace("t-7", "t 7"), "tutor_id", "must match", id="space_in_id"),
        pytest.param(
            SESSION.replace("2026-11-20T10:00:00Z", "2026-11-20T10:00:00"),
            "scheduled_time", "must be an RFC 3339 instant", id="naive_time",
        ),
        pytest.param(
            SESSION.replace("2026-11-20T10:00:00Z", "2026-02-30T10:00:00Z"),
            "scheduled_time", "is not a date", id="day_that_never_was",
        ),
        pytest.param(
            SESSION.replace("2026-11-20T11:00:00Z", ""), "completed_time", "is required",
            id="completed_without_time",
        ),
        pytest.param(SESSION.replace("completed", "held"), "status", "must be", id="status"),
        pytest.param("s-1,t-7,u-3", "row", "has 3 cells where", id="too_few_cells"),
        pytest.param(SESSION + ",,", "row", "has 8 cells where", id="too_many_cells"),
        pytest.param('s-1,"t-7"x' + SESSION[7:], "row", "expected after", id="text_after_quote"),
        pytest.param('"' + SESSION, "row", "never closed", id="open_quote"),
        pytest.param(SESSION.replace("u-3", "u\udcff"), "student_id", "must", id="not_utf8"),
    ],
)  # fmt: skip
def test_a_bad_row_is_refused_by_line_and_column_and_the_others_load(
    tmp_path: Path, row: str, column: str, message: str
) -> None:
    rows = (SESSION, row, SESSION.replace("s-1", "s-3"))
    text = "\n".join((SESSION_HEADER, *rows)) + "\n"
    (tmp_path / "sessions.csv").write_bytes(text.encode("utf-8", "surrogateescape"))

    before, refused, after = read_sessions(tmp_path)

    assert isinstance(before, Report)
    assert isinstance(after, Report)
    line, where, why = refusal(refused)
    assert (line, where) == (3, column)
    assert message in why


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("student_rating", "5.5"),
        ("student_rating", "nan"),
        ("student_rating", "4,5"),
        ("student_rating", "four"),
        ("engagement_score", "1e999"),
        ("engagement_score", "-0.1"),
        ("session_number", "0"),
        ("session_number", "1.5"),
        ("technical_issues", "maybe"),
        ("session_type", "pair"),
        ("reschedule_initiator", "nobody"),
        ("reschedule_new_time", "tomorrow"),
        ("version", "-1"),
    ],
)
def test_a_value_that_is_none_is_refused_by_its_column(
    tmp_path: Path, column: str, cell: str
) -> None:
    (found,) = sessions(tmp_path, f'{SESSION},"{cell}"', columns=column)

    assert refusal(found)[:2] == (2, column)


def test_lines_are_counted_through_cells_that_go_over_several(tmp_path: Path) -> None:
    long = SESSION + ',"first\nsecond\nthird"'
    bad = SESSION.replace("s-1", "s 2") + ","

    kept, refused = sessions(tmp_path, long, bad, columns="reschedule_reason")

    assert isinstance(kept, Report)
    assert refusal(refused)[:2] == (5, "session_id")


def test_a_version_said_again_loads_and_said_otherwise_is_refused(tmp_path: Path) -> None:
    other = SESSION.replace("u-3", "u-4")

    first, again, refused = sessions(
        tmp_path, f"{SESSION},1", f"{SESSION},1", f"{other},1", columns="version"
    )

    assert first == again
    assert refusal(refused) == (
        4, "session_id", "came before with other content in the same version",
    )  # fmt: skip


def test_a_file_without_a_required_column_is_refused_once(tmp_path: Path) -> None:
    folder(tmp_path, sessions="session_id,tutor_id\ns-1,t-7\ns-2,t-7\n")

    assert [refusal(row) for row in read_sessions(tmp_path)] == [
        (1, "student_id", "there is no such column")
    ]


def test_unknown_columns_are_ignored(tmp_path: Path) -> None:
    (report,) = sessions(tmp_path, f"{SESSION},blue", columns="favourite_colour")

    assert isinstance(report, Report)


def test_a_byte_order_mark_and_windows_line_ends_are_no_matter(tmp_path: Path) -> None:
    text = f"\ufeff{SESSION_HEADER}\r\n{SESSION}\r\n\r\n"
    (tmp_path / "sessions.csv").write_bytes(text.encode())

    (report,) = read_sessions(tmp_path)

    assert isinstance(report, Report)


def test_gzip_reads_like_plain(tmp_path: Path) -> None:
    packed = gzip.compress(f"{SESSION_HEADER}\n{SESSION}\n".encode())
    (tmp_path / "sessions.csv.gz").write_bytes(packed)

    (report,) = read_sessions(tmp_path)

    assert isinstance(report, Report)


def cut_off(folder: Path) -> None:
    """Twenty thousand sessions, gzipped, of which the second half did not arrive."""
    rows = [SESSION.replace("s-1", f"s-{number}") for number in range(20_000)]
    packed = gzip.compress("\n".join((SESSION_HEADER, *rows)).encode())
    (folder / "sessions.csv.gz").write_bytes(packed[: len(packed) // 2])


def altered(folder: Path) -> None:
    """A session whose bytes are not those that were packed."""
    packed = bytearray(gzip.compress(f"{SESSION_HEADER}\n{SESSION}\n".encode()))
    packed[-6] ^= 1  # of the checksum
    (folder / "sessions.csv.gz").write_bytes(packed)


def no_gzip(folder: Path) -> None:
    (folder / "sessions.csv.gz").write_text(f"{SESSION_HEADER}\n{SESSION}\n")


@pytest.mark.parametrize("damage", [cut_off, altered, no_gzip])
def test_a_damaged_file_is_refused_whole(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    """What it lost of sessions would look as if their tutors had fallen silent."""
    damage(tmp_path)

    with pytest.raises(HistoryError, match=r"^sessions\.csv\.gz is damaged from line \d+ on"):
        read_past(tmp_path)


@pytest.mark.parametrize(
    "rest",
    [
        pytest.param("s-2,t-7,u-3,2026-11-2", id="in a time"),
        pytest.param('s-2,t-7,"u-', id="in a quoted cell"),
        pytest.param('s-2,t-7,"u\n-', id="in a cell over two lines"),
    ],
)
def test_a_plain_file_that_breaks_off_in_a_row_is_damaged(tmp_path: Path, rest: str) -> None:
    (tmp_path / "sessions.csv").write_text(f"{SESSION_HEADER}\n{SESSION}\n{rest}")

    with pytest.raises(HistoryError, match=r"^sessions\.csv is damaged from line [34] on"):
        read_past(tmp_path)


def test_a_row_too_short_that_ends_is_a_mistake_in_it(tmp_path: Path) -> None:
    (tmp_path / "sessions.csv").write_text(f"{SESSION_HEADER}\n{SESSION}\ns-2,t-7\n")

    kept, refused = read_sessions(tmp_path)

    assert isinstance(kept, Report)
    assert refusal(refused)[:2] == (3, "row")


def test_the_last_row_needs_no_line_end(tmp_path: Path) -> None:
    (tmp_path / "sessions.csv").write_text(f"{SESSION_HEADER}\n{SESSION}")

    (report,) = read_sessions(tmp_path)

    assert isinstance(report, Report)


def test_a_tutor_of_a_history_may_lack_name_and_address(tmp_path: Path) -> None:
    text = "tutor_id,onboarding_date,subjects,status\nt-7,2026-01-05,Latin;Greek,active\n"

    (tutor,) = read_tutors(folder(tmp_path, tutors=text))

    assert isinstance(tutor, Tutor)
    assert (tutor.name, tutor.email, tutor.baseline_sessions_per_week) == (None, None, None)
    assert tutor.subjects == ("Latin", "Greek")
    assert tutor.status is TutorStatus.ACTIVE
    assert tutor.onboarding_date == datetime(2026, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cell", "subjects"),
    [
        pytest.param("Latin", ("Latin",), id="one"),
        pytest.param("Latin; Greek;", ("Latin", "Greek"), id="semicolons"),
        pytest.param("", (), id="none known"),
        pytest.param('["Latin", "Greek; old"]', ("Latin", "Greek; old"), id="json"),
    ],
)
def test_several_subjects_stand_in_one_cell(
    tmp_path: Path, cell: str, subjects: tuple[str, ...]
) -> None:
    with (tmp_path / "tutors.csv").open("w") as file:
        writer = csv.writer(file)
        writer.writerow(("tutor_id", "onboarding_date", "subjects", "status"))
        writer.writerow(("t-7", "2026-01-05", cell, "active"))

    (tutor,) = read_tutors(tmp_path)

    assert isinstance(tutor, Tutor)
    assert tutor.subjects == subjects


def test_an_event_row_stands_for_as_many_as_it_counts(tmp_path: Path) -> None:
    text = (
        "event_id,tutor_id,type,occurred_at,data,count\n"
        'e-1,t-7,message_response,2026-11-20T10:00:00Z,"{""response_minutes"": 12}",3\n'
        "e-2,t-7,login,2026-11-20T10:00:00Z,,\n"
    )

    answered, login = read_events(folder(tmp_path, events=text))

    assert isinstance(answered, BehaviourEvent)
    assert isinstance(login, BehaviourEvent)
    assert (answered.amount, answered.count) == (12, 3)
    assert (login.amount, login.count) == (None, 1)


@pytest.mark.parametrize(
    ("data", "count", "column"),
    [
        pytest.param('{"response_minutes": "soon"}', "1", "data", id="text_for_minutes"),
        pytest.param('{"response_minutes": NaN}', "1", "data", id="nan"),
        pytest.param("[1]", "1", "data", id="not_an_object"),
        pytest.param("{", "1", "data", id="broken_json"),
        pytest.param("{}", "0", "count", id="no_occurrence"),
    ],
)
def test_a_bad_event_is_refused_by_its_column(
    tmp_path: Path, data: str, count: str, column: str
) -> None:
    with (tmp_path / "events.csv").open("w") as file:
        writer = csv.writer(file)
        writer.writerow(("event_id", "tutor_id", "type", "occurred_at", "data", "count"))
        writer.writerow(("e-1", "t-7", "message_response", "2026-11-20T10:00:00Z", data, count))

    (found,) = read_events(tmp_path)

    assert refusal(found)[:2] == (2, column)


def test_feedback_without_a_session_is_a_rating_in_the_log(tmp_path: Path) -> None:
    text = (
        "feedback_id,tutor_id,student_id,overall_rating,submitted_at\n"
        "f-1,t-7,u-3,3.8,2026-11-20T10:00:00Z\n"
    )

    (found,) = read_feedback(folder(tmp_path, feedback=text))

    assert found == BehaviourEvent(
        "f-1", "t-7", EventType.LOOSE_RATING, datetime(2026, 11, 20, 10, tzinfo=UTC), 3.8
    )


def test_feedback_on_a_session_joins_it_whichever_is_read_first(tmp_path: Path) -> None:
    text = (
        "feedback_id,session_id,tutor_id,student_id,overall_rating,ratings_patience,submitted_at\n"
        "f-1,s-1,t-7,u-3,4,5,2026-11-20T12:00:00Z\n"
        "f-2,s-2,t-7,u-3,4,9,2026-11-20T12:00:00Z\n"
    )
    folder(tmp_path, feedback=text, sessions=f"{SESSION_HEADER}\n{SESSION}\n")

    past = read_past(tmp_path)

    (said,) = past.sessions["s-1"].feedback
    assert isinstance(said, Feedback)
    assert said.ratings == (("patience", 5.0),)
    assert past.sessions["s-1"].snapshot is not None
    assert [refusal(row)[:2] for row in past.refused] == [(3, "ratings_patience")]


def test_a_folder_without_sessions_and_events_is_no_history(tmp_path: Path) -> None:
    folder(tmp_path, tutors="tutor_id\n")

    with pytest.raises(HistoryError, match="neither"):
        check_history(tmp_path)


@pytest.mark.parametrize("name", ["tutors", "sessions", "events", "feedback"])
def test_a_file_that_is_there_plain_and_gzipped_is_refused(tmp_path: Path, name: str) -> None:
    folder(tmp_path, sessions=f"{SESSION_HEADER}\n{SESSION}\n")
    (tmp_path / f"{name}.csv").touch()
    (tmp_path / f"{name}.csv.gz").write_bytes(gzip.compress(b""))

    with pytest.raises(HistoryError, match=rf"both {name}\.csv and {name}\.csv\.gz"):
        read_past(tmp_path)


def test_the_digest_tells_histories_apart(tmp_path: Path) -> None:
    sessions(tmp_path, SESSION)
    one = digest(tmp_path)
    sessions(tmp_path, SESSION.replace("u-3", "u-4"))

    assert digest(tmp_path) != one


@pytest.mark.parametrize("compress", [False, True], ids=["plain", "gzip"])
def test_a_synthetic_history_loads_whole(tmp_path: Path, compress: bool) -> None:
    until = datetime(2026, 11, 20, 12, tzinfo=UTC)
    written = write_history(
        simulate(World("tiny", tutors=12, days=60), 1, until), tmp_path, compress=compress
    )

    found = Counter(type(entry) for entry in read_history(tmp_path))

    assert found == {
        Tutor: written["tutors"],
        Report: written["sessions"],
        BehaviourEvent: written["events"],
        Feedback: written["feedback"],
    }


@pytest.mark.parametrize(
    ("name", "tutors", "entries"),
    [("course", 1_767, 170_301), ("guild", 249, 14_657)],
)
def test_a_real_history_loads_without_a_refusal(name: str, tutors: int, entries: int) -> None:
    if not (REAL / name).is_dir():
        pytest.skip(f"the real log {name} is not beside the checkout")

    found = Counter(type(entry) for entry in read_history(REAL / name))

    assert found[BadRow] == 0
    assert found[Tutor] == tutors
    assert found.total() == entries
