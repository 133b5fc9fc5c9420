"""What documents say about AssumeRole, where it cannot simply be called.

The trust side is read by a small evaluator that knows when it does not know; the
identity's side is asked of IAM's own simulator.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any

from onboarding.aws.asking import Asker
from onboarding.resources.policy import Policy, as_list

ASSUME_ROLE = "sts:assumerole"


def admits(trust: Policy, principal: str, external_id: str) -> bool | None:
    """Tell whether a trust policy lets the principal in; None: it cannot be told.

    An empty external ID means that none is sent.
    """
    statements = [
        (statement["Effect"], applies(statement, principal, external_id))
        for statement in trust.document["Statement"]
    ]
    if ("Deny", True) in statements:
        return False
    if any(applied is None for _, applied in statements):
        return None
    return ("Allow", True) in statements


def applies(statement: dict[str, Any], principal: str, external_id: str) -> bool | None:
    if "NotPrincipal" in statement or "NotAction" in statement:
        return None
    if not any(matches(ASSUME_ROLE, a.lower()) for a in as_list(statement["Action"])):
        return False
    account = principal.split(":")[4]
    named = as_list(statement["Principal"].get("AWS", []))
    if not {"*", principal, account} & set(named):
        return False
    sent = {
        "sts:externalid": external_id,
        "aws:principalarn": principal,
        "aws:principalaccount": account,
    }
    met = list(conditions_met(statement.get("Condition", {}), sent))
    if False in met:
        return False
    return None if None in met else True


def conditions_met(
    conditions: dict[str, Any], sent: dict[str, str]
) -> Iterator[bool | None]:
    for operator, block in conditions.items():
        for key, values in block.items():
            value = sent.get(key.lower())
            if operator not in ("StringEquals", "StringLike") or value is None:
                yield None
            elif operator == "StringEquals":
                yield value in as_list(values)
            else:
                yield any(matches(value, pattern) for pattern in as_list(values))


def matches(value: str, pattern: str) -> bool:
    return fnmatchcase(value, pattern.replace("[", "[[]"))


def simulate(
    asker: Asker,
    principal: str,
    actions: Iterable[str],
    *,
    resource: str = "*",
    organization: str = "",
) -> frozenset[str]:
    """Ask IAM which of these the principal's own policies allow."""
    wanted = sorted(set(actions))
    in_organization = {
        "ContextKeyName": "aws:ResourceOrgID",
        "ContextKeyValues": [organization],
        "ContextKeyType": "string",
    }
    answer = asker.ask_all(
        "iam",
        "simulate_principal_policy",
        f"ask what {principal} is allowed",
        PolicySourceArn=principal,
        ActionNames=wanted,
        ResourceArns=[resource],
        ContextEntries=[in_organization] if organization else [],
    )
    return frozenset(
        result["EvalActionName"]
        for result in answer["EvaluationResults"]
        if result["EvalDecision"] == "allowed"
    )
