"""The forms of the wizard's steps.

Each field says its own help in plain sentences; what one form cannot decide alone
(names taken by other accounts) the wizard adds when it saves.
"""

from __future__ import annotations

from typing import Any

from crispy_forms.layout import Div
from django import forms

from accounts.forms.fields import (
    MoreChoices,
    RegionsField,
    asked_of_column,
    bare_helper,
    listed_fields,
)
from accounts.help.documents import more
from accounts.mapping.handing_off import prefix_for
from accounts.mapping.managing import clash_of
from accounts.models import ManagedAccount
from onboarding.description.fields import Step, of_step
from onboarding.description.values import has
from onboarding.providers import PROVIDERS
from onboarding.providers.external_id import no_external_id, without_external_id
from onboarding.topology import MadeBy, people

WARNED = " Its plans warn of that."
NO_ROLE = (
    "Enter the access role, or, if this is Bowline's AWS account, test the access "
    "without one first."
)


class IdentityForm(forms.ModelForm):  # type: ignore[type-arg]  # it has no [] at run time
    """Which account it is, where it works, and who may use it in Spinnaker."""

    class Meta:
        model = ManagedAccount
        fields = [one.name for one in of_step(Step.IDENTITY)]
        formfield_callback = asked_of_column

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.granted_at:
            account_id = self.fields["account_id"]
            account_id.disabled = True
            account_id.help_text = "To change it, remove the account from AWS first."
        self.helper = bare_helper(
            "name",
            "account_id",
            "environment",
            *listed_fields(of_step(Step.IDENTITY)),
            MoreChoices(
                self.who(),
                "read_roles",
                "write_roles",
                warns=self.who().endswith(WARNED),
            ),
        )

    def who(self) -> str:
        """Say in one line who may use the account in Spinnaker."""
        named = [self.said(name) for name in ("read_roles", "write_roles")]
        read, write = people(named[0], named[1]), people(named[1], named[0])
        if read == write:
            says = f"In Spinnaker, {read} can view it and deploy to it."
        else:
            says = f"In Spinnaker, {read} can view it and {write} can deploy to it."
        return says if any(named) else f"{says}{WARNED}"

    def said(self, field: str) -> list[str]:
        value = self[field].value() or []
        return [value] if isinstance(value, str) else [*value]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        owner = self.others().filter(name__iexact=name).first()
        if owner is not None:
            raise forms.ValidationError(
                f"“{owner.name}” is already the name of AWS account "
                f"{owner.account_id}. Choose another name."
            )
        return name

    def clean_account_id(self) -> str:
        account_id: str = self.cleaned_data["account_id"]
        owner = self.others().filter(account_id=account_id).first()
        if owner is not None:
            raise forms.ValidationError(
                f"AWS account {account_id} is already in Bowline, as “{owner.name}”."
            )
        return account_id

    def others(self) -> Any:
        return ManagedAccount.objects.exclude(pk=self.instance.pk)


class AccessForm(forms.ModelForm):  # type: ignore[type-arg]  # it has no [] at run time
    """How Bowline and Spinnaker access the account, and where Spinnaker works in it."""

    class Meta:
        model = ManagedAccount
        fields = [one.name for one in of_step(Step.ACCESS)]
        formfield_callback = asked_of_column

    def __init__(
        self,
        *args: Any,
        partition: str = "aws",
        managed_role: str = "",
        needs_access_role: bool = False,
        **kwargs: Any,
    ) -> None:
        self.needs_access_role = needs_access_role
        proposed = kwargs.pop("initial", {})
        super().__init__(*args, **kwargs)
        regions = self.fields["regions"]
        assert isinstance(regions, RegionsField)
        regions.partition = partition
        self.without_external_id = without_external_id(
            [p.key for p in self.instance.providers.all()] if self.instance.pk else []
        )
        if self.without_external_id and not self.instance.uses_external_id:
            del self.fields["uses_external_id"], self.fields["own_external_id"]
        if managed_role:
            says = f"Leave empty for {managed_role}. For example spinnaker/deploy."
            self.fields["managed_role"].help_text = more(says, "accounts-file#accounts")
        account = self.instance
        for name in {"made_by", "managed_role", "own_external_id"} & {*self.fields}:
            self.fields[name].disabled = account.granted_at is not None
        if not account.is_handed_off:
            self.initial["reader_role"] = True
        self.initial |= proposed
        # The page has the other fields, with the test after the first of them.
        external_id = {"uses_external_id", "own_external_id"} & {*self.fields}
        self.helper = bare_helper(
            MoreChoices(
                self.says_more(),
                "session_name",
                *sorted(external_id, reverse=True),
                Div("adopts", data_shown_by="made_by", data_shown_for="bowline"),
            )
        )
        self.helper.render_unmentioned_fields = False

    def says_more(self) -> str:
        said = {n: self.get_initial_for_field(f, n) for n, f in self.fields.items()}
        return (
            f"Sessions named {said['session_name']}, "
            f"{'an' if said.get('uses_external_id') else 'no'} external ID, "
            f"{'existing' if said['adopts'] else 'new'} roles."
        )

    def clean(self) -> dict[str, Any]:
        """Keep of either way in only what belongs to it."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        made_by = cleaned.get("made_by", self.instance.made_by)
        for one in of_step(Step.ACCESS):
            if not has(made_by, one):
                cleaned[one.name] = one.nothing
            elif one.name in cleaned:
                cleaned[one.name] = one.column(cleaned[one.name])
        needs_role = self.needs_access_role and made_by == MadeBy.BOWLINE
        if needs_role and cleaned.get("access_role") == "":
            self.add_error("access_role", NO_ROLE)
        if not cleaned.get("uses_external_id"):
            cleaned["own_external_id"] = ""
        if clash := clash_of(cleaned.get("managed_role", "")):
            self.add_error("managed_role", clash)
        held = self.instance.external_id_prefix
        self.instance.external_id_prefix = prefix_for(made_by, held)
        return cleaned

    @property
    def listed(self) -> list[forms.BoundField]:
        """Return the fields that have no place of their own on the page."""
        return [self[name] for name in listed_fields(of_step(Step.ACCESS))]

    def clean_uses_external_id(self) -> bool:
        uses: bool = self.cleaned_data["uses_external_id"]
        if uses and (titles := self.without_external_id):
            raise forms.ValidationError(
                f"{no_external_id(titles)} Turn off the external ID here, or remove "
                f"{titles} in the Providers step."
            )
        return uses


class ProvidersForm(forms.Form):
    """What Spinnaker deploys with in this account."""

    providers = forms.MultipleChoiceField(
        label="AWS services that Spinnaker deploys to",
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
        if self.contradicts(chosen):
            titles = without_external_id(chosen)
            first = "Rotate it first, then turn" * self.account.keeps_external_id
            raise forms.ValidationError(
                f"{no_external_id(titles)} The existing role requires an external ID. "
                f"{first or 'Turn'} off the external ID, or don't choose {titles}."
            )
        others = self.account.also_as
        if others and not any(PROVIDERS[key].needs_aws_entry for key in chosen):
            raise forms.ValidationError(
                "Spinnaker knows the account by other names, too. Choose EC2, ECS or "
                "Lambda, or remove the names (also_as) with an accounts file."
            )
        return chosen

    def contradicts(self, chosen: list[str]) -> bool:
        """Return whether a role that exists requires what they cannot send."""
        account = self.account
        exists = bool(account.uses_external_id and account.granted_at)
        return exists and bool(without_external_id(chosen))

    def uses_external_id(self) -> bool:
        """Return whether the account has one with this choice: before anything is made,
        the choice decides, so that nobody has to contradict it.
        """
        account = self.account
        if without_external_id(self.cleaned_data["providers"]):
            return False
        held = without_external_id(p.key for p in account.providers.all())
        return account.uses_external_id or bool(held and not account.granted_at)
