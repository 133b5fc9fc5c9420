"""The form that asks for the details of ECS."""

from __future__ import annotations

from django import forms

from accounts.web.wizard.provider_forms.base import (
    DetailsForm,
    access_field,
    roles_path_field,
)
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
        help_text=(
            "Bowline makes it under the path below; name it in your task "
            "definitions. If the account has a role of this name already, give "
            "another name. Empty: none is made, and each task definition must name "
            "one of yours."
        ),
    )
    roles_path = roles_path_field("to tasks", ECS_ROLES_PATH)
    tasks_as_managed_role = forms.BooleanField(
        label="Fargate without an execution role, not advised",
        required=False,
        help_text=(
            "Clouddriver then starts tasks as Spinnaker's own managed role, so "
            "whoever may deploy can run a container with all of Spinnaker's "
            "rights. Leave it off, and name an execution role in each task "
            "definition."
        ),
    )

    def describe_fields(self) -> None:
        self.fields["account_name"].help_text = (
            "The name of the ECS account in Spinnaker, which must differ from the "
            f"AWS account's. Empty: {self.managed.name}-ecs."
        )
