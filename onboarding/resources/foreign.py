"""Foreign policies: what a role may do that nobody approved. Pure.

They are attached to a role that Bowline vouches for, or inside it, and Bowline did not
plan them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from onboarding.asked_once import asked_once
from onboarding.names import some
from onboarding.resources.kinds import Attachment, InlinePolicy, Key, ManagedPolicy
from onboarding.resources.plan import Change, Delete, deletion_order
from onboarding.resources.policy import Policy, as_list
from onboarding.resources.risks import EVERYTHING, risks

NOT_APPROVED = "It wasn't approved here."
ANY_ACCOUNT = "*"
"""In the place of the account's own number, where names of several are compared."""
UNREAD = (
    "Bowline isn't allowed to read its permissions (iam:GetPolicy, "
    "iam:GetPolicyVersion)."
)


class Boundary(NamedTuple):
    """A role's permissions boundary, and what it says."""

    arn: str
    document: Policy | None
    """None: Bowline may not read it."""


@dataclass(frozen=True)
class Foreign:
    """A policy of somebody else's, and what it says."""

    resource: Attachment | InlinePolicy
    document: Policy | None
    """None: Bowline may not read it."""
    removable: bool = True
    """Whether Bowline made its role and may change it, or somebody chose to remove it;
    else it is listed only."""
    why: str = NOT_APPROVED
    """Why it is removed."""

    @property
    def policy(self) -> str:
        """Name it as IAM does."""
        return self.resource.policy

    @property
    def policy_arn(self) -> str:
        """Return the attached policy's ARN; empty: it is inside the role."""
        resource = self.resource
        return resource.policy_arn if isinstance(resource, Attachment) else ""

    @property
    def digest(self) -> str:
        """Identify the policy with what it says: another document is another one."""
        key, shown = self.resource.key, self.resource.as_json()
        says = self.document.text if self.document else ""
        text = json.dumps([key, shown, says], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def alike(self) -> str:
        """Identify the same policy on the same role of any account: its own number may
        be in their names, and what the policy says is the same to the letter. One that
        nobody could read is like no other.
        """
        if self.document is None:
            return self.digest
        own, resource = self.resource.account, self.resource
        names = [resource.role, self.policy, self.policy_arn]
        named = [name.replace(own, ANY_ACCOUNT) for name in names]
        text = json.dumps([resource.kind, *named, self.document.text])
        return hashlib.sha256(text.encode()).hexdigest()

    @asked_once
    def effects(self) -> tuple[str, ...]:
        """Say what it lets the role do that a security reviewer reads first, or else
        what it allows; and what it denies.
        """
        if self.document is None:
            return (UNREAD,)
        key = Key(self.resource.account, ManagedPolicy.kind, self.policy)
        document = self.document.document
        said = dict.fromkeys(
            risk.sentence for risk in risks(key, None, {"document": document})
        )
        if EVERYTHING in said:
            return (EVERYTHING,)
        return (*(said or of_effect("Allow", document)), *of_effect("Deny", document))

    @property
    def sentence(self) -> str:
        """Say which policy it is, and what it does."""
        how = "is attached to" if isinstance(self.resource, Attachment) else "is in"
        named = f"{self.policy} {how} role {self.resource.role}."
        return " ".join([named, *self.effects])

    @property
    def removal(self) -> Change:
        """Return the change that detaches or deletes it."""
        reason = " ".join([self.why, *self.effects])
        return Delete(replace(self.resource, reason=reason))


def of_effect(effect: str, document: dict[str, Any]) -> Iterator[str]:
    """Say which actions a document allows, or denies."""
    named: dict[str, None] = {}
    conditions = ""
    for one in as_list(document["Statement"]):
        if one.get("Effect") != effect:
            continue
        named |= dict.fromkeys(map(str, as_list(one.get("Action", []))))
        if others := [str(other) for other in as_list(one.get("NotAction", []))]:
            named[f"everything except {some(others)}"] = None
        if "Condition" in one:
            conditions = ", under conditions"
    if named:
        yield f"{VERBS[effect]} {some([*named])}{conditions}."


VERBS = {"Allow": "Allows", "Deny": "Denies"}


def with_removals(
    changes: Iterable[Change], foreign: Iterable[Foreign]
) -> tuple[Change, ...]:
    """Add the removals of what may be removed to the deletions, in their order."""
    removals = [one.removal for one in foreign if one.removable]
    rest = [change for change in changes if not isinstance(change, Delete)]
    deletions = [change for change in changes if isinstance(change, Delete)]
    deletions += [one for one in removals if isinstance(one, Delete)]
    return (*rest, *sorted(deletions, key=lambda one: deletion_order(one.before)))
