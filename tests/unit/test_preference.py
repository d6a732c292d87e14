"""What people want to be told, and what they do without."""

import pytest

from shared.domain.intervention import Owner
from shared.domain.mail import MailKind
from shared.domain.preference import TO_TUTORS, Preference, Reports, usual

UNTOLD = Preference("ana", reports=None)


def test_who_never_chose_but_did_without_digests_gets_the_usual_reports() -> None:
    without = UNTOLD.without("digests")

    assert without.of(Owner.OPS_MANAGER).wants(MailKind.SESSION_REPORT, moved=False)
    assert not without.of(Owner.PEOPLE_OPS).wants(MailKind.SESSION_REPORT, moved=True)
    assert not without.of(Owner.OPS_MANAGER).wants(MailKind.DAILY_DIGEST, moved=True)


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


@pytest.mark.parametrize("what", ["", "overdue", "tutor:overdue", "tutor", "tutor:alert"])
def test_some_things_nobody_does_without(what: str) -> None:
    with pytest.raises(ValueError, match="nothing to do without"):
        UNTOLD.without(what)
