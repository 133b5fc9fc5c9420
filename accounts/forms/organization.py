"""The forms of what accounts or clusters have in common that are described together."""

from __future__ import annotations

from typing import Any, ClassVar

from crispy_forms.layout import Div
from django import forms

from accounts.discover.clusters import PLACES, wrong_places
from accounts.discover.organization.members import OFFERED, Shared
from accounts.forms.fields import (
    Fieldset,
    RegionsField,
    RuledField,
    bare_helper,
    form_field,
    listed_fields,
)
from accounts.forms.providers.eks import alike_fields
from accounts.models import Organization, Unit
from onboarding import names
from onboarding.description.fields import SHARED
from onboarding.details import DetailsError
from onboarding.names import seen
from onboarding.providers import PROVIDERS
from onboarding.providers.eks import Cluster
from onboarding.providers.external_id import no_external_id, without_external_id
from onboarding.topology import MadeBy


class AlikeForm(forms.Form):
    """What all of them get; each can be changed alone in the steps of its account."""

    pattern = RuledField(
        label="Names in Spinnaker",
        max_length=100,
        help_text=f"Placeholders: {', '.join(f'{{{place}}}' for place in PLACES)}.",
        rule=seen,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.update(alike_fields())
        self.helper = bare_helper(
            Fieldset("", "pattern", "access"), Fieldset("", "rights", "namespaces")
        )

    def clean_pattern(self) -> str:
        pattern: str = self.cleaned_data["pattern"]
        if wrong := wrong_places(pattern):
            known = ", ".join(f"{{{place}}}" for place in PLACES)
            raise forms.ValidationError(
                f"“{{{wrong[0]}}}” isn't a known placeholder. Use {known}."
            )
        return pattern

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            asked = {name: cleaned[name] for name in alike_fields()}
            try:
                Cluster.from_details({"name": "any", "region": "any", **asked})
            except DetailsError as error:
                self.add_error(error.field, str(error))
        return cleaned


EXCLUDED = " and ".join(p.title for key, p in PROVIDERS.items() if key not in OFFERED)


class SharedForm(forms.Form):
    """What all of them get; each can be changed alone while it is a draft."""

    first: ClassVar[tuple[str, ...]] = ()
    last: ClassVar[tuple[str, ...]] = ()
    """What a form that asks for more asks at its beginning, and at its end."""

    providers = forms.MultipleChoiceField(
        label="AWS services",
        choices=[(key, provider.title) for key, provider in OFFERED.items()],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one provider."},
        help_text=f"Add {EXCLUDED} in each account's steps.",
    )

    def __init__(self, *args: Any, partition: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields |= {one.name: form_field(one, one.of_many) for one in SHARED}
        regions = self.fields["regions"]
        assert isinstance(regions, RegionsField)
        regions.partition = partition
        listed = ("regions", "environment", *listed_fields(SHARED), "providers")
        role = Div("access_role", data_shown_by="made_by", data_shown_for="bowline")
        self.helper = bare_helper(
            Fieldset("", *self.first, *listed),
            Fieldset("Account settings", "made_by", role, "uses_external_id"),
            Fieldset("Access in Spinnaker", "read_roles", "write_roles", *self.last),
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        titles = without_external_id(cleaned.get("providers", []))
        if titles and cleaned.get("uses_external_id"):
            self.add_error(
                "uses_external_id",
                (
                    f"{no_external_id(titles)} Turn off the external ID, or don't "
                    f"choose {titles}."
                ),
            )
        if cleaned.get("made_by") != MadeBy.BOWLINE:
            cleaned["access_role"] = ""
        elif cleaned.get("access_role") == "":
            self.add_error("access_role", "This field is required.")
        return cleaned

    def shared(self) -> Shared:
        """Return what was filled in, once it is valid."""
        filled = self.cleaned_data
        columns = {one.name: filled[one.name] for one in SHARED}
        return {**columns, "providers": filled["providers"]}


class WatchForm(SharedForm):
    """Which unit is watched, and the template of its new accounts."""

    first = ("unit",)
    last = ("roles_tag",)

    unit = forms.ModelChoiceField(
        queryset=Unit.objects.none(),
        label="Organizational unit",
        empty_label="Choose a unit",
        help_text="Includes nested units.",
    )
    roles_tag = RuledField(
        rule=names.seen,
        label="Tag key for write access",
        required=False,
        max_length=128,
        help_text=(
            "Optional. With the key team, the tag team=web gives the group web write "
            "access."
        ),
    )

    def __init__(
        self, *args: Any, organization: Organization, partition: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, partition=partition, **kwargs)
        unit = self.fields["unit"]
        assert isinstance(unit, forms.ModelChoiceField)
        unit.queryset = Unit.objects.filter(organization=organization)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("roles_tag") and not cleaned.get("write_roles"):
            self.add_error(
                "write_roles",
                (
                    "Enter the groups with write access to accounts without the tag. "
                    "Without groups, everyone or no one has write access."
                ),
            )
        return cleaned
