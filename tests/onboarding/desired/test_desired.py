"""What should stand, which accounts get the same of it, and names that are in use."""

from __future__ import annotations

from dataclasses import replace

import pytest

from onboarding.desired import desired_in
from onboarding.desired.capacity import interchangeable, policy_sets_after
from onboarding.desired.names_in_use import KEEP, keep_it_or_choose
from onboarding.providers.ecs import Ecs
from onboarding.providers.eks import Cluster, Eks
from onboarding.resources.kinds import (
    Attachment,
    ClusterAccess,
    InlinePolicy,
    InstanceProfile,
    ManagedPolicy,
    OidcProvider,
    Resource,
    Role,
)
from onboarding.resources.policy import Policy
from tests import factories
from tests.factories import MANAGED_ID, MANAGING_ID, managed, provider, topology

ALL = ("ec2", "ecs", "eks", "lambda")


def names(resources, kind):
    return [r.name for r in resources if isinstance(r, kind)]


def test_the_managing_account_holds_the_identity():
    resources = desired_in(topology(managed(provider("ec2"))), MANAGING_ID)

    assert names(resources, Role) == ["SpinnakerAuthRole"]


def test_a_managed_account_holds_the_managed_role_and_the_base_role():
    resources = desired_in(topology(managed(provider("ec2"))), MANAGED_ID)

    assert names(resources, Role) == ["spinnakerManaged", "BaseIAMRole"]


def test_the_managing_account_may_be_managed_too():
    both = topology(managed(provider("ec2"), account_id=MANAGING_ID))

    resources = desired_in(both, MANAGING_ID)

    roles = ["SpinnakerAuthRole", "spinnakerManaged", "BaseIAMRole"]
    assert names(resources, Role) == roles


def test_nothing_is_desired_in_a_strangers_account():
    assert desired_in(topology(managed(provider("ec2"))), "933333333333") == ()


@pytest.mark.parametrize("key", ALL)
def test_every_resource_is_in_the_account_it_is_asked_for(key):
    whole = topology(
        managed(provider(key)), managed(provider(key), account_id="9" * 12)
    )

    accounts = {r.account for r in desired_in(whole, MANAGED_ID)}

    assert accounts == {MANAGED_ID}


def test_no_key_is_desired_twice():
    account = managed(*(provider(key) for key in ALL), account_id=MANAGING_ID)

    keys = [r.key for r in desired_in(topology(account, bakes=True), MANAGING_ID)]

    assert len(keys) == len(set(keys))


def test_an_attachment_comes_after_its_holder_and_its_policy():
    account = managed(*(provider(key) for key in ALL), account_id=MANAGING_ID)
    seen = set()

    for resource in desired_in(topology(account, bakes=True), MANAGING_ID):
        if isinstance(resource, Attachment):
            assert ("role", resource.holder) in seen
            own = ("policy", resource.policy) in seen
            assert own or ":aws:policy/" in resource.policy_arn
        seen.add((resource.kind, resource.name))


def test_every_resource_tells_its_reason():
    account = managed(*(provider(key) for key in ALL), account_id=MANAGING_ID)
    resources = desired_in(topology(account, bakes=True), MANAGING_ID)

    assert [r.name for r in resources if not r.reason.endswith(".")] == []


def test_policies_of_the_two_sides_stand_under_paths_of_their_own():
    account = managed(*(provider(key) for key in ALL), account_id=MANAGING_ID)
    resources = desired_in(topology(account, bakes=True), MANAGING_ID)

    paths = {(r.path, r.name) for r in resources if isinstance(r, ManagedPolicy)}

    assert ("/bowline/managing/", "BowlineAssumeManaged") in paths
    assert ("/bowline/managed/", "BowlineCachingRead") in paths


def test_names_in_spinnaker_and_what_was_looked_up_make_no_difference() -> None:
    managing, cluster = factories.managing(), Cluster("apps", "us-east-1")
    named = replace(cluster, account_name="web-apps", arn="", mode="API")
    other = replace(cluster, rights="admin")

    one, same, another = (
        interchangeable(managing, factories.managed(Eks((each,)), account_id=number))
        for number, each in (("1" * 12, cluster), ("2" * 12, named), ("1" * 12, other))
    )

    assert one == same
    assert one != another


def test_whether_roles_are_adopted_makes_no_difference() -> None:
    managing = factories.managing()

    kinds = {
        interchangeable(managing, factories.managed(adopts=adopts))
        for adopts in (True, False)
    }

    assert len(kinds) == 1


NO_ONE = Policy.allowing()


def role(name: str, account: str = MANAGED_ID) -> Role:
    return Role(account=account, name=name, trust=NO_ONE)


@pytest.mark.parametrize(
    ("taken", "first", "then"),
    [
        (role("ecsTaskExecutionRole"), KEEP, "execution role in the account's ECS"),
        (
            role("spinnakerManaged"),
            KEEP,
            "it isn't locked there, enter another managed",
        ),
        (role("BaseIAMRole"), KEEP, "another base role on the managing account's"),
        (
            InstanceProfile(account=MANAGED_ID, name="BaseIAMRole", role="web"),
            KEEP,
            "another base role on the managing account's",
        ),
        (
            InlinePolicy(account=MANAGED_ID, role="r", policy="p", document=NO_ONE),
            KEEP,
            "another name on the managing account's page",
        ),
        (
            ClusterAccess(
                account=MANAGED_ID,
                region="us-east-1",
                cluster="apps",
                principal="arn",
                policy_arn="",
            ),
            KEEP,
            "Or plan again once the entry has",
        ),
        (
            role("SpinnakerAuthRole", MANAGING_ID),
            "Choose it as the existing identity",
            "enter another name there",
        ),
        (
            OidcProvider(account=MANAGING_ID, name="oidc.eks/id/1"),
            "An EKS cluster has one issuer",
            "add the audience",
        ),
    ],
)
def test_what_has_the_name_may_be_kept_first(
    taken: Resource, first: str, then: str
) -> None:
    """A role can't be renamed, and may run somebody's production."""
    managing, managed = factories.managing(), factories.managed(providers=(Ecs(),))

    said = keep_it_or_choose(taken, managing, managed)

    assert said.startswith(first)
    assert then in said
    assert "elete" not in said


def test_a_run_of_the_managing_account_has_no_account_of_its_own() -> None:
    said = keep_it_or_choose(role("other"), factories.managing(), None)

    assert "managed role" in said


def test_what_came_after_a_policy_set_is_said_in_order(monkeypatch):
    sets = ("The first.", "Volumes may be tagged.", "Snapshots may be shared.")
    monkeypatch.setattr("onboarding.desired.capacity.POLICY_SETS", sets)

    assert policy_sets_after(1) == (
        (2, "Volumes may be tagged."),
        (3, "Snapshots may be shared."),
    )
    assert policy_sets_after(3) == ()
