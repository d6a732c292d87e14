"""A letter's bytes: what mail servers and mail programs read of them."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mail.letter import Letter
from shared.mail.mime import mime

AT = datetime(2026, 11, 20, 15, 5, tzinfo=UTC)
LETTER = Letter("Überfällig: 3 tasks", "<p>Grüße</p>\n", "Grüße\n")
SENDER = "Tutor Quality <reports@tutors.example>"
URL = "https://tutors.example/api/unsubscribe?token=" + "f0" * 100


def sent(
    letter: Letter = LETTER,
    /,
    *,
    sender: str = SENDER,
    recipient: str = "lee@tutors.example",
    message_id_source: str = "m-1",
    unsubscribe_url: str | None = None,
    reply_to: str | None = None,
) -> bytes:
    return mime(
        letter, sender=sender, recipient=recipient, message_id_source=message_id_source, at=AT,
        unsubscribe_url=unsubscribe_url, reply_to=reply_to,
    )  # fmt: skip


def read(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=SMTP)


def test_text_comes_first_and_html_is_the_better_alternative() -> None:
    message = read(sent())

    parts = [part.get_content_type() for part in message.iter_parts()]
    assert message.get_content_type() == "multipart/alternative"
    assert parts == ["text/plain", "text/html"]


def test_both_parts_keep_every_letter() -> None:
    text, html = read(sent()).iter_parts()

    assert text.get_content().strip() == "Grüße"
    assert html.get_content().strip() == "<p>Grüße</p>"


def test_a_subject_keeps_every_letter() -> None:
    assert read(sent())["Subject"] == LETTER.subject


def test_a_mail_says_that_nobody_typed_it() -> None:
    assert read(sent())["Auto-Submitted"] == "auto-generated"


def test_the_same_mail_twice_is_the_same_bytes() -> None:
    assert sent() == sent()
    assert read(sent())["X-Entity-Ref-ID"] in read(sent())["Message-ID"]


@pytest.mark.parametrize("changed", [{"message_id_source": "m-2"}, {"recipient": "kim@x.example"}])
def test_another_mail_or_another_recipient_is_another_message(changed: dict[str, str]) -> None:
    assert read(sent())["Message-ID"] != read(sent(**changed))["Message-ID"]


def test_one_click_is_enough_to_unsubscribe() -> None:
    message = read(sent(unsubscribe_url=URL))

    assert message["List-Unsubscribe"] == f"<{URL}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_long_link_to_unsubscribe_arrives_as_mail_servers_read_it() -> None:
    raw = sent(unsubscribe_url=URL)

    assert f"\r\nList-Unsubscribe: <{URL}>\r\n".encode() in raw


def test_a_link_too_long_for_a_header_is_left_out_rather_than_cut() -> None:
    assert "List-Unsubscribe" not in read(sent(unsubscribe_url=URL + "f" * 900))


@pytest.mark.parametrize("address", ["", "lee", "lee@", '""@tutors.example', "lée@tutors.example"])
def test_what_is_no_address_is_left_out(address: str) -> None:
    assert read(sent(recipient=address))["To"] == "undisclosed-recipients:;"


def test_a_senders_name_keeps_every_letter() -> None:
    sender = read(sent(sender='Tutor "Quality", Zürich <reports@tutors.example>'))["From"]

    assert sender.addresses[0].display_name == 'Tutor "Quality", Zürich'
    assert sender.addresses[0].addr_spec == "reports@tutors.example"


def test_every_line_is_short_and_in_ascii() -> None:
    raw = sent(Letter("Grüße", f"<p>{'ü' * 5_000}</p>", "ü" * 5_000))

    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 100


def test_what_can_not_be_unsubscribed_from_does_not_offer_it() -> None:
    assert "List-Unsubscribe" not in read(sent())


def test_answers_go_where_somebody_reads_them() -> None:
    assert read(sent(reply_to="care@tutors.example"))["Reply-To"] == "care@tutors.example"


@pytest.mark.parametrize("field", ["sender", "recipient", "unsubscribe_url", "reply_to"])
def test_a_line_break_adds_no_header(field: str) -> None:
    message = read(sent(**{field: "lee@tutors.example\r\nBcc: all@x.example\r\n\r\nhello"}))

    assert message["Bcc"] is None


anything = st.text(max_size=300) | st.text("\r\n\t:<>@\"',;()[]\\=?\ud800\u202eé ", max_size=60)


@given(subject=anything, text=anything, sender=anything, recipient=anything, url=anything)
def test_nothing_in_a_mail_raises_or_adds_a_header(
    subject: str, text: str, sender: str, recipient: str, url: str
) -> None:
    letter = Letter(f"{subject}\nBcc: a@x.example", f"<p>{text}</p>", text)

    raw = sent(letter, sender=sender, recipient=recipient, unsubscribe_url=url,
               message_id_source=text)  # fmt: skip

    head, _, _ = raw.partition(b"\r\n\r\n")
    names = {line.split(b":")[0] for line in head.split(b"\r\n") if line[:1] not in b" \t"}
    assert names <= {
        b"Subject", b"From", b"To", b"Date", b"Message-ID", b"X-Entity-Ref-ID", b"Auto-Submitted",
        b"List-Unsubscribe", b"List-Unsubscribe-Post", b"MIME-Version", b"Content-Type",
    }  # fmt: skip
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
