"""Stacks in the emulated AWS, with the access entries that it does not know: what
CloudFormation does for them is done here by EKS's own calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import yaml
from botocore.exceptions import ClientError

ENTRY = "AWS::EKS::AccessEntry"
NEVER = {"Never": {"Fn::Equals": ["yes", "no"]}}

Client = Callable[[str], Any]
"""Gives a client of a service, in the stack's account and region."""


def deploy(
    client: Client, name: str, text: str, parameters: Mapping[str, str], **options: Any
) -> None:
    """Create the stack, or update it."""
    stacks = client("cloudformation")
    template = yaml.safe_load(text)
    entries = list(entries_of(template))
    for entry in entries:
        entry["Condition"] = "Never"
    if entries:
        template["Conditions"] = NEVER
        text = yaml.safe_dump(template)
    verb = "update" if exists(stacks, name) else "create"
    try:
        getattr(stacks, f"{verb}_stack")(
            StackName=name,
            TemplateBody=text,
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value}
                for key, value in parameters.items()
            ],
            **options,
        )
    except ClientError as error:
        if "No updates" not in str(error):
            raise
    else:
        stacks.get_waiter(f"stack_{verb}_complete").wait(
            StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 30}
        )
    for entry in entries:
        put_entry(client("eks"), entry["Properties"])


def delete(client: Client, name: str) -> None:
    """Delete the stack, and what it made."""
    stacks, eks = client("cloudformation"), client("eks")
    if exists(stacks, name):
        template = yaml.safe_load(stacks.get_template(StackName=name)["TemplateBody"])
        for entry in entries_of(template):
            eks.delete_access_entry(**identity(entry["Properties"]))
    stacks.delete_stack(StackName=name)


def exists(stacks: Any, name: str) -> bool:
    try:
        stacks.describe_stacks(StackName=name)
    except ClientError:
        return False
    return True


def entries_of(template: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    return (one for one in template["Resources"].values() if one["Type"] == ENTRY)


def identity(entry: Mapping[str, Any]) -> dict[str, str]:
    return {
        "clusterName": entry["ClusterName"],
        "principalArn": entry["PrincipalArn"],
    }


def put_entry(eks: Any, entry: Mapping[str, Any]) -> None:
    of = identity(entry)
    try:
        eks.describe_access_entry(**of)
    except eks.exceptions.ResourceNotFoundException:
        tags = {tag["Key"]: str(tag["Value"]) for tag in entry["Tags"]}
        eks.create_access_entry(**of, tags=tags)
    for policy in entry["AccessPolicies"]:
        scope = policy["AccessScope"]
        eks.associate_access_policy(
            **of,
            policyArn=policy["PolicyArn"],
            accessScope={
                "type": scope["Type"],
                "namespaces": scope.get("Namespaces", []),
            },
        )
