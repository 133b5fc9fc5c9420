"""The roles that Spinnaker may pass to services: what they hold, and who may
assume them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from onboarding.aws.client import AccountClient, parsed, together
from onboarding.aws.errors import AwsError
from onboarding.aws.roles.foreign import document_at
from onboarding.aws.roles.whole import just_read
from onboarding.aws.session import Sessions
from onboarding.partitions import Arn
from onboarding.resources.foreign import Foreign
from onboarding.resources.kinds import Attachment, InlinePolicy, Resource, Role
from onboarding.resources.policy import Policy, as_list
from onboarding.resources.trusts import who_can_assume
from onboarding.topology import Reach

if TYPE_CHECKING:
    from mypy_boto3_iam.type_defs import RoleTypeDef

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


MOST_ROLES = 30
"""The most roles whose policies are read."""
MOST_PAGES = 5
"""The most pages of 100 roles that are listed under a path."""
PAGE = 100
PASSED = "iam:PassRole"
GONE = "NoSuchEntity"


class Passed(NamedTuple):
    """A role that may be passed."""

    name: str
    path: str
    trust: Policy
    policies: tuple[Foreign, ...] = ()


class PassedRoles(NamedTuple):
    """What was read of the roles that may be passed."""

    patterns: tuple[str, ...]
    """The roles, or the paths that they are under, as a policy writes them."""
    roles: tuple[Passed, ...] = ()
    """Those whose policies were read."""
    left: tuple[Passed, ...] = ()
    """Those of which only the trust was."""
    is_more: bool = False
    """Whether there are more, which weren't even listed."""
    unread: str = ""
    """Why something could not be read; empty: all of the roles was."""


def passed_patterns(wanted: Iterable[Resource]) -> tuple[str, ...]:
    """Return the paths and names of roles that the wanted policies allow to pass."""
    some = list(wanted)
    own = {f"{one.path}{one.name}" for one in some if isinstance(one, Role)}
    found = dict.fromkeys(
        Arn.of(str(resource)).resource.removeprefix("role")
        for policy in some
        if isinstance(policy, InlinePolicy)
        for statement in policy.document.document["Statement"]
        if PASSED in as_list(statement.get("Action", []))
        for resource in as_list(statement["Resource"])
    )
    return tuple(one for one in found if one not in own)


def passed_roles(
    sessions: Sessions,
    reach: Reach,
    wanted: Iterable[Resource],
    patterns: tuple[str, ...],
) -> PassedRoles:
    """Read the roles at these paths that aren't wanted themselves.

    Calls: one for each path and for each role that is named; two for each role, one for
    each policy inside, and two for each one attached, of which the second reads a
    version only once. None where all of them have just been read at once.
    """
    own = {one.name for one in wanted if isinstance(one, Role)}
    client = just_read(sessions, reach)
    try:
        listed = together(partial(roles_at, client, one) for one in patterns)
    except AwsError as error:
        if error.unread:
            return PassedRoles(patterns, unread=error.message)
        raise
    found = {
        role["RoleName"]: role
        for roles, _ in listed
        for role in roles
        if role["RoleName"] not in own
    }
    known = [
        Passed(
            name, role["Path"], Policy.read(parsed(role["AssumeRolePolicyDocument"]))
        )
        for name, role in sorted(found.items())
    ]
    read = together(
        partial(with_policies, client, sessions, one) for one in known[:MOST_ROLES]
    )
    return PassedRoles(
        patterns,
        tuple(one for one in read if isinstance(one, Passed)),
        tuple(known[MOST_ROLES:]),
        any(more for _, more in listed),
        next((one for one in read if isinstance(one, str)), ""),
    )


def roles_at(client: AccountClient, pattern: str) -> tuple[list[RoleTypeDef], bool]:
    """Find the role, or those under a path, and whether there are more."""
    path, _, name = pattern.rpartition("/")
    if name != "*":
        doing = f"read role {name}"
        answer = client.find(client.iam.get_role, doing, RoleName=name)
        at_path = answer is not None and answer["Role"]["Path"] == f"{path}/"
        return [answer["Role"]] if answer and at_path else [], False
    asked: dict[str, Any] = {"PathPrefix": f"{path}/", "MaxItems": PAGE}
    found: list[RoleTypeDef] = []
    for _ in range(MOST_PAGES):
        doing = f"list the roles under {path}/"
        page = client.call(client.iam.list_roles, doing, **asked)
        found += page["Roles"]
        if not page.get("IsTruncated"):
            return found, False
        asked["Marker"] = page["Marker"]
    return found, True


def with_policies(
    client: AccountClient, sessions: Sessions, role: Passed
) -> Passed | str | None:
    """Read what the role holds; return why that is not allowed, or None where the role
    is gone meanwhile.
    """
    try:
        return role._replace(policies=tuple(policies_of(client, sessions, role)))
    except AwsError as error:
        if error.unread:
            return error.message
        if error.code == GONE:
            return None
        raise


def policies_of(
    client: AccountClient, sessions: Sessions, role: Passed
) -> Iterator[Foreign]:
    account, name, iam = client.account_id, role.name, client.iam
    doing = f"list the policies of role {name}"
    attached = client.call_all(iam.list_attached_role_policies, doing, RoleName=name)
    for arn in [one["PolicyArn"] for one in attached["AttachedPolicies"]]:
        held = Attachment(account=account, holder=name, policy_arn=arn, owned=False)
        yield Foreign(held, document_at(client, sessions, arn), removable=False)
    doing = f"list the inline policies of role {name}"
    inside = client.call_all(iam.list_role_policies, doing, RoleName=name)
    for policy in inside["PolicyNames"]:
        doing = f"read inline policy {policy} of role {name}"
        answer = client.call(
            iam.get_role_policy, doing, RoleName=name, PolicyName=policy
        )
        document = Policy.read(parsed(answer["PolicyDocument"]))
        one = InlinePolicy(
            account=account, role=name, policy=policy, document=document, owned=False
        )
        yield Foreign(one, document, removable=False)
