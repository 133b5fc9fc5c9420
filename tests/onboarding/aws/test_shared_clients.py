from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.loaders import JSONFileLoader

from onboarding.aws.session import Credentials, Sessions
from onboarding.aws.shared_clients import (
    SERVICES,
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
