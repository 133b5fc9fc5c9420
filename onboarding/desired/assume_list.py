"""The roles that Spinnaker may assume: one list, cut into as many policies as it takes.

Every account has its line in it, so it changes between a plan and its turn. It is
judged by what it gains and loses as a whole: what only moves between policies is
neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from onboarding import names
from onboarding.desired.capacity import ASSUME_POLICY, assume_policy
from onboarding.resources.kinds import (
    MANAGING_PATH,
    Attachment,
    ManagedPolicy,
    Resource,
)
from onboarding.resources.plan import (
    Change,
    Create,
    Delete,
    PlannedChange,
    PlanOutdated,
    Update,
    digests,
)
from onboarding.resources.policy import as_list


class Sum(NamedTuple):
    """What the list loses and gains, as digests."""

    removed: frozenset[str]
    added: frozenset[str]

    def within(self, *others: Sum) -> bool:
        """Return whether all of it is in one of the others."""
        removed = frozenset().union(*(other.removed for other in others))
        added = frozenset().union(*(other.added for other in others))
        return self.removed <= removed and self.added <= added


def is_listed(resource: Resource) -> bool:
    """Return whether it is one of the list's policies, or attaches one."""
    match resource:
        case ManagedPolicy(name=name, path=path):
            return path == MANAGING_PATH and name.startswith(ASSUME_POLICY)
        case Attachment(policy_arn=arn):
            return f":policy{MANAGING_PATH}{ASSUME_POLICY}" in arn
    return False


def roles_in(found: Iterable[Resource]) -> Iterator[str]:
    """Yield the ARNs of the roles on the list as it was found, in its order. A pattern
    names none.
    """
    policies = [
        one for one in found if isinstance(one, ManagedPolicy) and is_listed(one)
    ]
    for policy in sorted(policies, key=lambda one: (len(one.name), one.name)):
        for statement in policy.document.document["Statement"]:
            if statement["Effect"] == "Allow":
                for arn in as_list(statement.get("Resource", [])):
                    read = names.IDENTITY_ARN.regex.fullmatch(arn)
                    if read and read["kind"] == "role":
                        yield arn


def split(changes: Iterable[Change]) -> tuple[list[Change], list[Change]]:
    """Return the changes of the list, and all others."""
    both: tuple[list[Change], list[Change]] = [], []
    for change in changes:
        both[not is_listed(change.resource)].append(change)
    return both


def approved_sum(plan: Iterable[PlannedChange]) -> Sum:
    """Add up what one plan changes in the list."""
    steps = [
        step
        for step in plan
        if step.key.kind == ManagedPolicy.kind
        and step.key.name.startswith(ASSUME_POLICY)
    ]
    removed = frozenset().union(*(step.removed for step in steps))
    added = frozenset().union(*(step.added for step in steps))
    return Sum(removed - added, added - removed)


def sum_of(changes: Iterable[Change]) -> Sum:
    before: set[str] = set()
    after: set[str] = set()
    for change in changes:
        if isinstance(change, Update | Delete):
            before |= statements(change.before)
        if isinstance(change, Update | Create):
            after |= statements(change.after)
    return Sum(digests(before - after), digests(after - before))


def statements(resource: Resource) -> frozenset[str]:
    """Split a policy's document as its atoms are; an attachment has none."""
    if not isinstance(resource, ManagedPolicy):
        return frozenset()
    return frozenset(f"document={atom}" for atom in resource.document.atoms())


def statements_of(roles: Iterable[str]) -> frozenset[str]:
    """Return the digests by which plans name what these roles add to the list."""
    roles = list(roles)
    atoms = assume_policy(roles).atoms() if roles else ()
    return digests(f"document={atom}" for atom in atoms)


def refuse_unapproved(
    changes: Iterable[Change], plan: Iterable[PlannedChange], others: Iterable[Sum]
) -> None:
    """Raise PlanOutdated where the list would gain or lose what neither this plan nor
    another one that is being applied holds.
    """
    changes, plan = list(changes), list(plan)
    approved = {step.key: step for step in plan}
    new = [
        change
        for change in strays(changes)
        if change.resource.key not in approved
        or not approved[change.resource.key].covers(change)
    ]
    if not sum_of(changes).within(approved_sum(plan), *others):
        new = changes
    if new:
        names = ", ".join(f"{c.verb} {c.resource.kind} {c.resource.name}" for c in new)
        raise PlanOutdated(f"This wasn't in the approved plan: {names}.")


def strays(changes: Iterable[Change]) -> list[Change]:
    """Keep attachments that come and go without their policy."""
    changes = list(changes)
    whole = {
        (change.verb, change.resource.name)
        for change in changes
        if isinstance(change.resource, ManagedPolicy)
    }
    return [
        change
        for change in changes
        if isinstance(change.resource, Attachment)
        and (change.verb, change.resource.policy) not in whole
    ]


def of_others(
    changes: Iterable[Change], roles: Iterable[str], found: Iterable[Resource] = ()
) -> bool:
    """Return whether the list only gains or loses these roles, of other accounts. Of a
    policy that is attached as it was found, all lines count.
    """
    changes, roles = list(changes), list(roles)
    theirs = statements_of(roles)
    policies = {one.name: one for one in found if isinstance(one, ManagedPolicy)}
    for change in strays(changes):
        assert isinstance(change.resource, Attachment)
        policy = policies.get(change.resource.policy)
        if policy is None or not isinstance(change, Create):
            return False
        if not digests(statements(policy)) <= theirs:
            return False
    return sum_of(changes).within(Sum(theirs, theirs))
