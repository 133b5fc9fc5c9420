"""Roles that Spinnaker hands to services: who may be handed out, and who is listed."""

from __future__ import annotations

from onboarding.providers.base import Access, Call, Check, Grant
from onboarding.topology import Managed, Managing

DEPLOY, READ = "deploy", "read"
ACCESS = {
    DEPLOY: "Deploy: read, and change what belongs to deployments",
    READ: "Read only: show what runs, change nothing",
}
"""How far the managed role may go, a detail of every provider on an `aws` entry."""


def pass_roles(
    managing: Managing,
    managed: Managed,
    *,
    to: str,
    service: str,
    roles: tuple[str, ...],
) -> Grant:
    """Allow handing these roles (path and name) to this service, and to no other.

    The managed role itself stands at `/` and must never match: whoever may deploy
    could then run code as Spinnaker.
    """
    principal = managing.aws.service_principal(service)
    return Grant(
        sid=f"PassTo{to}",
        access=Access.PASS_ROLE,
        capability="deploy",
        actions=("iam:PassRole",),
        resources=tuple(
            managing.arn("iam", managed.account_id, f"role{role}") for role in roles
        ),
        condition={"StringEquals": {"iam:PassedToService": principal}},
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
        "A role's trust policy has “Principal”: “*” or a “Statement” that is no list. "
        "Clouddriver stops reading roles at such a policy: Spinnaker will offer none. "
        "Write the principal as {“AWS”: “*”} and the statement as a list."
    ),
    advice=True,
)
"""Clouddriver's agents for ECS and Lambda parse the trust of every role they list."""
