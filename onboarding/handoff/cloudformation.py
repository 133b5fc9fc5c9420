"""A hand-off's templates: one parameter at most, and nothing in them that a later
version could not change in place.

Service-linked roles are left out: CloudFormation fails where the account has one, and
no template can look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from onboarding.desired import POLICY_SET
from onboarding.resources.kinds import Resource, Role
from onboarding.spinnaker.bundle.formats.cloudformation.template import (
    TAGS,
    Template,
)
from onboarding.spinnaker.bundle.yaml_text import Value, document
from onboarding.topology import Managed

IAM = "Roles for Spinnaker, as Bowline handed them off. One stack in each account."
CLUSTERS = "Spinnaker's access to clusters. The stack must be in {region}."
EXTERNAL_ID_IS = "Spinnaker sends it when it assumes the role. Leave it as it is."
STACK_TAG, POLICY_SET_TAG = "bowline-stack", "bowline-policy-set"
OWN_TAGS: tuple[Value, ...] = (
    *TAGS,
    {"Key": STACK_TAG, "Value": {"Ref": "AWS::StackId"}},
    {"Key": POLICY_SET_TAG, "Value": str(POLICY_SET)},
)
"""CloudFormation's own tags do not reach IAM roles."""


@dataclass(frozen=True, slots=True)
class ExternalIdParameter:
    """The one parameter, by which a template knows the account's external ID."""

    parameter: str
    default: str
    """Empty: the account has none, and the template no parameter."""
    written: Value
    """What a trust policy holds in the external ID's place."""

    @property
    def given(self) -> dict[str, str]:
        return {self.parameter: self.default} if self.default else {}


def external_id(value: str) -> ExternalIdParameter:
    return ExternalIdParameter("ExternalId", value, {"Ref": "ExternalId"})


def external_id_prefix(value: str) -> ExternalIdParameter:
    """Let each account have its own: this, a hyphen and the account's id."""
    written = {"Fn::Sub": "${ExternalIdPrefix}-${AWS::AccountId}"}
    return ExternalIdParameter("ExternalIdPrefix", value, written)


def template(
    managed: Managed,
    resources: Sequence[Resource],
    *,
    about: str,
    ask: ExternalIdParameter,
) -> str:
    """Write a template in which the account's ids are no literals."""
    parameter: Value = {
        "Type": "String",
        "Default": ask.default,
        "MinLength": 2,
        "Description": EXTERNAL_ID_IS,
    }
    template = Template(
        account=managed.account_id,
        resources=tuple(resources),
        external_ids={managed.external_id: ask.written} if ask.default else {},
        parameters={ask.parameter: parameter} if ask.default else {},
        tags=OWN_TAGS,
        describes_policies=False,
    )
    roles = [one for one in template.resources if isinstance(one, Role)]
    outputs: dict[str, Value] = {
        f"{name}Arn": {"Value": {"Fn::GetAtt": [name, "Arn"]}}
        for name in map(template.id_of, roles)
    }
    outputs["PolicySet"] = {"Value": str(POLICY_SET)}
    return document({**template.body(about), "Outputs": outputs})
