"""The form that asks for the details of ECS."""

from __future__ import annotations

from django import forms

from accounts.forms.providers.base import (
    DetailsForm,
    access_field,
    more_roles_field,
    roles_path_field,
)
from accounts.help.documents import more
from onboarding.providers.ecs import ECS_ROLES_PATH, EXECUTION_ROLE, Ecs


class EcsForm(DetailsForm):
    asks_for = Ecs

    access = access_field()
    account_name = forms.CharField(label="Account name", required=False, max_length=60)
    execution_role = forms.CharField(
        label="Task execution role",
        required=False,
        max_length=64,
        initial=EXECUTION_ROLE,
        help_text=more(
            "Leave empty if your task definitions specify execution roles.",
            "prepare-accounts#amazon-ecs",
        ),
    )
    roles_path = roles_path_field(ECS_ROLES_PATH)
    more_roles = more_roles_field()
    tasks_as_managed_role = forms.BooleanField(
        label="Allow Fargate tasks without an execution role (not recommended)",
        required=False,
        help_text="These tasks get all of Spinnaker's permissions.",
    )

    def describe_fields(self) -> None:
        self.fields[
            "account_name"
        ].help_text = (
            f"The name in Spinnaker. Leave empty to use {self.managed.name}-ecs."
        )
