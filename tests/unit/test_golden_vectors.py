"""The signatures shared with Rails: right by the public library, and by ours."""

import json
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import standardwebhooks.webhooks
from standardwebhooks import Webhook

from shared.signature import SignatureError, sign, verify

GOLDEN = json.loads(
    (Path(__file__).parents[2] / "examples/rails/test/golden_vectors.json").read_text("utf-8")
)


def by_name(case: Mapping[str, Any]) -> str:
    return str(case["name"]).replace(" ", "_")


def oracle_accepts(
    monkeypatch: pytest.MonkeyPatch,
    secrets: Sequence[str],
    headers: Mapping[str, str],
    body: str,
    now: int,
) -> bool:
    """Whether the public library accepts it at `now`; on hostile input it raises all sorts."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> "Clock":
            return cls.fromtimestamp(now, tz=tz)

    monkeypatch.setattr(standardwebhooks.webhooks, "datetime", Clock)
    for secret in secrets:
        try:
            Webhook(secret).verify(body, dict(headers), json_parse=False)
        except Exception:
            continue
        return True
    return False


@pytest.mark.parametrize("case", GOLDEN["sign"], ids=by_name)
def test_the_public_library_makes_the_same_signature(case: Mapping[str, Any]) -> None:
    at = datetime.fromtimestamp(case["timestamp"], tz=UTC)

    signature = Webhook(case["secret"]).sign(case["id"], at, case["body"])

    assert signature == case["signature"]


@pytest.mark.parametrize("case", GOLDEN["verify"], ids=by_name)
def test_the_public_library_agrees_on_what_is_accepted(
    case: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted = oracle_accepts(
        monkeypatch, case["secrets"], case["headers"], case["body"], case["now"]
    )

    assert accepted is case["valid"]


def test_there_are_good_and_bad_cases_and_no_name_twice() -> None:
    names = [case["name"] for case in GOLDEN["sign"] + GOLDEN["verify"]]

    assert len(names) == len(set(names))
    assert {case["valid"] for case in GOLDEN["verify"]} == {True, False}


@pytest.mark.parametrize("case", GOLDEN["sign"], ids=by_name)
def test_we_make_the_same_signature(case: Mapping[str, Any]) -> None:
    made = sign(case["secret"], case["id"], case["timestamp"], case["body"].encode())

    assert made == case["signature"]


@pytest.mark.parametrize("case", GOLDEN["verify"], ids=by_name)
def test_we_agree_on_what_is_accepted(case: Mapping[str, Any]) -> None:
    now = datetime.fromtimestamp(case["now"], tz=UTC)
    refused = nullcontext() if case["valid"] else pytest.raises(SignatureError)

    with refused:
        verify(case["secrets"], case["headers"], case["body"].encode(), now)
