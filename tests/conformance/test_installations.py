"""The bundle in each kind of installation, judged by Clouddriver's own classes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import yaml

from onboarding.topology import Topology
from tests.bundles import core, files_of, staging, with_every_provider
from tests.conformance.clouddriver import Clouddriver
from tests.conformance.expected import (
    KINDS,
    Stock,
    account_as,
    accounts_with,
    assert_loads,
)
from tests.factories import topology

PROFILE = "hal/profiles/clouddriver-local.yml"
BASE = Path(__file__).parent.parent / "data" / "spinnaker-kustomize" / "base"
Files: TypeAlias = dict[str, str]


def without_aliases(value: Any) -> str:
    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    return yaml.dump(value, Dumper=Dumper)


def written_by_halyard(aws: dict[str, Any]) -> str:
    """Write clouddriver.yml as Halyard does: all of a provider, under its name."""
    of_itself = {
        "defaultKeyPairTemplate": "{{name}}-keypair",
        "defaultRegions": [{"name": "us-west-2"}],
        "defaults": {"iamRole": "BaseIAMRole"},
        "features": {"lambda": {"enabled": False}},
        "lambda": {"enabled": False},
    }
    return without_aliases({"aws": {**of_itself, **aws}})


def with_halyard(bundled: Topology, *theirs: dict[str, Any]) -> Files:
    files = files_of(bundled)
    known = yaml.safe_load(files["hal/accounts.yml"])
    aws = {
        "enabled": True,
        "accounts": [*known["aws"], *theirs],
        "primaryAccount": known["primary"],
        # As `hal config features edit` leaves it.
        "features": {"lambda": {"enabled": True}},
        "lambda": {"enabled": True},
    }
    return {
        "clouddriver.yml": written_by_halyard(aws),
        "clouddriver-local.yml": files[PROFILE],
    }


def with_the_operator(bundled: Topology) -> Files:
    """Take the patch apart, as the operator and the Halyard beside it do."""
    patch = yaml.safe_load(files_of(bundled)["operator/spinnakerservice.yml"])
    spinnaker = patch["spec"]["spinnakerConfig"]
    profile = spinnaker["profiles"]["clouddriver"]
    return {
        "clouddriver.yml": written_by_halyard(spinnaker["config"]["providers"]["aws"]),
        "clouddriver-local.yml": without_aliases(profile),
    }


def with_kustomize(bundled: Topology) -> Files:
    ours = files_of(bundled)["kustomize/clouddriver-local.yml"]
    return {
        "spinnaker.yml": (BASE / "spinnaker.yml").read_text(),
        "clouddriver.yml": (BASE / "clouddriver/files/clouddriver.yml").read_text(),
        "bowline/clouddriver-local.yml": ours,
    }


LAMBDA = "aws.lambda.enabled"
WAYS: dict[str, tuple[Callable[[Topology], Files], Stock]] = {
    "Halyard": (with_halyard, Stock("{}-keypair", (LAMBDA, "aws.primaryaccount"))),
    "operator": (with_the_operator, Stock("{}-keypair", (LAMBDA,))),
    "kustomize": (with_kustomize, Stock()),
}


@pytest.mark.smoke
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", WAYS)
def test_clouddriver_loads_what_the_topology_says(
    judge: Clouddriver, way: str, kind: str
):
    files, stock = WAYS[way]

    assert_loads(judge.read_files(files(KINDS[kind])), KINDS[kind], stock)


@pytest.mark.parametrize("way", WAYS)
def test_three_hundred_accounts_load(judge: Clouddriver, way: str):
    files, stock = WAYS[way]
    bundled = accounts_with("external_id", tuple(f"id-{n}" for n in range(300)))

    assert_loads(judge.read_files(files(bundled)), bundled, stock)


def test_the_profile_beside_halyard_hides_no_account(judge: Clouddriver):
    bundled = topology(core(), staging(), base_role="AppRole")
    theirs = {"name": "theirs", "accountId": "955555555555", "assumeRole": "role/x"}
    _, stock = WAYS["Halyard"]

    answer = judge.read_files(with_halyard(bundled, theirs))

    assert answer.names == {"core", "staging", "theirs"}
    assert answer.account("core") == account_as(bundled, core(), stock)
    assert not answer.account("theirs")["launchTemplates"]


def test_the_mounted_file_stands_above_the_bases_own(judge: Clouddriver):
    bundled = with_every_provider()
    theirs = {"clouddriver-local.yml": "aws: {enabled: false, accounts: [{name: x}]}"}

    answer = judge.read_files({**with_kustomize(bundled), **theirs})

    assert_loads(answer, bundled, WAYS["kustomize"][1])


def test_a_mounted_clouddriver_yml_would_stand_below_the_base(judge: Clouddriver):
    files = with_kustomize(with_every_provider())
    ours = files.pop("bowline/clouddriver-local.yml")
    base = "aws: {accounts: [{name: theirs, accountId: '1', assumeRole: role/x}]}\n"

    answer = judge.read_files(
        {**files, "clouddriver.yml": base, "bowline/clouddriver.yml": ours}
    )

    assert answer.names == {"theirs"}
