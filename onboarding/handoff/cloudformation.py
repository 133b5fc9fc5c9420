"""A hand-off's templates: one parameter at most, and nothing in them that a later
version could not change in place.

Service-linked roles are left out: CloudFormation fails where the account has one, and
no template can look.
"""

from __future__ import annotations

from collections.abc import Sequence

from onboarding.desired import POLICY_SET
from onboarding.resources.kinds import Resource, Role
from onboarding.spinnaker.bundle.formats.cloudformation.template import (
    TAGS,
    Template,
    logical_id,
)
from onboarding.spinnaker.bundle.yaml_text import Value, document
from onboarding.topology import Managed

IAM = "Roles for Spinnaker, as Bowline handed them off. One stack in each account."
CLUSTERS = "Spinnaker's access to clusters. The stack must be in {region}."
EXTERNAL_ID = "ExternalId"
EXTERNAL_ID_IS = "Spinnaker sends it when it assumes the role. Leave it as it is."
STACK_TAG, POLICY_SET_TAG = "bowline-stack", "bowline-policy-set"
OWN_TAGS: tuple[Value, ...] = (
    *TAGS,
    {"Key": STACK_TAG, "Value": {"Ref": "AWS::StackId"}},
    {"Key": POLICY_SET_TAG, "Value": str(POLICY_SET)},
)
"""CloudFormation's own tags do not reach IAM roles."""


def template(
    managed: Managed, resources: Sequence[Resource], *, external_id: str, about: str
) -> str:
    """Write a template in which the account's ids are no literals."""
    ids: dict[str, Value] = {external_id: {"Ref": EXTERNAL_ID}} if external_id else {}
    parameter: Value = {
        "Type": "String",
        "Default": external_id,
        "MinLength": 2,
        "Description": EXTERNAL_ID_IS,
    }
    return written(
        Template(
            account=managed.account_id,
            resources=tuple(resources),
            external_ids=ids,
            parameters={EXTERNAL_ID: parameter} if external_id else {},
            tags=OWN_TAGS,
            describes_policies=False,
        ),
        about,
    )


def written(template: Template, about: str) -> str:
    roles = [one for one in template.resources if isinstance(one, Role)]
    outputs: dict[str, Value] = {
        f"{logical_id(role)}Arn": {"Value": {"Fn::GetAtt": [logical_id(role), "Arn"]}}
        for role in roles
    }
    outputs["PolicySet"] = {"Value": str(POLICY_SET)}
    return document({**template.body(about), "Outputs": outputs})
