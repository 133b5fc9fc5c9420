"""The form of what chosen clusters have in common."""

from __future__ import annotations

from typing import Any

from django import forms

from accounts.discover.clusters.describing import PLACES, wrong_places
from accounts.forms.fields import RuledField, bare_helper
from accounts.forms.layout import Fieldset
from accounts.forms.providers.eks import alike_fields
from onboarding.details import DetailsError
from onboarding.names import seen
from onboarding.providers.eks import Cluster


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
