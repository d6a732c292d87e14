"""Where boto3 meets the simulation: a call leaves botocore as a request and comes back as bytes.

Of boto3, all that decides is as it is: how a request is written and an answer read, what is tried
again and how often. Only sending and sleeping are the world's, and nobody looks at signatures and
user agents, which would be two fifths of the work.
"""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from types import SimpleNamespace
from typing import Any, ClassVar, Final
from urllib.parse import parse_qsl

import boto3
import botocore
import botocore.endpoint
import botocore.retries.standard
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.retries.quota import RetryQuota
from botocore.useragent import UserAgentString

import shared.aws.table

FORMS: Final = ("ses",)
"""Services that are asked by forms and answer in XML; the others speak JSON."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request: which service, which operation, what is asked."""

    service: str
    operation: str
    asked: dict[str, Any]
    url: str


@dataclass(slots=True)
class Wire:
    """Who answers calls now, and who is told that a caller waits."""

    answer: Callable[[Call], AWSResponse]
    sleep: Callable[[float], None]


WIRE = Wire(answer=lambda call: refusal(call, "NobodyListens"), sleep=lambda seconds: None)


def attach() -> None:
    """Lead all clients that the default session makes from now on over the wire."""
    boto3.setup_default_session(
        aws_access_key_id="simulated", aws_secret_access_key="simulated", region_name="us-east-1"
    )
    session: Any = boto3.DEFAULT_SESSION
    session.events.register("before-send", _sent)
    session.events.register("choose-signer", lambda **_: botocore.UNSIGNED)
    UserAgentString.to_string = lambda self: "simulation"  # type: ignore[method-assign]
    vars(botocore.retries.standard.quota)["RetryQuota"] = _Quota
    clock: Any = SimpleNamespace(sleep=lambda seconds: WIRE.sleep(seconds), time=lambda: 0.0)
    for module in (botocore.endpoint, shared.aws.table):
        vars(module)["time"] = clock


class _Quota(RetryQuota):
    """How often a client may try again, until the next history begins."""

    made: ClassVar[list["_Quota"]] = []

    def __init__(self, **how: Any) -> None:
        super().__init__(**how)
        self.made.append(self)


def begin(seed: int) -> None:
    """Let clients and what they draw by lot begin as if they were new."""
    random.seed(seed)
    for quota in _Quota.made:
        quota.release(quota.INITIAL_CAPACITY)


def _sent(request: Any, event_name: str, **_: Any) -> AWSResponse:
    service, operation = event_name.split(".")[1:]
    asked = _form(request.body) if service in FORMS else json.loads(request.body or b"{}")
    return WIRE.answer(Call(service, operation, asked, request.url))


def _form(body: bytes | str) -> dict[str, Any]:
    text = body.decode() if isinstance(body, bytes) else body
    return dict(parse_qsl(text, keep_blank_values=True))


def success(call: Call, told: dict[str, Any]) -> AWSResponse:
    """An answer as the service's protocol carries it."""
    if call.service in FORMS:
        fields = "".join(f"<{name}>{value}</{name}>" for name, value in told.items())
        result = f"<{call.operation}Result>{fields}</{call.operation}Result>"
        return _response(
            call, 200, f"<{call.operation}Response>{result}</{call.operation}Response>"
        )
    return _response(call, 200, json.dumps(told))


def content(call: Call, found: bytes) -> AWSResponse:
    """An object as it stands in a bucket."""
    return AWSResponse(call.url, 200, HTTPHeaders(), _Body(found))


def refusal(call: Call, code: str, **told: object) -> AWSResponse:
    """An error of the service; of throttling and our own errors alike."""
    if call.service == "s3":
        return _response(call, 503, f"<Error><Code>{code}</Code></Error>")
    if call.service in FORMS:
        said = f"<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>"
        return _response(call, 400, said)
    return _response(call, 400, json.dumps({"__type": code, "message": code, **told}))


def _response(call: Call, status: int, text: str) -> AWSResponse:
    headers: Any = {"content-type": "application/x-amz-json-1.0"}
    return AWSResponse(call.url, status, headers, _Body(text.encode()))


class _Body(BytesIO):
    def stream(self, **_: Any) -> Any:
        """The whole at once, as urllib3 would hand it over in pieces."""
        yield self.read()
