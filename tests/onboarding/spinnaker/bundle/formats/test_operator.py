"""operator/: merged by real kubectl, its config judged as strictly as hal's own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from onboarding.spinnaker.bundle import bundle_files
from onboarding.spinnaker.bundle.limits import APPLY
from onboarding.spinnaker.halconfig.parsing import read_halconfig
from onboarding.topology import Permissions, PodRole, Topology
from tests.bundles import core, eks, files_of, had_by, staging, with_every_provider
from tests.factories import managed, provider, topology
from tests.kubernetes import validate

KUBECTL = str(Path(sys.executable).parent / "kubectl")
TREE = Path(__file__).parents[4] / "data" / "spinnaker-operator"


def spec(bundled: Topology) -> dict[str, Any]:
    found = yaml.safe_load(files_of(bundled)["operator/spinnakerservice.yml"])
    assert (found["apiVersion"], found["kind"]) == (
        "spinnaker.io/v1alpha2",
        "SpinnakerService",
    )
    return dict(found["spec"])


def providers(bundled: Topology) -> dict[str, Any]:
    return dict(spec(bundled)["spinnakerConfig"]["config"]["providers"])


def test_a_provider_whose_last_account_left_is_emptied():
    bundled, had = topology(core()), had_by(with_every_provider())

    files = bundle_files(bundled, {"core": "verified"}, before=had)

    (text,) = (file.text for file in files if file.path.endswith("nakerservice.yml"))
    found = yaml.safe_load(text)["spec"]["spinnakerConfig"]["config"]["providers"]
    none = {"enabled": False, "accounts": []}
    assert [account["name"] for account in found.pop("aws")["accounts"]] == ["core"]
    assert found == {"ecs": none, "kubernetes": none}
    assert list(providers(bundled)) == ["aws"]


@pytest.mark.parametrize(
    "bundled",
    [
        with_every_provider(),
        with_every_provider(partition="aws-us-gov"),
        topology(
            managed(
                provider("ec2", key_pair="ops"),
                provider("lambda"),
                environment="staging",
                external_id="007",
                permissions=Permissions(("dev",), ("ops team",)),
            )
        ),
        topology(managed(eks({"namespaces": ["web"]}))),
    ],
    ids=["all", "GovCloud", "details", "eks"],
)
def test_hals_strict_reader_takes_the_config(bundled: Topology):
    config = spec(bundled)["spinnakerConfig"]["config"]
    halconfig = {"deploymentConfigurations": [{"name": "default", **config}]}

    found = read_halconfig(json.dumps(halconfig).encode())

    assert found.notes == ()


def test_an_account_says_the_same_as_in_hals_own_words():
    files = files_of(with_every_provider())
    told = json.loads(files["hal/accounts.yml"])

    found = providers(with_every_provider())

    assert found["aws"]["accounts"] == told["aws"]
    assert found["ecs"]["accounts"] == told["ecs"]


def test_the_managing_account_comes_first_which_is_primary_where_none_is_named():
    aws = providers(topology(staging(), core()))["aws"]

    assert [account["name"] for account in aws["accounts"]] == ["core", "staging"]


def test_in_another_partition_the_default_regions_are_of_it():
    bundled = topology(core(regions=("us-gov-west-1",)), partition="aws-us-gov")

    assert providers(bundled)["aws"]["defaultRegions"] == [{"name": "us-gov-west-1"}]


def test_ids_with_a_leading_zero_stay_texts():
    one = managed(provider("ec2"), account_id="012345670123", external_id="1e5")

    (account,) = providers(topology(one))["aws"]["accounts"]

    assert (account["accountId"], account["externalId"]) == ("012345670123", "1e5")


def test_merging_keeps_what_stands_beside_it(tmp_path: Path):
    tree = tmp_path / "tree"
    shutil.copytree(TREE, tree)
    text = files_of(with_every_provider())["operator/spinnakerservice.yml"]
    (tree / "patch.yml").write_text(text)

    done = subprocess.run(
        [KUBECTL, "kustomize", str(tree)], capture_output=True, text=True, check=True
    )

    merged = yaml.safe_load(done.stdout)["spec"]
    assert merged["expose"] == {"type": "service"}
    config = merged["spinnakerConfig"]["config"]
    assert config["persistentStorage"]["s3"]["bucket"] == "spinnaker-data"
    assert config["providers"]["dockerRegistry"] == {"enabled": True}
    assert config["providers"]["aws"]["defaultRegions"] == [{"name": "us-west-2"}]
    assert len(config["providers"]["aws"]["accounts"]) == 2
    assert config["providers"]["aws"]["primaryAccount"] == "staging"
    profiles = merged["spinnakerConfig"]["profiles"]
    assert profiles["clouddriver"]["redis"] == {"enabled": True}
    assert profiles["clouddriver"]["aws"]["defaults"] == {"iamRole": "BaseIAMRole"}


@pytest.mark.parametrize(
    ("service", "file"),
    [("clouddriver", "clouddriver-local.yml"), ("orca", "orca-local.yml")],
)
def test_profiles_are_what_hals_folder_of_that_name_holds(service: str, file: str):
    bundled = with_every_provider(bakes=True)

    found = spec(bundled)["spinnakerConfig"]["profiles"][service]

    assert found == yaml.safe_load(files_of(bundled)[f"hal/profiles/{file}"])


def test_decks_settings_are_one_text_under_their_own_name():
    bundled = with_every_provider()

    found = spec(bundled)["spinnakerConfig"]["profiles"]["deck"]["settings-local.js"]

    profile = files_of(bundled)["hal/profiles/settings-local.js"]
    assert found == profile.split("\n", 1)[1]


def test_clusters_alone_need_no_profile():
    assert "profiles" not in spec(topology(managed(eks())))["spinnakerConfig"]


def test_a_pod_role_comes_with_its_service_account():
    pod = PodRole("spin", "core", "us-east-1", "spinnaker", "spinnaker-aws", "i/id/1")

    found = spec(with_every_provider(identity=pod))["spinnakerConfig"]

    assert found["service-settings"] == {
        "clouddriver": {"kubernetes": {"serviceAccountName": "spinnaker-aws"}}
    }


def test_an_instance_role_changes_no_service_settings():
    assert "service-settings" not in spec(topology(core()))["spinnakerConfig"]


# The operator's own checks


def test_its_check_of_aws_is_off_since_spinnaker_has_no_access_key():
    """It answers “AccessKeyId is missing”, whether or not there is a Lambda."""
    found = spec(topology(core()))["validation"]["providers"]

    assert found == {"aws": {"enabled": False}}


def test_its_check_of_lambda_knows_no_external_id_and_finds_nothing_to_check():
    one = managed(provider("lambda"), external_id="e1")

    found = spec(topology(one))

    assert found["validation"]["providers"]["lambda"] == {"enabled": False}
    config = found["spinnakerConfig"]
    assert config["config"]["providers"]["aws"]["features"]["lambda"]["enabled"]
    assert config["config"]["providers"]["aws"]["lambda"]["enabled"]
    # What it would check stands in the profile; the accounts are in the config.
    assert "accounts" not in config["profiles"]["clouddriver"]["aws"]
    assert "features" not in config["profiles"]["clouddriver"]["aws"]


def test_without_lambda_its_switch_is_left_alone():
    aws = providers(topology(core()))["aws"]

    assert "lambda" not in aws
    assert "features" not in aws


def test_its_check_of_clusters_is_off_since_it_is_not_spinnakers_identity():
    found = spec(topology(managed(eks())))["validation"]["providers"]

    assert found == {"kubernetes": {"enabled": False}}


# Kubeconfigs


def secrets(bundled: Topology) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(files_of(bundled)["operator/kubeconfigs.yml"]))


def test_each_cluster_names_its_kubeconfig_in_a_secret():
    bundled = topology(managed(eks({"name": "apps"}, {"name": "jobs"})))

    accounts = providers(bundled)["kubernetes"]["accounts"]

    (secret,) = secrets(bundled)
    for account in accounts:
        name, key = (
            account["kubeconfigFile"].removeprefix("encryptedFile:k8s!n:").split("!k:")
        )
        assert name == secret["metadata"]["name"]
        path = f"kubernetes/{account['name']}/kubeconfig.yml"
        assert secret["stringData"][key] == files_of(bundled)[path]


def test_many_kubeconfigs_take_several_secrets_that_can_be_applied():
    large = "A" * 1500
    clusters = [{"name": f"c{n}", "certificate_authority": large} for n in range(120)]
    bundled = topology(managed(eks(*clusters)))

    found = secrets(bundled)

    assert len(found) == 3
    for secret in found:
        validate(secret, "1.33")
        assert len(str(secret)) < APPLY
    text = files_of(bundled)["operator/spinnakerservice.yml"]
    assert "n:bowline-kubeconfigs-3!k:staging-c119.yml" in text


def test_without_clusters_there_is_no_secret():
    assert "operator/kubeconfigs.yml" not in files_of(topology(core()))


def test_what_no_object_holds_is_left_out_and_said():
    accounts = (
        managed(
            provider("ec2"),
            name=f"account-{n}",
            account_id=f"{n:012}",
            external_id="a-long-external-id" * 5,
        )
        for n in range(4_000)
    )

    files = files_of(topology(*accounts, organization="o-a1b2c3d4e5"))

    assert not any(path.startswith("operator/") for path in files)
    assert "do not fit into one SpinnakerService" in files["README.md"]
