"""Which roles could be passed before a change of policies, and can't after. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from onboarding.aws.roles.passable import Passable
from onboarding.resources.policy import Policy
from onboarding.verify.policy_evaluation import (
    Document,
    RequestContext,
    find_statement,
)


def no_longer_passed(
    roles: Iterable[Passable], gone: Collection[Policy], left: Collection[Policy]
) -> list[str]:
    """Name the roles, with their paths. What is allowed under conditions that only a
    call can tell counts as allowed.
    """
    return [
        role.name
        for role in roles
        if any(
            passes(gone, role.arn, service) and not passes(left, role.arn, service)
            for service in role.services
        )
    ]


def passes(policies: Iterable[Policy], role_arn: str, service: str) -> bool:
    documents = [Document("", policy.document) for policy in policies]
    asked = RequestContext("iam:PassRole", role_arn, {"iam:passedtoservice": service})
    return find_statement(documents, "Allow", asked) is not None
