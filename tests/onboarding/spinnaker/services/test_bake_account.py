"""Orca's bake account: which it is, and whom it locks out."""

from __future__ import annotations

from typing import Any

import pytest

from onboarding.spinnaker.entries import entries
from onboarding.spinnaker.services.bake_account import (
    CHOSEN,
    FIRST,
    OPEN,
    OWN,
    SHARES,
    BakeAccount,
    bake_account,
)
from onboarding.topology import Managed, OtherName, Permissions, Topology
from tests.bundles import core, eks
from tests.factories import managed, provider, topology


def chosen(whole: Topology) -> BakeAccount | None:
    return bake_account(whole.managing, entries(whole))


def warned(*accounts: Managed) -> str:
    found = chosen(topology(*accounts))
    assert found
    return found.warning


def writers(*groups: str) -> Permissions:
    return Permissions(groups, groups)


def other(**fields: Any) -> Managed:
    fields = {"name": "other", "account_id": "933333333333", **fields}
    return managed(provider("ec2", owns_images=fields.pop("owns", False)), **fields)


@pytest.mark.parametrize(
    ("fields", "name", "why"),
    [
        ({"bakes": False}, "core", OWN),
        ({"bakes": True}, "core", OWN),
        ({"bakes": True, "ami_owner": "staging"}, "staging", CHOSEN),
        ({"bakes": False, "ami_owner": "staging"}, "staging", CHOSEN),
        ({"bakes": True, "ami_owner": "clusters"}, "core", OWN),
        ({"bakes": True, "ami_owner": "nobody"}, "core", OWN),
    ],
)
def test_it_is_the_chosen_account_or_that_of_spinnakers_identity(fields, name, why):
    whole = topology(
        managed(provider("ec2")),
        core(),
        managed(provider("eks"), name="clusters", account_id="944444444444"),
        **fields,
    )

    assert chosen(whole) == BakeAccount(name, why, is_proposed=False)


@pytest.mark.parametrize(
    ("of_other", "name", "why"),
    [
        ({}, "staging", FIRST),
        ({"owns": True}, "other", SHARES),
        ({"owns": True, "permissions": writers("web")}, "staging", OPEN),
    ],
)
def test_without_either_one_is_proposed_that_everyone_may_use(of_other, name, why):
    whole = topology(managed(provider("ec2")), other(**of_other))

    assert chosen(whole) == BakeAccount(name, why, is_proposed=True)


def test_only_an_account_with_ec2_is_proposed():
    functions = managed(provider("lambda"), name="a", account_id="944444444444")

    found = chosen(topology(functions, managed(provider("ec2"))))

    assert found
    assert found.name == "staging"


@pytest.mark.parametrize("one", [provider("lambda"), provider("ecs"), eks()])
def test_without_ec2_none_is_needed(one: Any):
    assert chosen(topology(managed(one))) is None


def test_teams_without_write_on_it_are_named():
    warning = warned(
        core(permissions=writers("ops")),
        managed(provider("ec2"), permissions=writers("Ops", "web")),
    )

    assert "web can't deploy to EC2" in warning
    assert "Ops" not in warning


def test_accounts_that_are_open_to_all_are_named():
    warning = warned(core(permissions=writers("ops")), managed(provider("ec2")))

    assert "only ops can deploy to staging" in warning


def test_an_account_that_nobody_may_write_to_locks_everyone_out():
    warning = warned(
        core(permissions=Permissions(("ops",), ())), managed(provider("ec2"))
    )

    assert "only no group can deploy to staging" in warning


@pytest.mark.parametrize("permissions", [Permissions(), writers("ops", "web")])
def test_nothing_is_warned_about_where_all_that_deploy_may_write(permissions: Any):
    team = managed(provider("ec2"), permissions=writers("Web"))

    assert not warned(core(permissions=permissions), team)


def test_another_name_of_the_account_itself_deploys_without_it():
    one = core(
        permissions=writers("ops"),
        other_names=(OtherName("core-eu", ("eu-west-1",), writers("eu")),),
    )

    assert not warned(one)
