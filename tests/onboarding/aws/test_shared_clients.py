from __future__ import annotations

import ast
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import botocore.session
import pytest
from botocore import awsrequest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.loaders import JSONFileLoader

from onboarding.aws.session import Credentials, Sessions
from onboarding.aws.shared_clients import (
    SERVICES,
    bare_core,
    load_models,
    shared_client,
    shared_core,
    shared_session,
)
from tests.test_rights import ROOT, called


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
