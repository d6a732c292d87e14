"""Nights gone by, as the nightly pass would have recorded them."""

from datetime import timedelta

import pytest

from shared.domain.log import Log
from shared.domain.marketplace import Reference
from shared.domain.night import Episode, Kept, Nights, episodes, kept_nights, standing
from shared.domain.threshold import Settings
from shared.domain.tutor import TutorStatus
from tests.builders import AS_OF, ago, booked, card, completed, event, log, no_show, steady, tutor


def kept(told: Log, count: int = 10) -> Kept:
    return kept_nights(Nights(told, AS_OF, count, Settings(), Reference()))


def test_a_night_is_recorded_as_it_was_seen_then() -> None:
    told = log(*steady(100), no_show(ago(4.5)))

    records = kept(told, 6).records

    assert [record.as_of for record in records] == [ago(days) for days in range(5, -1, -1)]
    for record in records:
        seen = card(told, record.as_of)
        assert record.flags == tuple(flag.code for flag in seen.flags)
        assert record.churn_score == seen.churn_score.value
        assert record.tier == seen.tier


def test_flags_go_up_and_down_against_the_night_before() -> None:
    records = kept(log(*steady(100), no_show(ago(20.5))), 30).records

    assert [r.as_of for r in records if "no_show_risk" in r.raised] == [ago(20)]
    assert [r.as_of for r in records if "no_show_risk" in r.cleared] == [ago(6)]
    assert Episode("no_show_risk", ago(20), ago(6)) in episodes(records)


def test_a_flag_already_up_on_the_first_night_was_not_raised_by_it() -> None:
    records = kept(log(*steady(100), no_show(ago(20.5))), 15).records

    assert "no_show_risk" in records[0].flags
    assert "no_show_risk" not in records[0].raised
    assert "no_show_risk" not in {episode.code for episode in episodes(records)}


def test_nights_before_anything_was_reported_leave_no_record() -> None:
    records = kept(log(completed(ago(3.5)))).records

    assert [record.as_of for record in records] == [ago(days) for days in range(3, -1, -1)]


def test_an_event_is_something_reported() -> None:
    assert len(kept(log(event("login", ago(2)))).records) == 3


def test_without_anything_reported_nothing_is_kept() -> None:
    assert kept(log()) == Kept()
    assert kept(log(booked(ago(-3)))) == Kept()


def test_until_the_day_of_leaving_a_tutor_counts_as_at_work() -> None:
    left = tutor(TutorStatus.RESIGNED, status_since=ago(5))
    told = log(completed(ago(40)), of=left)

    found = kept(told)

    quiet = {record.as_of: "gone_quiet" in record.flags for record in found.records}
    assert quiet == {ago(days): days > 5 for days in range(9, -1, -1)}
    statuses = [row.status for row in found.rows]
    assert statuses == ["active"] * 4 + ["resigned"] * 6


@pytest.mark.parametrize(
    ("since", "status"), [(40, "resigned"), (-1, "active")], ids=["before all", "after all"]
)
def test_a_tutor_may_have_left_before_or_after_all_nights_kept(since: float, status: str) -> None:
    left = tutor(TutorStatus.RESIGNED, status_since=ago(since))

    found = kept(log(completed(ago(60)), of=left))

    assert [row.status for row in found.rows] == [status] * 10


def test_rows_are_kept_of_the_last_month_alone() -> None:
    found = kept(log(*steady(100)), 40)

    assert len(found.records) == 40
    assert [row.as_of for row in found.rows] == [
        AS_OF - timedelta(days=n) for n in range(30, -1, -1)
    ]


def test_a_standing_is_the_part_of_the_scorecard_that_priors_are_fitted_to() -> None:
    told = log(*steady(40), no_show(ago(2)))
    whole = card(told)

    part = standing(told, AS_OF, Reference())

    assert (part.counts, part.performance) == (whole.counts, whole.performance)
