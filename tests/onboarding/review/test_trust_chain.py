"""The trust chain in words: everybody who becomes somebody, and on which conditions."""

from __future__ import annotations

from typing import Any

import pytest

from onboarding.providers.base import Provider
from onboarding.providers.eks import POLICIES
from onboarding.review.permissions import managed_review
from onboarding.review.trust_chain import RIGHTS, TrustChain, trust_chain
from onboarding.topology import ExistingIdentity, Managing, PodRole
from tests.factories import managed, managing, provider

ID, FORMER = "0c3f5f1e-0000-4000-8000-000000000001", "77aa88bb-0000-4000-8000-2"
ORGANIZATION = "o-a1b2c3d4e5"
BOWLINE = "arn:aws:iam::933333333333:role/ops/Bowline"


def chain_of(
    *providers: Provider, core: Managing | None = None, **fields: Any
) -> TrustChain:
    core = core or managing()
    account = managed(*(providers or (provider("ec2"),)), **fields)
    return trust_chain(core, account, managed_review(core, account))


def test_the_instances_that_run_spinnaker_come_first() -> None:
    (run,) = chain_of().runs

    assert (run.party.name, run.party.notes) == (
        "EC2 instances",
        ("profile SpinnakerAuthRole",),
    )
    assert run.conditions == ("by ec2.amazonaws.com",)
    assert run.arn == "arn:aws:iam::911111111111:instance-profile/SpinnakerAuthRole"


def test_the_pods_that_run_spinnaker_are_told_by_their_service_account() -> None:
    pods = PodRole("pods", "tools", "us-east-1", "spin", "clouddriver", "oidc.eks/id/A")

    (run,) = chain_of(core=managing(identity=pods)).runs

    assert run.party.name == "service account spin/clouddriver"
    assert run.verb == "sts:AssumeRoleWithWebIdentity"
    assert run.arn == "system:serviceaccount:spin:clouddriver"
    assert "oidc.eks/id/A" in run.sentence


def test_an_issuer_that_is_not_looked_up_yet_is_said_so() -> None:
    pods = PodRole("pods", "tools", "us-east-1", "spin", "clouddriver")

    (run,) = chain_of(core=managing(identity=pods)).runs

    assert "looked up when planned" in run.sentence


def test_nobody_knows_what_becomes_an_identity_that_stood_before() -> None:
    user = ExistingIdentity("arn:aws:iam::911111111111:user/ops/spinnaker")
    core = managing(identity=user, boundary="arn:aws:iam::911111111111:policy/Cap")

    chain = chain_of(core=core)

    assert chain.runs == ()
    assert chain.identity.name == "user/ops/spinnaker"
    assert chain.identity.notes == ("existed before Bowline",)


def test_bowline_says_what_it_becomes_the_identity_for() -> None:
    (verification,) = chain_of(core=managing(bowline=BOWLINE)).verifies

    assert verification.conditions == ("to verify accounts",)
    assert (verification.party.name, verification.party.notes) == (
        "role/ops/Bowline",
        ("in 933333333333",),
    )


@pytest.mark.parametrize(
    "fields",
    [{}, {"identity": ExistingIdentity("arn:aws:iam::911111111111:role/a")}],
)
def test_bowline_is_not_there_where_the_trust_does_not_name_it(fields: Any) -> None:
    bowline = {"bowline": BOWLINE} if fields else {}

    assert chain_of(core=managing(**fields, **bowline)).verifies == ()


@pytest.mark.parametrize(
    ("fields", "conditions", "said"),
    [
        ({"external_id": ID}, ("external ID 0c3f5f1e…",), ID),
        (
            {"external_id": ID, "former_external_id": FORMER},
            ("external ID 0c3f5f1e…", "or the previous 77aa88bb…"),
            f"{ID} or the previous one, {FORMER}: both are accepted until",
        ),
        ({}, ("no external ID",), "No external ID is required."),
    ],
)
def test_the_external_id_is_a_condition(
    fields: Any, conditions: tuple[str, ...], said: str
) -> None:
    (assumed,) = chain_of(**fields).assumes

    assert assumed.conditions == conditions
    assert said in assumed.sentence


def test_a_short_external_id_is_shown_whole() -> None:
    (assumed,) = chain_of(external_id="short").assumes

    assert assumed.conditions == ("external ID short",)


def test_it_is_said_why_ecs_asks_for_no_external_id() -> None:
    (assumed,) = chain_of(provider("ecs")).assumes

    assert "Clouddriver doesn't send one for ECS" in assumed.sentence


def test_the_organization_is_a_condition_of_the_trust() -> None:
    (assumed,) = chain_of(core=managing(trust_organization=ORGANIZATION)).assumes

    assert f"from {ORGANIZATION}" in assumed.conditions
    assert "aws:PrincipalOrgID" in assumed.sentence


def test_the_identitys_own_policy_lists_the_role_or_the_organization() -> None:
    (listed,) = chain_of().assumes
    (whole,) = chain_of(core=managing(organization=ORGANIZATION)).assumes

    assert "Its own policy names this role." in listed.sentence
    every = "every role spinnakerManaged in accounts of the organization"
    assert f"{every} {ORGANIZATION}" in whole.sentence
    assert "names this role" not in whole.sentence


def test_the_role_says_what_bounds_it_and_what_widens_it() -> None:
    cap = managing(boundary="arn:aws:iam::911111111111:policy/ops/Cap")

    role = chain_of(provider("ec2", access="power-user"), core=cap, adopts=True).role

    assert role is not None
    assert role.notes == (
        "within the boundary policy/ops/Cap",
        "kept as it is, if it existed before",
        "PowerUserAccess is attached",
    )


def test_each_service_is_handed_its_own_roles_only() -> None:
    hands = chain_of(provider("ec2"), provider("lambda")).hands

    assert [(hand.party.name, hand.conditions) for hand in hands] == [
        ("BaseIAMRole, spinnaker-ec2/*", ("only to ec2.amazonaws.com",)),
        ("spinnaker-lambda/*", ("only to lambda.amazonaws.com",)),
    ]


def test_who_reads_only_hands_nothing_over() -> None:
    assert chain_of(provider("ec2", access="read")).hands == ()


def test_a_service_that_may_become_the_managed_role_is_discouraged() -> None:
    chain = chain_of(provider("ecs", tasks_as_managed_role=True))

    (service,) = chain.services
    assert service.party.name == "ecs-tasks.amazonaws.com"
    assert service.conditions == ("only from 922222222222",)
    not_recommended = [
        hand.party.name for hand in chain.hands if hand.is_not_recommended
    ]
    assert service.is_not_recommended
    assert not_recommended == ["spinnakerManaged"]


def test_clusters_are_entered_by_the_identity_itself() -> None:
    clusters = [
        {"name": "apps", "region": "us-east-1", "namespaces": ["web", "jobs"]},
        {"name": "all", "region": "us-west-2", "rights": "view"},
        {"name": "old", "region": "us-east-1", "access": "aws-auth"},
    ]

    chain = chain_of(provider("eks", clusters=clusters))

    assert (chain.role, chain.assumes, chain.hands) == (None, (), ())
    apps, everywhere, by_hand = chain.clusters
    assert apps.conditions == ("AmazonEKSEditPolicy", "in web, jobs only")
    assert apps.arn == "arn:aws:eks:us-east-1:922222222222:cluster/apps"
    assert everywhere.conditions == ("AmazonEKSViewPolicy", "in every namespace")
    assert (by_hand.verb, by_hand.conditions) == ("aws-auth, added by hand", ())
    assert "aws-auth" in by_hand.sentence


def test_a_cluster_goes_by_the_arn_that_was_looked_up() -> None:
    arn = "arn:aws:eks:us-east-1:944444444444:cluster/apps"
    clusters = [{"name": "apps", "region": "us-east-1", "arn": arn}]

    (cluster,) = chain_of(provider("eks", clusters=clusters)).clusters

    assert cluster.arn == arn


def test_the_rights_in_a_cluster_all_have_words() -> None:
    assert RIGHTS.keys() == POLICIES.keys()


def test_both_accounts_are_named_also_where_they_are_one() -> None:
    apart = chain_of()
    one = chain_of(account_id="911111111111")

    assert (apart.managing.name, apart.managing.account_id) == ("core", "911111111111")
    assert apart.managed.kind == "Managed account"
    assert one.managed.kind == "Managed account, the managing one itself"


def test_a_reviewer_follows_the_links_from_spinnaker_outwards() -> None:
    chain = chain_of(
        provider("ecs", tasks_as_managed_role=True),
        provider("eks"),
        core=managing(bowline=BOWLINE),
    )

    assert [link.title for link in chain.links] == [
        "EC2 instances that run Spinnaker",
        "Bowline",
        "The managed role",
        "AWS's own service",
        "Roles for services",
        "The managed role itself",
        "EKS cluster",
    ]


def test_other_partitions_have_their_own_names() -> None:
    chain = chain_of(core=managing(partition="aws-cn"))

    assert chain.runs[0].conditions == ("by ec2.amazonaws.com.cn",)
    assert all(link.arn.startswith("arn:aws-cn:") for link in chain.links)
