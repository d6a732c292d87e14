"""Every version of the settings tells what it changed."""

from datetime import UTC, datetime

from shared.domain.business_hours import Calendar
from shared.domain.intervention import Owner
from shared.domain.office import Office
from shared.domain.policy import Policy
from shared.domain.revision import Moved, changes
from shared.domain.threshold import Settings, changed

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_a_change_tells_who_moved_what_from_where_to_where() -> None:
    first = Policy().changed({"coaching_score": 60, "sustained_days": 7}, "sam", NOON)
    second = first.changed({"coaching_score": 70, "plan_score": 80}, "kim", NOON)

    newest, oldest = changes([second, first, Policy()])

    assert (newest.version, newest.by, newest.at) == (2, "kim", NOON)
    assert newest.moved == (Moved("coaching_score", 60, 70), Moved("plan_score", 75.0, 80))
    assert oldest.moved == (Moved("coaching_score", 50, 60),)


def test_thresholds_and_calendars_tell_alike() -> None:
    settings = changed(Settings(), {"no_show_rate": 0.1}, "sam", NOON)
    berlin = Calendar("Europe/Berlin")
    office = Office().changed(Owner.PEOPLE_OPS, berlin, "sam", NOON)

    assert changes([settings, Settings()])[0].moved == (Moved("no_show_rate", 0.05, 0.1),)
    assert changes([office, Office()])[0].moved == (Moved("people_ops", Calendar("UTC"), berlin),)


def test_nothing_was_changed_where_there_are_only_defaults() -> None:
    assert changes([Policy()]) == ()
