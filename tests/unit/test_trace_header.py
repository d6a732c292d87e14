"""A trace goes on behind a queue: boto3 tells SQS of it, as long as Lambda tells boto3."""

from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from shared.aws.queue import tutor_queue

TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"


def test_a_message_bears_the_trace_of_the_function_that_sends_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "score_tutor")
    monkeypatch.setenv("_X_AMZN_TRACE_ID", TRACE)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    queue = tutor_queue("https://sqs.us-east-1.amazonaws.com/123456789012/churn")
    sent: list[Any] = []

    def note(request: Any, **_: Any) -> None:
        sent.append(request.headers["X-Amzn-Trace-Id"])
        raise EndpointConnectionError(endpoint_url=request.url)

    queue.client.meta.events.register_first("before-send.sqs.*", note)
    queue.ask(["t-7"])

    assert set(sent) == {TRACE.encode()}
