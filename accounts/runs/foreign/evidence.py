"""Evidence: what roles have used of what a plan detaches, for whoever approves it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cache, partial, reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from accounts.models.checks.evidence import Evidence, Use
from onboarding.aws.errors import AwsError
from onboarding.aws.roles.last_accessed import last_accessed
from onboarding.aws.roles.passable import Passable, passable_roles
from onboarding.partitions import arn
from onboarding.resources.kinds import Attachment, InlinePolicy, ManagedPolicy, Role
from onboarding.resources.policy import Policy
from onboarding.resources.wildcards import Texts
from onboarding.review.as_found import policy_document
from onboarding.review.used import no_longer_allowed
from onboarding.verify.policy_evaluation import (
    are_met,
    names_value,
    resources_of,
)

if TYPE_CHECKING:
    from accounts.runs.scope import Comparison, Side
    from onboarding.aws.session import Sessions


MOST_MISSING = 50
"""The most actions, the latest used first, and the most roles that are named."""


def evidence_of(
    compared: Iterable[tuple[Side, Comparison]], sessions: Sessions
) -> list[dict[str, Any]]:
    """Say of each role that stays and loses policies of others what it has used and
    would no longer be allowed, as a run keeps it.

    Calls: two for each role, and one for each 100 services; one for each 100 roles of
    the account, once.
    """
    return [
        one.model_dump()
        for side, found in compared
        if not side.removes
        for one in of_side(side, found, sessions)
    ]


def of_side(side: Side, one: Comparison, sessions: Sessions) -> Iterator[Evidence]:
    passable = cache(partial(passable_roles, sessions, side.reach))
    for role in losing(one):
        yield of_role(side, one, role, sessions, passable)


def losing(one: Comparison) -> list[Role]:
    names = {it.resource.role for it in one.foreign if it.removable}
    return [r for r in one.observed if isinstance(r, Role) and r.name in names]


def of_role(
    side: Side,
    one: Comparison,
    role: Role,
    sessions: Sessions,
    passable: Callable[[], list[Passable]],
) -> Evidence:
    name = f"role{role.path}{role.name}"
    role_arn = arn(sessions.partition.name, "iam", role.account, name)
    left, before = remaining(side, one, role.name), of_others(one, role.name)
    try:
        used = last_accessed(sessions, side.reach, role_arn)
        unpassed = no_longer_passed(passable(), before, left)
    except AwsError as error:
        return Evidence(role=role.name, unread=error.message)
    missing = [
        Use(action=action, at=at.isoformat())
        for action, at in no_longer_allowed(used, left)
    ]
    return Evidence(
        role=role.name,
        missing=missing[:MOST_MISSING],
        more=len(missing[MOST_MISSING:]),
        unpassed=unpassed[:MOST_MISSING],
        more_unpassed=len(unpassed[MOST_MISSING:]),
    )


def of_others(one: Comparison, role: str) -> list[Policy]:
    """Return what others attached to the role, as far as it was read. What of it stays
    is in `remaining`, too.
    """
    found = (it.document for it in one.foreign if it.resource.role == role)
    return [document for document in found if document]


def remaining(side: Side, one: Comparison, role: str) -> list[Policy]:
    """Return what stays on the role, as far as it was read."""
    stay = [*(it for it in one.foreign if not it.removable), *one.accepted]
    theirs = {it.policy_arn: it.document for it in stay}
    policies = [it for it in side.wanted if isinstance(it, ManagedPolicy)]
    documents = {f"{it.path}{it.name}": it.document for it in policies}
    held = [
        *(it for it in side.wanted if isinstance(it, Attachment | InlinePolicy)),
        *(it.resource for it in stay),
    ]
    found = (policy_document(it, documents, theirs) for it in held if it.role == role)
    return [document for document in found if document]


def no_longer_passed(
    roles: Iterable[Passable], before: Collection[Policy], left: Collection[Policy]
) -> list[str]:
    """Name the roles, with their paths. What is allowed under conditions that only a
    call can tell counts as allowed.
    """
    some = list(roles)
    arns = Texts((role.arn for role in some), any_case=False)
    could, can = passed(before, arns), passed(left, arns)
    lost = {
        service: {*arns.chosen(could(service) & ~can(service))}
        for service in {service for role in some for service in role.services}
    }
    return [
        role.name
        for role in some
        if any(role.arn in lost[service] for service in role.services)
    ]


def passed(policies: Iterable[Policy], arns: Texts) -> Callable[[str], int]:
    """Return, by service, the set of the roles that policies allow to pass to it."""
    limited = [
        (statement, resources_of(statement, arns))
        for policy in policies
        for statement in policy.document["Statement"]
        if statement["Effect"] == "Allow"
        and names_value(statement, "Action", "iam:passrole", lower=True)
    ]

    def to(service: str) -> int:
        context = {"iam:passedtoservice": service}
        found = (on for one, on in limited if are_met(one, context) is not False)
        return reduce(or_, found, 0)

    return to
