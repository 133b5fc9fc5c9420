"""What exists in the managing account: the identity and what it may assume."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from onboarding.desired.capacity import (
    POLICIES_PER_HOLDER,
    assume_policy,
    in_policies,
    most_policies,
    policy_names,
)
from onboarding.desired.image_keys import packer_grants
from onboarding.grants import Access, Grant
from onboarding.partitions import Arn
from onboarding.resources.kinds import (
    MANAGING_PATH,
    Attachment,
    InstanceProfile,
    ManagedPolicy,
    OidcProvider,
    Resource,
    Role,
)
from onboarding.resources.policy import Policy, QuotaExceeded
from onboarding.topology import ExistingIdentity, InstanceRole, Managing

REGION_LOOKUP_POLICY = "BowlineRegionLookup"
"""A policy that every managing account has; it never changes."""
REGION_LOOKUP = Grant(
    sid="RegionLookup",
    access=Access.READ,
    capability="account loading",
    actions=("ec2:DescribeAvailabilityZones", "ec2:DescribeRegions"),
)
"""Clouddriver looks regions up with the managing identity when it loads accounts."""

BAKE_READS = (
    "ec2:DescribeImageAttribute",
    "ec2:DescribeImages",
    "ec2:DescribeInstanceStatus",
    "ec2:DescribeInstanceTypeOfferings",
    "ec2:DescribeInstances",
    "ec2:DescribeRegions",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSnapshots",
    "ec2:DescribeSubnets",
    "ec2:DescribeTags",
    "ec2:DescribeVolumes",
    "ec2:DescribeVpcs",
)
BAKE_WRITES = (
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:CreateImage",
    "ec2:CreateSecurityGroup",
    "ec2:CreateTags",
    "ec2:DeleteSecurityGroup",
    "ec2:DeleteSnapshot",
    "ec2:DeleteVolume",
    "ec2:DeregisterImage",
    "ec2:ModifyInstanceAttribute",
    "ec2:RunInstances",
    "ec2:StopInstances",
    "ec2:TerminateInstances",
)


def bake_grants(managing: Managing) -> tuple[Grant, ...]:
    """List what Packer, run by Rosco as the managing identity, calls."""
    key_pairs = managing.arn("ec2", managing.account_id, "key-pair/packer_*", "*")
    return (
        Grant("PackerRead", Access.READ, "bake", BAKE_READS),
        Grant("PackerBuild", Access.WRITE, "bake", BAKE_WRITES),
        Grant(
            "PackerKeyPair",
            Access.WRITE,
            "bake",
            ("ec2:CreateKeyPair", "ec2:DeleteKeyPair"),
            (key_pairs,),
        ),
        Grant(
            "ShareImages",
            Access.WRITE,
            "share images",
            ("ec2:ModifyImageAttribute", "ec2:ModifySnapshotAttribute"),
            (
                managing.arn("ec2", "", "image/*", "*"),
                managing.arn("ec2", "", "snapshot/*", "*"),
            ),
            {"StringEquals": {"ec2:Owner": managing.account_id}},
        ),
        *packer_grants(managing),
    )


def managing_side(managing: Managing, assumed: Sequence[str]) -> Iterator[Resource]:
    """Yield Spinnaker's identity and what it may assume: these managed roles and, where
    it may assume in a whole organization, those of the usual name there.
    """
    yield from identity(managing)
    documents = dict(assume_policies(managing, assumed))
    documents[REGION_LOOKUP_POLICY] = Policy.allowing(REGION_LOOKUP.statement)
    if managing.bakes:
        documents["BowlineBake"] = Policy.allowing(
            *(grant.statement for grant in bake_grants(managing))
        )
    for name, document in documents.items():
        yield ManagedPolicy(
            account=managing.account_id,
            name=name,
            path=MANAGING_PATH,
            document=document,
            reason=REASONS[name.split("-")[0]],
        )
    for name in documents:
        yield attachment(managing, name)


REASONS = {
    "BowlineAssumeManaged": "Allows Spinnaker to assume only the managed role.",
    REGION_LOOKUP_POLICY: "Clouddriver asks for regions and zones when it starts.",
    "BowlineBake": "Packer builds images as this identity.",
}


def identity(managing: Managing) -> Iterator[Resource]:
    """Yield the identity Spinnaker runs as, where Bowline makes it."""
    account = managing.account_id
    match managing.identity:
        case ExistingIdentity():
            return
        case InstanceRole(name=name):
            principal = managing.aws.service_principal("ec2")
            service = {"Principal": {"Service": principal}, "Action": "sts:AssumeRole"}
            yield identity_role(managing, name, service)
            yield InstanceProfile(
                account=account,
                name=name,
                role=name,
                reason="Gives the identity to the instances that run Spinnaker.",
            )
        case pod:
            provider = f"oidc-provider/{pod.issuer}"
            federated = managing.arn("iam", account, provider)
            subject = f"system:serviceaccount:{pod.namespace}:{pod.service_account}"
            yield OidcProvider(
                account=account,
                name=pod.issuer,
                reason=f"Lets cluster {pod.cluster} vouch for its service accounts.",
            )
            web_identity = {
                "Principal": {"Federated": federated},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {
                        f"{pod.issuer}:aud": "sts.amazonaws.com",
                        f"{pod.issuer}:sub": subject,
                    }
                },
            }
            yield identity_role(managing, pod.name, web_identity)


def identity_role(managing: Managing, name: str, runs_as: dict[str, Any]) -> Role:
    trusted = [runs_as]
    reason = "The identity that Spinnaker runs as."
    if managing.bowline:
        trusted.append(
            {"Principal": {"AWS": managing.bowline}, "Action": "sts:AssumeRole"}
        )
        reason += " Bowline may assume it, too, to prove what Spinnaker can do."
    return Role(
        account=managing.account_id,
        name=name,
        trust=Policy.allowing(*trusted),
        boundary=managing.boundary_in(managing.account_id),
        reason=reason,
    )


def assume_policies(
    managing: Managing, assumed: Sequence[str]
) -> Iterator[tuple[str, Policy]]:
    """Yield the policies that let the identity assume each managed role.

    Listed roles are cut into as many documents as AWS's quota needs, in their order, so
    that a new account changes the last one only. For an organization, those are listed
    that its pattern does not match. Raise QuotaExceeded where an identity cannot hold
    as many.
    """
    documents = []
    if managing.organization:
        statement = {
            "Sid": "AssumeManaged",
            "Action": "sts:AssumeRole",
            "Resource": managing.managed_role_arn("*"),
            "Condition": {"StringEquals": {"aws:ResourceOrgID": managing.organization}},
        }
        documents.append(Policy.allowing(statement))
    whole = bool(managing.organization)
    listed = [one for one in assumed if not (whole and is_usual(managing, one))]
    lists = [*in_policies(listed)]
    free = most_policies(managing) - len(documents)
    if len(lists) > free:
        raise QuotaExceeded(
            f"{len(listed):,} listed accounts do not fit into the "
            f"{POLICIES_PER_HOLDER} policies of one identity; "
            f"{sum(map(len, lists[:free])):,} do."
        )
    documents += map(assume_policy, lists)
    yield from zip(policy_names(), documents, strict=False)


def is_usual(managing: Managing, role: str) -> bool:
    """Return whether the role is called as most are, and as the pattern says."""
    return role == managing.managed_role_arn(Arn.of(role).account)


def attachment(managing: Managing, policy: str) -> Attachment:
    holder = Arn.of(managing.identity_arn)
    path = f"policy{MANAGING_PATH}{policy}"
    return Attachment(
        account=managing.account_id,
        holder=holder.name,
        policy_arn=managing.arn("iam", managing.account_id, path),
        to_user=holder.kind == "user",
        reason=f"Gives {policy} to Spinnaker's identity.",
    )
