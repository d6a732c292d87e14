"""What people want to be told, and what they do without."""

from datetime import datetime, time

import pytest

from shared.domain.churn_score import RiskLevel
from shared.domain.intervention import Owner
from shared.domain.mail import Mail, MailKind
from shared.domain.preference import (
    TO_TUTORS,
    AlertKind,
    Channel,
    Preference,
    QuietHours,
    Reports,
    usual,
)
from tests.builders import AS_OF

UNTOLD = Preference("ana", reports=None)


def test_who_never_chose_but_did_without_digests_gets_the_usual_reports() -> None:
    without = UNTOLD.without("digests")

    assert without.of(Owner.OPS_MANAGER).wants(MailKind.SESSION_REPORT, moved=False)
    assert not without.of(Owner.PEOPLE_OPS).wants(MailKind.SESSION_REPORT, moved=True)
    assert not without.of(Owner.OPS_MANAGER).wants(MailKind.DAILY_DIGEST, moved=True)


@pytest.mark.parametrize("kept", [Reports.CHANGES, Reports.DIGEST_ONLY])
def test_who_gets_a_report_of_each_session_may_choose_fewer(kept: Reports) -> None:
    chosen = usual("ana", Owner.OPS_MANAGER).without(f"reports:{kept}")

    assert (chosen.reports, chosen.version) == (kept, 1)
    assert chosen.wants(MailKind.SESSION_REPORT, moved=True) is (kept is Reports.CHANGES)


def test_an_admin_who_never_chose_is_told_nothing() -> None:
    kinds = [MailKind.SESSION_REPORT, MailKind.ALERT, MailKind.DAILY_DIGEST]

    assert [usual("ada", "admin").ways(mail(kind, "critical")) for kind in kinds] == [(), (), ()]


def test_who_does_without_reports_still_gets_digests() -> None:
    without = usual("ana", Owner.OPS_MANAGER).without("reports")

    assert without.reports is Reports.DIGEST_ONLY
    assert without.wants(MailKind.DAILY_DIGEST, moved=False)
    assert without.wants(MailKind.OVERDUE, moved=False)


@pytest.mark.parametrize("kind", TO_TUTORS)
def test_a_tutor_does_without_one_kind_of_mail(kind: str) -> None:
    without = UNTOLD.without(f"tutor:{kind}")

    assert {other for other in TO_TUTORS if not without.wants(MailKind(other), moved=True)} == {
        kind
    }
    assert without.wants(MailKind.OVERDUE, moved=True)


def test_doing_without_twice_is_doing_without_once() -> None:
    once = UNTOLD.without("tutor:coaching_tips").without("tutor:training_module")

    assert once.version == 2
    assert once.without("tutor:coaching_tips") is once
    assert once.unsubscribed == ("coaching_tips", "training_module")


@pytest.mark.parametrize(
    "what", ["", "overdue", "tutor:overdue", "tutor", "tutor:alert", "reports:every_session"]
)
def test_some_things_nobody_does_without(what: str) -> None:
    with pytest.raises(ValueError, match="nothing to do without"):
        UNTOLD.without(what)


def mail(kind: MailKind, level: str | None = None) -> Mail:
    return Mail(kind, "name", AS_OF, AS_OF, "t-7", level=level)


BOTH = (Channel.MAIL, Channel.WEBHOOK)


@pytest.mark.parametrize(
    ("kinds", "kind", "level", "ways"),
    [
        ((AlertKind.RISK,), MailKind.ALERT, "high", BOTH),
        ((AlertKind.RISK,), MailKind.ALERT, "medium", ()),
        ((AlertKind.OVERDUE,), MailKind.ALERT, "critical", ()),
        ((AlertKind.OVERDUE,), MailKind.OVERDUE, None, BOTH),
        ((AlertKind.RISK,), MailKind.OVERDUE, None, (Channel.MAIL,)),
        ((), MailKind.SESSION_REPORT, None, (Channel.MAIL,)),
    ],
)
def test_alerts_take_the_ways_chosen_for_their_kind_and_level(
    kinds: tuple[AlertKind, ...], kind: MailKind, level: str | None, ways: tuple[Channel, ...]
) -> None:
    chosen = Preference(
        "ana", alerts=BOTH, alert_kinds=kinds, alert_level=RiskLevel.HIGH, webhook_url="https://…"
    )

    assert chosen.ways(mail(kind, level)) == ways


def test_without_an_address_nothing_goes_to_a_webhook() -> None:
    assert Preference("ana", alerts=BOTH).ways(mail(MailKind.OVERDUE)) == (Channel.MAIL,)


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("2026-11-20T11:59:00Z", "2026-11-20T11:59:00Z"),
        ("2026-11-20T20:30:00Z", "2026-11-21T06:00:00Z"),
        ("2026-11-21T02:00:00Z", "2026-11-21T06:00:00Z"),
        ("2026-11-21T06:00:00Z", "2026-11-21T06:00:00Z"),
    ],
)
def test_quiet_hours_may_pass_midnight_and_are_the_persons_own(at: str, until: str) -> None:
    nightly = Preference("ana", zone="Europe/Berlin", quiet=QuietHours(time(21), time(7)))

    found = nightly.quiet_until(datetime.fromisoformat(at))

    assert found == datetime.fromisoformat(until)


NOON = datetime.fromisoformat("2026-11-20T12:00:00Z")
SIESTA = Preference("ana", quiet=QuietHours(time(11), time(14)))


@pytest.mark.parametrize(
    ("kind", "way", "waits"),
    [
        (MailKind.ALERT, Channel.MAIL, True),
        (MailKind.ALERT, Channel.WEBHOOK, True),
        (MailKind.OVERDUE, Channel.WEBHOOK, True),
        (MailKind.OVERDUE, Channel.MAIL, False),
        (MailKind.SESSION_REPORT, Channel.MAIL, False),
    ],
)
def test_what_disturbs_waits_for_the_end_of_quiet_hours(
    kind: MailKind, way: Channel, waits: bool
) -> None:
    expected = NOON.replace(hour=14) if waits else NOON

    assert SIESTA.waits_until(mail(kind), way, NOON) == expected


def test_where_clocks_go_back_quiet_hours_end_after_now() -> None:
    """At 3 o'clock of that night Berlin's clocks show 2 again."""
    short = Preference("ana", zone="Europe/Berlin", quiet=QuietHours(time(2), time(2, 30)))
    second = datetime.fromisoformat("2026-10-25T01:10:00Z")

    assert short.quiet_until(second) == datetime.fromisoformat("2026-10-25T01:30:00Z")
