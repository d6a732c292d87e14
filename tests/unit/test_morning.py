"""Digests come in the morning of the days on which their readers work, wherever they are."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from shared.domain.business_hours import Calendar
from shared.domain.intervention import Owner
from shared.domain.mail import Mail
from shared.domain.morning import digest_before, due_digests
from shared.domain.office import Office

CHICAGO, BERLIN = "America/Chicago", "Europe/Berlin"
HOLIDAYS = frozenset({date(2026, 11, 26), date(2026, 12, 25), date(2027, 1, 1)})


def office(zone: str = "UTC", holidays: frozenset[date] = frozenset()) -> Office:
    """Operations in a zone; people operations never work in these years."""
    never = frozenset(date(2025, 1, 1) + timedelta(days=n) for n in range(1_200))
    return Office(
        {
            Owner.OPS_MANAGER: Calendar(zone, holidays=holidays),
            Owner.PEOPLE_OPS: Calendar("UTC", holidays=never),
        }
    )


def local(zone: str, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def told(mails: list[Mail]) -> list[tuple[str, str]]:
    """Each mail's kind and the first day it tells of."""
    return [(mail.kind.value, mail.about[0]) for mail in mails]


# fmt: off
CASES = [
    ("UTC", "2026-11-24 06:59", []),
    ("UTC", "2026-11-24 07:00", [("daily_digest", "2026-11-23")]),
    ("UTC", "2026-11-24 23:59", [("daily_digest", "2026-11-23")]),
    ("UTC", "2026-11-25 00:00", []),
    (CHICAGO, "2026-11-24 06:59", []),
    (CHICAGO, "2026-11-24 07:00", [("daily_digest", "2026-11-23")]),
    (CHICAGO, "2026-11-24 19:00", [("daily_digest", "2026-11-23")]),
    ("Pacific/Kiritimati", "2026-11-24 07:00", [("daily_digest", "2026-11-23")]),
    ("UTC", "2026-11-22 12:00", []),
    ("UTC", "2026-11-23 07:00",
     [("daily_digest", "2026-11-20"), ("weekly_summary", "2026-11-16")]),
    ("UTC", "2026-11-26 12:00", []),
    ("UTC", "2026-11-27 07:00", [("daily_digest", "2026-11-25")]),
    ("UTC", "2026-12-01 07:00",
     [("daily_digest", "2026-11-30"), ("monthly_summary", "2026-11-01")]),
    ("UTC", "2027-01-01 12:00", []),
    ("UTC", "2027-01-04 07:00",
     [("daily_digest", "2026-12-31"), ("weekly_summary", "2026-12-28"),
      ("monthly_summary", "2026-12-01")]),
]
# fmt: on
IDS = [
    "a minute before seven",
    "at seven",
    "what was missed is made up late in the evening",
    "and not the day after",
    "seven is the readers' seven",
    "at theirs",
    "when it is the next day in UTC",
    "when it is the day before in UTC",
    "a Sunday",
    "a Monday tells of the weekend and the week",
    "a holiday",
    "the day after one",
    "the first of a month",
    "New Year",
    "the first working day of week, month and year",
]  # fmt: skip


@pytest.mark.parametrize(("zone", "clock", "expected"), CASES, ids=IDS)
def test_what_is_due(zone: str, clock: str, expected: list[tuple[str, str]]) -> None:
    assert told(due_digests(office(zone, HOLIDAYS), local(zone, clock))) == expected


def test_a_week_that_begins_with_a_holiday_is_summed_up_on_tuesday() -> None:
    closed = office(holidays=frozenset({date(2026, 11, 23)}))

    assert due_digests(closed, datetime(2026, 11, 23, 12, tzinfo=UTC)) == []
    assert told(due_digests(closed, datetime(2026, 11, 24, 12, tzinfo=UTC))) == [
        ("daily_digest", "2026-11-20"),
        ("weekly_summary", "2026-11-16"),
    ]


@pytest.mark.parametrize(
    ("zone", "clock", "utc"),
    [
        (CHICAGO, "2026-10-30 07:00", "2026-10-30T12:00"),
        (CHICAGO, "2026-11-02 07:00", "2026-11-02T13:00"),
        (BERLIN, "2026-03-27 07:00", "2026-03-27T06:00"),
        (BERLIN, "2026-03-30 07:00", "2026-03-30T05:00"),
    ],
    ids=["summer", "clocks set back", "winter", "clocks set forward"],
)
def test_it_is_seven_by_the_readers_clocks_in_summer_and_winter(
    zone: str, clock: str, utc: str
) -> None:
    moment = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert local(zone, clock) == moment

    assert due_digests(office(zone), moment - timedelta(minutes=1)) == []
    assert {mail.made_at for mail in due_digests(office(zone), moment)} == {moment}


@pytest.mark.parametrize(
    "zone", ["UTC", CHICAGO, BERLIN, "Asia/Kathmandu", "Pacific/Apia", "Australia/Lord_Howe"]
)
def test_a_year_of_hours_brings_each_mail_once(zone: str) -> None:
    """261 days from Monday to Friday, two of them holidays; 52 Mondays and 12 months."""
    there = office(zone, HOLIDAYS)
    begin = local(zone, "2026-01-01 00:00")
    hours = [begin + timedelta(hours=n) for n in range(365 * 24)]

    found = {mail.mail_id: mail for at in hours for mail in due_digests(there, at)}

    kinds = [mail.kind.value for mail in found.values()]
    assert {kind: kinds.count(kind) for kind in sorted(set(kinds))} == {
        "daily_digest": 261 - 2,
        "monthly_summary": 12,
        "weekly_summary": 52,
    }


def test_each_owner_has_their_own_morning() -> None:
    both = Office(
        {Owner.OPS_MANAGER: Calendar(CHICAGO), Owner.PEOPLE_OPS: Calendar("Europe/Berlin")}
    )

    found = due_digests(both, datetime(2026, 11, 24, 7, tzinfo=UTC))

    assert [(mail.owner, mail.name) for mail in found] == [
        (Owner.PEOPLE_OPS, "20261124T060000-daily_digest-people_ops-2026-11-24")
    ]


def test_a_digest_finds_the_one_before_it() -> None:
    there = office(CHICAGO)
    calendar = there.calendar(Owner.OPS_MANAGER)
    friday, monday = (
        due_digests(there, local(CHICAGO, f"2026-11-{day} 07:00"))[0] for day in (20, 23)
    )

    first = date.fromisoformat(monday.about[0])
    assert digest_before(Owner.OPS_MANAGER, calendar, first) == friday.mail_id
