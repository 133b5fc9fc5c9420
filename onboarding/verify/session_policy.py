"""What the verifying sessions may do: the calls of the checks, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable

from onboarding.aws.client import iam_action
from onboarding.checks import Check
from onboarding.resources.policy import Policy
from onboarding.topology import Managed, Managing

SESSION_POLICY_LIMIT = 2048
"""Characters that AWS takes, and packs; https://docs.aws.amazon.com/IAM quotas."""
READ_VERBS = ("Describe", "Get", "List")


def managed_session_policy(checks: Iterable[Check]) -> str:
    """Write the session policy of these checks; wider where it grows too large."""
    actions = sorted({iam_action(c.call.service, c.call.operation) for c in checks})
    if not actions:
        return ""
    exact = allowing(actions)
    if len(exact) <= SESSION_POLICY_LIMIT:
        return exact
    services = sorted({action.split(":")[0] for action in actions})
    return allowing([f"{s}:{verb}*" for s in services for verb in READ_VERBS])


def identity_session_policy(
    managing: Managing, checks: Iterable[Check], managed: Managed | None = None
) -> str:
    """Write the session policy of the identity: the next step, and its own reads. It is
    the same for all accounts whose managed role has the usual name.
    """
    roles = [managing.managed_role_arn("*")]
    if managed and managed.managed_role:
        roles.append(managing.role_of(managed).arn)
    actions = sorted({iam_action(c.call.service, c.call.operation) for c in checks})
    reads = [{"Action": actions, "Resource": "*"}] if actions else []
    return Policy.allowing(
        *reads,
        {"Action": "sts:AssumeRole", "Resource": roles},
    ).text


def allowing(actions: list[str]) -> str:
    return Policy.allowing({"Action": actions, "Resource": "*"}).text
