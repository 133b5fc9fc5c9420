"""Evaluate policy documents as IAM does, as far as Bowline's need it: Allow only.

A condition is met when its key is given and matches. What is not understood raises, so
that nothing is taken for allowed or denied by mistake.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from onboarding.resources.policy import Policy, as_list
from onboarding.verify.policy_evaluation import (
    Document,
    RequestContext,
    find_statement,
)


def allows(
    documents: Iterable[Policy],
    action: str,
    resource: str = "*",
    context: Mapping[str, str] | None = None,
) -> bool:
    """Tell whether the documents allow the action on the resource.

    With "*" for the resource: whether they allow it on any resource at all.
    """
    return any(
        applies(statement, action, resource, context)
        for document in documents
        for statement in document.document["Statement"]
    )


def applies(
    statement: Mapping[str, Any],
    action: str,
    resource: str,
    context: Mapping[str, str] | None,
) -> bool:
    assert set(statement) <= {"Sid", "Effect", "Action", "Resource", "Condition"}
    assert statement["Effect"] == "Allow"
    actions = [a.lower() for a in as_list(statement["Action"])]
    if not any(matches(action.lower(), pattern) for pattern in actions):
        return False
    resources = as_list(statement["Resource"])
    if resource != "*" and not any(matches(resource, r) for r in resources):
        return False
    return context is None or all(
        is_met(operator, context.get(key), as_list(values))
        for operator, block in statement.get("Condition", {}).items()
        for key, values in block.items()
    )


def is_met(operator: str, value: str | None, wanted: list[str]) -> bool:
    if operator.startswith("ForAllValues:"):
        return value is None or is_met(operator.split(":")[1], value, wanted)
    if value is None:
        return False
    if operator in ("StringEquals", "Bool"):
        return value in wanted
    assert operator in ("StringLike", "ArnLike"), operator
    return any(matches(value, pattern) for pattern in wanted)


def matches(value: str, pattern: str) -> bool:
    """Tell whether IAM's wildcards fit, otherwise than Bowline itself does."""
    wildcards = {"*": ".*", "?": "."}
    regex = "".join(wildcards.get(one, re.escape(one)) for one in pattern)
    return re.fullmatch(regex, value, re.DOTALL) is not None


def speaks(statement: Mapping[str, Any], asked: RequestContext) -> bool | None:
    """Tell whether Bowline finds that the statement is about the call; None: unsure."""
    written = {"Effect": "Allow", **statement}
    document = Document("any", {"Statement": written})
    found = find_statement([document], written["Effect"], asked)
    return (True if found.certain else None) if found else False
