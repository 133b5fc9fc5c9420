from __future__ import annotations

import ast
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Barrier, Thread
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
import pytest
from botocore import awsrequest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.loaders import JSONFileLoader

from onboarding.aws.session import Credentials, Sessions
from onboarding.aws.shared_clients import (
    CONFIG,
    SERVICES,
    bare_core,
    close_unused_connections,
    load_models,
    shared_client,
    shared_core,
    shared_session,
)
from script.servers import LOOPBACK, wait_until
from tests.test_rights import ROOT, called

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient


@pytest.fixture
def new_process() -> Iterator[None]:
    """Forget what was loaded."""
    kept = (shared_core, shared_session, shared_client)
    for one in kept:
        one.cache_clear()
    yield
    for one in kept:
        one.cache_clear()


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note every file of botocore's that is read."""
    files: list[str] = []
    load_file = JSONFileLoader.load_file

    def noted(self: JSONFileLoader, path: str) -> Any:
        files.append(path)
        return load_file(self, path)

    monkeypatch.setattr(JSONFileLoader, "load_file", noted)
    return files


def test_no_client_reads_a_file_once_the_models_are_loaded(
    new_process: None, read: list[str]
) -> None:
    load_models()
    assert read
    read.clear()

    for service in SERVICES:
        client = Sessions("test").client_with(
            Credentials("a", "b"), service, "eu-west-1"
        )
        client.can_paginate(next(iter(client.meta.method_to_api_mapping)))

    assert read == []


WHO = (
    b"<GetCallerIdentityResponse><GetCallerIdentityResult><Account>1</Account>"
    b"</GetCallerIdentityResult></GetCallerIdentityResponse>"
)


@pytest.fixture
def sent(new_process: None) -> list[AWSPreparedRequest]:
    """Keep what is sent to STS, and answer it."""
    requests: list[AWSPreparedRequest] = []

    def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        requests.append(request)
        raw: Any = SimpleNamespace(stream=lambda: iter([WHO]))
        return AWSResponse(request.url, 200, {}, raw)

    shared_client("sts", "us-east-1").meta.events.register("before-send", answer)
    return requests


def test_what_is_sent_is_encoded_and_signed_once(
    sent: list[AWSPreparedRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[Any] = []
    urlencode = awsrequest.urlencode

    def noted(*given: Any, **options: Any) -> str:
        encoded.append(given)
        return urlencode(*given, **options)

    monkeypatch.setattr(awsrequest, "urlencode", noted)
    Sessions("test").client_with(Credentials("a", "b"), "sts").get_caller_identity()

    (request,) = sent
    signed = request.headers["Authorization"].decode()
    assert request.body == b"Action=GetCallerIdentity&Version=2011-06-15"
    assert len(encoded) == 1
    assert signed.count("Credential=a/") == 1


def test_aws_hears_the_product_and_nothing_of_the_machine(
    sent: list[AWSPreparedRequest],
) -> None:
    Sessions("test").client_with(Credentials("a", "b"), "sts").get_caller_identity()

    (request,) = sent
    boto3s = f"Boto3/{boto3.__version__} Botocore/{botocore.__version__}"
    assert request.headers["User-Agent"].decode() == f"{boto3s} bowline"


class Answering(BaseHTTPRequestHandler):
    """Answers as STS once all callers are there, and keeps each connection open."""

    protocol_version = "HTTP/1.1"
    together: Barrier

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.together.wait(30)
        self.send_response(200)
        self.send_header("Content-Length", str(len(WHO)))
        self.end_headers()
        self.wfile.write(WHO)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def sts(new_process: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[STSClient]:
    with ThreadingHTTPServer((LOOPBACK, 0), Answering) as server:
        server.daemon_threads = True
        url = f"http://{LOOPBACK}:{server.server_port}"
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield Sessions("test").client_with(Credentials("a", "b"), "sts")
        server.shutdown()
        thread.join()


def held(client: Any) -> list[Any]:
    """List the connections that boto3 keeps for a later call."""
    (pool,) = client._endpoint.http_session._manager.pools._container.values()
    assert pool.pool.qsize() == CONFIG.max_pool_connections
    return [one for one in pool.pool.queue if one]


def test_connections_that_no_call_uses_are_closed(sts: STSClient) -> None:
    """And those in use are not: a call that is on its way gets its answer."""
    Answering.together = Barrier(5)
    with ThreadPoolExecutor(5) as pool:
        answers = [pool.submit(sts.get_caller_identity) for _ in range(5)]
    assert [answer.result()["Account"] for answer in answers] == ["1"] * 5
    kept = held(sts)
    assert len(kept) == 5

    Answering.together = Barrier(2)
    with ThreadPoolExecutor(1) as pool:
        on_its_way = pool.submit(sts.get_caller_identity)
        wait_until(lambda: Answering.together.n_waiting == 1, what="the call")
        close_unused_connections()
        Answering.together.wait(30)

    assert on_its_way.result()["Account"] == "1"
    assert sorted(one.sock is None for one in kept) == [False, True, True, True, True]
    assert len(held(sts)) == 1


def test_own_credentials_are_looked_for_as_boto3_does() -> None:
    """A pod's token is sent unsigned: one of boto3's handlers sees to it."""
    asked = "choose-signer.sts.AssumeRoleWithWebIdentity"
    known = {"context": {}, "signing_name": "sts"}
    theirs = botocore.session.Session().get_component("event_emitter")
    first, second = (bare_core().get_component("event_emitter") for _ in range(2))
    first.register(asked, lambda **_: "only the first one's")

    expected = theirs.emit(asked, **known)
    assert expected
    assert second.emit(asked, **known) == expected


def test_every_service_that_bowline_calls_is_among_them() -> None:
    named = {action.split(":")[0] for action in called()}
    as_data = {
        ast.literal_eval(call.args[0])
        for path in (ROOT / "onboarding").rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "Call"
    }

    assert {"ec2", "ecs", "elbv2"} <= as_data
    assert named | as_data == set(SERVICES)
