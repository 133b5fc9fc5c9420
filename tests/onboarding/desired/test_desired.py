from __future__ import annotations

import pytest

from onboarding.desired import desired_in
from onboarding.resources.kinds import Attachment, ManagedPolicy, Role
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
