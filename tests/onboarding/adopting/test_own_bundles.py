"""What Bowline wrote for Spinnaker itself is adopted without a loss."""

from __future__ import annotations

import pytest

from onboarding.accounts_file import read_accounts_file
from onboarding.adopting.report import accounts_file, report_of
from onboarding.adopting.sources.reading import read_sources
from onboarding.providers.base import providers_of
from onboarding.topology import Permissions
from tests.bundles import core, files_of, staging
from tests.factories import topology
from tests.onboarding.adopting.documents import kinds, outcomes


@pytest.mark.parametrize(
    "part",
    [
        "clouddriver/clouddriver-local.yml",
        "operator/spinnakerservice.yml",
        "kustomize/",
    ],
)
def test_a_bundle_is_adopted_as_what_it_was_made_of(part: str) -> None:
    permissions = Permissions(("readers", "team b"), ("writers",))
    described = topology(core(), staging(environment="stage", permissions=permissions))
    files = {
        path: text.encode()
        for path, text in files_of(described).items()
        if path.startswith(part)
    }

    report = report_of(read_sources(files))

    file = read_accounts_file(accounts_file(report.taken).encode())
    for was, found in zip(
        described.managed, (one.managed for one in file.accounts), strict=True
    ):
        assert (found.name, found.account_id) == (was.name, was.account_id)
        assert found.environment == was.environment
        assert {*found.regions} == {*was.regions}
        assert found.permissions == was.permissions
        assert {one.key for one in providers_of(found)} == {
            one.key for one in providers_of(was) if one.key != "eks"
        }
    assert outcomes(report)["core"] == outcomes(report)["staging-ecs"] == "taken"
    assert kinds(report) <= {"primary-account"}


def test_a_provider_that_is_off_and_empty_is_no_finding() -> None:
    files = {"clouddriver.yml": b"aws: {enabled: false, accounts: []}"}

    assert kinds(report_of(read_sources(files))) == set()
