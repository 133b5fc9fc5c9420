"""Fixtures: Clouddriver's own classes, which most machines must first be given."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.conformance.clouddriver import Clouddriver, clouddriver, missing


@pytest.fixture(scope="session")
def java() -> None:
    """Skip where Java or Maven is missing; in CI, fail."""
    if absent := missing():
        if os.environ.get("CI") == "true":
            pytest.fail(absent)
        pytest.skip(absent)


@pytest.fixture(scope="session")
def judge(
    java: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Clouddriver]:
    with clouddriver(tmp_path_factory.mktemp("clouddriver")) as running:
        yield running
