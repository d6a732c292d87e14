"""Where an alert may be sent to by webhook, and how it reads in Slack."""

import pytest

from shared.channel import Alert, Hook, PermanentError, escaped, slack_message

URL = "https://hooks.slack.com/services/T0/B0/secret"

# fmt: off
REFUSED = [
    "http://hooks.slack.com/services/T0",
    "ftp://hooks.slack.com/services/T0",
    "//hooks.slack.com/services/T0",
    "hooks.slack.com/services/T0",
    "https://evil.example/services/T0",
    "https://hooks.slack.com.evil.example/",
    "https://hooks.slack.com./services",
    "https://evil.hooks.slack.com/",
    "https://kim@hooks.slack.com/",
    "https://kim:pass@hooks.slack.com/",
    "https://evil.example#@hooks.slack.com/",
    "https://evil.example\\@hooks.slack.com/",
    "https://hooks.slack.com:8443/",
    "https://hooks.slack.com:port/",
    "https://hooks.slack.com/a b",
    "https://hooks.slack.com/a\r\nHost: evil.example",
    "https://hooks.slack.com/\t",
    "https://höoks.slack.com/",
    "https://[::1]/",
    "https://[::1",
    "https://127.0.0.1/",
    "https://2130706433/",
    "https:///services",
    "",
    "https://hooks.slack.com:443/services",
    "https://hooks.slack.com/",
    "https://hooks.slack.com/" + "a" * 500,
]
# fmt: on


@pytest.mark.parametrize("url", REFUSED)
def test_refused_urls(url: str) -> None:
    with pytest.raises(PermanentError):
        Hook.of(url)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        (URL, "/services/T0/B0/secret"),
        ("https://hooks.slack.com/a?b=c", "/a?b=c"),
    ],
)
def test_allowed_urls(url: str, target: str) -> None:
    assert Hook.of(url) == Hook("hooks.slack.com", target)


def test_a_refusal_never_repeats_the_secret() -> None:
    with pytest.raises(PermanentError) as refused:
        Hook.of("https://evil.example/secret")

    assert "secret" not in str(refused.value)


def test_nothing_in_a_name_becomes_a_link_or_calls_everybody() -> None:
    told = Alert(
        "<!channel> <https://evil.example|Ana> & co", ("*bold*\n<@U1>",), "https://x/t?a&b"
    )

    message = slack_message(told)

    assert message["text"] == "&lt;!channel&gt; &lt;https://evil.example|Ana&gt; &amp; co"
    assert [block["text"] for block in message["blocks"]] == [
        {"type": "plain_text", "text": "<!channel> <https://evil.example|Ana> & co"},
        {"type": "plain_text", "text": "*bold* <@U1>"},
        {"type": "mrkdwn", "text": "<https://x/t?a&amp;b|Open the dashboard>"},
    ]


def test_an_alert_without_a_link_has_none() -> None:
    assert len(slack_message(Alert("Ana is at risk", ("Churn score 80",)))["blocks"]) == 2


def test_a_line_is_one_line() -> None:
    assert escaped("Ana\r\nBcc: x\u2028y") == "Ana Bcc: x y"
