"""Loading a history into a table that live reports are written to."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.aws import backfill, key
from shared.aws.backfill import Backfill, merged_with, stored_mark
from shared.aws.erased_table import ErasedTable
from shared.aws.scorecard_table import ScorecardTable, day_item
from shared.aws.scoring import Scoring
from shared.aws.table import Table
from shared.aws.tutor_log import LogTable, Versioned
from shared.domain.erasure import fingerprint
from shared.domain.event import BehaviourEvent, EventType
from shared.domain.feedback import Feedback
from shared.domain.log import Log
from shared.domain.scorecard import daily_record
from shared.domain.session import (
    ReportOrder,
    Session,
    Status,
    with_feedback,
    with_report,
)
from shared.domain.tutor import TutorStatus
from shared.history import Past
from tests.builders import (
    AS_OF,
    TUTOR,
    ago,
    card,
    completed,
    event,
    feedback,
    move,
    no_show,
    report,
    session,
    steady,
    tutor,
)
from tests.functions.conftest import Aws


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread, for moto loses writes of parallel ones; a week of nights, for speed."""
    monkeypatch.setattr(backfill, "CONNECTIONS", 1)
    monkeypatch.setattr(backfill, "NIGHTS", 7)


def past(*facts: Session | BehaviourEvent, status: TutorStatus = TutorStatus.ACTIVE) -> Past:
    """A history of one tutor."""
    return Past(
        tutors={TUTOR: tutor(status)},
        sessions={fact.session_id: fact for fact in facts if isinstance(fact, Session)},
        events={
            (fact.tutor_id, fact.occurred_at, fact.event_id): fact
            for fact in facts
            if isinstance(fact, BehaviourEvent)
        },
    )


def load(table: Table, history: Past, digest: str = "one") -> Backfill:
    """The whole history, as of AS_OF."""
    loading = Backfill(table, history, digest, lambda: AS_OF, lambda stage, done, total: None)
    loading.load_recent()
    loading.load_rest()
    return loading


def stored(table: Table) -> dict[tuple[str, str], Any]:
    """Everything in the table but scorecards, references and marks, which a repetition renews."""
    items = table.client.scan(TableName=table.name)["Items"]
    return {
        (item["pk"]["S"], item["sk"]["S"]): item
        for item in items
        if item["sk"]["S"] not in ("SCORECARD", "MARK") and item["pk"]["S"] != "PLATFORM"
    }


def test_the_scorecard_is_that_of_the_whole_log(aws: Aws) -> None:
    history = past(*steady(120), no_show(ago(3)), event(EventType.LOGIN, ago(2)))

    loading = load(aws.store, history)

    told = LogTable(aws.store).whole_log(TUTOR)
    cards = ScorecardTable(aws.store)
    assert len(told.sessions) == 121
    assert not Scoring.of(aws.store).drifted(TUTOR)
    assert cards.stored(TUTOR).version == 2, "scored once, and shown once how the nights went"
    assert loading.tally == {"sessions": 121, "events": 1}
    assert stored_mark(aws.store, "one") == loading.mark
    assert loading.mark.complete


def test_every_night_gets_its_record_and_the_flags_that_went_up_and_down(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill, "NIGHTS", 45)
    history = past(*steady(60), no_show(ago(40.5)))

    load(aws.store, history)

    days = ScorecardTable(aws.store).days(TUTOR, ago(200).date(), AS_OF.date())
    assert len(days) == 45
    raised = {day.as_of: day.raised for day in days}
    cleared = {day.as_of: day.cleared for day in days}
    assert "no_show_risk" in raised[ago(40)]
    assert "no_show_risk" in cleared[ago(26)]
    flags = ScorecardTable(aws.store).flag_history(TUTOR)
    assert ("no_show_risk", ago(40).isoformat(), ago(26).isoformat()) in {
        (flag["code"], flag["raised_at"], flag["cleared_at"]) for flag in flags
    }


def test_lists_show_how_the_score_went_before_the_import(aws: Aws) -> None:
    load(aws.store, past(*steady(30), no_show(ago(2.5))))

    (row,) = ScorecardTable(aws.store).rows()

    nights = ScorecardTable(aws.store).days(TUTOR, ago(6).date(), AS_OF.date())
    assert row.trend == tuple(round(night.churn_score) for night in nights)
    assert len(set(row.trend)) > 1


def test_a_second_import_changes_nothing(aws: Aws) -> None:
    history = past(*steady(95), no_show(ago(40.5)), event(EventType.LOGIN, ago(100)))
    load(aws.store, history)
    before = stored(aws.store)

    again = load(aws.store, history)
    unremembered = load(aws.store, history, "as if never seen")

    assert stored(aws.store) == before
    assert not again.tally
    assert unremembered.tally == {"known": 97}


def test_an_interrupted_import_goes_on_where_it_stopped(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfill, "CHUNKS_BETWEEN_MARKS", 1)
    history = past(*steady(120))
    load(aws.store, history, "another table would be the same")
    whole = stored(aws.store)
    for pk, sk in whole:
        aws.store.client.delete_item(
            TableName=aws.store.name, Key={"pk": {"S": pk}, "sk": {"S": sk}}
        )

    def stop(stage: str, done: int, total: int) -> None:
        if stage == "sessions and events" and done > 60:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Backfill(aws.store, history, "one", lambda: AS_OF, stop).load_recent()
    rest = load(aws.store, history)

    assert rest.tally["sessions"] < 120
    assert {at: item["data"] for at, item in stored(aws.store).items()} == {
        at: item["data"] for at, item in whole.items()
    }


def test_a_newer_live_report_stays_and_gets_the_moves_of_the_past(aws: Aws) -> None:
    logs = LogTable(aws.store)
    live = completed(ago(1), 5.0, session_id="s-1")
    live = replace(live, order=ReportOrder(versioned=True, number=9))
    logs.put_session(live, Versioned(None, 0))
    moved = move(ago(4))
    told = session(ago(2), Status.RESCHEDULED, session_id="s-1", moves=[moved])

    loading = load(aws.store, past(told))

    now = logs.session("s-1").value
    assert now == replace(live, reschedules=(moved,))
    assert logs.whole_log(TUTOR).sessions == (now,)
    assert loading.tally == {"merged": 1}


def test_an_older_live_report_yields_and_its_log_row_moves(aws: Aws) -> None:
    logs = LogTable(aws.store)
    live = session(ago(3), Status.SCHEDULED, session_id="s-1", tutor_id="t-8")
    live = replace(live, order=ReportOrder(versioned=False, number=1))
    logs.put_session(live, Versioned(None, 0))

    load(aws.store, past(completed(ago(1), session_id="s-1")))

    (now,) = logs.whole_log(TUTOR).sessions
    assert now.tutors == (TUTOR, "t-8")
    assert logs.whole_log("t-8").sessions == ()


def test_a_live_report_that_comes_between_looking_and_writing_is_not_lost(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = LogTable(aws.store)
    live = completed(ago(1), 1.0, session_id="s-1")
    live = replace(live, order=ReportOrder(versioned=True, number=9))
    write = aws.store.client.transact_write_items
    late = [live]

    def write_after_the_live_report(**request: Any) -> Any:
        if late and "SESSION#s-1" in str(request):
            write_live = late.pop()
            monkeypatch.setattr(aws.store.client, "transact_write_items", write)
            logs.put_session(write_live, Versioned(None, 0))
        return write(**request)

    monkeypatch.setattr(aws.store.client, "transact_write_items", write_after_the_live_report)
    load(aws.store, past(*steady(3), completed(ago(2), 5.0, session_id="s-1")))

    assert not late
    assert logs.session("s-1").value == live
    assert len(logs.whole_log(TUTOR).sessions) == 4


def test_a_tutor_who_was_scored_before_is_scored_on_both_live_and_past(aws: Aws) -> None:
    logs, cards = LogTable(aws.store), ScorecardTable(aws.store)
    logs.put_session(completed(ago(1), session_id="s-live"), Versioned(None, 0))
    Scoring.of(aws.store).score(TUTOR, lambda: ago(hours=1))

    load(aws.store, past(*steady(20)))

    scored = cards.card(TUTOR)
    assert scored is not None
    assert scored[1].sessions == 21
    assert not Scoring.of(aws.store).drifted(TUTOR)


def test_the_newer_profile_stays(aws: Aws) -> None:
    newer = replace(
        tutor(TutorStatus.ON_LEAVE), order=ReportOrder(versioned=True, number=2), name="Ada"
    )
    LogTable(aws.store).put_tutor(newer)

    load(aws.store, past(*steady(2)))

    assert LogTable(aws.store).tutor(TUTOR) == newer


def test_an_event_that_came_live_stays_as_it_is(aws: Aws) -> None:
    logs = LogTable(aws.store)
    live = event(EventType.MESSAGE_RESPONSE, ago(2), 5.0)
    logs.put_event(live)

    load(aws.store, past(*steady(2), replace(live, amount=50.0)))

    assert logs.whole_log(TUTOR).events == (live,)


def test_a_student_who_was_erased_does_not_come_back_with_a_history(aws: Aws) -> None:
    ErasedTable(aws.store).put(fingerprint("ann-4711"), AS_OF)

    load(aws.store, past(completed(ago(2), student_id="ann-4711"), completed(ago(3))))

    assert "ann-4711" not in str(aws.items())
    assert len(aws.items("SESSION#")) == 2


def test_what_a_nightly_pass_kept_stays(aws: Aws) -> None:
    night = ago(5)
    kept = daily_record(card(Log(tutor()), night), ())
    aws.store.put(day_item(kept))

    load(aws.store, past(*steady(20)))

    item = aws.store.get(key.day(TUTOR, night.date()))
    assert item == day_item(kept)
    assert "backfilled" in (aws.store.get(key.day(TUTOR, ago(4).date())) or {})


def test_the_home_page_shows_the_days_before_the_import(aws: Aws) -> None:
    load(aws.store, past(*steady(20)))

    days = ScorecardTable(aws.store).platform_days(AS_OF.date(), 30)
    assert [(day["date"], day["sessions_30d"]) for day in days] == [
        (f"{ago(back):%Y-%m-%d}", 21 - back) for back in range(7, 0, -1)
    ]


def test_the_days_of_a_platform_with_others_on_it_are_not_told_without_them(aws: Aws) -> None:
    LogTable(aws.store).put_session(completed(ago(1), tutor_id="t-8"), Versioned(None, 0))
    Scoring.of(aws.store).score("t-8", lambda: AS_OF)

    load(aws.store, past(*steady(20)))

    assert ScorecardTable(aws.store).platform_days(AS_OF.date(), 30) == []


def test_feedback_waits_for_its_session(aws: Aws) -> None:
    said = feedback(4.0, ago(1), session_id="s-1")

    load(aws.store, past(with_feedback(None, said)))

    logs = LogTable(aws.store)
    assert logs.session("s-1").value == with_feedback(None, said)
    assert logs.whole_log(TUTOR).sessions == ()


def test_a_session_larger_than_an_item_is_left_out_and_named(aws: Aws) -> None:
    huge = completed(ago(1), session_id="s-huge")
    for number in range(900):
        said = feedback(4.0, ago(1), feedback_id=f"f-{number}", free_text="x" * 500)
        huge = with_feedback(huge, said)

    loading = load(aws.store, past(*steady(3), huge))

    assert loading.too_large == ["s-huge"]
    assert len(LogTable(aws.store).whole_log(TUTOR).sessions) == 3


def test_the_reference_is_fitted_before_tutors_are_measured_against_it(aws: Aws) -> None:
    load(aws.store, past(*steady(20)))

    cards = ScorecardTable(aws.store)
    stored_card = cards.stored(TUTOR).text
    assert cards.reference().version == key.stamp(AS_OF)
    assert stored_card is not None
    assert f'"reference_version":"{key.stamp(AS_OF)}"' in stored_card


STATUSES = st.sampled_from([Status.SCHEDULED, Status.COMPLETED, Status.VOIDED, Status.NO_SHOW])


@st.composite
def told(draw: Any) -> tuple[list[Any], list[Any]]:
    """Reports and feedback of one session, some of them live and some in a history."""
    facts: list[Any] = []
    for version in draw(st.lists(st.integers(1, 6), min_size=1, max_size=6, unique=True)):
        moved = draw(st.sampled_from([None, ago(9), ago(8)]))
        facts.append(
            report(
                "s-1", version, draw(STATUSES), ago(version),
                tutor_id=draw(st.sampled_from(["t-7", "t-8"])),
                reschedule=moved and move(moved, order=version, reason=f"{version}"),
            )
        )  # fmt: skip
    facts += [
        feedback(4.0, ago(number), feedback_id=f"f-{number}")
        for number in draw(st.lists(st.integers(1, 3), max_size=3, unique=True))
    ]
    live = draw(st.lists(st.booleans(), min_size=len(facts), max_size=len(facts)))
    return (
        [fact for fact, is_live in zip(facts, live, strict=True) if is_live],
        [fact for fact, is_live in zip(facts, live, strict=True) if not is_live],
    )


def taken_together(facts: Sequence[Any], known: Session | None = None) -> Session | None:
    for fact in facts:
        merge: Any = with_feedback if isinstance(fact, Feedback) else with_report
        known = merge(known, fact)
    return known


@given(told())
def test_merging_a_past_session_is_like_receiving_its_reports(
    facts: tuple[list[Any], list[Any]],
) -> None:
    live, history = facts
    known, before = taken_together(live), taken_together(history)

    merged = known if before is None else merged_with(known, before)

    assert merged == taken_together(history, known)
