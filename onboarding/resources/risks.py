"""What of a change a security reviewer reads first, in a sentence each. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from onboarding.partitions import Arn
from onboarding.resources.kinds import (
    Attachment,
    InlinePolicy,
    Key,
    KeyGrant,
    ManagedPolicy,
)
from onboarding.resources.policy import as_list

READS = ("Describe", "Get", "List", "BatchGet", "Lookup", "Search", "View")
GRANTING = (InlinePolicy.kind, ManagedPolicy.kind)
MOST_NAMED = 3
"""So many actions are named; the rest are counted."""


class Risk(NamedTuple):
    """A change, and what it lets somebody do."""

    key: Key
    sentence: str


def risks(
    key: Key, before: dict[str, Any] | None, after: dict[str, Any] | None
) -> Iterator[str]:
    """Yield what is risky in what a change adds; what it keeps or deletes is not."""
    if after is None:
        return
    if key.kind == Attachment.kind:
        policy = str(after.get("policy_arn", ""))
        if before is None and ":iam::aws:policy/" in policy:
            yield f"Attaches AWS's own policy {policy.rsplit('/', 1)[-1]}."
    if key.kind == KeyGrant.kind and before is None:
        yield from risks_of_grant(key.account, after)
    if key.kind not in GRANTING:
        return
    kept = statements(before)
    for statement in statements(after):
        if statement["Effect"] == "Allow" and statement not in kept:
            yield from risks_of(statement)


def risks_of_grant(account: str, grant: dict[str, Any]) -> Iterator[str]:
    owner = Arn.of(str(grant["key_arn"])).account
    whose = "" if owner == account else f" of account {owner}"
    yield (
        f"Lets AWS's Auto Scaling in account {account} use the KMS key "
        f"{grant['key_arn']}{whose}."
    )
    if whose:
        yield (
            f"Account {account} makes that grant: the policy of the key must allow it. "
            "The account's permissions page shows the statements. Only launching an "
            "instance shows whether AWS then lets Auto Scaling use the key."
        )


def statements(shown: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Give the statements of a policy as it is shown; none where it has no document."""
    found: list[dict[str, Any]] = (shown or {}).get("document", {}).get("Statement", [])
    return found


def risks_of(statement: dict[str, Any]) -> Iterator[str]:
    actions = [str(action) for action in as_list(statement.get("Action", []))]
    resources = [str(one) for one in as_list(statement.get("Resource", []))]
    if "NotAction" in statement or "NotResource" in statement:
        yield "Allows everything but what it names."
    if "iam:PassRole" in actions:
        yield f"Passes roles: {', '.join(resources)}{to_service(statement)}."
    if patterns := [action for action in actions if "*" in action]:
        yield f"Allows actions by a pattern: {some(patterns)}."
    changing = [a for a in actions if not is_read(a) and "*" not in a]
    if "*" in resources and changing:
        limited = "" if "Condition" not in statement else ", under a condition"
        yield f"Changes every resource{limited}: {some(changing)}."


def to_service(statement: dict[str, Any]) -> str:
    for block in statement.get("Condition", {}).values():
        if service := block.get("iam:PassedToService"):
            return f" to {', '.join(as_list(service))}"
    return " to any service"


def is_read(action: str) -> bool:
    return action.rpartition(":")[2].startswith(READS)


def some(actions: list[str]) -> str:
    more = len(actions) - MOST_NAMED
    named = ", ".join(actions[:MOST_NAMED])
    return f"{named} and {more} more" if more > 0 else named
