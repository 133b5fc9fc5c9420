"""Roles that Spinnaker hands to services: who may be handed out, and who is listed."""

from __future__ import annotations

from collections.abc import Iterable

from onboarding.checks import Call, Check
from onboarding.details import (
    DetailsError,
    require,
    require_at_most,
    require_no_doubles,
)
from onboarding.grants import Access, Grant
from onboarding.names import PASSED_ROLE
from onboarding.resources.kinds import Attachment
from onboarding.topology import Managed, Managing

DEPLOY, READ, POWER_USER = "deploy", "read", "power-user"
ACCESS = {
    DEPLOY: "Deploy: read, and change deployments, also those of others",
    READ: "Read only: show what runs, change nothing",
    POWER_USER: "Power user (not recommended): deploy, and AWS's PowerUserAccess",
}
"""How far the managed role may go, a detail of every provider on an `aws` entry."""
MORE_ROLES = "more_roles"
"""The detail that lists roles outside the path whose roles are passed."""
MOST_ROLES = 20


def pass_roles(
    managing: Managing,
    managed: Managed,
    *,
    to: str,
    service: str,
    roles: tuple[str, ...],
    more: tuple[str, ...] = (),
) -> Grant:
    """Allow passing these roles (path and name) to this service, and to no other.

    The managed role itself must never match: who may deploy could then run code as
    Spinnaker. `refuse_passing_itself` keeps it from these paths. `more` are roles of
    people's own: raise DetailsError where one is Bowline's or Spinnaker's.
    """
    refuse_powerful(managing, managed, more)
    principal = managing.aws.service_principal(service)
    return Grant(
        sid=f"PassTo{to}",
        access=Access.PASS_ROLE,
        capability="deploy",
        actions=("iam:PassRole",),
        resources=tuple(
            managing.arn("iam", managed.account_id, f"role{role}")
            for role in (*roles, *more)
        ),
        condition={"StringEquals": {"iam:PassedToService": principal}},
    )


def require_roles(roles: tuple[str, ...]) -> None:
    """Raise DetailsError for what is no list of further roles to pass."""
    require(MORE_ROLES, PASSED_ROLE, *roles)
    require_no_doubles(MORE_ROLES, roles)
    require_at_most(MORE_ROLES, MOST_ROLES, roles, called="roles")


def refuse_powerful(managing: Managing, managed: Managed, roles: Iterable[str]) -> None:
    """Raise DetailsError for a role by which whoever can deploy could become Spinnaker
    or Bowline.
    """
    account = managed.account_id
    access = managing.arn("iam", account, f"role/{managed.access_role}")
    theirs = {
        managing.role_of(managed).arn: "the managed role",
        managing.identity_arn: "Spinnaker's identity",
        access: "the role that Bowline assumes",
    }
    for role in roles:
        if who := theirs.get(managing.arn("iam", account, f"role{role}")):
            raise DetailsError(
                MORE_ROLES,
                f"{role} is {who}, so anyone who can deploy could use its permissions. "
                "Take it off the list.",
            )


def refuse_passing_itself(managed: Managed, field: str, path: str) -> None:
    """Raise DetailsError where the managed role is at a path whose roles are passed."""
    if path and f"/{managed.managed_role}".startswith(path):
        raise DetailsError(
            field,
            f"The managed role {managed.managed_role} is under {path}, so anyone who "
            "can deploy could run code as Spinnaker. Choose another path.",
        )


POWER_USER_POLICY = "PowerUserAccess"
POWER_USER_WARNING = (
    "With PowerUserAccess, Spinnaker and everyone who can deploy with it can do "
    "everything in the account except manage IAM: read every secret, delete every "
    "database. Choose it only to match an old installation, and only temporarily."
)


def power_user(managing: Managing, managed: Managed) -> Attachment:
    """Attach what Spinnaker's old guide attaches, and what that is missing of IAM."""
    return Attachment(
        account=managed.account_id,
        holder=managing.role_of(managed).name,
        policy_arn=managing.arn("iam", "aws", f"policy/{POWER_USER_POLICY}"),
        reason="Not recommended: allows everything except IAM.",
    )


ROLE_LIST = Check(
    name="List roles",
    call=Call("iam", "list_roles"),
    fix="The managed role must be allowed iam:ListRoles.",
    expects=(
        "length(Roles[?type(AssumeRolePolicyDocument.Statement) != 'array' || "
        "AssumeRolePolicyDocument.Statement[?Principal == '*']]) == `0`"
    ),
    missing=(
        "A role's trust policy has “Principal”: “*” or a “Statement” that isn't a "
        "list. Clouddriver stops reading roles at such a policy: Spinnaker will offer "
        "none. Write the principal as {“AWS”: “*”} and the statement as a list."
    ),
    advice=True,
)
"""Clouddriver's agents for ECS and Lambda parse the trust of every role they list."""
