"""Alerts go to known hosts only, however an address is written."""

import pytest

from shared.domain.webhook_address import allowed_webhook, masked_webhook

HOSTS = ("hooks.slack.com", "chat.example.com")


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.slack.com/services/T00/B00/XyZ9",
        "https://chat.example.com/hook?key=1&room=2",
    ],
)
def test_a_known_host_by_https_may_be_called(url: str) -> None:
    assert allowed_webhook(url, HOSTS) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.slack.com/services/1",
        "HTTPS://hooks.slack.com.evil.example/1",
        "https://hooks.slack.com.evil.example/1",
        "https://evil.example/hooks.slack.com",
        "https://evil.example#@hooks.slack.com/1",
        "https://evil.example\\@hooks.slack.com/1",
        "https://hooks.slack.com@evil.example/1",
        "https://kim:secret@hooks.slack.com/1",
        "https://hooks.slack.com:443/1",
        "https://hooks.slack.com:8080/1",
        "https://hooks.slack.com./1",
        "https://HOOKS.slack.com/1",
        "https://hooks.slack.com/1#part",
        "https://hooks.slack.com/1 2",
        "https://hooks.slack.com/1\n",
        "https://hooks.slack.com\t/1",
        "https://hooks.sl\u0430ck.com/1",
        "https://hooks.slack.com/ü",
        "https://[::1]/1",
        "https://[hooks.slack.com/1",
        "https://169.254.169.254/latest",
        "https://hooks.slack.com",
        "https://hooks.slack.com/",
        "https:hooks.slack.com/1",
        "https:///hooks.slack.com/1",
        "//hooks.slack.com/1",
        "file:///etc/passwd",
        "https://hooks.slack.com/" + "x" * 500,
        "",
    ],
)
def test_everything_else_may_not(url: str) -> None:
    assert allowed_webhook(url, HOSTS) is None


def test_nothing_may_be_called_where_no_host_is_known() -> None:
    assert allowed_webhook("https:///services/1", [""]) is None
    assert allowed_webhook("https://hooks.slack.com/services/1", []) is None


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://hooks.slack.com/services/T00/B00/XyZ9", "https://hooks.slack.com/…/XyZ9"),
        ("https://hooks.slack.com/secret", "https://hooks.slack.com/…/"),
    ],
)
def test_an_address_is_known_again_and_not_told(url: str, shown: str) -> None:
    assert masked_webhook(url) == shown
