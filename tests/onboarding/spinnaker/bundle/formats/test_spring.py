"""clouddriver-local.yml and orca-local.yml, by the traps that Clouddriver sets."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from onboarding.spinnaker.bundle.formats.kubeconfig import KUBECONFIGS
from onboarding.spinnaker.entries import WouldBeMisread
from onboarding.topology import Managed, Permissions, Topology
from tests.bundles import core, eks, files_of, staging, with_every_provider
from tests.factories import managed, provider, topology

WHOLE = "clouddriver/clouddriver-local.yml"
PROFILE = "hal/profiles/clouddriver-local.yml"


def read(bundled: Topology, path: str = WHOLE) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(files_of(bundled)[path])
    return found


def account(**fields: Any) -> dict[str, Any]:
    (found,) = read(topology(managed(provider("ec2"), **fields)))["aws"]["accounts"]
    return dict(found)


def test_an_account_says_what_the_topology_says():
    one = managed(
        provider("ec2", key_pair="ops"),
        provider("lambda"),
        environment="staging",
        external_id="e1",
        permissions=Permissions(("dev",), ("ops team",)),
    )

    (found,) = read(topology(one))["aws"]["accounts"]

    assert found == {
        "name": "staging",
        "environment": "staging",
        "accountId": "922222222222",
        "regions": [{"name": "us-east-1"}, {"name": "us-west-2"}],
        "assumeRole": "role/spinnakerManaged",
        "sessionName": "Spinnaker",
        "externalId": "e1",
        "defaultKeyPair": "ops",
        "lambdaEnabled": True,
        "permissions": {"READ": ["dev"], "WRITE": ["ops team"]},
    }


def test_the_managing_account_comes_first():
    accounts = read(topology(staging(), core()))["aws"]["accounts"]

    assert [one["name"] for one in accounts] == ["core", "staging"]


def test_an_account_id_of_octal_digits_stays_a_text():
    assert account(account_id="012345670123")["accountId"] == "012345670123"


def test_regions_are_objects_since_texts_stop_the_start():
    assert account()["regions"][0] == {"name": "us-east-1"}


@pytest.mark.parametrize(
    "external_id", ["007", "12:30:45", "0x1F", "1e5", "yes", "a #b"]
)
def test_an_external_id_is_never_a_number(external_id: str):
    assert account(external_id=external_id)["externalId"] == external_id


def test_an_empty_external_id_is_left_out_since_sts_refuses_it():
    assert "externalId" not in account()


def test_empty_permissions_are_left_out_and_mean_everybody():
    assert "permissions" not in account()


def test_default_regions_are_always_written_since_no_account_loads_without():
    assert read(topology(staging()))["aws"]["defaultRegions"][0] == {
        "name": "us-east-1"
    }


def test_default_assume_role_is_always_written_since_accounts_lose_theirs_without():
    aws = read(topology(staging()))["aws"]

    assert aws["defaultAssumeRole"] == "role/spinnakerManaged"


@pytest.mark.parametrize("partition", ["aws-us-gov", "aws-cn"])
def test_role_arns_are_whole_outside_partition_aws(partition: str):
    aws = read(topology(managed(provider("ec2")), partition=partition))["aws"]

    role = f"arn:{partition}:iam::{{}}:role/spinnakerManaged"
    assert aws["accounts"][0]["assumeRole"] == role.format("922222222222")
    assert aws["defaultAssumeRole"] == role.format("{{accountId}}")


@pytest.mark.parametrize("name", ["my-aws-cn-role", "aws-us-gov"])
def test_a_role_name_that_holds_another_partitions_name_is_refused(name: str):
    with pytest.raises(WouldBeMisread, match="calls another partition's STS"):
        read(topology(managed(provider("ec2")), managed_role=name))


def test_what_spring_would_replace_by_a_variable_is_refused():
    permissions = Permissions(("${HOME}",), ())

    with pytest.raises(WouldBeMisread, match=r"staging: “\$\{HOME\}” isn't valid"):
        account(permissions=permissions)


def test_ecs_accounts_carry_two_keys_and_point_at_the_aws_account():
    assert read(with_every_provider())["ecs"] == {
        "enabled": True,
        "accounts": [{"name": "staging-ecs", "awsAccount": "staging"}],
    }


def test_a_cluster_has_a_kubeconfig_and_a_context_and_nothing_of_aws():
    kubernetes = read(topology(managed(eks({"namespaces": ["web"]}))))["kubernetes"]

    assert kubernetes["accounts"] == [
        {
            "name": "staging-apps",
            "context": "staging-apps",
            "kubeconfigFile": f"{KUBECONFIGS}/staging-apps.yml",
            "namespaces": ["web"],
        }
    ]


def test_an_installation_of_clusters_only_has_no_aws_part():
    found = read(topology(managed(eks())))

    assert set(found) == {"kubernetes"}


def test_lambda_is_a_feature_only_where_an_account_uses_it():
    with_functions = managed(provider("lambda"))

    assert read(topology(with_functions))["aws"]["features"]["lambda"]["enabled"]
    assert "lambda" not in read(topology(core()))["aws"]["features"]


# Launch templates


def launch_templates(path: str, *accounts: Managed) -> dict[str, Any]:
    features = read(topology(*accounts), path)["aws"]["features"]
    return dict(features["launch-templates"])


def test_all_accounts_launch_from_templates_where_all_say_so():
    assert launch_templates(WHOLE, core(), staging()) == {
        "enabled": True,
        "all-applications": {"enabled": True},
    }


def test_only_those_accounts_launch_from_templates_that_say_so():
    without = managed(provider("ec2", launch_templates=False))

    assert launch_templates(WHOLE, core(), without) == {
        "enabled": True,
        "allowed-accounts": "core",
    }


def test_beside_hal_accounts_of_others_are_left_alone():
    assert launch_templates(PROFILE, core(), staging()) == {
        "enabled": True,
        "allowed-accounts": "core,staging",
    }


# The profile beside hal


def test_the_profile_holds_no_list_that_could_hide_hals_accounts():
    profile = read(with_every_provider(), PROFILE)

    assert set(profile) == {"aws"}
    assert set(profile["aws"]) == {"defaults", "features"}


def test_the_profile_names_the_base_role_that_hal_has_no_command_for():
    profile = read(topology(core(), base_role="AppRole"), PROFILE)

    assert profile["aws"]["defaults"] == {"iamRole": "AppRole"}


def test_an_installation_of_clusters_only_has_no_profile():
    assert PROFILE not in files_of(topology(managed(eks())))


# A large installation


def many(number: int) -> Topology:
    return topology(
        *(
            managed(provider("ec2"), name=f"a{n}", account_id=f"{n:012}")
            for n in range(number)
        )
    )


@pytest.mark.parametrize("path", [WHOLE, PROFILE])
def test_a_large_installation_loads_accounts_with_threads(path: str):
    assert read(many(400), path)["aws"]["loadAccounts"] == {
        "multiThreadingEnabled": True,
        "numberOfThreads": 15,
        "timeoutInSeconds": 400,
    }


def test_a_small_one_does_not():
    assert "loadAccounts" not in read(many(20))["aws"]


# Orca


@pytest.mark.parametrize("folder", ["clouddriver", "hal/profiles"])
def test_orca_knows_the_account_that_owns_baked_images(folder: str):
    found = read(topology(core()), f"{folder}/orca-local.yml")

    assert found == {"default": {"bake": {"account": "core"}}}


@pytest.mark.parametrize("folder", ["clouddriver", "kustomize"])
def test_orca_knows_an_account_where_nothing_decides_for_one(folder: str):
    found = read(topology(managed(provider("ec2"))), f"{folder}/orca-local.yml")

    assert found == {"default": {"bake": {"account": "staging"}}}


def test_beside_hal_orca_keeps_hals_primary_account_where_nothing_decides():
    """hal writes its primary account there itself, which may be none of Bowline's."""
    files = files_of(topology(managed(provider("ec2"))))

    assert "hal/profiles/orca-local.yml" not in files
    assert "orca" not in files["operator/spinnakerservice.yml"]


def test_orca_is_told_nothing_where_nothing_is_deployed_to_ec2():
    functions = managed(provider("lambda"), provider("ecs"))

    assert not any("orca" in path for path in files_of(topology(functions)))


# CloudFormation


@pytest.mark.parametrize("path", [WHOLE, PROFILE])
def test_stacks_are_switched_on_as_soon_as_one_account_uses_them(path: str):
    stacks = managed(provider("ec2", stack_roles_path="/stacks/"))

    features = read(topology(core(), stacks), path)["aws"]["features"]

    assert features["cloud-formation"] == {"enabled": True}


@pytest.mark.parametrize("path", [WHOLE, PROFILE])
def test_stacks_stay_off_where_nobody_uses_them(path: str):
    features = read(topology(core()), path)["aws"]["features"]

    assert "cloud-formation" not in features
