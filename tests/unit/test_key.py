"""Keys sort as lists are read."""

from datetime import UTC, datetime, timedelta

from shared.aws import key
from shared.aws.scorecard_table import sortable


def test_ann_comes_before_ann_lee_whatever_their_ids() -> None:
    places = [key.place("ann lee", "t-1"), key.place("ann", "t-9")]

    assert [key.tutor_at(place) for place in sorted(places)] == ["t-9", "t-1"]


def test_numbers_sort_as_numbers_and_not_enough_data_comes_first() -> None:
    values = [100.0, 9.5, None, 0.0, 10.0]

    assert sorted(values, key=sortable) == [None, 0.0, 9.5, 10.0, 100.0]


def test_instants_sort_by_time_in_any_zone() -> None:
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC)
    later = noon + timedelta(microseconds=1)

    assert key.stamp(noon) < key.stamp(later)
    assert key.stamp(noon) == "2026-11-20T12:00:00.000000Z"


def test_names_spread_over_all_shards() -> None:
    shards = {key.pending(f"msg_{number}") for number in range(100)}

    assert shards == {f"PENDING#{number}" for number in range(key.PENDING_SHARDS)}
