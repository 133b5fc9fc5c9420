"""Evidence for whoever approves a plan: who else can assume a role that was there and
gets permissions, what roles have used of what is detached, and what uses them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cache, partial, reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from accounts.mapping.plans import others_of
from accounts.models.checks.evidence import Evidence, Other, Use
from accounts.runs.foreign.as_found import existing
from onboarding.aws.errors import AwsError
from onboarding.aws.roles.last_accessed import last_accessed
from onboarding.aws.roles.passable import Passable, passable_roles
from onboarding.aws.roles.used_by import users_of
from onboarding.partitions import arn
from onboarding.resources.kinds import Attachment, InlinePolicy, ManagedPolicy, Role
from onboarding.resources.plan import Delete, Update
from onboarding.resources.policy import Policy
from onboarding.resources.risks import Risk
from onboarding.resources.trusts import shut_out, who_can_assume
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
"""The most actions, the latest used first, and the most roles and users, that are
named.
"""

Compared = Iterable[tuple["Side", "Comparison"]]


def evidence_of(
    compared: Compared, sessions: Sessions, regions: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Say, as a run keeps it, of each role that stays: who else can assume it, if it
    gets permissions; what it has used and would no longer be allowed, if it loses
    policies of others; what uses it, if services can no longer assume it.

    Calls: two for each role that loses policies, and one for each 100 services; one for
    each 100 roles of the account, once. Those of `users_of` where services lose it.
    """
    return [
        one.model_dump()
        for side, found in compared
        if not side.removes
        for one in of_side(side, found, sessions, regions)
    ]


def of_side(
    side: Side, one: Comparison, sessions: Sessions, regions: Collection[str]
) -> Iterator[Evidence]:
    passable = cache(partial(passable_roles, sessions, side.reach))
    others, wide, lost = others_in(side, one), losing(one), lost_services(one)
    for role in one.observed:
        if not isinstance(role, Role):
            continue
        known = Evidence(
            role=role.name,
            account=role.account,
            others=others.get(role.name, []),
            loses_policies=role in wide,
        )
        if role in wide:
            known = of_role(known, side, one, role, sessions, passable)
        if services := lost.get(role.name):
            known = with_users(known, side, role, sessions, services, regions)
        if known.others or known.loses_policies or known.loses_services:
            yield known


def others_now(side: Side, one: Comparison) -> tuple[Risk, ...]:
    """Say as a plan does who else can assume roles that stay and get permissions."""
    if side.removes:
        return ()
    found = others_in(side, one).items()
    return others_of(
        Evidence(role=role, account=side.reach.account_id, others=others).model_dump()
        for role, others in found
    )


def others_in(side: Side, one: Comparison) -> dict[str, list[Other]]:
    """Say, by role that stays as it is and gets permissions, who else can assume it."""
    changed = {change.resource.key for change in one.changes}
    getting = set(holders(side, one))
    return {
        before.name: [
            Other(sentence=who.sentence, anybody=who.anybody)
            for who in who_can_assume(
                before.trust.document["Statement"], after.trust.document["Statement"]
            )
        ]
        for before, after in existing(side, one)
        if not before.owned
        if before.name in getting and before.key not in changed
    }


def holders(side: Side, one: Comparison) -> Iterator[str]:
    """Name the roles that get permissions: something is attached, or what is attached
    allows more.
    """
    given = [change.after for change in one.changes if not isinstance(change, Delete)]
    edited = {f"{it.path}{it.name}" for it in given if isinstance(it, ManagedPolicy)}
    for it in given:
        if isinstance(it, Attachment | InlinePolicy):
            yield it.role
    for it in side.wanted:
        if isinstance(it, Attachment) and own_path(it) in edited:
            yield it.role


def own_path(it: Attachment) -> str:
    """Return the path and the name of the policy."""
    return it.policy_arn.partition(":policy")[2]


def lost_services(one: Comparison) -> dict[str, list[str]]:
    """Name, by role, the services of AWS that can no longer assume it."""
    return {
        change.after.name: [
            who.name
            for who in shut_out(
                change.before.trust.document["Statement"],
                change.after.trust.document["Statement"],
            )
            if who.is_service
        ]
        for change in one.changes
        if isinstance(change, Update)
        and isinstance(change.before, Role)
        and isinstance(change.after, Role)
    }


def with_users(
    known: Evidence,
    side: Side,
    role: Role,
    sessions: Sessions,
    services: Collection[str],
    regions: Collection[str],
) -> Evidence:
    where = dict.fromkeys([sessions.partition.home_region, *regions])
    users = users_of(sessions, side.reach, arn_of(sessions, role), services, where)
    return known.model_copy(
        update={
            "loses_services": True,
            "users": [*users.named[:MOST_MISSING]],
            "more_users": len(users.named[MOST_MISSING:]),
            "unread_users": [*users.unread[:MOST_MISSING]],
            "last_used": users.last_used and users.last_used.isoformat(),
            "last_region": users.last_region,
        }
    )


def arn_of(sessions: Sessions, role: Role) -> str:
    name = f"role{role.path}{role.name}"
    return arn(sessions.partition.name, "iam", role.account, name)


def losing(one: Comparison) -> list[Role]:
    names = {it.resource.role for it in one.foreign if it.removable}
    return [r for r in one.observed if isinstance(r, Role) and r.name in names]


def of_role(
    known: Evidence,
    side: Side,
    one: Comparison,
    role: Role,
    sessions: Sessions,
    passable: Callable[[], list[Passable]],
) -> Evidence:
    left, before = remaining(side, one, role.name), of_others(one, role.name)
    try:
        used = last_accessed(sessions, side.reach, arn_of(sessions, role))
        unpassed = no_longer_passed(passable(), before, left)
    except AwsError as error:
        return known.model_copy(update={"unread": error.message})
    missing = [
        Use(action=action, at=at.isoformat())
        for action, at in no_longer_allowed(used, left)
    ]
    return known.model_copy(
        update={
            "missing": missing[:MOST_MISSING],
            "more": len(missing[MOST_MISSING:]),
            "unpassed": unpassed[:MOST_MISSING],
            "more_unpassed": len(unpassed[MOST_MISSING:]),
        }
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
