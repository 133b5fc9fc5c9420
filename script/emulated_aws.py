"""The emulated AWS: ministack, with a simulator that answers as IAM's does, and
accounts of known IDs.

ministack's judges the first resource of a request and ignores the context. IAM's judges
each action on each resource in the context, and names those condition keys of all
policies that it was not given. So a run makes the same calls here as in AWS.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple
from unittest import mock
from xml.sax.saxutils import escape

from hypercorn.config import Config
from ministack.app import main
from ministack.core import iam_evaluator
from ministack.services import iam, organizations
from ministack.services.cloudformation import _stacks as stacks
from ministack.services.cloudformation import handlers as cloudformation

DECISIONS = {"Allow": "allowed", "Deny": "explicitDeny"}

create_account = organizations._create_account
account_details = iam._get_account_authorization_details
stack_resources_by_name = cloudformation._describe_stack_resources
parameters = iam._extract_simulate_params


class Asked(NamedTuple):
    resources: list[str]
    context: dict[str, str]
    """Values by condition key, in lower case."""


class Judged(NamedTuple):
    resource: str
    decision: str


def asked(sent: Any) -> tuple[list[str], Asked]:
    """Read the actions and, other than ministack, every resource and the context."""
    actions, _ = parameters(sent)
    entries = "ContextEntries.member.{}."
    names = listed(sent, entries + "ContextKeyName")
    values = listed(sent, entries + "ContextKeyValues.member.1")
    context = {name.lower(): value for name, value in zip(names, values, strict=True)}
    return actions, Asked([*listed(sent, "ResourceArns.member.{}")] or ["*"], context)


def listed(sent: Any, name: str) -> Iterator[str]:
    number = 1
    while value := iam._p(sent, name.format(number)):
        yield value
        number += 1


def results(
    actions: list[str],
    asked: Asked,
    principal: str,
    account: str,
    policies: list[list[Any]],
) -> str:
    """Write the results as IAM does: what is true of some resource is true of “*”."""
    written = ""
    keys = frozenset(
        key.lower()
        for policy in policies
        for statement in policy
        for block in statement.conditions.values()
        for key in block
    )
    named = sorted(keys - asked.context.keys())
    members = "".join(f"<member>{escape(key)}</member>" for key in named)
    lacking = f"<MissingContextValues>{members}</MissingContextValues>"
    for action in actions:
        request = iam_evaluator.EvalContext(
            principal_arn=principal,
            principal_type="AssumedRole",
            principal_account=account,
            action=action,
            resource_arn="",
            region=asked.context.get("aws:requestedregion", ""),
            service_context=asked.context,
        )
        speaking = [
            statement
            for policy in policies
            for statement in policy
            if iam_evaluator._action_matches(
                action, statement.actions, statement.not_actions
            )
        ]
        of_each = [judged(request, one, speaking) for one in asked.resources]
        decision = min(one.decision for one in of_each)  # “allowed” is the first
        written += (
            f"<member><EvalActionName>{escape(action)}</EvalActionName>"
            "<EvalResourceName>*</EvalResourceName>"
            f"<EvalDecision>{decision}</EvalDecision>"
            f"{lacking}<ResourceSpecificResults>"
            + "".join(
                f"<member><EvalResourceName>{escape(one.resource)}</EvalResourceName>"
                f"<EvalResourceDecision>{one.decision}</EvalResourceDecision>"
                f"{lacking}</member>"
                for one in of_each
                if asked.resources != ["*"]
            )
            + "</ResourceSpecificResults></member>"
        )
    return written


def judged(request: Any, resource: str, statements: list[Any]) -> Judged:
    """Judge by these statements, each of which speaks of the action."""
    concerning = [
        statement
        for statement in statements
        if iam_evaluator._resource_matches(
            resource, statement.resources, statement.not_resources
        )
    ]
    if not concerning:
        return Judged(resource, "implicitDeny")
    request.resource_arn = resource
    decision = iam_evaluator.evaluate(request, [concerning]).decision
    return Judged(resource, DECISIONS.get(decision, "implicitDeny"))


def by_name(gather: Any) -> Any:
    """Find whom policies belong to by name: a path is no part of it."""
    return lambda holder, account: gather(holder.rpartition("/")[2], account)


PATTERNS = 1 << 14
"""How many patterns of policies stay compiled; ministack's 4,096 are full after a
hundred accounts.
"""


def stack_resources(sent: Any) -> Any:
    """Answer which stack has a resource, too; ministack finds stacks by their names."""
    wanted = cloudformation._p(sent, "PhysicalResourceId")
    if not wanted:
        return stack_resources_by_name(sent)
    for name, stack in stacks.items():
        held = stack.get("_resources", {}).values()
        if wanted in {one.get("PhysicalResourceId") for one in held}:
            return stack_resources_by_name({**sent, "StackName": [name]})
    message = f"Stack for {wanted} does not exist"
    return cloudformation._error("ValidationError", message)


def details_with_boundaries(sent: Any) -> Any:
    """Answer all roles with their permissions boundaries; ministack leaves them out."""
    status, headers, body = account_details(sent)
    for name, role in iam._roles.items():
        begins = f"<RoleName>{name}</RoleName><RoleId>".encode()
        body = body.replace(begins, boundary_of(role) + begins)
    return status, headers, body


def boundary_of(role: Any) -> bytes:
    arn = role.get("PermissionsBoundary")
    if not arn:
        return b""
    return (
        "<PermissionsBoundary><PermissionsBoundaryType>PermissionsBoundaryPolicy"
        "</PermissionsBoundaryType><PermissionsBoundaryArn>"
        f"{arn}</PermissionsBoundaryArn></PermissionsBoundary>"
    ).encode()


def create_known_account(sent: Any) -> Any:
    """Create an account with the digits of its email address as its ID, which no client
    of AWS can choose; the management account's ID renames that.
    """
    organizations._ensure_org()
    with mock.patch.object(organizations, "new_uuid", return_value=sent["Email"]):
        return create_account(sent)


if __name__ == "__main__":
    # Terraform waits for 5 seconds between requests, after which hypercorn would close.
    Config.keep_alive_timeout = 60
    organizations._DISPATCH["CreateAccount"] = create_known_account
    cloudformation._ACTION_HANDLERS["DescribeStackResources"] = stack_resources
    iam._IAM_HANDLERS["GetAccountAuthorizationDetails"] = details_with_boundaries
    iam._extract_simulate_params = asked
    iam._build_simulate_results_real = results
    for gather in ("_gather_role_policies", "_gather_user_policies"):
        setattr(iam_evaluator, gather, by_name(getattr(iam_evaluator, gather)))
    iam_evaluator._fnmatch_compile = lru_cache(PATTERNS)(iam_evaluator._fnmatch_compile)
    main()
