"""The role that Bowline assumes in an account, for the person who creates it: as a
CloudFormation template, and as commands that deploy it to a whole organization.

AWS Organizations' own role trusts the organization's management account only. If
Bowline runs in another account, somebody creates such a role in each account.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from onboarding.partitions import arn
from onboarding.providers.ecs import ECS_ROLES_PATH
from onboarding.spinnaker.yaml_text import Value, document
from onboarding.topology import READER_ROLE, Managing

NAME = "BowlineAccess"
ORGANIZATIONS_OWN = "OrganizationAccountAccessRole"
"""AWS Organizations makes it in every account that it creates."""

STACK = "bowline-access"
FILE = "bowline-access.yml"
CLUSTERS_OFF = {"Clusters": "no"}
EVERYWHERE = (
    "--operation-preferences FailureTolerancePercentage=100,"
    "MaxConcurrentPercentage=100,ConcurrencyMode=SOFT_FAILURE_TOLERANCE"
)
"""In as many accounts at once as can be, whichever of them fail."""
OWN_ACCOUNT = "${AWS::AccountId}"
ABOUT = "The role that Bowline assumes in this account. IAM is global."
IS = "Bowline assumes this role."
CLUSTERS = (
    "Choose yes if Spinnaker deploys to EKS: Bowline then creates access entries."
)

LOOK = (
    "ec2:DescribeRegions",
    "eks:DescribeAccessEntry",
    "eks:DescribeCluster",
    "eks:ListAssociatedAccessPolicies",
    "eks:ListClusters",
    "iam:GetAccountSummary",
    "iam:GetInstanceProfile",
    "iam:GetOpenIDConnectProvider",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListAttachedUserPolicies",
    "iam:ListPolicies",
    "iam:ListPolicyVersions",
    "iam:ListRolePolicies",
    "iam:ListRoles",
    "iam:SimulatePrincipalPolicy",
    "organizations:DescribeOrganization",
)
EXISTING_ROLES = (
    "cloudformation:DescribeStackResources",
    "cloudtrail:LookupEvents",
    "ec2:DescribeInstances",
    "ecs:DescribeTaskDefinition",
    "ecs:ListTaskDefinitionFamilies",
    "iam:GenerateServiceLastAccessedDetails",
    "iam:GetServiceLastAccessedDetails",
    "iam:ListInstanceProfilesForRole",
    "lambda:ListFunctions",
)
DEFAULT_KEYS = (
    "ec2:GetEbsDefaultKmsKeyId",
    "ec2:GetEbsEncryptionByDefault",
    "kms:GetKeyPolicy",
    "kms:ListGrants",
)
"""They show whether Auto Scaling may use the key with which EBS encrypts by default."""
AT_ONCE = ("iam:GetAccountAuthorizationDetails",)
"""It saves calls, and nothing depends on it. IAM can't limit it to roles: users and
groups can be read by it, too, so that roles for readers don't have it.
"""
ROLES = (
    "iam:AttachRolePolicy",
    "iam:CreateRole",
    "iam:DeleteRole",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:TagRole",
    "iam:UntagRole",
    "iam:UpdateAssumeRolePolicy",
)
BOUNDED = (
    "iam:AttachRolePolicy",
    "iam:CreateRole",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
)
"""Those by which a role gets permissions. IAM knows the boundary of each."""
UNBINDS = "iam:DeleteRolePermissionsBoundary"
POLICIES = (
    "iam:CreatePolicy",
    "iam:CreatePolicyVersion",
    "iam:DeletePolicy",
    "iam:DeletePolicyVersion",
    "iam:TagPolicy",
)
PROFILES = (
    "iam:AddRoleToInstanceProfile",
    "iam:CreateInstanceProfile",
    "iam:DeleteInstanceProfile",
    "iam:PassRole",
    "iam:RemoveRoleFromInstanceProfile",
    "iam:TagInstanceProfile",
    "iam:UntagInstanceProfile",
)
ACCESS_ENTRIES = (
    "eks:AssociateAccessPolicy",
    "eks:CreateAccessEntry",
    "eks:DeleteAccessEntry",
    "eks:DisassociateAccessPolicy",
    "eks:TagResource",
)


@dataclass(frozen=True, slots=True)
class AccessRole:
    """A role that trusts Bowline, and may do in its account what Bowline does there."""

    managing: Managing
    bowline: str
    """Bowline's own principal, as a trust policy names it."""
    name: str = NAME
    managed_role: str = ""
    """The account's own managed role, as it names it; empty: the usual one."""

    @property
    def trust(self) -> dict[str, Any]:
        """Name Bowline's identity and nobody else."""
        return policy(
            {
                "Effect": "Allow",
                "Principal": {"AWS": self.bowline},
                "Action": "sts:AssumeRole",
            }
        )

    @property
    def statements(self) -> tuple[dict[str, Any], ...]:
        """List what it may do; OWN_ACCOUNT is the id of the account that it is in."""
        return (*self.always(), *self.of_clusters(), *self.of_keys())

    def always(self) -> Iterator[dict[str, Any]]:
        managed = self.here(f"role/{self.managed_role or self.managing.managed_role}")
        base = self.here("role/" + self.managing.base_role)
        yield looking()
        roles = [managed, base, self.here(f"role{ECS_ROLES_PATH}*")]
        yield allow("ExistingRoles", EXISTING_ROLES, "*")
        yield allow("DefaultKeys", DEFAULT_KEYS, "*")
        yield allow("ReadAtOnce", AT_ONCE, "*")
        yield from self.of_roles(roles)
        yield allow("OwnPolicies", POLICIES, self.here("policy/bowline/*"))
        profile = self.here(f"instance-profile/{self.managing.base_role}")
        yield allow("OwnProfiles", PROFILES, [profile, base])
        linked = self.here("role/aws-service-role/*")
        yield allow("ServiceLinkedRoles", ["iam:CreateServiceLinkedRole"], linked)

    def of_roles(self, roles: list[str]) -> Iterator[dict[str, Any]]:
        """Yield what changes roles: with a permissions boundary, only roles that have
        it get permissions, and none can lose it.
        """
        boundary = self.managing.boundary_in(OWN_ACCOUNT)
        if not boundary:
            yield allow("OwnRoles", ROLES, roles)
            return
        only = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
        yield {**allow("BoundedRoles", BOUNDED, roles), "Condition": only}
        others = [one for one in ROLES if one not in (*BOUNDED, UNBINDS)]
        yield allow("OwnRoles", others, roles)

    def of_clusters(self) -> Iterator[dict[str, Any]]:
        entries = ("cluster/*", "access-entry/*")
        ours = [
            arn(self.managing.partition, "eks", OWN_ACCOUNT, one, region="*")
            for one in entries
        ]
        yield allow("AccessEntries", ACCESS_ENTRIES, ours)

    def of_keys(self) -> Iterator[dict[str, Any]]:
        """Yield what grants on the managing account's keys take, where it has any."""
        if not self.managing.image_keys:
            return
        owner = self.managing.account_id
        keys = arn(self.managing.partition, "kms", owner, "key/*", region="*")
        service = self.managing.aws.service_principal("autoscaling")
        role = f"role/aws-service-role/{service}/AWSServiceRoleForAutoScaling"
        yield allow("ImageKeys", ["kms:ListGrants", "kms:RevokeGrant"], keys)
        yield {
            **allow("GrantImageKeys", ["kms:CreateGrant"], keys),
            "Condition": {"StringLike": {"kms:GranteePrincipal": self.here(role)}},
        }

    def here(self, resource: str) -> str:
        return arn(self.managing.partition, "iam", OWN_ACCOUNT, resource)

    @property
    def template(self) -> str:
        """Write it for CloudFormation. Only the clusters are left to a parameter."""
        clusters = [one["Sid"] for one in self.of_clusters()]
        statements: list[Value] = [
            {"Fn::If": ["HasClusters", value(one), {"Ref": "AWS::NoValue"}]}
            if one["Sid"] in clusters
            else value(one)
            for one in self.statements
        ]
        held: dict[str, Value] = {
            "PolicyName": "Bowline",
            "PolicyDocument": {"Version": "2012-10-17", "Statement": statements},
        }
        role: dict[str, Value] = {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": self.name,
                "Description": IS,
                "AssumeRolePolicyDocument": self.trust,
                "Policies": [held],
            },
        }
        return document(
            {
                "AWSTemplateFormatVersion": "2010-09-09",
                "Description": ABOUT,
                "Parameters": {
                    "Clusters": {
                        "Type": "String",
                        "Default": "no",
                        "AllowedValues": ["yes", "no"],
                        "Description": CLUSTERS,
                    }
                },
                "Conditions": {
                    "HasClusters": {"Fn::Equals": [{"Ref": "Clusters"}, "yes"]}
                },
                "Resources": {"AccessRole": role},
            }
        )

    @property
    def terraform(self) -> str:
        """Write it as a file of Terraform's, without a provider. Only the clusters are
        left to a variable.
        """
        clusters = tuple(self.of_clusters())
        always = tuple(one for one in self.statements if one not in clusters)
        role = "${aws_iam_role.access.name}"
        written = {
            "variable": {
                "clusters": {"type": "bool", "default": False, "description": CLUSTERS}
            },
            "data": {"aws_caller_identity": {"here": {}}},
            "resource": {
                "aws_iam_role": {
                    "access": {
                        "name": self.name,
                        "description": IS,
                        "assume_role_policy": in_terraform(self.trust),
                    }
                },
                "aws_iam_role_policy": {
                    "bowline": {
                        "name": "Bowline",
                        "role": role,
                        "policy": in_terraform(policy(*always)),
                    },
                    "clusters": {
                        "count": "${var.clusters ? 1 : 0}",
                        "name": "BowlineClusters",
                        "role": role,
                        "policy": in_terraform(policy(*clusters)),
                    },
                },
            },
        }
        return json.dumps(written, indent=2) + "\n"

    @property
    def own_policy(self) -> dict[str, Any]:
        """Return what Bowline's identity needs to assume it in any account."""
        everywhere = [
            arn(self.managing.partition, "iam", "*", f"role/{role}")
            for role in (self.name, READER_ROLE)
        ]
        same = {"StringEquals": {"aws:ResourceOrgID": "${aws:PrincipalOrgID}"}}
        entered = allow("EnterAccounts", ["sts:AssumeRole"], everywhere)
        return policy({**entered, "Condition": same})


@dataclass(frozen=True, slots=True)
class Command:
    """What somebody runs, and what it does."""

    says: str
    text: str


def stack_set_commands(
    region: str,
    *,
    stack_set: str = STACK,
    file: str = FILE,
    parameters: Mapping[str, str] = CLUSTERS_OFF,
) -> tuple[Command, ...]:
    """Return the commands that deploy a template to every account of an organization.

    IAM knows no regions: a second one would make the same role again, and fail.
    """
    named = f"--stack-set-name {shlex.quote(stack_set)} --region {shlex.quote(region)}"
    return (
        Command(
            "In the organization's management account, once: allow StackSets to "
            "deploy to its accounts.",
            "aws cloudformation activate-organizations-access",
        ),
        Command(
            "Define the role once for all accounts, including those that join later.",
            over_lines(
                f"aws cloudformation create-stack-set {named}",
                f"{template_body(file)} --capabilities CAPABILITY_NAMED_IAM",
                "--permission-model SERVICE_MANAGED",
                "--auto-deployment Enabled=true,RetainStacksOnAccountRemoval=false",
                "--managed-execution Active=true",
                *given_parameters(parameters),
            ),
        ),
        Command(
            "Create it in the accounts of an organizational unit. The root's id, "
            "r-…, means all of them.",
            over_lines(
                f"aws cloudformation create-stack-instances {named}",
                "--deployment-targets OrganizationalUnitIds=ou-EXAMPLE",
                f"--regions {shlex.quote(region)}",
                EVERYWHERE,
            ),
        ),
    )


def stack_command(region: str) -> Command:
    """Return the command for one account by itself, as no StackSet covers the
    organization's management account.
    """
    return Command(
        "In a single account, such as the organization's management account, "
        "which no such StackSet covers:",
        over_lines(
            f"aws cloudformation deploy --stack-name {STACK}",
            f"--template-file {FILE} --capabilities CAPABILITY_NAMED_IAM",
            f"--region {shlex.quote(region)}",
        ),
    )


def template_body(file: str) -> str:
    return f"--template-body {shlex.quote(f'file://{file}')}"


def given_parameters(parameters: Mapping[str, str]) -> Iterator[str]:
    """Yield the option, if there are any, as JSON: in the AWS CLI's own short form, a
    comma ends a value.
    """
    given = [
        {"ParameterKey": name, "ParameterValue": value}
        for name, value in parameters.items()
    ]
    if given:
        yield f"--parameters {shlex.quote(json.dumps(given))}"


def over_lines(*parts: str) -> str:
    """Write a command over several lines, as shells take it."""
    return " \\\n  ".join(parts)


def allow(sid: str, actions: Any, resources: str | list[str]) -> dict[str, Any]:
    one = actions[0] if len(actions) == 1 else list(actions)
    return {"Sid": sid, "Effect": "Allow", "Action": one, "Resource": resources}


def looking() -> dict[str, Any]:
    """Return what reads an account, and all that a reader role may do."""
    return allow("Look", LOOK, "*")


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def in_terraform(document: Mapping[str, Any]) -> str:
    """Let Terraform put the account's own id where OWN_ACCOUNT is. In its JSON each
    string is a template.
    """
    here = "${data.aws_caller_identity.here.account_id}"
    parts = json.dumps(document).split(OWN_ACCOUNT)
    escaped = [one.replace("${", "$${").replace("%{", "%%{") for one in parts]
    return here.join(escaped)


def value(part: Any) -> Value:
    """Let CloudFormation put the account's own id where OWN_ACCOUNT is."""
    match part:
        case dict():
            return {name: value(item) for name, item in part.items()}
        case list():
            return [value(item) for item in part]
        case str() if OWN_ACCOUNT in part:
            return {"Fn::Sub": part}
        case _:
            plain: Value = part
            return plain


def usable_name(access_role: str) -> str:
    """Return the name to make a role by: AWS's own name is taken where AWS made it."""
    return NAME if access_role in ("", ORGANIZATIONS_OWN) else access_role
