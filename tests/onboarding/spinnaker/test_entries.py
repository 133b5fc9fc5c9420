"""Spinnaker's accounts as entries, and as the documents that are stored of them."""

from __future__ import annotations

import json

import pytest

from onboarding.providers.entry_kinds import EcsEntry
from onboarding.spinnaker.entries import (
    are_documents,
    entries,
    entries_of,
    entry_documents,
)
from onboarding.topology import Topology
from tests.bundles import core, staging, with_every_provider
from tests.factories import MANAGING_ID, managed, provider, topology


def test_three_providers_are_one_aws_entry_that_knows_what_each_said():
    account = managed(
        provider("ecs"), provider("lambda"), provider("ec2", key_pair="ops")
    )

    (entry,) = entries(topology(account)).aws

    assert entry.name == "staging"
    assert (entry.key_pair, entry.lambda_enabled, entry.launch_templates) == (
        "ops",
        True,
        True,
    )


def test_ec2_alone_has_no_functions():
    (entry,) = entries(topology(managed(provider("ec2")))).aws

    assert not entry.lambda_enabled


@pytest.mark.parametrize(
    ("partition", "assumed"),
    [
        ("aws", "role/spinnakerManaged"),
        ("aws-us-gov", "arn:aws-us-gov:iam::922222222222:role/spinnakerManaged"),
        ("aws-cn", "arn:aws-cn:iam::922222222222:role/spinnakerManaged"),
    ],
)
def test_the_role_to_assume_is_a_whole_arn_outside_partition_aws(partition, assumed):
    (entry,) = entries(topology(managed(provider("ec2")), partition=partition)).aws

    assert entry.assume_role == assumed


def test_an_ecs_entry_points_at_the_accounts_aws_entry():
    known = entries(topology(managed(provider("ecs"))))

    assert known.ecs == (EcsEntry(name="staging-ecs", aws_account="staging"),)
    assert [entry.name for entry in known.aws] == ["staging"]


def test_a_cluster_is_an_entry_of_kubernetes_only():
    known = entries(topology(managed(provider("eks"))))

    assert [entry.name for entry in known.kubernetes] == ["staging-apps"]
    assert known.aws == known.ecs == ()


def test_the_managing_accounts_own_entry_comes_first():
    whole = topology(
        managed(provider("ec2")),
        managed(provider("ec2"), name="core", account_id=MANAGING_ID),
        managed(provider("ec2"), name="zeta", account_id="933333333333"),
    )

    names = [entry.name for entry in entries(whole).aws]

    assert names == ["core", "staging", "zeta"]


def test_entries_name_the_roles():
    known = entries(topology(managed_role="deployer", base_role="app"))

    assert (known.managed_role, known.base_role) == ("deployer", "app")


def stored(whole: Topology) -> list[list[dict[str, object]]]:
    """Write each account's entries as the database keeps them, by name."""
    alone = (
        Topology(whole.managing, (one,))
        for one in sorted(whole.managed, key=lambda one: one.name, reverse=True)
    )
    return [json.loads(json.dumps(entry_documents(one))) for one in alone]


def test_what_was_stored_account_by_account_is_read_back_whole():
    whole = with_every_provider(bakes=True)

    assert entries_of(whole.managing, stored(whole)) == entries(whole)


def test_the_primary_account_and_the_one_that_owns_images_are_told():
    whole = topology(core(), staging(), bakes=True, ami_owner="staging")

    told = {
        one["name"]: {key for key in one if key in ("primary_account", "bakes_images")}
        for one in entry_documents(whole)
    }

    assert told["core"] == {"primary_account"}
    assert told["staging"] == {"bakes_images"}


def test_a_field_that_was_not_known_then_has_its_plain_value():
    whole = topology(staging())
    documents = entry_documents(whole)
    for document in documents:
        document.pop("lambda_enabled", None)
        document["of_yesterday"] = True

    (read,) = entries_of(whole.managing, [documents]).aws

    assert not read.lambda_enabled


@pytest.mark.parametrize(
    "value",
    [
        {},
        [1],
        [{}],
        [{"provider": "aws"}],
        [{"provider": "azure", "name": "a"}],
    ],
)
def test_what_nobody_wrote_as_entries_is_noticed(value):
    written = entry_documents(topology(staging()))

    assert are_documents(written)
    assert not are_documents(value)
