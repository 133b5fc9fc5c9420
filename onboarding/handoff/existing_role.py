"""What a role that something else manages has to be there, for whoever changes it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

from onboarding.handoff.terraform import escaped
from onboarding.resources.kinds import Attachment, InlinePolicy, Resource, Role
from onboarding.spinnaker.bundle.yaml_text import Value, document


class InTool(NamedTuple):
    """A role as planned, as CloudFormation and Terraform write it."""

    role: str
    cloudformation: str
    terraform: str


def in_tools(wanted: Iterable[Resource], names: Collection[str]) -> Iterator[InTool]:
    """Yield the properties that these roles have to have, and no others of the kind:
    what isn't written here, such as a boundary, can stay.
    """
    resources = [*wanted]
    for role in resources:
        if isinstance(role, Role) and role.name in names:
            held = [
                one
                for one in resources
                if isinstance(one, Attachment | InlinePolicy) and one.role == role.name
            ]
            yield InTool(role.name, cloudformation(role, held), terraform(role, held))


def cloudformation(role: Role, held: Iterable[Attachment | InlinePolicy]) -> str:
    """Write properties of AWS::IAM::Role, as YAML."""
    properties: dict[str, Value] = {
        "AssumeRolePolicyDocument": role.trust.document,
        "ManagedPolicyArns": attached(held),
        "Policies": [
            {"PolicyName": one.policy, "PolicyDocument": one.document.document}
            for one in inside(held)
        ],
    }
    return document(properties)


def terraform(role: Role, held: Iterable[Attachment | InlinePolicy]) -> str:
    """Write arguments of aws_iam_role."""
    blocks = [
        f"assume_role_policy = {encoded(role.trust.document)}",
        f"managed_policy_arns = {json.dumps(attached(held), indent=2)}",
        *(
            f'inline_policy {{\n  name   = "{one.policy}"\n'
            f"  policy = {encoded(one.document.document)}\n}}"
            for one in inside(held)
        ),
    ]
    return "\n".join(blocks) + "\n"


def attached(held: Iterable[Attachment | InlinePolicy]) -> list[str]:
    return [one.policy_arn for one in held if isinstance(one, Attachment)]


def inside(held: Iterable[Attachment | InlinePolicy]) -> list[InlinePolicy]:
    return [one for one in held if isinstance(one, InlinePolicy)]


def encoded(value: Any) -> str:
    """Write it as an expression: JSON's objects are Terraform's, but for templates."""
    return f"jsonencode({escaped(json.dumps(value, indent=2))})"
