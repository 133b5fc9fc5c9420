"""Ten callers of every door, and what the activity log may say of each."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from django.contrib.auth.models import Group, User

from accounts.decisions.decision import DECISIONS
from accounts.models.people import Scope
from accounts.people.role_limits.limits import limit
from accounts.people.roles import (
    ADMINISTRATOR,
    APPROVER,
    OPERATOR,
    VIEWER,
    UserRole,
)
from tests.rows import person


class Who(NamedTuple):
    roles: tuple[UserRole, ...]
    scopes: tuple[Scope, ...] = ()
    """Those of the token that is all they have; none: they sign in as well."""
    only_in: str = ""
    is_active: bool = True

    def row(self, name: str) -> User:
        user = person(self.roles[0].name, username=name, is_active=self.is_active)
        names = [role.name for role in self.roles]
        user.groups.set(Group.objects.filter(name__in=names))
        for role in self.roles if self.only_in else ():
            limit(user, role, [self.only_in], None)
        return user

    def may(self, roles: Collection[UserRole]) -> set[str]:
        """List what the log may say of them at a door that is open to these of their
        roles: everything is in production.
        """
        if self.only_in or not self.is_active:
            return set()
        acts = {*roles} & {*self.roles}
        return {what for row in DECISIONS if row.role in acts for what in row.logs}


DECIDES = (OPERATOR, APPROVER)
EVERY = (VIEWER, *DECIDES, ADMINISTRATOR)
CALLERS: Mapping[str, Who] = {
    "operator and approver of dev": Who(DECIDES, only_in="dev"),
    "nobody": Who(()),
    "viewer": Who((VIEWER,)),
    "operator": Who((OPERATOR,)),
    "approver": Who((APPROVER,)),
    "administrator": Who((ADMINISTRATOR,)),
    "deactivated": Who(EVERY, is_active=False),
    "token that reads": Who(EVERY, (Scope.READ,)),
    "token that operates": Who(EVERY, (Scope.READ, Scope.OPERATE)),
    "token that approves": Who(EVERY, (Scope.READ, Scope.APPROVE)),
}
