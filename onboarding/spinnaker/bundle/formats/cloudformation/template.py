"""Resources as a CloudFormation template, the same for every account of one kind.

The account's own id becomes a pseudo parameter, its external IDs become parameters.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from onboarding.partitions import Arn
from onboarding.resources.kinds import (
    OWNER,
    OWNER_TAG,
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
from onboarding.spinnaker.yaml_text import Value

WORD = re.compile(r"[A-Za-z0-9]+")
TAGS: tuple[Value, ...] = ({"Key": OWNER_TAG, "Value": OWNER},)
MAKE = (
    "Set this to no if the account already has this role: AWS creates it once per "
    "account."
)


@dataclass(frozen=True, slots=True)
class Template:
    """What exists in one account, and what its external IDs are written as."""

    account: str
    resources: tuple[Resource, ...]
    external_ids: Mapping[str, Value] = field(default_factory=dict)
    """What each value becomes, such as a reference to a parameter."""
    parameters: Mapping[str, Value] = field(default_factory=dict)
    """What a deployment is asked for, where a resource refers to it."""
    tags: Sequence[Value] = TAGS
    describes_policies: bool = True
    """Off: no policy has a description, which CloudFormation cannot change in place."""

    def body(self, description: str) -> dict[str, Value]:
        linked = [r for r in self.resources if isinstance(r, ServiceLinkedRole)]
        names = [self.id_of(role) for role in linked]
        is_yes: dict[str, Value] = {
            f"Makes{name}": {"Fn::Equals": [{"Ref": f"Make{name}"}, "yes"]}
            for name in names
        }
        resources = dict(self.declared())
        text = json.dumps(resources)
        parameters: dict[str, Value] = {
            name: one
            for name, one in self.parameters.items()
            if f'"Ref": "{name}"' in text or f"${{{name}}}" in text
        }
        parameters |= {f"Make{name}": yes_or_no() for name in names}
        return {
            "AWSTemplateFormatVersion": "2010-09-09",
            "Description": description,
            **({"Parameters": parameters} if parameters else {}),
            **({"Conditions": is_yes} if is_yes else {}),
            "Resources": resources,
        }

    def declared(self) -> Iterator[tuple[str, Value]]:
        """Yield each resource; attachments are properties of what they attach."""
        for resource in self.resources:
            if not isinstance(resource, Attachment):
                kind, properties, more = self.described(resource)
                given = {name: value for name, value in properties.items() if value}
                whole: Value = {"Type": f"AWS::{kind}", **more, "Properties": given}
                yield self.id_of(resource), whole

    def described(
        self, resource: Resource
    ) -> tuple[str, dict[str, Value], dict[str, Value]]:
        """Return a resource's type, its properties, and what else it has."""
        match resource:
            case Role():
                return (
                    "IAM::Role",
                    {
                        "RoleName": resource.name,
                        "Path": resource.path,
                        "Description": resource.description,
                        "AssumeRolePolicyDocument": self.own(resource.trust.document),
                        "PermissionsBoundary": self.own(resource.boundary),
                        "ManagedPolicyArns": self.policies_of_others(resource),
                        "Tags": self.tags,
                    },
                    self.needs(resource),
                )
            case ManagedPolicy():
                return (
                    "IAM::ManagedPolicy",
                    {
                        "ManagedPolicyName": resource.name,
                        "Path": resource.path,
                        "Description": resource.description
                        if self.describes_policies
                        else "",
                        "PolicyDocument": self.own(resource.document.document),
                        **self.holders(resource),
                    },
                    {},
                )
            case InlinePolicy():
                return (
                    "IAM::Policy",
                    {
                        "PolicyName": resource.policy,
                        "PolicyDocument": self.own(resource.document.document),
                        "Roles": [self.role(resource.role)],
                    },
                    {},
                )
            case InstanceProfile():
                return (
                    "IAM::InstanceProfile",
                    {
                        "InstanceProfileName": resource.name,
                        "Roles": [self.role(resource.role)],
                    },
                    {},
                )
            case ServiceLinkedRole():
                kept: dict[str, Value] = {
                    "Condition": f"Makes{self.id_of(resource)}",
                    "DeletionPolicy": "Retain",
                    "UpdateReplacePolicy": "Retain",
                }
                service: dict[str, Value] = {"AWSServiceName": resource.name}
                return "IAM::ServiceLinkedRole", service, kept
            case OidcProvider():
                return (
                    "IAM::OIDCProvider",
                    {
                        "Url": f"https://{resource.name}",
                        "ClientIdList": [resource.audience],
                        "Tags": self.tags,
                    },
                    {},
                )
            case ClusterAccess():
                return (
                    "EKS::AccessEntry",
                    {
                        "ClusterName": resource.cluster,
                        "PrincipalArn": self.own(resource.principal),
                        "AccessPolicies": [access_policy(resource)],
                        "Tags": self.tags,
                    },
                    {},
                )
            case _:
                raise AssertionError(f"The template has no form of {resource.kind}.")

    def id_of(self, resource: Resource) -> str:
        return logical_id(resource, self.resources)

    def role(self, name: str) -> Value:
        """Refer to a role of this template, so that it is made first, or name it."""
        for resource in self.resources:
            if isinstance(resource, Role) and resource.name == name:
                return {"Ref": self.id_of(resource)}
        return name

    def needs(self, role: Role) -> dict[str, Value]:
        """Name what must exist first: IAM refuses to trust what it does not know."""
        trusted: list[Value] = [
            self.id_of(other)
            for other in self.resources
            if f'{self.account}:{resource_part(other)}"' in role.trust.text
        ]
        return {"DependsOn": trusted} if trusted else {}

    def attached(self) -> Iterator[tuple[Attachment, str]]:
        """Yield each attachment with its policy, as `policy/PATH/NAME`."""
        for one in self.resources:
            if isinstance(one, Attachment):
                yield one, Arn.of(one.policy_arn).resource

    def holders(self, policy: ManagedPolicy) -> dict[str, Value]:
        """Name the roles and users that hold a policy of this template."""
        roles: list[Value] = []
        users: list[Value] = []
        for attachment, attached in self.attached():
            if attached == f"policy{policy.path}{policy.name}":
                if attachment.to_user:
                    users.append(attachment.holder)
                else:
                    roles.append(self.role(attachment.holder))
        return {"Roles": roles, "Users": users}

    def policies_of_others(self, role: Role) -> list[Value]:
        """List the ARNs of the role's policies that are not in this template."""
        own = {
            f"policy{policy.path}{policy.name}"
            for policy in self.resources
            if isinstance(policy, ManagedPolicy)
        }
        return [
            self.own(attachment.policy_arn)
            for attachment, policy in self.attached()
            if attachment.holder == role.name and policy not in own
        ]

    def own(self, value: Any, key: str = "") -> Value:
        """Put parameters in the place of the account's own id and external IDs."""
        match value:
            case dict():
                return {name: self.own(item, name) for name, item in value.items()}
            case list():
                return [self.own(item, key) for item in value]
            case str() if key == "sts:ExternalId" and value in self.external_ids:
                return self.external_ids[value]
            case str() if value == self.account:
                return {"Ref": "AWS::AccountId"}
            case str() if self.account in value:
                literal = value.replace("${", "${!")
                return {"Fn::Sub": literal.replace(self.account, "${AWS::AccountId}")}
            case _:
                plain: Value = value
                return plain


def resource_part(resource: Resource) -> str:
    """Return the end of its ARN, for what a trust policy can name."""
    match resource:
        case Role():
            return f"role{resource.path}{resource.name}"
        case OidcProvider():
            return f"oidc-provider/{resource.name}"
        case _:
            return resource.kind


def logical_id(resource: Resource, among: Sequence[Resource]) -> str:
    """Make a name of letters and digits, the only ones that CloudFormation takes. Of
    names that differ in other signs alone, the first one keeps it.
    """
    plain = lettered(resource.kind, resource.name)
    same = (one for one in among if lettered(one.kind, one.name) == plain)
    first = next(same, resource)
    if (first.kind, first.name) == (resource.kind, resource.name):
        return plain
    return plain + hashlib.sha256(resource.name.encode()).hexdigest()[:8]


@lru_cache(10_000)
def lettered(kind: str, name: str) -> str:
    words = WORD.findall(f"{kind} {name.removesuffix('.amazonaws.com')}")
    return "".join(word[0].upper() + word[1:] for word in words)


def yes_or_no() -> Value:
    allowed = ["yes", "no"]
    return {
        "Type": "String",
        "Default": "yes",
        "AllowedValues": allowed,
        "Description": MAKE,
    }


def access_policy(access: ClusterAccess) -> Value:
    scope: dict[str, Value] = {"Type": "namespace" if access.namespaces else "cluster"}
    if access.namespaces:
        scope["Namespaces"] = access.namespaces
    return {"PolicyArn": access.policy_arn, "AccessScope": scope}
