"""The emulated AWS: ministack, with a simulator that answers as IAM's does.

ministack's judges the first resource of a request and ignores the context. IAM's judges
each action on each resource in the context, and names the condition keys it was not
given. So a run makes the same calls here as in AWS.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from ministack.app import main
from ministack.core import iam_evaluator
from ministack.services import iam

DECISIONS = {"Allow": "allowed", "Deny": "explicitDeny"}

parameters = iam._extract_simulate_params


class Asked(NamedTuple):
    resources: list[str]
    context: dict[str, str]
    """Values by condition key, in lower case."""


class Judged(NamedTuple):
    resource: str
    decision: str
    missing: frozenset[str]


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
    for action in actions:
        request = iam_evaluator.EvalContext(
            principal_arn=principal,
            principal_type="AssumedRole",
            principal_account=account,
            action=action,
            resource_arn="",
            region=iam.get_region(),
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
            f"{missing(*of_each)}<ResourceSpecificResults>"
            + "".join(
                f"<member><EvalResourceName>{escape(one.resource)}</EvalResourceName>"
                f"<EvalResourceDecision>{one.decision}</EvalResourceDecision>"
                f"{missing(one)}</member>"
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
        return Judged(resource, "implicitDeny", frozenset())
    request.resource_arn = resource
    decision = iam_evaluator.evaluate(request, [concerning]).decision
    looked_at = {
        key.lower()
        for statement in concerning
        for keys in statement.conditions.values()
        for key in keys
    }
    return Judged(
        resource,
        DECISIONS.get(decision, "implicitDeny"),
        frozenset(looked_at - request.service_context.keys()),
    )


def missing(*judged: Judged) -> str:
    keys = sorted(frozenset().union(*(one.missing for one in judged)))
    members = "".join(f"<member>{escape(key)}</member>" for key in keys)
    return f"<MissingContextValues>{members}</MissingContextValues>"


if __name__ == "__main__":
    iam._extract_simulate_params = asked
    iam._build_simulate_results_real = results
    main()
