"""Roles of an account that services run code with, so that somebody passes them."""

from __future__ import annotations

from typing import NamedTuple

from onboarding.aws.client import AccountClient, parsed
from onboarding.aws.session import Sessions
from onboarding.resources.policy import as_list
from onboarding.resources.trusts import who_can_assume
from onboarding.topology import Reach

SERVICES = ("ec2", "ecs-tasks", "lambda")
"""Those that Spinnaker deploys to."""


class Passable(NamedTuple):
    arn: str
    name: str
    """With its path: /teams/web."""
    services: tuple[str, ...]
    """Principals of services that can assume it."""


def passable_roles(sessions: Sessions, reach: Reach) -> list[Passable]:
    """Return the roles that one of the services can assume; raise AwsError.

    AWS records nowhere which role was passed: this is what can have been.
    """
    client = AccountClient.of(sessions, reach)
    wanted = {sessions.partition.service_principal(one) for one in SERVICES}
    answer = client.call_all(client.iam.list_roles, "list the account's roles")
    found = []
    for role in answer["Roles"]:
        trust = parsed(role["AssumeRolePolicyDocument"])
        who = who_can_assume(as_list(trust["Statement"]))
        trusted = wanted.intersection(one.name for one in who if one.is_service)
        if trusted:
            name = f"{role['Path']}{role['RoleName']}"
            found.append(Passable(role["Arn"], name, tuple(sorted(trusted))))
    return found
