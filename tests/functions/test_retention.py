"""How long what is stored can be seen."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from shared.aws.key import logged_session
from shared.aws.mail_table import MailTable
from shared.aws.retention import AUDITED, EDUCATION, MAILED, RULES, Rule, page, rule_of
from shared.aws.tutor_log import LogTable
from shared.domain.mail import Mail, MailKind, MailState
from tests.builders import completed
from tests.functions.conftest import Aws

ROOT = Path(__file__).parents[2]
TAUGHT = datetime(2026, 11, 20, 12, tzinfo=UTC)
LAST_DAY = TAUGHT + timedelta(days=EDUCATION)


def at(moment: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it be that moment for whoever reads the table."""
    clock = SimpleNamespace(time=moment.timestamp, sleep=time.sleep)
    monkeypatch.setattr("shared.aws.table.time", clock)


def keep_one(aws: Aws) -> LogTable:
    """A log with the session s-1 of tutor t-7 in it."""
    logs = LogTable(aws.store)
    session = completed(TAUGHT, tutor_id="t-7", session_id="s-1")
    logs.put_session(session, logs.session("s-1"))
    return logs


def test_a_session_is_seen_for_seven_years(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    logs = keep_one(aws)

    at(LAST_DAY - timedelta(seconds=1), monkeypatch)

    assert len(logs.whole_log("t-7").sessions) == 1


def test_nobody_sees_a_session_after_that_though_it_is_not_yet_removed(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = keep_one(aws)

    at(LAST_DAY, monkeypatch)

    assert logs.whole_log("t-7").sessions == ()
    assert aws.store.get(logged_session("t-7", TAUGHT, "s-1")) is None
    assert list(aws.store.get_many([logged_session("t-7", TAUGHT, "s-1")])) == []
    assert len(aws.items("TUTOR#t-7")) == 1


def test_nobody_sees_a_rating_after_that_by_the_index_of_ratings_either(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = LogTable(aws.store)
    for days, stars in ((0, 2.0), (2, 5.0)):
        taught = completed(
            TAUGHT + timedelta(days=days), tutor_id="t-7", session_id=f"s-{days}", rating=stars
        )
        logs.put_session(taught, logs.session(taught.session_id))

    def seen() -> list[float]:
        log = logs.log("t-7", LAST_DAY)  # whose sessions are long before the log's 90 days
        assert log.sessions == ()
        return [rating.value for rating in log.ratings]

    at(LAST_DAY - timedelta(seconds=1), monkeypatch)
    assert seen() == [5, 2]
    at(LAST_DAY + timedelta(days=1), monkeypatch)
    assert seen() == [5]
    assert len(aws.items("TUTOR#t-7")) == 2, "though it is not yet removed"


def test_nobody_sees_a_mail_after_its_time_in_the_list_of_all(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    mails, later = MailTable(aws.store), TAUGHT + timedelta(days=2)
    for made in (TAUGHT, later):
        name = f"{made:%Y%m%dT%H%M%S}-daily_digest"
        mails.put_new(Mail(MailKind.DAILY_DIGEST, name, made, made, state=MailState.DONE))

    at(TAUGHT + timedelta(days=MAILED + 1), monkeypatch)

    assert [mail.made_at for mail, _ in mails.history(None, None)] == [later]


def test_a_correction_of_a_session_that_is_gone_does_not_get_stuck(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = keep_one(aws)
    at(LAST_DAY, monkeypatch)

    logs.put_session(completed(TAUGHT, tutor_id="t-8", session_id="s-1"), logs.session("s-1"))

    assert logs.session("s-1").number == 2


def test_who_read_what_is_kept_for_three_years() -> None:
    assert rule_of("AUDIT#2026-11-20#3", "2026-11-20T17:02:00.000000Z#r").days == AUDITED
    assert AUDITED >= 3 * 365


def test_a_key_that_no_rule_is_made_for_is_refused() -> None:
    with pytest.raises(LookupError, match="no rule says how long TUTOR#t-7 / SECRET is kept"):
        rule_of("TUTOR#t-7", "SECRET")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.what)
def test_each_rule_is_the_first_for_its_keys(rule: Rule) -> None:
    assert rule_of(f"{rule.pk}x" if rule.pk.endswith("#") else rule.pk, f"{rule.sk}x") is rule


def test_the_page_is_what_the_rules_say() -> None:
    assert (ROOT / "docs/retention.md").read_text() == page(), "run `make docs`"
