"""/api/unsubscribe/{token}: one click does without a sort of mail, and never tells whose."""

import re
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions import unsubscribe
from shared.aws.preference_table import PreferenceTable
from shared.aws.table import VersionConflictError
from shared.domain.intervention import Owner
from shared.domain.mail import MailKind
from shared.domain.preference import Preference, Reports, usual
from shared.unsubscribe import WHAT, unsubscribe_token
from tests.functions.conftest import BY_CLOUDFRONT, Aws

FORM = "application/x-www-form-urlencoded"
CLICK = "List-Unsubscribe=One-Click"


@pytest.fixture
def kept(aws: Aws) -> PreferenceTable:
    return PreferenceTable(aws.store)


def token(what: str, username: str = "ana") -> str:
    return unsubscribe_token("cursor-secret", username, what)


def ask(method: str, token: str, body: str | None = None, sent_as: str = FORM) -> dict[str, Any]:
    path = f"/api/unsubscribe/{token}"
    event = {
        "rawPath": path,
        "headers": BY_CLOUDFRONT | {"content-type": sent_as},
        "body": body,
        "requestContext": {"requestId": "r-1", "http": {"method": method, "path": path}},
    }
    answered: dict[str, Any] = unsubscribe.handler(event, LambdaContext())
    return answered


def test_fetching_a_link_changes_nothing_and_shows_a_button(
    aws: Aws, kept: PreferenceTable
) -> None:
    answer = ask("GET", token("reports"))

    assert answer["statusCode"] == 200
    assert '<form method="post">' in answer["body"]
    assert 'name="List-Unsubscribe" value="One-Click"' in answer["body"]
    assert aws.items("PERSON#") == []


@pytest.mark.parametrize("what", WHAT)
def test_the_page_asks_before_and_tells_after(kept: PreferenceTable, what: str) -> None:
    whose = "t-7" if what.startswith("tutor:") else "ana"
    asked, done = ask("GET", token(what, whose)), ask("POST", token(what, whose), CLICK)

    assert "?</p>" in asked["body"]
    assert "will" not in asked["body"]
    assert "It is noted: you will" in done["body"]


def test_looking_for_the_page_alone_answers_as_fetching_it(kept: PreferenceTable) -> None:
    assert ask("HEAD", token("reports"))["statusCode"] == 200


def test_who_wants_only_sessions_that_changed_something_is_told_of_those(
    kept: PreferenceTable,
) -> None:
    ask("POST", token("reports:changes"), CLICK)

    found = kept.preference("ana")
    assert found
    assert (found.reports, found.digests) == (Reports.CHANGES, True)


def test_the_page_runs_nothing_and_names_nobody(kept: PreferenceTable) -> None:
    for answer in (ask("GET", token("reports")), ask("POST", token("reports"), CLICK)):
        assert "default-src 'none'" in answer["headers"]["content-security-policy"]
        assert answer["headers"]["cache-control"] == "no-store"
        assert "<script" not in answer["body"]
        assert "style" not in answer["body"]
        assert "ana" not in answer["body"]
        assert token("reports") not in answer["body"]


def test_one_click_does_without_session_reports(kept: PreferenceTable) -> None:
    assert ask("POST", token("reports"), CLICK)["statusCode"] == 200

    found = kept.preference("ana")
    assert found
    assert (found.reports, found.digests, found.version) == (Reports.DIGEST_ONLY, True, 1)


def test_who_never_chose_reports_keeps_the_usual_ones_without_digests(
    kept: PreferenceTable,
) -> None:
    ask("POST", token("digests"), CLICK)

    found = kept.preference("ana")
    assert found
    assert not found.digests
    assert found.of(Owner.OPS_MANAGER).reports is Reports.EVERY_SESSION
    assert found.of(Owner.PEOPLE_OPS).reports is Reports.DIGEST_ONLY


def test_a_tutor_does_without_one_kind_of_mail(kept: PreferenceTable) -> None:
    ask("POST", token("tutor:coaching_tips", "t-7"), CLICK)

    found = kept.preference("t-7")
    assert found
    assert not found.wants(MailKind.COACHING_TIPS, moved=False)
    assert found.wants(MailKind.RESCHEDULE_ALERT, moved=False)


@pytest.mark.parametrize("what", WHAT)
def test_a_slip_can_be_undone_on_the_page_that_follows(kept: PreferenceTable, what: str) -> None:
    whose = "t-7" if what.startswith("tutor:") else "ana"
    before = Preference(whose, reports=None, unsubscribed=("reschedule_alert",), version=1)
    if what != "tutor:reschedule_alert":
        kept.put(before)
    done = ask("POST", token(what, whose), CLICK)

    undone = ask("POST", token(what, whose), undo_on(done))

    assert "you will get" in undone["body"]
    found = kept.preference(whose)
    assert found
    kinds = [kind for kind in before.unsubscribed if what != "tutor:reschedule_alert"]
    assert found == replace(before, unsubscribed=tuple(kinds), version=found.version)


@pytest.mark.parametrize("had", Reports)
@pytest.mark.parametrize("what", [what for what in WHAT if what.startswith("reports")])
def test_who_undoes_it_gets_the_reports_that_they_got_before(
    kept: PreferenceTable, what: str, had: Reports
) -> None:
    kept.put(Preference("ana", had, version=1))

    undone = ask("POST", token(what), undo_on(ask("POST", token(what), CLICK)))

    assert "you will get the reports that you got before" in undone["body"]
    found = kept.preference("ana")
    assert found
    assert found.reports is had


def test_an_old_page_undoes_no_choice_made_since(kept: PreferenceTable) -> None:
    kept.put(Preference("ana", Reports.EVERY_SESSION, version=1))
    page = ask("POST", token("reports:digest_only"), CLICK)
    kept.put(Preference("ana", Reports.CHANGES, version=3))

    ask("POST", token("reports:digest_only"), undo_on(page))

    found = kept.preference("ana")
    assert found
    assert found.reports is Reports.CHANGES


def test_reports_that_do_not_exist_are_named(kept: PreferenceTable) -> None:
    answer = ask("POST", token("reports"), "List-Unsubscribe=Undo&Reports=hourly")

    assert answer["statusCode"] == 422
    assert '"field":"Reports"' in answer["body"].replace(" ", "")


def undo_on(page: dict[str, Any]) -> str:
    """What the button on a page sends."""
    fields = re.findall(r'name="([^"]+)" value="([^"]*)"', page["body"])
    assert ("List-Unsubscribe", "Undo") in fields
    return urlencode(fields)


def test_a_second_click_changes_nothing(kept: PreferenceTable) -> None:
    answers = [ask("POST", token("reports"), CLICK)["statusCode"] for _ in range(2)]

    found = kept.preference("ana")
    assert found
    assert (answers, found.version) == ([200, 200], 1)


def test_what_somebody_chose_otherwise_stays(kept: PreferenceTable) -> None:
    kept.put(Preference("ana", Reports.CHANGES, zone="Europe/Berlin", version=1))

    ask("POST", token("digests"), CLICK)

    assert kept.preference("ana") == Preference(
        "ana", Reports.CHANGES, digests=False, zone="Europe/Berlin", version=2
    )


def test_a_choice_made_in_the_same_moment_is_not_lost(
    kept: PreferenceTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, tries = PreferenceTable.put, []

    def chosen_meanwhile(self: PreferenceTable, preference: Preference) -> None:
        tries.append(preference.version)
        if len(tries) == 1:
            put(self, Preference("ana", zone="Europe/Berlin", version=1))
            raise VersionConflictError
        put(self, preference)

    monkeypatch.setattr(PreferenceTable, "put", chosen_meanwhile)

    assert ask("POST", token("digests"), CLICK)["statusCode"] == 200
    found = kept.preference("ana")
    assert found
    assert (found.zone, found.digests, tries) == ("Europe/Berlin", False, [1, 2])


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("forged", ["x" * 40, token("reports")[:-2], "%20", "ü", "x" * 500])
def test_a_forged_link_is_not_found(
    aws: Aws, kept: PreferenceTable, method: str, forged: str
) -> None:
    assert ask(method, forged, CLICK)["statusCode"] == 404
    assert aws.items("PERSON#") == []


@pytest.mark.parametrize(
    ("body", "sent_as", "status"),
    [
        (None, FORM, 422),
        ("List-Unsubscribe=Later", FORM, 422),
        ('{"List-Unsubscribe": "One-Click"}', "application/json", 422),
        ("x" * 70_000, FORM, 413),
    ],
)
def test_what_is_no_click_changes_nothing(
    aws: Aws, kept: PreferenceTable, body: str | None, sent_as: str, status: int
) -> None:
    assert ask("POST", token("reports"), body, sent_as)["statusCode"] == status
    assert aws.items("PERSON#") == []


def test_a_link_of_somebody_who_has_usual_settings_only_lessens_them(
    kept: PreferenceTable,
) -> None:
    kept.put(replace(usual("ana", Owner.PEOPLE_OPS), version=1))

    ask("POST", token("reports"), CLICK)

    found = kept.preference("ana")
    assert found
    assert (found.reports, found.version) == (Reports.DIGEST_ONLY, 1)
