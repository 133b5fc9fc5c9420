"""A bundle's CloudFormation templates, read back into the resources they make."""

from __future__ import annotations

import json
from typing import Any

import yaml

from onboarding.desired import desired_in
from onboarding.resources.kinds import (
    Attachment,
    ClusterAccess,
    InlinePolicy,
    InstanceProfile,
    ManagedPolicy,
    OidcProvider,
    Resource,
    Role,
    ServiceLinkedRole,
)
from onboarding.resources.policy import Policy
from onboarding.topology import Managed, PodRole, Topology
from tests.bundles import eks, files_of
from tests.factories import managed, provider

KEYS = ("ec2", "ecs", "lambda", "eks")
POD = PodRole("spin", "core", "us-east-1", "spinnaker", "clouddriver", "oidc.eks/id/1")
OWNED = {"Key": "managed-by", "Value": "bowline"}


def chosen(keys: tuple[str, ...]) -> Managed:
    return managed(*(eks() if key == "eks" else provider(key) for key in keys))


def accounts(bundled: Topology) -> dict[str, Any]:
    """Map each account's name to what accounts.json says of it."""
    listed = json.loads(files_of(bundled)["aws/accounts.json"])
    return {one["name"]: one for one in listed}


def resolved(value: Any, account: str, parameters: dict[str, str]) -> Any:
    """Do what CloudFormation does with references."""
    match value:
        case {"Ref": "AWS::AccountId"}:
            return account
        case {"Ref": name}:
            return parameters[name]
        case {"Fn::Sub": text}:
            assert "${AWS::AccountId}" in text
            return text.replace("${AWS::AccountId}", account).replace("${!", "${")
        case dict():
            return {k: resolved(v, account, parameters) for k, v in value.items()}
        case list():
            return [resolved(v, account, parameters) for v in value]
        case _:
            return value


def resources_of(text: str, account: str, parameters: dict[str, str]) -> list[Resource]:
    template = yaml.safe_load(text)
    names = {
        logical: found["Properties"]["RoleName"]
        for logical, found in template["Resources"].items()
        if found["Type"] == "AWS::IAM::Role"
    }
    region = template["Description"].split()[-1].rstrip(".")
    found: list[Resource] = []
    for one in template["Resources"].values():
        properties = resolved(one["Properties"], account, {**parameters, **names})
        found += read(one["Type"], properties, account, region)
    return found


def read(kind: str, p: dict[str, Any], account: str, region: str) -> list[Resource]:
    def held(holder: str, arn: str, *, to_user: bool = False) -> Attachment:
        return Attachment(
            account=account, holder=holder, policy_arn=arn, to_user=to_user
        )

    match kind:
        case "AWS::IAM::Role":
            assert OWNED in p["Tags"]
            role = Role(
                account=account,
                name=p["RoleName"],
                path=p["Path"],
                trust=Policy.of(p["AssumeRolePolicyDocument"]),
                boundary=p.get("PermissionsBoundary", ""),
            )
            attached = p.get("ManagedPolicyArns", [])
            return [role, *(held(role.name, arn) for arn in attached)]
        case "AWS::IAM::ManagedPolicy":
            policy = ManagedPolicy(
                account=account,
                name=p["ManagedPolicyName"],
                path=p["Path"],
                document=Policy.of(p["PolicyDocument"]),
            )
            arn = f"arn:aws:iam::{account}:policy{policy.path}{policy.name}"
            users = [held(user, arn, to_user=True) for user in p.get("Users", [])]
            return [policy, *users, *(held(role, arn) for role in p.get("Roles", []))]
        case "AWS::IAM::Policy":
            (role_name,) = p["Roles"]
            return [
                InlinePolicy(
                    account=account,
                    role=role_name,
                    policy=p["PolicyName"],
                    document=Policy.of(p["PolicyDocument"]),
                )
            ]
        case "AWS::IAM::InstanceProfile":
            (role_name,) = p["Roles"]
            name = p["InstanceProfileName"]
            return [InstanceProfile(account=account, name=name, role=role_name)]
        case "AWS::IAM::ServiceLinkedRole":
            return [ServiceLinkedRole(account=account, name=p["AWSServiceName"])]
        case "AWS::IAM::OIDCProvider":
            assert OWNED in p["Tags"]
            (audience,) = p["ClientIdList"]
            name = p["Url"].removeprefix("https://")
            return [OidcProvider(account=account, name=name, audience=audience)]
        case _:
            assert kind == "AWS::EKS::AccessEntry"
            assert OWNED in p["Tags"]
            (policy_of,) = p["AccessPolicies"]
            return [
                ClusterAccess(
                    account=account,
                    region=region,
                    cluster=p["ClusterName"],
                    principal=p["PrincipalArn"],
                    policy_arn=policy_of["PolicyArn"],
                    namespaces=tuple(policy_of["AccessScope"].get("Namespaces", ())),
                )
            ]


def assert_same_as_desired(bundled: Topology) -> None:
    files = files_of(bundled)
    for name, listed in accounts(bundled).items():
        account, parameters = listed["account_id"], listed["parameters"]
        found = [
            resource
            for template in listed["templates"]
            for resource in resources_of(files[f"aws/{template}"], account, parameters)
        ]
        wanted = desired_in(bundled, account)
        assert len(found) == len(set(wanted)), name
        assert set(found) == set(wanted), name
