"""The form that gives roles to a group."""

from __future__ import annotations

from django import forms

from accounts.web.access import ROLES
from accounts.web.fields import RuledField, bare_helper
from accounts.web.single_sign_on.roles import NoSuchRole, roles_named
from onboarding import names

LONGEST = 255


class GroupForm(forms.Form):
    """Gives a group exactly these roles, whether it had others or none."""

    group = RuledField(
        rule=names.seen,
        max_length=LONGEST,
        label="Group",
        help_text="Exactly as the provider sends it. Entra ID sends object IDs.",
    )
    roles = forms.MultipleChoiceField(
        label="Roles",
        choices=[(role.name, f"{role.name}: {role.does}") for role in ROLES],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose one role at least."},
    )
    helper = bare_helper()

    def clean_roles(self) -> tuple[str, ...]:
        try:
            return roles_named(self.cleaned_data["roles"])
        except NoSuchRole as error:
            raise forms.ValidationError(str(error)) from error
