"""Keys sort as lists are read."""

from datetime import UTC, datetime, timedelta

import pytest

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


def test_an_intervention_is_found_by_its_id() -> None:
    opened = datetime(2026, 11, 20, 17, 2, tzinfo=UTC)
    place = key.intervention("t-7:a", opened, "H1")

    assert place == key.Key("TUTOR#t-7:a", "INTERVENTION#20261120T170200-H1")
    assert key.intervention_of("H1-20261120T170200-t-7:a") == place


@pytest.mark.parametrize("name", ["", "H1", "H1-20261120T170200-", "X1-20261120T170200-t"])
def test_what_is_no_id_of_an_intervention_has_no_key(name: str) -> None:
    assert key.intervention_of(name) is None
