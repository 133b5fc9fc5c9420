"""What AWS had of an account's roles, as a reading keeps it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from accounts.mapping.managed import managed_of
from accounts.mapping.managing import managing_of
from accounts.mapping.managing import managing_row as stored_managing
from accounts.models import FoundRoles, ManagedAccount
from onboarding.desired import desired
from onboarding.resources.foreign import Boundary, Foreign
from onboarding.resources.kinds import Attachment, Resource, Role
from onboarding.resources.policy import Policy
from onboarding.review.as_found import found_roles, planned_digest
from onboarding.topology import Topology
from tests.accounts.runs.foreign.rows import foreign_row

AT = datetime(2026, 5, 12, 10, 14, tzinfo=UTC)
FOUND = "As found on 12 May 2026, 10:14 UTC"
MANAGED = "spinnakerManaged"
EVERYTHING = Policy.allowing({"Action": "*", "Resource": "*"})
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def planned_for(account: ManagedAccount | None) -> tuple[Resource, ...]:
    managing = managing_of(stored_managing())
    if account is None:
        return desired(Topology(managing, ()), managing)
    managed = managed_of(account)
    return desired(Topology(managing, (managed,)), managed)


def read_roles(
    account: ManagedAccount | None,
    *foreign: Foreign,
    change: Callable[[Role], Role] = lambda role: role,
    boundaries: Collection[Boundary] = (),
    **fields: Any,
) -> FoundRoles:
    """Keep that what is planned was found, each role as it was changed."""
    planned = planned_for(account)
    observed = [change(one) if isinstance(one, Role) else one for one in planned]
    observed += [one.resource for one in foreign]
    roles = [one.as_json() for one in found_roles(observed, foreign, boundaries)]
    given = {"read_at": AT, "roles": roles, "planned": planned_digest(planned)}
    return FoundRoles.objects.create(account=account, **{**given, **fields})


def attached(
    account: ManagedAccount | None,
    role: str = MANAGED,
    document: Policy | None = EVERYTHING,
    **fields: Any,
) -> Foreign:
    """Let somebody attach AdministratorAccess, and the runs find it."""
    said = document.document if document else None
    foreign_row(account, role=role, document=said, **fields)
    number = account.account_id if account else "911111111111"
    return Foreign(
        Attachment(account=number, holder=role, policy_arn=ADMINISTRATOR, owned=False),
        document,
    )


def of_managed(**changed: Any) -> Callable[[Role], Role]:
    return lambda role: replace(role, **changed) if role.name == MANAGED else role
