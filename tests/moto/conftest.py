"""Fixtures: moto's server out of its own environment, and Bowline in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from script.servers import LOOPBACK, answers, free_port, serving
from tests.moto.accounts import Accounts
from tests.moto.gaps import JsonIsJson, Simulator, TwentyMembersAPage
from tests.strict_aws.calls import calls as calls
from tests.strict_aws.proxy import strict_aws

SERVER = Path("var/moto/bin/moto_server")


@pytest.fixture(scope="session")
def moto(moto_server: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the endpoint of a moto that knows AWS's own policies."""
    log = tmp_path_factory.mktemp("moto") / "moto.log"
    with serving_moto(moto_server, log, MOTO_IAM_LOAD_MANAGED_POLICIES="true") as url:
        yield url


@pytest.fixture(scope="session")
def moto_without_policies(
    moto_server: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Yield the endpoint of a quicker moto: the other makes AWS's own policies again
    in each account.
    """
    log = tmp_path_factory.mktemp("moto") / "moto.log"
    with serving_moto(moto_server, log) as url:
        yield url


@pytest.fixture(scope="session")
def moto_server() -> Path:
    """Give moto's server. Where it is not installed, skip; in CI, fail."""
    if not SERVER.exists():
        missing = "moto is not installed. Run script/setup moto, which needs PyPI."
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return SERVER


@contextmanager
def serving_moto(server: Path, log: Path, **settings: str) -> Iterator[str]:
    port = free_port()
    endpoint = f"http://{LOOPBACK}:{port}"
    inherited = {
        name: value
        for name, value in os.environ.items()
        # MOTO_ACCOUNT_ID would make all accounts one.
        if not name.startswith(("AWS_", "COVERAGE_", "MOTO_", "PYTHON"))
    }
    with serving(
        [str(server), "--host", LOOPBACK, "--port", str(port)],
        environment=inherited | settings,
        log=log,
        ready=lambda: answers(f"{endpoint}/moto-api/data.json"),
    ):
        yield endpoint


@contextmanager
def as_bowline(accounts: Accounts) -> Iterator[Accounts]:
    """Let this process be Bowline there. In front of moto is what it is missing."""
    gaps = (Simulator(), JsonIsJson(), TwentyMembersAPage())
    with (
        strict_aws(accounts.endpoint, accounts.managing_id, *gaps) as aws,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in accounts.seed().items():
            patch.setenv(name, value)
        patch.setenv("AWS_ENDPOINT_URL", aws.endpoint)
        yield accounts
