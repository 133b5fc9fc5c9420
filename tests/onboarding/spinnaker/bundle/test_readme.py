from __future__ import annotations

import re

import pytest

from onboarding import VERSION
from onboarding.spinnaker.bundle import bundle_files
from onboarding.topology import PodRole, Topology
from tests.bundles import core, eks, files_of, staging, with_every_provider
from tests.factories import managed, provider, topology


def readme(bundled: Topology) -> str:
    return files_of(bundled)["README.md"]


def test_it_names_each_account_with_its_state():
    states = {"core": "verified", "staging": "evaluated"}

    text = bundle_files(with_every_provider(), states)[0].text

    assert f"Bowline {VERSION} wrote this bundle." in text
    assert "| core | 911111111111 | EC2 | verified |" in text
    assert "| staging | 922222222222 | EC2, ECS, Lambda, EKS | evaluated |" in text


BUNDLES = pytest.mark.parametrize(
    "bundled",
    [with_every_provider(bakes=True), topology(core()), topology(managed(eks()))],
    ids=["all", "ec2", "eks"],
)


@BUNDLES
def test_it_explains_each_folder_and_each_file_beside_them(bundled: Topology):
    files = files_of(bundled)
    beside = {path.partition("/")[0] + "/" * ("/" in path) for path in files}

    unexplained = [one for one in beside - {"README.md"} if one not in readme(bundled)]

    assert len(beside) > 5
    assert unexplained == []


@BUNDLES
def test_every_file_that_it_names_is_in_the_bundle(bundled: Topology):
    files = files_of(bundled)

    named = re.findall(
        r"(?:hal|clouddriver|kustomize|operator|kubernetes|aws)/[\w./-]*\w\.\w+",
        readme(bundled),
    )

    assert named
    assert set(named) - {"kubernetes/NAME/kubeconfig.yml"} <= set(files)


@pytest.mark.parametrize(
    "title",
    [
        "Prove it",
        "With Halyard",
        "Without Halyard",
        "With spinnaker-kustomize",
        "With the operator",
        "See",
    ],
)
def test_it_tells_what_to_run_and_how_to_see_it(title: str):
    assert re.search(f"^## .*{title}", readme(with_every_provider()), re.MULTILINE)


def test_it_tells_for_each_installation_how_to_undo():
    assert readme(with_every_provider()).count("Undo:") == 4


def test_it_tells_which_cluster_of_the_base_is_hidden_only_with_clusters():
    assert "account `managing`" in readme(with_every_provider())
    assert "account `managing`" not in readme(topology(core()))


def test_it_tells_which_service_account_gets_the_role():
    pod = PodRole("spin", "core", "us-east-1", "spinnaker", "clouddriver", "i/id/1")

    text = readme(with_every_provider(identity=pod))

    assert "gives the service account `clouddriver` its role" in text


def test_it_shows_the_way_into_clusters_of_others_first():
    text = readme(topology(managed(eks({"access": "aws-auth"}))))

    assert text.index("kubernetes/staging-apps/access.md") < text.index("hal/apply.sh")


def test_long_lists_of_accounts_are_cut():
    accounts = [
        managed(provider("ec2"), name=f"a{n}", account_id=f"{n:012}") for n in range(60)
    ]

    text = readme(topology(*accounts))

    assert "| and 10 more, in manifest.json |" in text
    assert "`a0`, `a1`, `a2`, `a3`, `a4` and 55 more." in text
    assert "takes about 3 minutes" in text


def test_fields_that_hal_cannot_have_are_named_with_their_accounts() -> None:
    carried = {
        "aws": {
            "accountType": "main",
            "edda": "https://edda",
            "lifecycleHooks": [{"lifecycleTransition": "other"}],
            "permissions": {"EXECUTE": ["sre"]},
            "regions": [{"name": "us-east-1", "preferredZones": ["us-east-1a"]}],
        },
        "ecs": {"namingStrategy": "tags"},
    }

    said = files_of(topology(core(), staging(carried=carried)))["README.md"]

    place, option = (
        said.partition(start)[2].partition("\n\n")[0].replace("\n", " ")
        for start in ("no place for fields", "doesn't add these fields")
    )
    assert "`staging` (accountType, regions), `staging-ecs` (namingStrategy)." in place
    assert "`staging` (lifecycleHooks, permissions)." in option
    plain = files_of(topology(core(), staging()))["README.md"]
    assert "no place for fields" not in plain
    assert "doesn't add these fields" not in plain
