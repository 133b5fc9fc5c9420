"""The forms of the wizard's steps.

Each field says its own help in plain sentences; what one form cannot decide alone
(names taken by other accounts) the wizard adds when it saves.
"""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.models import ManagedAccount
from accounts.web.fields import (
    RegionsField,
    RolesField,
    RuledField,
    account_id_field,
    bare_helper,
)
from accounts.web.layout import Fieldset, Included
from onboarding import names
from onboarding.providers import PROVIDERS
from onboarding.providers.external_id import no_external_id, without_external_id


class IdentityForm(forms.ModelForm):  # type: ignore[type-arg]  # it has no [] at run time
    """Which account it is, where it works, and who may use it in Spinnaker."""

    name = RuledField(
        rule=names.account_name,
        label="Name in Spinnaker",
        max_length=200,
        help_text=(
            "People choose it when they deploy. Use a–z, 0–9 and “-”, at most 60; it "
            "cannot be changed in Spinnaker without recreating what uses it."
        ),
    )
    account_id = account_id_field()
    environment = RuledField(
        rule=names.account_name,
        required=False,
        max_length=60,
        help_text="A word to group accounts by, e.g. staging. It may stay empty.",
    )
    regions = RegionsField(
        help_text="Where Spinnaker looks and deploys, e.g. us-east-1, eu-west-1.",
        error_messages={"required": "Name at least one region."},
    )
    read_roles = RolesField(
        label="Who may read",
        help_text=(
            "Roles (groups) of your sign-in that see the account in Spinnaker, "
            "separated by commas. Empty: everybody."
        ),
    )
    write_roles = RolesField(
        label="Who may write",
        help_text="Roles that may deploy to it. Empty: everybody.",
    )

    class Meta:
        model = ManagedAccount
        fields = [
            "name",
            "account_id",
            "environment",
            "regions",
            "read_roles",
            "write_roles",
        ]

    def __init__(self, *args: Any, partition: str = "aws", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        regions = self.fields["regions"]
        assert isinstance(regions, RegionsField)
        regions.partition = partition
        if self.instance.granted_at:
            self.fields["account_id"].disabled = True
            self.fields["account_id"].help_text = (
                "It cannot change while Bowline's roles stand in it: remove the "
                "account from AWS first."
            )
        environment = self.fields["environment"].widget.attrs
        environment["list"] = "environments"
        self.helper = bare_helper(
            "name",
            "account_id",
            "environment",
            Included("wizard/_regions.html"),
            Fieldset(
                "Who may use it in Spinnaker",
                "read_roles",
                "write_roles",
            ),
        )

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        owner = self.others().filter(name=name).first()
        if owner is not None:
            raise forms.ValidationError(
                f"“{name}” is the name of AWS account {owner.account_id} already. "
                "Choose another one."
            )
        return name

    def clean_account_id(self) -> str:
        account_id: str = self.cleaned_data["account_id"]
        owner = self.others().filter(account_id=account_id).first()
        if owner is not None:
            raise forms.ValidationError(
                f"AWS account {account_id} is described already, as “{owner.name}”."
            )
        return account_id

    def others(self) -> Any:
        return ManagedAccount.objects.exclude(pk=self.instance.pk)


class AccessForm(forms.ModelForm):  # type: ignore[type-arg]  # it has no [] at run time
    """How Bowline enters the account, and how Spinnaker will."""

    access_role = RuledField(
        rule=names.role_name,
        required=False,
        label="Access role",
        max_length=64,
        help_text=(
            "The role in this account that Bowline assumes to look and to change. It "
            "must trust Bowline's identity; OrganizationAccountAccessRole trusts the "
            "organization's management account only. Leave it empty only where "
            "Bowline's own credentials are this account's."
        ),
    )

    class Meta:
        model = ManagedAccount
        fields = ["access_role", "uses_external_id", "adopts"]
        labels = {
            "uses_external_id": "Ask Spinnaker for an external ID",
            "adopts": "Use roles that stand already",
        }
        help_texts = {
            "uses_external_id": (
                "The managed role then opens only to who knows this account's own id, "
                "which Bowline makes and Spinnaker sends. Leave it on, unless the "
                "account deploys with ECS: Clouddriver does not send it there."
            ),
            "adopts": (
                "Off: Bowline stops where a role of a name it needs exists and is not "
                "its own. On: it keeps such a role as it is, trust included, and only "
                "adds its own policies to it."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = bare_helper()
        # The page puts the test between the first field and the other two.
        self.helper.render_unmentioned_fields = False

    def clean_uses_external_id(self) -> bool:
        uses: bool = self.cleaned_data["uses_external_id"]
        chosen = (
            [p.key for p in self.instance.providers.all()] if self.instance.pk else []
        )
        if uses and (titles := without_external_id(chosen)):
            raise forms.ValidationError(
                f"{no_external_id(titles)} Leave it off here, or take {titles} away "
                "at the step Providers."
            )
        return uses


class ProvidersForm(forms.Form):
    """What Spinnaker shall deploy with in this account."""

    providers = forms.MultipleChoiceField(
        label="What Spinnaker deploys with here",
        choices=[(key, provider.title) for key, provider in PROVIDERS.items()],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one provider."},
    )

    def __init__(self, *args: Any, account: ManagedAccount, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account
        self.helper = bare_helper()

    def clean_providers(self) -> list[str]:
        chosen: list[str] = self.cleaned_data["providers"]
        titles = without_external_id(chosen)
        if titles and self.account.uses_external_id:
            raise forms.ValidationError(
                f"{no_external_id(titles)} Switch the external ID off at the step "
                f"Access, or choose without {titles}."
            )
        return chosen
