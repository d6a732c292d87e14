"""The links by which people do without mails: sealed, for one person and one sort of mail."""

import pytest

from shared.cursor import seal
from shared.unsubscribe import FIELD, VALUE, WHAT, form_fields, unsubscribe_token, unsubscribed

SECRET = "cursor-secret"
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("what", WHAT)
def test_a_link_says_for_whom_and_what_it_is(what: str) -> None:
    token = unsubscribe_token(SECRET, "ana@example.com", what)

    assert unsubscribed(SECRET, token) == ("ana@example.com", what)
    assert "ana" not in token


def test_nobody_does_without_notices_of_missed_deadlines() -> None:
    with pytest.raises(ValueError, match="overdue"):
        unsubscribe_token(SECRET, "ana", "overdue")


@pytest.mark.parametrize(
    "token",
    [
        "",
        "ü",
        "x" * 401,
        "reports ana",
        unsubscribe_token("another secret", "ana", "reports"),
        unsubscribe_token(SECRET, "ana", "reports")[:-1],
        unsubscribe_token(SECRET, "ana", "reports") + "=",
        seal(SECRET, ("tutor_list", "", "", ""), "reports ana"),
    ],
)
def test_a_link_can_not_be_made_up(token: str) -> None:
    assert unsubscribed(SECRET, token) is None


MULTIPART = b'--b\r\ncontent-disposition: form-data; name="List-Unsubscribe"\r\n\r\n%s\r\n--b--\r\n'


@pytest.mark.parametrize(
    ("content_type", "body", "asked"),
    [
        (FORM, b"List-Unsubscribe=One-Click", True),
        (f"{FORM}; charset=utf-8", b"a=b&List-Unsubscribe=One-Click", True),
        ("multipart/form-data; boundary=b", MULTIPART % b"One-Click", True),
        ("Multipart/Form-Data; boundary=b", MULTIPART % b"One-Click", True),
        ("multipart/form-data; boundary=b", MULTIPART % b"Two-Clicks", False),
        ("multipart/form-data; boundary=c", MULTIPART % b"One-Click", False),
        ("multipart/form-data", MULTIPART % b"One-Click", False),
        (FORM, b"", False),
        (FORM, b"\xff", False),
        (FORM, b"list-unsubscribe=one-click", False),
        ("application/json", b'{"List-Unsubscribe": "One-Click"}', False),
        ("multipart/form-data; boundary=\xfc", b"", False),
    ],
)
def test_only_a_form_that_says_so_is_a_click(content_type: str, body: bytes, asked: bool) -> None:
    assert (form_fields(content_type, body).get(FIELD) == VALUE) is asked
