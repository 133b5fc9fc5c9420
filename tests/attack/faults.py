"""An AWS that fails at the network: 500, throttled, a web page, cut off, no answer; and
a clock on which waiting for it takes no time.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, NamedTuple

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.client import BaseClient
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from botocore.httpsession import URLLib3Session
from urllib3.response import HTTPResponse

from onboarding.aws.session import Clock
from tests.strict_aws.answer import WRITERS, Answer, Refusal
from tests.strict_aws.request import READS, Request
from tests.strict_aws.trouble import Throttling

PAGE = Answer(200, {"Content-Type": "text/html"}, b"<html><p>Sign in<br></html>")
GATEWAY = Answer(502, {"Content-Type": "text/html"}, b"<html><p>Bad Gateway<br></html>")
ATTEMPTS = 3
"""So often boto3 sends a call by itself."""


class Call(NamedTuple):
    service: str
    operation: str
    protocol: str

    @property
    def name(self) -> str:
        return f"{self.service}:{self.operation}"

    @property
    def is_read(self) -> bool:
        return self.operation.startswith((*READS, "AssumeRole"))


Fault = Callable[[Call], Answer]
CALL: ContextVar[Call] = ContextVar("CALL")


def as_request(call: Call) -> Request:
    protocol = call.protocol if call.protocol in WRITERS else "json"
    return Request(call.service, "", call.operation, "", protocol, {}, "")


def fails(call: Call) -> Answer:
    return Refusal("InternalFailure", "It failed.", 500).answer(as_request(call))


def throttles(call: Call) -> Answer:
    return Throttling().refusal(as_request(call)).answer(as_request(call))


def is_cut_off(call: Call) -> Answer:
    raise ConnectionClosedError(endpoint_url="https://aws.example")


def is_lost(call: Call) -> Answer:
    """AWS does what it is asked, and its answer is cut off."""
    raise ConnectionClosedError(endpoint_url="https://aws.example")


def is_silent(call: Call) -> Answer:
    raise ReadTimeoutError(endpoint_url="https://aws.example")


def is_a_bad_gateway(call: Call) -> Answer:
    return GATEWAY


def is_a_page(call: Call) -> Answer:
    return PAGE


PASSING: tuple[Fault, ...] = (fails, throttles, is_lost, is_silent, is_a_bad_gateway)
"""What is over when the same is asked again."""
LASTING: tuple[Fault, ...] = (
    fails,
    throttles,
    is_cut_off,
    is_silent,
    is_a_bad_gateway,
    is_a_page,
)

Decide = Callable[[Call, AWSPreparedRequest], Fault | None]


class Network:
    """What is between boto3 and AWS: it answers itself where `decide` names a fault."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.decide: Decide = lambda call, request: None
        self.calls: dict[str, Call] = {}
        """Every operation that was sent, in the order of their first time."""
        self.hit: list[str] = []
        ask, send = BaseClient._make_api_call, URLLib3Session.send

        def asking(client: BaseClient, operation: str, given: Any) -> Any:
            model = client.meta.service_model
            token = CALL.set(Call(model.service_name, operation, model.protocol))
            try:
                return ask(client, operation, given)
            finally:
                CALL.reset(token)

        def sending(session: URLLib3Session, request: AWSPreparedRequest) -> Any:
            call = CALL.get()
            self.calls.setdefault(call.name, call)
            fault = self.decide(call, request)
            if fault is None:
                return send(session, request)
            self.hit.append(call.name)
            if fault is is_lost:
                send(session, request)
            return response(fault(call), request.url)

        patch.setattr(BaseClient, "_make_api_call", asking)
        patch.setattr(URLLib3Session, "send", sending)


class Hurried:
    """A clock on which waiting takes no time, and is over all the same."""

    def __init__(self) -> None:
        self.time = 0.0
        self.clock = Clock(now=lambda: self.time, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        self.time += seconds


def response(answer: Answer, url: str) -> AWSResponse:
    raw = HTTPResponse(io.BytesIO(answer.body), preload_content=False)
    return AWSResponse(url, answer.status, answer.headers, raw)
