"""Where boto3 meets the simulation: a call leaves botocore as a request and comes back as bytes.

Of boto3, all that decides is as it is: how a request is written and an answer read, what is tried
again and how often. Only sending and sleeping are the world's, and nobody looks at signatures and
user agents, which would be two fifths of the work.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import boto3
import botocore
import botocore.endpoint
from botocore.awsrequest import AWSResponse
from botocore.useragent import UserAgentString

import shared.aws.table


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
    clock: Any = SimpleNamespace(sleep=lambda seconds: WIRE.sleep(seconds))
    for module in (botocore.endpoint, shared.aws.table):
        vars(module)["time"] = clock


def _sent(request: Any, event_name: str, **_: Any) -> AWSResponse:
    service, operation = event_name.split(".")[1:]
    asked = json.loads(request.body) if request.body else {}
    return WIRE.answer(Call(service, operation, asked, request.url))


def success(call: Call, told: dict[str, Any]) -> AWSResponse:
    """An answer as the JSON protocols carry it."""
    return _response(call, 200, told)


def refusal(call: Call, code: str, **told: object) -> AWSResponse:
    """An error of the service; of throttling and our own errors alike."""
    return _response(call, 400, {"__type": code, "message": code, **told})


def _response(call: Call, status: int, told: dict[str, Any]) -> AWSResponse:
    headers: Any = {"content-type": "application/x-amz-json-1.0"}
    return AWSResponse(call.url, status, headers, _Body(json.dumps(told).encode()))


class _Body(BytesIO):
    def stream(self, **_: Any) -> Any:
        """The whole at once, as urllib3 would hand it over in pieces."""
        yield self.read()
