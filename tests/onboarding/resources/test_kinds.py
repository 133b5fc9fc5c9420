"""Kinds of resources, and what steps keep of them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from onboarding.desired import desired_in
from onboarding.resources.kinds import (
    KINDS,
    Attachment,
    ClusterAccess,
    InlinePolicy,
    InstanceProfile,
    Key,
    KeyGrant,
    ManagedPolicy,
    OwnerTag,
    Resource,
    Role,
)
from onboarding.resources.plan import digests
from onboarding.resources.policy import Policy, QuotaExceeded
from onboarding.topology import ExistingIdentity, PodRole
from tests.factories import (
    MANAGED_ID,
    MANAGING_ID,
    image_key,
    managed,
    provider,
    topology,
)

READ = Policy.allowing({"Action": "ec2:DescribeVpcs", "Resource": "*"})

ROLE = Role(account="922222222222", name="spinnakerManaged", trust=READ)

LONG = Policy.allowing({"Action": "a:B", "Resource": [f"r{n:05}" for n in range(2000)]})


def test_a_key_says_which_thing():
    assert ROLE.key == Key("922222222222", "role", "spinnakerManaged")


def test_reason_and_mark_take_no_part_in_a_comparison():
    assert replace(ROLE, reason="Because.", owned=False) == ROLE


def test_a_different_path_is_a_different_role():
    assert replace(ROLE, path="/teams/") != ROLE


def test_no_two_kinds_share_a_word():
    assert len({kind.kind for kind in KINDS}) == len(KINDS)


def test_every_kind_is_listed():
    assert {k.kind for k in KINDS} == {k.kind for k in Resource.__subclasses__()}


def test_json_holds_documents_as_objects_and_leaves_the_account_out():
    assert ROLE.as_json() == {
        "name": "spinnakerManaged",
        "trust": READ.document,
        "path": "/",
        "boundary": "",
    }


@pytest.mark.parametrize(
    ("resource", "name"),
    [
        (
            Attachment(
                account="9", holder="Made", policy_arn="arn:aws:iam::9:policy/a/b/Read"
            ),
            "Made/Read",
        ),
        (
            InlinePolicy(account="9", role="Made", policy="Pass", document=READ),
            "Made/Pass",
        ),
        (
            ClusterAccess(
                account="9",
                region="us-east-1",
                cluster="apps",
                principal="arn:aws:iam::8:role/ops/spinnaker",
                policy_arn="",
            ),
            "us-east-1/apps/arn:aws:iam::8:role/ops/spinnaker",
        ),
        (
            KeyGrant(
                account="9",
                region="us-east-1",
                key_arn="arn:aws:kms:us-east-1:9:key/mrk-01",
                grantee="arn:aws:iam::8:role/Scaling",
                operations=("Decrypt",),
            ),
            "us-east-1/mrk-01/8",
        ),
    ],
)
def test_a_name_is_composed_of_what_it_is_about(resource, name):
    assert resource.name == name
    assert resource.key == Key("9", resource.kind, name)


@pytest.mark.parametrize(
    "parts", [{"role": "Other"}, {"policy": "Other"}, {"account": "8"}]
)
def test_another_part_of_a_name_is_another_thing(parts):
    inline = InlinePolicy(account="9", role="Made", policy="Pass", document=READ)
    other = replace(inline, **parts)

    assert other != inline
    assert other.key != inline.key
    assert other.atoms() != inline.atoms()


def test_json_holds_tuples_as_lists():
    access = ClusterAccess(
        account="922222222222",
        region="us-east-1",
        cluster="apps",
        principal="arn",
        policy_arn="",
        namespaces=("web",),
    )

    assert access.as_json()["namespaces"] == ["web"]
    assert "more_policies" not in access.as_json()


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: Role(account="9", name="r", trust=LONG), "trust policy of role r"),
        (
            lambda: ManagedPolicy(account="9", name="p", path="/", document=LONG),
            "Policy p",
        ),
        (
            lambda: InlinePolicy(account="9", role="r", policy="i", document=LONG),
            "policy r/i",
        ),
    ],
)
def test_a_document_that_aws_would_not_take_is_never_made(make, name):
    with pytest.raises(QuotaExceeded, match=name):
        make()


def test_a_trust_policy_that_others_made_is_read_however_long_it_is():
    role = Role(account="9", name="r", trust=Policy.read(LONG.document))

    assert role.as_found()["trust"] == LONG.document


def test_a_document_of_others_is_found_as_they_wrote_it():
    written = {
        "Id": "theirs",
        "Statement": [
            {
                "Sid": "",
                "Effect": "Allow",
                "Principal": {"AWS": ["arn:aws:iam::911111111111:root"]},
                "Action": ["sts:AssumeRole"],
            }
        ],
    }
    theirs = replace(ROLE, trust=Policy.read(written))
    ours = replace(ROLE, trust=Policy.of(written))

    assert theirs == ours
    assert theirs.as_found()["trust"] == written
    assert theirs.as_json() == ours.as_json() == ours.as_found()


def test_atoms_of_a_document_tell_of_which_field():
    atoms = ROLE.atoms()

    assert "path='/'" in atoms
    assert any(a.startswith("trust=") and "ec2:DescribeVpcs" in a for a in atoms)


def test_atoms_hold_nothing_that_is_not_compared():
    assert replace(ROLE, reason="Because.", owned=False).atoms() == ROLE.atoms()


def test_atoms_of_another_policy_overlap_where_the_permissions_do():
    more = Policy.allowing(
        {"Action": ["ec2:DescribeVpcs", "ec2:DescribeTags"], "Resource": "*"}
    )

    assert ROLE.atoms() < replace(ROLE, trust=more).atoms()


@pytest.mark.parametrize(
    "resource",
    [
        InstanceProfile(account="9", name="BaseIAMRole", role=""),
        Attachment(account="9", holder="r", policy_arn="arn", to_user=True),
    ],
)
def test_plain_fields_are_atoms_too(resource):
    assert len(resource.atoms()) == len(resource.as_json()) + 1


STORED = Path(__file__).parents[2] / "data/stored_resources.json"

USER = ExistingIdentity(f"arn:aws:iam::{MANAGING_ID}:user/ops/spinnaker")

POD = PodRole("spin", "core", "us-east-1", "spinnaker", "clouddriver", "oidc.eks/id/1")


def made() -> tuple[Resource, ...]:
    """Give resources of every kind; managed policies have a list of their own."""
    apps = {"name": "apps", "region": "us-west-2", "namespaces": ["web", "api"]}
    every = (provider("ec2"), provider("ecs"), provider("eks", clusters=[apps]))
    found: list[Resource] = []
    for identity in (USER, POD):
        whole = topology(managed(*every), identity=identity, image_keys=(image_key(),))
        found += (*desired_in(whole, MANAGING_ID), *desired_in(whole, MANAGED_ID))
    found += [OwnerTag.on(one) for one in found if isinstance(one, Role)][:1]
    return tuple(
        resource
        for resource in dict.fromkeys(found)
        if not isinstance(resource, ManagedPolicy)
    )


def stored(resource: Resource) -> dict[str, Any]:
    """Say what a step keeps of it; the document as text, for its keys have an order."""
    return {
        "key": list(resource.key),
        "document": json.dumps(resource.as_json()),
        "digests": sorted(digests(resource.atoms())),
    }


def test_every_kind_is_stored_as_it_always_was() -> None:
    kinds = {type(resource) for resource in made()}

    assert kinds == set(KINDS) - {ManagedPolicy}
    assert [stored(r) for r in made()] == json.loads(STORED.read_text())


def test_a_managed_policy_is_stored_with_its_name_first() -> None:
    whole = topology(managed(provider("ec2")))
    policies = [
        r for r in desired_in(whole, MANAGED_ID) if isinstance(r, ManagedPolicy)
    ]

    assert {tuple(p.as_json()) for p in policies} == {("name", "path", "document")}
