"""The form that gives roles to a group."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.forms.fields import RuledField, bare_helper
from accounts.models import GroupRoles, ManagedAccount
from accounts.people.role_limits.limits import environments_without_accounts
from accounts.people.role_limits.naming import LIMITED, environments_in_words
from accounts.people.role_limits.reach import NOWHERE
from accounts.people.roles import APPROVER, OPERATOR, ROLES, UserRole
from accounts.web.role_limits.fields import EnvironmentsField
from accounts.web.single_sign_on.roles import (
    NoSuchRole,
    claim_values,
    reaches,
    roles_named,
)
from onboarding import names

LONGEST = 255
EMPTY = "Leave empty to include all environments."
MOST_NAMED = 10
"""Environments in a sentence."""


class GroupForm(forms.Form):
    """Gives a group exactly these roles, whether it had others or none."""

    group = RuledField(
        rule=names.seen,
        max_length=LONGEST,
        label="Group",
        help_text=(
            "The group exactly as the provider sends it. Entra ID sends object IDs."
        ),
    )
    roles = forms.MultipleChoiceField(
        label="Roles",
        choices=[(role.name, f"{role.name}: {role.does}") for role in ROLES],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one role."},
    )
    operator_in = EnvironmentsField(role=OPERATOR, help_text=EMPTY)
    approver_in = EnvironmentsField(role=APPROVER, help_text=EMPTY)
    helper = bare_helper()

    @classmethod
    def of(cls, row: GroupRoles) -> GroupForm:
        """Make the form that changes a group."""
        roles = reaches(row.roles)
        limits = {f"{role.name}_in": roles.get(role.name) for role in LIMITED}
        return cls(initial={"group": row.group, "roles": [*roles], **limits})

    @property
    def chosen(self) -> tuple[str, ...]:
        """What the group gets, of a form that is valid."""
        return tuple(
            name
            for role in self.cleaned_data["roles"]
            for name in claim_values(role, self.cleaned_data.get(f"{role}_in"))
        )

    def clean_roles(self) -> tuple[str, ...]:
        try:
            return roles_named(self.cleaned_data["roles"])
        except NoSuchRole as error:
            raise forms.ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        """Refuse environments without their role, and those in which no account is,
        unless the group has them already.
        """
        said = self.cleaned_data
        for role in LIMITED:
            name = f"{role.name}_in"
            wanted = said.get(name)
            if not wanted or "roles" not in said:
                continue
            if role.name not in said["roles"]:
                self.add_error(
                    name,
                    f"Select the {role.name} role also, or leave this field empty.",
                )
            elif unknown := environments_without_accounts(wanted - self.kept(role)):
                said_so = (
                    f"No account is in {environments_in_words(unknown)}. {there_are()}"
                )
                self.add_error(name, said_so)
        return said

    def kept(self, role: UserRole) -> frozenset[str]:
        """Return what the group's role is limited to now."""
        group = self.cleaned_data.get("group", "")
        row = GroupRoles.objects.filter(group=group).first()
        return (row and reaches(row.roles).get(role.name)) or NOWHERE


def there_are() -> str:
    """List the environments that accounts are in."""
    rows = ManagedAccount.objects.exclude(environment="").order_by("environment")
    known = rows.values_list("environment", flat=True).distinct()
    found = list(known[: MOST_NAMED + 1])
    if not found:
        return "No account has an environment yet."
    more = " and others" if found[MOST_NAMED:] else ""
    return f"Accounts are in {', '.join(found[:MOST_NAMED])}{more}."
