"""What the model sees of a tutor, by hand."""

from datetime import timedelta
from math import exp, isnan
from pathlib import Path

import numpy as np
import pytest

from shared.domain.event import EventType
from shared.domain.log import Log
from shared.domain.session import Party
from shared.ml.feature_page import page
from shared.ml.features import FEATURES, MOST, Space, features, said
from shared.ml.ledger import PROFILE, Ledger, microseconds
from tests.builders import (
    AS_OF,
    ago,
    completed,
    event,
    feedback,
    first,
    log,
    logins,
    moved,
    no_show,
    steady,
    tutor,
)

NOW = np.array([microseconds(AS_OF)])
EVERYTHING = Space(
    frozenset(PROFILE).union(channel for row in FEATURES for channel in row.channels)
)


def value(told: Log, name: str, space: Space = EVERYTHING) -> float:
    """One feature of a log at AS_OF."""
    names = [feature.name for feature in space.features]
    return float(features(Ledger.of(told), NOW, space)[0, names.index(name)])


def test_every_feature_has_a_name_of_its_own_a_unit_a_window_and_a_source() -> None:
    assert len({row.name for row in FEATURES}) == len(FEATURES)
    assert all(row.unit and row.window and row.source and row.category for row in FEATURES)


def test_the_table_has_all_categories_of_the_requirements() -> None:
    assert {row.category for row in FEATURES} == {
        "tenure", "activity", "performance", "engagement", "behaviour", "schedule",
        "development", "temporal",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "told", "expected"),
    [
        ("tenure_days", log(of=tutor(onboarding_date=ago(100))), 100),
        ("is_new", log(of=tutor(onboarding_date=ago(29))), 1),
        ("sessions_per_week_28d", log(*steady(100, per_day=2)), 14),
        ("sessions_per_week_7d", log(*steady(100)), 7),
        ("days_taught_per_week_28d", log(*steady(100, per_day=3)), 7),
        ("days_since_taught", log(completed(ago(9)), completed(ago(5))), 5),
        ("rating_30d", log(completed(ago(5), 5.0), completed(ago(6), 4.0)), 4.5),
        ("rating_shift_30d", log(completed(ago(5), 3.0), completed(ago(60), 5.0)), -2),
        ("first_session_rating_30d", log(first(ago(5), 2.0), completed(ago(5), 5.0)), 2),
        ("failed_first_session_count_30d", log(first(ago(5), 2.5), first(ago(6), 3.0)), 1),
        ("no_shows_count_14d", log(no_show(ago(13)), no_show(ago(14))), 1),
        ("reschedules_share_30d", log(moved(ago(5)), completed(ago(3)), completed(ago(2))), 1 / 3),
        ("reschedules_count_7d", log(moved(ago(5)), moved(ago(6), Party.STUDENT)), 1),
        ("logins_per_week_28d", log(*logins(2, 60, 0)), 14),
        ("days_since_login", log(event(EventType.LOGIN, ago(3))), 3),
        ("late_starts_30d", log(completed(ago(3), late_start_minutes=9), completed(ago(2))), 1),
        ("preparation_minutes_28d", log(event(EventType.SESSION_PREP, ago(3), 12.0)), 12),
        ("response_minutes_28d", log(event(EventType.MESSAGE_RESPONSE, ago(3), 30.0)), 30),
        ("hours_offered", log(event(EventType.AVAILABILITY, ago(3), 20.0)), 20),
        ("training_done_90d", log(event(EventType.TRAINING_ASSIGNED, ago(9)),
                                  event(EventType.TRAINING_ASSIGNED, ago(8)),
                                  event(EventType.TRAINING_COMPLETED, ago(3))), 0.5),
        ("subjects_taught", log(of=tutor(subjects=("French", "Spanish"))), 2),
        ("weekday", log(), AS_OF.weekday()),
        ("month", log(), 11),
        ("holiday_season", log(), 0),
        ("fortnight_gaps_182d", log(*(completed(ago(day)) for day in (60, 40, 39, 10))), 2),
    ],
    ids=lambda told: told if isinstance(told, str) else "",
)  # fmt: skip
def test_a_feature_is_what_one_would_count_by_hand(name: str, told: Log, expected: float) -> None:
    assert value(told, name) == pytest.approx(expected, rel=1e-5)


def test_a_change_compares_a_tutor_with_their_own_past() -> None:
    busy_then_quiet = [*steady(180)[:150], *steady(28)[::4]]

    change = exp(value(log(*busy_then_quiet), "sessions_change_28d"))

    assert change == pytest.approx((1.75 + 0.5) / (7 + 0.5), rel=0.05)


@pytest.mark.parametrize(
    "name", ["rating_30d", "reschedules_share_30d", "days_since_tutor_no_show"]
)
def test_what_there_is_nothing_of_is_unknown_and_not_zero(name: str) -> None:
    assert isnan(value(log(), name))


def test_what_the_platform_does_not_report_is_unknown_though_the_tutor_has_none() -> None:
    silent_platform = Space(frozenset({"taught", "outcome"}))

    assert isnan(value(log(*steady(60)), "no_shows_count_14d", silent_platform))
    assert value(log(*steady(60)), "no_shows_count_14d") == 0


def test_leave_makes_nobody_slow() -> None:
    away = [event("leave_started", ago(20)), event("leave_ended", ago(6))]
    sessions = [
        s for day in (*range(60, 20, -1), *range(6, 0, -1)) for s in [completed(ago(day - 0.5))]
    ]

    assert value(log(*sessions, *away), "sessions_per_week_28d") == pytest.approx(7, abs=0.6)


def test_a_form_counts_when_it_was_filled_in() -> None:
    late_form = feedback(2.0, ago(1))

    assert value(log(completed(ago(30), feedback=[late_form])), "rating_7d") == 2
    assert isnan(value(log(completed(ago(30), 5.0, feedback=[late_form])), "rating_7d"))


def test_a_form_more_than_a_month_late_does_not_count() -> None:
    assert isnan(value(log(completed(ago(32), feedback=[feedback(2.0, ago(1))])), "rating_7d"))


def test_a_subject_that_enough_tutors_teach_is_a_column() -> None:
    ledgers = [Ledger.of(log(of=tutor(subjects=("French",)))) for _ in range(10)]
    space = Space.of([*ledgers, Ledger.of(log(of=tutor(subjects=("Latin",))))])

    assert space.subjects == ("French",)
    assert value(log(of=tutor(subjects=("French",))), "teaches:French", space) == 1
    assert value(log(of=tutor(subjects=("Latin",))), "teaches:French", space) == 0


def test_moments_may_come_in_any_order() -> None:
    told = Ledger.of(log(*steady(60)))
    days = [microseconds(AS_OF - timedelta(days=day)) for day in (0, 10, 5)]

    together = features(told, np.array(days), EVERYTHING)

    for row, day in enumerate(days):
        assert together[row].tobytes() == features(told, np.array([day]), EVERYTHING).tobytes()


@pytest.mark.parametrize(
    ("name", "number", "words"),
    [
        ("sessions_change_28d", -0.6, "sessions down 45 % on the tutor's own half-year mean"),
        ("sessions_change_7d", -0.6, "sessions down 45 % on the 4-week mean"),
        ("sessions_change_14d", 0.0, "sessions about as in the 4-week mean"),
        ("rating_30d", 3.75, "rated 3.8 over 30 days"),
        ("rating_shift_30d", -0.42, "rating down 0.4 stars on the tutor's own half-year mean"),
        ("no_shows_count_14d", 2.0, "2 sessions missed within 2 weeks"),
        ("no_shows_count_14d", 1.0, "1 session missed within 2 weeks"),
        ("fortnight_gaps_182d", 1.0, "1 silence of two weeks within half a year"),
        ("logins_per_week_28d", 1.5, "1.5 logins a week over 4 weeks"),
        ("late_starts_30d", 0.25, "25 % of sessions begun late over 30 days"),
        ("rating_30d", float("nan"), "no data on rating"),
        ("weekday", 2.0, "seen on a Wednesday"),
    ],
)
def test_a_value_is_told_in_a_managers_words(name: str, number: float, words: str) -> None:
    feature = next(row for row in FEATURES if row.name == name)

    assert said(feature, number) == words


def test_the_printed_table_is_that_of_the_code() -> None:
    written = Path(__file__).parents[2] / "docs/features.md"

    assert written.read_text() == page() + "\n", "run `make docs`"


def test_a_typing_error_in_a_profile_leaves_features_finite() -> None:
    odd = tutor(baseline_sessions_per_week=1e-300)
    told = log(*steady(30), event(EventType.AVAILABILITY, ago(1), 10), of=odd)

    row = features(Ledger.of(told), np.array([microseconds(AS_OF)]), EVERYTHING)

    assert not np.isinf(row).any()
    assert value(told, "hours_offered_for_agreed") == MOST
